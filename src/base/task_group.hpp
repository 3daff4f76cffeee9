#pragma once

#include <cstddef>
#include <list>
#include <memory>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/cancellation_signal.hpp>

#include "base/notify.hpp"
#include "base/task.hpp"

namespace edsm::base {

/// Long-running coroutines that are cancelled together. An exception that leaves one of them, other
/// than its cancellation, is thrown out of `io_context::run()`: a bug must not pass in silence.
/// The group must outlive its coroutines (or the io_context that holds them).
class TaskGroup {
 public:
  explicit TaskGroup(boost::asio::any_io_executor executor) : executor_(std::move(executor)) {}
  TaskGroup(const TaskGroup&) = delete;
  TaskGroup& operator=(const TaskGroup&) = delete;

  void spawn(Task<void> task);
  /// Cancels whatever each of them waits for.
  void cancel();
  /// Returns when all have ended.
  Task<void> wait();
  std::size_t size() const { return signals_.size(); }

 private:
  boost::asio::any_io_executor executor_;
  std::list<boost::asio::cancellation_signal> signals_;
  Notify ended_;
};

}  // namespace edsm::base
