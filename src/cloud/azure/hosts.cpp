#include "cloud/azure/hosts.hpp"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "cloud/text.hpp"
#include "net/url.hpp"

namespace edsm::cloud::azure {
namespace {

using base::Failure;

constexpr std::array<Hosts, 3> clouds = {{
    {"AzurePublicCloud", "login.microsoftonline.com", "vault.azure.net", "servicebus.windows.net"},
    {"AzureUSGovernment", "login.microsoftonline.us", "vault.usgovcloudapi.net",
     "servicebus.usgovcloudapi.net"},
    {"AzureChinaCloud", "login.chinacloudapi.cn", "vault.azure.cn", "servicebus.chinacloudapi.cn"},
}};

struct Alias {
  std::string_view name;
  std::size_t cloud;
};
// What go-autorest, azidentity, the command line and PowerShell call them.
constexpr auto aliases = std::to_array<Alias>({
    {"AzurePublic", 0},
    {"AzureCloud", 0},
    {"AzureUSGovernmentCloud", 1},
    {"AzureGovernment", 1},
    {"AzureChina", 2},
});

const Hosts* by_login(std::string_view host) {
  const auto* const found = std::ranges::find(clouds, host, &Hosts::login);
  return found == clouds.end() ? nullptr : found;
}

}  // namespace

const Hosts& public_cloud() {
  return clouds.front();
}

const Hosts* find_cloud(std::string_view name) {
  for (const auto& cloud : clouds) {
    if (same_ignoring_case(cloud.name, name)) return &cloud;
  }
  for (const auto& alias : aliases) {
    if (same_ignoring_case(alias.name, name)) return &clouds[alias.cloud];
  }
  return nullptr;
}

base::Result<const Hosts*> load_hosts(const Getenv& env) {
  const Hosts* named = nullptr;
  if (const auto name = lookup(env, "AZURE_CLOUD")) {
    named = find_cloud(*name);
    if (named == nullptr) {
      return base::fail(Failure::invalid, "InvalidCloud",
                        "AZURE_CLOUD is none of Azure's clouds; expected AzurePublicCloud, "
                        "AzureUSGovernment or AzureChinaCloud");
    }
  }
  // An authority of another name is a matter of who asks it for tokens.
  const auto authority = net::Url::parse(lookup(env, "AZURE_AUTHORITY_HOST").value_or(""));
  const Hosts* const meant = authority ? by_login(authority->host) : nullptr;
  if (named != nullptr && meant != nullptr && named != meant) {
    return base::fail(
        Failure::invalid, "ConflictingClouds",
        fmt::format("AZURE_CLOUD is {}, but AZURE_AUTHORITY_HOST is that of {}; unset one of them",
                    named->name, meant->name));
  }
  if (named == nullptr) named = meant;
  return named == nullptr ? &public_cloud() : named;
}

}  // namespace edsm::cloud::azure
