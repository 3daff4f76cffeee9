#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>

#include "cloud/aws/credential_cache.hpp"
#include "cloud/aws/identity.hpp"
#include "cloud/aws/idle.hpp"
#include "cloud/aws/value_reader.hpp"
#include "cloud/aws/version_reader.hpp"
#include "cloud/provider.hpp"

namespace edsm::cloud::aws {

/// A client of a scope.
struct ScopeClient {
  std::unique_ptr<CredentialCache> session;  ///< of the scope's role; null: the controller's own
  std::unique_ptr<Client> client;            ///< signs with it
};

/// AWS Secrets Manager. The region of a binding is cloudProviderOptions.region, that of its ARN, or
/// the controller's own (AWS_REGION), in this order; the first two must agree.
class SecretsManagerProvider final : public Provider {
 public:
  /// Makes the client of a scope on first use. Those of roles are let go when they are not used.
  using MakeClient = std::function<base::Result<ScopeClient>(const Scope& scope)>;

  SecretsManagerProvider(std::string default_region, MakeClient make_client, base::Clock& clock,
                         telemetry::Log& log)
      : default_region_(std::move(default_region)),
        make_client_(std::move(make_client)),
        clock_(clock),
        log_(log) {}

  std::string_view name() const override { return "aws"; }
  base::Result<Source> resolve(const SecretQuery& query) const override;
  std::vector<std::string> match_keys(const Source& source) const override;
  Place place(const Source& source) const override;
  std::string_view identity(const Source& source) const override;
  std::size_t batch_limit() const override { return SecretsManager::batch_limit; }
  base::Task<std::vector<base::Result<Value>>> fetch(std::vector<Source> sources) override;
  base::Task<std::vector<base::Result<std::string>>> versions(std::vector<Source> sources) override;

  /// Scopes that a client is kept for.
  std::size_t kept() const { return readers_.size(); }

 private:
  struct Reader {
    Reader(ScopeClient made, base::Clock& clock, telemetry::Log& log)
        : session(std::move(made.session)),
          secrets(std::move(made.client)),
          values(secrets, clock, log),
          versions(secrets, log) {}
    std::unique_ptr<CredentialCache> session;
    SecretsManager secrets;
    ValueReader values;
    VersionReader versions;
  };
  base::Result<std::shared_ptr<Reader>> reader_of(const std::vector<Source>& sources);

  std::string default_region_;
  MakeClient make_client_;
  base::Clock& clock_;
  telemetry::Log& log_;
  std::map<std::string, std::shared_ptr<Reader>> readers_;  ///< by scope
  IdleList idle_;                                           ///< of scopes with a role
};

}  // namespace edsm::cloud::aws
