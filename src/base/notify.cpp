#include "base/notify.hpp"

#include <exception>
#include <utility>

#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/multiple_exceptions.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
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
  if (const auto waiter = waiter_.lock()) waiter->timer.cancel();
}

Task<void> Notify::wait() {
  if (!pending_) {
    const auto executor = co_await boost::asio::this_coro::executor;
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
  try {
    co_await (wait() || clock.sleep_until(when));
  } catch (const boost::asio::multiple_exceptions& both) {
    // A cancellation ends both: it is one cancellation all the same.
    std::rethrow_exception(both.first_exception());
  }
  waiter_.reset();
}

Gate::Gate() = default;
Gate::~Gate() = default;

void Gate::open() {
  open_ = true;
  if (const auto waiters = waiters_.lock()) waiters->timer.cancel();
}

Task<void> Gate::wait() {
  if (open_) co_return;
  const auto executor = co_await boost::asio::this_coro::executor;
  auto waiters = waiters_.lock();
  if (!waiters) waiters = std::make_shared<Waiters>(executor);
  waiters_ = waiters;
  co_await wait_for_cancel(waiters->timer);
}

}  // namespace edsm::base
