#include "cloud/gcp/version_reader.hpp"

#include <functional>

#include "base/parallel.hpp"

namespace edsm::cloud::gcp {
namespace {

using base::Failure;

constexpr std::size_t parallel_reads = 8;
/// How long a refusal is believed: permissions are given without a restart.
constexpr base::Duration refusal_time = std::chrono::hours(1);

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
  if (facts) co_return std::move(facts->number);
  const bool refused = facts.error().failure == Failure::refused;
  const bool by_value_instead = refused || facts.error().failure == Failure::throttled;
  if (!by_value_instead || !reads_values_) co_return std::unexpected(std::move(facts.error()));
  SecretName again = name;
  auto version = co_await by_value(std::move(again));
  // Only a value that may be read tells that it is the metadata that may not.
  if (version && refused) remember_refusal(access, name);
  co_return version;
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
