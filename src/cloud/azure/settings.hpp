#pragma once

#include <string>
#include <vector>

#include "base/error.hpp"
#include "cloud/azure/auth/credentials.hpp"
#include "cloud/azure/hosts.hpp"
#include "cloud/azure/queue.hpp"
#include "cloud/files.hpp"

namespace edsm::cloud::azure {

/// The version of Key Vault's API that has all that is needed, and that the most vaults know.
inline constexpr std::string_view default_api_version = "7.4";

/// Everything that the program's environment says about Azure, read once. Move-only: it may hold
/// keys.
struct Settings {
  const Hosts* hosts = &public_cloud();
  std::vector<Queue> queues;
  /// Of secrets whose binding names none: AZURE_KEY_VAULT_URL; may be empty.
  std::string vault;
  std::string api_version{default_api_version};  ///< AZURE_KEY_VAULT_API_VERSION
  std::string key_vault_endpoint;  ///< AZURE_KEY_VAULT_ENDPOINT; empty: each vault's own host
  std::string ca_bundle;           ///< AZURE_CA_BUNDLE: trust of the `api` and poll Https
  /// What is wrong with the credentials stops only who needs them: bindings say it.
  base::Result<AuthSettings> credentials;
};

/// Failure::invalid with a text that names the variable and the remedy. Never does network I/O.
/// Without any of the variables everything is Azure's public cloud, and there is no queue.
base::Result<Settings> load_settings(const Getenv& env);
base::Result<Settings> load_settings(const Getenv& env, const ReadFile& read);

/// Where calls of a vault go, without a trailing slash.
std::string vault_origin(const Settings& settings, std::string_view vault);

}  // namespace edsm::cloud::azure
