#include "sim/scenario.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include "sim/schedule.hpp"

namespace edsm::sim {
namespace {

using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

constexpr std::array kNames = {
    std::pair(Deed::put, "put a value"),
    std::pair(Deed::put_equal, "put the same value again"),
    std::pair(Deed::put_text, "put a text"),
    std::pair(Deed::put_bad, "put a value that no Secret can hold"),
    std::pair(Deed::rollback, "roll back"),
    std::pair(Deed::rotate, "rotate"),
    std::pair(Deed::remove_secret, "schedule for deletion"),
    std::pair(Deed::restore_secret, "restore"),
    std::pair(Deed::recreate_secret, "create anew under another ARN"),
    std::pair(Deed::disable_version, "disable a version"),
    std::pair(Deed::enable_version, "enable a version"),
    std::pair(Deed::destroy_version, "destroy a version"),
    std::pair(Deed::move_alias, "move the alias"),
    std::pair(Deed::expire_version, "let the newest version expire"),
    std::pair(Deed::edit_target, "edit the target"),
    std::pair(Deed::add_key, "add a key to the target"),
    std::pair(Deed::remove_key, "remove a key of the target"),
    std::pair(Deed::unlabel_target, "take the target's label"),
    std::pair(Deed::strip_annotations, "take the target's annotations"),
    std::pair(Deed::delete_target, "delete the target"),
    std::pair(Deed::create_binding, "create the binding"),
    std::pair(Deed::delete_binding, "delete the binding"),
    std::pair(Deed::retarget_binding, "give the binding another target"),
    std::pair(Deed::repath_binding, "give the binding another source"),
    std::pair(Deed::ask_for_sync, "ask for a sync"),
    std::pair(Deed::permit, "permit the namespace to read"),
    std::pair(Deed::forbid, "forbid the namespace to read"),
    std::pair(Deed::label, "label the namespace"),
    std::pair(Deed::pause_binding, "pause the binding"),
    std::pair(Deed::create_workload, "create the workload"),
    std::pair(Deed::delete_workload, "delete the workload"),
    std::pair(Deed::annotate, "annotate the workload"),
    std::pair(Deed::unannotate, "take the workload's annotation"),
    std::pair(Deed::scale, "scale the workload"),
    std::pair(Deed::reapply, "apply the workload's manifest again"),
    std::pair(Deed::crash, "kill -9 of replica"),
    std::pair(Deed::stop, "SIGTERM to replica"),
    std::pair(Deed::pause, "SIGSTOP to replica"),
    std::pair(Deed::cut_cluster, "no way to the cluster for replica"),
    std::pair(Deed::cut_cloud, "no way to the cloud for replica"),
    std::pair(Deed::skew, "wrong time of day for replica"),
    std::pair(Deed::storm_cluster, "storm before the cluster"),
    std::pair(Deed::storm_cloud, "storm before the cloud"),
    std::pair(Deed::collide, "somebody edits what is just being written"),
    std::pair(Deed::deny_writes, "admission refuses writes"),
    std::pair(Deed::compact, "compaction"),
    std::pair(Deed::close_watches, "watches are closed"),
    std::pair(Deed::expire_token, "service account token replaced"),
    std::pair(Deed::lose_events, "events are lost"),
    std::pair(Deed::duplicate_events, "events come twice and in any order"),
    std::pair(Deed::delay_events, "events are late"),
    std::pair(Deed::list_lag, "ListSecrets lags"),
    std::pair(Deed::expire_keys, "access keys expire"),
    std::pair(Deed::deny_reads, "IAM refuses reads"),
    std::pair(Deed::lose_digest_key, "the digest key is deleted"),
    std::pair(Deed::cut_google, "no way to Google for replica"),
    std::pair(Deed::storm_google, "storm before Google"),
    std::pair(Deed::expire_tokens, "Google's tokens expire"),
    std::pair(Deed::deny_metadata, "Google refuses reads of metadata"),
    std::pair(Deed::exhaust_quota, "Google's quota of reads is used up"),
    std::pair(Deed::damage_values, "values arrive damaged from Google"),
    std::pair(Deed::cut_azure, "no way to Azure for replica"),
    std::pair(Deed::storm_azure, "storm before Azure"),
    std::pair(Deed::expire_bearers, "Azure's tokens expire"),
    std::pair(Deed::refuse_tokens, "Entra gives no tokens"),
    std::pair(Deed::deny_lists, "Key Vault refuses lists"),
    std::pair(Deed::throttle_vault, "Key Vault throttles"),
    std::pair(Deed::lose_locks, "Service Bus loses locks"),
    std::pair(Deed::hurry, "two values in a second, the latter without its event"),
    std::pair(Deed::forge_challenges, "challenges of the vault are forged"),
};

struct Weight {
  Deed deed;
  unsigned weight;
};

constexpr Weight kUserDeeds[] = {
    {Deed::put, 30},
    {Deed::put_equal, 5},
    {Deed::put_text, 2},
    {Deed::put_bad, 2},
    {Deed::rollback, 5},
    {Deed::rotate, 6},
    {Deed::remove_secret, 2},
    {Deed::restore_secret, 3},
    {Deed::recreate_secret, 2},
    {Deed::edit_target, 4},
    {Deed::add_key, 2},
    {Deed::remove_key, 2},
    {Deed::unlabel_target, 2},
    {Deed::strip_annotations, 2},
    {Deed::delete_target, 4},
    {Deed::create_binding, 3},
    {Deed::delete_binding, 2},
    {Deed::retarget_binding, 2},
    {Deed::repath_binding, 1},
    {Deed::ask_for_sync, 2},
    {Deed::pause_binding, 4},
    {Deed::create_workload, 3},
    {Deed::delete_workload, 1},
    {Deed::annotate, 3},
    {Deed::unannotate, 1},
    {Deed::scale, 3},
    {Deed::reapply, 3},
};

constexpr Weight kPermissions[] = {{Deed::permit, 3}, {Deed::forbid, 2}, {Deed::label, 3}};

constexpr Weight kFaults[] = {
    {Deed::crash, 12},
    {Deed::stop, 3},
    {Deed::pause, 4},
    {Deed::cut_cluster, 4},
    {Deed::cut_cloud, 4},
    {Deed::skew, 2},
    {Deed::storm_cluster, 8},
    {Deed::storm_cloud, 8},
    {Deed::collide, 6},
    {Deed::deny_writes, 3},
    {Deed::compact, 3},
    {Deed::close_watches, 3},
    {Deed::expire_token, 2},
    {Deed::lose_events, 4},
    {Deed::duplicate_events, 4},
    {Deed::delay_events, 3},
    {Deed::list_lag, 2},
    {Deed::expire_keys, 2},
    {Deed::deny_reads, 2},
    {Deed::lose_digest_key, 1},
};

constexpr Weight kGoogleDeeds[] = {
    {Deed::put, 3},
    {Deed::recreate_secret, 3},
    {Deed::disable_version, 3},
    {Deed::enable_version, 4},
    {Deed::destroy_version, 1},
    {Deed::move_alias, 4},
    {Deed::remove_secret, 1},
    {Deed::restore_secret, 2},
};

constexpr Weight kGoogleFaults[] = {
    {Deed::cut_google, 4},    {Deed::storm_google, 6},  {Deed::expire_tokens, 2},
    {Deed::deny_metadata, 2}, {Deed::exhaust_quota, 2}, {Deed::damage_values, 2},
    {Deed::lose_events, 2},
};

constexpr Weight kAzureDeeds[] = {
    {Deed::put, 4},
    {Deed::rotate, 1},
    {Deed::rollback, 1},
    {Deed::recreate_secret, 2},
    {Deed::disable_version, 3},
    {Deed::enable_version, 4},
    {Deed::expire_version, 2},
    {Deed::remove_secret, 2},
    {Deed::restore_secret, 3},
};

constexpr Weight kAzureFaults[] = {
    {Deed::cut_azure, 4},     {Deed::storm_azure, 6}, {Deed::expire_bearers, 2},
    {Deed::refuse_tokens, 2}, {Deed::deny_lists, 2},  {Deed::throttle_vault, 2},
    {Deed::lose_locks, 3},    {Deed::hurry, 2},       {Deed::forge_challenges, 2},
    {Deed::lose_events, 3},
};

/// One cloud is in trouble, the others must go on.
constexpr Weight kGoogleDown[] = {{Deed::cut_google, 2}, {Deed::storm_google, 1}};
constexpr Weight kAwsDown[] = {{Deed::cut_cloud, 2}, {Deed::storm_cloud, 1}};
constexpr Weight kAzureDown[] = {
    {Deed::cut_azure, 2}, {Deed::storm_azure, 1}, {Deed::refuse_tokens, 1}};

bool is_fault(Deed deed) {
  return deed >= Deed::crash;
}

template <std::size_t N>
Deed pick(Schedule& chance, const Weight (&weights)[N]) {
  unsigned sum = 0;
  for (const auto& item : weights) sum += item.weight;
  auto lot = static_cast<unsigned>(chance.random() % sum);
  for (const auto& item : weights) {
    if (lot < item.weight) return item.deed;
    lot -= item.weight;
  }
  return weights[0].deed;
}

/// Mostly close together, sometimes with a pause: faults matter where something is under way.
base::Duration gap(Schedule& chance) {
  const auto lot = chance.random() % 10;
  if (lot < 5) return chance.between(milliseconds(0), milliseconds(60));
  if (lot < 8) return chance.between(milliseconds(100), seconds(3));
  return chance.between(seconds(3), seconds(40));
}

base::Duration draw_length(Schedule& chance) {
  return chance.chance(700) ? chance.between(milliseconds(1), seconds(20))
                            : chance.between(seconds(20), minutes(5));
}

/// Further deeds among the other steps, each a little before or after one of them.
template <std::size_t N>
void draw_among(Schedule& chance, std::vector<Step>& steps, const Weight (&weights)[N],
                std::uint64_t count) {
  for (std::uint64_t i = 0; i < count; ++i) {
    Step step;
    step.at = steps[chance.random() % steps.size()].at + chance.between({}, milliseconds(200));
    step.deed = pick(chance, weights);
    step.a = static_cast<unsigned>(chance.random() % 12);
    step.b = static_cast<unsigned>(chance.random() % 12);
    if (is_fault(step.deed)) step.lasts = draw_length(chance);
    steps.insert(std::ranges::upper_bound(steps, step.at, {}, &Step::at), step);
  }
}

void draw_google(Schedule& chance, Scenario& scenario, bool faulty) {
  scenario.google = 1 + static_cast<unsigned>(chance.random() % ((1U << scenario.secrets) - 1));
  draw_among(chance, scenario.steps, kGoogleDeeds, 2 + chance.random() % 7);
  if (faulty) draw_among(chance, scenario.steps, kGoogleFaults, chance.random() % 4);
  if (faulty || chance.chance(500)) return;
  const auto count = 1 + chance.random() % 2;
  chance.chance(500) ? draw_among(chance, scenario.steps, kGoogleDown, count)
                     : draw_among(chance, scenario.steps, kAwsDown, count);
}

/// Bits of further secrets.
constexpr unsigned kMore = 0b11111;

void draw_azure(Schedule& chance, Scenario& scenario, bool faulty) {
  scenario.azure = 1 + static_cast<unsigned>(chance.random() % ((1U << scenario.secrets) - 1));
  if (chance.chance(300)) {
    // So many that the sweep asks for the vault's list.
    scenario.azure |= kMore << scenario.secrets;
    scenario.secrets += static_cast<unsigned>(std::popcount(kMore));
    scenario.bindings = std::max(scenario.bindings, scenario.secrets);
  }
  scenario.google &= ~scenario.azure;
  draw_among(chance, scenario.steps, kAzureDeeds, 2 + chance.random() % 7);
  if (faulty) draw_among(chance, scenario.steps, kAzureFaults, chance.random() % 4);
  if (faulty || !scenario.calm() || chance.chance(500)) return;
  const auto count = 1 + chance.random() % 2;
  chance.chance(500) ? draw_among(chance, scenario.steps, kAzureDown, count)
                     : draw_among(chance, scenario.steps, kAwsDown, count);
}

/// Whose trouble it is; nullopt: that of nobody, or of everybody.
std::optional<CloudName> whose(Deed deed) {
  if (deed >= Deed::cut_azure) return CloudName::azure;
  if (deed >= Deed::cut_google) return CloudName::google;
  const bool of_aws = deed == Deed::cut_cloud || deed == Deed::storm_cloud ||
                      deed == Deed::expire_keys || deed == Deed::list_lag;
  return of_aws ? std::optional(CloudName::aws) : std::nullopt;
}

}  // namespace

std::string_view to_string(Deed deed) {
  for (const auto& [known, name] : kNames) {
    if (known == deed) return name;
  }
  return "?";
}

bool Scenario::calm() const {
  return std::ranges::none_of(steps, [](const Step& step) { return is_fault(step.deed); });
}

bool Scenario::calm_for(CloudName cloud) const {
  return std::ranges::none_of(steps, [cloud](const Step& step) {
    return is_fault(step.deed) && whose(step.deed).value_or(cloud) == cloud;
  });
}

CloudName Scenario::cloud_of(unsigned secret) const {
  if (((azure >> secret) & 1U) != 0) return CloudName::azure;
  return ((google >> secret) & 1U) != 0 ? CloudName::google : CloudName::aws;
}

bool Scenario::has(Deed deed) const {
  return std::ranges::any_of(steps, [deed](const Step& step) { return step.deed == deed; });
}

base::Duration Scenario::length() const {
  base::Duration end{};
  for (const auto& step : steps) end = std::max(end, step.at + step.lasts);
  return end;
}

Scenario draw_scenario(std::uint64_t seed) {
  // Not the network's draws: the same seed there must not repeat what was drawn here.
  Schedule chance(seed * 2 + 1);
  Scenario scenario;
  scenario.seed = seed;
  scenario.secrets = 1 + static_cast<unsigned>(chance.random() % 3);
  scenario.bindings = 1 + static_cast<unsigned>(chance.random() % 4);
  scenario.workloads = static_cast<unsigned>(chance.random() % 4);
  scenario.namespaces = 1 + static_cast<unsigned>(chance.random() % 2);
  scenario.leader_elect = chance.chance(250);
  if (scenario.leader_elect) scenario.replicas = 1 + static_cast<unsigned>(chance.random() % 3);
  scenario.max_receives = chance.chance(500) ? 5 : 0;
  scenario.trail = chance.chance(300);
  const bool faulty = chance.chance(800);
  const auto steps = 3 + chance.random() % 25;
  base::Duration at = seconds(5);
  for (std::uint64_t i = 0; i < steps; ++i) {
    Step step;
    at += gap(chance);
    step.at = at;
    step.deed = faulty && chance.chance(350) ? pick(chance, kFaults) : pick(chance, kUserDeeds);
    step.a = static_cast<unsigned>(chance.random() % 12);
    step.b = static_cast<unsigned>(chance.random() % 12);
    if (is_fault(step.deed)) {
      step.lasts = draw_length(chance);
    }
    scenario.steps.push_back(step);
  }
  // The last draws: what was drawn before is the same for a seed, with them or without.
  scenario.tenancy = chance.chance(300);
  if (scenario.tenancy) draw_among(chance, scenario.steps, kPermissions, 2 + chance.random() % 6);
  if (chance.chance(333)) draw_google(chance, scenario, faulty);
  if (chance.chance(333)) draw_azure(chance, scenario, faulty);
  return scenario;
}

std::string describe(const Step& step) {
  const auto ms = [](base::Duration time) { return time / milliseconds(1); };
  std::string text = fmt::format("{:>8} ms  {} {}", ms(step.at), to_string(step.deed), step.a);
  if (step.lasts.count() != 0) text += fmt::format(", for {} ms", ms(step.lasts));
  return text;
}

std::string describe(const Scenario& scenario) {
  std::string text = fmt::format(
      "seed {}: {} replica(s){}, {} secret(s), {} binding(s), {} workload(s), {} "
      "namespace(s){}{}{}{}{}\n",
      scenario.seed, scenario.replicas, scenario.leader_elect ? " with a lease" : "",
      scenario.secrets, scenario.bindings, scenario.workloads, scenario.namespaces,
      scenario.max_receives != 0 ? ", dead letters" : "", scenario.trail ? ", CloudTrail" : "",
      scenario.tenancy ? ", tenancy" : "",
      scenario.google != 0 ? fmt::format(", Google has {:#b}", scenario.google) : "",
      scenario.azure != 0 ? fmt::format(", Azure has {:#b}", scenario.azure) : "");
  for (const auto& step : scenario.steps) text += describe(step) + "\n";
  return text;
}

}  // namespace edsm::sim
