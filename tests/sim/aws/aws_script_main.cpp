#include <memory>

#include "sim/aws/aws_script.hpp"

/// The simulated AWS as a program (common/script.hpp).
int main(int argc, char** argv) {
  using edsm::sim::aws::Script;
  return edsm::sim::run_script(argc, argv, [](edsm::base::WallTime start) {
    const auto script = std::make_shared<Script>(start);
    return [script](const boost::json::object& step) { return script->step(step); };
  });
}
