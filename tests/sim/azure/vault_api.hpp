#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

#include "sim/azure/faults.hpp"
#include "sim/azure/tokens.hpp"
#include "sim/azure/vault.hpp"
#include "sim/common/calls.hpp"

namespace edsm::sim::azure {

/// Key Vault's REST API over the secrets of one vault: its challenge, versions, lists, and what is
/// deleted. Backups, restores and certificates are not simulated.
class VaultApi {
 public:
  /// nullopt: a success without content.
  using Done = Answer<std::optional<boost::json::object>>;

  /// All have to live as long as this.
  VaultApi(Timeline& timeline, Vault& vault, const Tokens& tokens, const Faults& faults)
      : timeline_(timeline), vault_(vault), tokens_(tokens), faults_(faults) {}

  /// Items on a page of a list: 25 at most.
  std::size_t page = 25;
  /// Whose tokens the vault takes.
  std::string tenant = std::string(kTenant);

  /// Notes in `call` which operation it is, which secret is asked for and which value is handed
  /// out.
  Reply answer(const net::Request& request, const Path& path, CloudCall& call);

 private:
  using Object = boost::json::object;
  Done decide(const net::Request& request, const Path& path, CloudCall& call);
  Done of_secrets(const net::Request& request, const Path& path, CloudCall& call);
  Done of_deleted(const net::Request& request, const Path& path);
  Done read(std::string_view name, std::string_view version, CloudCall& call);
  Done list(const Path& path, std::vector<Object> items) const;
  /// An error that says whose token is wanted, unless the request carries such a one.
  Answer<void> authenticate(const net::Request& request) const;
  Answer<void> permit(const CloudCall& call, std::string_view name) const;

  Timeline& timeline_;
  Vault& vault_;
  const Tokens& tokens_;
  const Faults& faults_;
};

}  // namespace edsm::sim::azure
