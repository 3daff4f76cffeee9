#pragma once

#include <cstddef>
#include <functional>
#include <string>

#include "base/clock.hpp"
#include "base/notify.hpp"
#include "base/task.hpp"
#include "sync/queue.hpp"

namespace edsm::sync {

/// Works off a queue: each key that is due in a coroutine of its own, at most `limit` of each lane
/// at a time.
class Dispatcher {
 public:
  using Work = std::function<base::Task<void>(WorkQueue::Taken)>;

  Dispatcher(base::Clock& clock, std::size_t limit, Work work)
      : clock_(clock), work_(std::move(work)), queue_(limit) {}

  void add(const std::string& key, base::Instant due,
           WorkQueue::Priority priority = WorkQueue::Priority::live, std::size_t lane = 0);
  void add_now(const std::string& key, WorkQueue::Priority priority = WorkQueue::Priority::live) {
    add(key, clock_.now(), priority);
  }
  const WorkQueue& queue() const { return queue_; }

  /// Until cancelled, or until `stop` was called and nothing runs any more, or `finish` and nothing
  /// waits either.
  base::Task<void> run();
  /// Takes nothing new.
  void stop();
  /// Works off now whatever waits; what is added from now on is ignored.
  void finish();
  /// Returns when `run` has ended.
  base::Task<void> drained() { return drained_.wait(); }

 private:
  void give_memory_back();
  void wake_if_needed();
  void start(WorkQueue::Taken taken, const boost::asio::any_io_executor& executor);

  base::Clock& clock_;
  Work work_;
  WorkQueue queue_;
  base::Notify wake_;
  base::Instant wakes_at_ = base::Instant::max();  ///< if nobody wakes it before
  base::Gate drained_;
  bool stopping_ = false;
  bool finishing_ = false;
  std::size_t in_a_row_ = 0;  ///< done since nothing was to do
};

}  // namespace edsm::sync
