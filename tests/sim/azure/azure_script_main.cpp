#include <memory>

#include "sim/azure/azure_script.hpp"

/// The simulated Azure as a program (common/script.hpp).
int main(int argc, char** argv) {
  using edsm::sim::azure::Script;
  return edsm::sim::run_script(argc, argv, [](edsm::base::WallTime start) {
    const auto script = std::make_shared<Script>(start);
    return [script](const boost::json::object& step) { return script->step(step); };
  });
}
