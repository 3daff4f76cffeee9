#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/clock.hpp"

namespace edsm::sync {

/// What the annotation secrets.edsm.io/paused-until of a binding means at a time.
struct Pause {
  enum class State : std::uint8_t {
    none,       ///< nobody asks for one
    holds,      ///< nothing is done for the binding until `until`
    over,       ///< it was until `until`; the annotation may stay
    malformed,  ///< the text is no time: nothing is paused, and somebody must be told
  };
  State state = State::none;
  base::WallTime until;

  bool holds() const { return state == State::holds; }
};

/// `annotation` is its value, empty where there is none; `now` is the API server's time. Pure.
Pause judge_pause(std::string_view annotation, base::WallTime now);

/// For people: until when, by what, and how it ends; of a malformed one the remedy.
std::string describe_pause(const Pause& pause, std::string_view annotation);

}  // namespace edsm::sync
