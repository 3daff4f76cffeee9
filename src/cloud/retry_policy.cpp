#include "cloud/retry_policy.hpp"

#include <algorithm>

namespace edsm::cloud {
namespace {

using base::Failure;

// Costs, delays and the bucket are those of botocore's "standard" mode.
constexpr int retry_cost = 5;
constexpr int timeout_cost = 10;
constexpr int first_try_reward = 1;
constexpr base::Duration max_delay = std::chrono::seconds(20);
/// A server's wish is followed up to so much beyond our own delay.
constexpr base::Duration max_extra = std::chrono::seconds(5);

}  // namespace

std::optional<base::Duration> RetryPolicy::next(const base::Error& error, std::uint64_t random) {
  const bool may_help = error.failure == Failure::transient || error.failure == Failure::throttled;
  if (!may_help || attempts_ >= max_attempts_) return std::nullopt;
  const int cost = error.code == "Timeout" ? timeout_cost : retry_cost;
  if (!quota_.take(cost)) return std::nullopt;
  last_cost_ = cost;

  const base::Duration exponential =
      std::chrono::seconds(std::int64_t{1} << std::min(attempts_ - 1, 10));
  const base::Duration ceiling = std::min(exponential, max_delay);
  const auto span = static_cast<std::uint64_t>(ceiling.count()) + 1;
  const auto delay = base::Duration(static_cast<std::int64_t>(random % span));
  ++attempts_;
  if (!error.retry_after) return delay;
  return std::clamp(base::Duration(*error.retry_after), delay, delay + max_extra);
}

void RetryPolicy::succeeded() {
  quota_.give_back(attempts_ == 1 ? first_try_reward : last_cost_);
}

}  // namespace edsm::cloud
