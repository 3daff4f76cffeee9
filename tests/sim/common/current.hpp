#pragma once

#include <cstdint>
#include <string>

#include "base/clock.hpp"

namespace edsm::sim {

/// What a reader of a cloud secret gets, from some instant on.
struct Current {
  enum class State : std::uint8_t {
    live,
    disabled,  ///< or destroyed: the version is there and cannot be read
    gone,      ///< no such version, or no such secret
  };
  base::Instant since{};
  State state = State::gone;
  std::string version{};
  std::string bytes{};
};

}  // namespace edsm::sim
