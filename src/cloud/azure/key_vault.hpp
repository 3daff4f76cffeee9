#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "cloud/azure/client.hpp"
#include "cloud/azure/names.hpp"
#include "cloud/provider.hpp"

namespace edsm::cloud::azure {

/// What is known of a version besides its value. Times are seconds since 1970.
struct Attributes {
  bool enabled = true;
  std::int64_t created = 0;
  std::int64_t updated = 0;  ///< also moves when an attribute does
  std::optional<std::int64_t> not_before;
  std::optional<std::int64_t> expires;
  bool operator==(const Attributes&) const = default;
};

/// An item of a list: of a vault's secrets (without a version) or of a secret's versions.
struct Listed {
  SecretName name;
  Attributes attributes;  ///< of a secret: those of its newest version
};
struct Page {
  std::vector<Listed> items;
  std::string next;  ///< path and query of the next page; empty: this was the last one
};

/// A value, and what came with it.
struct Reading {
  Value value;
  Attributes attributes;
};

/// Where a vault is, and how it is spoken to.
struct VaultAddress {
  std::string host;    ///< "shop-kv.vault.azure.net": what links and identifiers name
  std::string origin;  ///< where requests go: of that host, unless it is overridden
  std::string api_version;
};

/// The calls of one vault. Error texts name the secret and, where a permission is missing, the role
/// to grant.
class KeyVault {
 public:
  KeyVault(VaultAddress address, std::unique_ptr<Client> client)
      : address_(std::move(address)), client_(std::move(client)) {}

  /// The value of a version, or of the current one. Of one that is disabled: Failure::refused, code
  /// kSourceDisabled. What is not yet or no longer valid the service gives, and so do we.
  base::Task<base::Result<Reading>> get(SecretName name);
  /// A page of the vault's secrets, of which there are 25 on each; `next` is empty for the first.
  base::Task<base::Result<Page>> secrets(std::string next);
  /// A page of a secret's versions, in no order.
  base::Task<base::Result<Page>> versions(SecretName name, std::string next);

 private:
  base::Task<base::Result<Page>> page(std::string operation, std::string path);
  base::Result<Page> read_page(const boost::json::value& answer);
  base::Result<std::string> read_link(std::string_view link);
  base::Result<Reading> read_value(const boost::json::value& answer, const SecretName& asked);
  std::optional<SecretName> named(std::string_view id) const;
  std::string path_of(const SecretName& name, std::string_view rest) const;

  VaultAddress address_;
  std::unique_ptr<Client> client_;
};

}  // namespace edsm::cloud::azure
