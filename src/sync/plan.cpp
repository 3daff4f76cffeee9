#include "sync/plan.hpp"

#include <array>
#include <utility>

#include <fmt/format.h>

#include "base/planted.hpp"
#include "cloud/provider.hpp"
#include "kube/api.hpp"
#include "sync/apply.hpp"

namespace edsm::sync {
namespace {

using Check = std::optional<Plan> (*)(const Facts&);

bool applied_before(const Facts& facts) {
  return !facts.applied.hash.empty();
}

std::optional<Plan> being_deleted(const Facts& facts) {
  if (!facts.binding.deleting) return std::nullopt;
  return Plan{Plan::Action::forget, "Deleting", "the binding is being deleted"};
}

std::optional<Plan> paused(const Facts& facts) {
  if (!facts.pause.holds()) return std::nullopt;
  return Plan{Plan::Action::rest, "Paused", ""};
}

std::optional<Plan> spec_invalid(const Facts& facts) {
  if (!facts.spec_error) return std::nullopt;
  return Plan{Plan::Action::stop, facts.spec_error->code, facts.spec_error->text};
}

/// The gate between match and fetch: whatever asked for this run, without a permission nothing of
/// what follows is done.
std::optional<Plan> not_allowed(const Facts& facts) {
  switch (facts.verdict.kind) {
    case Verdict::Kind::allowed:
      return std::nullopt;
    case Verdict::Kind::refused:
      return Plan{Plan::Action::stop, std::string(kNotAllowed), facts.verdict.why};
    case Verdict::Kind::waiting:
      break;
  }
  return Plan{Plan::Action::wait, "NamespaceNotSeen", ""};
}

std::optional<Plan> has_rival(const Facts& facts) {
  if (!facts.rival) return std::nullopt;
  return Plan{
      Plan::Action::stop, "TargetConflict",
      fmt::format(
          "Secret {} is already the target of the older EventDrivenSecret {}: choose another "
          "spec.targetSecretName or delete one of the two",
          facts.binding.target_key().str(), facts.rival->str())};
}

/// The cache shows labelled Secrets only: before "not there" is believed, the server is asked.
std::optional<Plan> target_not_seen(const Facts& facts) {
  if (facts.target != nullptr || facts.looked) return std::nullopt;
  return Plan{Plan::Action::inspect, "TargetNotSeen", ""};
}

bool carries_our_mark(const Facts& facts, const Target& target) {
  return target.owner_uid == facts.binding.uid || target.binding == facts.binding.key.name;
}

std::optional<Plan> target_foreign(const Facts& facts) {
  const Target* const target = facts.target;
  if (target == nullptr) return std::nullopt;
  const auto name = target->key.str();
  // Who comes here has no older rival: another binding that owns the target has left it or lost it.
  const bool owned = !target->owner_uid.empty();
  const bool heir = owned && target->owner_kind == kube::kBindings.kind;
  if (owned && target->owner_uid != facts.binding.uid && !heir) {
    return Plan{
        Plan::Action::stop, "TargetNotOurs",
        fmt::format(
            "Secret {} is owned by {} {}: choose another spec.targetSecretName or delete that "
            "owner",
            name, target->owner_kind, target->owner_name)};
  }
  const bool ours = target->labelled || heir || carries_our_mark(facts, *target);
  if (ours || facts.binding.target.creation == CreationPolicy::merge) return std::nullopt;
  return Plan{
      Plan::Action::stop, "TargetNotOurs",
      fmt::format(
          "Secret {} exists and is not managed by EDSM: choose another spec.targetSecretName, "
          "delete it, hand it over with the label eventdrivensecretsmanaged=true, or use "
          "creationPolicy Merge",
          name)};
}

std::optional<Plan> target_missing(const Facts& facts) {
  if (facts.target != nullptr) return std::nullopt;
  Plan plan{Plan::Action::fetch, "TargetMissing", "the Secret does not exist"};
  // With another spec it may be another Secret that was there.
  if (applied_before(facts) && facts.applied.generation == facts.binding.generation) {
    plan.drift = true;
    plan.message =
        "the Secret was deleted (Kubernetes does not record by whom; the audit log does)";
  }
  return plan;
}

/// A target with the resourceVersion that we wrote or verified last needs no look, unless the spec
/// asks for something else now (its type and labels are not in the metadata that is kept), or its
/// digest tells nothing, because the key was lost.
std::optional<Plan> target_touched(const Facts& facts) {
  const bool untouched = facts.target->resource_version == facts.applied.resource_version &&
                         facts.applied.generation == facts.binding.generation &&
                         facts.digester.knows(facts.target->digest);
  if (untouched || facts.inspection != nullptr) return std::nullopt;
  return Plan{Plan::Action::inspect, "TargetTouched", ""};
}

std::optional<Plan> wrong_type(const Facts& facts) {
  if (facts.inspection == nullptr || facts.inspection->type == facts.binding.shape.type)
    return std::nullopt;
  return Plan{
      Plan::Action::stop, "TargetTypeMismatch",
      fmt::format(
          "Secret {} has type {}, spec.target.type is {}, and Kubernetes cannot change the type: "
          "delete the Secret, EDSM then creates it with the right type",
          facts.target->key.str(), facts.inspection->type, facts.binding.shape.type)};
}

/// Drift: the target holds something else than what we recorded with a key that only we have.
std::optional<Plan> target_drifted(const Facts& facts) {
  const auto* const seen = facts.inspection;
  if (seen == nullptr) return std::nullopt;
  const bool marks_removed = seen->target.digest.empty() && applied_before(facts);
  if (!marks_removed && !facts.digester.knows(seen->target.digest)) return std::nullopt;
  const std::string who = seen->last_writer.empty()
                              ? "by nobody that Kubernetes recorded (see the audit log)"
                              : fmt::format("by field manager \"{}\"", seen->last_writer);
  const auto drift = [&](std::string_view what) {
    return Plan{Plan::Action::fetch, "Drift", fmt::format("{} {}", what, who), true};
  };
  if (marks_removed) return drift("EDSM's annotations were removed");
  if (seen->actual_digest != seen->target.digest) return drift("the data was changed");
  const auto& applied = facts.applied.hash;
  if (!applied.empty() && facts.digester.knows(applied) && applied != seen->target.digest) {
    return Plan{Plan::Action::fetch, "Unverified",
                "the recorded digest is not the last one applied"};
  }
  if (!seen->target.labelled) return drift("the label eventdrivensecretsmanaged was removed");
  const bool owner = facts.binding.target.creation == CreationPolicy::owner;
  if (owner && seen->target.owner_uid.empty()) return drift("the owner reference was removed");
  if (facts.applied.generation == facts.binding.generation) {
    const auto& wished = facts.binding.target;
    if (!contains_all(seen->labels, wished.labels)) return drift("a label was changed");
    if (!contains_all(seen->annotations, wished.annotations))
      return drift("an annotation was changed");
  }
  return std::nullopt;
}

std::optional<Plan> must_fetch(const Facts& facts) {
  const auto because = [](std::string_view reason) {
    return Plan{Plan::Action::fetch, std::string(reason), ""};
  };
  const Target& target = *facts.target;
  if (!facts.digester.knows(target.digest)) return because("UnknownDigest");
  if (facts.applied.generation != facts.binding.generation) return because("SpecChanged");
  if (target.source != facts.source_id) return because("SourceChanged");
  if (facts.binding.sync_request != facts.applied.sync_request) return because("SyncRequested");
  if (facts.wishes.fetch) return because("Retry");
  const auto& hinted = facts.wishes.hinted->version;
  const bool older = base::planted(base::Bug::order_versions) && hinted < target.version;
  if (!hinted.empty() && hinted != target.version && !older) return because("Event");
  const auto& swept = facts.wishes.swept_version;
  const bool believed = base::planted(base::Bug::sweep_believes_the_list);
  if (!swept.empty() && !cloud::may_be(swept, target.version) && !believed) return because("Sweep");
  return std::nullopt;
}

constexpr std::array<Check, 11> kChecks = {
    being_deleted,  paused,         spec_invalid,   not_allowed, has_rival,     target_not_seen,
    target_foreign, target_missing, target_touched, wrong_type,  target_drifted};

}  // namespace

void Wishes::hint(Hinted next) {
  const auto& known = hinted->version;
  if (next.version.empty() || (!known.empty() && known != next.version)) fetch = true;
  const bool news = !next.version.empty() && known != next.version;
  if (news || !hinted->received) hinted = std::move(next);
}

void Wishes::join(const Wishes& earlier) {
  fetch = fetch || earlier.fetch;
  const auto later = *std::exchange(hinted, earlier.hinted);
  if (later != Hinted()) hint(later);
  if (swept_version.empty()) swept_version = earlier.swept_version;
}

Applied applied_from(const BindingStatus& status) {
  Applied applied;
  const auto* const synced = status.condition("Synced");
  if (synced != nullptr && synced->status == "True") {
    applied.generation = status.observed_generation;
  }
  applied.hash = status.applied_hash;
  applied.version = status.synced_version;
  applied.resource_version = status.target_resource_version;
  applied.sync_request = status.handled_sync_request;
  if (!base::planted(base::Bug::forget_the_change_time)) {
    applied.changed_at = status.last_changed_time;
  }
  return applied;
}

Plan plan(const Facts& facts) {
  for (const auto check : kChecks) {
    if (auto decided = check(facts)) return std::move(*decided);
  }
  if (auto decided = must_fetch(facts)) return std::move(*decided);
  return Plan{Plan::Action::settle, "Synced", ""};
}

}  // namespace edsm::sync
