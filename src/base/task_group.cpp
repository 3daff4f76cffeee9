#include "base/task_group.hpp"

#include <exception>
#include <utility>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/error.hpp>
#include <boost/system/system_error.hpp>

namespace edsm::base {
namespace {

void rethrow_unless_cancelled(const std::exception_ptr& error) {
  try {
    if (error) std::rethrow_exception(error);
  } catch (const boost::system::system_error& thrown) {
    if (thrown.code() != boost::asio::error::operation_aborted) throw;
  }
}

}  // namespace

void TaskGroup::spawn(Task<void> task) {
  const auto signal = signals_.emplace(signals_.end());
  const auto on_end = [this, signal](const std::exception_ptr& error) {
    signals_.erase(signal);
    ended_.notify();
    rethrow_unless_cancelled(error);
  };
  boost::asio::co_spawn(executor_, std::move(task),
                        boost::asio::bind_cancellation_slot(signal->slot(), on_end));
}

void TaskGroup::cancel() {
  // A cancelled coroutine may end, and leave the list, while the signal is emitted.
  for (auto at = signals_.begin(); at != signals_.end();) {
    auto& signal = *at++;
    signal.emit(boost::asio::cancellation_type::terminal);
  }
}

Task<void> TaskGroup::wait() {
  while (!signals_.empty()) co_await ended_.wait();
}

}  // namespace edsm::base
