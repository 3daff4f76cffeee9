#include "sync/binding.hpp"

#include <algorithm>
#include <utility>

#include "base/json.hpp"
#include "base/time.hpp"
#include "sync/names.hpp"

namespace edsm::sync {
namespace {

using base::string_at;

std::string text(const boost::json::value& value, std::string_view path,
                 std::string_view otherwise = {}) {
  const auto found = string_at(value, path);
  return std::string(found.empty() ? otherwise : found);
}

StringMap string_map(const boost::json::value& value, std::string_view path) {
  StringMap map;
  const auto* const object = base::object_at(value, path);
  if (object == nullptr) return map;
  for (const auto& [name, member] : *object) {
    if (member.is_string()) map.emplace(name, member.get_string());
  }
  return map;
}

ValueFormat format_of(std::string_view name) {
  if (name == "JSON") return ValueFormat::json;
  if (name == "Text") return ValueFormat::text;
  if (name == "Binary") return ValueFormat::binary;
  return ValueFormat::automatic;
}

CreationPolicy creation_of(std::string_view name) {
  if (name == "Orphan") return CreationPolicy::orphan;
  if (name == "Merge") return CreationPolicy::merge;
  return CreationPolicy::owner;
}

/// Annotation names hold dots, so they are no path.
std::string_view annotation(const boost::json::value& object, std::string_view name) {
  const auto* const all = base::find_path(object, "metadata.annotations");
  const auto* const found = all == nullptr ? nullptr : base::find(*all, name);
  if (found == nullptr || !found->is_string()) return {};
  return found->get_string();
}

Selections selections(const boost::json::value& object) {
  Selections keys;
  const auto* const data = base::array_at(object, "spec.data");
  if (data == nullptr) return keys;
  for (const auto& item : *data) keys.push_back({text(item, "secretKey"), text(item, "property")});
  return keys;
}

}  // namespace

BindingStatus decode_status(const boost::json::value& object) {
  BindingStatus status;
  status.observed_generation = base::int_at(object, "status.observedGeneration").value_or(-1);
  status.applied_hash = text(object, "status.lastAppliedSecretHash");
  status.synced_version = text(object, "status.syncedVersion");
  status.target_resource_version = text(object, "status.targetResourceVersion");
  status.handled_sync_request = text(object, "status.handledSyncRequest");
  status.last_changed_time = text(object, "status.lastChangedTime");
  status.last_synced_time = text(object, "status.lastSyncedTime");
  status.reason = text(object, "status.reason");
  status.message = text(object, "status.message");
  const auto* const conditions = base::array_at(object, "status.conditions");
  if (conditions == nullptr) return status;
  for (const auto& item : *conditions) {
    status.conditions.push_back({text(item, "type"), text(item, "status"), text(item, "reason"),
                                 text(item, "message"), text(item, "lastTransitionTime"),
                                 base::int_at(item, "observedGeneration").value_or(0)});
  }
  return status;
}

const Condition* BindingStatus::condition(std::string_view type) const {
  const auto found = std::ranges::find(conditions, type, &Condition::type);
  return found == conditions.end() ? nullptr : &*found;
}

Binding decode_binding(const boost::json::value& object) {
  Binding binding;
  binding.key = {text(object, "metadata.namespace"), text(object, "metadata.name")};
  binding.uid = string_at(object, "metadata.uid");
  binding.generation = base::int_at(object, "metadata.generation").value_or(0);
  binding.created = base::parse_rfc3339(string_at(object, "metadata.creationTimestamp"))
                        .value_or(base::WallTime());
  binding.deleting = !string_at(object, "metadata.deletionTimestamp").empty();
  binding.provider = string_at(object, "spec.cloudProvider");
  binding.query = cloud::SecretQuery{text(object, "spec.secretPath"),
                                     string_map(object, "spec.cloudProviderOptions"), binding.key};
  binding.target.name = string_at(object, "spec.targetSecretName");
  binding.target.labels = string_map(object, "spec.target.labels");
  binding.target.annotations = string_map(object, "spec.target.annotations");
  binding.target.creation = creation_of(string_at(object, "spec.target.creationPolicy"));
  if (string_at(object, "spec.target.deletionPolicy") == "Delete") {
    binding.target.deletion = DeletionPolicy::remove;
  }
  binding.shape.format = format_of(string_at(object, "spec.format"));
  binding.shape.raw_key = text(object, "spec.rawKey", "value");
  binding.shape.type = text(object, "spec.target.type", "Opaque");
  binding.shape.data = selections(object);
  binding.sync_request = annotation(object, kSyncRequestAnnotation);
  binding.paused_until = annotation(object, kPausedUntilAnnotation);
  auto status = decode_status(object);
  binding.status = status;
  if (!binding.paused_until.empty()) binding.words = std::move(status);
  return binding;
}

}  // namespace edsm::sync
