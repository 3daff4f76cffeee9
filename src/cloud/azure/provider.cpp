#include "cloud/azure/provider.hpp"

#include <fmt/format.h>

#include "base/parallel.hpp"
#include "cloud/azure/match.hpp"
#include "cloud/text.hpp"

namespace edsm::cloud::azure {
namespace {

using base::Failure;

/// Between vault and tenant in a scope; neither has one.
constexpr char tenant_mark = '@';

/// "azure/<vault>" or "azure/<vault>@<tenant>".
std::string scope_of(std::string_view vault, std::string_view tenant) {
  std::string scope = "azure/" + std::string(vault);
  if (!tenant.empty()) scope.append(1, tenant_mark).append(tenant);
  return scope;
}

struct Scope {
  std::string vault;
  std::string tenant;
};
Scope scope_in(const Source& source) {
  const auto parts = split(source.scope, '/');
  const auto words = split(parts.size() > 1 ? parts[1] : std::string_view(), tenant_mark);
  return {std::string(words[0]), std::string(words.size() > 1 ? words[1] : std::string_view())};
}

/// What a source was made of.
SecretName name_of(const Source& source) {
  auto name = parse_short_name(source.path()).value_or(SecretName());
  name.vault = scope_in(source).vault;
  return name;
}

std::string path_of(const SecretName& name) {
  return name.version.empty() ? name.secret : name.secret + "/" + name.version;
}

std::string_view option(const SecretQuery& query, std::string_view name) {
  const auto found = query.options.find(std::string(name));
  return found == query.options.end() ? std::string_view() : std::string_view(found->second);
}

base::Result<SecretName> parse_path(const std::string& path, const Hosts& hosts) {
  if (path.empty()) {
    return base::fail(Failure::invalid, "EmptyPath",
                      "spec.secretPath is empty; give the secret's name");
  }
  const bool full = path.contains("://");
  auto name = full ? parse_secret_url(path, hosts) : parse_short_name(path);
  if (name) return std::move(*name);
  if (full) {
    return base::fail(Failure::invalid, "InvalidName",
                      fmt::format("spec.secretPath is no identifier of a secret; expected "
                                  "https://<vault>.{}/secrets/<name>[/<version>]",
                                  hosts.vaults));
  }
  return base::fail(Failure::invalid, "InvalidName",
                    "spec.secretPath is no name of a secret: 1 to 127 letters, digits or -, and "
                    "perhaps /<version> of 32 hex digits");
}

/// Fills in the vault that the path does not say.
base::Result<> complete(SecretName& name, std::string_view option, std::string_view fallback,
                        const Hosts& hosts) {
  const auto vault = parse_vault(option, hosts);
  if (!option.empty() && !vault) {
    return base::fail(Failure::invalid, "InvalidVault",
                      fmt::format("spec.cloudProviderOptions.azureVaultURL is no vault of this "
                                  "cloud; expected something like \"https://shop-kv.{}\"",
                                  hosts.vaults));
  }
  if (vault && !name.vault.empty() && *vault != name.vault) {
    return base::fail(
        Failure::invalid, "VaultMismatch",
        fmt::format("spec.cloudProviderOptions.azureVaultURL is {}, but spec.secretPath is of {}; "
                    "drop the former or correct the latter",
                    *vault, name.vault));
  }
  if (name.vault.empty()) name.vault = vault ? *vault : std::string(fallback);
  if (!name.vault.empty()) return {};
  return base::fail(
      Failure::invalid, "MissingVault",
      fmt::format("no vault: set spec.cloudProviderOptions.azureVaultURL, use the whole identifier "
                  "https://<vault>.{}/secrets/<name> in spec.secretPath, or give the controller "
                  "AZURE_KEY_VAULT_URL",
                  hosts.vaults));
}

base::Result<> check_tenant(std::string_view tenant) {
  if (tenant.empty() || valid_tenant(tenant)) return {};
  return base::fail(Failure::invalid, "InvalidTenant",
                    "spec.cloudProviderOptions.azureTenantID is no tenant; expected its ID, such "
                    "as 72f988bf-86f1-41af-91ab-2d7cd011db47, or one of its domains");
}

/// Secrets are read by one identity; a wish for another one must not go unheard.
base::Result<> refuse_role(const SecretQuery& query) {
  for (const std::string_view name : {"roleARN", "externalID"}) {
    if (option(query, name).empty()) continue;
    return base::fail(
        Failure::invalid, "InvalidRole",
        fmt::format("spec.cloudProviderOptions.{} is of no use with cloudProvider azure: roles are "
                    "AWS's, and the controller reads Azure's secrets as itself; drop it",
                    name));
  }
  return {};
}

}  // namespace

SecretPlace place_of(const Source& source) {
  return {name_of(source), scope_in(source).tenant};
}

base::Result<Source> KeyVaultProvider::resolve(const SecretQuery& query) const {
  auto name = parse_path(query.path, hosts_);
  if (!name) return std::unexpected(std::move(name.error()));
  const auto tenant = option(query, "azureTenantID");
  auto completed = complete(*name, option(query, "azureVaultURL"), default_vault_, hosts_);
  if (completed) completed = check_tenant(tenant);
  if (completed) completed = refuse_role(query);
  if (!completed) return std::unexpected(std::move(completed.error()));
  const std::string scope = scope_of(name->vault, lower(tenant));
  return Source{fmt::format("{}/{}", scope, path_of(*name)), scope};
}

std::vector<std::string> KeyVaultProvider::match_keys(const Source& source) const {
  return binding_keys(name_of(source));
}

Place KeyVaultProvider::place(const Source& source) const {
  const auto name = name_of(source);
  // The name of a vault does not tell its region.
  return {"global", name.vault, {name.secret}};
}

KeyVaultProvider::Vault& KeyVaultProvider::vault_of(const Source& source) {
  auto& vault = vaults_[source.scope.str()];
  if (vault == nullptr) {
    const auto scope = scope_in(source);
    vault = std::make_unique<Vault>(make_vault_(scope.vault, scope.tenant), clock_, log_);
  }
  return *vault;
}

base::Task<void> KeyVaultProvider::fetch_into(Source source, base::Result<Value>& result) {
  auto& vault = vault_of(source);
  const SecretName name = name_of(source);
  SecretName asked = name;
  auto reading = co_await vault.calls->get(std::move(asked));
  if (!reading) {
    result = std::unexpected(std::move(reading.error()));
    co_return;
  }
  validity_.note(name, *reading);
  vault.versions.learn(name, *reading);
  result = std::move(reading->value);
}

base::Task<std::vector<base::Result<Value>>> KeyVaultProvider::fetch(std::vector<Source> sources) {
  std::vector<base::Result<Value>> values(sources.size());
  const std::function<base::Task<void>(std::size_t)> read_one = [&](std::size_t i) {
    return fetch_into(sources[i], values[i]);
  };
  co_await base::parallel(sources.size(), batch_limit(), read_one);
  co_return values;
}

base::Task<std::vector<base::Result<std::string>>> KeyVaultProvider::versions(
    std::vector<Source> sources) {
  if (sources.empty()) co_return std::vector<base::Result<std::string>>();
  std::vector<SecretName> names;
  names.reserve(sources.size());
  for (const auto& source : sources) names.push_back(name_of(source));
  auto results = co_await vault_of(sources.front()).versions.read(std::move(names));
  co_return results;
}

}  // namespace edsm::cloud::azure
