#pragma once

#include <algorithm>

#include "base/clock.hpp"

namespace edsm::sync {

/// Keeps two controllers that want one Secret differently from fighting at full speed: the first
/// heals are immediate, quick repetitions wait longer and longer. Pure.
class DriftGuard {
 public:
  /// When the next heal may happen.
  base::Instant allowed_at() const { return allowed_at_; }
  bool operator==(const DriftGuard&) const = default;
  bool fighting() const { return quick_heals_ > kFree; }

  void healed(base::Instant now) {
    quick_heals_ = now - last_ < kQuiet ? quick_heals_ + 1 : 1;
    last_ = now;
    if (quick_heals_ < kFree) {
      allowed_at_ = now;
      return;
    }
    const auto exponent = std::min(quick_heals_ - kFree, 8);
    allowed_at_ = now + std::min<base::Duration>(kFirst * (1 << exponent), kLongest);
  }

 private:
  static constexpr int kFree = 5;
  static constexpr base::Duration kQuiet = std::chrono::minutes(10);
  static constexpr base::Duration kFirst = std::chrono::seconds(2);
  static constexpr base::Duration kLongest = std::chrono::minutes(5);

  int quick_heals_ = 0;
  base::Instant last_ = base::Instant() - kQuiet;
  base::Instant allowed_at_{};
};

}  // namespace edsm::sync
