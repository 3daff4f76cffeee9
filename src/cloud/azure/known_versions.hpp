#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "cloud/azure/key_vault.hpp"

namespace edsm::cloud::azure {

/// The current one among all versions of a secret: Key Vault has no word for it but "the newest",
/// disabled or not. nullopt: there are none, or several of the same second, of which only a read
/// tells which it is. Pure.
std::optional<Listed> newest_of(const std::vector<Listed>& versions);

/// Which version was a secret's current one when its times were those: the list of a vault has the
/// times, but not the versions. Pure: time is an argument.
class KnownVersions {
 public:
  /// Times have whole seconds, so two versions may share them: what changed a moment ago is not
  /// remembered. Generous, as this clock and the vault's may differ: one that is fast would take a
  /// second for over that is not, and what changes in the rest of it unheard stays unseen.
  static constexpr std::chrono::seconds settling{3600};
  /// Then it is asked for again, whatever the list says: that its times are the current version's
  /// is nowhere promised.
  static constexpr std::chrono::seconds trusted{12 * 3600};

  void learn(const std::string& secret, std::string version, const Attributes& attributes,
             base::WallTime now);
  /// The version, if it is known and the list's attributes are still those.
  std::optional<std::string> version(const std::string& secret, const Attributes& listed) const;
  bool knows(const std::string& secret, base::WallTime now) const;
  /// Forgets all secrets but these.
  void keep(const std::set<std::string>& secrets);
  std::size_t size() const { return known_.size(); }

 private:
  struct Known {
    std::string version;
    std::int64_t created;
    std::int64_t updated;
    base::WallTime until;
  };
  std::map<std::string, Known> known_;
};

}  // namespace edsm::cloud::azure
