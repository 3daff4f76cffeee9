#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace edsm::sim {

/// One thing that goes wrong with the n-th request of a run.
struct Mishap {
  enum class Kind : std::uint8_t {
    lose_request,
    lose_answer,
    lie,           ///< an error is answered after the effect
    late,          ///< arrives after the lease may be another's
    crash_before,  ///< the process dies, the request never arrives
    crash_after,   ///< the process dies, the request arrives
  };
  std::uint64_t number;
  Kind kind;
};
inline constexpr std::size_t kMishaps = 6;
using Plan = std::vector<Mishap>;
std::string describe(const Plan& plan);

/// What an exploration has seen.
struct Exploration {
  std::uint64_t requests = 0;  ///< of the run without mishaps, in the window that is explored
  std::uint64_t runs = 0;
  std::uint64_t histories = 0;  ///< different sequences of requests
  std::uint64_t skipped = 0;    ///< plans whose mishap changed nothing: not taken further
  std::uint64_t failed = 0;
  std::string objection;  ///< the first
  Plan plan;              ///< that led to it
};

/// One secret, one binding, one workload, two replicas; a value changes. Every plan of up to
/// `mishaps` mishaps on the requests from the change to rest is played, each to its rest.
/// `part` of `parts`: every parts-th plan, for several processes.
Exploration explore(unsigned mishaps, unsigned part, unsigned parts);

}  // namespace edsm::sim
