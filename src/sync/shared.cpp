#include "sync/shared.hpp"

#include <algorithm>

#include "base/planted.hpp"

namespace edsm::sync {
namespace {

/// A report would take the API server's time from the workload's patch that follows the Secret's.
constexpr base::Duration kReportAfter = std::chrono::milliseconds(100);
/// So many bindings in work at once are a burst, whose reports wait until most of it is through.
constexpr std::size_t kBurst = 8;
constexpr base::Duration kReportAfterBurst = std::chrono::seconds(2);
/// Answers are dated in whole seconds, so what one of them corrects is less; more is a clock that
/// was set.
constexpr base::Duration kCorrection = std::chrono::seconds(2);

}  // namespace

base::ObjectKey parse_key(const std::string& text) {
  const auto slash = text.find('/');
  return {text.substr(0, slash), text.substr(slash + 1)};
}

std::size_t Shared::lane_of(const cloud::Provider* provider) const {
  std::size_t lane = 0;
  if (provider == nullptr) return lane;
  for (const auto& [name, each] : outside.providers) {
    ++lane;
    if (each == provider) break;
  }
  return lane;
}

void Shared::look_again(const base::ObjectKey& key, base::Instant due,
                        WorkQueue::Priority priority) {
  const auto* const state = bindings.find(key);
  binding_work.add(key.str(), due, priority, state == nullptr ? 0 : lane_of(*state));
}

void Shared::trigger(const base::ObjectKey& key, WorkQueue::Priority priority) {
  auto* const state = bindings.find(key);
  if (state != nullptr) state->trigger = fetcher.tick();
  binding_work.add(key.str(), outside.clock.now(), priority,
                   state == nullptr ? 0 : lane_of(*state));
}

std::vector<std::string> Shared::trigger_users(const base::ObjectKey& secret,
                                               base::Duration delay) {
  auto users = workloads.users_of(secret);
  const auto due = outside.clock.now() + delay;
  for (const auto& id : users) workload_work.add(id, due);
  return users;
}

void Shared::expect_more(std::size_t lane, std::size_t count, base::Instant until) {
  more_[lane] = {until, count};
}

void Shared::ledger_changed() {
  for (auto& wake : ledger_wakes) wake.notify();
}

void Shared::status_changed(const base::ObjectKey& key) {
  const auto* const state = bindings.find(key);
  const auto lane = state == nullptr ? 0 : lane_of(*state);
  const bool burst = binding_work.queue().running_count(lane) >= kBurst;
  const auto pause = burst ? kReportAfterBurst : kReportAfter;
  status_work.add(key.str(), outside.clock.now() + pause);
}

void Shared::count_reason(const base::Text& from, const base::Text& to) {
  if (from == to) return;
  if (!from.empty()) outside.metrics.bindings_by_condition(from, --per_reason_[from]);
  if (!to.empty()) outside.metrics.bindings_by_condition(to, ++per_reason_[to]);
}

Verdict::Kind Shared::note_verdict(const base::ObjectKey& key, Verdict::Kind kind) {
  const auto before = gate.note(key, kind);
  if (before != kind) outside.metrics.not_allowed(key.ns, gate.refused_in(key.ns));
  return before;
}

base::WallTime Shared::pause_time() const {
  const auto now = outside.api.wall();
  const bool clock_was_set = pause_time_ - now > kCorrection;
  pause_time_ = clock_was_set ? now : std::max(now, pause_time_);
  return pause_time_;
}

Pause Shared::pause_of(const Binding& binding) const {
  if (base::planted(base::Bug::ignore_the_pause)) return {};
  return judge_pause(binding.paused_until, pause_time());
}

RolloutDecision Shared::rollout_of(const Workload& workload) const {
  const auto find = [this, now = pause_time()](const base::ObjectKey& key) -> const Target* {
    return bindings.paused(key, now) ? nullptr : targets.find(key);
  };
  return decide_rollout(workload, find, digester);
}

kube::ObjectReference Shared::reference(const Binding& binding) const {
  return {kube::kBindings.api_version(), std::string(kube::kBindings.kind), binding.key.ns.str(),
          binding.key.name.str(), binding.uid.str()};
}

kube::ObjectReference Shared::reference(const Workload& workload) const {
  return {workload.resource.api_version(), std::string(workload.resource.kind),
          workload.key.ns.str(), workload.key.name.str(), workload.uid.str()};
}

std::size_t Shared::about_to_ask(const cloud::Provider& provider) const {
  const auto lane = lane_of(&provider);
  const auto more = more_.find(lane);
  const bool coming = more != more_.end() && outside.clock.now() < more->second.until;
  return binding_work.queue().ready_count(lane) + (coming ? more->second.count : 0);
}

std::vector<std::string> Shared::expected_consumers(const base::Text& source_id) const {
  std::vector<std::string> expected;
  const auto now = outside.clock.now();
  for (const auto& key : bindings.of_source(source_id)) {
    auto item = key.str();
    const auto& queue = binding_work.queue();
    if (queue.ready(item, now) || queue.running(item)) expected.push_back(std::move(item));
  }
  return expected;
}

bool Shared::permitted(const std::string& consumer) const {
  const auto* const state = bindings.find(parse_key(consumer));
  return state != nullptr && gate.passes(*state);
}

}  // namespace edsm::sync
