#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sim/cluster/access.hpp"
#include "sim/cluster/refusal.hpp"
#include "sim/cluster/store.hpp"
#include "sim/timeline.hpp"

namespace edsm::sim {

/// Who writes: `access.ns` and `access.name` say which object.
struct Who {
  Access access;
  std::string manager;
};

/// All ways to change the store, and the audit of them.
class Writer {
 public:
  /// Makes the new object of the current one; the new one's metadata.resourceVersion is what the
  /// writer knows, that of the current one if it did not say.
  using Edit = std::function<Outcome<Object>(const Stored& current)>;

  Writer(Timeline& timeline, Store& store, std::vector<AuditEntry>& audit)
      : timeline_(timeline), store_(store), audit_(audit) {}

  Outcome<StoredPtr> create(const Kind& kind, Object object, const Who& who);
  Outcome<StoredPtr> edit(const Kind& kind, const Edit& edit, const Who& who);
  /// PUT: the object says which uid and resourceVersion it replaces. `made` tells that it was not
  /// there.
  Outcome<StoredPtr> replace(const Kind& kind, Object object, const Who& who, bool& made);
  /// Both preconditions may be empty. The answer has a `deletionTimestamp` if finalizers keep it.
  Outcome<StoredPtr> remove(const Kind& kind, std::string_view uid, std::string_view version,
                            const Who& who);
  /// A write that somebody refused before it came here.
  void refused(const Who& who, int status);

 private:
  Outcome<StoredPtr> try_create(const Kind& kind, Object object, const Who& who);
  Outcome<StoredPtr> try_edit(const Kind& kind, const Edit& edit, const Who& who);
  Outcome<StoredPtr> try_remove(const Kind& kind, std::string_view uid, std::string_view version,
                                const Who& who);
  Outcome<StoredPtr> mark_deleted(const Stored& current, const Who& who);
  Outcome<StoredPtr> record(const Who& who, const StoredPtr& before, Outcome<StoredPtr> outcome,
                            int success);
  StoredPtr find(const Kind& kind, const Who& who) const;
  Manager manager(const Kind& kind, const Who& who) const;
  std::string now() const;
  std::string new_uid();

  Timeline& timeline_;
  Store& store_;
  std::vector<AuditEntry>& audit_;
};

}  // namespace edsm::sim
