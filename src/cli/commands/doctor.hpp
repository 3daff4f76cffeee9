#pragma once

#include <optional>
#include <string>

#include "cli/commands/cluster.hpp"

namespace edsm::cli {

struct DoctorOptions {
  ClusterOptions cluster;            ///< `namespaces`: those that the controller watches; none: all
  std::string own_namespace;         ///< the controller's
  std::string as;                    ///< whose rights to check; empty: the caller's own
  std::string tenancy;               ///< the controller's; empty: what its Deployment says
  std::optional<std::string> probe;  ///< send one event; NAMESPACE/NAME, or empty
  std::string metrics_url = "http://127.0.0.1:8080/metrics";  ///< where the probe is seen
  Output output = Output::table;
};

/// `edsm doctor`: looks at everything that EDSM needs, and says what to do about what is missing.
/// Unless it is to probe, it changes nothing and reads no value. Exit code 0, or 1 if something
/// keeps EDSM from working.
int run_doctor(const DoctorOptions& options);

}  // namespace edsm::cli
