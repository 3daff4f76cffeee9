#pragma once

#include <algorithm>

#include "base/clock.hpp"

namespace edsm::base {

/// Token bucket. Pure: time is an argument.
class RateLimit {
 public:
  RateLimit(double per_second, double burst)
      : per_second_(per_second), burst_(burst), tokens_(burst) {}

  /// Takes one token; returns when it may be used (now, or later).
  Instant take(Instant now) {
    refill(now);
    tokens_ -= 1;
    if (tokens_ >= 0) return now;
    const std::chrono::duration<double> wait(-tokens_ / per_second_);
    return now + std::chrono::duration_cast<Duration>(wait);
  }
  /// Takes one if it may be used now; else none.
  bool take_now(Instant now) {
    refill(now);
    if (tokens_ < 1) return false;
    tokens_ -= 1;
    return true;
  }

 private:
  void refill(Instant now) {
    if (now <= last_) return;
    const std::chrono::duration<double> passed = now - last_;
    tokens_ = std::min(burst_, tokens_ + passed.count() * per_second_);
    last_ = now;
  }

  double per_second_;
  double burst_;
  double tokens_;
  Instant last_{};
};

}  // namespace edsm::base
