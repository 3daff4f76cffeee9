#include "cloud/aws/retry.hpp"

#include <algorithm>
#include <array>

#include "cloud/aws/text.hpp"

namespace edsm::cloud::aws {
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

base::Result<RetrySettings> load_retry_settings(const Getenv& env, const SharedConfig& config) {
  RetrySettings settings;
  const std::string attempts =
      lookup(env, "AWS_MAX_ATTEMPTS").value_or(std::string(config.value("max_attempts")));
  if (!attempts.empty()) {
    const auto number = parse_number(attempts);
    if (!number || *number < 1 || *number > 100) {
      return base::fail(
          Failure::invalid, "InvalidRetrySettings",
          "AWS_MAX_ATTEMPTS (or max_attempts of the profile) must be a number from 1 to 100");
    }
    settings.max_attempts = static_cast<int>(*number);
  }
  const std::string mode =
      lookup(env, "AWS_RETRY_MODE").value_or(std::string(config.value("retry_mode")));
  static constexpr std::array<std::string_view, 3> modes = {"standard", "adaptive", "legacy"};
  if (!mode.empty() && !one_of(modes, lower(mode))) {
    return base::fail(
        Failure::invalid, "InvalidRetrySettings",
        "AWS_RETRY_MODE (or retry_mode of the profile) must be standard, adaptive or legacy");
  }
  return settings;
}

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

}  // namespace edsm::cloud::aws
