#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <boost/json/value.hpp>

#include "base/text.hpp"
#include "cloud/provider.hpp"
#include "sync/label_selector.hpp"

namespace edsm::sync {

/// Whether `text` is what `pattern` describes: `*` stands for any characters, also slashes or none,
/// `?` for any one, all else for itself. Takes time in proportion to the product of the lengths.
bool matches_pattern(std::string_view pattern, std::string_view text);

/// In spec.accounts: the controller's own account, in which secrets without an ARN are.
inline constexpr std::string_view kOwnAccount = "Own";
/// In spec.roles: the controller itself, without a role.
inline constexpr std::string_view kOwnIdentity = "Own";

/// A secret that a binding of some namespace asks for.
struct AccessRequest {
  base::Text ns;
  base::Text provider;
  cloud::Place place;
  std::string identity{};  ///< as whom: a role of the cloud; empty: as the controller itself
};

/// One SecretAccessPolicy: namespaces, and what their bindings may read.
struct AccessPolicy {
  std::string name;
  std::vector<std::string> namespaces;    ///< by name
  std::optional<LabelSelector> selector;  ///< or by their labels
  std::string provider;
  std::vector<std::string> regions;   ///< patterns; none: all
  std::vector<std::string> accounts;  ///< none: all
  std::vector<std::string> roles;     ///< patterns, or kOwnIdentity; none: kOwnIdentity only
  std::vector<std::string> paths;     ///< patterns
  bool operator==(const AccessPolicy&) const = default;

  /// The field that keeps this policy from permitting the request ("spec.paths"); empty: none
  /// does. Does not look at the namespace.
  std::string_view obstacle(const AccessRequest& request) const;
};

/// Reads a SecretAccessPolicy that the API server has validated.
AccessPolicy decode_access_policy(const boost::json::value& object);

}  // namespace edsm::sync
