#include "sim/cluster/managed_fields.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>

namespace edsm::sim {
namespace {

/// Between the steps of a path; below every character of a step, so that what is inside of a field
/// follows it in a sorted set.
constexpr char kStep = '\x1f';

using Fields = std::set<std::string>;

/// The member that identifies the elements of a list; nothing for a list that is one value.
std::string_view list_key(std::string_view field) {
  if (field == "ownerReferences") return "uid";
  if (field == "conditions") return "type";
  if (field == "containers" || field == "initContainers" || field == "volumes" || field == "env") {
    return "name";
  }
  if (field == "data") return "secretKey";
  return {};
}

/// Maps that are one value.
bool atomic(std::string_view field) {
  return field == "selector" || field == "nodeSelector" || field == "regarding" ||
         field == "related";
}

constexpr std::string_view kMetadata = "f:metadata";

/// What the server itself sets in the metadata belongs to nobody.
bool nobodys(std::string_view parent, std::string_view field) {
  static constexpr std::array<std::string_view, 10> kNames{"name",
                                                           "namespace",
                                                           "uid",
                                                           "selfLink",
                                                           "resourceVersion",
                                                           "generation",
                                                           "managedFields",
                                                           "creationTimestamp",
                                                           "deletionTimestamp",
                                                           "deletionGracePeriodSeconds"};
  return parent == kMetadata && std::ranges::find(kNames, field) != kNames.end();
}

/// Of built-in kinds these are there even if they are empty, so that nobody made them.
bool always_there(std::string_view field) {
  return field == "metadata" || field == "spec" || field == "template" || field == "status";
}

class Comparison {
 public:
  Comparison(const Kind& kind, bool status) : kind_(kind), status_(status) {}

  void compare(const Value* before, const Value* after, const std::string& path,
               std::string_view field) {
    if (after == nullptr) {
      if (before != nullptr) removed.push_back(path);
      return;
    }
    if (after->is_object() && !atomic(field)) {
      const Object* const old = before == nullptr ? nullptr : before->if_object();
      const bool made =
          before == nullptr && path != kMetadata && (kind_.custom || !always_there(field));
      if (made) set.insert(step(path, "."));
      maps(old, after->get_object(), path);
      return;
    }
    const std::string_view key = list_key(field);
    if (after->is_array() && (!key.empty() || field == "finalizers")) {
      const auto* const old = before == nullptr ? nullptr : before->if_array();
      lists(old, after->get_array(), path, key);
      return;
    }
    if (before == nullptr || *before != *after) set.insert(path);
  }

  void maps(const Object* before, const Object& after, const std::string& path) {
    for (const auto& [name, value] : after) {
      if (nobodys(path, name) || elsewhere(path, name)) continue;
      const Value* const old = before == nullptr ? nullptr : before->if_contains(name);
      compare(old, &value, step(path, std::string("f:").append(name)), name);
    }
    if (before == nullptr) return;
    for (const auto& [name, value] : *before) {
      const bool skipped = nobodys(path, name) || elsewhere(path, name);
      if (skipped || after.if_contains(name) != nullptr) continue;
      compare(&value, nullptr, step(path, std::string("f:").append(name)), name);
    }
  }

  Fields set;
  std::vector<std::string> removed;

 private:
  /// The status is written apart from the rest; what is deprecated belongs to nobody.
  bool elsewhere(const std::string& path, std::string_view field) const {
    if (!path.empty()) return false;
    return field.starts_with("deprecated") || (kind_.status && (field == "status") != status_);
  }

  static std::string step(const std::string& path, std::string_view next) {
    std::string longer = path;
    if (!longer.empty()) longer += kStep;
    return longer.append(next);
  }

  static std::string element_step(const Value& element, std::string_view key) {
    const Object* const object = element.if_object();
    const Value* const id = key.empty() || object == nullptr ? nullptr : object->if_contains(key);
    if (id == nullptr) return "v:" + boost::json::serialize(element);
    return "k:" + boost::json::serialize(Object{{key, *id}});
  }

  void lists(const boost::json::array* before, const boost::json::array& after,
             const std::string& path, std::string_view key) {
    const auto find = [&](const boost::json::array* list,
                          const std::string& wanted) -> const Value* {
      if (list == nullptr) return nullptr;
      const auto* const found = std::ranges::find_if(
          *list, [&](const Value& element) { return element_step(element, key) == wanted; });
      return found == list->end() ? nullptr : found;
    };
    if (before == nullptr) set.insert(step(path, "."));
    for (const Value& element : after) {
      const std::string id = element_step(element, key);
      const Value* const old = find(before, id);
      if (key == "uid") {  // an owner reference is one value
        if (old == nullptr || *old != element) set.insert(step(path, id));
      } else {
        compare(old, &element, step(path, id), {});
      }
    }
    if (before == nullptr) return;
    for (const Value& element : *before) {
      const std::string id = element_step(element, key);
      if (find(&after, id) == nullptr) removed.push_back(step(path, id));
    }
  }

  const Kind& kind_;
  bool status_;
};

bool inside(std::string_view path, std::string_view of) {
  return path.starts_with(of) && (path.size() == of.size() || path[of.size()] == kStep);
}

/// "." says that a field that has others in it is owned itself; without others that is plain.
void drop_lone_dots(Object& tree) {
  if (tree.size() == 1 && tree.contains(".")) tree.clear();
  for (auto& member : tree) drop_lone_dots(member.value().get_object());
}

Value tree_of(const Fields& fields) {
  Object tree;
  for (std::string_view path : fields) {
    Object* at = &tree;
    while (!path.empty()) {
      const auto end = path.find(kStep);
      Value& next = (*at)[path.substr(0, end)];
      if (!next.is_object()) next = Object();
      at = &next.get_object();
      path = end == std::string_view::npos ? std::string_view() : path.substr(end + 1);
    }
  }
  drop_lone_dots(tree);
  return tree;
}

}  // namespace

Managers managers_after(const Kind& kind, Managers managers, const Object* before,
                        const Object& after, Manager who) {
  Comparison comparison(kind, who.subresource == "status");
  comparison.maps(before, after, {});
  for (Manager& manager : managers) {
    for (const std::string& path : comparison.removed) {
      std::erase_if(manager.fields, [&](const auto& field) { return inside(field, path); });
    }
    for (const std::string& path : comparison.set) manager.fields.erase(path);
  }
  const auto known = std::ranges::find_if(managers, [&](const Manager& manager) {
    return manager.name == who.name && manager.subresource == who.subresource;
  });
  if (!comparison.set.empty()) {
    if (known == managers.end()) {
      who.fields = std::move(comparison.set);
      managers.push_back(std::move(who));
    } else {
      known->fields.merge(comparison.set);
      known->time = std::move(who.time);
    }
  }
  std::erase_if(managers, [](const Manager& manager) { return manager.fields.empty(); });
  return managers;
}

Value to_json(const Managers& managers) {
  boost::json::array list;
  for (const Manager& manager : managers) {
    Object entry;
    entry["manager"] = manager.name;
    entry["operation"] = "Update";
    entry["apiVersion"] = manager.api_version;
    entry["time"] = manager.time;
    entry["fieldsType"] = "FieldsV1";
    entry["fieldsV1"] = tree_of(manager.fields);
    if (!manager.subresource.empty()) entry["subresource"] = manager.subresource;
    list.push_back(std::move(entry));
  }
  return list;
}

}  // namespace edsm::sim
