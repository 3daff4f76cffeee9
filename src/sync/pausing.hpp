#pragma once

#include "sync/outcome.hpp"
#include "sync/shared.hpp"

namespace edsm::sync {

/// Pauses of bindings, carried out: what begins, ends or cannot be read is said once, and nothing
/// that comes meanwhile is lost, because the value is read again afterwards.
class Pausing {
 public:
  explicit Pausing(Shared& shared) : shared_(shared) {}

  /// Before each run of a binding: what its annotation means now.
  void look(BindingState& state);
  /// A run found it paused.
  void hold(BindingState& state, const Run& run);

 private:
  void resume(BindingState& state);
  void complain(BindingState& state);

  Shared& shared_;
};

}  // namespace edsm::sync
