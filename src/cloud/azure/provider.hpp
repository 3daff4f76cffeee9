#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>

#include "cloud/azure/validity.hpp"
#include "cloud/azure/version_reader.hpp"
#include "cloud/provider.hpp"

namespace edsm::cloud::azure {

/// What a Source of this provider names.
struct SecretPlace {
  SecretName name;
  std::string tenant;  ///< that its binding names; may be empty
};
SecretPlace place_of(const Source& source);

/// Azure's Key Vault. The vault of a binding is that of its path, cloudProviderOptions'
/// azureVaultURL, or the controller's own, in this order; azureTenantID names the vault's tenant,
/// and where it does not, the vault says it.
class KeyVaultProvider final : public Provider {
 public:
  /// Makes what calls a vault of a tenant ("": not said); called once for each, on first use.
  using MakeVault =
      std::function<std::unique_ptr<KeyVault>(const std::string& vault, const std::string& tenant)>;

  KeyVaultProvider(std::string default_vault, const Hosts& hosts, MakeVault make_vault,
                   base::Clock& clock, telemetry::Log& log)
      : default_vault_(std::move(default_vault)),
        hosts_(hosts),
        make_vault_(std::move(make_vault)),
        clock_(clock),
        log_(log),
        validity_(clock, log) {}

  std::string_view name() const override { return "azure"; }
  base::Result<Source> resolve(const SecretQuery& query) const override;
  std::vector<std::string> match_keys(const Source& source) const override;
  Place place(const Source& source) const override;
  /// There is no call for several; so many are read side by side.
  std::size_t batch_limit() const override { return 8; }
  base::Task<std::vector<base::Result<Value>>> fetch(std::vector<Source> sources) override;
  base::Task<std::vector<base::Result<std::string>>> versions(std::vector<Source> sources) override;

 private:
  struct Vault {
    Vault(std::unique_ptr<KeyVault> calls_, base::Clock& clock, telemetry::Log& log)
        : calls(std::move(calls_)), versions(*calls, clock, log) {}
    std::unique_ptr<KeyVault> calls;
    VersionReader versions;
  };
  Vault& vault_of(const Source& source);
  base::Task<void> fetch_into(Source source, base::Result<Value>& result);

  std::string default_vault_;
  const Hosts& hosts_;
  MakeVault make_vault_;
  base::Clock& clock_;
  telemetry::Log& log_;
  ValidityNotes validity_;
  std::map<std::string, std::unique_ptr<Vault>, std::less<>> vaults_;  ///< by scope
};

}  // namespace edsm::cloud::azure
