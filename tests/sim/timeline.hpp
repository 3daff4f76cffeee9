#pragma once

#include <cstdint>
#include <functional>

#include "base/clock.hpp"

namespace edsm::sim {

/// Virtual time and chance, as the simulated services see them. Nothing in the simulation knows
/// another clock or another source of random numbers, so that a seed tells a whole run.
class Timeline {
 public:
  virtual ~Timeline() = default;
  virtual base::Instant now() const = 0;
  /// The true time of day; that of a replica may be skewed.
  virtual base::WallTime wall() const = 0;
  /// Calls `act` once, `delay` from now. Never calls it before it returns, not even with zero.
  virtual void after(base::Duration delay, std::function<void()> act) = 0;
  /// 64 evenly distributed bits, drawn from the seed.
  virtual std::uint64_t random() = 0;
};

}  // namespace edsm::sim
