#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "cloud/aws/secrets_manager.hpp"
#include "cloud/listing_policy.hpp"
#include "telemetry/log.hpp"

namespace edsm::cloud::aws {

/// Reads current version ids, no values. It may lag by what ListSecrets lags (minutes).
class VersionReader {
 public:
  VersionReader(SecretsManager& secrets, telemetry::Log& log) : secrets_(secrets), log_(log) {}

  /// One result per id (name or ARN), in order.
  base::Task<std::vector<base::Result<std::string>>> read(std::vector<std::string> ids);

 private:
  struct Search;
  base::Task<void> by_listing(Search& search);
  base::Task<void> one(Search& search, std::size_t index);

  SecretsManager& secrets_;
  telemetry::Log& log_;
  ListingPolicy policy_;
};

}  // namespace edsm::cloud::aws
