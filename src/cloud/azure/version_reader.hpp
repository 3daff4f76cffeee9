#pragma once

#include <string>
#include <vector>

#include "base/rate_limit.hpp"
#include "cloud/azure/key_vault.hpp"
#include "cloud/azure/known_versions.hpp"
#include "cloud/listing_policy.hpp"

namespace edsm::cloud::azure {

/// Finds which versions are current, and what was deleted or disabled, of which Azure tells nobody.
/// The list of the vault shows whose times have moved; of those, and of those that are new here,
/// the versions are listed. Values are read only where neither is possible: two versions of one
/// second, a secret of very many versions, or a controller that may not list.
class VersionReader {
 public:
  VersionReader(KeyVault& vault, base::Clock& clock, telemetry::Log& log)
      : vault_(vault), clock_(clock), log_(log) {}

  /// One result per name, in order, all of this vault. Of what is disabled: Failure::refused, code
  /// kSourceDisabled.
  base::Task<std::vector<base::Result<std::string>>> read(std::vector<SecretName> names);
  /// A value of a current version was read.
  void learn(const SecretName& name, const Reading& reading);

 private:
  struct Search;
  using Versions = std::vector<Listed>;

  base::Task<void> by_listing(Search& search);
  base::Task<void> by_versions(Search& search, const std::string& secret);
  base::Task<base::Result<std::string>> by_value(SecretName name);
  base::Task<base::Result<Versions>> list_versions(const SecretName& name);
  base::Task<void> settle(Search& search, std::size_t index, const Versions& versions);
  base::Task<void> settle_refused(Search& search, const std::string& secret, base::Error error);
  void say_refused(std::string_view what, std::string_view vault);

  KeyVault& vault_;
  base::Clock& clock_;
  telemetry::Log& log_;
  KnownVersions known_;
  ListingPolicy policy_;
  /// A quarter of what one vault answers: 4,000 calls in ten seconds.
  base::RateLimit pace_{100.0, 200.0};
  base::Instant list_from_ = base::Instant::min();      ///< the vault's list is refused until then
  base::Instant versions_from_ = base::Instant::min();  ///< likewise those of versions
  bool said_so_ = false;
};

}  // namespace edsm::cloud::azure
