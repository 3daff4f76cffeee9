#include <algorithm>
#include <set>
#include <string>

#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>
#include <fmt/format.h>

#include "sim/cluster/validation.hpp"

// apimachinery: pkg/api/validation/objectmeta.go

namespace edsm::sim {
namespace {

bool is_alphanumeric(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

bool is_subdomain(std::string_view name) {
  const auto lower = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); };
  return lower(name.front()) && lower(name.back()) &&
         std::ranges::all_of(name, [&](char c) { return lower(c) || c == '-' || c == '.'; });
}

bool is_label_value(std::string_view value) {
  if (value.empty()) return true;
  return is_alphanumeric(value.front()) && is_alphanumeric(value.back()) &&
         std::ranges::all_of(
             value, [](char c) { return is_alphanumeric(c) || c == '-' || c == '_' || c == '.'; });
}

void check_name(std::string_view name, std::vector<Cause>& causes) {
  constexpr std::string_view kField = "metadata.name";
  if (name.empty()) {
    causes.push_back({"FieldValueRequired", "Required value: name or generateName is required",
                      std::string(kField)});
    return;
  }
  if (name.size() > 253) {
    causes.push_back(
        invalid_text(std::string(kField), name, "must be no more than 253 characters"));
  }
  if (!is_subdomain(name)) {
    causes.push_back(invalid_text(
        std::string(kField), name,
        "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or "
        "'.', and must start and end with an alphanumeric character (e.g. 'example.com', regex "
        "used for validation is "
        "'[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')"));
  }
}

void check_labels(const Object& metadata, std::vector<Cause>& causes) {
  const Object* const labels = map_of(metadata, "labels");
  if (labels == nullptr) return;
  for (const auto& member : *labels) {
    const std::string_view value = text_of(*labels, member.key());
    if (value.size() > 63) {
      causes.push_back(invalid_text("metadata.labels", value, "must be no more than 63 bytes"));
    }
    if (is_label_value(value)) continue;
    causes.push_back(invalid_text(
        "metadata.labels", value,
        "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or "
        "'.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or "
        "'my_value',  or '12345', regex used for validation is "
        "'(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')"));
  }
}

bool is_controller(const Object& owner) {
  const Value* const controller = owner.if_contains("controller");
  return controller != nullptr && controller->is_bool() && controller->get_bool();
}

void check_owners(const Object& metadata, std::vector<Cause>& causes) {
  const auto* const owners = list_of(metadata, "ownerReferences");
  if (owners == nullptr) return;
  std::string first;
  std::size_t index = 0;
  for (const Value& value : *owners) {
    const std::string field = fmt::format("metadata.ownerReferences[{}]", index++);
    if (!value.is_object()) continue;
    const Object& owner = value.get_object();
    for (const std::string_view member : {"apiVersion", "kind", "name", "uid"}) {
      if (!text_of(owner, member).empty()) continue;
      causes.push_back({"FieldValueRequired", "Required value: must not be empty",
                        fmt::format("{}.{}", field, member)});
    }
    if (!is_controller(owner)) continue;
    const std::string name = fmt::format("{}/{}", text_of(owner, "kind"), text_of(owner, "name"));
    if (first.empty()) {
      first = name;
      continue;
    }
    causes.push_back(invalid_value(
        "metadata.ownerReferences", *owners,
        fmt::format("Only one reference can have Controller set to true. Found \"true\" in "
                    "references for {} and {}",
                    first, name)));
  }
}

/// What is being deleted gets no new finalizers.
void check_finalizers(const Object& old, const Object& metadata, std::vector<Cause>& causes) {
  const auto* const now = list_of(metadata, "finalizers");
  if (now == nullptr || !old.contains("deletionTimestamp")) return;
  const auto* const before = list_of(old, "finalizers");
  std::set<std::string> added;
  for (const Value& item : *now) {
    if (before == nullptr || std::ranges::find(*before, item) == before->end()) {
      added.insert(boost::json::serialize(item));
    }
  }
  if (added.empty()) return;
  std::string list;
  for (const std::string& item : added) list += (list.empty() ? "" : ", ") + item;
  causes.push_back({"FieldValueForbidden",
                    fmt::format("Forbidden: no new finalizers can be added if the object is being "
                                "deleted, found new finalizers []string{{{}}}",
                                list),
                    "metadata.finalizers"});
}

}  // namespace

void check_metadata(const Object& object, const Object* before, std::vector<Cause>& causes) {
  const Object& metadata = metadata_of(object);
  check_name(text_of(metadata, "name"), causes);
  check_labels(metadata, causes);
  check_owners(metadata, causes);
  if (before == nullptr) return;
  check_finalizers(metadata_of(*before), metadata, causes);
  const std::string_view uid = text_of(metadata, "uid");
  if (!uid.empty() && uid != text_of(metadata_of(*before), "uid")) {
    causes.push_back(invalid_text("metadata.uid", uid, "field is immutable"));
  }
}

}  // namespace edsm::sim
