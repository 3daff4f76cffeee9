#include "sync/dispatcher.hpp"

#include <exception>
#include <utility>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/this_coro.hpp>

#include "base/free_memory.hpp"

namespace edsm::sync {
namespace {

constexpr std::size_t kBurst = 100;

}  // namespace

void Dispatcher::add(const std::string& key, base::Instant due, WorkQueue::Priority priority,
                     std::size_t lane) {
  if (finishing_) return;
  queue_.add(key, due, priority, lane);
  wake_if_needed();
}

/// In a crowd most additions are for later, or for a lane that is full.
void Dispatcher::wake_if_needed() {
  const auto due = queue_.next_due();
  if (due && *due < wakes_at_) wake_.notify();
}

void Dispatcher::stop() {
  stopping_ = true;
  wake_.notify();
}

void Dispatcher::finish() {
  finishing_ = true;
  wake_.notify();
}

/// A burst, or a start, leaves the memory of many runs behind, all of it free.
void Dispatcher::give_memory_back() {
  ++in_a_row_;
  if (queue_.running_count() != 0 || queue_.ready_count() != 0) return;
  if (std::exchange(in_a_row_, 0) >= kBurst) base::give_free_memory_back();
}

void Dispatcher::start(WorkQueue::Taken taken, const boost::asio::any_io_executor& executor) {
  const std::string key = taken.key;
  boost::asio::co_spawn(executor, work_(std::move(taken)),
                        [this, key](const std::exception_ptr& error) {
                          if (error) std::rethrow_exception(error);
                          queue_.done(key);
                          give_memory_back();
                          if (stopping_ || finishing_) wake_.notify();
                          wake_if_needed();
                        });
}

base::Task<void> Dispatcher::run() {
  const auto executor = co_await boost::asio::this_coro::executor;
  for (;;) {
    if (finishing_) queue_.hasten();
    while (!stopping_) {
      auto taken = queue_.take(clock_.now());
      if (!taken) break;
      start(std::move(*taken), executor);
    }
    const bool over = stopping_ || (finishing_ && queue_.waiting_count() == 0);
    if (over && queue_.running_count() == 0) break;
    const auto due = queue_.next_due();
    if (due && !stopping_) {
      wakes_at_ = *due;
      co_await wake_.wait_until(clock_, *due);
    } else {
      wakes_at_ = base::Instant::max();
      co_await wake_.wait();
    }
  }
  drained_.open();
}

}  // namespace edsm::sync
