#include "sync/rollout_worker.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace edsm::sync {
namespace {

constexpr int kRounds = 8;
/// A Secret may be created a moment after the workload that names it: only then it is worth a word.
constexpr base::Duration kUnknownGrace = std::chrono::seconds(30);

/// Why the restart will not show at once, from the whole object that the patch returned.
std::string_view delayed_because(const boost::json::value& object) {
  if (base::bool_at(object, "spec.paused").value_or(false)) {
    return "; the Deployment is paused, so its pods are replaced when it is resumed";
  }
  if (base::string_at(object, "spec.updateStrategy.type") == "OnDelete") {
    return "; its update strategy is OnDelete, so each pod is replaced when it is deleted";
  }
  return "";
}

}  // namespace

base::Task<void> RolloutWorker::work(WorkQueue::Taken taken) {
  shared_.ledger.begin(taken.key);
  auto result = co_await roll_out(taken.key);
  if (result && still_due(taken.key)) {
    // A target changed while the patch was under way: nobody else will look again.
    shared_.workload_work.add(taken.key,
                              shared_.outside.clock.now() + shared_.settings.rollout_window);
    shared_.ledger.again(taken.key);
  } else if (result) {
    failures_.erase(taken.key);
    shared_.ledger.settle(taken.key, pass_back(taken.key));
  } else {
    failed(taken.key, result.error());
  }
  shared_.ledger_changed();
}

bool RolloutWorker::still_due(const std::string& id) const {
  const auto* const workload = shared_.workloads.find(id);
  return workload != nullptr && shared_.rollout_of(*workload).write;
}

/// Bindings that have to heal their targets (deleted, or their marks taken) before anybody can say
/// whether the workload is due. Messages that wait for the workload wait for that, too.
std::vector<std::string> RolloutWorker::pass_back(const std::string& id) {
  const auto* const workload = shared_.workloads.find(id);
  std::vector<std::string> bindings;
  if (workload == nullptr || !shared_.ledger.awaited(id)) return bindings;
  for (const auto& secret : shared_.rollout_of(*workload).unknown) {
    for (const auto& key : shared_.bindings.of_target({workload->key.ns, secret})) {
      bindings.push_back(key.str());
      shared_.look_again(key, shared_.outside.clock.now());
    }
  }
  return bindings;
}

/// The target's marks as they are, in the place of a watch that may be behind.
base::Task<base::Result<>> RolloutWorker::look_at(base::ObjectKey target) {
  auto answer = co_await shared_.outside.api.get(kube::kSecrets, target.ns.str(), target.name.str(),
                                                 kube::View::metadata);
  if (!answer && answer.error().failure == base::Failure::absent) co_return base::Result<>{};
  if (!answer) co_return std::unexpected(std::move(answer.error()));
  auto seen = decode_target(answer->root());
  if (seen.labelled) shared_.targets.put(std::move(seen));
  co_return base::Result<>{};
}

base::Task<base::Result<>> RolloutWorker::roll_out(std::string id) {
  base::Error last{base::Failure::conflict, "Conflict", "the workload changed again and again",
                   std::nullopt};
  bool looked = false;
  for (int round = 0; round < kRounds; ++round) {
    const auto* const workload = shared_.workloads.find(id);
    if (workload == nullptr) co_return base::Result<>{};
    const Workload copy = *workload;
    auto decision = shared_.rollout_of(copy);
    remark(copy, decision);
    if (!decision.write) co_return base::Result<>{};
    if (!shared_.outside.may_write()) {
      co_return base::fail(base::Failure::conflict, "Interrupted", "not the leader");
    }
    if (!decision.doubtful.empty() && !std::exchange(looked, true)) {
      for (const auto& secret : decision.doubtful) {
        base::ObjectKey target(copy.key);
        target.name = secret;
        auto seen = co_await look_at(std::move(target));
        if (!seen) co_return seen;
      }
      continue;
    }
    auto patched = co_await patch(copy, std::move(decision));
    if (patched) co_return base::Result<>{};
    last = std::move(patched.error());
    if (last.failure == base::Failure::absent) {
      shared_.workloads.erase(id);
      co_return base::Result<>{};
    }
    if (last.failure != base::Failure::conflict) break;
    auto refreshed = co_await refresh(copy);
    if (!refreshed) co_return refreshed;
  }
  co_return std::unexpected(std::move(last));
}

base::Task<base::Result<>> RolloutWorker::patch(Workload workload, RolloutDecision decision) {
  auto& outside = shared_.outside;
  if (decision.restart()) {
    const auto when = limit_.take(outside.clock.now());
    co_await outside.clock.sleep_until(when);
    if (!outside.may_write()) {
      co_return base::fail(base::Failure::conflict, "Interrupted", "not the leader");
    }
  }
  auto body = rollout_patch(workload, decision, shared_.digester);
  kube::PatchOptions options;
  options.type = kube::PatchType::merge;
  options.view = decision.restart() ? kube::View::full : kube::View::metadata;
  const auto start = outside.clock.now();
  auto answer = co_await outside.api.patch(workload.resource, workload.key.ns.str(),
                                           workload.key.name.str(), std::move(body), options);
  if (!answer) co_return std::unexpected(std::move(answer.error()));
  if (decision.restart()) {
    outside.metrics.step(telemetry::Step::rollout, outside.clock.now() - start);
    announce(workload, decision, answer->root());
    const auto changes = changes_behind(workload, decision);
    for (const auto change : changes) {
      outside.metrics.change_arrived(telemetry::Arrival::workload, outside.api.wall() - change);
    }
    follower_.begin(workload.id(), changes);
  }
  if (auto now = decode_workload(answer->root(), workload.resource)) {
    const bool overtaken = !shared_.workloads.put(std::move(*now));
    if (overtaken) follower_.seen(workload.id());
  }
  co_return base::Result<>{};
}

base::Task<base::Result<>> RolloutWorker::refresh(Workload workload) {
  auto answer = co_await shared_.outside.api.get(workload.resource, workload.key.ns.str(),
                                                 workload.key.name.str(), kube::View::metadata);
  if (!answer && answer.error().failure != base::Failure::absent) {
    co_return std::unexpected(std::move(answer.error()));
  }
  auto now = answer ? decode_workload(answer->root(), workload.resource) : std::nullopt;
  if (now) {
    shared_.workloads.put(std::move(*now));
  } else {
    shared_.workloads.erase(workload.id());
  }
  co_return base::Result<>{};
}

void RolloutWorker::announce(const Workload& workload, const RolloutDecision& decision,
                             const boost::json::value& object) {
  auto& outside = shared_.outside;
  const auto secrets = fmt::format("{}", fmt::join(decision.restart_for, ", "));
  outside.log.info("rollout started", {{"workload", workload.id()}, {"secrets", secrets}});
  for (const auto& secret : decision.restart_for) {
    outside.metrics.rollout(secret, workload.key.ns);
  }
  outside.events.record(
      shared_.reference(workload), kube::EventType::normal, "SecretChanged", "Rollout",
      fmt::format("restarted, because Secret {} changed{}", secrets, delayed_because(object)));
}

/// When the values that it is restarted for changed in the cloud, as far as events told. One that
/// never had a Secret did not wait for its change.
std::vector<base::WallTime> RolloutWorker::changes_behind(const Workload& workload,
                                                          const RolloutDecision& decision) const {
  std::vector<base::WallTime> changes;
  for (const auto& secret : decision.restart_for) {
    if (!workload.records.contains(secret)) continue;
    for (const auto& key : shared_.bindings.of_target({workload.key.ns, secret})) {
      const auto changed = shared_.bindings.find(key)->changed;
      if (changed != base::WallTime()) changes.push_back(changed);
    }
  }
  return changes;
}

void RolloutWorker::remark(const Workload& workload, const RolloutDecision& decision) {
  if (!workload.annotation_error.empty()) {
    say_once(workload, "InvalidAnnotation", workload.annotation_error);
    return;
  }
  std::vector<std::string> unknown;
  for (const auto& secret : decision.unknown) {
    if (shared_.bindings.of_target({workload.key.ns, secret}).empty()) unknown.push_back(secret);
  }
  if (unknown.empty()) {
    remarks_.erase(workload.id());
    return;
  }
  const auto id = workload.id();
  const auto due = workload.created + kUnknownGrace;
  const auto now = shared_.outside.api.wall();
  if (now < due) {
    shared_.workload_work.add(id, shared_.outside.clock.now() + (due - now));
    return;
  }
  say_once(
      workload, "UnknownSecret",
      fmt::format(
          "the annotation names {}, which no EventDrivenSecret in namespace {} writes: changes "
          "of it restart nothing",
          fmt::join(unknown, ", "), workload.key.ns));
}

void RolloutWorker::say_once(const Workload& workload, std::string_view reason,
                             const std::string& note) {
  auto& said = remarks_[workload.id()];
  if (said == note) return;
  said = note;
  shared_.outside.log.warn("workload annotation",
                           {{"workload", workload.id()}, {"reason", reason}, {"message", note}});
  shared_.outside.events.record(shared_.reference(workload), kube::EventType::warning,
                                std::string(reason), "Rollout", note);
}

void RolloutWorker::failed(const std::string& id, const base::Error& error) {
  auto& outside = shared_.outside;
  auto& backoff = failures_.try_emplace(id, std::chrono::milliseconds(250), std::chrono::minutes(5))
                      .first->second;
  const bool first = backoff.failures() == 0;
  auto delay = backoff.next(outside.clock.random()) +
               error.retry_after.value_or(std::chrono::milliseconds(0));
  if (!error.retryable()) delay += std::chrono::seconds(30);
  shared_.workload_work.add(id, outside.clock.now() + delay);
  // A few quick failures pass; after that the messages go back to their queue.
  const bool patient = error.retryable() && backoff.failures() < 10;
  if (patient) {
    shared_.ledger.again(id);
  } else {
    shared_.ledger.give_up(id);
  }
  if (patient || !(first || backoff.failures() == 10)) return;
  outside.log.warn("rollout failed", {{"workload", id}, {"error", base::describe(error)}});
  if (const auto* const workload = shared_.workloads.find(id)) {
    outside.events.record(shared_.reference(*workload), kube::EventType::warning, "RolloutFailed",
                          "Rollout", fmt::format("not restarted: {}", error.text));
  }
}

}  // namespace edsm::sync
