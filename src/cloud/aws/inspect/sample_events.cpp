#include "cloud/aws/inspect/sample_events.hpp"

#include <optional>

#include <boost/json/array.hpp>
#include <boost/json/value.hpp>
#include <fmt/format.h>

#include "cloud/aws/endpoints.hpp"
#include "cloud/aws/match.hpp"

namespace edsm::cloud::aws {
namespace {

constexpr std::string_view version = "a1b2c3d4-5678-90ab-cdef-a1b2c3d4e5f6";
constexpr std::string_view time = "2026-01-01T12:00:00Z";

struct Identity {
  std::string name;
  std::string arn;
};

Identity identity_of(std::string_view secret, const EventPlace& place) {
  const auto arn = parse_secret_arn(secret);
  const std::string_view named = arn ? std::string_view(arn->resource) : secret;
  const auto bare = arn ? without_suffix(named) : std::nullopt;
  Identity identity{std::string(bare.value_or(named)), std::string(secret)};
  if (!arn) {
    identity.arn = fmt::format("arn:{}:secretsmanager:{}:{}:secret:{}",
                               partition_of(place.region).name, place.region, place.account, named);
  }
  if (!bare) identity.arn += "-a1B2c3";
  return identity;
}

boost::json::object envelope(std::string_view detail_type, const EventPlace& place,
                             boost::json::array resources, boost::json::object detail) {
  return {{"version", "0"},
          {"id", "6a7e8feb-b491-4cf7-a9f1-bf3703467718"},
          {"detail-type", detail_type},
          {"source", "aws.secretsmanager"},
          {"account", place.account},
          {"time", time},
          {"region", place.region},
          {"resources", std::move(resources)},
          {"detail", std::move(detail)}};
}

boost::json::object request_of(EventKind kind, const Identity& secret) {
  if (kind == EventKind::created) return {{"name", secret.name}, {"clientRequestToken", version}};
  if (kind == EventKind::batch_read)
    return {{"secretIdList", boost::json::array{boost::json::string(secret.arn)}}};
  boost::json::object request{{"secretId", secret.arn}};
  if (kind == EventKind::put_secret_value || kind == EventKind::update_secret)
    request["clientRequestToken"] = version;
  if (kind == EventKind::update_version_stage) {
    request["versionStage"] = "AWSCURRENT";
    request["moveToVersionId"] = version;
  }
  if (kind == EventKind::removed) request["recoveryWindowInDays"] = 30;
  return request;
}

boost::json::object api_call(EventKind kind, const Identity& secret, const EventPlace& place) {
  const bool read = kind == EventKind::value_read || kind == EventKind::batch_read;
  boost::json::value answer;  // CloudTrail keeps none of a read
  if (!read) answer = boost::json::object{{"arn", secret.arn}};
  const auto caller =
      fmt::format("arn:{}:iam::{}:user/someone", partition_of(place.region).name, place.account);
  return {{"eventVersion", "1.09"},
          {"userIdentity",
           {{"type", "IAMUser"},
            {"principalId", "AIDAEXAMPLE"},
            {"arn", caller},
            {"accountId", place.account},
            {"userName", "someone"}}},
          {"eventTime", time},
          {"eventSource", "secretsmanager.amazonaws.com"},
          {"eventName", to_string(kind)},
          {"awsRegion", place.region},
          {"sourceIPAddress", "192.0.2.4"},
          {"userAgent", "aws-cli"},
          {"requestParameters", request_of(kind, secret)},
          {"responseElements", std::move(answer)},
          {"requestID", "4d383ea9-084a-49c9-8722-cbfb0f25c456"},
          {"eventID", "0c1dbdc2-8a6b-4fd5-9d06-30a5a1a3b0de"},
          {"readOnly", read},
          {"eventType", "AwsApiCall"},
          {"managementEvent", true},
          {"recipientAccountId", place.account},
          {"eventCategory", "Management"}};
}

}  // namespace

std::string_view to_string(EventKind kind) {
  switch (kind) {
    case EventKind::label_updated:
      return "Secret Label Updated";
    case EventKind::put_secret_value:
      return "PutSecretValue";
    case EventKind::update_secret:
      return "UpdateSecret";
    case EventKind::update_version_stage:
      return "UpdateSecretVersionStage";
    case EventKind::created:
      return "CreateSecret";
    case EventKind::removed:
      return "DeleteSecret";
    case EventKind::restored:
      return "RestoreSecret";
    case EventKind::value_read:
      return "GetSecretValue";
    case EventKind::batch_read:
      return "BatchGetSecretValue";
  }
  return "";
}

bool by_trail(EventKind kind) {
  return kind != EventKind::label_updated;
}

boost::json::object sample_event(EventKind kind, std::string_view secret, const EventPlace& place) {
  const auto identity = identity_of(secret, place);
  if (by_trail(kind))
    return envelope("AWS API Call via CloudTrail", place, {}, api_call(kind, identity, place));
  return envelope(
      to_string(kind), place, {boost::json::string(identity.arn)},
      {{"name", identity.name}, {"labelUpdated", "AWSCURRENT"}, {"versionId", version}});
}

}  // namespace edsm::cloud::aws
