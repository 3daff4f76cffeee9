#include "sim/sources.hpp"

#include <algorithm>
#include <array>
#include <tuple>

#include <fmt/format.h>

#include "sim/cluster/store.hpp"

namespace edsm::sim {
namespace {

Current read_of(const aws::Current& current) {
  const auto state = current.deleted() ? Current::State::gone : Current::State::live;
  return {current.since, state, {}, current.bytes};
}

/// What the binding wants of its secret: mostly the latest version, sometimes an alias, rarely the
/// first version.
std::string_view version_for(std::uint64_t lot) {
  static constexpr std::array<std::string_view, 6> versions = {"latest", "latest", "latest",
                                                               kAlias,   kAlias,   "1"};
  return versions[lot % versions.size()];
}

std::string upper(std::string text) {
  std::ranges::transform(text, text.begin(), [](char letter) {
    return letter >= 'a' && letter <= 'z' ? static_cast<char>(letter - 'a' + 'A') : letter;
  });
  return text;
}

Wanted wanted_of_azure(std::string_view text) {
  static constexpr std::string_view folder = "/secrets/";
  const auto at = text.find(folder);
  const auto name =
      azure::lower(at == std::string_view::npos ? text : text.substr(at + folder.size()));
  const auto slash = std::min(name.find('/'), name.size());
  return {CloudName::azure, name.substr(0, slash), name.substr(std::min(slash + 1, name.size()))};
}

Wanted wanted_of_google(std::string_view text) {
  static constexpr std::string_view folder = "/secrets/";
  const auto folder_at = text.find(folder);
  const auto name =
      folder_at == std::string_view::npos ? text : text.substr(folder_at + folder.size());
  const auto slash = name.find('/');
  const auto version = name.substr(std::min(name.rfind('/') + 1, name.size()));
  return {CloudName::google, std::string(name.substr(0, slash)),
          slash == std::string_view::npos ? "latest" : std::string(version)};
}

}  // namespace

bool News::concerns(const Wanted& wanted) const {
  if (wanted.path != path) return false;
  if (wanted.cloud == CloudName::aws || change == Change::secret) return true;
  if (wanted.cloud == CloudName::azure)
    return wanted.version.empty() || version.empty() || wanted.version == version;
  const bool alias = wanted.version == kAlias;
  if (change == Change::metadata) return alias;
  return alias || wanted.version == "latest" || wanted.version == version;
}

std::string Sources::path(unsigned secret) const {
  static constexpr std::array<std::string_view, 3> folders = {"prod/", "prod-", "shop-"};
  return fmt::format("{}s{}", folders[static_cast<std::size_t>(scenario_.cloud_of(secret))],
                     secret);
}

CloudName Sources::cloud_of(std::string_view path) {
  if (path.find('/') != std::string_view::npos) return CloudName::aws;
  return path.starts_with("prod-") ? CloudName::google : CloudName::azure;
}

std::string Sources::google_path(std::string_view path) {
  return fmt::format("secrets/{}", path);
}

void Sources::name(Object& spec, unsigned secret, unsigned binding) const {
  const std::uint64_t lot = scenario_.seed + binding + secret;
  switch (scenario_.cloud_of(secret)) {
    case CloudName::google:
      return name_at_google(spec, path(secret), lot);
    case CloudName::azure:
      return name_at_azure(spec, path(secret), lot);
    default:
      spec["cloudProvider"] = "aws";
      spec["cloudProviderOptions"] = {{"region", "eu-west-1"}};
      spec["secretPath"] = path(secret);
  }
}

void Sources::name_at_google(Object& spec, const std::string& path, std::uint64_t lot) const {
  const auto version = version_for(lot);
  auto text = path;
  if (version != "latest" || lot % 2 == 0) text += fmt::format("/versions/{}", version);
  Object options;
  const auto& [project, number] = std::tie(gcp_.options().project, gcp_.options().number);
  if (lot % 5 == 0) {
    options["gcpProjectID"] = number;
  } else if (lot % 5 < 3) {
    options["gcpProjectID"] = project;
  } else {
    text = fmt::format("projects/{}/secrets/{}", lot % 5 == 3 ? project : number, text);
  }
  spec["cloudProvider"] = "gcp";
  spec["cloudProviderOptions"] = std::move(options);
  spec["secretPath"] = text;
}

void Sources::name_at_azure(Object& spec, const std::string& path, std::uint64_t lot) const {
  const auto* const secret = azure_.vault().find(path);
  auto text = path;
  if (lot % 6 == 5 && secret != nullptr) text += "/" + secret->versions.front().id;
  if (lot % 2 == 1) text = upper(std::move(text));
  Object options;
  if (lot % 4 == 1) text = fmt::format("{}/secrets/{}", azure_.vault().origin(), text);
  if (lot % 4 == 2) options["azureVaultURL"] = azure_.vault().origin() + "/";
  if (lot % 4 == 3) options["azureVaultURL"] = azure_.vault().name();
  if (lot % 7 == 0) options["azureTenantID"] = azure_.vault_api().tenant;
  spec["cloudProvider"] = "azure";
  spec["cloudProviderOptions"] = std::move(options);
  spec["secretPath"] = text;
}

Wanted Sources::wanted(const Object& spec) {
  const std::string_view text = text_of(spec, "secretPath");
  const auto provider = text_of(spec, "cloudProvider");
  if (provider == "azure") return wanted_of_azure(text);
  if (provider == "gcp") return wanted_of_google(text);
  return {CloudName::aws, std::string(text), {}};
}

std::vector<Current> Sources::history(const Wanted& wanted) const {
  if (wanted.cloud == CloudName::google)
    return gcp_.secrets().history(google_path(wanted.path), wanted.version);
  if (wanted.cloud == CloudName::azure) return azure_.vault().history(wanted.path, wanted.version);
  std::vector<Current> all;
  for (const auto& each : aws_.secrets().history(wanted.path)) all.push_back(read_of(each));
  return all;
}

Current Sources::current(const Wanted& wanted) const {
  if (wanted.cloud == CloudName::google)
    return gcp_.secrets().current(google_path(wanted.path), wanted.version);
  if (wanted.cloud == CloudName::azure) return azure_.vault().current(wanted.path, wanted.version);
  const auto current = aws_.secrets().current(wanted.path);
  return current ? read_of(*current) : Current();
}

std::vector<std::string> Sources::values() const {
  std::vector<std::string> all = gcp_.secrets().values();
  const auto& of_azure = azure_.vault().values();
  all.insert(all.end(), of_azure.begin(), of_azure.end());
  for (const auto& [name, secret] : aws_.secrets().all()) {
    for (const auto& current : secret.history) all.push_back(current.bytes);
  }
  return all;
}

bool Sources::ambiguous() const {
  return std::ranges::any_of(azure_.vault().all(false), [](const azure::Secret* secret) {
    const auto count = secret->versions.size();
    return count > 1 && secret->versions[count - 1].created == secret->versions[count - 2].created;
  });
}

}  // namespace edsm::sim
