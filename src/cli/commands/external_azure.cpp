#include "cli/commands/external_azure.hpp"

#include <fmt/format.h>

#include "base/json.hpp"
#include "cloud/azure/names.hpp"
#include "cloud/text.hpp"

namespace edsm::cli {
namespace {

using cloud::azure::find_cloud;

bool is_vault(std::string_view url) {
  for (const std::string_view cloud :
       {"AzurePublicCloud", "AzureUSGovernment", "AzureChinaCloud"}) {
    if (url.contains("://") && cloud::azure::parse_vault(url, *find_cloud(cloud))) return true;
  }
  return false;
}

}  // namespace

AzureStore read_azure_store(const boost::json::value& azure, std::string_view path) {
  AzureStore store;
  store.vault = base::string_at(azure, "vaultUrl");
  while (store.vault.ends_with('/')) store.vault.pop_back();
  if (!is_vault(store.vault))
    store.refused = fmt::format("its vaultUrl is no vault of Azure: \"{}\"", store.vault);
  const auto tenant = base::string_at(azure, "tenantId");
  if (cloud::azure::valid_tenant(tenant)) store.tenant = tenant;
  const auto kind = base::string_at(azure, "environmentType");
  if (!kind.empty() && kind != "PublicCloud") {
    store.lost.push_back(
        fmt::format("environmentType {}: set AZURE_CLOUD where `edsm run` starts", kind));
  }
  // By default a service principal, whose secret the store names.
  const auto by = base::string_at(azure, "authType");
  store.lost.push_back(fmt::format(
      "authType {}: EDSM reads with one identity of its own, by workload identity as a rule, which "
      "must be allowed to read {}",
      by.empty() ? std::string_view("ServicePrincipal") : by, path));
  return store;
}

AzurePath azure_path(std::string_view key, std::string_view version) {
  AzurePath found;
  auto name = key;
  if (const auto slash = key.find('/'); slash != std::string_view::npos) {
    const auto kind = key.substr(0, slash);
    if (kind != "secret") {
      found.refused = fmt::format(
          "{} is no secret: EDSM reads no keys and no certificates; a certificate with its key is "
          "also the secret of its name",
          key);
      return found;
    }
    name.remove_prefix(slash + 1);
  }
  found.path = name;
  if (!version.empty()) found.path.append("/").append(version);
  if (!found.path.empty() && !cloud::azure::parse_short_name(found.path))
    found.refused = fmt::format("{} is no name of a secret of Key Vault", found.path);
  return found;
}

}  // namespace edsm::cli
