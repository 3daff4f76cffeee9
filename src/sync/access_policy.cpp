#include "sync/access_policy.hpp"

#include <algorithm>

#include "base/json.hpp"

namespace edsm::sync {
namespace {

bool any_matches(const std::vector<std::string>& patterns, std::string_view text) {
  return std::ranges::any_of(
      patterns, [&](const std::string& pattern) { return matches_pattern(pattern, text); });
}

}  // namespace

bool matches_pattern(std::string_view pattern, std::string_view text) {
  std::size_t at = 0;                         // in the pattern
  std::size_t star = std::string_view::npos;  // the last one that was passed
  std::size_t taken = 0;                      // up to where it reaches in the text
  for (std::size_t i = 0; i < text.size();) {
    if (at < pattern.size() && pattern[at] == '*') {
      star = at++;
      taken = i;
    } else if (at < pattern.size() && (pattern[at] == '?' || pattern[at] == text[i])) {
      ++at;
      ++i;
    } else if (star != std::string_view::npos) {
      at = star + 1;
      i = ++taken;
    } else {
      return false;
    }
  }
  return std::ranges::all_of(pattern.substr(at), [](char c) { return c == '*'; });
}

std::string_view AccessPolicy::obstacle(const AccessRequest& request) const {
  const auto& place = request.place;
  if (request.provider != provider) return "spec.provider";
  if (!regions.empty() && !any_matches(regions, place.region)) return "spec.regions";
  const std::string_view account = place.account.empty() ? kOwnAccount : place.account;
  if (!accounts.empty() && std::ranges::find(accounts, account) == accounts.end())
    return "spec.accounts";
  const bool itself = request.identity.empty();
  const bool permitted =
      roles.empty() ? itself : any_matches(roles, itself ? kOwnIdentity : request.identity);
  if (!permitted) return "spec.roles";
  const bool all =
      !place.names.empty() && std::ranges::all_of(place.names, [&](const std::string& each) {
        return any_matches(paths, each);
      });
  return all ? std::string_view() : "spec.paths";
}

AccessPolicy decode_access_policy(const boost::json::value& object) {
  AccessPolicy policy;
  policy.name = base::string_at(object, "metadata.name");
  policy.namespaces = base::strings_at(object, "spec.namespaces.names");
  const auto* const selector = base::find_path(object, "spec.namespaces.selector");
  if (selector != nullptr && selector->is_object())
    policy.selector = decode_label_selector(*selector);
  policy.provider = base::string_at(object, "spec.provider");
  policy.regions = base::strings_at(object, "spec.regions");
  policy.accounts = base::strings_at(object, "spec.accounts");
  policy.roles = base::strings_at(object, "spec.roles");
  policy.paths = base::strings_at(object, "spec.paths");
  return policy;
}

}  // namespace edsm::sync
