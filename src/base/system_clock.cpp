#include "base/system_clock.hpp"

#include <ctime>

#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace edsm::base {

SystemClock::SystemClock() : engine_(std::random_device{}()) {}

WallTime SystemClock::wall() const {
  return std::chrono::time_point_cast<Duration>(std::chrono::system_clock::now());
}

Instant SystemClock::now() const {
  timespec time{};
  ::clock_gettime(CLOCK_BOOTTIME, &time);
  const auto since = std::chrono::seconds(time.tv_sec) + std::chrono::nanoseconds(time.tv_nsec);
  return Instant(std::chrono::duration_cast<Duration>(since));
}

Task<void> SystemClock::sleep_until(Instant when) {
  const auto executor = co_await boost::asio::this_coro::executor;
  // Long waits are cut, so that a suspended machine notices within a minute that time went by.
  constexpr Duration longest = std::chrono::minutes(1);
  for (Duration left = when - now(); left > Duration::zero(); left = when - now()) {
    boost::asio::steady_timer timer(executor, std::min(left, longest));
    co_await timer.async_wait(boost::asio::use_awaitable);
  }
}

std::uint64_t SystemClock::random() {
  return engine_();
}

}  // namespace edsm::base
