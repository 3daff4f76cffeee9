#include "sim/aws/secrets.hpp"

#include <algorithm>
#include <cctype>

#include <fmt/format.h>

namespace edsm::sim::aws {
namespace {

namespace json = boost::json;

constexpr std::string_view current_stage = "AWSCURRENT";
constexpr std::string_view previous_stage = "AWSPREVIOUS";
constexpr std::string_view pending_stage = "AWSPENDING";

/// Ends like a whole ARN: hyphen and six characters. The service then takes it for one.
bool looks_complete(std::string_view resource) {
  return resource.size() > 7 && resource[resource.size() - 7] == '-' &&
         std::ranges::all_of(resource.substr(resource.size() - 6),
                             [](unsigned char c) { return std::isalnum(c) != 0; });
}

Events::Subject subject(const Secret& secret) {
  return {secret.name, secret.arn};
}

}  // namespace

bool Version::has(std::string_view stage) const {
  return std::ranges::find(stages, stage) != stages.end();
}

const Version* Secret::at_stage(std::string_view stage) const {
  const auto found =
      std::ranges::find_if(versions, [stage](const Version& each) { return each.has(stage); });
  return found == versions.end() ? nullptr : &*found;
}

const Version* Secret::version(std::string_view id) const {
  const auto found = std::ranges::find(versions, id, &Version::id);
  return found == versions.end() ? nullptr : &*found;
}

Secrets::Secrets(Timeline& timeline, std::string account, std::string region,
                 const EventOptions& options, const Events::Sink& sink)
    : timeline_(timeline),
      arn_prefix_(fmt::format("arn:aws:secretsmanager:{}:{}:secret:", region, account)),
      events_(timeline, std::move(account), std::move(region), options, sink) {}

// -- the observers

std::optional<Current> Secrets::current(std::string_view name) const {
  const auto& entries = history(name);
  if (entries.empty() || entries.back().state == Current::State::gone) return std::nullopt;
  return entries.back();
}

const std::vector<Current>& Secrets::history(std::string_view name) const {
  static const std::vector<Current> none;
  const auto found = secrets_.find(name);
  return found == secrets_.end() ? none : found->second.history;
}

Secret* Secrets::find(std::string_view id) {
  std::string_view name = id;
  const bool arn = id.starts_with(arn_prefix_);
  if (arn) {
    name.remove_prefix(arn_prefix_.size());
    if (looks_complete(name)) name.remove_suffix(7);
  }
  const auto found = secrets_.find(name);
  if (found == secrets_.end() || !found->second.exists) return nullptr;
  const bool complete = arn && name.size() + arn_prefix_.size() < id.size();
  return !complete || found->second.arn == id ? &found->second : nullptr;
}

std::vector<std::pair<std::string_view, const Listed*>> Secrets::listed(base::Instant when) const {
  std::vector<std::pair<std::string_view, const Listed*>> result;
  for (const auto& [name, secret] : secrets_) {
    const auto after = std::ranges::upper_bound(secret.listings, when, {}, &Listed::since);
    if (after == secret.listings.begin() || !std::prev(after)->exists) continue;
    result.emplace_back(name, &*std::prev(after));
  }
  std::ranges::sort(result, {}, [](const auto& each) { return each.second->order; });
  return result;
}

Secret* Secrets::usable(std::string_view name) {
  const auto found = secrets_.find(name);
  const bool good =
      found != secrets_.end() && found->second.exists && !found->second.deleted.has_value();
  return good ? &found->second : nullptr;
}

void Secrets::remember(Secret& secret) {
  secret.changed = timeline_.wall();
  Listed listed{timeline_.now(), secret.exists,  secret.order,   secret.arn,
                secret.created,  secret.changed, secret.deleted, {}};
  for (const Version& each : secret.versions) {
    // Versions without a label are deprecated, and not shown.
    if (!each.stages.empty()) listed.stages.emplace_back(each.id, each.stages);
  }
  secret.listings.push_back(std::move(listed));

  using State = Current::State;
  Current now{timeline_.now(), State::live, secret.arn, {}, {}, false};
  if (secret.deleted) now.state = State::scheduled;
  if (!secret.exists) now.state = State::gone;
  if (const Version* const version = secret.at_stage(current_stage); version != nullptr) {
    now.version = version->id;
    now.bytes = version->bytes;
    now.binary = version->binary;
  }
  const bool same = !secret.history.empty() && secret.history.back().version == now.version &&
                    secret.history.back().state == now.state;
  if (!same) secret.history.push_back(std::move(now));
}

// -- the actors

void Secrets::move(Secret& secret, std::string_view stage, std::string_view version) {
  const auto take = [&secret](std::string_view label) {
    for (Version& each : secret.versions) std::erase(each.stages, label);
  };
  const auto give = [&secret](std::string_view label, std::string_view id) {
    const auto to = std::ranges::find(secret.versions, id, &Version::id);
    if (to != secret.versions.end()) to->stages.emplace_back(label);
  };
  const Version* const before = secret.at_stage(stage);
  const std::string old = before == nullptr ? std::string() : before->id;
  if (old == version) return;
  take(stage);
  give(stage, version);
  if (stage != current_stage || old.empty()) return;
  // The service keeps the last good one labelled by itself.
  take(previous_stage);
  give(previous_stage, old);
}

std::string Secrets::add_version(Secret& secret, std::string value, Form form,
                                 std::string_view stage) {
  const std::string id = uuid(timeline_);
  secret.versions.push_back({id, std::move(value), form == Form::binary, timeline_.wall(), {}});
  move(secret, stage, id);
  remember(secret);
  return id;
}

std::string Secrets::create(std::string_view name, std::string value, Form form) {
  Secret& secret = secrets_[std::string(name)];
  secret.name = name;
  secret.arn = fmt::format("{}{}-{}", arn_prefix_, name, arn_suffix(timeline_));
  secret.order = ++created_;
  secret.created = timeline_.wall();
  secret.accessed.reset();
  secret.deleted.reset();
  secret.exists = true;
  secret.versions.clear();
  const std::string version = add_version(secret, std::move(value), form, current_stage);
  events_.changed(subject(secret), "CreateSecret", {{"clientRequestToken", version}});
  events_.label_updated(subject(secret), version, current_stage, true);
  return version;
}

std::string Secrets::put_as(std::string_view operation, std::string_view name, std::string value,
                            Form form) {
  const auto found = secrets_.find(name);
  if (found == secrets_.end() || !found->second.exists) return create(name, std::move(value), form);
  Secret* const secret = usable(name);
  if (secret == nullptr) {
    events_.refused(subject(found->second), operation, "InvalidRequestException");
    return {};
  }
  const std::string version = add_version(*secret, std::move(value), form, current_stage);
  events_.changed(subject(*secret), operation, {{"clientRequestToken", version}});
  events_.label_updated(subject(*secret), version, current_stage);
  return version;
}

std::string Secrets::put(std::string_view name, std::string value, Form form) {
  return put_as("PutSecretValue", name, std::move(value), form);
}

std::string Secrets::update(std::string_view name, std::string value, Form form) {
  return put_as("UpdateSecret", name, std::move(value), form);
}

std::string Secrets::stage(std::string_view name, std::string value) {
  Secret* const secret = usable(name);
  if (secret == nullptr) return {};
  const std::string version = add_version(*secret, std::move(value), Form::text, pending_stage);
  json::object parameters{{"clientRequestToken", version},
                          {"versionStages", json::array{"AWSPENDING"}}};
  events_.changed(subject(*secret), "PutSecretValue", std::move(parameters));
  return version;
}

bool Secrets::move_current(std::string_view name, std::string_view version) {
  Secret* const secret = usable(name);
  if (secret == nullptr || secret->version(version) == nullptr) return false;
  const Version* const before = secret->at_stage(current_stage);
  if (before != nullptr && before->id == version) return false;
  json::object parameters{{"versionStage", "AWSCURRENT"},
                          {"moveToVersionId", std::string(version)}};
  if (before != nullptr) parameters["removeFromVersionId"] = before->id;
  move(*secret, current_stage, version);
  remember(*secret);
  events_.changed(subject(*secret), "UpdateSecretVersionStage", std::move(parameters));
  events_.label_updated(subject(*secret), version, current_stage);
  return true;
}

std::string Secrets::rollback(std::string_view name) {
  Secret* const secret = usable(name);
  const Version* const previous = secret == nullptr ? nullptr : secret->at_stage(previous_stage);
  if (previous == nullptr) return {};
  std::string version = previous->id;
  return move_current(name, version) ? version : std::string();
}

bool Secrets::label(std::string_view name, std::string_view version, std::string_view label) {
  Secret* const secret = usable(name);
  if (secret == nullptr || secret->version(version) == nullptr || label.starts_with("AWS"))
    return false;
  move(*secret, label, version);
  remember(*secret);
  json::object parameters{{"versionStage", std::string(label)},
                          {"moveToVersionId", std::string(version)}};
  events_.changed(subject(*secret), "UpdateSecretVersionStage", std::move(parameters));
  events_.label_updated(subject(*secret), version, label);
  return true;
}

std::string Secrets::rotate(std::string_view name, std::string value, base::Duration takes) {
  Secret* const secret = usable(name);
  if (secret == nullptr) return {};
  events_.changed(subject(*secret), "RotateSecret");
  std::string version = stage(name, std::move(value));
  if (takes <= base::Duration::zero()) {
    finish_rotation(secret->name, secret->arn, version);
  } else {
    timeline_.after(takes, [this, alive = std::weak_ptr<bool>(alive_), owned = secret->name,
                            arn = secret->arn, version] {
      if (!alive.expired()) finish_rotation(owned, arn, version);
    });
  }
  return version;
}

void Secrets::finish_rotation(const std::string& name, const std::string& arn,
                              const std::string& version) {
  Secret* const secret = usable(name);
  const Version* const pending = secret == nullptr ? nullptr : secret->at_stage(pending_stage);
  if (pending == nullptr || secret->arn != arn || pending->id != version) return;
  // AWSPENDING stays where it is, at the new current version: so a finished rotation looks.
  if (move_current(name, version)) events_.rotated(subject(*secret), version);
}

bool Secrets::remove(std::string_view name) {
  Secret* const secret = usable(name);
  if (secret == nullptr) return false;
  secret->deleted = timeline_.wall();
  remember(*secret);
  events_.changed(subject(*secret), "DeleteSecret", {{"recoveryWindowInDays", 30}});
  return true;
}

bool Secrets::restore(std::string_view name) {
  const auto found = secrets_.find(name);
  if (found == secrets_.end() || !found->second.exists || !found->second.deleted) return false;
  found->second.deleted.reset();
  remember(found->second);
  events_.changed(subject(found->second), "RestoreSecret");
  return true;
}

bool Secrets::purge(std::string_view name) {
  const auto found = secrets_.find(name);
  if (found == secrets_.end() || !found->second.exists) return false;
  Secret& secret = found->second;
  secret.exists = false;
  secret.versions.clear();
  remember(secret);
  events_.changed(subject(secret), "DeleteSecret", {{"forceDeleteWithoutRecovery", true}});
  return true;
}

std::string Secrets::recreate(std::string_view name, std::string value, Form form) {
  purge(name);
  return create(name, std::move(value), form);
}

}  // namespace edsm::sim::aws
