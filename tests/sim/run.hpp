#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "sim/scenario.hpp"

namespace edsm::sim {

/// How a run ended.
struct Verdict {
  std::string objection;       ///< empty: all was well
  std::uint64_t steps = 0;     ///< things that happened
  std::uint64_t requests = 0;  ///< of the replicas
  std::uint64_t faults = 0;    ///< steps of the scenario that were faults
  base::Duration virtual_time{};
  bool good() const { return objection.empty(); }
};

using Trace = std::function<void(const std::string& line)>;

/// Plays a scenario to its end: what happens in it, the end of all faults, the way to rest, rest.
Verdict play(const Scenario& scenario, const Trace& trace = {});

/// A scenario with fewer steps that fails with the same kind of objection; bounded in tries.
Scenario shrink(const Scenario& scenario, const std::string& objection);

}  // namespace edsm::sim
