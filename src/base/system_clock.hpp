#pragma once

#include <random>

#include "base/clock.hpp"

namespace edsm::base {

/// The real clock: realtime, CLOCK_BOOTTIME and Asio timers on the running coroutine's executor.
class SystemClock final : public Clock {
 public:
  SystemClock();
  WallTime wall() const override;
  Instant now() const override;
  Task<void> sleep_until(Instant when) override;
  std::uint64_t random() override;

 private:
  std::mt19937_64 engine_;
};

}  // namespace edsm::base
