#pragma once

#include <map>
#include <memory_resource>
#include <optional>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include <boost/json/value.hpp>

#include "base/clock.hpp"
#include "base/names.hpp"
#include "base/rare.hpp"
#include "base/text.hpp"
#include "sync/digest.hpp"

namespace edsm::sync {

/// What is kept of a target: never its data.
struct Target {
  base::ObjectKey key;
  base::Text uid;
  base::Text resource_version;
  base::Text owner_uid;  ///< of the controlling owner reference
  base::Text owner_kind;
  base::Text owner_name;
  base::Text version;     ///< recorded at the last write
  base::Text digest;      ///< recorded at the last write
  base::Text changed_at;  ///< when the data last took another value (RFC 3339, microseconds)
  base::Text source;      ///< Source::id of the value
  base::Text binding;     ///< name of the binding of its namespace that wrote it
  base::Rare<std::vector<std::string>> keys;  ///< Merge mode: which keys are ours
  bool labelled = false;
  bool deleting = false;
};

/// Reads a Secret or its metadata.
Target decode_target(const boost::json::value& object);

/// What a full read of one Secret tells, beside the metadata.
struct Inspection {
  Target target;
  std::string type;
  std::string actual_digest;  ///< of the data as it is (Merge: of our keys)
  bool immutable = false;
  std::string last_writer;  ///< field manager of the latest change that is not ours; may be empty
  std::map<std::string, std::string> labels;
  std::map<std::string, std::string> annotations;
};

/// Reads a whole Secret, digests its data and forgets it.
Inspection inspect(const boost::json::value& secret, const Digester& digester, bool merge,
                   std::string_view own_manager);

/// The managed Secrets, as last seen or written.
class TargetStore {
 public:
  const Target* find(const base::ObjectKey& key) const;
  /// False if the store holds the same or a newer state already, or knows of a later end.
  bool put(Target target);
  /// False if it is not there, or there in a newer state than the one that went.
  bool erase(const base::ObjectKey& key, std::string_view uid, std::string_view resource_version);
  std::size_t size() const { return targets_.size(); }

  /// A relist of one namespace (empty: of all) replaces what is known of it: what is not put
  /// between `list_begins` and `list_ends` was gone at `version`.
  void list_begins(std::string_view ns = {});
  std::vector<base::ObjectKey> list_ends(std::string_view version, std::string_view ns = {});

  /// Every target, in no order.
  template <class Visit>
  void each(Visit visit) const {
    for (const auto& entry : targets_) visit(entry.target);
  }

 private:
  struct Entry {
    Target target;
    mutable bool seen = true;
  };
  /// Found by the key of the target, which is not stored twice.
  static const base::ObjectKey& key_of(const base::ObjectKey& key) { return key; }
  static const base::ObjectKey& key_of(const Entry& entry) { return entry.target.key; }
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(const auto& item) const noexcept {
      return base::ObjectKeyHash()(key_of(item));
    }
  };
  struct Equal {
    using is_transparent = void;
    bool operator()(const auto& a, const auto& b) const { return key_of(a) == key_of(b); }
  };
  static constexpr std::size_t kMaxGraves = 1024;
  void bury(const base::ObjectKey& key, std::string_view version);

  std::pmr::unsynchronized_pool_resource nodes_;  ///< side by side, without an allocation each
  std::pmr::unordered_set<Entry, Hash, Equal> targets_{&nodes_};
  /// When those went that are gone, by version: the answer to a write from before may come later
  /// than the watch's word of the end, and must not bring them back.
  std::unordered_map<base::ObjectKey, base::Text, base::ObjectKeyHash> graves_;
};

}  // namespace edsm::sync
