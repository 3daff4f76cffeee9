#pragma once

#include <cstdint>

namespace edsm::base {

/// Bugs that were made on purpose, one at a time, to see that the simulation finds them
/// (docs/reliability.md). They exist only where EDSM_PLANTED_BUGS is defined, which no program for
/// users is; everywhere else `planted` is the constant false.
enum class Bug : std::uint8_t {
  none,
  acknowledge_before_effect,
  acknowledge_before_rollout,
  forget_rollout_after_crash,
  believe_the_event,
  order_versions,
  no_precondition,
  wrong_baseline,
  unknown_key_restarts,
  sweep_believes_the_list,
  wipe_on_bad_value,
  heal_restarts,
  ignore_lost_label,
  forget_what_happens_meanwhile,
  retry_at_once,
  log_the_value,
  skip_the_relist,
  swallow_conflict,
  write_after_the_lease,
  sweep_for_everybody,
  deaf_to_policies,
  ignore_the_pause,
  forget_the_change_time,
  deaf_to_project_ids,
  deaf_to_aliases,
  disabled_is_gone,
  deaf_to_capitals,
  blind_to_disabled,
  first_page_only,
  trust_any_challenge,
  forget_the_second,
};

#ifdef EDSM_PLANTED_BUGS
inline Bug the_planted_bug = Bug::none;
inline bool planted(Bug bug) {
  return the_planted_bug == bug;
}
#else
constexpr bool planted(Bug /*bug*/) {
  return false;
}
#endif

}  // namespace edsm::base
