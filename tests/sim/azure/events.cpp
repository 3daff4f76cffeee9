#include "sim/azure/events.hpp"

#include <algorithm>
#include <utility>

#include <boost/json/serialize.hpp>
#include <fmt/format.h>

#include "base/time.hpp"

namespace edsm::sim::azure {
namespace {

namespace json = boost::json;

constexpr std::string_view group =
    "/subscriptions/5b1e0000-27af-4a4c-8c1e-3f9d00000000/resourceGroups/edsm";

std::string upper(std::string_view text) {
  std::string result(text);
  std::ranges::transform(result, result.begin(), [](char letter) {
    return letter >= 'a' && letter <= 'z' ? static_cast<char>(letter - 'a' + 'A') : letter;
  });
  return result;
}

/// Event Grid's times have seven digits behind the point.
std::string timestamp(base::WallTime time) {
  auto text = base::rfc3339_micro(time);
  text.insert(text.size() - 1, "0");
  return text;
}

json::value number_or_null(const std::optional<std::int64_t>& number) {
  return number ? json::value(*number) : json::value(nullptr);
}

/// As the documentation's own sample has it.
json::object documented(const json::object& data) {
  json::object odd;
  for (const auto& [key, value] : data) {
    const std::string name(key == "ObjectName" ? "ObjectName " : std::string_view(key));
    if (key == "Version") {
      odd[name] = fmt::format(" {}", std::string_view(value.get_string()));
    } else if (value.is_int64()) {
      odd[name] = std::to_string(value.get_int64());
    } else {
      odd[name] = value;
    }
  }
  return odd;
}

json::object lower_camel(const json::object& data) {
  json::object odd;
  for (const auto& [key, value] : data) {
    std::string name(key);
    const bool word = std::ranges::any_of(name, [](char c) { return c >= 'a' && c <= 'z'; });
    word ? void(name[0] = lower(name.substr(0, 1))[0]) : void(name = lower(name));
    odd[name] = value;
  }
  return odd;
}

}  // namespace

json::object Events::data(const Told& told) const {
  const auto name =
      options_.spelling == Spelling::capitals ? upper(told.name) : std::string(told.name);
  json::object data{{"Id", fmt::format("{}/secrets/{}/{}", origin_, name, told.version)},
                    {"VaultName", vault_},
                    {"ObjectType", "Secret"},
                    {"ObjectName", name},
                    {"Version", std::string(told.version)},
                    {"NBF", number_or_null(told.not_before)},
                    {"EXP", number_or_null(told.expires)}};
  if (options_.spelling == Spelling::documented) return documented(data);
  if (options_.spelling == Spelling::lower_camel) return lower_camel(data);
  return data;
}

json::object Events::envelope(std::string_view kind, std::string_view subject, json::object data) {
  const auto type = fmt::format("Microsoft.KeyVault.{}", kind);
  const auto source = fmt::format("{}/providers/Microsoft.KeyVault/vaults/{}", group, vault_);
  const std::string about(subject);
  const auto time = timestamp(timeline_.wall());
  if (options_.cloud_events) {
    return {{"id", uuid(timeline_)}, {"source", source}, {"subject", about},
            {"type", type},          {"time", time},     {"data", std::move(data)},
            {"specversion", "1.0"}};
  }
  return {{"id", uuid(timeline_)}, {"topic", source},       {"subject", about},
          {"eventType", type},     {"eventTime", time},     {"data", std::move(data)},
          {"dataVersion", "1"},    {"metadataVersion", "1"}};
}

void Events::happened(std::string_view what, const Told& told) {
  auto event = envelope(fmt::format("Secret{}", what), told.name, data(told));
  Publication publication;
  publication.change = Publication::Change::version;
  publication.secret = lower(told.name);
  publication.version = told.version;
  auto& content = publication.content;
  content.content_type = options_.cloud_events ? "application/cloudevents+json; charset=utf-8"
                                               : "application/json; charset=utf-8";
  // It is the same each time that Event Grid delivers the event.
  content.properties["MessageId"] = uuid(timeline_);
  content.custom = {{"aeg-subscription-name", "\"EDSM\""},
                    {"aeg-delivery-count", "\"0\""},
                    {"aeg-event-type", "\"Notification\""},
                    {"aeg-output-event-id", json::serialize(event.at("id"))}};
  for (const auto& [member, name] : {std::pair("dataVersion", "aeg-data-version"),
                                     {"metadataVersion", "aeg-metadata-version"}}) {
    if (const auto* const version = event.if_contains(member))
      content.custom[name] = json::serialize(*version);
  }
  if (options_.arrays) {
    const auto other = envelope("VaultAccessPolicyChanged", vault_, {{"VaultName", vault_}});
    content.body = json::serialize(json::array{other, event});
  } else {
    content.body = json::serialize(event);
  }
  sink_(std::move(publication));
}

void Events::called(std::string_view operation, std::string_view name, std::string_view version,
                    int status) {
  const bool read = operation == "SecretGet" || operation.starts_with("SecretList");
  if (!options_.audit || (read && !options_.audit_reads)) return;
  std::string url = fmt::format("{}/secrets", origin_);
  for (const auto part : {name, version}) {
    if (!part.empty()) url.append("/").append(part);
  }
  const bool good = status < 300;
  json::object record{
      {"time", timestamp(timeline_.wall())},
      {"category", "AuditEvent"},
      {"operationName", std::string(operation)},
      {"operationVersion", "7.4"},
      {"resultType", good ? "Success" : "Failed"},
      {"resultSignature", good ? "OK" : "Forbidden"},
      {"resultDescription", ""},
      {"durationMs", "78"},
      {"callerIpAddress", "203.0.113.7"},
      {"correlationId", uuid(timeline_)},
      {"resourceId",
       upper(fmt::format("{}/providers/Microsoft.KeyVault/vaults/{}", group, vault_))},
      {"identity", {{"claim", {{"appid", "04b07795-8ddb-461a-bbee-02f9e1bf7b46"}}}}},
      {"properties",
       {{"clientInfo", "azsdk-python"},
        {"requestUri", url + "?api-version=7.4"},
        {"id", url},
        {"httpStatusCode", status}}}};
  Publication publication;
  // What was purged had been deleted before: no reader sees a difference.
  if (good && !read && operation != "SecretPurge") {
    const bool one = operation == "SecretSet" || operation == "SecretUpdate";
    publication.change = one ? Publication::Change::version : Publication::Change::secret;
    publication.secret = lower(name);
    publication.version = version;
  }
  publication.content.body =
      json::serialize(json::object{{"records", json::array{std::move(record)}}});
  publication.content.content_type = "application/json; charset=utf-8";
  publication.content.properties["MessageId"] = uuid(timeline_);
  sink_(std::move(publication));
}

}  // namespace edsm::sim::azure
