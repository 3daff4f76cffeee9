#pragma once

#include <map>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/notify.hpp"
#include "base/task.hpp"
#include "sync/queue.hpp"
#include "sync/shared.hpp"

namespace edsm::sync {

/// Follows restarts to their end, for the metric that tells when the last pod has a change
/// (telemetry::Arrival::pods). It looks at a workload only after the watch has told that it
/// changed, one at a time, at most every second, and less often the longer it takes; a restart that
/// has not come to its end within an hour is no longer followed. Nothing else depends on it, so a
/// new leader does not follow what another began.
class RolloutFollower {
 public:
  explicit RolloutFollower(Shared& shared) : shared_(shared) {}

  /// The workload was restarted because of changes in the cloud at these times; none: not followed.
  void begin(const std::string& id, const std::vector<base::WallTime>& changes);
  /// The store took a new state of the workload.
  void seen(const std::string& id);
  void forget(const std::string& id) { followed_.erase(id); }
  /// Looks, until cancelled.
  base::Task<void> run();
  std::size_t size() const { return followed_.size(); }

 private:
  struct Followed {
    base::Instant since;
    std::vector<base::WallTime> changes;
  };
  base::Task<void> look(std::string id);

  Shared& shared_;
  std::map<std::string, Followed> followed_;
  WorkQueue looks_;
  base::Notify wake_;
};

}  // namespace edsm::sync
