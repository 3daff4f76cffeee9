#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "cloud/aws/secrets_manager.hpp"
#include "telemetry/log.hpp"

namespace edsm::cloud::aws {

/// Which calls find the versions of some secrets: pages of the whole list, a hundred secrets each,
/// or one DescribeSecret per secret. Without I/O. How long the list is, nobody knows before it
/// ends; so listing goes on as long as it has cost less than describing the rest would, which is at
/// most about twice the best.
class ListingPolicy {
 public:
  bool next_page(std::size_t pages_read, std::size_t unfound) const {
    if (!allowed_ || unfound == 0 || (pages_read == 0 && unfound <= 3)) return false;
    if (known_pages_ && pages_read < *known_pages_) return *known_pages_ - pages_read < unfound;
    return pages_read < unfound;
  }
  /// The list ended after so many pages.
  void ended(std::size_t pages) { known_pages_ = pages; }
  void refused() { allowed_ = false; }

 private:
  bool allowed_ = true;
  std::optional<std::size_t> known_pages_;
};

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
