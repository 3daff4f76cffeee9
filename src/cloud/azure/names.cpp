#include "cloud/azure/names.hpp"

#include <algorithm>
#include <array>
#include <vector>

#include "base/planted.hpp"
#include "cloud/text.hpp"
#include "net/url.hpp"

namespace edsm::cloud::azure {
namespace {

constexpr std::size_t max_text = 2048;
constexpr auto kinds =
    std::to_array<std::string_view>({"secrets", "deletedsecrets", "certificates"});

bool is_letter(char c) {
  return is_alnum(c) && (c < '0' || c > '9');
}
bool is_hex(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}
bool is_word(char c) {
  return is_alnum(c) || c == '-';
}

/// Over TLS and at its own port: nothing else is a vault's.
std::optional<net::Url> parse_url(std::string_view text) {
  if (text.size() > max_text) return std::nullopt;
  auto url = net::Url::parse(text);
  if (!url || url->scheme != "https" || url->port != 443) return std::nullopt;
  return url;
}

std::optional<std::string> vault_of(std::string_view host, std::string_view suffix) {
  if (!host.ends_with(suffix) || host.size() <= suffix.size() + 1) return std::nullopt;
  const auto vault = host.substr(0, host.size() - suffix.size() - 1);
  if (host[vault.size()] != '.' || !valid_vault(vault)) return std::nullopt;
  return lower(vault);
}

std::optional<std::string> vault_of_any_cloud(std::string_view host) {
  for (const std::string_view name : {"AzurePublicCloud", "AzureUSGovernment", "AzureChinaCloud"}) {
    if (auto vault = vault_of(host, find_cloud(name)->vaults)) return vault;
  }
  return std::nullopt;
}

/// The parts of a path; a slash at its end is no part.
std::vector<std::string_view> parts_of(std::string_view path) {
  auto parts = split(path, '/');
  if (parts.back().empty()) parts.pop_back();
  return parts;
}

}  // namespace

std::string vault_host(std::string_view vault, const Hosts& hosts) {
  return std::string(vault).append(".").append(hosts.vaults);
}

std::optional<std::string> parse_vault(std::string_view text, const Hosts& hosts) {
  if (valid_vault(text)) return lower(text);
  const auto url = parse_url(text);
  if (!url || url->path != "/" || !url->query.empty()) return std::nullopt;
  return vault_of(url->host, hosts.vaults);
}

std::optional<SecretName> parse_secret_url(std::string_view text, const Hosts& hosts) {
  const auto url = parse_url(text);
  if (!url || !url->query.empty()) return std::nullopt;
  const auto vault = vault_of(url->host, hosts.vaults);
  constexpr std::string_view prefix = "/secrets/";
  if (!vault || !url->path.starts_with(prefix)) return std::nullopt;
  auto name = parse_short_name(std::string_view(url->path).substr(prefix.size()));
  if (name) name->vault = *vault;
  return name;
}

std::optional<SecretName> parse_short_name(std::string_view text) {
  const auto parts = split(text, '/');
  if (!valid_secret(parts[0]) || parts.size() > 2) return std::nullopt;
  SecretName name;
  name.secret = lower(parts[0]);
  if (parts.size() == 1) return name;
  if (!valid_version(parts[1])) return std::nullopt;
  name.version = lower(parts[1]);
  return name;
}

std::optional<ObjectName> parse_object_url(std::string_view text) {
  const auto url = parse_url(text);
  if (!url) return std::nullopt;
  auto vault = vault_of_any_cloud(url->host);
  const auto parts = parts_of(url->path);
  if (!vault || parts.size() < 3) return std::nullopt;
  ObjectName found;
  found.kind = lower(parts[1]);
  if (!one_of(kinds, found.kind) || !valid_secret(parts[2])) return std::nullopt;
  found.name.vault = std::move(*vault);
  found.name.secret =
      base::planted(base::Bug::deaf_to_capitals) ? std::string(parts[2]) : lower(parts[2]);
  if (parts.size() > 3 && valid_version(parts[3])) found.name.version = lower(parts[3]);
  return found;
}

bool valid_vault(std::string_view text) {
  return text.size() >= 3 && text.size() <= 24 && is_letter(text.front()) && text.back() != '-' &&
         std::ranges::all_of(text, is_word) && !text.contains("--");
}

bool valid_secret(std::string_view text) {
  return !text.empty() && text.size() <= 127 && std::ranges::all_of(text, is_word);
}

bool valid_version(std::string_view text) {
  return text.size() == 32 && std::ranges::all_of(text, is_hex);
}

bool valid_tenant(std::string_view text) {
  return !text.empty() && text.size() <= 253 && is_alnum(text.front()) && is_alnum(text.back()) &&
         !text.contains("..") &&
         std::ranges::all_of(text, [](char c) { return is_word(c) || c == '.'; });
}

}  // namespace edsm::cloud::azure
