#include "base/notify.hpp"

#include <utility>

#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace edsm::base {

namespace {

/// Waits until the timer is cancelled; throws if it is the coroutine that is being cancelled.
Task<void> wait_for_cancel(boost::asio::steady_timer& timer) {
  boost::system::error_code ignored;
  co_await timer.async_wait(boost::asio::redirect_error(boost::asio::use_awaitable, ignored));
  const auto state = co_await boost::asio::this_coro::cancellation_state;
  if (state.cancelled() != boost::asio::cancellation_type::none) {
    throw boost::system::system_error(boost::asio::error::operation_aborted);
  }
}

/// A timer that never expires by itself: cancelling it is the signal.
boost::asio::steady_timer endless(const boost::asio::any_io_executor& executor) {
  return boost::asio::steady_timer(executor, boost::asio::steady_timer::time_point::max());
}

}  // namespace

struct Notify::Waiter {
  explicit Waiter(const boost::asio::any_io_executor& executor) : timer(endless(executor)) {}
  boost::asio::steady_timer timer;
};

struct Gate::Waiters {
  explicit Waiters(const boost::asio::any_io_executor& executor) : timer(endless(executor)) {}
  boost::asio::steady_timer timer;
};

Notify::Notify() = default;
Notify::~Notify() = default;

void Notify::notify() {
  pending_ = true;
  if (waiter_) waiter_->timer.cancel();
}

Task<void> Notify::wait() {
  if (!pending_) {
    const auto executor = co_await boost::asio::this_coro::executor;
    // Shared with the frame: this object may be destroyed while the frame unwinds.
    const auto waiter = std::make_shared<Waiter>(executor);
    waiter_ = waiter;
    co_await wait_for_cancel(waiter->timer);
    waiter_.reset();
  }
  pending_ = false;
}

Task<void> Notify::wait_until(Clock& clock, Instant when) {
  using namespace boost::asio::experimental::awaitable_operators;
  if (pending_) {
    pending_ = false;
    co_return;
  }
  if (when <= clock.now()) co_return;
  co_await (wait() || clock.sleep_until(when));
  waiter_.reset();
}

Gate::Gate() = default;
Gate::~Gate() = default;

void Gate::open() {
  open_ = true;
  if (waiters_) waiters_->timer.cancel();
}

Task<void> Gate::wait() {
  if (open_) co_return;
  const auto executor = co_await boost::asio::this_coro::executor;
  if (!waiters_) waiters_ = std::make_shared<Waiters>(executor);
  const auto waiters = waiters_;  // outlives this object, should it go first
  co_await wait_for_cancel(waiters->timer);
}

}  // namespace edsm::base
