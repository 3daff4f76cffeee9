#include "sim/gcp/secrets.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

#include <fmt/format.h>

namespace edsm::sim::gcp {
namespace {

namespace json = boost::json;

constexpr std::string_view latest = "latest";
constexpr std::size_t max_payload = std::size_t{64} << 10U;
constexpr auto updatable = std::to_array<std::string_view>(
    {"labels", "annotations", "topics", "versionAliases", "rotation", "versionDestroyTtl"});

std::int64_t number_of(std::string_view text) {
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc() && end == text.data() + text.size() ? number : 0;
}

/// The number that an alias stands for; empty: it is none.
std::string_view alias_in(const json::object& body, std::string_view alias) {
  const auto* const aliases = body.if_contains("versionAliases");
  return aliases == nullptr || !aliases->is_object() ? std::string_view()
                                                     : text_at(aliases->get_object(), alias);
}

std::unexpected<ServiceError> wrong_state(std::string_view name, State state) {
  return fail("FAILED_PRECONDITION",
              fmt::format("Secret Version [{}] is in {} state.", name, to_string(state)));
}

Answer<void> check_etag(std::string_view asked, std::string_view now) {
  if (asked.empty() || asked == now) return {};
  return fail("FAILED_PRECONDITION", "The etag is not that of the resource.");
}

}  // namespace

std::string_view to_string(State state) {
  static constexpr std::array names = {"ENABLED", "DISABLED", "DESTROYED"};
  return names[static_cast<std::size_t>(state)];
}

bool is_number(std::string_view version) {
  return number_of(version) > 0;
}

const Version* Secret::version(std::string_view wanted) const {
  auto number = number_of(wanted);
  if (wanted == latest) number = std::ssize(versions);
  if (const auto alias = alias_in(body, wanted); !alias.empty()) number = number_of(alias);
  const bool there = number >= 1 && number <= std::ssize(versions);
  return there ? &versions[static_cast<std::size_t>(number - 1)] : nullptr;
}

Version* Secret::version(std::string_view wanted) {
  return const_cast<Version*>(std::as_const(*this).version(wanted));
}

Secrets::Secrets(Timeline& timeline, std::string project, std::string number,
                 const EventOptions& options, const Notifications::Sink& sink)
    : timeline_(timeline),
      project_(std::move(project)),
      number_(std::move(number)),
      notifications_(timeline, project_, options, sink) {}

std::string Secrets::resource(const Secret& secret) const {
  return fmt::format("projects/{}/{}", number_, secret.path);
}

json::object Secrets::json(const Secret& secret, const Version& version) const {
  json::object body{{"name", fmt::format("{}/versions/{}", resource(secret), version.number)},
                    {"createTime", timestamp(version.created)},
                    {"state", json::string(to_string(version.state).data())},
                    {"etag", version.etag}};
  if (version.state == State::destroyed) body["destroyTime"] = timestamp(version.destroyed);
  // A regional secret is replicated nowhere.
  if (secret.path.starts_with("secrets/"))
    body["replicationStatus"] = json::object{{"automatic", json::object()}};
  if (version.client_checksum) body["clientSpecifiedPayloadChecksum"] = true;
  return body;
}

const Secret* Secrets::find(std::string_view path) const {
  const auto found = std::ranges::find(secrets_, path, &Secret::path);
  return found == secrets_.end() ? nullptr : &*found;
}

Secret* Secrets::find(std::string_view path) {
  return const_cast<Secret*>(std::as_const(*this).find(path));
}

Answer<Secret*> Secrets::named(std::string_view path) {
  Secret* const secret = find(path);
  if (secret != nullptr) return secret;
  return fail("NOT_FOUND", fmt::format("Secret [projects/{}/{}] not found.", number_, path));
}

Answer<void> Secrets::check(const Secret& secret) const {
  const auto* const topics = secret.body.if_contains("topics");
  if (topics != nullptr && topics->as_array().size() > 10)
    return invalid("A secret has at most 10 topics.");
  const auto* const aliases = secret.body.if_contains("versionAliases");
  if (aliases == nullptr) return {};
  for (const auto& [alias, number] : aliases->as_object()) {
    const std::string_view name(alias.data(), alias.size());
    const bool good = !is_number(name) && name != latest && name != "NEW" && number.is_string();
    if (!good) return invalid(fmt::format("The alias [{}] is not valid.", name));
    const auto wanted = number_of(std::string_view(number.get_string()));
    if (wanted < 1 || wanted > std::ssize(secret.versions))
      return invalid(fmt::format("The alias [{}] is for a version that does not exist.", name));
  }
  return {};
}

void Secrets::configure(const json::object& body) {
  const auto* const topics = body.if_contains("topics");
  if (topics == nullptr) return;
  for (const auto& topic : topics->as_array())
    notifications_.configured(text_at(topic.as_object(), "name"));
}

void Secrets::remember(const Secret& secret, bool exists) {
  Seen now{timeline_.now(), exists, {}, {}};
  if (const auto* const aliases = secret.body.if_contains("versionAliases"); aliases != nullptr) {
    for (const auto& [alias, number] : aliases->as_object())
      now.aliases.emplace(alias, number.as_string());
  }
  for (const auto& version : secret.versions)
    now.versions.emplace_back(version.state, version.bytes);
  seen_[secret.path].push_back(std::move(now));
}

// -- changes

Answer<json::object> Secrets::create(std::string_view path, json::object body) {
  if (find(path) != nullptr) {
    return fail("ALREADY_EXISTS",
                fmt::format("Secret [projects/{}/{}] already exists.", number_, path));
  }
  const bool regional = !path.starts_with("secrets/");
  if (body.contains("replication") == regional) {
    return invalid("A secret has a replication policy, unless it is regional: then it has none.");
  }
  Secret secret{std::string(path), std::move(body), {}};
  if (auto good = check(secret); !good) return std::unexpected(good.error());
  configure(secret.body);
  secret.body["name"] = resource(secret);
  secret.body["createTime"] = timestamp(timeline_.wall());
  secret.body["etag"] = etag(timeline_);
  secrets_.push_back(secret);
  remember(secret);
  notifications_.happened("SECRET_CREATE", secret.body, {}, secret.body);
  notifications_.called("CreateSecret", resource(secret), secret.body);
  return secret.body;
}

Answer<json::object> Secrets::add(std::string_view path, std::string bytes, bool client_checksum) {
  const auto secret = named(path);
  if (!secret) return std::unexpected(secret.error());
  if (bytes.empty()) return invalid("Secret Payload cannot be empty.");
  if (bytes.size() > max_payload) return invalid("The payload exceeds 65536 bytes.");
  values_.push_back(bytes);
  auto& versions = (*secret)->versions;
  versions.push_back({std::ssize(versions) + 1,
                      State::enabled,
                      std::move(bytes),
                      client_checksum,
                      timeline_.wall(),
                      {},
                      etag(timeline_)});
  remember(**secret);
  auto made = json(**secret, versions.back());
  // Whoever is told may look: nothing of this is used after it.
  notifications_.happened("SECRET_VERSION_ADD", (*secret)->body, text_at(made, "name"), made);
  notifications_.called("AddSecretVersion", resource(**secret), made);
  return made;
}

Answer<json::object> Secrets::update(std::string_view path, const json::object& body,
                                     const std::vector<std::string>& mask) {
  const auto secret = named(path);
  if (!secret) return std::unexpected(secret.error());
  if (auto same = check_etag(text_at(body, "etag"), text_at((*secret)->body, "etag")); !same)
    return std::unexpected(same.error());
  Secret changed = **secret;
  for (const auto& field : mask) {
    if (std::ranges::find(updatable, field) == updatable.end())
      return invalid(fmt::format("The field [{}] cannot be updated.", field));
    const auto* const value = body.if_contains(field);
    changed.body.erase(field);
    if (value != nullptr) changed.body[field] = *value;
  }
  if (auto good = check(changed); !good) return std::unexpected(good.error());
  if (std::ranges::find(mask, "topics") != mask.end()) configure(changed.body);
  changed.body["etag"] = etag(timeline_);
  **secret = changed;
  remember(changed);
  notifications_.happened("SECRET_UPDATE", changed.body, {}, changed.body);
  notifications_.called("UpdateSecret", resource(changed), changed.body);
  return changed.body;
}

Answer<json::object> Secrets::remove(std::string_view path, std::string_view etag) {
  const auto secret = named(path);
  if (!secret) return std::unexpected(secret.error());
  if (auto same = check_etag(etag, text_at((*secret)->body, "etag")); !same)
    return std::unexpected(same.error());
  const Secret removed = **secret;
  std::erase_if(secrets_, [path](const Secret& each) { return each.path == path; });
  remember(removed, false);
  notifications_.happened("SECRET_DELETE", removed.body, {}, removed.body);
  notifications_.called("DeleteSecret", resource(removed), {});
  return json::object();
}

Answer<json::object> Secrets::change(std::string_view path, std::string_view version, State state,
                                     std::string_view asked_etag) {
  struct Words {
    std::string_view event;
    std::string_view method;
  };
  static constexpr std::array<Words, 3> words = {
      {{"SECRET_VERSION_ENABLE", "EnableSecretVersion"},
       {"SECRET_VERSION_DISABLE", "DisableSecretVersion"},
       {"SECRET_VERSION_DESTROY", "DestroySecretVersion"}}};
  const auto secret = named(path);
  if (!secret) return std::unexpected(secret.error());
  const auto name = fmt::format("{}/versions/{}", resource(**secret), version);
  if (!is_number(version))
    return invalid(fmt::format("The resource name [{}] is not valid.", name));
  Version* const found = (*secret)->version(version);
  if (found == nullptr)
    return fail("NOT_FOUND", fmt::format("Secret Version [{}] not found.", name));
  if (auto same = check_etag(asked_etag, found->etag); !same) return std::unexpected(same.error());
  const auto& [event, method] = words[static_cast<std::size_t>(state)];
  if (found->state == State::destroyed) {
    auto refusal = wrong_state(name, found->state);
    notifications_.refused(method, name, refusal.error());
    return refusal;
  }
  found->state = state;
  found->etag = etag(timeline_);
  if (state == State::destroyed) {
    found->destroyed = timeline_.wall();
    found->bytes.clear();
  }
  remember(**secret);
  auto changed = json(**secret, *found);
  notifications_.happened(event, (*secret)->body, name, changed);
  notifications_.called(method, name, changed);
  return changed;
}

// -- the actors

std::string Secrets::put(std::string_view path, std::string bytes) {
  if (find(path) == nullptr) {
    json::object body;
    if (path.starts_with("secrets/"))
      body["replication"] = json::object{{"automatic", json::object()}};
    if (!topic_.empty()) body["topics"] = json::array{json::object{{"name", topic_}}};
    if (!create(path, std::move(body))) return {};
  }
  const auto made = add(path, std::move(bytes));
  if (!made) return {};
  const auto name = text_at(*made, "name");
  return std::string(name.substr(name.rfind('/') + 1));
}

bool Secrets::set_alias(std::string_view path, std::string_view alias, std::string_view version) {
  const Secret* const secret = find(path);
  if (secret == nullptr) return false;
  json::object aliases;
  if (const auto* const now = secret->body.if_contains("versionAliases"); now != nullptr)
    aliases = now->as_object();
  aliases[alias] = json::string(version.data(), version.size());
  return update(path, {{"versionAliases", std::move(aliases)}}, {"versionAliases"}).has_value();
}

// -- the observers

Current Secrets::seen(const Seen& at, std::string_view wanted) {
  Current current{at.since, Current::State::gone, {}, {}};
  auto number = number_of(wanted);
  if (wanted == latest) number = std::ssize(at.versions);
  if (const auto alias = at.aliases.find(wanted); alias != at.aliases.end())
    number = number_of(alias->second);
  if (!at.exists || number < 1 || number > std::ssize(at.versions)) return current;
  const auto& [state, bytes] = at.versions[static_cast<std::size_t>(number - 1)];
  current.state = state == State::enabled ? Current::State::live : Current::State::disabled;
  current.version = std::to_string(number);
  current.bytes = bytes;
  return current;
}

std::vector<Current> Secrets::history(std::string_view path, std::string_view wanted) const {
  std::vector<Current> all;
  const auto found = seen_.find(path);
  if (found == seen_.end()) return all;
  for (const auto& each : found->second) all.push_back(seen(each, wanted));
  return all;
}

Current Secrets::current(std::string_view path, std::string_view wanted) const {
  const auto found = seen_.find(path);
  return found == seen_.end() ? Current() : seen(found->second.back(), wanted);
}

}  // namespace edsm::sim::gcp
