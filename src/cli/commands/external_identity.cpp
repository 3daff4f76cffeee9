#include "cli/commands/external_identity.hpp"

#include <algorithm>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/json.hpp"

namespace edsm::cli {
namespace {

constexpr std::string_view kDigits = "0123456789";
constexpr std::string_view kPartitionSigns = "abcdefghijklmnopqrstuvwxyz-";
constexpr std::string_view kNameSigns =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_+=,.@-";
constexpr std::size_t kAccountDigits = 12;
constexpr std::size_t kLongestRole = 640;
constexpr std::size_t kShortestExternalId = 2;
constexpr std::size_t kLongestExternalId = 1224;

bool only(std::string_view text, std::string_view signs) {
  return text.find_first_not_of(signs) == std::string_view::npos;
}

/// Takes `text` up to the sign, which goes too; all of it if there is none.
std::string_view take(std::string_view& text, char sign) {
  const auto end = std::min(text.find(sign), text.size());
  const auto part = text.substr(0, end);
  text.remove_prefix(std::min(end + 1, text.size()));
  return part;
}

/// What the CRD takes as roleARN.
bool is_role(std::string_view arn) {
  if (arn.empty() || arn.size() > kLongestRole || arn.ends_with('/')) return false;
  if (take(arn, ':') != "arn") return false;
  const auto partition = take(arn, ':');
  if (!partition.starts_with("aws") || !only(partition, kPartitionSigns)) return false;
  if (take(arn, ':') != "iam" || !take(arn, ':').empty()) return false;
  const auto account = take(arn, ':');
  if (account.size() != kAccountDigits || !only(account, kDigits)) return false;
  if (take(arn, '/') != "role" || arn.empty()) return false;
  while (!arn.empty()) {
    const auto part = take(arn, '/');
    if (part.empty() || !only(part, kNameSigns)) return false;
  }
  return true;
}

bool is_external_id(std::string_view text) {
  return text.size() >= kShortestExternalId && text.size() <= kLongestExternalId &&
         std::ranges::all_of(text,
                             [](char c) { return kNameSigns.contains(c) || c == ':' || c == '/'; });
}

/// Those of the members that are there.
std::vector<std::string_view> present(const boost::json::value& aws,
                                      std::initializer_list<std::string_view> members) {
  std::vector<std::string_view> found;
  for (const auto each : members) {
    if (base::find(aws, each) != nullptr) found.push_back(each);
  }
  return found;
}

void read_role(const boost::json::value& aws, StoreIdentity& identity) {
  identity.role = base::string_at(aws, "role");
  const auto external = base::string_at(aws, "externalID");
  if (is_external_id(external)) {
    identity.external_id = external;
  } else if (!external.empty()) {
    identity.lost.push_back(fmt::format("externalID {}: not one that AWS takes", external));
  }
  for (const auto each : present(aws, {"auth"})) {
    identity.lost.push_back(fmt::format("{}: EDSM assumes the role as itself", each));
  }
  for (const auto each : present(aws, {"additionalRoles"})) {
    identity.lost.push_back(
        fmt::format("{}: EDSM assumes the role at once, not by way of others", each));
  }
  const auto tags = present(aws, {"sessionTags", "transitiveTagKeys"});
  if (tags.empty()) return;
  identity.lost.push_back(
      fmt::format("{}: EDSM's own tags are edsm-namespace and edsm-name", fmt::join(tags, ", ")));
}

}  // namespace

StoreIdentity read_identity(const boost::json::value& aws, std::string_view path) {
  StoreIdentity identity;
  if (is_role(base::string_at(aws, "role"))) {
    read_role(aws, identity);
    return identity;
  }
  const auto others = present(
      aws, {"role", "auth", "externalID", "additionalRoles", "sessionTags", "transitiveTagKeys"});
  if (others.empty()) return identity;
  identity.lost.push_back(
      fmt::format("{}: EDSM reads with an identity of its own, which must be allowed to read {}",
                  fmt::join(others, ", "), path));
  return identity;
}

}  // namespace edsm::cli
