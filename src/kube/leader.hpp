#pragma once

#include <functional>
#include <memory>
#include <string>

#include "base/clock.hpp"
#include "base/task.hpp"
#include "kube/api.hpp"
#include "telemetry/log.hpp"

namespace edsm::kube {

struct LeaseSettings {
  std::string ns;
  std::string name;
  std::string identity;
  base::Duration duration = std::chrono::seconds(15);
  base::Duration renew_deadline = std::chrono::seconds(10);
  base::Duration retry_period = std::chrono::seconds(2);
};

/// Leader election by a Lease. The rules are in LeaseMachine (pure); this carries them out.
/// `settings` must keep duration > renew_deadline > 1.2 * retry_period. References must outlive it.
class LeaderElector {
 public:
  LeaderElector(Api& api, base::Clock& clock, telemetry::Log& log, LeaseSettings settings);
  ~LeaderElector();

  /// Returns when this process leads.
  base::Task<void> acquire();
  /// Renews until leadership is lost (returns, at the latest renew_deadline after the last success)
  /// or cancelled.
  base::Task<void> hold();
  /// Hands the lease back, if it is ours; call only after all guarded work has ended.
  base::Task<void> release();

  /// True while writes are safe: measured from the START of the last successful renewal.
  bool leads(base::Instant now) const;
  /// Who held the lease when last seen.
  const std::string& holder() const;

 private:
  class State;
  std::unique_ptr<State> state_;
};

}  // namespace edsm::kube
