#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "base/rate_limit.hpp"
#include "base/task.hpp"
#include "sync/rollout.hpp"
#include "sync/rollout_follower.hpp"
#include "sync/shared.hpp"

namespace edsm::sync {

/// Restarts workloads whose Secrets changed: decides by rollout.hpp, patches, records.
class RolloutWorker {
 public:
  RolloutWorker(Shared& shared, RolloutFollower& follower)
      : shared_(shared),
        follower_(follower),
        limit_(shared.settings.rollouts_per_second, shared.settings.rollouts_per_second * 5) {}

  /// One run for the workload whose id is in `taken`.
  base::Task<void> work(WorkQueue::Taken taken);
  /// The workload is gone.
  void forget(const std::string& id) {
    remarks_.erase(id);
    failures_.erase(id);
    follower_.forget(id);
  }

 private:
  base::Task<base::Result<>> roll_out(std::string id);
  base::Task<base::Result<>> patch(Workload workload, RolloutDecision decision);
  base::Task<base::Result<>> refresh(Workload workload);
  base::Task<base::Result<>> look_at(base::ObjectKey target);
  bool still_due(const std::string& id) const;
  std::vector<std::string> pass_back(const std::string& id);
  void remark(const Workload& workload, const RolloutDecision& decision);
  void say_once(const Workload& workload, std::string_view reason, const std::string& note);
  std::vector<base::WallTime> changes_behind(const Workload& workload,
                                             const RolloutDecision& decision) const;
  void announce(const Workload& workload, const RolloutDecision& decision,
                const boost::json::value& object);
  void failed(const std::string& id, const base::Error& error);

  Shared& shared_;
  RolloutFollower& follower_;
  base::RateLimit limit_;
  std::map<std::string, std::string> remarks_;  ///< what was said last about a workload
  std::map<std::string, base::Backoff> failures_;
};

}  // namespace edsm::sync
