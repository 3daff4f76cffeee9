#include "sync/rollout_follower.hpp"

#include <algorithm>
#include <utility>

#include "sync/rollout_progress.hpp"

namespace edsm::sync {
namespace {

constexpr base::Duration kPatience = std::chrono::hours(1);
/// Of a workload that is restarted again and again before it is through, the first count.
constexpr std::size_t kChanges = 32;

/// So the time that is measured is at most a tenth, or a second, too long.
base::Duration pause_after(base::Duration age) {
  return std::clamp<base::Duration>(age / 10, std::chrono::seconds(1), std::chrono::seconds(30));
}

}  // namespace

void RolloutFollower::begin(const std::string& id, const std::vector<base::WallTime>& changes) {
  if (changes.empty()) return;
  auto& followed = followed_[id];
  followed.since = shared_.outside.clock.now();
  for (const auto change : changes) {
    if (followed.changes.size() < kChanges) followed.changes.push_back(change);
  }
}

void RolloutFollower::seen(const std::string& id) {
  const auto found = followed_.find(id);
  if (found == followed_.end()) return;
  const auto now = shared_.outside.clock.now();
  const auto age = now - found->second.since;
  if (age > kPatience) {
    followed_.erase(found);
  } else {
    looks_.add(id, now + pause_after(age));
    wake_.notify();
  }
}

base::Task<void> RolloutFollower::run() {
  auto& clock = shared_.outside.clock;
  for (;;) {
    if (const auto taken = looks_.take(clock.now())) {
      co_await look(taken->key);
      looks_.done(taken->key);
    } else if (const auto due = looks_.next_due()) {
      co_await wake_.wait_until(clock, *due);
    } else {
      co_await wake_.wait();
    }
  }
}

base::Task<void> RolloutFollower::look(std::string id) {
  const auto* const known = shared_.workloads.find(id);
  auto found = followed_.find(id);
  if (known == nullptr || found == followed_.end()) co_return;
  const Workload workload = *known;
  const auto since = found->second.since;
  auto answer = co_await shared_.outside.api.get(workload.resource, workload.key.ns.str(),
                                                 workload.key.name.str(), kube::View::full);
  found = followed_.find(id);
  if (found == followed_.end()) co_return;
  // A restart that began meanwhile is not in the answer.
  const bool again = found->second.since != since || (!answer && answer.error().retryable());
  if (again) co_return seen(id);
  if (!answer) co_return forget(id);
  if (!rolled_out(workload.resource.kind, answer->root())) co_return;
  auto& outside = shared_.outside;
  for (const auto change : found->second.changes) {
    outside.metrics.change_arrived(telemetry::Arrival::pods, outside.api.wall() - change);
  }
  outside.log.debug("rollout complete", {{"workload", id}});
  followed_.erase(found);
}

}  // namespace edsm::sync
