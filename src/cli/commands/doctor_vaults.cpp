#include "cli/commands/doctor_vaults.hpp"

#include <algorithm>
#include <functional>
#include <iterator>
#include <map>
#include <utility>

#include <fmt/format.h>

#include "base/parallel.hpp"
#include "cli/commands/azure_commands.hpp"
#include "cli/commands/table.hpp"
#include "cloud/azure/errors.hpp"
#include "cloud/azure/validity.hpp"
#include "cloud/provider.hpp"
#include "cloud/text.hpp"

namespace edsm::cli {
namespace {

using cloud::azure::Listed;
using cloud::azure::SecretName;
using cloud::azure::Validity;
using Level = Finding::Level;
using base::Failure;

constexpr std::size_t kParallel = 8;
/// Of the secrets with one kind of trouble, so many are named.
constexpr std::size_t kNamed = 3;
constexpr std::string_view kRole = "Key Vault Secrets User";
/// An id that no version has: Key Vault draws them.
constexpr std::size_t kVersionDigits = 32;
constexpr std::size_t kIdDigits = 36;
/// Of a secret's versions, 25 on each.
constexpr int kMaxPages = 20;

std::string shown(const SecretName& name) {
  auto text = fmt::format("{}/{}", name.vault, name.secret);
  return name.version.empty() ? text : text + "/" + name.version;
}

// -- the vault ---------------------------------------------------------------------------

bool is_id(std::string_view tenant) {
  return tenant.size() == kIdDigits && !tenant.contains('.');
}

/// Whether tokens of the right tenant can be had.
Finding judge_tenant(const VaultSeen& vault, const AzureIdentity& identity) {
  if (!vault.challenge) return {Level::good, "vault", vault.name + ": reachable", ""};
  const auto own = cloud::lower(vault.challenge->tenant);
  const auto text = fmt::format("{}: reachable, of tenant {}", vault.name, own);
  if (is_id(vault.tenant) && is_id(own) && cloud::lower(vault.tenant) != own) {
    return {
        Level::failure, "vault",
        fmt::format("{}, but spec.cloudProviderOptions.azureTenantID is {}", text, vault.tenant),
        "correct azureTenantID or leave it out: the vault says its tenant itself"};
  }
  if (!is_id(own) || !is_id(identity.tenant) || own == identity.tenant)
    return {Level::good, "vault", text, ""};
  const auto abroad = fmt::format("{}, and the controller's identity of {}", text, identity.tenant);
  if (identity.managed) {
    return {Level::failure, "vault",
            abroad + ": a managed identity gets tokens of its own tenant only",
            "give the controller workload identity, or a certificate, of an application that is "
            "known in both"};
  }
  return {Level::notice, "vault", abroad + ": tokens are asked for in the vault's",
          "its application has to be known there, too, with a federated credential or a key"};
}

// -- each secret -------------------------------------------------------------------------

/// Findings by kind, so that one that befalls a thousand secrets is not told a thousand times.
class Troubles {
 public:
  void add(std::string_view kind, Level level, std::string_view area, std::string what,
           std::string remedy) {
    all_[std::string(kind)].push_back(
        {level, std::string(area), std::move(what), std::move(remedy)});
  }
  void report(Findings& findings) const {
    for (const auto& [kind, each] : all_) {
      const auto named = std::min(each.size(), kNamed);
      findings.insert(findings.end(), each.begin(),
                      each.begin() + static_cast<std::ptrdiff_t>(named));
      if (each.size() == named) continue;
      say(findings, each.front().level, each.front().area,
          fmt::format("and {} more: {}", each.size() - named, kind),
          "edsm status -A shows them all");
    }
  }

 private:
  std::map<std::string, Findings> all_;
};

/// What the binding means: the version that it names, or the newest. Null: there is none.
const Listed* meant(const SecretName& name, const std::vector<Listed>& versions) {
  if (!name.version.empty()) {
    const auto found = std::ranges::find(versions, name.version,
                                         [](const Listed& each) { return each.name.version; });
    return found == versions.end() ? nullptr : &*found;
  }
  const auto newest = std::ranges::max_element(
      versions, {}, [](const Listed& each) { return each.attributes.created; });
  return newest == versions.end() ? nullptr : &*newest;
}

class Judgement {
 public:
  Judgement(const VaultSeen& vault, const AzureIdentity& identity, base::WallTime now)
      : vault_(vault), identity_(identity), now_(now) {}

  Findings run() {
    Findings findings{judge_tenant(vault_, identity_)};
    if (const auto* const error = common_error()) {
      findings.front() = of_vault(*error);
      return findings;
    }
    for (const auto& secret : vault_.secrets) judge(secret);
    const auto asked = vault_.secrets.size();
    if (readable_ > 0) {
      say(findings, Level::good, "iam",
          fmt::format("{}: get is permitted on {} of {} (no value was read)", vault_.name,
                      readable_, counted(asked, "secret")),
          "");
    }
    if (seen_ > 0) {
      say(findings, Level::good, "secrets",
          fmt::format("azure/{}: {} of {} can be seen", vault_.name, seen_,
                      counted(asked, "secret")),
          "");
    }
    troubles_.report(findings);
    return findings;
  }

 private:
  /// Of the vault as a whole, whichever secret it befell; null: none.
  const base::Error* common_error() const {
    if (vault_.unreachable) return &*vault_.unreachable;
    for (const auto& secret : vault_.secrets) {
      // The latter names no version that there cannot be.
      if (!secret.versions && !concerns_one(secret.versions.error()))
        return &secret.versions.error();
      if (!concerns_one(secret.read)) return &secret.read;
    }
    return nullptr;
  }
  static bool concerns_one(const base::Error& error) {
    return error.failure == Failure::absent || error.code == cloud::kSourceDisabled ||
           cloud::azure::lacks_role(error);
  }

  Finding of_vault(const base::Error& error) const {
    std::string remedy = remedy_for(error, vault_.name);
    if (error.code == "ForbiddenByFirewall") {
      remedy = fmt::format(
          "let the cluster's address or subnet in: az keyvault network-rule add --name {} "
          "--ip-address ADDRESS",
          vault_.name);
    } else if (error.code == "ForbiddenByConnection") {
      remedy = "give the cluster a private endpoint of the vault, and its DNS zone";
    } else if (error.failure == Failure::credentials) {
      remedy = "the vault's tenant must know the controller's identity (docs/azure.md#credentials)";
    } else if (error.failure == Failure::transient) {
      remedy += "; is there such a vault? az keyvault show --name " + vault_.name;
    }
    return {Level::failure, "vault", fmt::format("{}: {}", vault_.name, base::describe(error)),
            std::move(remedy)};
  }

  /// Roles are given on vaults as a rule; on a secret, where others of the vault can be read.
  std::string grant(const SecretName& name, bool whole_vault) const {
    return fmt::format(
        "{}; or, if it has access policies: az keyvault set-policy --name {} --{} {} "
        "--secret-permissions get list",
        assign_role(kRole, identity_.assignee,
                    resource_id(vault_.name, whole_vault ? std::string_view() : name.secret)),
        vault_.name, identity_.by_object ? "object-id" : "spn", identity_.assignee);
  }

  bool nobody_reads() const {
    return std::ranges::all_of(
        vault_.secrets, [](const SecretSeen& each) { return cloud::azure::lacks_role(each.read); });
  }

  void judge(const SecretSeen& secret) {
    const auto where = shown(secret.name);
    if (cloud::azure::lacks_role(secret.read)) {
      troubles_.add("get is not permitted", Level::failure, "iam", where + ": get is not permitted",
                    grant(secret.name, nobody_reads()));
    } else {
      ++readable_;
    }
    if (secret.versions) {
      judge_versions(secret, *secret.versions);
      return;
    }
    if (!cloud::azure::lacks_role(secret.versions.error())) {
      judge_absence(secret.name);
    } else {
      troubles_.add("list is not permitted", Level::notice, "iam",
                    where + ": list of its versions is not permitted: the sweep reads its value",
                    grant(secret.name, nobody_reads()));
    }
  }

  void judge_absence(const SecretName& name) {
    troubles_.add(
        "they do not exist", Level::failure, "secrets",
        shown(name) + " does not exist, or was deleted",
        fmt::format("correct spec.secretPath, make it, or, if it was deleted: az keyvault "
                    "secret recover --vault-name {} --name {}",
                    name.vault, name.secret));
  }

  void judge_versions(const SecretSeen& secret, const std::vector<Listed>& versions) {
    const auto* const version = meant(secret.name, versions);
    if (version == nullptr) {
      judge_absence(secret.name);
      return;
    }
    ++seen_;
    const auto& attributes = version->attributes;
    const auto where = shown(secret.name);
    const auto set = [&](std::string_view flags) {
      return fmt::format("az keyvault secret set-attributes --vault-name {} --name {}{} {}",
                         secret.name.vault, secret.name.secret,
                         secret.name.version.empty() ? "" : " --version " + secret.name.version,
                         flags);
    };
    if (!attributes.enabled) {
      troubles_.add("they are disabled", Level::warning, "secrets",
                    where + " is disabled: the Secret keeps the value that it has",
                    set("--enabled true"));
      return;
    }
    const auto valid = cloud::azure::validity(attributes, now_);
    if (valid == Validity::expired) {
      troubles_.add("they have expired", Level::warning, "secrets",
                    where + " has expired, and is synced all the same",
                    "renew it, or set another time: " + set("--expires YYYY-MM-DDThh:mm:ssZ"));
    } else if (valid == Validity::not_yet) {
      troubles_.add("they are not valid yet", Level::warning, "secrets",
                    where + " is not valid yet, and is synced all the same",
                    "set another time: " + set("--not-before YYYY-MM-DDThh:mm:ssZ"));
    }
  }

  const VaultSeen& vault_;
  const AzureIdentity& identity_;
  base::WallTime now_;
  std::size_t readable_ = 0;
  std::size_t seen_ = 0;
  Troubles troubles_;
};

base::Task<void> look_at_secret(cloud::azure::KeyVault& vault, SecretSeen& secret) {
  SecretName nothing{secret.name.vault, secret.name.secret, std::string(kVersionDigits, '0')};
  const auto read = co_await vault.get(std::move(nothing));
  if (!read) secret.read = read.error();
  std::vector<Listed> all;
  std::string next;
  for (int pages = 0; pages < kMaxPages; ++pages) {
    SecretName asked{secret.name.vault, secret.name.secret, ""};
    auto page = co_await vault.versions(std::move(asked), std::exchange(next, ""));
    if (!page) {
      secret.versions = std::unexpected(std::move(page.error()));
      co_return;
    }
    std::ranges::move(page->items, std::back_inserter(all));
    next = std::move(page->next);
    if (next.empty()) break;
  }
  secret.versions = std::move(all);
}

}  // namespace

base::Task<void> look_at_secrets(cloud::azure::Cloud& cloud, VaultSeen& vault) {
  const auto calls = cloud.vault(vault.name, vault.tenant);
  const std::function<base::Task<void>(std::size_t)> one = [&](std::size_t i) {
    return look_at_secret(*calls, vault.secrets[i]);
  };
  co_await base::parallel(vault.secrets.size(), kParallel, one);
}

Findings judge_vault(const VaultSeen& vault, const AzureIdentity& identity, base::WallTime now) {
  return Judgement(vault, identity, now).run();
}

}  // namespace edsm::cli
