#pragma once

#include <cstddef>
#include <deque>
#include <utility>

#include "base/notify.hpp"
#include "base/task.hpp"

namespace edsm::base {

/// So many at a time, in the order in which they asked. Outlives all that it gave.
class Slots {
 public:
  explicit Slots(std::size_t count) : free_(count) {}
  Slots(const Slots&) = delete;
  Slots& operator=(const Slots&) = delete;

  /// The right to go on, for as long as it lives.
  class Slot {
   public:
    Slot(Slot&& other) noexcept : slots_(std::exchange(other.slots_, nullptr)) {}
    Slot& operator=(Slot&& other) noexcept {
      std::swap(slots_, other.slots_);
      return *this;
    }
    ~Slot() {
      if (slots_ != nullptr) slots_->give_back();
    }

   private:
    friend class Slots;
    explicit Slot(Slots& slots) : slots_(&slots) {}
    Slots* slots_;
  };

  Task<Slot> take();

 private:
  struct Waiter {
    Notify called;
    bool granted = false;
  };
  class Place;

  void give_back();

  std::size_t free_;
  std::deque<Waiter*> line_;
};

}  // namespace edsm::base
