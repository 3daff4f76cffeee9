#include "cloud/azure/match.hpp"

#include <fmt/format.h>

namespace edsm::cloud::azure {
namespace {

constexpr std::string_view all_versions = "*";

std::vector<std::string> keys(const SecretName& name,
                              const std::vector<std::string_view>& versions) {
  std::vector<std::string> all;
  all.reserve(versions.size());
  for (const auto version : versions)
    all.push_back(fmt::format("azure/{}/{}/{}", name.vault, name.secret, version));
  return all;
}

}  // namespace

std::vector<std::string> binding_keys(const SecretName& name) {
  return keys(name,
              {name.version.empty() ? current : std::string_view(name.version), all_versions});
}

std::vector<std::string> hint_keys(const SecretName& name, Change change) {
  if (change == Change::secret || name.version.empty()) return keys(name, {all_versions});
  return keys(name, {current, name.version});
}

}  // namespace edsm::cloud::azure
