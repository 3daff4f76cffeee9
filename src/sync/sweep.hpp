#pragma once

#include "base/task.hpp"
#include "sync/shared.hpp"

namespace edsm::sync {

/// The periodic cheap comparison of version ids that finds what events missed. It never writes:
/// what differs is re-read through the normal path.
class Sweep {
 public:
  /// Of the bindings of one provider, so that none waits for another one; nullptr: of all.
  explicit Sweep(Shared& shared, const cloud::Provider* provider = nullptr)
      : shared_(shared), provider_(provider) {}
  /// At start, and then every `resync_interval` with up to a tenth of jitter. Until cancelled.
  base::Task<void> run();

 private:
  base::Task<void> sweep();
  Shared& shared_;
  const cloud::Provider* provider_;
};

}  // namespace edsm::sync
