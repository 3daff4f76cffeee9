#include "sim/cluster/store.hpp"

#include <utility>

#include <boost/json/serialize.hpp>
#include <fmt/format.h>

namespace edsm::sim {

namespace {

/// The count of its templates that a DaemonSet shows as an annotation is not among its metadata.
void hide_template_count(Object& metadata) {
  Object* const annotations = map_of(metadata, "annotations");
  if (annotations == nullptr) return;
  annotations->erase(kTemplateCount);
  if (annotations->empty()) metadata.erase("annotations");
}

}  // namespace

Stored::Stored(const Kind& kind, Object object, Managers managers, std::uint64_t revision)
    : kind_(kind), object_(std::move(object)), managers_(std::move(managers)), revision_(revision) {
  Object& metadata = metadata_of(object_);
  metadata["resourceVersion"] = std::to_string(revision);
  if (!managers_.empty()) {
    metadata["managedFields"] = to_json(managers_);
  } else {
    metadata.erase("managedFields");
  }
}

const std::string& Stored::item_json() const {
  if (item_json_.empty()) item_json_ = boost::json::serialize(object_);
  return item_json_;
}

const std::string& Stored::json() const {
  if (json_.empty()) {
    json_ = fmt::format(R"({{"kind":"{}","apiVersion":"{}",)", kind_.resource.kind,
                        kind_.resource.api_version());
    json_.append(item_json(), 1);
  }
  return json_;
}

const std::string& Stored::metadata_json() const {
  if (metadata_json_.empty()) {
    metadata_json_ = R"({"kind":"PartialObjectMetadata","apiVersion":"meta.k8s.io/v1","metadata":)";
    Object shown = metadata_of(object_);
    hide_template_count(shown);
    metadata_json_.append(boost::json::serialize(shown)).append("}");
  }
  return metadata_json_;
}

const StoredPtr& Change::gone() const {
  if (gone_ == nullptr && before != nullptr) {
    gone_ = std::make_shared<const Stored>(before->kind(), before->object(), before->managers(),
                                           revision);
  }
  return gone_;
}

StoredPtr Store::find(const Kind& kind, std::string_view key) const {
  const Objects& objects = objects_[kind.index];
  const auto found = objects.find(key);
  return found == objects.end() ? nullptr : found->second;
}

StoredPtr Store::find(std::string_view uid) const {
  const auto found = by_uid_.find(uid);
  return found == by_uid_.end() ? nullptr : found->second;
}

StoredPtr Store::put(const Kind& kind, Object object, Managers managers) {
  ++revision_;
  auto stored =
      std::make_shared<const Stored>(kind, std::move(object), std::move(managers), revision_);
  StoredPtr& place = objects_[kind.index][key_of(stored->ns(), stored->name())];
  Change change;
  change.revision = revision_;
  change.before = std::exchange(place, stored);
  change.after = stored;
  by_uid_[std::string(stored->uid())] = stored;
  announce(kind, std::move(change));
  return stored;
}

StoredPtr Store::erase(const Kind& kind, std::string_view key) {
  Objects& objects = objects_[kind.index];
  const auto found = objects.find(key);
  ++revision_;
  Change change;
  change.revision = revision_;
  change.before = found->second;
  StoredPtr gone = change.gone();
  objects.erase(found);
  by_uid_.erase(by_uid_.find(gone->uid()));
  announce(kind, std::move(change));
  return gone;
}

void Store::announce(const Kind& kind, Change change) {
  changes_[kind.index].push_back(change);
  on_change_(change);
}

Store::Objects Store::snapshot(const Kind& kind, std::uint64_t revision) const {
  Objects objects = objects_[kind.index];
  const auto& changes = changes_[kind.index];
  for (auto change = changes.rbegin(); change != changes.rend(); ++change) {
    if (change->revision <= revision) break;
    const Stored& any = change->before == nullptr ? *change->after : *change->before;
    const std::string key = key_of(any.ns(), any.name());
    if (change->before == nullptr) {
      objects.erase(key);
    } else {
      objects[key] = change->before;
    }
  }
  return objects;
}

void Store::compact() {
  compacted_ = revision_;
  for (auto& changes : changes_) changes.clear();
}

}  // namespace edsm::sim
