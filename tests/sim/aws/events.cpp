#include "sim/aws/events.hpp"

#include <boost/json/serialize.hpp>
#include <fmt/format.h>

#include "base/time.hpp"
#include "sim/aws/wire.hpp"

namespace edsm::sim::aws {
namespace {

namespace json = boost::json;

constexpr std::string_view api_call = "AWS API Call via CloudTrail";
constexpr std::string_view service_event = "AWS Service Event via CloudTrail";
constexpr std::string_view service_host = "secretsmanager.amazonaws.com";

json::value text(std::string_view value) {
  return json::value(json::string_view(value.data(), value.size()));
}

}  // namespace

void Events::send(std::string_view detail_type, json::array resources, json::object detail) {
  sink_(json::serialize(json::object{{"version", "0"},
                                     {"id", uuid(timeline_)},
                                     {"detail-type", text(detail_type)},
                                     {"source", "aws.secretsmanager"},
                                     {"account", account_},
                                     {"time", base::rfc3339(timeline_.wall())},
                                     {"region", region_},
                                     {"resources", std::move(resources)},
                                     {"detail", std::move(detail)}}));
}

void Events::label_updated(const Subject& secret, std::string_view version, std::string_view label,
                           bool created) {
  if (!options_.native || label == "AWSPENDING" || label == "AWSPREVIOUS") return;
  if (created && !options_.native_on_create) return;
  send("Secret Label Updated", {text(secret.arn)},
       {{"name", secret.name}, {"labelUpdated", text(label)}, {"versionId", text(version)}});
}

/// The members that every record has.
json::object Events::record(std::string_view name) {
  return {{"eventVersion", "1.09"},
          {"eventTime", base::rfc3339(timeline_.wall())},
          {"eventSource", text(service_host)},
          {"eventName", text(name)},
          {"awsRegion", region_},
          {"requestID", uuid(timeline_)},
          {"eventID", uuid(timeline_)},
          {"readOnly", false},
          {"eventType", "AwsApiCall"},
          {"managementEvent", true},
          {"recipientAccountId", account_},
          {"eventCategory", "Management"}};
}

/// The members that record a person's call.
json::object Events::user_record(std::string_view operation) {
  json::object detail = record(operation);
  detail["userIdentity"] = json::object{{"type", "IAMUser"},
                                        {"principalId", "AIDAEXAMPLE"},
                                        {"arn", fmt::format("arn:aws:iam::{}:user/u", account_)},
                                        {"accountId", account_},
                                        {"accessKeyId", "AKIAEXAMPLE"},
                                        {"userName", "u"}};
  detail["sourceIPAddress"] = "192.0.2.4";
  detail["userAgent"] = "aws-cli/2.31.0";
  return detail;
}

void Events::changed(const Subject& secret, std::string_view operation, json::object parameters) {
  if (!options_.trail) return;
  json::object detail = user_record(operation);
  const bool created = operation == "CreateSecret";
  const bool by_arn = !created && chance(timeline_, 500);
  // From the console, and in old records, the answer is left out.
  const bool answered = chance(timeline_, 500);
  parameters[created ? "name" : "secretId"] = by_arn ? secret.arn : secret.name;
  detail["requestParameters"] = std::move(parameters);
  if (answered) {
    detail["responseElements"] = json::object{{"arn", secret.arn}};
  } else {
    detail["responseElements"] = nullptr;
    detail["sessionCredentialFromConsole"] = "true";
  }
  send(api_call, {}, std::move(detail));
}

void Events::refused(const Subject& secret, std::string_view operation, std::string_view code) {
  if (!options_.trail) return;
  json::object detail = user_record(operation);
  detail["requestParameters"] = json::object{{"secretId", secret.name}};
  detail["responseElements"] = nullptr;
  detail["errorCode"] = text(code);
  detail["errorMessage"] = "no";
  send(api_call, {}, std::move(detail));
}

void Events::rotated(const Subject& secret, std::string_view version) {
  if (!options_.trail) return;
  json::object detail = record("RotationSucceeded");
  detail["eventType"] = "AwsServiceEvent";
  detail["userIdentity"] = json::object{{"accountId", account_}, {"invokedBy", text(service_host)}};
  detail["sourceIPAddress"] = text(service_host);
  detail["userAgent"] = text(service_host);
  detail["requestParameters"] = nullptr;
  detail["responseElements"] = nullptr;
  detail["additionalEventData"] = json::object{{"SecretId", secret.arn}};
  detail["requestID"] = fmt::format("Rotation-{}-{}", secret.arn, version);
  send(service_event, {}, std::move(detail));
}

void Events::read(std::string_view operation, json::object parameters,
                  std::string_view access_key) {
  if (!options_.trail_reads) return;
  json::object detail = record(operation);
  detail["readOnly"] = true;
  detail["userIdentity"] =
      json::object{{"type", "AssumedRole"},
                   {"arn", fmt::format("arn:aws:sts::{}:assumed-role/edsm/edsm", account_)},
                   {"accountId", account_},
                   {"accessKeyId", text(access_key)}};
  detail["sourceIPAddress"] = "192.0.2.7";
  detail["userAgent"] = "edsm";
  detail["requestParameters"] = std::move(parameters);
  detail["responseElements"] = nullptr;
  send(api_call, {}, std::move(detail));
}

}  // namespace edsm::sim::aws
