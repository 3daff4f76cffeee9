#pragma once

#include <string>
#include <vector>

#include "base/task.hpp"
#include "cli/commands/estate.hpp"
#include "cli/commands/findings.hpp"
#include "cloud/aws/aws.hpp"
#include "net/http.hpp"

namespace edsm::cli {

/// One event is sent to a queue, and the leader's metrics tell what became of it.
struct ProbeWish {
  std::string binding;      ///< NAMESPACE/NAME; empty: an event about a secret that nobody has
  std::string metrics_url;  ///< the leader's
  base::Duration patience = std::chrono::seconds(30);
};

/// Harmless: EDSM takes any event as "read this secret again". Without a binding it reads nothing;
/// with one it reads that value once, finds it equal and writes nothing. The event enters at the
/// queue, since AWS lets nobody send events in the name of Secrets Manager: rules are not probed.
base::Task<Findings> probe(cloud::aws::Cloud& cloud, base::Clock& clock, net::Http& metrics,
                           std::vector<cloud::aws::QueueUrl> queues, std::vector<Reported> bindings,
                           ProbeWish wish);

}  // namespace edsm::cli
