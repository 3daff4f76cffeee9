#include "sync/reconciler.hpp"

#include <optional>
#include <utility>

#include <fmt/format.h>

#include "base/planted.hpp"
#include "base/time.hpp"
#include "sync/change.hpp"
#include "sync/pausing.hpp"

namespace edsm::sync {
namespace {

/// How often a run looks at the world again after a conflict before it leaves it to the queue.
constexpr int kRounds = 8;
/// A secret must be reported gone for this long before `deletionPolicy: Delete` believes it.
constexpr base::Duration kGoneForSure = std::chrono::minutes(1);
/// What a plan waits for also asks for a run when it comes.
constexpr base::Duration kWaitAgain = std::chrono::seconds(1);
constexpr base::Duration kTryLeftoversAgain = std::chrono::seconds(30);

Facts facts_of(const Shared& shared, const BindingState& state, const Run& run) {
  Facts facts(state.binding, shared.digester);
  facts.source_id = state.source.id;
  facts.pause = shared.pause_of(state.binding);
  if (state.spec_error) facts.spec_error = *state.spec_error;
  facts.verdict = shared.gate.verdict(state);
  facts.rival = shared.bindings.rival_of(state.binding);
  facts.looked = run.looked;
  if (run.inspection) {
    facts.inspection = &*run.inspection;
    facts.target = &run.inspection->target;
  } else if (!run.looked) {
    facts.target = shared.targets.find(state.binding.target_key());
  }
  facts.applied = state.applied;
  facts.wishes = run.wishes;
  return facts;
}

Outcome settled_as(const Binding& binding, const Target& target) {
  Outcome outcome;
  outcome.applied = {binding.generation,      target.digest,        target.version,
                     target.resource_version, binding.sync_request, target.changed_at};
  return outcome;
}

/// What a plan that stops means to the queue: some stops are looked at again after a while, because
/// their cause (a Secret without our label) cannot be watched.
base::Error stop_error(const Plan& plan) {
  const bool recheck = plan.reason == "TargetNotOurs" || plan.reason == "TargetTypeMismatch";
  return {recheck ? base::Failure::refused : base::Failure::invalid, plan.reason, plan.message,
          std::nullopt};
}

Outcome paused() {
  Outcome outcome;
  outcome.kind = Outcome::Kind::paused;
  return outcome;
}

/// Nothing is wrong; a run that begins at `when` goes on.
Outcome deferred_until(base::Instant when) {
  Outcome outcome;
  outcome.kind = Outcome::Kind::deferred;
  outcome.again_at = when;
  return outcome;
}

/// Whether the cloud is said to hold another value than the one applied last: a fight over the
/// target is no reason to keep that waiting.
bool brings_news(const Wishes& wishes, const Applied& applied) {
  const bool hinted = wishes.hinted->received && wishes.hinted->version != applied.version;
  const bool swept = !wishes.swept_version.empty() && wishes.swept_version != applied.version;
  return hinted || swept;
}

base::Text version_of(const Target* target) {
  return target == nullptr ? base::Text() : target->resource_version;
}

base::Error interrupted(std::string_view why) {
  return {base::Failure::conflict, "Interrupted", std::string(why), std::nullopt};
}

}  // namespace

base::Task<void> Reconciler::work(WorkQueue::Taken taken) {
  shared_.ledger.begin(taken.key);
  Run run;
  run.key = parse_key(taken.key);
  run.started = shared_.outside.clock.now();
  shared_.outside.metrics.step(telemetry::Step::queue_wait, run.started - taken.due);
  Outcome outcome;
  outcome.kind = Outcome::Kind::gone;
  if (auto* const state = shared_.bindings.find(run.key)) {
    Pausing(shared_).look(*state);
    run.uid = state->binding.uid;
    run.generation = state->binding.generation;
    run.source_id = state->source.id;
    run.wishes = std::exchange(state->wishes, {});
    run.look_first = state->look_first && !shared_.pause_of(state->binding).holds();
    run.trigger = state->trigger;
    outcome = co_await reconcile(run);
  }
  shared_.fetcher.finished(run.source_id, taken.key);
  const bool settled = outcome.kind == Outcome::Kind::settled;
  Aftermath(shared_).record(run, outcome);
  if (settled) co_await give_up_leftovers(run.key, run.generation);
}

base::Task<Outcome> Reconciler::reconcile(Run& run) {
  // While Kubernetes takes nothing, no value is read for it again and again.
  if (run.look_first && shared_.outside.may_write()) {
    auto inspected = co_await inspect(run);
    if (!inspected) co_return failure(Outcome::Step::inspect, std::move(inspected.error()));
  }
  for (int round = 0; round < kRounds; ++round) {
    const auto* const state = shared_.bindings.find(run.key);
    Outcome gone;
    gone.kind = Outcome::Kind::gone;
    if (state == nullptr || state->binding.uid != run.uid) co_return gone;
    if (state->binding.generation != run.generation) {
      co_return deferred_until(shared_.outside.clock.now());
    }
    if (!shared_.outside.may_write())
      co_return failure(Outcome::Step::plan, interrupted("not the leader"));

    const auto facts = facts_of(shared_, *state, run);
    run.plan = plan(facts);
    run.planned_version = version_of(facts.target);
    switch (run.plan.action) {
      case Plan::Action::forget:
        co_return gone;
      case Plan::Action::wait:
        co_return deferred_until(shared_.outside.clock.now() + kWaitAgain);
      case Plan::Action::rest:
        co_return paused();
      case Plan::Action::stop:
        co_return failure(Outcome::Step::plan, stop_error(run.plan));
      case Plan::Action::settle:
        co_return settled_as(state->binding, *facts.target);
      case Plan::Action::inspect: {
        auto inspected = co_await inspect(run);
        if (!inspected) co_return failure(Outcome::Step::inspect, std::move(inspected.error()));
        continue;
      }
      case Plan::Action::fetch:
        break;
    }
    const auto heal_at = state->trouble->drift_guard.allowed_at();
    if (run.plan.drift && heal_at > run.started && !brings_news(run.wishes, facts.applied)) {
      co_return deferred_until(heal_at);
    }
    auto outcome = co_await fetch_and_apply(run);
    const bool conflict =
        outcome.kind == Outcome::Kind::failed && outcome.error.failure == base::Failure::conflict;
    if (!conflict) co_return outcome;
    // Somebody was faster: what is there now?
    auto inspected = co_await inspect(run);
    if (!inspected) co_return failure(Outcome::Step::inspect, std::move(inspected.error()));
  }
  co_return failure(Outcome::Step::apply,
                    interrupted("the Secret changed again and again while it was written"));
}

base::Task<base::Result<>> Reconciler::inspect(Run& run) {
  const auto slot = co_await shared_.secret_requests.take();
  const auto* const state = shared_.bindings.find(run.key);
  if (state == nullptr) co_return base::Result<>{};
  const auto target = state->binding.target_key();
  const bool merge = state->binding.target.creation == CreationPolicy::merge;
  auto answer =
      co_await shared_.outside.api.get(kube::kSecrets, target.ns.str(), target.name.str());
  run.looked = true;
  run.inspection.reset();
  if (answer) {
    run.inspection =
        sync::inspect(answer->root(), shared_.digester, merge, shared_.settings.field_manager);
    // Rollouts are decided by the store, and the watch may be behind.
    if (run.inspection->target.labelled) shared_.targets.put(run.inspection->target);
    co_return base::Result<>{};
  }
  if (answer.error().failure == base::Failure::absent) co_return base::Result<>{};
  co_return base::fail(std::move(answer.error()), "reading Secret " + target.str());
}

base::Task<Outcome> Reconciler::fetch_and_apply(Run& run) {
  const auto* const state = shared_.bindings.find(run.key);
  auto* const provider = state->provider;
  auto source = state->source;
  const auto key = run.key.str();
  auto value = co_await shared_.fetcher.fetch(*provider, std::move(source), run.trigger, key);
  std::optional<base::Slots::Slot> slot;
  if (value) slot = co_await shared_.secret_requests.take();
  // The permission may have been taken away meanwhile: then neither the value nor the error is its.
  const auto* const since = shared_.bindings.find(run.key);
  const bool withdrawn = !value && value.error().code == Fetcher::kWithdrawn;
  if (since == nullptr || withdrawn || !shared_.gate.passes(*since)) {
    co_return deferred_until(shared_.outside.clock.now());
  }
  if (shared_.pause_of(since->binding).holds()) co_return paused();
  if (!value) {
    if (value.error().failure != base::Failure::absent) {
      co_return failure(Outcome::Step::fetch, std::move(value.error()));
    }
    auto gone = co_await source_gone(run, std::move(value.error()));
    co_return gone;
  }
  auto outcome = co_await apply(run, **value);
  co_return outcome;
}

base::Task<Outcome> Reconciler::apply(Run& run, const cloud::Value& value) {
  auto& outside = shared_.outside;
  const auto* const state = shared_.bindings.find(run.key);
  // The plan, the value and what was seen of the target belong to the spec of that time.
  const bool same = state != nullptr && state->binding.uid == run.uid &&
                    state->binding.generation == run.generation;
  if (!same) co_return deferred_until(outside.clock.now());
  const Binding binding = state->binding;
  auto shaped = shape(value, binding.shape);
  if (!shaped && base::planted(base::Bug::wipe_on_bad_value)) shaped = ShapedData{};
  if (!shaped && base::planted(base::Bug::log_the_value)) {
    outside.log.warn("bad value", {{"value", value.bytes.view()}});
  }
  if (!shaped) co_return failure(Outcome::Step::shape, std::move(shaped.error()));

  const auto facts = facts_of(shared_, *state, run);
  const Target* const current = facts.target;
  if (version_of(current) != run.planned_version) {
    co_return failure(Outcome::Step::apply, interrupted("the Secret changed meanwhile"));
  }
  Desired desired(binding, *shaped);
  desired.digest = shared_.digester.digest(*shaped);
  desired.version = value.version;
  if (base::planted(base::Bug::believe_the_event) && !run.wishes.hinted->version.empty()) {
    desired.version = run.wishes.hinted->version;
  }
  desired.source = state->source.id;
  base::Text held;
  if (current != nullptr) held = run.inspection ? run.inspection->actual_digest : current->digest;
  const auto change = judge_change(desired, current, held, state->applied, shared_.digester);
  const bool bug = base::planted(base::Bug::heal_restarts) && run.plan.drift;
  desired.onto_nothing = change.onto_nothing;
  desired.changed_at =
      change.since && !bug ? *change.since : base::rfc3339_micro(outside.api.wall());
  const bool up_to_date =
      current != nullptr && change.data_equal &&
      !metadata_outdated(desired, *current, run.inspection ? &*run.inspection : nullptr);
  if (up_to_date) co_return settled_as(binding, *current);
  if (!outside.may_write()) co_return failure(Outcome::Step::apply, interrupted("not the leader"));

  const auto start = outside.clock.now();
  base::Result<base::JsonDocument> answer = base::fail(base::Failure::transient, "", "");
  if (current == nullptr) {
    auto body = create_body(desired);
    answer = co_await outside.api.create(kube::kSecrets, binding.key.ns.str(), std::move(body));
  } else {
    auto body = update_body(desired, *current, !change.data_equal);
    kube::PatchOptions options;
    options.type = kube::PatchType::strategic;
    options.view = kube::View::metadata;
    answer = co_await outside.api.patch(kube::kSecrets, binding.key.ns.str(),
                                        binding.target.name.str(), std::move(body), options);
  }
  outside.metrics.step(telemetry::Step::apply, outside.clock.now() - start);
  const bool swallow = !answer && base::planted(base::Bug::swallow_conflict) &&
                       answer.error().failure == base::Failure::conflict && current != nullptr;
  if (swallow) co_return settled_as(binding, *current);
  if (!answer) {
    // "Not found" of an existing Secret: it went away meanwhile; of a new one: its namespace is
    // gone.
    if (current != nullptr && answer.error().failure == base::Failure::absent) {
      answer.error().failure = base::Failure::conflict;
    }
    co_return failure(Outcome::Step::apply, std::move(answer.error()));
  }
  auto written = decode_target(answer->root());
  auto outcome = settled_as(binding, written);
  outcome.created = current == nullptr;
  outcome.written = true;
  outcome.changed = change.news;
  const auto target = written.key;
  shared_.targets.put(std::move(written));
  // The watch tells nothing new of it then. While it was written, the binding may have got another
  // target.
  const auto* const known = shared_.targets.find(target);
  if (known != nullptr) shared_.leftovers.notice(*known, shared_.bindings);
  co_return outcome;
}

/// Only when the target of today is right, so not after a run for an earlier one: another one
/// follows.
base::Task<void> Reconciler::give_up_leftovers(base::ObjectKey key, std::int64_t settled) {
  const auto* const state = shared_.bindings.find(key);
  if (state == nullptr || state->binding.generation != settled) co_return;
  for (const auto& name : shared_.leftovers.of(key)) {
    const auto slot = co_await shared_.secret_requests.take();
    const auto* const target = shared_.targets.find(name);
    const auto* const owner = target == nullptr ? nullptr : former_owner(*target, shared_.bindings);
    shared_.leftovers.forget(key, name);
    if (owner == nullptr || owner->key != key || !shared_.outside.may_write()) continue;
    const auto about = shared_.reference(*owner);
    auto body = release_body(*target);
    kube::PatchOptions options;
    options.type = kube::PatchType::strategic;
    options.view = kube::View::metadata;
    const auto answer = co_await shared_.outside.api.patch(
        kube::kSecrets, name.ns.str(), name.name.str(), std::move(body), options);
    if (answer) {
      shared_.outside.log.info(
          "Secret left to the garbage collector: its binding was given "
          "another target",
          {{"binding", key.str()}, {"secret", name.str()}});
      shared_.outside.events.record(
          about, kube::EventType::normal, "OldTargetRemoved", "Sync",
          fmt::format("Secret {} is no longer the target and is deleted", name.name));
      continue;
    }
    // Of a change the watch tells, and the new state is noticed like the old one.
    const auto failure = answer.error().failure;
    if (failure == base::Failure::conflict || failure == base::Failure::absent) continue;
    shared_.outside.log.warn("the old Secret of a binding cannot be given up",
                             {{"binding", key.str()},
                              {"secret", name.str()},
                              {"error", base::describe(answer.error())}});
    const auto* const still = shared_.targets.find(name);
    if (still != nullptr) shared_.leftovers.notice(*still, shared_.bindings);
    shared_.look_again(key, shared_.outside.clock.now() + kTryLeftoversAgain);
  }
}

base::Task<Outcome> Reconciler::source_gone(Run& run, base::Error error) {
  const auto* const state = shared_.bindings.find(run.key);
  auto gone = failure(Outcome::Step::fetch, std::move(error));
  gone.sourceless = true;
  if (state == nullptr || state->binding.target.deletion != DeletionPolicy::remove) co_return gone;
  const auto* const target = shared_.targets.find(state->binding.target_key());
  const auto gone_since = state->trouble->gone_since;
  const bool sure = gone_since && run.started - *gone_since >= kGoneForSure;
  if (target == nullptr || !sure || !shared_.outside.may_write()) co_return gone;
  kube::Preconditions preconditions;
  preconditions.uid = target->uid.str();
  preconditions.resource_version = target->resource_version.str();
  const auto name = target->key;
  auto removed = co_await shared_.outside.api.remove(kube::kSecrets, name.ns.str(), name.name.str(),
                                                     std::move(preconditions));
  if (!removed && removed.error().failure != base::Failure::absent) {
    auto refused = failure(Outcome::Step::apply, std::move(removed.error()));
    refused.sourceless = true;
    co_return refused;
  }
  shared_.outside.log.info(
      "Secret deleted, because its source is gone and deletionPolicy is Delete",
      {{"binding", run.key.str()}, {"secret", name.str()}});
  co_return gone;
}

}  // namespace edsm::sync
