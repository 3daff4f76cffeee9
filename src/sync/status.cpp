#include "sync/status.hpp"

#include <functional>
#include <string_view>

#include "base/json_writer.hpp"
#include "base/time.hpp"
#include "kube/event_series.hpp"
#include "sync/pause.hpp"

namespace edsm::sync {
namespace {

/// Kubernetes' limit for a condition's message; ours is far below.
constexpr std::size_t kMaxMessage = 4096;

/// What is stored must be what was sent, or the status would be written again and again: so it is
/// UTF-8, also where it is cut.
std::string message_of(std::string_view text) {
  return kube::clean_text(text, kMaxMessage);
}

std::string_view truth(bool value) {
  return value ? "True" : "False";
}

/// Their places in SeenStatus::kTypes.
enum Type : std::size_t { kReady, kSynced, kStalled, kPaused };

struct Words {
  std::string_view reason;
  std::string_view message;
};

Condition condition(const Binding& binding, Type type, std::string_view status, Words words,
                    base::WallTime now) {
  Condition made;
  made.type = SeenStatus::kTypes.at(type);
  made.status = status;
  made.reason = words.reason;
  made.message = message_of(words.message);
  made.observed_generation = binding.generation;
  const auto& before = binding.status;
  const bool turned = before.truths.at(type) != SeenStatus::truth_of(status);
  made.last_transition_time = turned ? base::rfc3339(now) : before.since.at(type).str();
  return made;
}

/// Shown as long as the annotation means something: a pause that is over is like none.
void show_pause(BindingStatus& status, const Binding& binding, base::WallTime now) {
  const auto pause = judge_pause(binding.paused_until, now);
  std::erase_if(status.conditions,
                [](const Condition& each) { return each.type == SeenStatus::kTypes.at(kPaused); });
  const bool malformed = pause.state == Pause::State::malformed;
  if (!pause.holds() && !malformed) return;
  const auto text = describe_pause(pause, binding.paused_until);
  const Words words{malformed ? "InvalidPause" : "Paused", text};
  status.conditions.push_back(condition(binding, kPaused, truth(pause.holds()), words, now));
}

/// The status as it stands, and that the binding is paused; of one that nobody has looked at before
/// nothing else is known.
BindingStatus paused_status(const Binding& binding, base::WallTime now) {
  BindingStatus status = binding.words;
  if (status.conditions.empty()) {
    const auto text = describe_pause(judge_pause(binding.paused_until, now), binding.paused_until);
    const Words words{"Paused", text};
    status.observed_generation = binding.generation;
    status.reason = words.reason;
    status.message = message_of(text);
    status.conditions = {condition(binding, kReady, "Unknown", words, now),
                         condition(binding, kSynced, "Unknown", words, now),
                         condition(binding, kStalled, "False", words, now)};
  }
  show_pause(status, binding, now);
  return status;
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
  optional_member("lastChangedTime", status.last_changed_time);
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
  status.last_changed_time = applied.changed_at.view();
  status.reason = report.reason.view();
  status.message = message_of(*report.message);
  const Words words{report.reason, *report.message};
  status.conditions = {
      condition(binding, kReady, truth(synced), words, now),
      condition(binding, kSynced, truth(synced), words, now),
      condition(binding, kStalled, truth(report.state == Report::State::stalled), words, now)};
  show_pause(status, binding, now);
  return status;
}

std::optional<BindingStatus> due_status(const Binding& binding, const Report& report,
                                        const Applied& applied, base::WallTime now) {
  const bool news = report.state != Report::State::unknown && !report.shown;
  if (!news && !judge_pause(binding.paused_until, now).holds()) return std::nullopt;
  auto wished = news ? wished_status(binding, report, applied, now) : paused_status(binding, now);
  if (binding.status.says(wished)) return std::nullopt;
  return wished;
}

SeenStatus::SeenStatus(const BindingStatus& status)
    : fingerprint(fingerprint_of(status)),
      synced_version(status.synced_version),
      last_synced_time(status.last_synced_time) {
  for (std::size_t type = 0; type < kTypes.size(); ++type) {
    const auto* const condition = status.condition(kTypes.at(type));
    if (condition == nullptr) continue;
    since.at(type) = condition->last_transition_time;
    truths.at(type) = truth_of(condition->status);
  }
}

SeenStatus::Truth SeenStatus::truth_of(std::string_view status) {
  if (status == "True") return Truth::yes;
  if (status == "False") return Truth::no;
  return status == "Unknown" ? Truth::unknown : Truth::unsaid;
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
