#include "sync/status.hpp"

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
  return kube::clean_text(report.message, kMaxMessage);
}

std::string_view truth(bool value) {
  return value ? "True" : "False";
}

Condition condition(const Binding& binding, std::string_view type, std::string_view status,
                    const Report& report, base::WallTime now) {
  Condition made;
  made.type = type;
  made.status = status;
  made.reason = report.reason;
  made.message = message_of(report);
  made.observed_generation = binding.generation;
  const auto* const before = binding.status.condition(type);
  const bool same = before != nullptr && before->status == status;
  made.last_transition_time = same ? before->last_transition_time : base::rfc3339(now);
  return made;
}

}  // namespace

BindingStatus wished_status(const Binding& binding, const Report& report, const Applied& applied,
                            base::WallTime now) {
  if (report.state == Report::State::unknown) return binding.status;
  BindingStatus status = binding.status;
  const bool synced = report.state == Report::State::synced;
  status.observed_generation = binding.generation;
  status.applied_hash = applied.hash;
  status.target_resource_version = applied.resource_version;
  status.handled_sync_request = applied.sync_request;
  const bool news = status.synced_version != applied.version || status.last_synced_time.empty();
  if (synced && news) status.last_synced_time = base::rfc3339(now);
  status.synced_version = applied.version;
  status.reason = report.reason;
  status.message = message_of(report);
  status.conditions = {
      condition(binding, "Ready", truth(synced), report, now),
      condition(binding, "Synced", truth(synced), report, now),
      condition(binding, "Stalled", truth(report.state == Report::State::stalled), report, now)};
  return status;
}

base::SecretBytes status_patch(const Binding& binding, const BindingStatus& status) {
  base::JsonWriter json;
  const auto optional_member = [&](std::string_view name, const std::string& text) {
    if (!text.empty()) json.member(name, text);
  };
  json.begin_array();
  json.begin_object().member("op", "test").member("path", "/metadata/uid");
  json.member("value", binding.uid).end_object();
  json.begin_object().member("op", "add").member("path", "/status");
  json.key("value").begin_object();
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
  json.end_object();
  json.end_array();
  return std::move(json).take();
}

}  // namespace edsm::sync
