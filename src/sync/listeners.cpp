#include "sync/listeners.hpp"

#include <utility>

#include "base/planted.hpp"

namespace edsm::sync {
namespace {

void call_once(OnSynced& on_synced) {
  if (on_synced) std::exchange(on_synced, nullptr)();
}

base::ObjectKey key_of(const boost::json::value& object) {
  return {std::string(base::string_at(object, "metadata.namespace")),
          std::string(base::string_at(object, "metadata.name"))};
}

}  // namespace

void BindingListener::count(const base::Text& ns, int change) {
  shared_.outside.metrics.total_bindings(ns, per_namespace_[ns] += change);
}

void BindingListener::applied(const boost::json::value& object) {
  auto binding = decode_binding(object);
  const auto key = binding.key;
  const auto* const before = shared_.bindings.find(key);
  const auto old_target = before == nullptr ? base::ObjectKey() : before->binding.target_key();
  const auto old_source = before == nullptr ? base::Text() : before->source.id;
  const auto old_reason = before == nullptr ? base::Text() : before->report.reason;
  const auto change = shared_.bindings.put(std::move(binding));
  if (before == nullptr) count(key.ns, +1);
  if (change.misread) shared_.trigger(key, WorkQueue::Priority::background);
  if (!change.relevant) return;
  const auto& after = *shared_.bindings.find(key);
  // A value that was read for it must not stay in memory for it.
  if (old_source != after.source.id) shared_.fetcher.finished(old_source, key.str());
  if (change.fresh) shared_.count_reason(old_reason, {});
  shared_.trigger(key, change.fresh ? WorkQueue::Priority::background : WorkQueue::Priority::live);
  if (const auto* const left = shared_.targets.find(old_target)) {
    shared_.leftovers.notice(*left, shared_.bindings);
  }
  // Who else claims the old or the new target may win or lose it now.
  const auto new_target = after.binding.target_key();
  for (const auto& target : {old_target, new_target}) {
    for (const auto& other : shared_.bindings.of_target(target)) {
      if (other != key) shared_.trigger(other);
    }
  }
}

void BindingListener::forget(const base::ObjectKey& key) {
  const auto* const state = shared_.bindings.find(key);
  if (state == nullptr) return;
  shared_.fetcher.finished(state->source.id, key.str());
  shared_.count_reason(state->report.reason, {});
  shared_.note_verdict(key, Verdict::Kind::allowed);
  const auto target = state->binding.target_key();
  const auto heirs = shared_.bindings.erase(key);
  if (heirs.empty()) shared_.outside.metrics.forget_target(target.name, target.ns);
  for (const auto& heir : heirs) shared_.trigger(heir);
  // Messages that wait for it are settled by a last run, which finds it gone.
  shared_.look_again(key, shared_.outside.clock.now());
  count(key.ns, -1);
}

void BindingListener::removed(const boost::json::value& object) {
  forget(key_of(object));
}

void BindingListener::list_ends(std::string_view /*version*/) {
  for (const auto& key : shared_.bindings.list_ends(ns_)) forget(key);
  call_once(on_synced_);
}

void TargetListener::touched(const base::ObjectKey& target) {
  const auto* const seen = shared_.targets.find(target);
  for (const auto& key : shared_.bindings.of_target(target)) {
    const auto& applied = shared_.bindings.find(key)->applied;
    const bool ours = seen != nullptr && seen->resource_version == applied.resource_version;
    if (!ours) shared_.trigger(key);
  }
}

void TargetListener::applied(const boost::json::value& object) {
  auto target = decode_target(object);
  const auto key = target.key;
  if (!shared_.targets.put(std::move(target))) return;
  touched(key);
  const auto* const owner = shared_.leftovers.notice(*shared_.targets.find(key), shared_.bindings);
  if (owner != nullptr) shared_.trigger(owner->key);
}

void TargetListener::removed(const boost::json::value& object) {
  const auto target = decode_target(object);
  const bool gone = shared_.targets.erase(target.key, target.uid, target.resource_version);
  if (gone && !base::planted(base::Bug::ignore_lost_label)) touched(target.key);
}

void TargetListener::list_ends(std::string_view version) {
  for (const auto& key : shared_.targets.list_ends(version, ns_)) touched(key);
  call_once(on_synced_);
}

void WorkloadListener::count_users(const base::Text& ns, const std::vector<std::string>& secrets) {
  for (const auto& secret : secrets) {
    const auto users = shared_.workloads.users_of({ns, secret}).size();
    shared_.outside.metrics.workloads_using(secret, ns, static_cast<std::int64_t>(users));
  }
}

void WorkloadListener::applied(const boost::json::value& object) {
  auto workload = decode_workload(object, resource_);
  if (!workload) {
    forget(std::string(resource_.kind) + "/" + key_of(object).str());
    return;
  }
  const auto id = workload->id();
  const auto ns = workload->key.ns;
  const auto secrets = workload->secrets;
  std::vector<std::string> before;
  if (const auto* const known = shared_.workloads.find(id)) before = known->secrets;
  if (!shared_.workloads.put(std::move(*workload))) return;
  follower_.seen(id);
  count_users(ns, before);
  count_users(ns, secrets);
  const auto& stored = *shared_.workloads.find(id);
  const auto decision = shared_.rollout_of(stored);
  const bool remarkable = !decision.unknown.empty() || !stored.annotation_error.empty();
  if (!decision.write && !remarkable) return;
  if (base::planted(base::Bug::forget_rollout_after_crash) && on_synced_) return;
  const auto delay = decision.restart() ? shared_.settings.rollout_window : base::Duration::zero();
  shared_.workload_work.add(id, shared_.outside.clock.now() + delay,
                            WorkQueue::Priority::background);
}

void WorkloadListener::forget(const std::string& id) {
  // The store may have dropped it before the watch told, when a request found it gone.
  worker_.forget(id);
  const auto* const known = shared_.workloads.find(id);
  if (known == nullptr) return;
  const auto ns = known->key.ns;
  const auto secrets = known->secrets;
  shared_.workloads.erase(id);
  count_users(ns, secrets);
  // Messages that wait for it are settled by a last run, which finds it gone.
  shared_.workload_work.add_now(id);
}

void WorkloadListener::removed(const boost::json::value& object) {
  forget(std::string(resource_.kind) + "/" + key_of(object).str());
}

void WorkloadListener::list_ends(std::string_view /*version*/) {
  for (const auto& id : shared_.workloads.list_ends(resource_.kind, ns_)) forget(id);
  call_once(on_synced_);
}

}  // namespace edsm::sync
