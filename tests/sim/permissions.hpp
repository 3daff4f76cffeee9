#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "base/clock.hpp"
#include "sim/cluster/cluster.hpp"
#include "sim/scenario.hpp"
#include "sim/schedule.hpp"
#include "sim/sources.hpp"

namespace edsm::sim {

/// Who may read what in a world with tenancy; without, everybody may read everything. There is one
/// policy for each namespace by its name, for all secrets (one more for each further cloud), and
/// one by label, for the first secret. What is permitted is worked out from the objects of the
/// cluster, and not as EDSM does.
class Permissions {
 public:
  Permissions(Schedule& schedule, Cluster& cluster, const Scenario& scenario,
              const Sources& sources);

  /// One of Deed::permit, forbid and label.
  void carry_out(const Step& step);

  bool permitted(std::string_view ns, const std::string& path) const;
  /// Now or at some time from `since` on; without it: or ever.
  bool permitted_since(std::string_view ns, const std::string& path,
                       std::optional<base::Instant> since) const;
  /// Somebody may read it, in the sense of permitted_since.
  bool anybody_since(const std::string& path, std::optional<base::Instant> since) const;
  /// What the namespace may read was changed at `since` or later.
  bool changed_since(std::string_view ns, base::Instant since) const;

 private:
  void note();

  Schedule& schedule_;
  Cluster& cluster_;
  const Scenario& scenario_;
  const Sources& sources_;
  std::map<std::pair<std::string, std::string>, base::Instant> last_permitted_;
  std::map<std::string, base::Instant, std::less<>> changed_;  ///< by namespace
};

}  // namespace edsm::sim
