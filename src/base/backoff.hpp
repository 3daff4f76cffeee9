#pragma once

#include <algorithm>
#include <cstdint>

#include "base/clock.hpp"

namespace edsm::base {

/// Exponential backoff with full jitter: the n-th wait is drawn from [0, min(cap, first * 2^n)].
/// Plain data; chance is an argument.
class Backoff {
 public:
  constexpr Backoff(Duration first, Duration cap) : first_(first), cap_(cap) {}

  Duration next(std::uint64_t random) {
    // Compared before it is shifted, so that nothing overflows.
    const unsigned doublings = std::min(failures_, 62U);
    const bool capped = first_.count() > cap_.count() >> doublings;
    const Duration ceiling = capped ? cap_ : Duration(first_.count() << doublings);
    ++failures_;
    const auto span = static_cast<std::uint64_t>(ceiling.count()) + 1;
    return Duration(static_cast<std::int64_t>(random % span));
  }
  void reset() { failures_ = 0; }
  unsigned failures() const { return failures_; }
  bool operator==(const Backoff&) const = default;

 private:
  Duration first_;
  Duration cap_;
  unsigned failures_ = 0;
};

}  // namespace edsm::base
