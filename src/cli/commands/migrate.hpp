#pragma once

#include <string>
#include <vector>

#include "cli/commands/cluster.hpp"

namespace edsm::cli {

struct MigrateOptions {
  ClusterOptions cluster;
  std::vector<std::string> files;  ///< empty: the cluster is read; "-" is standard input
  bool strict = false;
};

/// `edsm migrate`: prints the EventDrivenSecrets that do what ExternalSecrets and Reloader's
/// annotations did, and as comments what is lost. It changes nothing. Exit code 0; 1 if there was
/// nothing to migrate or, with `strict`, if something is lost; 2 if the input cannot be read.
int run_migrate(const MigrateOptions& options);

}  // namespace edsm::cli
