#pragma once

#include "base/task.hpp"
#include "sync/shared.hpp"

namespace edsm::sync {

/// The periodic cheap comparison of version ids that finds what events missed. It never writes:
/// what differs is re-read through the normal path.
class Sweep {
 public:
  explicit Sweep(Shared& shared) : shared_(shared) {}
  /// At start, and then every `resync_interval` with up to a tenth of jitter. Until cancelled.
  base::Task<void> run();

 private:
  base::Task<void> sweep();
  Shared& shared_;
};

}  // namespace edsm::sync
