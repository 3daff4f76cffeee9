#pragma once

#include <chrono>
#include <cstdint>

#include "base/task.hpp"

namespace edsm::base {

using Duration = std::chrono::microseconds;

/// Wall time (UTC): for time stamps, signatures, expiry of credentials. It may jump.
using WallTime = std::chrono::time_point<std::chrono::system_clock, Duration>;

/// Monotonic time: for every wait and deadline. CLOCK_BOOTTIME, so that it goes on during suspend.
struct MonotonicClock {
  using duration = Duration;
  using rep = duration::rep;
  using period = duration::period;
  using time_point = std::chrono::time_point<MonotonicClock, Duration>;
  static constexpr bool is_steady = true;
};
using Instant = MonotonicClock::time_point;

/// Everything that the program takes from the world besides bytes: time, waiting and chance.
/// Decisions never hold a Clock; they get `Instant`s and `WallTime`s as arguments.
class Clock {
 public:
  virtual ~Clock() = default;
  virtual WallTime wall() const = 0;
  virtual Instant now() const = 0;
  /// Returns at once if `when` is past. Cancellable.
  virtual Task<void> sleep_until(Instant when) = 0;
  /// 64 evenly distributed bits. Not for keys: see base/crypto.hpp.
  virtual std::uint64_t random() = 0;

  Task<void> sleep_for(Duration time) { return sleep_until(now() + time); }
};

}  // namespace edsm::base
