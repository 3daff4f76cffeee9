#include "sync/outcome.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include <fmt/format.h>

#include "base/planted.hpp"
#include "sync/pausing.hpp"

namespace edsm::sync {
namespace {

using base::Failure;

/// A passing trouble is shown only when it does not pass.
constexpr base::Duration kShowAfter = std::chrono::seconds(20);

base::Duration at_least(base::Duration floor, base::Duration drawn) {
  return floor + drawn;
}

/// Permissions take a moment to be known everywhere, also to a server that has just started: after
/// the first tries it is somebody's turn to grant them.
base::Duration refused_pause(unsigned failures) {
  constexpr std::array<int, 3> kSeconds = {1, 5, 15};
  return std::chrono::seconds(failures < kSeconds.size() ? kSeconds[failures] : 30);
}

std::string_view fetch_reason(const base::Error& error) {
  if (error.code == cloud::kSourceDisabled) return cloud::kSourceDisabled;
  switch (error.failure) {
    case Failure::refused:
      return "AccessDenied";
    case Failure::credentials:
      return "CredentialsRejected";
    case Failure::absent:
      return "SourceGone";
    case Failure::throttled:
      return "Throttled";
    case Failure::invalid:
      return "SourceInvalid";
    default:
      return "SourceUnavailable";
  }
}

std::string_view kubernetes_reason(Failure failure) {
  switch (failure) {
    case Failure::refused:
      return "Forbidden";
    case Failure::credentials:
      return "Unauthorized";
    case Failure::absent:
      return "NamespaceGone";
    case Failure::throttled:
      return "Throttled";
    case Failure::conflict:
      return "Conflict";
    case Failure::invalid:
      return "TargetRefused";
    default:
      return "KubernetesUnavailable";
  }
}

/// The event that told of the value that was applied; without one, nothing. One that came while the
/// run was under way may be it, too.
Hinted brought_by(const BindingState& state, const Run& run, const Outcome& outcome) {
  const auto& version = outcome.applied.version;
  const auto& before = *run.wishes.hinted;
  const auto& since = *state.wishes.hinted;
  if (before.received && before.may_mean(version)) return before;
  return since.version == version ? since : Hinted();
}

bool stalls(Failure failure) {
  return failure == Failure::invalid || failure == Failure::refused || failure == Failure::absent;
}

}  // namespace

Outcome failure(Outcome::Step step, base::Error error) {
  Outcome outcome;
  outcome.kind = Outcome::Kind::failed;
  outcome.step = step;
  outcome.error = std::move(error);
  return outcome;
}

std::optional<base::Duration> retry_delay(const base::Error& error, base::Backoff& backoff,
                                          std::uint64_t random) {
  const auto failures_before = backoff.failures();
  const auto drawn = backoff.next(random);
  switch (error.failure) {
    case Failure::invalid:
    case Failure::cancelled:
      return std::nullopt;
    case Failure::refused:
      return at_least(refused_pause(failures_before), drawn);
    case Failure::absent:
      return at_least(std::chrono::seconds(5), drawn);
    case Failure::credentials:
      return at_least(std::chrono::seconds(3), drawn);
    default:
      return at_least(error.retry_after.value_or(std::chrono::milliseconds(0)), drawn);
  }
}

Report failure_report(const Outcome& outcome) {
  const auto& error = outcome.error;
  Report report;
  report.state = stalls(error.failure) ? Report::State::stalled : Report::State::retrying;
  report.message = error.text;
  switch (outcome.step) {
    case Outcome::Step::plan:
    case Outcome::Step::shape:
      report.reason = error.code;
      break;
    case Outcome::Step::fetch:
      report.reason = fetch_reason(error);
      break;
    case Outcome::Step::inspect:
    case Outcome::Step::apply:
      report.reason = kubernetes_reason(error.failure);
      break;
  }
  if (report.reason == "SourceGone")
    report.message = error.text + "; the Secret keeps its last value";
  return report;
}

/// What the gate says of it. If it insists the plan has stopped, and its condition tells; if not,
/// this is all that happens.
void Aftermath::note_verdict(const BindingState& state) {
  const auto verdict = shared_.gate.judge(state);
  const auto& key = state.binding.key;
  const auto before = shared_.note_verdict(key, verdict.kind);
  if (before == verdict.kind || shared_.gate.insists(state)) return;
  if (verdict.kind == Verdict::Kind::refused) {
    const auto note = "only audited, and synced all the same: " + verdict.why;
    shared_.outside.log.warn("binding not allowed",
                             {{"binding", key.str()}, {"tenancy", "audit"}, {"message", note}});
    shared_.outside.events.record(shared_.reference(state.binding), kube::EventType::warning,
                                  std::string(kNotAllowed), "Audit", note);
  } else if (before == Verdict::Kind::refused) {
    shared_.outside.log.info("binding allowed now", {{"binding", key.str()}, {"tenancy", "audit"}});
  }
}

void Aftermath::record(const Run& run, const Outcome& outcome) {
  const auto item = run.key.str();
  auto* const state = shared_.bindings.find(run.key);
  if (state != nullptr) note_verdict(*state);
  if (state == nullptr || state->binding.uid != run.uid || outcome.kind == Outcome::Kind::gone) {
    shared_.ledger.settle(item);
    shared_.outside.metrics.reconcile("gone");
  } else if (outcome.kind == Outcome::Kind::settled) {
    settled(*state, run, outcome);
  } else if (outcome.kind == Outcome::Kind::deferred) {
    state->wishes.join(run.wishes);
    shared_.look_again(run.key, outcome.again_at);
    shared_.ledger.again(item);
    shared_.outside.metrics.reconcile("deferred");
  } else if (outcome.kind == Outcome::Kind::paused) {
    Pausing(shared_).hold(*state, run);
    shared_.outside.metrics.reconcile("paused");
  } else {
    failed(*state, run, outcome);
  }
  shared_.ledger_changed();
}

std::vector<std::string> Aftermath::due_workloads(const base::ObjectKey& target) {
  std::vector<std::string> due;
  for (auto& id : shared_.workloads.users_of(target)) {
    if (shared_.rollout_of(*shared_.workloads.find(id)).write) due.push_back(std::move(id));
  }
  return due;
}

void Aftermath::settled(BindingState& state, const Run& run, const Outcome& outcome) {
  state.applied = outcome.applied;
  state.look_first = false;
  Trouble left;
  left.drift_guard = state.trouble->drift_guard;
  if (run.plan.drift && outcome.written) left.drift_guard.healed(run.started);
  state.trouble = std::move(left);
  const auto event = brought_by(state, run, outcome);
  announce(state, run, outcome, event);
  if (outcome.changed) arrived(state, event);
  shared_.outside.metrics.reconcile(outcome.written ? "written" : "unchanged");

  const auto target_key = state.binding.target_key();
  const auto* const target = shared_.targets.find(target_key);
  // Somebody has touched it since: what is due for the workloads is seen only when that is healed,
  // so the messages wait for the next run, too.
  const bool overtaken = target == nullptr || target->digest != outcome.applied.hash;
  auto due = due_workloads(target_key);
  if (base::planted(base::Bug::forget_rollout_after_crash) && !outcome.written) due.clear();
  const auto at = shared_.outside.clock.now() + shared_.settings.rollout_window;
  for (const auto& id : due) shared_.workload_work.add(id, at);
  if (base::planted(base::Bug::acknowledge_before_rollout)) due.clear();
  if (overtaken) {
    shared_.look_again(run.key, shared_.outside.clock.now());
    shared_.ledger.again(run.key.str());
  } else {
    shared_.ledger.settle(run.key.str(), due);
  }
  show(state, {Report::State::synced, "Synced",
               fmt::format("Secret {} holds version {} of {}", state.binding.target_key().str(),
                           outcome.applied.version, state.source.id)});
}

void Aftermath::arrived(BindingState& state, const Hinted& event) {
  state.changed = event.since().value_or(base::WallTime());
  if (!event.since()) return;
  auto& outside = shared_.outside;
  outside.metrics.change_arrived(telemetry::Arrival::secret, outside.api.wall() - state.changed);
}

void Aftermath::announce(const BindingState& state, const Run& run, const Outcome& outcome,
                         const Hinted& event) {
  if (!outcome.written) return;
  const auto& binding = state.binding;
  auto& outside = shared_.outside;
  const auto target = binding.target_key();
  const auto took = outside.clock.now() - run.started;
  const auto times = describe(event);
  const std::string_view what = outcome.created   ? "Secret created"
                                : outcome.changed ? "Secret updated"
                                                  : "Secret verified";
  outside.log.info(
      run.plan.drift ? "Secret healed" : what,
      {{"binding", binding.key.str()},
       {"secret", target.str()},
       {"source", state.source.id.view()},
       {"version", outcome.applied.version.view()},
       {"cause", run.plan.reason},
       {"detail", run.plan.message},
       {"event_times", times},
       {"changed", outcome.changed},
       {"took_ms", std::chrono::duration_cast<std::chrono::milliseconds>(took).count()}});
  outside.metrics.secret_fetched(target.name, target.ns);
  if (outcome.created) outside.metrics.secret_created(target.name, target.ns);
  if (!outcome.created) outside.metrics.secret_updated(target.name, target.ns);
  const auto about = shared_.reference(binding);
  if (run.plan.drift) {
    outside.metrics.drift_healed(target.name, target.ns);
    const auto fight = state.trouble->drift_guard.fighting()
                           ? "; this keeps happening, so healing now waits longer each time"
                           : "";
    outside.events.record(about, kube::EventType::warning, "DriftHealed", "Heal",
                          fmt::format("Secret {}: {}; restored to version {}{}", target.name,
                                      run.plan.message, outcome.applied.version, fight));
  } else if (outcome.created || outcome.changed) {
    outside.events.record(
        about, kube::EventType::normal, outcome.created ? "Created" : "Updated", "Sync",
        fmt::format("Secret {} now holds version {} of {}{}", target.name, outcome.applied.version,
                    state.source.id, times.empty() ? "" : fmt::format(" ({})", times)));
  }
}

void Aftermath::failed(BindingState& state, const Run& run, const Outcome& outcome) {
  const auto item = run.key.str();
  const auto now = shared_.outside.clock.now();
  const auto& error = outcome.error;
  auto trouble = *state.trouble;
  if (!trouble.failing_since) trouble.failing_since = now;
  if (!outcome.sourceless) trouble.gone_since.reset();
  if (outcome.sourceless && !trouble.gone_since) trouble.gone_since = now;
  const auto failing_for = now - *trouble.failing_since;
  // What was wished is still wished, and only a read that is sent from now on can be the answer.
  // Of one that is not allowed events have no effect and the sweep knows nothing.
  const bool refused = outcome.step == Outcome::Step::plan && error.code == kNotAllowed;
  if (outcome.step != Outcome::Step::plan || refused) state.wishes.fetch = true;
  state.look_first = outcome.step == Outcome::Step::apply || outcome.step == Outcome::Step::inspect;
  state.wishes.join(run.wishes);
  state.trigger = shared_.fetcher.tick();

  const auto delay = retry_delay(error, trouble.backoff, shared_.outside.clock.random());
  state.trouble = std::move(trouble);
  if (base::planted(base::Bug::retry_at_once)) {
    shared_.look_again(run.key, now + std::chrono::milliseconds(1));
  } else if (delay) {
    shared_.look_again(run.key, now + *delay);
  }

  const bool in_vain = outcome.step == Outcome::Step::plan && error.failure != Failure::conflict;
  const bool nothing_to_read =
      error.failure == Failure::absent || error.code == cloud::kSourceDisabled;
  if (in_vain || nothing_to_read) {
    // The event has no further effect: the binding cannot take a value, or there is none any more.
    // What the target holds may still be owed to workloads: its writer may have died since.
    const auto due = due_workloads(state.binding.target_key());
    for (const auto& id : due) shared_.workload_work.add(id, now + shared_.settings.rollout_window);
    shared_.ledger.settle(item);
  } else if (error.retryable() && failing_for < shared_.settings.patience) {
    shared_.ledger.again(item);
  } else {
    shared_.ledger.give_up(item);
  }
  shared_.outside.metrics.reconcile(base::to_string(error.failure));
  const bool passing = error.retryable() && failing_for < kShowAfter;
  if (!passing || state.report.state == Report::State::unknown)
    show(state, failure_report(outcome));
}

void Aftermath::show(BindingState& state, Report report) {
  const auto& binding = state.binding;
  const bool news = state.report.state != report.state || state.report.reason != report.reason;
  const bool trouble = report.state != Report::State::synced;
  if (news && trouble) {
    shared_.outside.log.warn("binding not synced", {{"binding", binding.key.str()},
                                                    {"reason", report.reason.view()},
                                                    {"message", *report.message}});
    shared_.outside.events.record(shared_.reference(binding), kube::EventType::warning,
                                  report.reason.str(), "Sync", *report.message);
  }
  const bool recovered = news && !trouble && state.report.state != Report::State::unknown;
  if (recovered) {
    shared_.outside.log.info("binding synced again",
                             {{"binding", binding.key.str()}, {"was", state.report.reason.view()}});
    shared_.outside.events.record(shared_.reference(binding), kube::EventType::normal, "Synced",
                                  "Sync", *report.message);
  }
  shared_.count_reason(state.report.reason, report.reason);
  state.report = std::move(report);
  shared_.status_changed(binding.key);
}

}  // namespace edsm::sync
