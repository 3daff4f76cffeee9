#pragma once

#include <vector>

#include "base/task.hpp"
#include "cli/commands/doctor_hearing.hpp"
#include "cli/commands/doctor_probe.hpp"
#include "cli/commands/estate.hpp"
#include "cloud/gcp/gcp.hpp"

namespace edsm::cli {

/// A message as Secret Manager sends it is published to the topic of each subscription.
base::Task<Findings> probe_topics(cloud::gcp::Cloud& cloud, base::Clock& clock, net::Http& metrics,
                                  std::vector<Listener> listeners, std::vector<Reported> bindings,
                                  ProbeWish wish);

}  // namespace edsm::cli
