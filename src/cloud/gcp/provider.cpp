#include "cloud/gcp/provider.hpp"

#include <fmt/format.h>

#include "base/parallel.hpp"
#include "cloud/text.hpp"

namespace edsm::cloud::gcp {
namespace {

using base::Failure;

/// "gcp/P" or "gcp/P/L".
std::string scope_of(const SecretName& name) {
  std::string scope = "gcp/" + name.project;
  if (name.location != global) scope += "/" + name.location;
  return scope;
}

std::string path_of(const SecretName& name) {
  return name.version.empty() ? name.secret
                              : fmt::format("{}/versions/{}", name.secret, name.version);
}

template <class T>
std::vector<base::Result<T>> all_failed(std::size_t count, const base::Error& error) {
  std::vector<base::Result<T>> results;
  results.reserve(count);
  for (std::size_t i = 0; i < count; ++i) results.push_back(std::unexpected(error));
  return results;
}

std::string_view option(const SecretQuery& query, std::string_view name) {
  const auto found = query.options.find(std::string(name));
  return found == query.options.end() ? std::string_view() : std::string_view(found->second);
}

base::Result<SecretName> parse_path(const std::string& path) {
  if (path.empty()) {
    return base::fail(Failure::invalid, "EmptyPath",
                      "spec.secretPath is empty; give the secret's name");
  }
  const bool full = path.starts_with("projects/") || path.starts_with("//");
  auto name = full ? parse_secret_name(path) : parse_short_name(path);
  if (name) {
    if (name->version == latest) name->version.clear();
    return std::move(*name);
  }
  if (full) {
    return base::fail(
        Failure::invalid, "InvalidName",
        "spec.secretPath is no full name of a secret; expected "
        "projects/<project>[/locations/<region>]/secrets/<name>[/versions/<version>]");
  }
  return base::fail(Failure::invalid, "InvalidName",
                    "spec.secretPath is no name of a secret: 1 to 255 letters, digits, - or _, and "
                    "perhaps /versions/<number or alias>");
}

/// Fills in what the path does not say.
base::Result<> complete(SecretName& name, std::string_view project, std::string_view fallback) {
  if (!project.empty() && !valid_project(project)) {
    return base::fail(Failure::invalid, "InvalidProject",
                      "spec.cloudProviderOptions.gcpProjectID is no project; expected something "
                      "like \"shop-123456\", or its number");
  }
  const bool comparable = is_project_number(project) == is_project_number(name.project);
  if (!name.project.empty() && !project.empty() && comparable && project != name.project) {
    return base::fail(
        Failure::invalid, "ProjectMismatch",
        fmt::format("spec.cloudProviderOptions.gcpProjectID is {}, but spec.secretPath is of {}; "
                    "drop the former or correct the latter",
                    project, name.project));
  }
  if (name.project.empty()) name.project = project.empty() ? fallback : project;
  if (!name.project.empty()) return {};
  return base::fail(Failure::invalid, "MissingProject",
                    "no project: set spec.cloudProviderOptions.gcpProjectID, use the full name "
                    "projects/<project>/secrets/<name> in spec.secretPath, or give the controller "
                    "GOOGLE_CLOUD_PROJECT");
}

/// Secrets are read by one identity; a wish for another one must not go unheard.
base::Result<> refuse_role(const SecretQuery& query) {
  for (const std::string_view name : {"roleARN", "externalID"}) {
    if (option(query, name).empty()) continue;
    return base::fail(
        Failure::invalid, "InvalidRole",
        fmt::format("spec.cloudProviderOptions.{} is of no use with cloudProvider gcp: roles are "
                    "AWS's, and the controller reads Google's secrets as itself; drop it",
                    name));
  }
  return {};
}

base::Result<> locate(SecretName& name, bool full, std::string_view region) {
  if (region.empty()) return {};
  if (!valid_location(region)) {
    return base::fail(Failure::invalid, "InvalidRegion",
                      "spec.cloudProviderOptions.region is no region of Google's; expected "
                      "something like \"europe-west3\", and nothing for a secret of all regions");
  }
  if (full && region != name.location) {
    return base::fail(
        Failure::invalid, "RegionMismatch",
        fmt::format("spec.cloudProviderOptions.region is {}, but spec.secretPath names a secret of "
                    "{}; drop the former or correct the latter",
                    region, name.location));
  }
  name.location = region;
  return {};
}

}  // namespace

SecretName name_of(const Source& source) {
  auto name = parse_short_name(source.path()).value_or(SecretName());
  const auto scope = split(source.scope, '/');
  if (scope.size() > 1) name.project = scope[1];
  if (scope.size() > 2) name.location = scope[2];
  return name;
}

base::Result<Source> SecretManagerProvider::resolve(const SecretQuery& query) const {
  auto name = parse_path(query.path);
  if (!name) return std::unexpected(std::move(name.error()));
  const bool full = !name->project.empty();
  auto fallback = std::string_view(default_project_);
  if (fallback.empty() && own_ != nullptr) fallback = own_project;
  auto completed = complete(*name, option(query, "gcpProjectID"), fallback);
  if (completed) completed = refuse_role(query);
  if (completed) completed = locate(*name, full, option(query, "region"));
  if (!completed) return std::unexpected(std::move(completed.error()));
  const std::string scope = scope_of(*name);
  return Source{fmt::format("{}/{}", scope, path_of(*name)), scope};
}

std::vector<std::string> SecretManagerProvider::match_keys(const Source& source) const {
  return binding_keys(name_of(source));
}

Place SecretManagerProvider::place(const Source& source) const {
  const auto name = name_of(source);
  const bool own = name.project == own_project;
  return {name.location, own ? std::string() : name.project, {name.secret}};
}

SecretManagerProvider::Location& SecretManagerProvider::location_of(const SecretName& name) {
  auto& location = locations_[name.location];
  if (location == nullptr) {
    location = std::make_unique<Location>(make_client_(name.location), projects_, births_,
                                          accesses_, clock_, log_, reads_values_);
  }
  return *location;
}

/// All of one scope, so of one project.
base::Task<base::Result<std::vector<SecretName>>> SecretManagerProvider::names_for(
    const std::vector<Source>& sources) {
  std::vector<SecretName> names;
  names.reserve(sources.size());
  for (const auto& source : sources) names.push_back(name_of(source));
  if (names.empty() || names.front().project != own_project) co_return names;
  const auto project = co_await own_->get();
  if (!project) co_return std::unexpected(project.error());
  for (auto& name : names) name.project = *project;
  co_return names;
}

base::Task<void> SecretManagerProvider::fetch_into(SecretName name, base::Result<Value>& result) {
  auto& reader = location_of(name).versions;
  auto value = co_await reader.value(std::move(name));
  result = std::move(value);
}

base::Task<std::vector<base::Result<Value>>> SecretManagerProvider::fetch(
    std::vector<Source> sources) {
  const auto names = co_await names_for(sources);
  if (!names) co_return all_failed<Value>(sources.size(), names.error());
  std::vector<base::Result<Value>> values(names->size());
  const std::function<base::Task<void>(std::size_t)> read_one = [&](std::size_t i) {
    return fetch_into((*names)[i], values[i]);
  };
  co_await base::parallel(names->size(), batch_limit(), read_one);
  co_return values;
}

base::Task<std::vector<base::Result<std::string>>> SecretManagerProvider::versions(
    std::vector<Source> sources) {
  if (sources.empty()) co_return std::vector<base::Result<std::string>>();
  auto names = co_await names_for(sources);
  if (!names) co_return all_failed<std::string>(sources.size(), names.error());
  auto& reader = location_of(names->front()).versions;
  auto results = co_await reader.read(std::move(*names));
  co_return results;
}

}  // namespace edsm::cloud::gcp
