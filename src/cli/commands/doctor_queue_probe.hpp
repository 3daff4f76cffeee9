#pragma once

#include <vector>

#include "base/task.hpp"
#include "cli/commands/doctor_probe.hpp"
#include "cli/commands/estate.hpp"
#include "cloud/aws/aws.hpp"

namespace edsm::cli {

/// The event enters at the queue, since AWS lets nobody send events in the name of Secrets Manager:
/// rules are not probed.
base::Task<Findings> probe_queues(cloud::aws::Cloud& cloud, base::Clock& clock, net::Http& metrics,
                                  std::vector<cloud::aws::QueueUrl> queues,
                                  std::vector<Reported> bindings, ProbeWish wish);

}  // namespace edsm::cli
