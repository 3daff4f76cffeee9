#include "cloud/azure/events.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <set>

#include <fmt/format.h>

#include "base/json.hpp"
#include "base/time.hpp"
#include "cloud/azure/match.hpp"
#include "cloud/text.hpp"

namespace edsm::cloud::azure {
namespace {

using boost::json::value;

/// Service Bus' largest message that a queue takes unasked.
constexpr std::size_t max_body = std::size_t{1} << 20U;
constexpr std::size_t max_depth = 32;
constexpr std::string_view vault_events = "Microsoft.KeyVault.";

struct Meaning {
  std::string_view name;
  Change change;
  bool adds = false;  ///< the version that it names is a new one
};

// A certificate's value is a secret of the same name and version. Expiry changes no value, but is
// a reason to look. What else there is (keys, VaultAccessPolicyChanged) says nothing of values.
constexpr auto events = std::to_array<Meaning>({
    {"SecretNewVersionCreated", Change::version, true},
    {"SecretNearExpiry", Change::version},
    {"SecretExpired", Change::version},
    {"CertificateNewVersionCreated", Change::version, true},
    {"CertificateNearExpiry", Change::version},
    {"CertificateExpired", Change::version},
});
// Of the operations in audit records, likewise: reads come back to who reads, and are not here.
constexpr auto operations = std::to_array<Meaning>({
    {"SecretSet", Change::version, true},
    {"SecretUpdate", Change::version},
    {"SecretDelete", Change::secret},
    {"SecretRecover", Change::secret},
    {"SecretRestore", Change::secret},
});

/// A name out of the message, fit for logs.
std::string printable(std::string_view text) {
  std::string result(text.substr(0, 64));
  for (char& c : result) {
    if (!is_alnum(c) && c != '_' && c != '-' && c != '.') c = '?';
  }
  return result;
}

/// Documentation and service differ in case, and have blanks around names: "ObjectName ".
const value* member(const value& object, std::string_view name) {
  const auto* const members = object.if_object();
  if (members == nullptr) return nullptr;
  for (const auto& each : *members) {
    const std::string_view key(each.key().data(), each.key().size());
    if (same_ignoring_case(trim(key), name)) return &each.value();
  }
  return nullptr;
}

std::string_view text_of(const value* found) {
  const auto* const text = found == nullptr ? nullptr : found->if_string();
  return text == nullptr ? std::string_view() : trim({text->data(), text->size()});
}
std::string_view text_at(const value& object, std::string_view name) {
  return text_of(member(object, name));
}

const value& object_at(const value& object, std::string_view name) {
  static const value nothing;
  const auto* const found = member(object, name);
  return found == nullptr ? nothing : *found;
}

/// What is safe to say about something that is not understood: its members' names.
std::string names_of(const boost::json::object& object) {
  std::string names;
  std::size_t count = 0;
  for (const auto& each : object) {
    if (++count > 12) break;
    const std::string_view key(each.key().data(), each.key().size());
    names.append(names.empty() ? "" : ", ").append(printable(key).substr(0, 40));
  }
  return names.empty() ? "none" : names;
}

/// What the events of one message say together.
class Sum {
 public:
  void hint(const SecretName& name, const Meaning& meaning, std::string_view time) {
    for (auto& key : hint_keys(name, meaning.change)) {
      if (known_.insert(key).second) hint_.match_keys.push_back(std::move(key));
    }
    const auto version = meaning.adds ? std::string_view(name.version) : std::string_view();
    if (hints_ == 0) {
      hint_.cause = meaning.name;
      hint_.version = version;
    } else if (hint_.version != version) {
      hint_.version.clear();
    }
    // The earliest is the one that has waited longest.
    const auto when = base::parse_rfc3339(time);
    if (when && (!hint_.changed || *when < *hint_.changed)) hint_.changed = when;
    ++hints_;
  }
  void irrelevant(std::string cause) {
    if (!irrelevant_) irrelevant_ = Irrelevant{std::move(cause)};
  }
  void malformed(std::string why) {
    if (!malformed_) malformed_ = Malformed{std::move(why)};
  }

  /// A hint counts more than what cannot be read beside it, and that more than what is idle.
  Decoded result() && {
    if (hints_ > 1) hint_.cause += fmt::format(" and {} more", hints_ - 1);
    if (hints_ > 0) return std::move(hint_);
    if (malformed_) return std::move(*malformed_);
    if (irrelevant_) return std::move(*irrelevant_);
    return Irrelevant{"no events"};
  }

 private:
  Hint hint_;
  std::size_t hints_ = 0;
  std::set<std::string> known_;
  std::optional<Irrelevant> irrelevant_;
  std::optional<Malformed> malformed_;
};

/// The id says it best; without a usable one, the other members.
std::optional<SecretName> named_in(const value& data) {
  if (auto object = parse_object_url(text_at(data, "id"))) {
    if (object->name.version.empty() && valid_version(text_at(data, "version")))
      object->name.version = lower(text_at(data, "version"));
    return std::move(object->name);
  }
  const auto vault = text_at(data, "vaultname");
  const auto secret = text_at(data, "objectname");
  const auto version = text_at(data, "version");
  if (!valid_vault(vault) || !valid_secret(secret)) return std::nullopt;
  return SecretName{lower(vault), lower(secret), valid_version(version) ? lower(version) : ""};
}

void read_event(const value& event, std::string_view type, Sum& sum) {
  if (!same_ignoring_case(type.substr(0, vault_events.size()), vault_events))
    return sum.irrelevant(printable(type));
  const auto what = type.substr(vault_events.size());
  const auto meaning = std::ranges::find_if(
      events, [&](const Meaning& each) { return same_ignoring_case(each.name, what); });
  if (meaning == events.end()) return sum.irrelevant(printable(what));
  const auto name = named_in(object_at(event, "data"));
  if (!name) return sum.malformed(fmt::format("{} names no secret", meaning->name));
  auto time = text_at(event, "eventtime");
  if (time.empty()) time = text_at(event, "time");
  sum.hint(*name, *meaning, time);
}

/// Whether the operation that a record tells of was done. Its status is a number or a text.
bool succeeded(const value& record) {
  const auto& properties = object_at(record, "properties");
  const auto* const status = member(properties, "httpstatuscode");
  if (status == nullptr) return same_ignoring_case(text_at(record, "resulttype"), "success");
  std::int64_t code = parse_number(text_of(status)).value_or(0);
  if (status->is_int64()) code = status->get_int64();
  return code >= 200 && code < 300;
}

/// A record of category AuditEvent.
void read_record(const value& record, Sum& sum) {
  const auto operation = text_at(record, "operationname");
  if (operation.empty()) return sum.malformed("a record that names no operation");
  const auto meaning = std::ranges::find(operations, operation, &Meaning::name);
  if (meaning == operations.end()) return sum.irrelevant(printable(operation));
  if (!succeeded(record)) return sum.irrelevant("failed " + printable(operation));
  const auto& properties = object_at(record, "properties");
  auto object = parse_object_url(text_at(properties, "id"));
  if (!object) object = parse_object_url(text_at(properties, "requesturi"));
  if (!object) return sum.malformed(fmt::format("{} names no secret", meaning->name));
  sum.hint(object->name, *meaning, text_at(record, "time"));
}

void read_one(const value& item, Sum& sum) {
  const auto* const object = item.if_object();
  if (object == nullptr) return sum.malformed("not a JSON object");
  // Of Event Grid's own schema, and of CloudEvents.
  auto type = text_at(item, "eventtype");
  if (type.empty()) type = text_at(item, "type");
  if (!type.empty()) return read_event(item, type, sum);
  if (!text_at(item, "operationname").empty()) return read_record(item, sum);
  sum.malformed("neither an event nor an audit record; members: " + names_of(*object));
}

/// The events of a message, as they are packed.
const boost::json::array* packed(const value& root) {
  if (root.is_array()) return root.if_array();
  const auto* const records = member(root, "records");
  return records == nullptr ? nullptr : records->if_array();
}

}  // namespace

Decoded decode_event(std::string_view body) {
  if (body.size() > max_body) return Malformed{"larger than any message of events"};
  const auto document = base::JsonDocument::parse(body, max_depth);
  if (!document) return Malformed{"it is not JSON"};
  Sum sum;
  const auto* const items = packed(document->root());
  if (items == nullptr) {
    read_one(document->root(), sum);
    return std::move(sum).result();
  }
  if (items->size() > max_events)
    return Malformed{fmt::format("{} events in one message", items->size())};
  for (const auto& item : *items) read_one(item, sum);
  return std::move(sum).result();
}

}  // namespace edsm::cloud::azure
