#pragma once

#include "base/error.hpp"
#include "cloud/aws/files.hpp"
#include "cloud/aws/shared_config.hpp"
#include "cloud/retry_policy.hpp"
#include "cloud/skew_correction.hpp"

namespace edsm::cloud::aws {

struct RetrySettings {
  int max_attempts = 3;  ///< in total
};
/// AWS_MAX_ATTEMPTS, AWS_RETRY_MODE and their profile keys. All modes work as "standard".
base::Result<RetrySettings> load_retry_settings(const Getenv& env, const SharedConfig& config);

}  // namespace edsm::cloud::aws
