#pragma once

#include <string>
#include <string_view>

#include "base/error.hpp"
#include "cloud/files.hpp"

namespace edsm::cloud::azure {

/// One of Azure's clouds, by the ends of its hosts' names.
struct Hosts {
  std::string_view name;    ///< "AzurePublicCloud"
  std::string_view login;   ///< of Microsoft Entra: "login.microsoftonline.com"
  std::string_view vaults;  ///< what follows a vault's name and a dot: "vault.azure.net"
  std::string_view buses;   ///< the same of a namespace of Service Bus: "servicebus.windows.net"

  /// What a token for Key Vault is asked for with.
  std::string vault_scope() const { return "https://" + std::string(vaults) + "/.default"; }
};

const Hosts& public_cloud();
/// By the name that Microsoft's tools give it ("AzureCloud", "AzureUSGovernment", …), in any case;
/// null: there is none of that name.
const Hosts* find_cloud(std::string_view name);

/// AZURE_CLOUD; without it the one whose AZURE_AUTHORITY_HOST is set, as the webhook of workload
/// identity does; else the public one. Never null. Failure::invalid, with variable and remedy.
base::Result<const Hosts*> load_hosts(const Getenv& env);

}  // namespace edsm::cloud::azure
