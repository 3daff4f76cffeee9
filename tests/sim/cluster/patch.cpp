#include "sim/cluster/patch.hpp"

#include <algorithm>
#include <cstddef>
#include <utility>
#include <vector>

#include <fmt/format.h>

namespace edsm::sim {
namespace {

using boost::json::array;
using Result = std::expected<void, std::string>;

constexpr std::string_view kDirective = "$patch";

/// The patch strategies of the built-in types (k8s.io/api: patchStrategy and patchMergeKey).
std::string_view merge_key(std::string_view list) {
  if (list == "ownerReferences") return "uid";
  if (list == "conditions") return "type";
  if (list == "ports") return "containerPort";
  if (list == "volumeMounts") return "mountPath";
  if (list == "containers" || list == "initContainers" || list == "volumes" || list == "env" ||
      list == "imagePullSecrets") {
    return "name";
  }
  return {};
}

bool merges_scalars(std::string_view list) {
  return list == "finalizers";
}

void discard_nulls(Value& value) {
  if (auto* const object = value.if_object()) {
    for (auto member = object->begin(); member != object->end();) {
      if (member->value().is_null()) {
        member = object->erase(member);
      } else {
        discard_nulls(member->value());
        ++member;
      }
    }
  } else if (auto* const list = value.if_array()) {
    for (Value& item : *list) discard_nulls(item);
  }
}

/// False if the value itself is a directive, which has nothing to act on.
bool remove_directives(Value& value) {
  if (auto* const object = value.if_object()) {
    if (object->contains(kDirective)) return false;
    for (auto member = object->begin(); member != object->end();) {
      member = remove_directives(member->value()) ? std::next(member) : object->erase(member);
    }
  } else if (auto* const list = value.if_array()) {
    for (auto item = list->begin(); item != list->end();) {
      item = remove_directives(*item) ? std::next(item) : list->erase(item);
    }
  }
  return true;
}

Result merge_map(Object& target, Object patch);

Value* find_element(array& list, std::string_view key, const Value& id) {
  for (Value& element : list) {
    const Object* const object = element.if_object();
    const Value* const found = object == nullptr ? nullptr : object->if_contains(key);
    if (found != nullptr && *found == id) return &element;
  }
  return nullptr;
}

/// Elements of the patch keep their order, those of the server theirs; where nothing says which
/// comes first, it is the patch's.
Result merge_elements(array& target, array patch, std::string_view key) {
  const auto place_of = [&](const Value& id) {
    const Value* const found = find_element(target, key, id);
    return found == nullptr ? -1 : found - target.data();
  };
  std::vector<std::pair<std::ptrdiff_t, Value>> patched;  // with its place on the server
  std::vector<bool> named(target.size());
  for (Value& element : patch) {
    Object& object = element.get_object();
    const auto place = place_of(object.at(key));
    if (place < 0) {
      patched.emplace_back(place, std::move(element));
      continue;
    }
    Value merged = target[static_cast<std::size_t>(place)];
    if (auto done = merge_map(merged.get_object(), std::move(object)); !done) return done;
    named[static_cast<std::size_t>(place)] = true;
    patched.emplace_back(place, std::move(merged));
  }
  array result;
  std::size_t next = 0;
  for (auto& [place, element] : patched) {
    for (; next < target.size(); ++next) {
      if (named[next]) continue;
      if (static_cast<std::ptrdiff_t>(next) > place) break;
      result.push_back(std::move(target[next]));
    }
    result.push_back(std::move(element));
  }
  for (; next < target.size(); ++next) {
    if (!named[next]) result.push_back(std::move(target[next]));
  }
  target = std::move(result);
  return {};
}

Result merge_keyed(array& target, array patch, std::string_view key) {
  array rest;
  bool replace = false;
  for (Value& element : patch) {
    Object* const object = element.if_object();
    if (object == nullptr) return std::unexpected("element of a list is not a map");
    const std::string_view directive = text_of(*object, kDirective);
    const Value* const id = object->if_contains(key);
    if (directive == "replace") {
      replace = true;
      continue;
    }
    if (id == nullptr) {
      return std::unexpected(fmt::format("map: does not contain declared merge key: {}", key));
    }
    if (directive == "delete") {
      while (const Value* const found = find_element(target, key, *id)) {
        target.erase(target.begin() + (found - target.data()));
      }
      continue;
    }
    if (object->contains(kDirective))
      return std::unexpected("Unknown patch type: " + std::string(directive));
    rest.push_back(std::move(element));
  }
  if (replace) {
    target = std::move(rest);
    return {};
  }
  return merge_elements(target, std::move(rest), key);
}

void merge_scalars(array& target, array patch) {
  for (Value& item : patch) {
    if (std::ranges::find(target, item) == target.end()) target.push_back(std::move(item));
  }
}

Result merge_list(Value& target, array patch, std::string_view name) {
  if (merges_scalars(name)) {
    merge_scalars(target.get_array(), std::move(patch));
    return {};
  }
  const std::string_view key = merge_key(name);
  if (!key.empty()) return merge_keyed(target.get_array(), std::move(patch), key);
  target = std::move(patch);
  return {};
}

Result merge_map(Object& target, Object patch) {
  if (patch.contains(kDirective)) {
    const std::string directive(text_of(patch, kDirective));
    if (directive == "replace") {
      patch.erase(kDirective);
      target = std::move(patch);
    } else if (directive == "delete") {
      target.clear();
    } else {
      return std::unexpected("Unknown patch type: " + directive);
    }
    return {};
  }
  for (auto& [name, value] : patch) {
    // "$deleteFromPrimitiveList/finalizers": what kubectl's own patches may hold.
    constexpr std::string_view kDeleteFrom = "$deleteFromPrimitiveList/";
    const std::string_view member(name);
    if (member.starts_with(kDeleteFrom)) {
      Value* const list = target.if_contains(member.substr(kDeleteFrom.size()));
      if (list == nullptr || !list->is_array() || !value.is_array()) continue;
      for (const Value& item : value.get_array()) {
        const auto found = std::ranges::find(list->get_array(), item);
        if (found != list->get_array().end()) list->get_array().erase(found);
      }
      continue;
    }
    if (member.starts_with("$setElementOrder/") || member == "$retainKeys") continue;
    if (value.is_null()) {
      target.erase(member);
      continue;
    }
    Value* const there = target.if_contains(member);
    if (there == nullptr || there->kind() != value.kind() || value.is_primitive()) {
      discard_nulls(value);
      if (remove_directives(value)) {
        target[member] = std::move(value);
      } else {
        target.erase(member);
      }
      continue;
    }
    Result merged;
    if (value.is_object()) {
      merged = merge_map(there->get_object(), std::move(value.get_object()));
    } else {
      merged = merge_list(*there, std::move(value.get_array()), member);
    }
    if (!merged) return merged;
  }
  return {};
}

std::unexpected<JsonPatchError> failed(std::string text) {
  return std::unexpected(JsonPatchError{422, std::move(text)});
}

std::expected<void, JsonPatchError> put_at(Value& target, std::string_view path, Value value,
                                           bool insert) {
  const auto slash = path.rfind('/');
  boost::json::error_code error;
  const std::string_view last = path.substr(slash + 1);
  Value* const parent = target.find_pointer(path.substr(0, slash), error);
  if (parent == nullptr) return failed("doc is missing path: " + std::string(path));
  if (auto* const list = parent->if_array(); list != nullptr && insert) {
    if (last == "-") {
      list->push_back(std::move(value));
      return {};
    }
    const auto index =
        static_cast<std::size_t>(std::strtoul(std::string(last).c_str(), nullptr, 10));
    if (index > list->size()) return failed("index out of bounds: " + std::string(path));
    list->insert(list->begin() + static_cast<std::ptrdiff_t>(index), std::move(value));
    return {};
  }
  if (auto* const object = parent->if_object(); object != nullptr && insert) {
    const Value* const known = target.find_pointer(path, error);
    std::string name(last);
    for (auto at = name.find("~1"); at != std::string::npos; at = name.find("~1")) {
      name.replace(at, 2, "/");
    }
    for (auto at = name.find("~0"); at != std::string::npos; at = name.find("~0", at + 1)) {
      name.replace(at, 2, "~");
    }
    if (known == nullptr) error.clear();
    (*object)[name] = std::move(value);
    return {};
  }
  Value* const there = target.find_pointer(path, error);
  if (there == nullptr) return failed("doc is missing key: " + std::string(path));
  *there = std::move(value);
  return {};
}

std::expected<void, JsonPatchError> remove_at(Value& target, std::string_view path) {
  const auto slash = path.rfind('/');
  boost::json::error_code error;
  const Value* const there = target.find_pointer(path, error);
  if (there == nullptr) return failed("Unable to remove nonexistent key: " + std::string(path));
  Value* const parent = target.find_pointer(path.substr(0, slash), error);
  if (auto* const list = parent->if_array()) {
    list->erase(list->begin() + (there - list->data()));
  } else {
    auto& object = parent->get_object();
    const auto found =
        std::ranges::find_if(object, [&](const auto& member) { return &member.value() == there; });
    object.erase(found);
  }
  return {};
}

}  // namespace

void merge_patch(Value& target, const Value& patch) {
  const Object* const members = patch.if_object();
  if (members == nullptr) {
    target = patch;
    return;
  }
  if (!target.is_object()) target = Object();
  Object& object = target.get_object();
  for (const auto& [name, value] : *members) {
    if (value.is_null()) {
      object.erase(name);
    } else {
      merge_patch(object[name], value);
    }
  }
}

std::expected<void, std::string> strategic_merge(Object& target, Object patch) {
  return merge_map(target, std::move(patch));
}

std::expected<void, JsonPatchError> json_patch(Value& target, const Value& operations) {
  const array* const list = operations.if_array();
  if (list == nullptr) return std::unexpected(JsonPatchError{400, "a JSON patch is a list"});
  for (const Value& item : *list) {
    const Object* const operation = item.if_object();
    if (operation == nullptr) {
      return std::unexpected(JsonPatchError{400, "an operation is a map"});
    }
    const std::string_view name = text_of(*operation, "op");
    const std::string_view path = text_of(*operation, "path");
    const Value* const value = operation->if_contains("value");
    const Value given = value == nullptr ? Value() : *value;
    std::expected<void, JsonPatchError> done;
    if (name == "test") {
      boost::json::error_code error;
      const Value* const there = target.find_pointer(path, error);
      if (there == nullptr ? !given.is_null() : *there != given)
        done = failed("testing value failed");
    } else if (name == "add" || name == "replace") {
      done = put_at(target, path, given, name == "add");
    } else if (name == "remove") {
      done = remove_at(target, path);
    } else {
      done = std::unexpected(JsonPatchError{400, "unexpected kind: " + std::string(name)});
    }
    if (!done) return done;
  }
  return {};
}

}  // namespace edsm::sim
