#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "cli/commands/traces.hpp"

/// What `edsm trace` says. Pure.
namespace edsm::cli {

/// A time as exact as it is known.
struct Moment {
  base::WallTime at;
  bool whole_seconds = false;  ///< it was somewhere in the second that begins then
};

/// A stop on the way of a change, in the order in which they come.
struct Step {
  enum class State : std::uint8_t {
    done,     ///< `at` says when
    unknown,  ///< it happened, or may have
    waiting,  ///< it has not happened yet
    none,     ///< it is not needed
  };
  State state = State::done;
  std::string name;      ///< "cloud", "queued", "received", "fetched", "written", "status", …
  std::string workload;  ///< "Deployment/api"; empty: of the Secret
  std::optional<Moment> at;
  std::string detail;  ///< what it was, or why there is no time
};

struct Timeline {
  std::vector<Step> steps;
  bool holds = false;  ///< the Secret was ever written
};

Timeline timeline_of(const Traces& traces);

/// `now` is for ages.
std::string show_trace(const Traces& traces, base::WallTime now, Output output);

}  // namespace edsm::cli
