#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "base/names.hpp"
#include "base/task.hpp"
#include "kube/api.hpp"

/// The commands for people who operate EDSM: each reads the cluster with the caller's own rights,
/// prints, and ends.
namespace edsm::cli {

/// How a command reaches its cluster, as kubectl would.
struct ClusterOptions {
  std::string kubeconfig;
  std::string context;
  std::vector<std::string> namespaces;  ///< none: the context's
  bool all_namespaces = false;          ///< wins over `namespaces`
};

enum class Output : std::uint8_t { table, json };

/// What a command works with.
struct ClusterAccess {
  kube::Api& api;
  base::Clock& clock;
  std::vector<std::string> namespaces;  ///< to look at, at least one; an empty one: all
};

/// Connects, runs the command to its end and returns its exit code. What keeps it from connecting
/// goes to standard error, exit code 2; a command that throws, or whose task fails to end because
/// the process is interrupted, ends the process.
int with_cluster(const ClusterOptions& options,
                 const std::function<base::Task<int>(ClusterAccess)>& command);

/// The object that "NAME" or "NAMESPACE/NAME" means; `ns` is where the first one is.
base::ObjectKey key_of(const std::string& name, const std::string& ns);

/// "edsm: TEXT" on standard error.
void complain(const std::string& text);

}  // namespace edsm::cli
