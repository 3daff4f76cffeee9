#pragma once

#include <memory>
#include <string>

#include "cloud/gcp/births.hpp"
#include "cloud/gcp/client.hpp"
#include "cloud/gcp/match.hpp"
#include "cloud/provider.hpp"

namespace edsm::cloud::gcp {

/// One version, without its value.
struct VersionFacts {
  std::string number;
  std::string state;    ///< "ENABLED", "DISABLED", "DESTROYED"
  std::string created;  ///< RFC 3339, or empty

  bool readable() const { return state != "DISABLED" && state != "DESTROYED"; }
};
/// Of a version that is not readable: Failure::refused, kSourceDisabled.
base::Error disabled(const SecretName& name, const VersionFacts& facts);

/// The calls of Secret Manager at one endpoint, all secrets of one location. A name without a
/// version means the latest. Error texts name the secret and, where a permission is missing, the
/// role to grant. What answers tell about projects goes into `projects`, what they tell about
/// versions into `births`, by which versions are called.
class SecretManager {
 public:
  SecretManager(std::unique_ptr<Client> client, Projects& projects, Births& births)
      : client_(std::move(client)), projects_(projects), births_(births) {}

  /// The value, verified by its checksum. Of a version that is disabled or destroyed:
  /// Failure::refused, with a text that says so.
  base::Task<base::Result<Value>> access(SecretName name);
  base::Task<base::Result<VersionFacts>> describe(SecretName name);

 private:
  base::Task<base::Result<base::JsonDocument>> get(std::string operation, SecretName name,
                                                   std::string verb);
  base::Result<SecretName> name_in(const boost::json::value& answer, const SecretName& asked);
  base::Result<Value> read_value(const boost::json::value& answer, const SecretName& asked,
                                 const Births::Versions& known);
  base::Task<base::Error> explain_state(SecretName name, base::Error error);

  std::unique_ptr<Client> client_;
  Projects& projects_;
  Births& births_;
};

}  // namespace edsm::cloud::gcp
