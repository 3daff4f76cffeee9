#include "cloud/gcp/inspect/policy.hpp"

#include <algorithm>
#include <array>

#include "base/json_writer.hpp"
#include "cloud/gcp/names.hpp"
#include "cloud/text.hpp"

namespace edsm::cloud::gcp {
namespace {

using base::string_at;

/// Roles of Google's that hold the right, besides those of all of Pub/Sub.
constexpr std::array<std::string_view, 4> everything = {"roles/pubsub.editor", "roles/pubsub.admin",
                                                        "roles/editor", "roles/owner"};

bool is_member(std::string_view given, std::string_view wanted) {
  if (given == "allUsers" || given == "allAuthenticatedUsers") return true;
  const auto star = wanted.find('*');
  if (star == std::string_view::npos) return given == wanted;
  const auto head = wanted.substr(0, star);
  const auto tail = wanted.substr(star + 1);
  if (given.size() <= head.size() + tail.size()) return false;
  return given.starts_with(head) && given.ends_with(tail) &&
         is_digits(given.substr(head.size(), given.size() - head.size() - tail.size()));
}

}  // namespace

Policy parse_policy(const boost::json::value& json) {
  Policy policy;
  const auto* const bindings = base::array_at(json, "bindings");
  if (bindings == nullptr) return policy;
  for (const auto& each : *bindings) {
    policy.bindings.push_back({std::string(string_at(each, "role")),
                               base::strings_at(each, "members"),
                               base::object_at(each, "condition") != nullptr});
  }
  return policy;
}

Admission admits(const Policy& policy, Right right, std::string_view member) {
  const std::string_view own =
      right == Right::publish ? "roles/pubsub.publisher" : "roles/pubsub.subscriber";
  auto admission = Admission::refused;
  for (const auto& [role, members, conditional] : policy.bindings) {
    const bool meant = std::ranges::any_of(
        members, [&](const std::string& each) { return is_member(each, member); });
    const bool custom = !role.starts_with("roles/");
    const bool holds = role == own || one_of(everything, role);
    if (!meant || (!holds && !custom)) continue;
    if (holds && !conditional) return Admission::admitted;
    admission = Admission::depends;
  }
  return admission;
}

Call policy_call(const std::string& resource) {
  return {"GetIamPolicy", path_to(resource) + ":getIamPolicy"};
}

Call permissions_call(const std::string& resource, const std::vector<std::string>& permissions) {
  Call call("TestIamPermissions", path_to(resource) + ":testIamPermissions");
  base::JsonWriter json;
  json.begin_object().key("permissions").begin_array();
  for (const auto& permission : permissions) json.string(permission);
  json.end_array().end_object();
  call.method = net::Method::post;
  call.body = std::move(json).take();
  return call;
}

std::set<std::string> parse_permissions(const boost::json::value& json) {
  const auto granted = base::strings_at(json, "permissions");
  return {granted.begin(), granted.end()};
}

}  // namespace edsm::cloud::gcp
