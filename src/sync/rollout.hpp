#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/secret.hpp"
#include "sync/digest.hpp"
#include "sync/target.hpp"
#include "sync/workload.hpp"

namespace edsm::sync {

/// What must happen to one workload.
struct RolloutDecision {
  std::vector<std::string> restart_for;          ///< Secrets whose change the pods have not seen
  std::map<std::string, RolloutRecord> records;  ///< as they should be afterwards
  std::vector<std::string> unknown;              ///< named, but no target, or none with our marks
  /// Among restart_for: the workload already knows a later change than we see of the target. Our
  /// view may be behind, so the target has to be looked at before it is believed.
  std::vector<std::string> doubtful;
  bool write = false;  ///< the records differ from the workload's

  bool restart() const { return !restart_for.empty(); }
};

/// Compares what a workload was rolled out with against its targets. Pure.
///
/// | record on the workload        | target                              | action        |
/// |-------------------------------|-------------------------------------|---------------|
/// | same digest                   |                                     | nothing       |
/// | other digest, known key       |                                     | restart       |
/// | digest of an unknown key      | changed at another time than record | restart       |
/// | digest of an unknown key      | not changed since                   | record        |
/// | none                          | changed after workload was created  | restart       |
/// | none                          | else                                | record        |
using TargetLookup = std::function<const Target*(const base::ObjectKey&)>;
RolloutDecision decide_rollout(const Workload& workload, const TargetLookup& find_target,
                               const Digester& digester);

/// The one patch that carries a decision out: records and, for a restart, the pod template
/// together, with uid and resourceVersion as precondition (merge patch).
base::SecretBytes rollout_patch(const Workload& workload, const RolloutDecision& decision,
                                const Digester& digester);

}  // namespace edsm::sync
