// What the steps of a scenario do to Google's cloud.
#include <algorithm>

#include <fmt/format.h>

#include "sim/world.hpp"

namespace edsm::sim {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

/// One of the versions that there are; empty: there is none.
std::string some_version(const gcp::Secret* secret, unsigned lot) {
  if (secret == nullptr || secret->versions.empty()) return {};
  // Mostly the newest: it is the one that is wanted.
  const auto count = secret->versions.size();
  return std::to_string(lot % 2 == 0 ? count : 1 + lot % count);
}

}  // namespace

void World::on_google(const Step& step, unsigned secret) {
  const auto path = Sources::google_path(sources.path(secret));
  auto& secrets = gcp.secrets();
  const auto* const found = secrets.find(path);
  const auto version = some_version(found, step.b);
  switch (step.deed) {
    case Deed::put_equal: {
      const auto current = secrets.current(path, "latest");
      if (current.state == Current::State::live) secrets.put(path, current.bytes);
      break;
    }
    case Deed::put_text:
      secrets.put(path, fresh_text());
      break;
    case Deed::put_bad:
      secrets.put(path, bad_value());
      break;
    case Deed::rotate:
      rotate_google(path, secret, schedule.between({}, seconds(2)));
      break;
    case Deed::rollback:
    case Deed::move_alias:
      if (!version.empty()) secrets.set_alias(path, kAlias, version);
      break;
    case Deed::remove_secret:
      (void)secrets.remove(path);
      break;
    case Deed::restore_secret:
      if (found == nullptr) make_google_secret(path, secret, 1);
      break;
    case Deed::recreate_secret:
      recreate_google(step, path, secret);
      break;
    case Deed::disable_version:
      (void)secrets.change(path, version, gcp::State::disabled);
      break;
    case Deed::enable_version:
      enable_google(step, path);
      break;
    case Deed::destroy_version:
      (void)secrets.change(path, version, gcp::State::destroyed);
      break;
    default:
      secrets.put(path, fresh_value(secret));
  }
}

/// With so many versions, the last of which the alias means.
void World::make_google_secret(const std::string& path, unsigned secret, std::size_t versions) {
  std::string last;
  for (std::size_t i = 0; i < versions; ++i) last = gcp.secrets().put(path, fresh_value(secret));
  gcp.secrets().set_alias(path, kAlias, last);
}

/// Somebody's program is told that it is time, and adds a version; some have an alias follow.
void World::rotate_google(const std::string& path, unsigned secret, base::Duration takes) {
  schedule.after(takes, [this, path, value = fresh_value(secret)] {
    const auto version = gcp.secrets().put(path, value);
    if (schedule.chance(500)) gcp.secrets().set_alias(path, kAlias, version);
  });
}

/// Anew under the old name: its versions begin at 1 again. Often there are soon as many as there
/// were.
void World::recreate_google(const Step& step, const std::string& path, unsigned secret) {
  const auto* const found = gcp.secrets().find(path);
  const std::size_t before = found == nullptr ? 1 : found->versions.size();
  const auto versions = step.b % 3 == 0 ? 1 : std::clamp(before, std::size_t{1}, std::size_t{6});
  (void)gcp.secrets().remove(path);
  const auto pause = step.b % 2 == 0 ? base::Duration{} : schedule.between({}, milliseconds(300));
  if (pause.count() == 0) return make_google_secret(path, secret, versions);
  schedule.after(pause, [this, path, secret, versions] {
    if (gcp.secrets().find(path) == nullptr) make_google_secret(path, secret, versions);
  });
}

/// One that is disabled, if there is one.
void World::enable_google(const Step& step, const std::string& path) {
  const auto* const secret = gcp.secrets().find(path);
  if (secret == nullptr) return;
  std::vector<std::string> disabled;
  for (const auto& each : secret->versions) {
    if (each.state == gcp::State::disabled) disabled.push_back(std::to_string(each.number));
  }
  if (disabled.empty()) return;
  const auto lot = step.b % 2 == 0 ? disabled.size() - 1 : step.b % disabled.size();
  (void)gcp.secrets().change(path, disabled[lot], gcp::State::enabled);
}

void World::on_google_fault(const Step& step) {
  auto& replica = *replicas_[step.a % replicas_.size()];
  const auto exhausted = [this](bool yes) {
    for (const auto* const operation : {"GetSecretVersion", "GetSecret", "ListSecrets"}) {
      yes ? void(gcp.faults.exhausted.insert(operation))
          : void(gcp.faults.exhausted.erase(operation));
    }
  };
  switch (step.deed) {
    case Deed::cut_google:
      cut(step, replica.number(), Peer::google);
      break;
    case Deed::storm_google:
      storm(step, Peer::google);
      break;
    case Deed::expire_tokens:
      gcp.tokens().expire_all();
      break;
    case Deed::deny_metadata:
      gcp.faults.deny("GetSecretVersion");
      for_a_while(step, [this] { gcp.faults.allow("GetSecretVersion"); });
      break;
    case Deed::exhaust_quota:
      exhausted(true);
      for_a_while(step, [exhausted] { exhausted(false); });
      break;
    default:
      gcp.faults.damaged = 500;
      for_a_while(step, [this] { gcp.faults.damaged = 0; });
  }
}

/// Brings a message of Secret Manager to its topic, as the world lets it.
void World::route_google(const gcp::Publication& message) {
  using Change = gcp::Publication::Change;
  std::optional<News> news;
  const auto name = message.secret.substr(message.secret.rfind('/') + 1);
  const auto change = message.change == Change::version    ? News::Change::version
                      : message.change == Change::metadata ? News::Change::metadata
                                                           : News::Change::secret;
  if (message.change != Change::nothing) news = News{name, change, message.version};
  deliver(
      [this, message] {
        return gcp.pubsub().publish(message.topic, {message.data, message.attributes}).front();
      },
      news);
}

}  // namespace edsm::sim
