#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/task.hpp"
#include "cli/commands/doctor_azure_identity.hpp"
#include "cli/commands/findings.hpp"
#include "cloud/azure/azure.hpp"
#include "cloud/azure/challenge.hpp"

/// Azure's vaults, and the secrets of them that bindings name.
namespace edsm::cli {

/// What a vault answered of a secret. No value is read.
struct SecretSeen {
  cloud::azure::SecretName name;
  /// Of a version that there cannot be: Failure::absent, where values may be read.
  base::Error read{.failure = base::Failure::absent, .code = {}, .text = {}};
  base::Result<std::vector<cloud::azure::Listed>> versions{};
};

struct VaultSeen {
  std::string name;
  std::string tenant{};  ///< that its bindings name; may be empty
  /// What it asks for of somebody without a token; nullopt: nothing that is understood.
  std::optional<cloud::azure::Challenge> challenge{};
  std::optional<base::Error> unreachable{};
  std::vector<SecretSeen> secrets{};
};

/// Reads into each secret of it.
base::Task<void> look_at_secrets(cloud::azure::Cloud& cloud, VaultSeen& vault);
/// Pure.
Findings judge_vault(const VaultSeen& vault, const AzureIdentity& identity, base::WallTime now);

}  // namespace edsm::cli
