#pragma once

#include <map>
#include <string>
#include <vector>

#include "base/rate_limit.hpp"
#include "cloud/gcp/secret_manager.hpp"

namespace edsm::cloud::gcp {

/// How the versions of one project's secrets are asked for. All reads but those of values share
/// one small quota (600 a minute for each project), of which the sweep takes half, so that others
/// find some, too.
struct MetadataAccess {
  base::RateLimit pace{5.0, 100.0};
  base::Instant allowed_from = base::Instant::min();  ///< refused until then
  bool said_so = false;
};

/// Reads current versions, and no values as long as that is possible: who may not read a version's
/// metadata, or finds that quota exhausted, has to read the value to learn its number. And values,
/// of secrets of which nothing is known with a look at the metadata before: only that tells which
/// version of this number it will be (Births).
class VersionReader {
 public:
  /// By project.
  using Accesses = std::map<std::string, MetadataAccess, std::less<>>;

  /// Without `reads_values` a refusal is the answer.
  VersionReader(SecretManager& secrets, const Births& births, Accesses& accesses,
                base::Clock& clock, telemetry::Log& log, bool reads_values = true)
      : secrets_(secrets),
        births_(births),
        accesses_(accesses),
        clock_(clock),
        log_(log),
        reads_values_(reads_values) {}

  base::Task<base::Result<Value>> value(SecretName name);
  /// One result per name, in order; of a version that is disabled or destroyed Failure::refused,
  /// kSourceDisabled.
  base::Task<std::vector<base::Result<std::string>>> read(std::vector<SecretName> names);

 private:
  base::Task<void> one_into(SecretName name, base::Result<std::string>& result);
  base::Task<base::Result<std::string>> one(SecretName name);
  base::Task<base::Result<std::string>> by_value(SecretName name);
  void remember_refusal(MetadataAccess& access, const SecretName& name);

  SecretManager& secrets_;
  const Births& births_;
  Accesses& accesses_;
  base::Clock& clock_;
  telemetry::Log& log_;
  bool reads_values_;
};

}  // namespace edsm::cloud::gcp
