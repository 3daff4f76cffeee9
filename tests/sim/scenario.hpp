#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/clock.hpp"

namespace edsm::sim {

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
  // Google's secrets only; `b`: which version
  disable_version,
  enable_version,
  destroy_version,
  move_alias,
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
  std::vector<Step> steps;    ///< in order of time

  /// No fault among the steps: then calls can be counted exactly.
  bool calm() const;
  /// All faults are those of the other cloud.
  bool calm_for_aws() const;
  bool calm_for_google() const;
  bool has(Deed deed) const;
  bool is_google(unsigned secret) const { return ((google >> secret) & 1U) != 0; }
  base::Duration length() const;
};

/// The scenario of a seed.
Scenario draw_scenario(std::uint64_t seed);
/// One line for a step, for people.
std::string describe(const Step& step);
std::string describe(const Scenario& scenario);

}  // namespace edsm::sim
