#include "sync/rollout.hpp"

#include "base/json_writer.hpp"
#include "base/planted.hpp"
#include "base/time.hpp"
#include "sync/names.hpp"

namespace edsm::sync {
namespace {

/// Creation is known in whole seconds only: within the same second the change may have been later.
bool changed_since_creation(const Target& target, const Workload& workload) {
  const auto changed = base::parse_rfc3339(target.changed_at);
  return changed && std::chrono::floor<std::chrono::seconds>(*changed) >=
                        std::chrono::floor<std::chrono::seconds>(workload.created);
}

bool must_restart(const Workload& workload, const RolloutRecord* record, const Target& target,
                  const Digester& digester) {
  if (record == nullptr) {
    return !base::planted(base::Bug::wrong_baseline) && changed_since_creation(target, workload);
  }
  if (base::planted(base::Bug::heal_restarts) && record->changed_at != target.changed_at)
    return true;
  if (record->digest == target.digest) return false;
  if (digester.knows(record->digest)) return true;
  if (base::planted(base::Bug::unknown_key_restarts)) return true;
  return record->changed_at != target.changed_at;
}

}  // namespace

RolloutDecision decide_rollout(const Workload& workload, const TargetLookup& find_target,
                               const Digester& digester) {
  RolloutDecision decision;
  if (!workload.annotation_error.empty()) {
    // Nobody knows what it names: without its records, a correction would restart it for nothing.
    decision.records = workload.records;
    return decision;
  }
  for (const auto& secret : workload.secrets) {
    const auto recorded = workload.records.find(secret);
    const RolloutRecord* const record =
        recorded == workload.records.end() ? nullptr : &recorded->second;
    const Target* const target = find_target({workload.key.ns, secret});
    const bool usable = target != nullptr && digester.knows(target->digest);
    if (!usable) {
      // It may be written again soon; the record must not be lost.
      if (record != nullptr) decision.records.emplace(secret, *record);
      decision.unknown.push_back(secret);
      continue;
    }
    if (must_restart(workload, record, *target, digester)) {
      decision.restart_for.push_back(secret);
      // Both are our own time stamps, in one format: text order is time order.
      const bool behind = record != nullptr && target->changed_at < record->changed_at;
      if (behind) decision.doubtful.push_back(secret);
    }
    const bool same = record != nullptr && record->digest == target->digest &&
                      !base::planted(base::Bug::heal_restarts);
    decision.records.emplace(secret,
                             same ? *record : RolloutRecord{target->digest, target->changed_at});
  }
  decision.write = decision.records != workload.records;
  return decision;
}

base::SecretBytes rollout_patch(const Workload& workload, const RolloutDecision& decision,
                                const Digester& digester) {
  const std::string records = write_records(decision.records);
  base::JsonWriter json;
  json.begin_object();
  json.key("metadata").begin_object();
  json.member("uid", workload.uid);
  if (!base::planted(base::Bug::no_precondition)) {
    json.member("resourceVersion", workload.resource_version);
  }
  json.key("annotations").begin_object().member(kRolledOutAnnotation, records).end_object();
  json.end_object();
  if (decision.restart()) {
    json.key("spec").begin_object().key("template").begin_object().key("metadata").begin_object();
    json.key("annotations")
        .begin_object()
        .member(kTemplateAnnotation, digester.combine(records))
        .end_object();
    json.end_object().end_object().end_object();
  }
  json.end_object();
  return std::move(json).take();
}

}  // namespace edsm::sync
