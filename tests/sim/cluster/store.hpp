#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "sim/cluster/kind.hpp"
#include "sim/cluster/managed_fields.hpp"
#include "sim/cluster/object.hpp"

namespace edsm::sim {

/// One revision of one object; never changes. Its texts are made once, when first asked for.
class Stored {
 public:
  Stored(const Kind& kind, Object object, Managers managers, std::uint64_t revision);

  const Kind& kind() const { return kind_; }
  const Object& object() const { return object_; }
  const Managers& managers() const { return managers_; }
  std::uint64_t revision() const { return revision_; }
  std::string_view ns() const { return text_of(metadata_of(object_), "namespace"); }
  std::string_view name() const { return text_of(metadata_of(object_), "name"); }
  std::string_view uid() const { return text_of(metadata_of(object_), "uid"); }

  /// The whole object as JSON, from "{" to "}".
  const std::string& json() const;
  /// The same without `apiVersion` and `kind`: an item of a list of a built-in kind.
  const std::string& item_json() const;
  /// As PartialObjectMetadata.
  const std::string& metadata_json() const;

 private:
  const Kind& kind_;
  Object object_;
  Managers managers_;
  std::uint64_t revision_;
  mutable std::string json_;
  mutable std::string item_json_;
  mutable std::string metadata_json_;
};
using StoredPtr = std::shared_ptr<const Stored>;

/// What happened at one revision.
struct Change {
  std::uint64_t revision = 0;
  StoredPtr before;  ///< null: created
  StoredPtr after;   ///< null: deleted
  /// What was there before, with the revision of the change: how the end of an object is told.
  /// Made when it is first needed.
  const StoredPtr& gone() const;

 private:
  mutable StoredPtr gone_;
};

/// The objects, their one revision counter, and what happened since the last compaction.
class Store {
 public:
  using Objects = std::map<std::string, StoredPtr, std::less<>>;
  using OnChange = std::function<void(const Change&)>;

  /// Called after each change.
  explicit Store(OnChange on_change) : on_change_(std::move(on_change)) {}

  std::uint64_t revision() const { return revision_; }
  /// The revision of the last compaction.
  std::uint64_t compacted() const { return compacted_; }
  const Objects& all(const Kind& kind) const { return objects_[kind.index]; }
  StoredPtr find(const Kind& kind, std::string_view key) const;
  /// By uid, of whatever kind.
  StoredPtr find(std::string_view uid) const;

  /// Writes the next revision of the object that `metadata` names, and `resourceVersion` into it.
  StoredPtr put(const Kind& kind, Object object, Managers managers);
  /// Returns its last state with the revision of the deletion; it must exist.
  StoredPtr erase(const Kind& kind, std::string_view key);

  /// What happened to a kind since the last compaction, in order.
  const std::vector<Change>& changes(const Kind& kind) const { return changes_[kind.index]; }
  /// The objects as they were at a revision that is not compacted.
  Objects snapshot(const Kind& kind, std::uint64_t revision) const;
  void compact();

 private:
  void announce(const Kind& kind, Change change);

  std::uint64_t revision_ = 1;
  std::uint64_t compacted_ = 1;
  std::array<Objects, kKinds> objects_;
  std::array<std::vector<Change>, kKinds> changes_;
  std::map<std::string, StoredPtr, std::less<>> by_uid_;
  OnChange on_change_;
};

}  // namespace edsm::sim
