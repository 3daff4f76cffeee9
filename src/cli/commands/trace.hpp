#pragma once

#include <string>

#include "cli/commands/cluster.hpp"

namespace edsm::cli {

struct TraceOptions {
  ClusterOptions cluster;
  Output output = Output::table;
  std::string binding;  ///< "NAME", or "NAMESPACE/NAME"
};

/// `edsm trace BINDING`: when its last change was where, from the cloud to the pods. Exit code 0,
/// or 1 if the binding cannot be read.
int run_trace(const TraceOptions& options);

}  // namespace edsm::cli
