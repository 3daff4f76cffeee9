#pragma once

#include <array>
#include <string_view>
#include <utility>

#include "base/planted.hpp"

namespace edsm::sim {

/// The planted bugs, by the names that the command line knows.
inline constexpr std::array kPlanted = {
    std::pair("acknowledge-before-effect", base::Bug::acknowledge_before_effect),
    std::pair("acknowledge-before-rollout", base::Bug::acknowledge_before_rollout),
    std::pair("forget-rollout-after-crash", base::Bug::forget_rollout_after_crash),
    std::pair("believe-the-event", base::Bug::believe_the_event),
    std::pair("order-versions", base::Bug::order_versions),
    std::pair("no-precondition", base::Bug::no_precondition),
    std::pair("wrong-baseline", base::Bug::wrong_baseline),
    std::pair("unknown-key-restarts", base::Bug::unknown_key_restarts),
    std::pair("sweep-believes-the-list", base::Bug::sweep_believes_the_list),
    std::pair("wipe-on-bad-value", base::Bug::wipe_on_bad_value),
    std::pair("heal-restarts", base::Bug::heal_restarts),
    std::pair("ignore-lost-label", base::Bug::ignore_lost_label),
    std::pair("forget-what-happens-meanwhile", base::Bug::forget_what_happens_meanwhile),
    std::pair("retry-at-once", base::Bug::retry_at_once),
    std::pair("log-the-value", base::Bug::log_the_value),
    std::pair("skip-the-relist", base::Bug::skip_the_relist),
    std::pair("swallow-conflict", base::Bug::swallow_conflict),
    std::pair("write-after-the-lease", base::Bug::write_after_the_lease),
    std::pair("sweep-for-everybody", base::Bug::sweep_for_everybody),
    std::pair("deaf-to-policies", base::Bug::deaf_to_policies),
    std::pair("ignore-the-pause", base::Bug::ignore_the_pause),
    std::pair("forget-the-change-time", base::Bug::forget_the_change_time),
    std::pair("deaf-to-project-ids", base::Bug::deaf_to_project_ids),
    std::pair("deaf-to-aliases", base::Bug::deaf_to_aliases),
    std::pair("disabled-is-gone", base::Bug::disabled_is_gone),
    std::pair("deaf-to-capitals", base::Bug::deaf_to_capitals),
    std::pair("blind-to-disabled", base::Bug::blind_to_disabled),
    std::pair("first-page-only", base::Bug::first_page_only),
    std::pair("trust-any-challenge", base::Bug::trust_any_challenge),
    std::pair("forget-the-second", base::Bug::forget_the_second),
};

}  // namespace edsm::sim
