#include "sim/gcp/notifications.hpp"

#include <boost/json/serialize.hpp>
#include <fmt/format.h>

namespace edsm::sim::gcp {
namespace {

namespace json = boost::json;

constexpr std::string_view service = "secretmanager.googleapis.com";
constexpr base::Duration home_offset = std::chrono::hours(-8);

/// Notifications have the offset of the service's home: "2021-01-20T11:17:45.081104-08:00".
std::string home_time(base::WallTime time) {
  auto text = timestamp(time + home_offset);
  text.pop_back();
  return text + "-08:00";
}

json::value text(std::string_view value) {
  return json::value(json::string_view(value.data(), value.size()));
}

}  // namespace

void Notifications::configured(std::string_view topic) {
  sink_({std::string(topic), {{"eventType", "TOPIC_CONFIGURED"}}, {}});
}

void Notifications::happened(std::string_view event, const json::object& secret,
                             std::string_view version, const json::object& resource) {
  const auto* const topics = secret.if_contains("topics");
  if (topics == nullptr) return;
  std::map<std::string, std::string> attributes{{"eventType", std::string(event)},
                                                {"dataFormat", "JSON_API_V1"},
                                                {"secretId", std::string(text_at(secret, "name"))},
                                                {"timestamp", home_time(timeline_.wall())}};
  if (!version.empty()) attributes["versionId"] = version;
  if (event == "SECRET_DELETE") attributes["deleteType"] = "REQUESTED";
  for (const auto& topic : topics->as_array()) {
    Publication message{std::string(text_at(topic.as_object(), "name")), attributes,
                        json::serialize(resource)};
    tell(message, event, version.empty() ? attributes["secretId"] : version);
    sink_(std::move(message));
  }
}

void Notifications::tell(Publication& publication, std::string_view what,
                         std::string_view resource) {
  using enum Publication::Change;
  const auto versions = resource.find("/versions/");
  publication.secret = resource.substr(0, versions);
  if (versions != std::string_view::npos) publication.version = resource.substr(versions + 10);
  const bool update = what == "SECRET_UPDATE" || what == "UpdateSecret";
  publication.change = !publication.version.empty() ? version : update ? metadata : secret;
}

json::object Notifications::payload(std::string_view method, std::string_view resource) const {
  const json::object who{{"principalEmail", "u@example.com"}};
  return {
      {"@type", "type.googleapis.com/google.cloud.audit.AuditLog"},
      {"status", json::object()},
      {"authenticationInfo", who},
      {"requestMetadata", json::object{{"callerIp", "192.0.2.4"}}},
      {"serviceName", text(service)},
      {"methodName", fmt::format("google.cloud.secretmanager.v1.SecretManagerService.{}", method)},
      {"resourceName", text(resource)},
      {"request", json::object{{"name", text(resource)}}}};
}

Publication Notifications::log(std::string_view log, json::object payload) {
  const auto now = timestamp(timeline_.wall());
  const json::object labels{{"service", text(service)}, {"project_id", project_}};
  const json::object resource{{"type", "audited_resource"}, {"labels", labels}};
  const json::object entry{
      {"protoPayload", std::move(payload)},
      {"insertId", fmt::format("{:x}", ++entries_)},
      {"resource", resource},
      {"timestamp", now},
      {"severity", "NOTICE"},
      {"logName", fmt::format("projects/{}/logs/cloudaudit.googleapis.com%2F{}", project_, log)},
      {"receiveTimestamp", now}};
  const std::map<std::string, std::string> attributes{{"logging.googleapis.com/timestamp", now}};
  return {options_.audit_topic, attributes, json::serialize(entry)};
}

void Notifications::called(std::string_view method, std::string_view resource,
                           const json::object& response) {
  if (options_.audit_topic.empty()) return;
  auto entry = payload(method, resource);
  if (!response.empty()) entry["response"] = response;
  auto message = log("activity", std::move(entry));
  const auto answered = text_at(response, "name");
  tell(message, method, answered.empty() ? resource : answered);
  sink_(std::move(message));
}

void Notifications::refused(std::string_view method, std::string_view resource,
                            const ServiceError& error) {
  if (options_.audit_topic.empty()) return;
  auto entry = payload(method, resource);
  // google.rpc.Code: what is asserted of it is that it is not 0.
  entry["status"] = json::object{{"code", 9}, {"message", error.message}};
  sink_(log("activity", std::move(entry)));
}

void Notifications::read(std::string_view method, std::string_view resource) {
  if (options_.audit_topic.empty() || !options_.audit_reads) return;
  sink_(log("data_access", payload(method, resource)));
}

}  // namespace edsm::sim::gcp
