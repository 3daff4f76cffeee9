#pragma once

#include "base/clock.hpp"

namespace edsm::cloud {

/// Keeps an endpoint that cannot be reached from holding up whoever waits for it: after some
/// attempts in a row that nothing answered, others are not made, but one at a time, every few
/// seconds. Pure: time is an argument.
class Outage {
 public:
  static constexpr int tolerated = 3;
  static constexpr base::Duration pause = std::chrono::seconds(5);

  /// Whether to make an attempt, and to report by `answered` or `unanswered`.
  bool may_call(base::Instant now) {
    if (unanswered_ < tolerated) return true;
    if (now < next_) return false;
    // Should this one be cancelled, another follows.
    next_ = now + pause;
    return true;
  }
  void answered() { unanswered_ = 0; }
  void unanswered(base::Instant now) {
    if (++unanswered_ >= tolerated) next_ = now + pause;
  }

 private:
  int unanswered_ = 0;
  base::Instant next_{};
};

}  // namespace edsm::cloud
