#include "sync/access_rules.hpp"

#include <algorithm>
#include <string_view>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace edsm::sync {
namespace {

/// So many policies that came near are named.
constexpr std::size_t kNamed = 3;

/// A policy for the namespace, and the field by which it refuses.
using Miss = std::pair<std::string_view, std::string_view>;

std::string near_misses(const std::vector<Miss>& misses, const base::Text& ns) {
  if (misses.empty()) return fmt::format("none is for namespace {}", ns);
  std::string text;
  for (std::size_t i = 0; i < misses.size() && i < kNamed; ++i) {
    const auto& [policy, field] = misses[i];
    text += fmt::format("{}{} does not by its {}", text.empty() ? "" : ", ", policy, field);
  }
  if (misses.size() > kNamed) text += fmt::format(", nor do {} more", misses.size() - kNamed);
  return text;
}

std::string refusal(const AccessRequest& request, const std::vector<Miss>& misses) {
  const auto& place = request.place;
  const auto& role = request.identity;
  return fmt::format(
      "no SecretAccessPolicy permits namespace {0} to read {1}{7} ({2}): ask a cluster "
      "administrator for one with namespace {0}, provider {3}, region {4}, account {5}{8} and path "
      "{6}",
      request.ns, fmt::join(place.names, " or "), near_misses(misses, request.ns), request.provider,
      place.region, place.account.empty() ? kOwnAccount : std::string_view(place.account),
      fmt::join(place.names, " as well as "), role.empty() ? "" : " as " + role,
      role.empty() ? "" : ", role " + role);
}

}  // namespace

AccessRules::Selected AccessRules::selected(const AccessPolicy& policy,
                                            const base::Text& ns) const {
  if (std::ranges::find(policy.namespaces, ns.view()) != policy.namespaces.end())
    return Selected::yes;
  if (!policy.selector) return Selected::no;
  const auto* const labels = namespaces.find(ns);
  if (labels == nullptr) return Selected::unknown;
  return policy.selector->selects(*labels) ? Selected::yes : Selected::no;
}

Verdict AccessRules::judge(const AccessRequest& request) const {
  bool unknown = false;
  std::vector<Miss> misses;
  for (const auto& [name, policy] : policies.all()) {
    const auto applies = selected(policy, request.ns);
    if (applies == Selected::no) continue;
    const auto obstacle = policy.obstacle(request);
    if (applies == Selected::unknown) {
      unknown = unknown || obstacle.empty();
    } else if (obstacle.empty()) {
      return {Verdict::Kind::allowed, policy.name, ""};
    } else {
      misses.emplace_back(policy.name, obstacle);
    }
  }
  if (unknown) return {Verdict::Kind::waiting, "", ""};
  return {Verdict::Kind::refused, "", refusal(request, misses)};
}

}  // namespace edsm::sync
