#include "cloud/azure/known_versions.hpp"

#include <utility>

#include "base/planted.hpp"

namespace edsm::cloud::azure {

std::optional<Listed> newest_of(const std::vector<Listed>& versions) {
  const Listed* newest = nullptr;
  bool several = false;
  for (const auto& version : versions) {
    const bool newer = newest == nullptr || version.attributes.created > newest->attributes.created;
    if (newer) {
      newest = &version;
      several = false;
    } else {
      several = several || version.attributes.created == newest->attributes.created;
    }
  }
  if (newest == nullptr || several) return std::nullopt;
  return *newest;
}

void KnownVersions::learn(const std::string& secret, std::string version,
                          const Attributes& attributes, base::WallTime now) {
  // A vault may name any time.
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(now.time_since_epoch());
  const bool settled =
      base::planted(base::Bug::forget_the_second) ||
      (attributes.updated > 0 && attributes.updated <= (seconds - settling).count());
  if (!settled || !attributes.enabled) {
    known_.erase(secret);
    return;
  }
  known_.insert_or_assign(
      secret, Known{std::move(version), attributes.created, attributes.updated, now + trusted});
}

std::optional<std::string> KnownVersions::version(const std::string& secret,
                                                  const Attributes& listed) const {
  const auto found = known_.find(secret);
  const bool same = found != known_.end() && found->second.created == listed.created &&
                    found->second.updated == listed.updated;
  if (!same) return std::nullopt;
  return found->second.version;
}

bool KnownVersions::knows(const std::string& secret, base::WallTime now) const {
  const auto found = known_.find(secret);
  return found != known_.end() && now < found->second.until;
}

void KnownVersions::keep(const std::set<std::string>& secrets) {
  std::erase_if(known_, [&](const auto& each) { return !secrets.contains(each.first); });
}

}  // namespace edsm::cloud::azure
