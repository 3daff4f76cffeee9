#include "cloud/aws/identity.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "base/crypto.hpp"
#include "cloud/aws/text.hpp"

namespace edsm::cloud::aws {
namespace {

using base::Failure;

constexpr std::string_view prefix = "aws/";
constexpr std::string_view opening = "/[";
constexpr std::string_view before_binding = " for ";
constexpr std::string_view before_external_id = ", external id ";

constexpr std::size_t max_role_arn = 640;  // a path of 512, a name of 64 and what is around them
constexpr std::size_t min_external_id = 2;
constexpr std::size_t max_external_id = 1224;
constexpr std::size_t max_session_name = 64;
/// Hexadecimal digits that make a name unique which was cut.
constexpr std::size_t mark_size = 16;

bool only(std::string_view text, std::string_view more) {
  return std::ranges::all_of(text, [more](char c) { return is_alnum(c) || more.contains(c); });
}

/// arn:<partition>:iam::<account>:role/<path and name>
bool valid_role_arn(std::string_view text) {
  constexpr std::string_view role = "role/";
  const auto fields = split(text, ':');
  return text.size() <= max_role_arn && fields.size() == 6 && fields[0] == "arn" &&
         fields[1].starts_with("aws") && fields[2] == "iam" && fields[3].empty() &&
         fields[4].size() == 12 && is_digits(fields[4]) && fields[5].starts_with(role) &&
         fields[5].size() > role.size() && !fields[5].ends_with('/') && only(fields[5], "_+=,.@/-");
}

bool valid_external_id(std::string_view text) {
  return text.size() >= min_external_id && text.size() <= max_external_id &&
         only(text, "_+=,.@:/-");
}

std::string option(const SecretQuery& query, const std::string& name) {
  const auto found = query.options.find(name);
  return found == query.options.end() ? std::string() : found->second;
}

/// What stands between the brackets; empty without an identity.
std::string_view identity_text(std::string_view scope) {
  const auto at = scope.find(opening);
  if (at == std::string_view::npos) return {};
  scope.remove_prefix(at + opening.size());
  return scope.substr(0, scope.size() - 1);
}

std::string session_name(const base::ObjectKey& binding) {
  auto name = fmt::format("edsm.{}.{}", binding.ns, binding.name);
  if (name.size() <= max_session_name) return name;
  const auto mark = base::hex(base::sha256(name)).substr(0, mark_size);
  return fmt::format("{}.{}", name.substr(0, max_session_name - mark_size - 1), mark);
}

}  // namespace

base::Result<std::optional<Identity>> read_identity(const SecretQuery& query) {
  Identity identity{option(query, "roleARN"), option(query, "externalID"), query.binding};
  if (identity.role_arn.empty() && identity.external_id.empty()) return std::nullopt;
  if (identity.role_arn.empty()) {
    return base::fail(Failure::invalid, "MissingRole",
                      "spec.cloudProviderOptions.externalID is of no use without roleARN: name the "
                      "role that it is for, or drop it");
  }
  if (!valid_role_arn(identity.role_arn)) {
    return base::fail(Failure::invalid, "InvalidRole",
                      "spec.cloudProviderOptions.roleARN is no ARN of a role; expected "
                      "arn:aws:iam::<account>:role/<name>");
  }
  if (!identity.external_id.empty() && !valid_external_id(identity.external_id)) {
    return base::fail(Failure::invalid, "InvalidExternalID",
                      "spec.cloudProviderOptions.externalID is no external id: 2 to 1224 letters, "
                      "digits or _+=,.@:/-");
  }
  return identity;
}

std::string to_text(const Scope& scope) {
  auto text = fmt::format("{}{}", prefix, scope.region);
  if (!scope.identity) return text;
  const auto& [role, external_id, binding] = *scope.identity;
  text += fmt::format("{}{}{}{}", opening, role, before_binding, binding.str());
  if (!external_id.empty()) text.append(before_external_id).append(external_id);
  return text + "]";
}

std::string_view region_of(std::string_view scope) {
  scope.remove_prefix(prefix.size());
  return scope.substr(0, scope.find('/'));
}

std::string_view role_of(std::string_view scope) {
  const auto text = identity_text(scope);
  return text.substr(0, text.find(before_binding));
}

Scope parse_scope(std::string_view text) {
  Scope scope{std::string(region_of(text)), std::nullopt};
  const auto role = role_of(text);
  if (role.empty()) return scope;
  // None of the parts has a blank, and neither of a binding's names a comma or a slash.
  auto rest = identity_text(text).substr(role.size() + before_binding.size());
  const auto end = rest.find(before_external_id);
  const auto binding = rest.substr(0, end);
  const auto slash = binding.find('/');
  Identity identity{std::string(role), {}, {binding.substr(0, slash), binding.substr(slash + 1)}};
  if (end != std::string_view::npos)
    identity.external_id = rest.substr(end + before_external_id.size());
  scope.identity = std::move(identity);
  return scope;
}

RoleRequest session_of(const Identity& identity) {
  RoleRequest request;
  request.role_arn = identity.role_arn;
  request.session_name = session_name(identity.binding);
  request.external_id = identity.external_id;
  request.tags = {{"edsm-namespace", identity.binding.ns.str()},
                  {"edsm-name", identity.binding.name.str()}};
  return request;
}

}  // namespace edsm::cloud::aws
