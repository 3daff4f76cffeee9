#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/clock.hpp"

namespace edsm::sim {

enum class CloudName : std::uint8_t { aws, google, azure };

/// What somebody, or fate, does to the world.
enum class Deed : std::uint8_t {
  // the cloud: `a` is a secret
  put,
  put_equal,
  put_text,
  put_bad,
  rollback,
  rotate,
  remove_secret,
  restore_secret,
  recreate_secret,
  // not of AWS; `b`: which version
  disable_version,
  enable_version,
  destroy_version,  ///< Google's only
  move_alias,       ///< likewise
  expire_version,   ///< Azure's only
  // users of the cluster: `a` is a binding
  edit_target,
  add_key,
  remove_key,
  unlabel_target,
  strip_annotations,
  delete_target,
  create_binding,
  delete_binding,
  retarget_binding,
  repath_binding,
  ask_for_sync,
  pause_binding,  ///< `b`: for how long, and whether somebody ends it early
  // administrators of the cluster, with tenancy: `a` is a namespace
  permit,  ///< by name, for all secrets
  forbid,
  label,  ///< for one secret; `b` odd: or takes the label
  // `a` is a workload
  create_workload,
  delete_workload,
  annotate,
  unannotate,
  scale,
  reapply,
  // faults; `lasts` says how long
  crash,          ///< `a` is a replica
  stop,           ///< an orderly one
  pause,          ///<
  cut_cluster,    ///<
  cut_cloud,      ///<
  skew,           ///< `b`: minutes
  storm_cluster,  ///< `a`: how bad
  storm_cloud,    ///<
  collide,        ///< somebody edits what is just being written: `b` times
  deny_writes,    ///< an admission policy refuses: `a` 0 Secrets, 1 workloads, 2 all
  compact,
  close_watches,
  expire_token,
  lose_events,
  duplicate_events,
  delay_events,
  list_lag,
  expire_keys,
  deny_reads,
  lose_digest_key,
  // likewise, of Google
  cut_google,    ///< `a` is a replica
  storm_google,  ///< `a`: how bad
  expire_tokens,
  deny_metadata,  ///< of versions: only their values may be read
  exhaust_quota,  ///< likewise, for all who ask the project
  damage_values,  ///< on their way: their checksums are wrong
  // likewise, of Azure
  cut_azure,    ///< `a` is a replica
  storm_azure,  ///< `a`: how bad
  expire_bearers,
  refuse_tokens,
  deny_lists,  ///< of secrets and of their versions: only values may be read
  throttle_vault,
  lose_locks,  ///< of messages that were received
  /// Two values in a second, and the event of the second one is lost; `a` odd: all clocks are fast.
  hurry,
  forge_challenges,  ///< somebody in between wants a token for another service
};
std::string_view to_string(Deed deed);

struct Step {
  base::Duration at{};  ///< from the beginning
  Deed deed = Deed::put;
  unsigned a = 0;
  unsigned b = 0;
  base::Duration lasts{};
};

/// A world and what happens in it. Everything about a run but the draws of the network, which are
/// the seed's.
struct Scenario {
  std::uint64_t seed = 0;
  unsigned replicas = 1;
  bool leader_elect = false;
  unsigned secrets = 1;
  unsigned bindings = 1;  ///< binding i reads secret i modulo `secrets`
  unsigned workloads =
      1;  ///< workload i names the targets of binding i modulo `bindings`, and the next
  unsigned namespaces = 1;
  unsigned max_receives = 0;  ///< 0: no dead-letter queue
  bool trail = false;         ///< CloudTrail's events beside the native ones
  bool tenancy = false;       ///< policies say who may read what, and are enforced
  unsigned google = 0;        ///< bit i: secret i is in Google's cloud, not in AWS
  unsigned azure = 0;         ///< likewise, in Azure; no bit is in both
  std::vector<Step> steps;    ///< in order of time

  /// No fault among the steps: then calls can be counted exactly.
  bool calm() const;
  /// All faults are those of other clouds.
  bool calm_for(CloudName cloud) const;
  bool has(Deed deed) const;
  /// Versions cannot be told without reading values, of which EDSM is convinced for an hour.
  bool hides_versions() const { return has(Deed::deny_metadata) || has(Deed::deny_lists); }
  /// Where a secret is.
  CloudName cloud_of(unsigned secret) const;
  base::Duration length() const;
};

/// The scenario of a seed.
Scenario draw_scenario(std::uint64_t seed);
/// One line for a step, for people.
std::string describe(const Step& step);
std::string describe(const Scenario& scenario);

}  // namespace edsm::sim
