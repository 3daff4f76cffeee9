#include "cloud/gcp/births.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "base/time.hpp"

namespace edsm::cloud::gcp {
namespace {

std::string text_of(std::string_view number, base::WallTime created) {
  return fmt::format("{}@{}", number, base::rfc3339_micro(created));
}

/// The oldest but one: that may be old, and was just asked for.
void forget_one(Births::Versions& versions, std::string_view but) {
  auto oldest = versions.end();
  for (auto each = versions.begin(); each != versions.end(); ++each) {
    const bool older = oldest == versions.end() || each->second < oldest->second;
    if (older && each->first != but) oldest = each;
  }
  versions.erase(oldest);
}

}  // namespace

/// By the project's number as soon as that is known: events and answers say nothing else.
std::string Births::key(const SecretName& name) const {
  const auto other = projects_.other_name(name.project);
  const bool by_id = !is_project_number(name.project) && !other.empty();
  return fmt::format("{}/{}/{}", by_id ? other : name.project, name.location, name.secret);
}

void Births::learn(const SecretName& name, std::string_view created) {
  const auto time = base::parse_rfc3339(created);
  if (!time || !is_version_number(name.version)) return;
  const auto [at, fresh] = secrets_.try_emplace(key(name));
  if (fresh) order_.push_back(at->first);
  auto& versions = at->second;
  auto& known = versions[name.version];
  known = std::max(known, *time);
  if (versions.size() > versions_limit) forget_one(versions, name.version);
  if (order_.size() > limit) {
    secrets_.erase(order_.front());
    order_.pop_front();
  }
}

void Births::forget(const SecretName& name) {
  const auto at = secrets_.find(key(name));
  // Its turn to be forgotten stays.
  if (at != secrets_.end()) at->second.clear();
}

Births::Versions Births::of(const SecretName& name) const {
  const auto at = secrets_.find(key(name));
  return at == secrets_.end() ? Versions() : at->second;
}

std::string version_text(std::string_view number, std::string_view created) {
  const auto time = base::parse_rfc3339(created);
  return time ? text_of(number, *time) : std::string(number);
}

std::string version_text(std::string_view number, const Births::Versions& known) {
  const auto at = known.find(number);
  return at == known.end() ? std::string(number) : text_of(number, at->second);
}

}  // namespace edsm::cloud::gcp
