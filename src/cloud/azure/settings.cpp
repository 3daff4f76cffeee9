#include "cloud/azure/settings.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "cloud/azure/names.hpp"
#include "cloud/loopback.hpp"
#include "cloud/text.hpp"
#include "net/url.hpp"

namespace edsm::cloud::azure {
namespace {

using base::Failure;

constexpr std::string_view vault_variable = "AZURE_KEY_VAULT_URL";
constexpr std::string_view version_variable = "AZURE_KEY_VAULT_API_VERSION";
constexpr std::string_view endpoint_variable = "AZURE_KEY_VAULT_ENDPOINT";

/// Tokens go there: over TLS, or not further than this machine.
base::Result<std::string> load_endpoint(const Getenv& env) {
  const auto text = lookup(env, endpoint_variable);
  if (!text) return std::string();
  const auto url = net::Url::parse(*text);
  if (!url || !url->query.empty() || url->path != "/") {
    return base::fail(Failure::invalid, "InvalidEndpoint",
                      fmt::format("{} is no URL of the form https://host:port", endpoint_variable));
  }
  if (url->scheme != "https" && !is_loopback(url->host)) {
    return base::fail(Failure::invalid, "InvalidEndpoint",
                      fmt::format("{} must begin with https://, since credentials are sent there; "
                                  "http:// is for this machine only (127.0.0.1, localhost)",
                                  endpoint_variable));
  }
  return url->origin();
}

base::Result<std::string> load_vault(const Getenv& env, const Hosts& hosts) {
  const auto text = lookup(env, vault_variable);
  if (!text) return std::string();
  if (auto vault = parse_vault(*text, hosts)) return std::move(*vault);
  return base::fail(Failure::invalid, "InvalidVault",
                    fmt::format("{} is no vault of this cloud; expected something like "
                                "https://shop-kv.{}, or set AZURE_CLOUD",
                                vault_variable, hosts.vaults));
}

/// "7.4", "7.6-preview.2", "2025-07-01": what goes into each URL as it is.
base::Result<std::string> load_api_version(const Getenv& env) {
  auto version = lookup(env, version_variable).value_or(std::string(default_api_version));
  const bool good =
      version.size() <= 32 && version.front() >= '0' && version.front() <= '9' &&
      std::ranges::all_of(version, [](char c) { return is_alnum(c) || c == '.' || c == '-'; });
  if (good) return version;
  return base::fail(Failure::invalid, "InvalidApiVersion",
                    fmt::format("{} is no version of Key Vault's API; expected something like {} "
                                "or 2025-07-01, or leave it unset",
                                version_variable, default_api_version));
}

bool any_needs_credentials(const std::vector<Queue>& queues) {
  return std::ranges::any_of(queues, needs_credentials);
}

}  // namespace

base::Result<Settings> load_settings(const Getenv& env) {
  return load_settings(env, read_file);
}

base::Result<Settings> load_settings(const Getenv& env, const ReadFile& read) {
  Settings settings;
  const auto hosts = load_hosts(env);
  if (!hosts) return std::unexpected(hosts.error());
  settings.hosts = *hosts;
  settings.credentials = load_auth(env, read, **hosts);
  settings.ca_bundle = lookup(env, "AZURE_CA_BUNDLE").value_or("");
  auto vault = load_vault(env, **hosts);
  if (!vault) return std::unexpected(std::move(vault.error()));
  settings.vault = std::move(*vault);
  auto version = load_api_version(env);
  if (!version) return std::unexpected(std::move(version.error()));
  settings.api_version = std::move(*version);
  auto endpoint = load_endpoint(env);
  if (!endpoint) return std::unexpected(std::move(endpoint.error()));
  settings.key_vault_endpoint = std::move(*endpoint);
  auto queues = load_queues(env, **hosts);
  if (!queues) return std::unexpected(std::move(queues.error()));
  settings.queues = std::move(*queues);
  // Whoever asks for events wants to know at once that there will be none.
  if (!settings.credentials && any_needs_credentials(settings.queues))
    return std::unexpected(std::move(settings.credentials.error()));
  return settings;
}

std::string vault_origin(const Settings& settings, std::string_view vault) {
  if (!settings.key_vault_endpoint.empty()) return settings.key_vault_endpoint;
  return "https://" + vault_host(vault, *settings.hosts);
}

}  // namespace edsm::cloud::azure
