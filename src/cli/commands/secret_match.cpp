#include "cli/commands/secret_match.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <string>

#include "cloud/aws/match.hpp"
#include "cloud/azure/names.hpp"
#include "cloud/gcp/names.hpp"

namespace edsm::cli {
namespace {

using cloud::SecretQuery;

std::string_view option(const SecretQuery& query, const std::string& name) {
  const auto found = query.options.find(name);
  return found == query.options.end() ? std::string_view() : std::string_view(found->second);
}

// -- AWS ---------------------------------------------------------------------------------

std::string name_of_path(std::string_view path) {
  const auto arn = cloud::aws::parse_secret_arn(path);
  if (!arn) return std::string(path);
  return std::string(cloud::aws::without_suffix(arn->resource).value_or(arn->resource));
}

bool same_on_aws(const SecretQuery& query, std::string_view wanted) {
  const auto left = cloud::aws::parse_secret_arn(query.path);
  const auto right = cloud::aws::parse_secret_arn(wanted);
  const bool elsewhere =
      left && right && (left->region != right->region || left->account != right->account);
  return !elsewhere && name_of_path(query.path) == name_of_path(wanted);
}

// -- Google Cloud ------------------------------------------------------------------------

/// With an empty project where none is named; the location is empty where that is open.
std::optional<cloud::gcp::SecretName> google_name(std::string_view text) {
  if (auto full = cloud::gcp::parse_secret_name(text)) return full;
  auto name = cloud::gcp::parse_short_name(text);
  if (name) name->location.clear();
  return name;
}

/// An ID and a number may be one project: only Google knows.
bool same_project(std::string_view a, std::string_view b) {
  if (a.empty() || b.empty() || a == b) return true;
  return cloud::gcp::is_project_number(a) != cloud::gcp::is_project_number(b);
}

bool same_on_google(const SecretQuery& query, std::string_view wanted) {
  auto ours = google_name(query.path);
  const auto theirs = google_name(wanted);
  if (!ours || !theirs || ours->secret != theirs->secret) return false;
  if (ours->project.empty()) {
    ours->project = option(query, "gcpProjectID");
    const auto region = option(query, "region");
    ours->location = region.empty() ? cloud::gcp::global : region;
  }
  // A new version is none of one that is pinned to a number, unless that is the one meant.
  const bool pinned = cloud::gcp::is_version_number(ours->version);
  const bool open = theirs->location.empty() || theirs->location == ours->location;
  return open && same_project(ours->project, theirs->project) &&
         (!pinned || ours->version == theirs->version);
}

// -- Azure -------------------------------------------------------------------------------

/// A vault by its name or URL, whichever of Azure's clouds it is in; empty: it is none.
std::string vault_in(std::string_view text) {
  for (const std::string_view cloud :
       {"AzurePublicCloud", "AzureUSGovernment", "AzureChinaCloud"}) {
    if (auto vault = cloud::azure::parse_vault(text, *cloud::azure::find_cloud(cloud)))
      return *vault;
  }
  return {};
}

/// "db", "db/<version>", "vault/db[/<version>]" or a URL; with an empty vault where none is named.
std::optional<cloud::azure::SecretName> azure_name(std::string_view text) {
  if (auto object = cloud::azure::parse_object_url(text)) return std::move(object->name);
  if (auto name = cloud::azure::parse_short_name(text)) return name;
  const auto slash = text.find('/');
  if (slash == std::string_view::npos || text.contains("://")) return std::nullopt;
  auto name = cloud::azure::parse_short_name(text.substr(slash + 1));
  if (name) name->vault = vault_in(text.substr(0, slash));
  return name && name->vault.empty() ? std::nullopt : name;
}

bool same_on_azure(const SecretQuery& query, std::string_view wanted) {
  auto ours = azure_name(query.path);
  const auto theirs = azure_name(wanted);
  if (!ours || !theirs || ours->secret != theirs->secret) return false;
  // The controller's own vault is not known here.
  if (ours->vault.empty()) ours->vault = vault_in(option(query, "azureVaultURL"));
  const bool open = ours->vault.empty() || theirs->vault.empty() || ours->vault == theirs->vault;
  return open && (ours->version.empty() || ours->version == theirs->version);
}

struct Cloud {
  std::string_view provider;
  bool (*same)(const SecretQuery& query, std::string_view wanted);
};
constexpr auto kClouds =
    std::to_array<Cloud>({{"aws", same_on_aws}, {"gcp", same_on_google}, {"azure", same_on_azure}});

}  // namespace

bool may_mean(std::string_view provider, const SecretQuery& query, std::string_view wanted) {
  const auto cloud = std::ranges::find(kClouds, provider, &Cloud::provider);
  return cloud == kClouds.end() ? query.path == wanted : cloud->same(query, wanted);
}

}  // namespace edsm::cli
