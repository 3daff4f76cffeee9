#pragma once

#include <string>

#include "cli/commands/cluster.hpp"

namespace edsm::cli {

struct DoctorOptions {
  ClusterOptions cluster;     ///< `namespaces`: those that the controller watches; none: all
  std::string own_namespace;  ///< the controller's
  std::string as;             ///< whose rights to check; empty: the caller's own
  Output output = Output::table;
};

/// `edsm doctor`: looks at everything that EDSM needs, and says what to do about what is missing.
/// It changes nothing and reads no value. Exit code 0, or 1 if something keeps EDSM from working.
int run_doctor(const DoctorOptions& options);

}  // namespace edsm::cli
