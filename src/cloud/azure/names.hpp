#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "cloud/azure/hosts.hpp"

/// How Azure names vaults, secrets and their versions. None of them has a case: all are held in
/// lower case, so that one thing has one name.
namespace edsm::cloud::azure {

/// What a name without a version means: the newest one, disabled or not.
inline constexpr std::string_view current = "current";

/// A secret of a vault, or one version of it.
struct SecretName {
  std::string vault;    ///< "shop-kv", without the rest of its host
  std::string secret;   ///< "db-password"
  std::string version;  ///< 32 hex digits; empty: none was named
  bool operator==(const SecretName&) const = default;
};

/// "shop-kv.vault.azure.net"
std::string vault_host(std::string_view vault, const Hosts& hosts);

/// "shop-kv", or "https://shop-kv.vault.azure.net[/]": the vault's name, in lower case.
std::optional<std::string> parse_vault(std::string_view text, const Hosts& hosts);
/// "https://shop-kv.vault.azure.net/secrets/name[/version]"
std::optional<SecretName> parse_secret_url(std::string_view text, const Hosts& hosts);
/// "name" or "name/version"; the vault stays empty.
std::optional<SecretName> parse_short_name(std::string_view text);

/// What a URL of any of Azure's clouds names: a secret or a certificate, whose secret has the same
/// name and version. `kind` is the path's first part ("secrets", "deletedsecrets", "certificates").
struct ObjectName {
  std::string kind;
  SecretName name;
};
/// A query, and further parts of the path, may follow: such URLs stand in audit records.
std::optional<ObjectName> parse_object_url(std::string_view text);

bool valid_vault(std::string_view text);
bool valid_secret(std::string_view text);
bool valid_version(std::string_view text);
/// Of a tenant: its id, or one of its domains. Anything else must never reach a URL.
bool valid_tenant(std::string_view text);

}  // namespace edsm::cloud::azure
