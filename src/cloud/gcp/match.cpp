#include "cloud/gcp/match.hpp"

#include <fmt/format.h>

#include "base/planted.hpp"

namespace edsm::cloud::gcp {
namespace {

constexpr std::string_view any_id = "*";
constexpr std::string_view any_number = "#";
constexpr std::string_view all_versions = "*";
constexpr std::string_view alias = "alias";

/// What stands for a project that is known by its other name only.
std::string_view unknown(std::string_view project) {
  return is_project_number(project) ? any_id : any_number;
}

std::string_view kind_of(std::string_view version) {
  if (version.empty() || version == latest) return latest;
  return is_version_number(version) ? version : alias;
}

std::vector<std::string> keys(const std::vector<std::string_view>& projects, const SecretName& name,
                              const std::vector<std::string_view>& versions) {
  std::vector<std::string> all;
  for (const auto project : projects) {
    for (const auto version : versions) {
      all.push_back(fmt::format("gcp/{}/{}/{}/{}", project, name.location, name.secret, version));
    }
  }
  return all;
}

}  // namespace

void Projects::learn(std::string_view asked, std::string_view answered) {
  const bool news = is_project_number(asked) != is_project_number(answered) &&
                    names_.find(asked) == names_.end() && names_.find(answered) == names_.end();
  if (!news || names_.size() >= 2 * limit) return;
  names_.emplace(asked, answered);
  names_.emplace(answered, asked);
}

std::string_view Projects::other_name(std::string_view project) const {
  const auto found = names_.find(project);
  return found == names_.end() ? std::string_view() : std::string_view(found->second);
}

bool Projects::may_be_own(std::string_view project) const {
  if (!own_expected_) return false;
  if (own_.empty() || same(project, own_)) return true;
  // A number and an ID may be one, unless either is known to be another's.
  return is_project_number(project) != is_project_number(own_) && other_name(project).empty() &&
         other_name(own_).empty();
}

std::vector<std::string> binding_keys(const SecretName& name) {
  if (name.project == own_project) {
    return keys({own_project}, name, {kind_of(name.version), all_versions});
  }
  const std::string_view own_kind = is_project_number(name.project) ? any_number : any_id;
  return keys({name.project, own_kind}, name, {kind_of(name.version), all_versions});
}

std::vector<std::string> hint_keys(const SecretName& name, Change change,
                                   const Projects& projects) {
  const auto known = projects.other_name(name.project);
  std::vector<std::string_view> named = {name.project,
                                         known.empty() ? unknown(name.project) : known};
  if (base::planted(base::Bug::deaf_to_project_ids)) named.pop_back();
  if (projects.may_be_own(name.project)) named.push_back(own_project);
  switch (change) {
    case Change::metadata:
      if (base::planted(base::Bug::deaf_to_aliases)) return {};
      return keys(named, name, {alias});
    case Change::version:
      if (!is_version_number(name.version)) break;
      return keys(named, name, {latest, alias, name.version});
    case Change::secret:
      break;
  }
  return keys(named, name, {all_versions});
}

}  // namespace edsm::cloud::gcp
