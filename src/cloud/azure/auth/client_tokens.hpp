#pragma once

#include <string>

#include "base/clock.hpp"
#include "cloud/azure/auth/identity_source.hpp"
#include "cloud/files.hpp"
#include "cloud/oauth/exchange.hpp"
#include "cloud/oauth/token.hpp"
#include "cloud/skew_correction.hpp"
#include "net/http.hpp"

namespace edsm::cloud::azure::auth {

/// Tokens of Microsoft Entra for an application or user-assigned identity, for one scope in one
/// tenant.
class ClientTokens final : public oauth::TokenProvider {
 public:
  /// `source` outlives it; `tenant` may be another one than the identity's own.
  ClientTokens(const ClientSource& source, std::string tenant, std::string scope, ReadFile read,
               net::Http& http, base::Clock& clock);
  std::string_view name() const override { return name_; }
  base::Task<base::Result<oauth::Token>> get() override;

 private:
  /// What is to be sent; `assertion` keeps another issuer's token, for texts.
  base::Result<oauth::Exchange> exchange(base::SecretBytes& assertion) const;
  base::Result<> prove(oauth::Form& form, base::SecretBytes& assertion) const;
  base::Result<base::SecretBytes> signed_assertion(const CertificateProof& proof) const;
  base::Result<base::SecretBytes> federated_assertion(const FederatedProof& proof) const;
  /// True if the clock was the reason of a refusal, and is corrected now.
  bool learn_clock(const net::Response& refusal);

  const ClientSource& source_;
  std::string tenant_;
  std::string scope_;
  std::string url_;
  std::string name_;
  ReadFile read_;
  oauth::TokenService service_;
  base::Clock& clock_;
  SkewCorrection skew_;
};

/// "workload-identity/vault.azure.net": the source of tokens for a scope, for logs and metrics.
std::string source_name(std::string_view kind, std::string_view scope);

}  // namespace edsm::cloud::azure::auth
