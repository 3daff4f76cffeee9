#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <boost/json/value.hpp>

/// What a SecretStore of External Secrets reads from Azure's Key Vault. Pure.
namespace edsm::cli {

struct AzureStore {
  std::string vault;              ///< for cloudProviderOptions.azureVaultURL
  std::string tenant;             ///< for azureTenantID; empty: the vault says it
  std::vector<std::string> lost;  ///< what EDSM has nothing for, and what takes its place
  std::string refused;            ///< why it cannot be read from; empty: it can
};
/// `azure` is the store's spec.provider.azurekv, `path` what is read by it.
AzureStore read_azure_store(const boost::json::value& azure, std::string_view path);

/// A remoteRef's key, "NAME" or "secret/NAME", as our path.
struct AzurePath {
  std::string path;
  std::string refused;  ///< why there is none; empty: there is
};
/// `version` may be empty.
AzurePath azure_path(std::string_view key, std::string_view version);

}  // namespace edsm::cli
