#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "cloud/azure/names.hpp"

/// Which events speak of which bindings.
///
/// A match key is "azure/<vault>/<secret>/<version>". The last part says which changes of a secret
/// concern a binding: "current", the version that it is pinned to, and "*" for all of them. Names
/// of vaults are unique in their cloud, and a controller is in one cloud.
namespace edsm::cloud::azure {

/// Of a binding. `name.version` empty means the current one.
std::vector<std::string> binding_keys(const SecretName& name);

/// What happened to a secret, as far as it decides whom it concerns.
enum class Change : std::uint8_t {
  secret,   ///< the secret as a whole: deleted, recovered
  version,  ///< one version, which SecretName::version names (empty: unknown)
};
/// Of an event; the first is the one for people.
std::vector<std::string> hint_keys(const SecretName& name, Change change);

}  // namespace edsm::cloud::azure
