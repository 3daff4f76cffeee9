#pragma once

#include "base/task.hpp"
#include "sync/shared.hpp"

namespace edsm::sync {

/// Writes the bindings' statuses behind the changes: no change waits for its status. Several
/// changes of one binding become one patch; an equal status is not written.
class StatusWriter {
 public:
  explicit StatusWriter(Shared& shared) : shared_(shared) {}
  /// One write for the key in `taken` ("namespace/name").
  base::Task<void> work(WorkQueue::Taken taken) { return write(parse_key(taken.key)); }

 private:
  base::Task<void> write(base::ObjectKey key);
  /// The status tells what was found: it need not be kept for it.
  void said(const base::ObjectKey& key, bool found);

  Shared& shared_;
};

}  // namespace edsm::sync
