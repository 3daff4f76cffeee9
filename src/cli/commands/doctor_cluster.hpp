#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/task.hpp"
#include "cli/commands/estate.hpp"
#include "cli/commands/findings.hpp"
#include "kube/api.hpp"

namespace edsm::cli {

/// What is to be looked at, and as whom.
struct Examination {
  kube::Api& api;
  base::Clock& clock;
  Namespaces watched;         ///< where the controller works
  std::string own_namespace;  ///< of its Lease and digest key
  std::string as;             ///< whose rights are checked; empty: the caller's
  std::string tenancy;        ///< its --tenancy; empty: what its Deployment says
};

struct ClusterSeen {
  Findings findings;
  std::vector<Reported> bindings;
};

/// Server, clock, CustomResourceDefinition, rights, digest key, Lease and bindings. What cannot be
/// looked at is a finding, too; without a server that answers there is only that one.
base::Task<ClusterSeen> examine_cluster(Examination examination);

/// Pure: what the difference between another clock and ours is worth.
Finding judge_skew(base::Duration ahead, std::string_view whose = "the API server");
/// Pure: who leads, by a Lease that was read at `now` of the server's clock.
Finding judge_lease(const boost::json::value& lease, base::WallTime now);

}  // namespace edsm::cli
