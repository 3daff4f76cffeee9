#include "sync/target.hpp"

#include <algorithm>
#include <set>

#include "base/crypto.hpp"
#include "base/json.hpp"
#include "base/time.hpp"
#include "sync/names.hpp"
#include "sync/resource_version.hpp"

namespace edsm::sync {
namespace {

using base::string_at;

std::map<std::string, std::string> strings(const boost::json::value& object,
                                           std::string_view path) {
  std::map<std::string, std::string> map;
  if (const auto* const members = base::object_at(object, path)) {
    for (const auto& [name, value] : *members) {
      if (value.is_string()) map.emplace(name, value.get_string());
    }
  }
  return map;
}

std::string member(const boost::json::object* object, std::string_view name) {
  if (object == nullptr) return {};
  const auto* const value = object->if_contains(name);
  return value != nullptr && value->is_string() ? std::string(value->get_string()) : std::string();
}

std::vector<std::string> parse_names(std::string_view json) {
  const auto document = base::JsonDocument::parse(json);
  return document ? base::strings_at(document->root(), "") : std::vector<std::string>();
}

/// The manager of the most recent entry that is not ours. Kubernetes keeps no trace of who removed
/// a field or an object, so this may be nobody.
std::string latest_foreign_manager(const boost::json::value& object, std::string_view own) {
  const auto* const entries = base::array_at(object, "metadata.managedFields");
  if (entries == nullptr) return {};
  std::string_view best;
  std::string_view when;
  for (const auto& entry : *entries) {
    const auto manager = string_at(entry, "manager");
    const auto time = string_at(entry, "time");
    if (manager == own || time < when) continue;
    best = manager;
    when = time;
  }
  return std::string(best);
}

/// "namespace/name" without the namespace. One of another namespace did not write this Secret: the
/// annotation was copied along with it.
std::string_view own_binding(std::string_view written, std::string_view ns) {
  const bool own = written.starts_with(ns) && written.substr(ns.size()).starts_with('/');
  return own ? written.substr(ns.size() + 1) : std::string_view();
}

/// What is no time is none: the status, which repeats it, may hold nothing else.
std::string_view time_of(std::string_view written) {
  return base::parse_rfc3339(written) ? written : std::string_view();
}

}  // namespace

Target decode_target(const boost::json::value& object) {
  Target target;
  target.key = {std::string(string_at(object, "metadata.namespace")),
                std::string(string_at(object, "metadata.name"))};
  target.uid = string_at(object, "metadata.uid");
  target.resource_version = string_at(object, "metadata.resourceVersion");
  target.deleting = !string_at(object, "metadata.deletionTimestamp").empty();
  target.labelled = member(base::object_at(object, "metadata.labels"), kManagedLabel) == "true";
  const auto* const annotations = base::object_at(object, "metadata.annotations");
  target.version = member(annotations, kVersionAnnotation);
  target.digest = member(annotations, kDigestAnnotation);
  target.changed_at = time_of(member(annotations, kChangedAtAnnotation));
  target.source = member(annotations, kSourceAnnotation);
  target.binding = own_binding(member(annotations, kBindingAnnotation), target.key.ns);
  const auto keys = member(annotations, kKeysAnnotation);
  if (!keys.empty()) target.keys = parse_names(keys);
  if (const auto* const owners = base::array_at(object, "metadata.ownerReferences")) {
    for (const auto& owner : *owners) {
      if (base::bool_at(owner, "controller") != true) continue;
      target.owner_uid = string_at(owner, "uid");
      target.owner_kind = string_at(owner, "kind");
      target.owner_name = string_at(owner, "name");
    }
  }
  return target;
}

Inspection inspect(const boost::json::value& secret, const Digester& digester, bool merge,
                   std::string_view own_manager) {
  Inspection found;
  found.target = decode_target(secret);
  found.type = string_at(secret, "type");
  found.immutable = base::bool_at(secret, "immutable").value_or(false);
  found.last_writer = latest_foreign_manager(secret, own_manager);
  found.labels = strings(secret, "metadata.labels");
  found.annotations = strings(secret, "metadata.annotations");

  ShapedData data;
  data.type = found.type;
  const std::set<std::string_view> our_keys(found.target.keys->begin(), found.target.keys->end());
  if (const auto* const items = base::object_at(secret, "data")) {
    for (const auto& [name, value] : *items) {
      const bool ours = !merge || our_keys.contains(name);
      if (!ours || !value.is_string()) continue;
      auto bytes = base::base64_decode({value.get_string().data(), value.get_string().size()});
      if (bytes) data.items.emplace_back(std::string(name), std::move(*bytes));
    }
  }
  std::ranges::sort(data.items, {},
                    [](const auto& item) -> const std::string& { return item.first; });
  found.actual_digest = digester.digest(data);
  return found;
}

const Target* TargetStore::find(const base::ObjectKey& key) const {
  const auto found = targets_.find(key);
  return found == targets_.end() ? nullptr : &found->second.target;
}

bool TargetStore::put(Target target) {
  const auto grave = graves_.find(target.key);
  if (grave != graves_.end()) {
    const bool late = grave->second == target.resource_version ||
                      certainly_older(target.resource_version, grave->second);
    if (late) return false;
    graves_.erase(grave);
  }
  auto& entry = targets_[target.key];
  entry.seen = true;
  const bool same_object = entry.target.uid == target.uid;
  const auto& known = entry.target.resource_version;
  if (same_object &&
      (known == target.resource_version || certainly_older(target.resource_version, known))) {
    return false;
  }
  entry.target = std::move(target);
  return true;
}

bool TargetStore::erase(const base::ObjectKey& key, std::string_view uid,
                        std::string_view resource_version) {
  const auto at = targets_.find(key);
  if (at == targets_.end()) return false;
  const auto& known = at->second.target;
  if (known.uid != uid || certainly_older(resource_version, known.resource_version)) return false;
  targets_.erase(at);
  bury(key, resource_version);
  return true;
}

void TargetStore::bury(const base::ObjectKey& key, std::string_view version) {
  if (graves_.size() >= kMaxGraves) graves_.clear();
  graves_[key] = version;
}

void TargetStore::list_begins(std::string_view ns) {
  for (auto& [key, entry] : targets_) {
    if (ns.empty() || key.ns == ns) entry.seen = false;
  }
}

std::vector<base::ObjectKey> TargetStore::list_ends(std::string_view version, std::string_view ns) {
  std::vector<base::ObjectKey> gone;
  for (const auto& [key, entry] : targets_) {
    if (!entry.seen && (ns.empty() || key.ns == ns)) gone.push_back(key);
  }
  std::ranges::sort(gone);
  for (const auto& key : gone) {
    targets_.erase(key);
    bury(key, version);
  }
  return gone;
}

}  // namespace edsm::sync
