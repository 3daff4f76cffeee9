#include "cloud/aws/provider.hpp"

#include <fmt/format.h>

#include "cloud/aws/endpoints.hpp"
#include "cloud/aws/match.hpp"

namespace edsm::cloud::aws {
namespace {

using base::Failure;

constexpr std::string_view scope_prefix = "aws/";

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
  std::string scope = std::string(scope_prefix) + region;
  return Source{fmt::format("{}/{}", scope, path), scope};
}

std::vector<std::string> SecretsManagerProvider::match_keys(const Source& source) const {
  return binding_keys(source.scope.view().substr(scope_prefix.size()), source.path());
}

Place SecretsManagerProvider::place(const Source& source) const {
  Place place;
  place.region = source.scope.view().substr(scope_prefix.size());
  const auto arn = parse_secret_arn(source.path());
  if (!arn) {
    place.names.emplace_back(source.path());
    return place;
  }
  place.account = arn->account;
  place.names.push_back(arn->resource);
  if (const auto stem = without_suffix(arn->resource)) place.names.emplace_back(*stem);
  return place;
}

base::Result<SecretsManagerProvider::Region*> SecretsManagerProvider::region_of(
    const std::vector<Source>& sources) {
  const std::string name(sources.front().scope.view().substr(scope_prefix.size()));
  auto& region = regions_[name];
  if (region == nullptr) {
    auto client = make_client_(name);
    if (!client) return std::unexpected(std::move(client.error()));
    region = std::make_unique<Region>(std::move(*client), clock_, log_);
  }
  return region.get();
}

base::Task<std::vector<base::Result<Value>>> SecretsManagerProvider::fetch(
    std::vector<Source> sources) {
  if (sources.empty()) co_return std::vector<base::Result<Value>>();
  const auto region = region_of(sources);
  if (!region) co_return the_same_for_all<Value>(region.error(), sources.size());
  auto paths = paths_of(sources);
  auto results = co_await (*region)->values.read(std::move(paths));
  co_return results;
}

base::Task<std::vector<base::Result<std::string>>> SecretsManagerProvider::versions(
    std::vector<Source> sources) {
  if (sources.empty()) co_return std::vector<base::Result<std::string>>();
  const auto region = region_of(sources);
  if (!region) co_return the_same_for_all<std::string>(region.error(), sources.size());
  auto paths = paths_of(sources);
  auto results = co_await (*region)->versions.read(std::move(paths));
  co_return results;
}

}  // namespace edsm::cloud::aws
