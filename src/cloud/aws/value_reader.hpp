#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "cloud/aws/secrets_manager.hpp"
#include "telemetry/log.hpp"

namespace edsm::cloud::aws {

/// Reads values by the fewest calls that are allowed: a batch, and one by one where batches are
/// refused or leave something open.
class ValueReader {
 public:
  ValueReader(SecretsManager& secrets, base::Clock& clock, telemetry::Log& log)
      : secrets_(secrets), clock_(clock), log_(log) {}

  /// One result per id (name or ARN), in order.
  base::Task<std::vector<base::Result<Value>>> read(std::vector<std::string> ids);

 private:
  struct Reading;
  base::Task<void> by_batch(Reading& reading);
  base::Task<void> one_by_one(Reading& reading);
  base::Task<void> one(Reading& reading, std::size_t index);
  base::Task<base::Result<Value>> confirm_deletion(std::string id, base::Error error);

  SecretsManager& secrets_;
  base::Clock& clock_;
  telemetry::Log& log_;
  base::Instant batches_from_ = base::Instant::min();  ///< refused until then
  bool said_so_ = false;
};

}  // namespace edsm::cloud::aws
