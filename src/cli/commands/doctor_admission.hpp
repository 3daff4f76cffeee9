#pragma once

#include <vector>

#include "base/json.hpp"
#include "base/task.hpp"
#include "cli/commands/findings.hpp"
#include "kube/api.hpp"

namespace edsm::cli {

/// Whether a ValidatingAdmissionPolicy guards the Secrets that EDSM writes. It is optional: without
/// it EDSM restores what others change.
base::Task<Finding> examine_guard(kube::Api& api);

/// Pure. `policies` and `bindings` are lists of admissionregistration.k8s.io/v1. A guard is a
/// policy of ours (by its name or its label app.kubernetes.io/part-of), or one that selects Secrets
/// by our label; a binding that denies makes it work.
Finding judge_guard(const boost::json::value& policies, const boost::json::value& bindings);

}  // namespace edsm::cli
