#include "cloud/gcp/version_reader.hpp"

#include <functional>

#include "base/parallel.hpp"

namespace edsm::cloud::gcp {
namespace {

using base::Failure;

constexpr std::size_t parallel_reads = 8;
/// How long a refusal is believed: permissions are given without a restart.
constexpr base::Duration refusal_time = std::chrono::hours(1);

/// Metadata that cannot be had for now: then the value has to do.
bool does_without(const base::Error& error) {
  return error.failure == Failure::refused || error.failure == Failure::throttled;
}

base::Result<std::string> version_of(const SecretName& name, const VersionFacts& facts) {
  if (!facts.readable()) return std::unexpected(disabled(name, facts));
  return version_text(facts.number, facts.created);
}

}  // namespace

base::Task<std::vector<base::Result<std::string>>> VersionReader::read(
    std::vector<SecretName> names) {
  std::vector<base::Result<std::string>> results(names.size());
  const std::function<base::Task<void>(std::size_t)> read_one = [&](std::size_t i) {
    return one_into(names[i], results[i]);
  };
  co_await base::parallel(names.size(), parallel_reads, read_one);
  co_return results;
}

base::Task<void> VersionReader::one_into(SecretName name, base::Result<std::string>& result) {
  auto version = co_await one(std::move(name));
  result = std::move(version);
}

base::Task<base::Result<std::string>> VersionReader::one(SecretName name) {
  auto& access = accesses_[name.project];
  SecretName asked = name;
  if (clock_.now() < access.allowed_from) {
    auto version = co_await by_value(std::move(asked));
    co_return version;
  }
  co_await clock_.sleep_until(access.pace.take(clock_.now()));
  auto facts = co_await secrets_.describe(std::move(asked));
  if (facts) co_return version_of(name, *facts);
  if (!does_without(facts.error()) || !reads_values_) {
    co_return std::unexpected(std::move(facts.error()));
  }
  const bool refused = facts.error().failure == Failure::refused;
  SecretName again = name;
  auto version = co_await by_value(std::move(again));
  // Only a value that may be read tells that it is the metadata that may not.
  if (version && refused) remember_refusal(access, name);
  co_return version;
}

base::Task<base::Result<Value>> VersionReader::value(SecretName name) {
  auto& access = accesses_[name.project];
  const auto now = clock_.now();
  const auto births = births_.of(name);
  const bool known =
      is_version_number(name.version) ? births.contains(name.version) : !births.empty();
  const bool ask = !known && now >= access.allowed_from && access.pace.take_now(now);
  bool refused = false;
  if (ask) {
    SecretName asked = name;
    auto facts = co_await secrets_.describe(std::move(asked));
    if (!facts && !does_without(facts.error())) co_return std::unexpected(std::move(facts.error()));
    if (facts && !facts->readable()) co_return std::unexpected(disabled(name, *facts));
    refused = !facts && facts.error().failure == Failure::refused;
  }
  SecretName again = name;
  auto value = co_await secrets_.access(std::move(again));
  if (value && refused) remember_refusal(access, name);
  co_return value;
}

base::Task<base::Result<std::string>> VersionReader::by_value(SecretName name) {
  auto value = co_await secrets_.access(std::move(name));
  if (!value) co_return std::unexpected(std::move(value.error()));
  co_return std::move(value->version);
}

void VersionReader::remember_refusal(MetadataAccess& access, const SecretName& name) {
  access.allowed_from = clock_.now() + refusal_time;
  if (access.said_so) return;
  access.said_so = true;
  log_.warn(
      "the metadata of versions may not be read; the sweep reads values instead. Grant "
      "secretmanager.versions.get (roles/secretmanager.viewer) to spare that",
      {{"project", name.project}});
}

}  // namespace edsm::cloud::gcp
