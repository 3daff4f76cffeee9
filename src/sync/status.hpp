#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/clock.hpp"
#include "base/secret.hpp"
#include "sync/binding.hpp"
#include "sync/plan.hpp"

namespace edsm::sync {

/// What the last reconcile found, in the words of the binding's conditions.
struct Report {
  enum class State : std::uint8_t {
    unknown,   ///< nothing said yet
    synced,    ///< the target holds the cloud's value
    retrying,  ///< it does not, and we go on by ourselves
    stalled,   ///< it does not, and somebody has to do something
  };
  State state = State::unknown;
  base::Text reason;                ///< CamelCase
  base::Rare<std::string> message;  ///< object, cause, remedy
  bool shown = false;               ///< it stands in the status; then the message is not kept
  bool found = false;               ///< and stood there already, by what the watch has shown
};

/// The status that a binding should show. Pure. Times move only with what they stamp:
/// `lastTransitionTime` with its condition's status, `lastSyncedTime` with the applied version. The
/// condition `Paused` is there only while the binding is paused, or while the wish for a pause
/// cannot be read.
BindingStatus wished_status(const Binding& binding, const Report& report, const Applied& applied,
                            base::WallTime now);

/// The status to be written: nullopt if nothing is known yet, or the binding shows it already. Of a
/// paused binding only the pause is news: its other conditions stay as they are.
std::optional<BindingStatus> due_status(const Binding& binding, const Report& report,
                                        const Applied& applied, base::WallTime now);

/// JSON patch for the status subresource: all of it, on the condition that the binding is still the
/// same. (A merge patch cannot say so: of a subresource the server ignores metadata.uid.)
base::SecretBytes status_patch(const Binding& binding, const BindingStatus& status);

}  // namespace edsm::sync
