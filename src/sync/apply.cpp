#include "sync/apply.hpp"

#include <algorithm>

#include "base/json_writer.hpp"
#include "kube/api.hpp"
#include "sync/names.hpp"

namespace edsm::sync {
namespace {

using base::JsonWriter;

bool merges(const Desired& desired) {
  return desired.binding.target.creation == CreationPolicy::merge;
}

std::string key_list(const ShapedData& data) {
  JsonWriter json;
  json.begin_array();
  for (const auto& item : data.items) json.string(item.first);
  json.end_array();
  return std::string(json.bytes().view());
}

/// Owner: our reference is there, in the place of one that was left behind. Orphan: it is not (any
/// more). Merge leaves owners alone.
void write_owner(JsonWriter& json, const Binding& binding, const Target* current) {
  const bool owner = binding.target.creation == CreationPolicy::owner;
  const bool disowned = !owner && current != nullptr && current->owner_uid == binding.uid;
  const bool inherited = owner && current != nullptr && !current->owner_uid.empty() &&
                         current->owner_uid != binding.uid;
  if (!owner && !disowned) return;
  json.key("ownerReferences").begin_array();
  if (owner) {
    json.begin_object();
    json.member("apiVersion", kube::kBindings.api_version()).member("kind", kube::kBindings.kind);
    json.member("name", binding.key.name).member("uid", binding.uid);
    json.key("controller").boolean(true);
    json.end_object();
  }
  if (disowned || inherited) {
    json.begin_object().member("$patch", "delete").member("uid", current->owner_uid).end_object();
  }
  json.end_array();
}

void write_marks(JsonWriter& json, const Desired& desired, const Target* current) {
  const auto& target = desired.binding.target;
  json.key("labels").begin_object();
  for (const auto& [name, value] : *target.labels) json.member(name, value);
  json.member(kManagedLabel, "true");
  json.end_object();

  json.key("annotations").begin_object();
  for (const auto& [name, value] : *target.annotations) json.member(name, value);
  json.member(kVersionAnnotation, desired.version);
  json.member(kDigestAnnotation, desired.digest);
  json.member(kSourceAnnotation, desired.source);
  json.member(kBindingAnnotation, desired.binding.key.str());
  if (!desired.changed_at.empty()) json.member(kChangedAtAnnotation, desired.changed_at);
  if (merges(desired)) {
    json.member(kKeysAnnotation, key_list(desired.data));
  } else if (current != nullptr && !current->keys->empty()) {
    json.key(kKeysAnnotation).null();  // it was shared before: now all keys are the binding's
  }
  json.end_object();

  write_owner(json, desired.binding, current);
}

void write_data(JsonWriter& json, const Desired& desired, const Target* current) {
  json.key("data").begin_object();
  if (current != nullptr && merges(desired)) {
    for (const auto& key : *current->keys) {
      const bool kept = std::ranges::any_of(desired.data.items,
                                            [&](const auto& item) { return item.first == key; });
      if (!kept) json.key(key).null();
    }
  } else if (current != nullptr && !desired.onto_nothing) {
    json.member("$patch", "replace");
  }
  for (const auto& [key, bytes] : desired.data.items) json.key(key).base64(bytes.view());
  json.end_object();
}

/// The size of the request, so that the buffer with the values does not grow step by step.
JsonWriter writer_for(const Desired& desired) {
  std::size_t size = 4096;
  for (const auto& [key, bytes] : desired.data.items)
    size += key.size() + bytes.size() * 4 / 3 + 16;
  return JsonWriter(size);
}

}  // namespace

base::SecretBytes create_body(const Desired& desired) {
  auto json = writer_for(desired);
  json.begin_object().member("apiVersion", "v1").member("kind", "Secret");
  json.member("type", desired.data.type);
  json.key("metadata").begin_object();
  json.member("name", desired.binding.target.name).member("namespace", desired.binding.key.ns);
  write_marks(json, desired, nullptr);
  json.end_object();
  write_data(json, desired, nullptr);
  json.end_object();
  return std::move(json).take();
}

base::SecretBytes update_body(const Desired& desired, const Target& current, bool with_data) {
  auto json = writer_for(desired);
  json.begin_object();
  json.key("metadata").begin_object();
  json.member("uid", current.uid).member("resourceVersion", current.resource_version);
  write_marks(json, desired, &current);
  json.end_object();
  if (with_data) write_data(json, desired, &current);
  json.end_object();
  return std::move(json).take();
}

bool contains_all(const std::map<std::string, std::string>& found,
                  const std::map<std::string, std::string>& wished) {
  return std::ranges::all_of(wished, [&](const auto& item) {
    const auto at = found.find(item.first);
    return at != found.end() && at->second == item.second;
  });
}

bool metadata_outdated(const Desired& desired, const Target& current,
                       const Inspection* inspection) {
  const auto& wished = desired.binding.target;
  const bool owner_wanted = wished.creation == CreationPolicy::owner;
  const bool owner_right = owner_wanted == (current.owner_uid == desired.binding.uid);
  const bool labels_right =
      inspection == nullptr || (contains_all(inspection->labels, wished.labels) &&
                                contains_all(inspection->annotations, wished.annotations));
  return !current.labelled || !owner_right || !labels_right || current.version != desired.version ||
         current.digest != desired.digest || current.source != desired.source ||
         current.binding != desired.binding.key.name || current.changed_at != desired.changed_at ||
         (!merges(desired) && !current.keys->empty());
}

}  // namespace edsm::sync
