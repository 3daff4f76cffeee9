#pragma once

#include <string>
#include <vector>

#include "base/task.hpp"
#include "cli/commands/doctor_events.hpp"
#include "cli/commands/findings.hpp"
#include "cloud/aws/aws.hpp"
#include "cloud/aws/inspect/permissions.hpp"

namespace edsm::cli {

/// Whether IAM permits what the controller does, by calls that change nothing and give no value.
base::Task<Findings> examine_permissions(cloud::aws::Cloud& cloud,
                                         std::vector<cloud::aws::QueueUrl> queues,
                                         SecretsByRegion secrets);

/// Pure: `where` is what the actions are needed on; without those of `optional` EDSM makes more
/// calls, and that is all.
Findings judge_trials(const std::vector<cloud::aws::Trial>& trials, const std::string& where,
                      bool optional);

}  // namespace edsm::cli
