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
    const Duration ceiling = std::min(cap_, first_ * (std::int64_t{1} << std::min(failures_, 30U)));
    ++failures_;
    const auto span = static_cast<std::uint64_t>(ceiling.count()) + 1;
    return Duration(static_cast<std::int64_t>(random % span));
  }
  void reset() { failures_ = 0; }
  unsigned failures() const { return failures_; }

 private:
  Duration first_;
  Duration cap_;
  unsigned failures_ = 0;
};

}  // namespace edsm::base
