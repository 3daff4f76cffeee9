#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "base/task.hpp"
#include "cli/commands/cluster.hpp"
#include "cli/commands/estate.hpp"
#include "sync/target.hpp"

/// What a change leaves behind in a cluster: all that `edsm trace` knows, as it was found.
namespace edsm::cli {

/// A Kubernetes Event of EDSM.
struct Happening {
  std::string reason;
  std::string note;
  std::vector<base::WallTime> times;  ///< first and, of a series, latest
};

/// One of a workload's pods.
struct TracedPod {
  std::string mark;                           ///< of the pod template that it was made from
  std::optional<base::WallTime> ready_since;  ///< whole seconds
};

/// A ReplicaSet or ControllerRevision: one state of a workload's pod template.
struct Revision {
  std::string kind;
  std::string name;
  std::string mark;
  base::WallTime created;  ///< whole seconds
};

/// A workload that names the target.
struct TracedWorkload {
  Consumer consumer;
  std::string mark;  ///< on its pod template, by EDSM's last restart; empty: never restarted
  std::vector<Happening> events;
  std::vector<Revision> revisions;
  std::vector<TracedPod> pods;
  std::string trouble;  ///< why some of it could not be read
};

struct Traces {
  Reported reported;
  std::optional<sync::Target> target;
  std::string target_trouble;  ///< why there is none
  std::vector<Happening> events;
  std::string events_trouble;
  std::vector<TracedWorkload> workloads;
};

/// Reads them with the caller's rights; an error only if the binding itself cannot be read. No
/// value is read: of the Secret only metadata.
base::Task<base::Result<Traces>> read_traces(ClusterAccess access, base::ObjectKey key);

/// A spec.selector in the words of the query "labelSelector". Pure.
std::string selector_text(const boost::json::value& selector);

}  // namespace edsm::cli
