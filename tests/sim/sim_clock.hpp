#pragma once

#include <memory>

#include "base/clock.hpp"
#include "base/notify.hpp"
#include "sim/schedule.hpp"

namespace edsm::sim {

/// The clock of one process: virtual time, its own (perhaps wrong) time of day, the run's chance.
class SimClock final : public base::Clock {
 public:
  SimClock(Schedule& schedule, Owner owner) : schedule_(schedule), owner_(owner) {}

  base::WallTime wall() const override { return schedule_.wall() + skew_; }
  base::Instant now() const override { return schedule_.now(); }
  std::uint64_t random() override { return schedule_.random(); }

  base::Task<void> sleep_until(base::Instant when) override {
    if (when <= now()) co_return;
    const auto due = std::make_shared<base::Gate>();
    const std::weak_ptr<base::Gate> weak = due;  // a sleep that is cancelled leaves nothing behind
    schedule_.at(when, owner_, [weak] {
      if (const auto gate = weak.lock()) gate->open();
    });
    co_await due->wait();
  }

  void set_skew(base::Duration skew) { skew_ = skew; }

 private:
  Schedule& schedule_;
  Owner owner_;
  base::Duration skew_{};
};

}  // namespace edsm::sim
