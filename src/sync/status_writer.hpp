#pragma once

#include "base/task.hpp"
#include "sync/shared.hpp"

namespace edsm::sync {

/// Writes the bindings' statuses behind the changes: no change waits for its status. Several
/// changes of one binding become one patch; an equal status is not written.
class StatusWriter {
 public:
  explicit StatusWriter(Shared& shared) : shared_(shared) {}
  /// Until cancelled.
  base::Task<void> run();
  /// Writes what is due, for shutdown.
  base::Task<void> flush();

 private:
  base::Task<void> write(base::ObjectKey key);
  /// The status tells what was found: it need not be kept for it.
  void said(const base::ObjectKey& key);
  Shared& shared_;
};

}  // namespace edsm::sync
