#pragma once

#include <map>
#include <memory>

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "base/clock.hpp"

namespace edsm::support {

/// A clock that moves only when told to. With `automatic`, a sleep moves it and returns at once,
/// which suits tests of one coroutine.
class ManualClock final : public base::Clock {
 public:
  explicit ManualClock(bool automatic = false) : automatic_(automatic) {}

  base::WallTime wall() const override { return epoch_ + now_.time_since_epoch() + wall_offset_; }
  base::Instant now() const override { return now_; }
  std::uint64_t random() override { return random_; }

  base::Task<void> sleep_until(base::Instant when) override {
    if (when <= now_) co_return;
    if (automatic_) {
      slept_ += when - now_;
      now_ = when;
      co_return;
    }
    const auto executor = co_await boost::asio::this_coro::executor;
    const auto timer = std::make_shared<boost::asio::steady_timer>(
        executor, boost::asio::steady_timer::time_point::max());
    sleepers_.emplace(when, timer);
    boost::system::error_code ignored;
    co_await timer->async_wait(boost::asio::redirect_error(boost::asio::use_awaitable, ignored));
    const auto state = co_await boost::asio::this_coro::cancellation_state;
    if (state.cancelled() != boost::asio::cancellation_type::none) {
      throw boost::system::system_error(boost::asio::error::operation_aborted);
    }
  }

  void advance(base::Duration time) {
    now_ += time;
    while (!sleepers_.empty() && sleepers_.begin()->first <= now_) {
      if (const auto timer = sleepers_.begin()->second.lock()) timer->cancel();
      sleepers_.erase(sleepers_.begin());
    }
  }
  void set_wall_offset(base::Duration offset) { wall_offset_ = offset; }
  void set_random(std::uint64_t value) { random_ = value; }
  /// All time that automatic sleeps have passed.
  base::Duration slept() const { return slept_; }

 private:
  bool automatic_;
  base::WallTime epoch_ = base::WallTime(std::chrono::sys_days(std::chrono::year_month_day(
      std::chrono::year(2026), std::chrono::month(11), std::chrono::day(23))));
  base::Instant now_{std::chrono::hours(1)};
  base::Duration wall_offset_{};
  base::Duration slept_{};
  std::uint64_t random_ = 0;
  /// The timers belong to the sleeping coroutines, so that none outlives its io_context.
  std::multimap<base::Instant, std::weak_ptr<boost::asio::steady_timer>> sleepers_;
};

}  // namespace edsm::support
