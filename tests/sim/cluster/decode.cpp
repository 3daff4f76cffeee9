#include <algorithm>
#include <array>
#include <cstddef>
#include <optional>
#include <utility>

#include <boost/json/array.hpp>
#include <fmt/format.h>

#include "sim/cluster/validation.hpp"

namespace edsm::sim {
namespace {

constexpr std::array<std::string_view, 14> kMetadataMembers{"name",
                                                            "generateName",
                                                            "namespace",
                                                            "uid",
                                                            "generation",
                                                            "labels",
                                                            "resourceVersion",
                                                            "annotations",
                                                            "finalizers",
                                                            "managedFields",
                                                            "ownerReferences",
                                                            "creationTimestamp",
                                                            "deletionTimestamp",
                                                            "deletionGracePeriodSeconds"};

bool is_alphanumeric(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

void drop_empty(Object& object, std::string_view member) {
  const Value* const value = object.if_contains(member);
  if (value == nullptr) return;
  const bool empty = value->is_null() || (value->is_object() && value->get_object().empty()) ||
                     (value->is_array() && value->get_array().empty());
  if (empty) object.erase(member);
}

void keep_only(Object& object, const auto& known, auto also) {
  for (auto member = object.begin(); member != object.end();) {
    const std::string_view name = member->key();
    const bool keep = std::ranges::find(known, name) != std::ranges::end(known) || also(name);
    member = keep ? std::next(member) : object.erase(member);
  }
}

Refusal undecodable(const Kind& kind, std::string_view why) {
  return bad_request(fmt::format("{} in version \"{}\" cannot be handled as a {}: {}",
                                 kind.resource.kind, kind.resource.version, kind.resource.kind,
                                 why));
}

/// Where Go's decoder stops at what is not base64; nothing if it is.
std::optional<std::size_t> bad_base64(std::string_view text) {
  const auto is_digit = [](char c) { return is_alphanumeric(c) || c == '+' || c == '/'; };
  std::size_t at = 0;
  while (at < text.size() && is_digit(text[at])) ++at;
  const std::size_t place = at % 4;
  if (at == text.size()) return place == 0 ? std::nullopt : std::optional(at - place);
  if (text[at] != '=' || place < 2) return at;
  const std::size_t end = at + 4 - place;  // behind the padding
  if (place == 2 && at + 1 == text.size()) return text.size();
  if (place == 2 && text[at + 1] != '=') return at + 1;
  if (text.size() > end) return end;
  return std::nullopt;
}

std::string_view go_name(const Value& value) {
  if (value.is_object()) return "object";
  if (value.is_array()) return "array";
  if (value.is_bool()) return "bool";
  return value.is_string() ? "string" : "number";
}

Outcome<void> decode_secret(const Kind& kind, Object& object) {
  drop_empty(object, "data");
  if (text_of(object, "type").empty()) object["type"] = "Opaque";
  if (Value* const data = object.if_contains("data")) {
    if (!data->is_object()) {
      return std::unexpected(undecodable(
          kind, fmt::format("json: cannot unmarshal {} into Go struct field Secret.data of type "
                            "map[string][]uint8",
                            go_name(*data))));
    }
    for (auto& [key, value] : data->get_object()) {
      if (value.is_null()) value = "";
      if (!value.is_string()) {
        return std::unexpected(undecodable(
            kind, fmt::format("json: cannot unmarshal {} into Go struct field Secret.data of type "
                              "[]uint8",
                              go_name(value))));
      }
      if (const auto at = bad_base64({value.get_string().data(), value.get_string().size()})) {
        return std::unexpected(
            undecodable(kind, fmt::format("illegal base64 data at input byte {}", *at)));
      }
    }
  }
  return {};
}

/// The defaults of config/crd/bases.
void default_binding(Object& object) {
  Object* const spec = map_of(object, "spec");
  if (spec == nullptr) return;
  const auto set = [](Object& at, std::string_view name, std::string_view value) {
    if (!at.contains(name)) at[name] = value;
  };
  set(*spec, "format", "Auto");
  set(*spec, "rawKey", "value");
  Value& target = (*spec)["target"];
  if (!target.is_object()) target = Object();
  set(target.get_object(), "type", "Opaque");
  set(target.get_object(), "creationPolicy", "Owner");
  set(target.get_object(), "deletionPolicy", "Retain");
  if (!object.contains("status")) object["status"] = Object{{"observedGeneration", -1}};
}

/// What of the old times an Event still shows.
void default_event(Object& object) {
  for (const std::string_view member : {"deprecatedFirstTimestamp", "deprecatedLastTimestamp"}) {
    if (!object.contains(member)) object[member] = nullptr;
  }
  if (!object.contains("deprecatedSource")) object["deprecatedSource"] = Object();
  if (!object.contains("regarding")) object["regarding"] = Object();
}

/// The one default of workloads that is worth having; a real server sets dozens.
void default_workload(const Kind& kind, Object& object) {
  Object* const spec = map_of(object, "spec");
  if (spec == nullptr || kind.resource.plural == "daemonsets") return;
  if (!spec->contains("replicas")) (*spec)["replicas"] = 1;
}

}  // namespace

Outcome<void> decode(const Kind& kind, Object& object) {
  keep_only(object, kind.members, [](std::string_view name) { return name == "metadata"; });
  Object& metadata = metadata_of(object);
  keep_only(metadata, kMetadataMembers, [](std::string_view) { return false; });
  for (const std::string_view member :
       {"labels", "annotations", "ownerReferences", "finalizers", "managedFields"}) {
    drop_empty(metadata, member);
  }
  for (const std::string_view member : {"labels", "annotations"}) {
    const Object* const map = map_of(metadata, member);
    const bool strings = map == nullptr || std::ranges::all_of(*map, [](const auto& item) {
                           return item.value().is_string();
                         });
    if (!strings) {
      return std::unexpected(undecodable(
          kind, fmt::format("json: cannot unmarshal into Go struct field ObjectMeta.metadata.{} "
                            "of type string",
                            member)));
    }
  }
  if (&kind == &kind_of(kube::kSecrets)) return decode_secret(kind, object);
  if (&kind == &kind_of(kube::kBindings)) default_binding(object);
  if (kind.resource.plural == "events") default_event(object);
  if (kind.resource.group == "apps") default_workload(kind, object);
  return {};
}

}  // namespace edsm::sim
