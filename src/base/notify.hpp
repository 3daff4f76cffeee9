#pragma once

#include <memory>

#include "base/clock.hpp"
#include "base/task.hpp"

namespace edsm::base {

/// Wakes the one coroutine that waits for something to do. A `notify()` that comes before the wait
/// is remembered, and several count as one.
class Notify {
 public:
  Notify();
  ~Notify();
  Notify(const Notify&) = delete;
  Notify& operator=(const Notify&) = delete;

  void notify();
  /// Returns when notified. One waiter at a time.
  Task<void> wait();
  /// Returns when notified or at `when`, whichever is first.
  Task<void> wait_until(Clock& clock, Instant when);

 private:
  struct Waiter;
  bool pending_ = false;
  std::weak_ptr<Waiter> waiter_;  // owned by the waiting coroutine: none outlives the io_context
};

/// Holds back any number of coroutines until it is opened, once and for all.
class Gate {
 public:
  Gate();
  ~Gate();
  Gate(const Gate&) = delete;
  Gate& operator=(const Gate&) = delete;

  void open();
  bool is_open() const { return open_; }
  Task<void> wait();

 private:
  struct Waiters;
  bool open_ = false;
  std::weak_ptr<Waiters> waiters_;  // owned by the waiting coroutines
};

}  // namespace edsm::base
