#include <memory>

#include "sim/gcp/gcp_script.hpp"

/// The simulated Google Cloud as a program (common/script.hpp).
int main(int argc, char** argv) {
  using edsm::sim::gcp::Script;
  return edsm::sim::run_script(argc, argv, [](edsm::base::WallTime start) {
    const auto script = std::make_shared<Script>(start);
    return [script](const boost::json::object& step) { return script->step(step); };
  });
}
