#pragma once

#include <cstdint>
#include <optional>

#include "base/clock.hpp"
#include "base/error.hpp"

namespace edsm::cloud {

/// Tokens that retries cost, shared by all calls of one client: when a service is down for long,
/// calls fail after their first attempt instead of multiplying the load.
class RetryQuota {
 public:
  static constexpr int capacity = 500;

  bool take(int cost) {
    if (cost > available_) return false;
    available_ -= cost;
    return true;
  }
  void give_back(int tokens) {
    available_ = available_ + tokens < capacity ? available_ + tokens : capacity;
  }
  int available() const { return available_; }

 private:
  int available_ = capacity;
};

/// "Standard mode" for one call. Plain data; chance is an argument.
class RetryPolicy {
 public:
  RetryPolicy(RetryQuota& quota, int max_attempts) : quota_(quota), max_attempts_(max_attempts) {}

  /// After a failed attempt: how long to wait before the next, or nullopt: give up.
  std::optional<base::Duration> next(const base::Error& error, std::uint64_t random);
  /// After an attempt that got an answer which is not to be retried.
  void succeeded();
  int attempts() const { return attempts_; }

 private:
  RetryQuota& quota_;
  int max_attempts_;
  int attempts_ = 1;
  int last_cost_ = 0;
};

}  // namespace edsm::cloud
