#include "sim/azure/vault.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace edsm::sim::azure {
namespace {

namespace json = boost::json;
using json::object;

constexpr std::size_t largest_value = std::size_t{25} << 10U;
constexpr std::size_t longest_name = 127;
constexpr std::int64_t recoverable_days = 90;

bool valid_name(std::string_view name) {
  return !name.empty() && name.size() <= longest_name && std::ranges::all_of(name, [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-';
  });
}

/// Sets what the body names.
void set(Version& version, const object& body) {
  if (const auto* const found = body.if_contains("attributes"); found != nullptr) {
    const auto* const attributes = found->if_object();
    const auto number = [attributes](std::string_view name, std::optional<std::int64_t>& to) {
      const auto* const value = attributes->if_contains(name);
      if (value != nullptr && value->is_int64()) to = value->get_int64();
    };
    if (attributes != nullptr) {
      const auto* const enabled = attributes->if_contains("enabled");
      if (enabled != nullptr && enabled->is_bool()) version.enabled = enabled->get_bool();
      number("nbf", version.not_before);
      number("exp", version.expires);
    }
  }
  for (const auto* const member : {"contentType", "tags"}) {
    const auto* const value = body.if_contains(member);
    if (value != nullptr && !value->is_null()) version.rest[member] = *value;
  }
}

/// The members beside id and value, in the service's order.
void add_rest(object& shown, const Version& version) {
  object attributes{{"enabled", version.enabled}};
  if (version.not_before) attributes["nbf"] = *version.not_before;
  if (version.expires) attributes["exp"] = *version.expires;
  attributes["created"] = version.created;
  attributes["updated"] = version.updated;
  attributes["recoveryLevel"] = "Recoverable+Purgeable";
  attributes["recoverableDays"] = recoverable_days;
  shown["attributes"] = std::move(attributes);
  if (const auto* const tags = version.rest.if_contains("tags"); tags != nullptr)
    shown["tags"] = *tags;
}

void add_type(object& shown, const Version& version) {
  const auto* const type = version.rest.if_contains("contentType");
  if (type != nullptr) shown["contentType"] = *type;
}

ServiceError deleted_absent(std::string_view name) {
  return {404, "SecretNotFound", fmt::format("Deleted Secret not found: {}", name)};
}

}  // namespace

ServiceError absent(std::string_view name) {
  return {404, "SecretNotFound",
          fmt::format("A secret with (name/id) {} was not found in this key vault.", name)};
}

const Version* Secret::version(std::string_view wanted) const {
  if (wanted.empty()) return versions.empty() ? nullptr : &versions.back();
  const auto found = std::ranges::find(versions, lower(wanted), &Version::id);
  return found == versions.end() ? nullptr : &*found;
}

Vault::Vault(Timeline& timeline, std::string name, const EventOptions& options,
             const Events::Sink& sink)
    : timeline_(timeline),
      name_(std::move(name)),
      events_(timeline, name_, origin(), options, sink) {}

std::string Vault::host() const {
  return fmt::format("{}.vault.azure.net", lower(name_));
}

Secret* Vault::held(std::string_view name) {
  const auto found = secrets_.find(lower(name));
  return found == secrets_.end() ? nullptr : &found->second;
}

const Secret* Vault::find(std::string_view name) const {
  const auto found = secrets_.find(lower(name));
  if (found == secrets_.end() || found->second.deleted) return nullptr;
  const auto& recovered = found->second.recovered;
  const bool there = !recovered || timeline_.now() >= *recovered + settling;
  return there ? &found->second : nullptr;
}

const Secret* Vault::find_deleted(std::string_view name) const {
  const auto found = secrets_.find(lower(name));
  const bool there = found != secrets_.end() && found->second.deleted &&
                     timeline_.now() >= *found->second.deleted + settling;
  return there ? &found->second : nullptr;
}

std::vector<const Secret*> Vault::all(bool deleted) const {
  std::vector<const Secret*> found;
  for (const auto& [name, secret] : secrets_) {
    if (secret.deleted.has_value() == deleted) found.push_back(&secret);
  }
  return found;
}

// -- the wire

object Vault::json(const Secret& secret, const Version& version, bool value) const {
  object shown;
  if (value) shown["value"] = version.bytes;
  add_type(shown, version);
  shown["id"] = fmt::format("{}/secrets/{}/{}", origin(), secret.name, version.id);
  add_rest(shown, version);
  return shown;
}

object Vault::item(const Secret& secret) const {
  object shown;
  add_type(shown, secret.versions.back());
  shown["id"] = fmt::format("{}/secrets/{}", origin(), secret.name);
  add_rest(shown, secret.versions.back());
  return shown;
}

object Vault::deleted_json(const Secret& secret) const {
  const auto age = timeline_.now() - secret.deleted.value_or(timeline_.now());
  const auto when = seconds_of(timeline_.wall() - age);
  object shown{{"recoveryId", fmt::format("{}/deletedsecrets/{}", origin(), secret.name)},
               {"deletedDate", when},
               {"scheduledPurgeDate", when + recoverable_days * 86400}};
  for (const auto& [name, value] : json(secret, secret.versions.back(), false)) shown[name] = value;
  return shown;
}

// -- changes

Answer<object> Vault::put(std::string_view name, const object& body) {
  const auto* const value = body.if_contains("value");
  if (!valid_name(name))
    return bad_parameter(fmt::format("The request URI contains an invalid name: {}", name));
  if (value == nullptr || !value->is_string())
    return bad_parameter("The parameter is incorrect: 'value' must be specified.");
  if (value->get_string().size() > largest_value) {
    return bad_parameter(fmt::format("Secret value length ({}) must be less than {}.",
                                     value->get_string().size(), largest_value));
  }
  Secret& secret = secrets_[lower(name)];
  if (secret.deleted) {
    return fail(409, "Conflict",
                fmt::format("Secret {} is currently in a deleted but recoverable state, and its "
                            "name cannot be reused.",
                            name),
                "ObjectIsDeletedButRecoverable");
  }
  if (secret.name.empty()) secret.name = name;
  Version version{version_id(timeline_), std::string(std::string_view(value->get_string()))};
  version.created = version.updated = seconds_of(timeline_.wall());
  set(version, body);
  values_.push_back(version.bytes);
  secret.versions.push_back(version);
  remember(secret);
  auto made = json(secret, version, true);
  // Whoever is told may look: nothing of this is used after it.
  const std::string called(secret.name);
  events_.happened("NewVersionCreated", {called, version.id, version.not_before, version.expires});
  events_.called("SecretSet", called, {}, 200);
  return made;
}

Answer<object> Vault::patch(std::string_view name, std::string_view wanted, const object& body) {
  if (find(name) == nullptr) return std::unexpected(absent(name));
  Secret& secret = *held(name);
  const auto* const found = secret.version(wanted);
  if (found == nullptr) return std::unexpected(absent(fmt::format("{}/{}", name, wanted)));
  auto& version = secret.versions[static_cast<std::size_t>(found - secret.versions.data())];
  set(version, body);
  version.updated = seconds_of(timeline_.wall());
  remember(secret);
  auto changed = json(secret, version, false);
  events_.called("SecretUpdate", std::string(secret.name), std::string(version.id), 200);
  return changed;
}

Answer<object> Vault::remove(std::string_view name) {
  if (find(name) == nullptr) return std::unexpected(absent(name));
  Secret& secret = *held(name);
  secret.deleted = timeline_.now();
  remember(secret);
  auto removed = deleted_json(secret);
  events_.called("SecretDelete", std::string(secret.name), {}, 200);
  return removed;
}

Answer<object> Vault::recover(std::string_view name) {
  if (find_deleted(name) == nullptr) return std::unexpected(deleted_absent(name));
  Secret& secret = *held(name);
  secret.deleted.reset();
  secret.recovered = timeline_.now();
  if (settling.count() == 0) {
    remember(secret);
  } else {
    timeline_.after(settling, [this, of = std::string(name)] {
      if (const auto* const back = find(of)) remember(*back);
    });
  }
  auto recovered = json(secret, secret.versions.back(), false);
  events_.called("SecretRecover", std::string(secret.name), {}, 200);
  return recovered;
}

Answer<void> Vault::purge(std::string_view name) {
  const auto* const secret = find_deleted(name);
  if (secret == nullptr) return std::unexpected(deleted_absent(name));
  const std::string called(secret->name);
  secrets_.erase(lower(name));
  events_.called("SecretPurge", called, {}, 204);
  return {};
}

// -- the actors

std::string Vault::put(std::string_view name, std::string_view bytes) {
  if (!put(name, object{{"value", json::string(bytes)}})) return {};
  return held(name)->versions.back().id;
}

void Vault::age(std::string_view name, std::chrono::seconds time) {
  for (auto& version : held(name)->versions) {
    version.created -= time.count();
    version.updated -= time.count();
  }
}

bool Vault::set_enabled(std::string_view name, std::string_view version, bool enabled) {
  return patch(name, version, {{"attributes", {{"enabled", enabled}}}}).has_value();
}

void Vault::warn(std::string_view name) {
  const auto* const secret = find(name);
  if (secret == nullptr) return;
  const auto version = secret->versions.back();
  events_.happened("NearExpiry",
                   {std::string(secret->name), version.id, version.not_before, version.expires});
}

bool Vault::expire(std::string_view name, base::Duration later) {
  const auto at = seconds_of(timeline_.wall() + later);
  if (!patch(name, {}, {{"attributes", {{"exp", at}}}})) return false;
  warn(name);
  const auto id = held(name)->versions.back().id;
  timeline_.after(later, [this, of = std::string(name), id, at] {
    const auto* const secret = find(of);
    const auto* const version = secret == nullptr ? nullptr : secret->version(id);
    // Somebody may have changed his mind meanwhile.
    if (version == nullptr || version->expires != at) return;
    events_.happened("Expired", {std::string(secret->name), id, version->not_before, at});
  });
  return true;
}

// -- the observers

void Vault::remember(const Secret& secret) {
  const bool exists = find(secret.name) != nullptr;
  seen_[lower(secret.name)].push_back({timeline_.now(), exists, secret.versions});
}

Current Vault::seen(const Seen& at, std::string_view wanted) {
  Current current{at.since, Current::State::gone};
  const Secret as_it_was{{}, at.versions};
  const auto* const version = as_it_was.version(wanted);
  if (!at.exists || version == nullptr) return current;
  current.state = version->enabled ? Current::State::live : Current::State::disabled;
  current.version = version->id;
  current.bytes = version->bytes;
  return current;
}

std::vector<Current> Vault::history(std::string_view name, std::string_view wanted) const {
  std::vector<Current> all;
  const auto found = seen_.find(lower(name));
  if (found == seen_.end()) return all;
  for (const auto& each : found->second) all.push_back(seen(each, wanted));
  return all;
}

Current Vault::current(std::string_view name, std::string_view wanted) const {
  const auto found = seen_.find(lower(name));
  return found == seen_.end() ? Current() : seen(found->second.back(), wanted);
}

}  // namespace edsm::sim::azure
