#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/error.hpp"
#include "base/names.hpp"
#include "cloud/aws/sts.hpp"
#include "cloud/provider.hpp"

/// As whom a secret is read.
namespace edsm::cloud::aws {

/// A role that is assumed for one binding.
struct Identity {
  std::string role_arn;
  std::string external_id;  ///< empty: none
  base::ObjectKey binding;  ///< which is also told to AWS: two bindings never share a session
  bool operator==(const Identity&) const = default;
};

/// What one client can read: a region, as somebody.
struct Scope {
  std::string region;
  std::optional<Identity> identity;  ///< nullopt: the controller itself
  bool operator==(const Scope&) const = default;
};

/// What a binding asks for in cloudProviderOptions.roleARN and externalID; nullopt: nothing.
/// Failure::invalid, code "InvalidRole", "InvalidExternalID" or "MissingRole".
base::Result<std::optional<Identity>> read_identity(const SecretQuery& query);

/// "aws/eu-west-1", or "aws/eu-west-1/[<role ARN> for <namespace>/<name>]", before the "]" perhaps
/// ", external id <id>": different scopes are different texts, and no scope is another's beginning
/// with a slash and the path of a secret behind it.
std::string to_text(const Scope& scope);
/// The scope of a text that `to_text` has made.
Scope parse_scope(std::string_view text);
/// Its parts without a copy, as views into the text: the region, and the role's ARN or nothing.
std::string_view region_of(std::string_view scope);
std::string_view role_of(std::string_view scope);

/// How the session of a role is asked for: named after the binding ("edsm.<namespace>.<name>", if
/// that is too long cut and made unique), with its namespace and name as tags.
RoleRequest session_of(const Identity& identity);

}  // namespace edsm::cloud::aws
