#pragma once

#include <functional>
#include <string>

#include "cloud/azure/authoriser.hpp"
#include "cloud/azure/challenge.hpp"

namespace edsm::cloud::azure {

/// The tokens of a tenant ("": the controller's own) for a scope. What is returned lives as long as
/// the cloud.
using TokensOf =
    std::function<oauth::TokenCache&(const std::string& tenant, const std::string& scope)>;

/// Authorises calls of one vault. The first carries a token of the tenant that was configured, or
/// of the controller's own; a vault of another tenant answers with a challenge that names its own,
/// which is remembered.
class VaultTokens final : public Authoriser {
 public:
  /// `host` is the vault's name in the cloud: who asks for tokens is measured by it. `tenant` is
  /// what the binding says; if it says nothing, the challenge decides.
  VaultTokens(std::string host, std::string tenant, const Hosts& hosts, TokensOf tokens)
      : host_(std::move(host)),
        fixed_(!tenant.empty()),
        wanted_{std::move(tenant), hosts.vault_scope()},
        hosts_(hosts),
        tokens_(std::move(tokens)) {}

  base::Task<base::Result<Pass>> pass() override;
  base::Result<bool> refused(const Pass& used, const net::Response& answer) override;

 private:
  std::string host_;
  bool fixed_;
  Challenge wanted_;
  const Hosts& hosts_;
  TokensOf tokens_;
};

}  // namespace edsm::cloud::azure
