#include "sync/status.hpp"

#include <functional>
#include <string_view>

#include "base/json_writer.hpp"
#include "base/time.hpp"
#include "kube/event_series.hpp"

namespace edsm::sync {
namespace {

/// Kubernetes' limit for a condition's message; ours is far below.
constexpr std::size_t kMaxMessage = 4096;

/// What is stored must be what was sent, or the status would be written again and again: so it is
/// UTF-8, also where it is cut.
std::string message_of(const Report& report) {
  return kube::clean_text(*report.message, kMaxMessage);
}

std::string_view truth(bool value) {
  return value ? "True" : "False";
}

Condition condition(const Binding& binding, std::size_t type, std::string_view status,
                    const Report& report, base::WallTime now) {
  Condition made;
  made.type = SeenStatus::kTypes.at(type);
  made.status = status;
  made.reason = report.reason.view();
  made.message = message_of(report);
  made.observed_generation = binding.generation;
  const auto& before = binding.status.turns.at(type);
  made.last_transition_time = before.status == status ? before.since.str() : base::rfc3339(now);
  return made;
}

void write_status(base::JsonWriter& json, const BindingStatus& status) {
  const auto optional_member = [&](std::string_view name, const std::string& text) {
    if (!text.empty()) json.member(name, text);
  };
  json.begin_object();
  json.key("observedGeneration").number(status.observed_generation);
  optional_member("lastAppliedSecretHash", status.applied_hash);
  optional_member("syncedVersion", status.synced_version);
  optional_member("targetResourceVersion", status.target_resource_version);
  optional_member("handledSyncRequest", status.handled_sync_request);
  optional_member("lastSyncedTime", status.last_synced_time);
  json.member("reason", status.reason).member("message", status.message);
  json.key("conditions").begin_array();
  for (const auto& item : status.conditions) {
    json.begin_object();
    json.member("type", item.type).member("status", item.status).member("reason", item.reason);
    json.member("message", item.message).member("lastTransitionTime", item.last_transition_time);
    json.key("observedGeneration").number(item.observed_generation);
    json.end_object();
  }
  json.end_array();
  json.end_object();
}

std::uint64_t fingerprint_of(const BindingStatus& status) {
  base::JsonWriter json;
  write_status(json, status);
  return std::hash<std::string_view>()(json.bytes().view());
}

}  // namespace

BindingStatus wished_status(const Binding& binding, const Report& report, const Applied& applied,
                            base::WallTime now) {
  BindingStatus status;
  const bool synced = report.state == Report::State::synced;
  status.observed_generation = binding.generation;
  status.applied_hash = applied.hash.view();
  status.target_resource_version = applied.resource_version.view();
  status.handled_sync_request = applied.sync_request.view();
  const auto& before = binding.status;
  const bool news = before.synced_version != applied.version || before.last_synced_time.empty();
  status.last_synced_time = synced && news ? base::rfc3339(now) : before.last_synced_time.str();
  status.synced_version = applied.version.view();
  status.reason = report.reason.view();
  status.message = message_of(report);
  status.conditions = {
      condition(binding, 0, truth(synced), report, now),
      condition(binding, 1, truth(synced), report, now),
      condition(binding, 2, truth(report.state == Report::State::stalled), report, now)};
  return status;
}

std::optional<BindingStatus> due_status(const Binding& binding, const Report& report,
                                        const Applied& applied, base::WallTime now) {
  if (report.state == Report::State::unknown || report.shown) return std::nullopt;
  auto wished = wished_status(binding, report, applied, now);
  if (binding.status.says(wished)) return std::nullopt;
  return wished;
}

SeenStatus::SeenStatus(const BindingStatus& status)
    : fingerprint(fingerprint_of(status)),
      observed_generation(status.observed_generation),
      applied_hash(status.applied_hash),
      synced_version(status.synced_version),
      target_resource_version(status.target_resource_version),
      handled_sync_request(status.handled_sync_request),
      last_synced_time(status.last_synced_time) {
  for (std::size_t type = 0; type < kTypes.size(); ++type) {
    const auto* const condition = status.condition(kTypes.at(type));
    if (condition != nullptr) turns.at(type) = {condition->status, condition->last_transition_time};
  }
}

bool SeenStatus::says(const BindingStatus& status) const {
  return fingerprint == fingerprint_of(status);
}

base::SecretBytes status_patch(const Binding& binding, const BindingStatus& status) {
  base::JsonWriter json;
  json.begin_array();
  json.begin_object().member("op", "test").member("path", "/metadata/uid");
  json.member("value", binding.uid).end_object();
  json.begin_object().member("op", "add").member("path", "/status");
  json.key("value");
  write_status(json, status);
  json.end_object();
  json.end_array();
  return std::move(json).take();
}

}  // namespace edsm::sync
