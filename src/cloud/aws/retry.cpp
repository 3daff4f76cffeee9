#include "cloud/aws/retry.hpp"

#include <array>

#include "cloud/aws/text.hpp"

namespace edsm::cloud::aws {

base::Result<RetrySettings> load_retry_settings(const Getenv& env, const SharedConfig& config) {
  RetrySettings settings;
  const std::string attempts =
      lookup(env, "AWS_MAX_ATTEMPTS").value_or(std::string(config.value("max_attempts")));
  if (!attempts.empty()) {
    const auto number = parse_number(attempts);
    if (!number || *number < 1 || *number > 100) {
      return base::fail(
          base::Failure::invalid, "InvalidRetrySettings",
          "AWS_MAX_ATTEMPTS (or max_attempts of the profile) must be a number from 1 to 100");
    }
    settings.max_attempts = static_cast<int>(*number);
  }
  const std::string mode =
      lookup(env, "AWS_RETRY_MODE").value_or(std::string(config.value("retry_mode")));
  static constexpr std::array<std::string_view, 3> modes = {"standard", "adaptive", "legacy"};
  if (!mode.empty() && !one_of(modes, lower(mode))) {
    return base::fail(
        base::Failure::invalid, "InvalidRetrySettings",
        "AWS_RETRY_MODE (or retry_mode of the profile) must be standard, adaptive or legacy");
  }
  return settings;
}

}  // namespace edsm::cloud::aws
