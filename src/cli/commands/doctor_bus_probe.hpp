#pragma once

#include <vector>

#include "base/task.hpp"
#include "cli/commands/doctor_probe.hpp"
#include "cli/commands/estate.hpp"
#include "cloud/azure/azure.hpp"

namespace edsm::cli {

/// An event as Event Grid sends it is put into each queue, or into the topic of a subscription.
base::Task<Findings> probe_buses(cloud::azure::Cloud& cloud, base::Clock& clock, net::Http& metrics,
                                 std::vector<cloud::azure::Queue> queues,
                                 std::vector<Reported> bindings, ProbeWish wish);

}  // namespace edsm::cli
