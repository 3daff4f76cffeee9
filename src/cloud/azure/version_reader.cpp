#include "cloud/azure/version_reader.hpp"

#include <algorithm>
#include <functional>
#include <iterator>
#include <map>
#include <optional>
#include <set>
#include <utility>

#include <fmt/format.h>

#include "base/parallel.hpp"
#include "cloud/azure/errors.hpp"

namespace edsm::cloud::azure {
namespace {

using base::Failure;

constexpr std::size_t parallel_reads = 8;
/// Of one secret's versions, 25 on each: with more, reading the value is the lesser evil.
constexpr std::size_t max_pages = 20;
constexpr std::string_view many_versions = "TooManyVersions";
/// How long a refusal is believed: permissions are given without a restart.
constexpr base::Duration refusal_time = std::chrono::hours(1);

std::unexpected<base::Error> disabled(const SecretName& name) {
  return base::fail(
      Failure::refused, std::string(kSourceDisabled),
      fmt::format("the secret {} of the vault {} is disabled", name.secret, name.vault));
}

base::Result<std::string> version_in(const Listed& listed, const SecretName& asked) {
  if (!listed.attributes.enabled) return disabled(asked);
  return listed.name.version;
}

}  // namespace

/// What is still looked for, and what was found.
struct VersionReader::Search {
  explicit Search(std::vector<SecretName> names_)
      : names(std::move(names_)), results(names.size()) {
    for (std::size_t i = 0; i < names.size(); ++i) open[names[i].secret].push_back(i);
  }

  /// Lists have the current versions only.
  bool pins(const std::string& secret) const {
    return std::ranges::any_of(open.at(secret),
                               [&](std::size_t i) { return !names[i].version.empty(); });
  }
  void settle(const std::string& secret, const base::Result<std::string>& result) {
    const auto found = open.find(secret);
    for (const std::size_t i : found->second) results[i] = result;
    open.erase(found);
  }
  std::set<std::string> secrets() const {
    std::set<std::string> all;
    for (const auto& name : names) all.insert(name.secret);
    return all;
  }

  std::vector<SecretName> names;
  std::vector<std::optional<base::Result<std::string>>> results;
  std::map<std::string, std::vector<std::size_t>> open;  ///< indices of `names`, by secret
};

base::Task<std::vector<base::Result<std::string>>> VersionReader::read(
    std::vector<SecretName> names) {
  Search search(std::move(names));
  known_.keep(search.secrets());
  co_await by_listing(search);
  std::vector<std::string> open;
  open.reserve(search.open.size());
  for (const auto& [secret, indices] : search.open) open.push_back(secret);
  const std::function<base::Task<void>(std::size_t)> read_one = [&](std::size_t i) {
    return by_versions(search, open[i]);
  };
  co_await base::parallel(open.size(), parallel_reads, read_one);
  std::vector<base::Result<std::string>> versions;
  versions.reserve(search.results.size());
  for (auto& result : search.results) versions.push_back(std::move(*result));
  co_return versions;
}

/// Settles those whose times are still those of a known version, and those that are disabled. What
/// the list does not have is asked for by its name, where answers are fresher.
base::Task<void> VersionReader::by_listing(Search& search) {
  std::set<std::string> sought;
  for (const auto& [secret, indices] : search.open) {
    if (known_.knows(secret, clock_.wall()) && !search.pins(secret)) sought.insert(secret);
  }
  std::string next;
  std::size_t pages = 0;
  while (clock_.now() >= list_from_ && policy_.next_page(pages, sought.size())) {
    std::string from = next;
    co_await clock_.sleep_until(pace_.take(clock_.now()));
    const auto page = co_await vault_.secrets(std::move(from));
    if (!page && lacks_role(page.error())) {
      list_from_ = clock_.now() + refusal_time;
      say_refused("vaults", search.names.front().vault);
    }
    // After any other failure, asking for each still works.
    if (!page) co_return;
    for (const auto& item : page->items) {
      if (sought.erase(item.name.secret) == 0) continue;
      const auto version = known_.version(item.name.secret, item.attributes);
      if (!item.attributes.enabled) search.settle(item.name.secret, disabled(item.name));
      if (item.attributes.enabled && version) search.settle(item.name.secret, *version);
    }
    ++pages;
    if (page->next.empty()) {
      policy_.ended(pages);
      co_return;
    }
    next = page->next;
  }
}

base::Task<void> VersionReader::by_versions(Search& search, const std::string& secret) {
  const auto& indices = search.open.at(secret);
  const SecretName& name = search.names[indices.front()];
  if (clock_.now() < versions_from_) {
    for (const std::size_t i : indices) {
      auto version = co_await by_value(search.names[i]);
      search.results[i] = std::move(version);
    }
    co_return;
  }
  const auto versions = co_await list_versions(name);
  if (!versions) {
    co_await settle_refused(search, secret, versions.error());
    co_return;
  }
  for (const std::size_t i : indices) co_await settle(search, i, *versions);
}

base::Task<base::Result<VersionReader::Versions>> VersionReader::list_versions(
    const SecretName& name) {
  Versions all;
  std::string next;
  for (std::size_t pages = 0; pages < max_pages; ++pages) {
    co_await clock_.sleep_until(pace_.take(clock_.now()));
    SecretName asked{name.vault, name.secret, ""};
    auto page = co_await vault_.versions(std::move(asked), std::exchange(next, ""));
    if (!page) co_return std::unexpected(std::move(page.error()));
    std::ranges::move(page->items, std::back_inserter(all));
    if (page->next.empty()) co_return all;
    next = std::move(page->next);
  }
  co_return base::fail(Failure::refused, std::string(many_versions),
                       "the secret has too many versions to list");
}

base::Task<void> VersionReader::settle(Search& search, std::size_t index,
                                       const Versions& versions) {
  const SecretName& name = search.names[index];
  if (name.version.empty()) {
    const auto newest = newest_of(versions);
    if (newest) {
      known_.learn(name.secret, newest->name.version, newest->attributes, clock_.wall());
      search.results[index] = version_in(*newest, name);
      co_return;
    }
  } else {
    const auto pinned = std::ranges::find(versions, name.version,
                                          [](const Listed& each) { return each.name.version; });
    if (pinned != versions.end()) {
      search.results[index] = version_in(*pinned, name);
      co_return;
    }
  }
  auto version = co_await by_value(name);
  search.results[index] = std::move(version);
}

/// Who may not list versions may perhaps read them.
base::Task<void> VersionReader::settle_refused(Search& search, const std::string& secret,
                                               base::Error error) {
  const bool refused = lacks_role(error);
  const bool readable = refused || error.code == many_versions;
  bool read = false;
  for (const std::size_t i : search.open.at(secret)) {
    base::Result<std::string> version = std::unexpected(error);
    if (readable) {
      auto by_reading = co_await by_value(search.names[i]);
      version = std::move(by_reading);
    }
    read = read || version;
    search.results[i] = std::move(version);
  }
  if (!refused || !read) co_return;
  versions_from_ = clock_.now() + refusal_time;
  say_refused("versions", search.names.front().vault);
}

base::Task<base::Result<std::string>> VersionReader::by_value(SecretName name) {
  co_await clock_.sleep_until(pace_.take(clock_.now()));
  SecretName asked = name;
  auto reading = co_await vault_.get(std::move(asked));
  if (!reading) co_return std::unexpected(std::move(reading.error()));
  learn(name, *reading);
  co_return std::move(reading->value.version);
}

void VersionReader::learn(const SecretName& name, const Reading& reading) {
  if (!name.version.empty()) return;
  known_.learn(name.secret, reading.value.version, reading.attributes, clock_.wall());
}

void VersionReader::say_refused(std::string_view what, std::string_view vault) {
  if (std::exchange(said_so_, true)) return;
  log_.warn(
      "secrets may not be listed, so the sweep takes more calls, or reads values. Grant the role "
      "Key Vault Reader or Key Vault Secrets User on the vault, or list of secrets by access "
      "policy",
      {{"vault", vault}, {"refused", what}});
}

}  // namespace edsm::cloud::azure
