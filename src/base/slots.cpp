#include "base/slots.hpp"

namespace edsm::base {

/// A place in the line, given up also when the wait is cancelled.
class Slots::Place {
 public:
  explicit Place(Slots& slots) : slots_(slots) { slots_.line_.push_back(&waiter_); }
  ~Place() {
    if (!waiter_.granted) {
      std::erase(slots_.line_, &waiter_);
    } else if (!taken_) {
      slots_.give_back();
    }
  }
  Place(const Place&) = delete;
  Place& operator=(const Place&) = delete;

  Task<void> called() { return waiter_.called.wait(); }
  Slot slot() {
    taken_ = true;
    return Slot(slots_);
  }

 private:
  Slots& slots_;
  Waiter waiter_;
  bool taken_ = false;
};

Task<Slots::Slot> Slots::take() {
  if (free_ > 0) {
    --free_;
    co_return Slot(*this);
  }
  Place place(*this);
  co_await place.called();
  co_return place.slot();
}

void Slots::give_back() {
  if (line_.empty()) {
    ++free_;
    return;
  }
  auto& next = *line_.front();
  line_.pop_front();
  next.granted = true;
  next.called.notify();
}

}  // namespace edsm::base
