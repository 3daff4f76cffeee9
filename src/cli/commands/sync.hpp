#pragma once

#include <string>
#include <vector>

#include "cli/commands/cluster.hpp"

namespace edsm::cli {

struct SyncOptions {
  ClusterOptions cluster;
  std::vector<std::string> bindings;  ///< "NAME", or "NAMESPACE/NAME"
  base::Duration timeout = std::chrono::seconds(60);
};

/// `edsm sync`: asks the controller to read the values again, and waits until it has. Exit code 0,
/// or 1 if one of them is not in sync afterwards; the others are done all the same.
int run_sync(const SyncOptions& options);

}  // namespace edsm::cli
