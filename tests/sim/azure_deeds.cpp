// What the steps of a scenario do to Azure.
#include <optional>
#include <utility>

#include "sim/world.hpp"

namespace edsm::sim {
namespace {

using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

/// The id of one of the versions that there are, empty for the newest. Mostly it is that.
std::string some_version(const azure::Secret* secret, unsigned lot) {
  if (secret == nullptr || lot % 3 != 0) return {};
  return secret->versions[lot % secret->versions.size()].id;
}

}  // namespace

/// What is the same through all of a world, by its seed: how events come, and how slow and how
/// short of words the services are.
void World::connect_azure() {
  if (scenario_.azure == 0) return;
  const auto lot = scenario_.seed;
  azure.events.cloud_events = lot % 2 == 0;
  azure.events.spelling = static_cast<azure::Spelling>(lot / 2 % 4);
  azure.events.arrays = lot % 5 == 0;
  azure.events.audit = azure.events.audit_reads = scenario_.trail;
  azure.vault().settling = lot % 3 == 0 ? seconds(20) : seconds(0);
  azure.vault_api().page = lot % 4 == 0 ? 25 : 2;
  if (lot % 3 == 1) azure.vault_api().tenant = azure::kOtherTenant;
  if (lot % 4 == 1) azure.tokens().set_lifetime(minutes(10));
  azure.queue().lock_time = seconds(30 + 30 * (lot % 2));
  azure.queue().lost_status = lot % 2 == 0 ? 404 : 410;
  if (scenario_.max_receives != 0) azure.queue().max_deliveries = scenario_.max_receives;
  if (lot % 5 == 1) {
    // With such long locks not more, or what nobody can deal with would be there for hours.
    azure.queue().lock_time = minutes(5);
    azure.queue().max_deliveries = 3;
  }
  azure.route = [this](const azure::Publication& message) { route_azure(message); };
}

void World::on_azure(const Step& step, unsigned secret) {
  const auto path = sources.path(secret);
  auto& vault = azure.vault();
  const auto* const found = vault.find(path);
  switch (step.deed) {
    case Deed::put_equal:
      if (found != nullptr) vault.put(path, std::string(found->versions.back().bytes));
      break;
    case Deed::put_text:
      vault.put(path, fresh_text());
      break;
    case Deed::put_bad:
      vault.put(path, bad_value());
      break;
    case Deed::rollback:
      // There is no other way back than the old value as a new version.
      if (found != nullptr)
        vault.put(path, std::string(found->versions[step.b % found->versions.size()].bytes));
      break;
    case Deed::rotate:
      vault.warn(path);
      schedule.after(schedule.between({}, seconds(2)),
                     [this, path, value = fresh_value(secret)] { azure.vault().put(path, value); });
      break;
    case Deed::remove_secret:
      (void)vault.remove(path);
      break;
    case Deed::restore_secret:
      if (!vault.recover(path) && found == nullptr) vault.put(path, fresh_value(secret));
      break;
    case Deed::recreate_secret:
      recreate_azure(step, path, secret);
      break;
    case Deed::disable_version:
      vault.set_enabled(path, some_version(found, step.b), false);
      break;
    case Deed::enable_version:
      enable_azure(step, path);
      break;
    case Deed::expire_version:
      vault.expire(path, schedule.between(seconds(1), minutes(2)));
      break;
    default:
      vault.put(path, fresh_value(secret));
  }
}

/// Purged, and anew under the old name: none of its versions is one of before.
void World::recreate_azure(const Step& step, const std::string& path, unsigned secret) {
  (void)azure.vault().remove(path);
  const auto pause = step.b % 2 == 0 ? base::Duration{} : schedule.between({}, milliseconds(300));
  schedule.after(azure.vault().settling + pause, [this, path, secret] {
    // Somebody may have recovered it meanwhile.
    if (azure.vault().purge(path)) azure.vault().put(path, fresh_value(secret));
  });
}

/// One that is disabled, if there is one.
void World::enable_azure(const Step& step, const std::string& path) {
  const auto* const secret = azure.vault().find(path);
  if (secret == nullptr) return;
  std::vector<std::string> disabled;
  for (const auto& each : secret->versions) {
    if (!each.enabled) disabled.push_back(each.id);
  }
  if (disabled.empty()) return;
  const auto lot = step.b % 2 == 0 ? disabled.size() - 1 : step.b % disabled.size();
  azure.vault().set_enabled(path, disabled[lot], true);
}

void World::on_azure_fault(const Step& step) {
  const int replica = replicas_[step.a % replicas_.size()]->number();
  switch (step.deed) {
    case Deed::cut_azure:
      cut(step, replica, Peer::azure);
      break;
    case Deed::storm_azure:
      storm(step, Peer::azure);
      break;
    case Deed::expire_bearers:
      azure.tokens().expire_all();
      break;
    case Deed::refuse_tokens:
      azure.tokens().expire_all();
      azure.tokens().refuse(true);
      for_a_while(step, [this] { azure.tokens().refuse(false); });
      break;
    case Deed::deny_lists:
      azure.faults.deny("GetSecretVersions");
      if (step.b % 2 == 0) azure.faults.deny("GetSecrets");
      for_a_while(step, [this] {
        azure.faults.allow("GetSecretVersions");
        azure.faults.allow("GetSecrets");
      });
      break;
    case Deed::throttle_vault:
      azure.faults.throttled = 200 + 60 * step.b;
      for_a_while(step, [this] { azure.faults.throttled = 0; });
      break;
    case Deed::lose_locks:
      azure.queue().lose_locks();
      azure.faults.locks_lost = 300;
      for_a_while(step, [this] { azure.faults.locks_lost = 0; });
      break;
    case Deed::hurry:
      hurry(step);
      break;
    default:
      azure.faults.forged_challenges = 300;
      for_a_while(step, [this] { azure.faults.forged_challenges = 0; });
  }
}

/// Somebody corrects himself within a second, which is how exactly the vault tells times, and of
/// the second value nobody hears. Whether a second is over, a replica whose clock is fast must not
/// believe it.
void World::hurry(const Step& step) {
  const unsigned secret = step.b % scenario_.secrets;
  if (scenario_.cloud_of(secret) != CloudName::azure) return;
  const auto path = sources.path(secret);
  if (step.a % 2 == 1) {
    for (const auto& replica : replicas_) replica->set_skew(minutes(20));
    for_a_while(step, [this] {
      for (const auto& replica : replicas_) replica->set_skew({});
    });
  }
  azure.vault().put(path, fresh_value(secret));
  schedule.after(schedule.between(milliseconds(100), milliseconds(600)), [this, path, secret] {
    const auto losing = std::exchange(losing_, calm_ ? 0 : 1000);
    azure.vault().put(path, fresh_value(secret));
    losing_ = losing;
  });
}

/// Brings a message about a secret to the queue, as the world lets it.
void World::route_azure(const azure::Publication& message) {
  using Change = azure::Publication::Change;
  std::optional<News> news;
  const auto change =
      message.change == Change::version ? News::Change::version : News::Change::secret;
  if (message.change != Change::nothing) news = News{message.secret, change, message.version};
  deliver([this, message] { return azure.queue().send(message.content); }, news);
}

}  // namespace edsm::sim
