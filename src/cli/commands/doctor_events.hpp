#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "base/task.hpp"
#include "cli/commands/estate.hpp"
#include "cli/commands/findings.hpp"
#include "cloud/aws/aws.hpp"

namespace edsm::cli {

enum class Readers : std::uint8_t { all, controller };
/// The secrets that bindings name, by region: names or ARNs, each once. Of all bindings, or of
/// those that the controller reads as itself, without a role.
using SecretsByRegion = std::map<std::string, std::vector<std::string>>;
SecretsByRegion secrets_by_region(cloud::Provider& provider, const std::vector<Reported>& bindings,
                                  Readers readers);

/// From Secrets Manager to each queue: rules, targets, the queue's policy, dead letters, the trail.
/// What the caller may not read is unknown; each finding names the permission. A queue that cannot
/// be read itself is left out.
base::Task<Findings> examine_events(cloud::aws::Cloud& cloud,
                                    std::vector<cloud::aws::QueueUrl> queues,
                                    SecretsByRegion secrets);

}  // namespace edsm::cli
