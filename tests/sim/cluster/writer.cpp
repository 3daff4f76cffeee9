#include "sim/cluster/writer.hpp"

#include <array>
#include <cstdlib>
#include <utility>

#include <boost/json/array.hpp>
#include <fmt/format.h>

#include "base/time.hpp"
#include "sim/cluster/validation.hpp"

namespace edsm::sim {
namespace {

/// What only the server sets, beside what each revision has of its own.
constexpr std::array<std::string_view, 4> kServersOwn{"uid", "creationTimestamp", "generation",
                                                      "deletionTimestamp"};

bool same_member(const Object& left, const Object& right, std::string_view member) {
  const Value* const one = left.if_contains(member);
  const Value* const other = right.if_contains(member);
  return one == nullptr || other == nullptr ? one == other : *one == *other;
}

/// Equal but for what each revision has of its own.
bool same_object(const Object& before, const Object& after) {
  const auto own = [](std::string_view name) {
    return name == "resourceVersion" || name == "managedFields";
  };
  const auto same = [](const Object& left, const Object& right, auto except) {
    std::size_t counted = 0;
    for (const auto& [name, value] : left) {
      if (except(name)) continue;
      if (!same_member(left, right, name)) return false;
      ++counted;
    }
    for (const auto& member : right) counted -= except(member.key()) ? 0 : 1;
    return counted == 0;
  };
  return same(metadata_of(before), metadata_of(after), own) &&
         same(before, after, [](std::string_view name) { return name == "metadata"; });
}

bool has_finalizers(const Object& object) {
  const auto* const list = list_of(metadata_of(object), "finalizers");
  return list != nullptr && !list->empty();
}

bool is_workload(const Kind& kind) {
  return kind.resource.group == "apps";
}

bool template_differs(const Object& before, const Object& after) {
  const Object* const now = map_of(after, "spec");
  const Object* const old = map_of(before, "spec");
  return now == nullptr || old == nullptr || !same_member(*old, *now, "template");
}

Refusal other_name(std::string_view object, std::string_view url) {
  return bad_request(fmt::format(
      "the name of the object ({}) does not match the name on the URL ({})", object, url));
}

Refusal other_namespace() {
  return bad_request(
      "the namespace of the provided object does not match the namespace sent on the request");
}

/// That it is the object, and the revision of it, that the client means.
Outcome<void> right_object(const Stored& current, const Object& object) {
  const Kind& kind = current.kind();
  const Object& metadata = metadata_of(object);
  const std::string_view name = text_of(metadata, "name");
  const std::string_view ns = text_of(metadata, "namespace");
  if (name != current.name()) return std::unexpected(other_name(name, current.name()));
  if (!ns.empty() && ns != current.ns()) return std::unexpected(other_namespace());
  const std::string_view version = text_of(metadata, "resourceVersion");
  if (version.empty() && !kind.unconditional) {
    const Cause cause{"FieldValueInvalid", "Invalid value: 0: must be specified for an update",
                      "metadata.resourceVersion"};
    return std::unexpected(
        invalid(kind.resource.group, kind.resource.plural, kind.qualified_plural(), name, {cause}));
  }
  if (version.find_first_not_of("0123456789") != std::string_view::npos) {
    return std::unexpected(
        unexplained(fmt::format("strconv.ParseUint: parsing \"{}\": invalid syntax", version)));
  }
  if (!version.empty() && version != std::to_string(current.revision())) {
    return std::unexpected(modified(kind, name));
  }
  return {};
}

/// The old object with the status of the new one. Of a custom resource nothing else is looked at,
/// not even the uid.
Object with_status(const Kind& kind, const Object& old, const Object& object) {
  const Value* const status = object.if_contains("status");
  Object next = old;
  if (status == nullptr) {
    next.erase("status");
  } else {
    next["status"] = *status;
  }
  if (!kind.custom) metadata_of(next)["uid"] = std::string(text_of(metadata_of(object), "uid"));
  return next;
}

/// Objects of the cluster have no namespace.
void place(Object& metadata, std::string_view ns) {
  if (ns.empty()) {
    metadata.erase("namespace");
  } else {
    metadata["namespace"] = ns;
  }
}

void keep_servers_own(const Object& old, Object& object) {
  const Object& known = metadata_of(old);
  Object& metadata = metadata_of(object);
  place(metadata, text_of(known, "namespace"));
  const bool claimed = !text_of(metadata, "uid").empty();
  for (const std::string_view member : kServersOwn) {
    if (member == "uid" && claimed) continue;  // to be compared
    const Value* const value = known.if_contains(member);
    metadata.erase(member);
    if (value != nullptr) metadata[member] = *value;
  }
}

/// DaemonSets still count their templates, in an annotation.
void count_templates(const Kind& kind, const Object* before, Object& object) {
  if (kind.resource.plural != "daemonsets") return;
  const Object* const old =
      before == nullptr ? nullptr : map_of(metadata_of(*before), "annotations");
  std::int64_t count =
      old == nullptr ? 0 : std::atoll(std::string(text_of(*old, kTemplateCount)).c_str());
  if (before == nullptr || template_differs(*before, object)) ++count;
  Value& annotations = metadata_of(object)["annotations"];
  if (!annotations.is_object()) annotations = Object();
  annotations.get_object()[kTemplateCount] = std::to_string(count);
}

}  // namespace

StoredPtr Writer::find(const Kind& kind, const Who& who) const {
  return store_.find(kind, key_of(who.access.ns, who.access.name));
}

Manager Writer::manager(const Kind& kind, const Who& who) const {
  return {who.manager, kind.resource.api_version(), who.access.subresource, now(), {}};
}

std::string Writer::now() const {
  return base::rfc3339(timeline_.wall());
}

std::string Writer::new_uid() {
  const std::uint64_t high = timeline_.random();
  const std::uint64_t low = timeline_.random();
  return fmt::format("{:08x}-{:04x}-4{:03x}-8{:03x}-{:012x}", high >> 32U, (high >> 16U) & 0xFFFFU,
                     high & 0xFFFU, low >> 52U, low & 0xFFFFFFFFFFFFU);
}

Outcome<StoredPtr> Writer::create(const Kind& kind, Object object, const Who& who) {
  Who named = who;
  if (named.access.name.empty()) named.access.name = text_of(metadata_of(object), "name");
  return record(named, nullptr, try_create(kind, std::move(object), named), 201);
}

Outcome<StoredPtr> Writer::edit(const Kind& kind, const Edit& edit, const Who& who) {
  const StoredPtr before = find(kind, who);
  return record(who, before, try_edit(kind, edit, who), 200);
}

Outcome<StoredPtr> Writer::remove(const Kind& kind, std::string_view uid, std::string_view version,
                                  const Who& who) {
  const StoredPtr before = find(kind, who);
  return record(who, before, try_remove(kind, uid, version, who), 200);
}

void Writer::refused(const Who& who, int status) {
  AuditEntry entry;
  entry.at = timeline_.now();
  entry.access = who.access;
  entry.manager = who.manager;
  entry.status = status;
  audit_.push_back(std::move(entry));
}

Outcome<StoredPtr> Writer::record(const Who& who, const StoredPtr& before,
                                  Outcome<StoredPtr> outcome, int success) {
  AuditEntry entry;
  entry.at = timeline_.now();
  entry.access = who.access;
  entry.manager = who.manager;
  if (outcome) {
    const StoredPtr& after = *outcome;
    entry.status = success;
    entry.uid = after->uid();
    entry.revision = after->revision();
    entry.changed = before == nullptr || before->revision() != after->revision();
    entry.rollout = entry.changed && who.access.verb != "delete" && is_workload(after->kind()) &&
                    (before == nullptr || template_differs(before->object(), after->object()));
    entry.object = after;
  } else {
    entry.status = outcome.error().code;
    if (before != nullptr) entry.uid = before->uid();
    if (before != nullptr) entry.revision = before->revision();
  }
  audit_.push_back(std::move(entry));
  return outcome;
}

Outcome<StoredPtr> Writer::try_create(const Kind& kind, Object object, const Who& who) {
  if (kind.status) object.erase("status");
  if (auto decoded = decode(kind, object); !decoded) {
    return std::unexpected(std::move(decoded.error()));
  }
  Object& metadata = metadata_of(object);
  const std::string_view ns = text_of(metadata, "namespace");
  if (!ns.empty() && ns != who.access.ns) {
    return std::unexpected(other_namespace());
  }
  if (!text_of(metadata, "resourceVersion").empty()) {
    return std::unexpected(
        unexplained("resourceVersion should not be set on objects to be created"));
  }
  for (const auto member : kServersOwn) {
    // Oddly, kinds that do not count generations keep what they are given.
    if (member != "generation" || kind.generation) metadata.erase(member);
  }
  metadata.erase("managedFields");
  place(metadata, who.access.ns);
  const std::string_view prefix = text_of(metadata, "generateName");
  if (text_of(metadata, "name").empty() && !prefix.empty()) {
    metadata["name"] = fmt::format("{}{:05x}", prefix, timeline_.random() & 0xFFFFFU);
  }
  const std::string name(text_of(metadata, "name"));
  count_templates(kind, nullptr, object);
  const auto causes = validate(kind, object, nullptr);
  if (!causes.empty()) return std::unexpected(invalid(kind, name, causes));
  if (store_.find(kind, key_of(who.access.ns, name)) != nullptr) {
    return std::unexpected(already_exists(kind, name));
  }
  metadata["uid"] = new_uid();
  metadata["creationTimestamp"] = now();
  if (kind.generation) metadata["generation"] = 1;
  auto managers = managers_after(kind, {}, nullptr, object, manager(kind, who));
  return store_.put(kind, std::move(object), std::move(managers));
}

Outcome<StoredPtr> Writer::replace(const Kind& kind, Object object, const Who& who, bool& made) {
  const StoredPtr before = find(kind, who);
  made = before == nullptr;
  const std::string name(text_of(metadata_of(object), "name"));
  const std::string uid(text_of(metadata_of(object), "uid"));
  const auto refuse = [&](Refusal refusal) {
    return record(who, before, std::unexpected(std::move(refusal)), 200);
  };
  if (name != who.access.name) {
    return refuse(other_name(name, who.access.name));
  }
  if (before == nullptr && !kind.created_by_put) return refuse(not_found(kind, who.access.name));
  const std::string_view actual = before == nullptr ? std::string_view() : before->uid();
  if (!uid.empty() && uid != actual) {
    const std::string group = kind.custom ? std::string(kind.resource.group) + "/" : "";
    return refuse(conflict(
        kind, who.access.name,
        fmt::format("StorageError: invalid object, Code: 4, Key: /registry/{}{}/{}/{}, "
                    "ResourceVersion: 0, AdditionalErrorMsg: Precondition failed: UID in "
                    "precondition: {}, UID in object meta: {}",
                    group, kind.resource.plural, who.access.ns, who.access.name, uid, actual)));
  }
  if (before == nullptr) {
    metadata_of(object).erase("resourceVersion");
    return record(who, nullptr, try_create(kind, std::move(object), who), 201);
  }
  const auto edit = [&](const Stored&) -> Outcome<Object> { return std::move(object); };
  return record(who, before, try_edit(kind, edit, who), 200);
}

Outcome<StoredPtr> Writer::try_edit(const Kind& kind, const Edit& edit, const Who& who) {
  const StoredPtr before = find(kind, who);
  const std::string& name = who.access.name;
  if (before == nullptr) return std::unexpected(not_found(kind, name));
  auto edited = edit(*before);
  if (!edited) return std::unexpected(std::move(edited.error()));
  Object object = std::move(*edited);
  if (auto decoded = decode(kind, object); !decoded) {
    return std::unexpected(std::move(decoded.error()));
  }
  if (auto right = right_object(*before, object); !right) {
    return std::unexpected(std::move(right.error()));
  }
  const Object& old = before->object();
  if (who.access.subresource == "status") {
    object = with_status(kind, old, object);
  } else if (kind.status) {
    object.erase("status");
    if (const Value* const status = old.if_contains("status")) object["status"] = *status;
  }
  keep_servers_own(old, object);
  count_templates(kind, &old, object);
  const auto causes = validate(kind, object, &old);
  if (!causes.empty()) return std::unexpected(invalid(kind, name, causes));
  if (same_object(old, object)) return before;
  auto managers = managers_after(kind, before->managers(), &old, object, manager(kind, who));
  Object& metadata = metadata_of(object);
  if (metadata.contains("deletionTimestamp") && !has_finalizers(object)) {
    store_.erase(kind, key_of(who.access.ns, name));
    return std::make_shared<const Stored>(kind, std::move(object), std::move(managers),
                                          before->revision());
  }
  const bool counts = (kind.generation && !same_member(old, object, "spec")) ||
                      (kind.annotations && !same_member(metadata_of(old), metadata, "annotations"));
  if (counts) metadata["generation"] = number_of(metadata_of(old), "generation") + 1;
  return store_.put(kind, std::move(object), std::move(managers));
}

Outcome<StoredPtr> Writer::try_remove(const Kind& kind, std::string_view uid,
                                      std::string_view version, const Who& who) {
  const StoredPtr before = find(kind, who);
  const std::string& name = who.access.name;
  if (before == nullptr) return std::unexpected(not_found(kind, name));
  if (!uid.empty() && uid != before->uid()) {
    return std::unexpected(deletion_conflict(
        kind, name,
        fmt::format("the UID in the precondition ({}) does not match the UID in record ({}). The "
                    "object might have been deleted and then recreated",
                    uid, before->uid())));
  }
  if (!version.empty() && version != std::to_string(before->revision())) {
    return std::unexpected(deletion_conflict(
        kind, name,
        fmt::format("the ResourceVersion in the precondition ({}) does not match the "
                    "ResourceVersion in record ({}). The object might have been modified",
                    version, before->revision())));
  }
  if (has_finalizers(before->object())) return mark_deleted(*before, who);
  return store_.erase(kind, key_of(who.access.ns, name));
}

/// Finalizers keep it until somebody removes them.
Outcome<StoredPtr> Writer::mark_deleted(const Stored& current, const Who& who) {
  const Kind& kind = current.kind();
  if (metadata_of(current.object()).contains("deletionTimestamp")) {
    return store_.find(kind, key_of(who.access.ns, who.access.name));
  }
  Object object = current.object();
  Object& metadata = metadata_of(object);
  metadata["deletionTimestamp"] = now();
  metadata["deletionGracePeriodSeconds"] = 0;
  if (kind.generation) metadata["generation"] = number_of(metadata, "generation") + 1;
  return store_.put(kind, std::move(object), current.managers());
}

}  // namespace edsm::sim
