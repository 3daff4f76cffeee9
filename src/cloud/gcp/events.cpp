#include "cloud/gcp/events.hpp"

#include <algorithm>
#include <array>
#include <optional>

#include <fmt/format.h>

#include "base/json.hpp"
#include "base/time.hpp"
#include "cloud/text.hpp"

namespace edsm::cloud::gcp {
namespace {

using base::string_at;
using boost::json::value;
using Decoded = std::variant<Hint, Irrelevant, Malformed>;

constexpr std::string_view service = "secretmanager.googleapis.com";

struct Meaning {
  std::string_view name;
  Change change;
  bool adds = false;  ///< the version that it names is a new one
};

// What else there is (SECRET_ROTATE, TOPIC_CONFIGURED) leaves the values as they are: a rotation is
// only asked for, and its result comes as a new version.
constexpr auto notifications = std::to_array<Meaning>({
    {"SECRET_CREATE", Change::secret},
    {"SECRET_DELETE", Change::secret},
    {"SECRET_UPDATE", Change::metadata},
    {"SECRET_VERSION_ADD", Change::version, true},
    {"SECRET_VERSION_ENABLE", Change::version},
    {"SECRET_VERSION_DISABLE", Change::version},
    {"SECRET_VERSION_DESTROY", Change::version},
    {"SECRET_VERSION_DESTROY_SCHEDULED", Change::version},
});
// Of the methods, likewise: reads and SetIamPolicy are not here.
constexpr auto methods = std::to_array<Meaning>({
    {"CreateSecret", Change::secret},
    {"DeleteSecret", Change::secret},
    {"UpdateSecret", Change::metadata},
    {"AddSecretVersion", Change::version, true},
    {"EnableSecretVersion", Change::version},
    {"DisableSecretVersion", Change::version},
    {"DestroySecretVersion", Change::version},
});

/// A name out of the message, fit for logs.
std::string printable(std::string_view text) {
  std::string result(text.substr(0, 64));
  for (char& c : result) {
    if (!is_alnum(c) && c != '_' && c != '-' && c != '.') c = '?';
  }
  return result;
}

/// What is safe to say about something that is not understood: its members' names.
std::string names_of(const auto& members, const auto& name_of) {
  std::string names;
  std::size_t count = 0;
  for (const auto& member : members) {
    if (++count > 12) break;
    names.append(names.empty() ? "" : ", ").append(printable(name_of(member)).substr(0, 40));
  }
  return names.empty() ? "none" : names;
}

/// What an event is read with.
struct Known {
  const Projects& projects;
  Births* births;
};

/// When a version was created, if this is the version; else empty.
std::string_view creation_in(const value* version, const SecretName& name) {
  if (version == nullptr || parse_secret_name(string_at(*version, "name")) != name) return {};
  return string_at(*version, "createTime");
}

/// `created` is when the version that it tells of was created; empty: it does not say.
void note_birth(const SecretName& name, const Meaning& meaning, std::string_view created,
                Births* births) {
  if (births == nullptr || (meaning.change != Change::secret && !meaning.adds)) return;
  if (!created.empty()) {
    births->learn(name, created);
  } else {
    births->forget(name);
  }
}

/// `time` is when it happened, as the event says it; `version` is what it shows of a version.
Hint hint(const SecretName& name, const Meaning& meaning, std::string_view time,
          const value* version, const Known& known) {
  Hint made;
  made.changed = base::parse_rfc3339(time);
  made.match_keys = hint_keys(name, meaning.change, known.projects);
  const auto created = meaning.adds ? creation_in(version, name) : std::string_view();
  note_birth(name, meaning, created, known.births);
  if (meaning.adds && is_version_number(name.version))
    made.version = version_text(name.version, created);
  made.cause = meaning.name;
  return made;
}

std::string_view attribute(const Attributes& attributes, std::string_view name) {
  const auto found = attributes.find(name);
  return found == attributes.end() ? std::string_view() : std::string_view(found->second);
}

Decoded notification(const Attributes& attributes, std::string_view type, std::string_view data,
                     const Known& known) {
  const auto meaning = std::ranges::find(notifications, type, &Meaning::name);
  if (meaning == notifications.end()) return Irrelevant{printable(type)};
  auto name = parse_secret_name(attribute(attributes, "versionId"));
  if (!name) name = parse_secret_name(attribute(attributes, "secretId"));
  if (!name) return Malformed{fmt::format("{} names no secret", meaning->name)};
  const auto document = base::JsonDocument::parse(meaning->adds ? data : std::string_view());
  return hint(*name, *meaning, attribute(attributes, "timestamp"),
              document ? &document->root() : nullptr, known);
}

/// The first of the places where a record may name its secret; one with the version is better.
std::optional<SecretName> named_in(const value& payload) {
  std::optional<SecretName> found;
  for (const std::string_view place :
       {"response.name", "resourceName", "request.name", "request.parent", "request.secret.name"}) {
    const auto name = parse_secret_name(string_at(payload, place));
    if (!name) continue;
    if (!found) found = name;
    const bool same = found->project == name->project && found->location == name->location &&
                      found->secret == name->secret;
    if (same && found->version.empty()) found->version = name->version;
  }
  if (found) return found;
  // CreateSecret: the parent is the project.
  return parse_secret_name(fmt::format("{}/secrets/{}", string_at(payload, "request.parent"),
                                       string_at(payload, "request.secretId")));
}

/// `time` is the entry's, which is that of the call and not of its way through the sink.
Decoded audit_entry(const value& payload, std::string_view time, const Known& known) {
  const auto service_name = string_at(payload, "serviceName");
  if (service_name != service) return Irrelevant{"another service's entry"};
  auto method = string_at(payload, "methodName");
  method.remove_prefix(std::min(method.rfind('.') + 1, method.size()));
  if (base::int_at(payload, "status.code").value_or(0) != 0)
    return Irrelevant{"failed " + printable(method)};
  const auto meaning = std::ranges::find(methods, method, &Meaning::name);
  if (meaning == methods.end()) return Irrelevant{printable(method)};
  const auto name = named_in(payload);
  if (!name) return Malformed{fmt::format("{} names no secret", meaning->name)};
  return hint(*name, *meaning, time, base::find(payload, "response"), known);
}

}  // namespace

Decoded decode_event(const Attributes& attributes, std::string_view data, const Projects& projects,
                     Births* births) {
  const Known known{projects, births};
  const auto type = attribute(attributes, "eventType");
  if (!type.empty()) return notification(attributes, type, data, known);
  const auto document = base::JsonDocument::parse(data);
  if (!document) {
    const auto first = [](const auto& each) { return std::string_view(each.first); };
    return Malformed{"no notification, and its data is not JSON; attributes: " +
                     names_of(attributes, first)};
  }
  const value& root = document->root();
  const auto* const payload = base::find(root, "protoPayload");
  if (payload != nullptr && payload->is_object())
    return audit_entry(*payload, string_at(root, "timestamp"), known);
  if (!string_at(root, "logName").empty()) return Irrelevant{"another log's entry"};
  const auto* const object = root.if_object();
  if (object == nullptr) return Malformed{"no notification, and its data is not a JSON object"};
  const auto key = [](const auto& each) {
    return std::string_view(each.key().data(), each.key().size());
  };
  return Malformed{"neither a notification nor a log entry; members: " + names_of(*object, key)};
}

}  // namespace edsm::cloud::gcp
