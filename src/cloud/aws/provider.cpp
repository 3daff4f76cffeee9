#include "cloud/aws/provider.hpp"

#include <fmt/format.h>

#include "cloud/aws/endpoints.hpp"
#include "cloud/aws/match.hpp"
#include "cloud/aws/role_credentials.hpp"
#include "cloud/aws/text.hpp"

namespace edsm::cloud::aws {
namespace {

using base::Failure;

std::vector<std::string> paths_of(const std::vector<Source>& sources) {
  std::vector<std::string> paths;
  paths.reserve(sources.size());
  for (const auto& source : sources) paths.emplace_back(source.path());
  return paths;
}

/// One error for each of `count` sources.
template <class T>
std::vector<base::Result<T>> the_same_for_all(const base::Error& error, std::size_t count) {
  std::vector<base::Result<T>> results;
  for (std::size_t i = 0; i < count; ++i) results.push_back(std::unexpected(error));
  return results;
}

/// Whose permissions a refusal is about, where they are not the controller's.
template <class T>
void name_reader(std::vector<base::Result<T>>& results, std::string_view role) {
  if (role.empty()) return;
  for (auto& result : results) {
    const bool refused = !result && result.error().failure == Failure::refused &&
                         result.error().code != BindingRoleCredentials::kRefused;
    if (refused) result.error().text += fmt::format("; it was asked for as {}", role);
  }
}

}  // namespace

base::Result<Source> SecretsManagerProvider::resolve(const SecretQuery& query) const {
  const std::string& path = query.path;
  const auto arn = parse_secret_arn(path);
  if (path.empty()) {
    return base::fail(Failure::invalid, "EmptyPath",
                      "spec.secretPath is empty; give the secret's name or ARN");
  }
  if (!arn && path.starts_with("arn:")) {
    return base::fail(Failure::invalid, "InvalidArn",
                      "spec.secretPath is no ARN of a secret; expected "
                      "arn:aws:secretsmanager:<region>:<account>:secret:<name>");
  }
  if (!arn && (!valid_secret_name(path) || path.size() > 512)) {
    return base::fail(
        Failure::invalid, "InvalidName",
        "spec.secretPath is no name of a secret: 1 to 512 letters, digits or /_+=.@-!");
  }
  const auto option = query.options.find("region");
  std::string region = option == query.options.end() ? std::string() : option->second;
  if (!region.empty() && !valid_region(region)) {
    return base::fail(
        Failure::invalid, "InvalidRegion",
        "spec.cloudProviderOptions.region is no AWS region; expected something like \"eu-west-1\"");
  }
  if (arn && !region.empty() && region != arn->region) {
    return base::fail(
        Failure::invalid, "RegionMismatch",
        fmt::format(
            "spec.cloudProviderOptions.region is {}, but the ARN in spec.secretPath is of {}; "
            "drop the former or correct the latter",
            region, arn->region));
  }
  if (region.empty()) region = arn ? arn->region : default_region_;
  if (region.empty()) {
    return base::fail(
        Failure::invalid, "MissingRegion",
        "no region: set spec.cloudProviderOptions.region, use an ARN in spec.secretPath, or give "
        "the controller AWS_REGION");
  }
  auto identity = read_identity(query);
  if (!identity) return std::unexpected(std::move(identity.error()));
  const auto scope = to_text({std::move(region), std::move(*identity)});
  return Source{fmt::format("{}/{}", scope, path), scope};
}

std::vector<std::string> SecretsManagerProvider::match_keys(const Source& source) const {
  return binding_keys(region_of(source.scope), source.path());
}

Place SecretsManagerProvider::place(const Source& source) const {
  Place place;
  place.region = region_of(source.scope);
  const auto arn = parse_secret_arn(source.path());
  if (!arn) {
    // A name means the secret of the account in which it is asked for: that of the role.
    const auto role = role_of(source.scope);
    if (!role.empty()) place.account = split(role, ':')[4];
    place.names.emplace_back(source.path());
    return place;
  }
  place.account = arn->account;
  place.names.push_back(arn->resource);
  if (const auto stem = without_suffix(arn->resource)) place.names.emplace_back(*stem);
  return place;
}

std::string_view SecretsManagerProvider::identity(const Source& source) const {
  return role_of(source.scope.view());
}

base::Result<std::shared_ptr<SecretsManagerProvider::Reader>> SecretsManagerProvider::reader_of(
    const std::vector<Source>& sources) {
  const auto name = sources.front().scope.str();
  const auto scope = parse_scope(name);
  // Who reads with one that goes holds on to it.
  for (const auto& idle : idle_.take_idle(clock_.now())) readers_.erase(idle);
  if (scope.identity) {
    if (const auto gone = idle_.use(name, clock_.now())) readers_.erase(*gone);
  }
  const auto known = readers_.find(name);
  if (known != readers_.end()) return known->second;
  auto made = make_client_(scope);
  if (!made) return std::unexpected(std::move(made.error()));
  auto reader = std::make_shared<Reader>(std::move(*made), clock_, log_);
  readers_.emplace(name, reader);
  return reader;
}

base::Task<std::vector<base::Result<Value>>> SecretsManagerProvider::fetch(
    std::vector<Source> sources) {
  if (sources.empty()) co_return std::vector<base::Result<Value>>();
  const auto reader = reader_of(sources);
  if (!reader) co_return the_same_for_all<Value>(reader.error(), sources.size());
  auto paths = paths_of(sources);
  auto results = co_await (*reader)->values.read(std::move(paths));
  name_reader(results, identity(sources.front()));
  co_return results;
}

base::Task<std::vector<base::Result<std::string>>> SecretsManagerProvider::versions(
    std::vector<Source> sources) {
  if (sources.empty()) co_return std::vector<base::Result<std::string>>();
  const auto reader = reader_of(sources);
  if (!reader) co_return the_same_for_all<std::string>(reader.error(), sources.size());
  auto paths = paths_of(sources);
  auto results = co_await (*reader)->versions.read(std::move(paths));
  name_reader(results, identity(sources.front()));
  co_return results;
}

}  // namespace edsm::cloud::aws
