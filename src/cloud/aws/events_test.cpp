#include "cloud/aws/events.hpp"

#include <string>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/time.hpp"
#include "cloud/aws/match.hpp"

namespace edsm::cloud::aws {
namespace {

using testing::HasSubstr;
using testing::Not;

constexpr std::string_view version = "a1b2c3d4-5678-90ab-cdef-123456789012";
const std::string arn = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:prod/db-a1B2c3";

std::string kind(const std::variant<Hint, Irrelevant, Malformed>& decoded) {
  if (std::holds_alternative<Hint>(decoded)) return "hint";
  return std::holds_alternative<Irrelevant>(decoded) ? "irrelevant" : "malformed";
}

/// True if the hint would reach a binding of eu-west-1 by this path.
bool reaches(const std::variant<Hint, Irrelevant, Malformed>& decoded, std::string_view path,
             std::string_view region = "eu-west-1") {
  const auto* const hint = std::get_if<Hint>(&decoded);
  if (hint == nullptr) return false;
  for (const auto& key : binding_keys(region, path)) {
    for (const auto& said : hint->match_keys) {
      if (key == said) return true;
    }
  }
  return false;
}

std::string version_of(const std::variant<Hint, Irrelevant, Malformed>& decoded) {
  const auto* const hint = std::get_if<Hint>(&decoded);
  return hint == nullptr ? "(no hint)" : hint->version;
}

std::string native(std::string_view detail, std::string_view resources = "") {
  return fmt::format(R"({{"version":"0","id":"6a7e8feb-b491-4cf7-a9f1-bf3703467718",
    "detail-type":"Secret Label Updated","source":"aws.secretsmanager","account":"123456789012",
    "time":"2024-02-06T16:43:48Z","region":"eu-west-1","resources":[{}],"detail":{}}})",
                     resources, detail);
}

/// `members` are those of `detail` after eventName.
std::string trail(std::string_view name, std::string_view members,
                  std::string_view detail_type = "AWS API Call via CloudTrail") {
  return fmt::format(
      R"({{"version":"0","id":"79f04f06-924c-7a00-b3f8-e532167d23e0","detail-type":"{}",
    "source":"aws.secretsmanager","account":"123456789012","time":"2024-10-23T12:26:45Z","region":"eu-west-1",
    "resources":[],"detail":{{"eventVersion":"1.09","userIdentity":{{"type":"IAMUser","userName":"u"}},
    "eventSource":"secretsmanager.amazonaws.com","awsRegion":"eu-west-1","eventType":"AwsApiCall",
    "eventName":"{}",{}}}}})",
      detail_type, name, members);
}

std::string service_event(std::string_view name, std::string_view members) {
  return fmt::format(
      R"({{"detail-type":"AWS Service Event via CloudTrail","source":"aws.secretsmanager",
    "region":"eu-west-1","resources":[],"detail":{{"eventSource":"secretsmanager.amazonaws.com",
    "awsRegion":"eu-west-1","eventName":"{}","requestParameters":null,"responseElements":null,
    "eventType":"AwsServiceEvent",{}}}}})",
      name, members);
}

TEST(DecodeEvent, WhatIsNoEventIsMalformedAndNotQuoted) {
  for (const std::string& body :
       {"", "not json", "[1]", "7", "null", "{}", R"({"hello":"hunter2"})", R"({"detail":7})",
        R"({"detail":{}})", R"({"Type":"Notification"})",
        R"({"Type":"Notification","Message":"hunter2"})",
        R"({"Type":"Notification","Message":"{\"Type\":\"Notification\",\"Message\":\"{}\"}"})",
        R"({"source":"aws.secretsmanager","detail":{"some":"hunter2"}})"}) {
    const auto decoded = decode_event(body);
    ASSERT_EQ(kind(decoded), "malformed") << body;
    EXPECT_THAT(std::get<Malformed>(decoded).why, Not(HasSubstr("hunter2")));
    EXPECT_FALSE(std::get<Malformed>(decoded).why.empty());
  }
}

TEST(DecodeEvent, EventsThatMustNameASecretAreMalformedWithoutOne) {
  EXPECT_EQ(kind(decode_event(native(R"({"labelUpdated":"AWSCURRENT"})"))), "malformed");
  for (const std::string_view name :
       {"PutSecretValue", "UpdateSecret", "UpdateSecretVersionStage", "CreateSecret",
        "DeleteSecret", "RestoreSecret", "RotationSucceeded"}) {
    EXPECT_EQ(
        kind(decode_event(trail(name, R"("requestParameters":null,"responseElements":null)"))),
        "malformed");
    EXPECT_EQ(kind(decode_event(trail(name, R"("requestParameters":{"secretId":"bad id"})"))),
              "malformed");
  }
}

TEST(DecodeEvent, DeepNestingIsRefused) {
  EXPECT_EQ(kind(decode_event(std::string(5000, '[') + std::string(5000, ']'))), "malformed");
}

TEST(DecodeEvent, NativeEvent) {
  const auto detail =
      fmt::format(R"({{"name":"prod/db","labelUpdated":"AWSCURRENT","versionId":"{}"}})", version);
  const auto decoded = decode_event(native(detail, "\"" + arn + "\""));
  EXPECT_EQ(version_of(decoded), version);
  EXPECT_EQ(std::get<Hint>(decoded).cause, "Secret Label Updated");
  EXPECT_TRUE(reaches(decoded, "prod/db"));
  EXPECT_TRUE(reaches(decoded, arn));
  EXPECT_FALSE(reaches(decoded, "prod/db", "us-east-1"));

  EXPECT_TRUE(reaches(decode_event(native(detail)), "prod/db")) << "by the name alone";
  EXPECT_TRUE(reaches(decode_event(native("{}", "\"" + arn + "\"")), "prod/db"))
      << "by the ARN alone";
  EXPECT_TRUE(reaches(decode_event(detail), "prod/db")) << "bare detail";
  EXPECT_TRUE(reaches(decode_event(detail), "prod/db", "us-east-1")) << "its region is unknown";
}

TEST(DecodeEvent, OtherLabelsAreIrrelevant) {
  for (const std::string_view label : {"AWSPREVIOUS", "blue"}) {
    const auto detail =
        fmt::format(R"({{"name":"prod/db","labelUpdated":"{}","versionId":"{}"}})", label, version);
    EXPECT_EQ(kind(decode_event(native(detail, "\"" + arn + "\""))), "irrelevant");
  }
  EXPECT_EQ(kind(decode_event(trail(
                "UpdateSecretVersionStage",
                R"("requestParameters":{"secretId":"prod/db","versionStage":"AWSPENDING"})"))),
            "irrelevant");
}

struct Row {
  std::string_view why;
  std::string body;
  std::string_view version = "";
  bool other_region = false;  ///< also reaches us-east-1
};

TEST(DecodeEvent, WhatCanChangeAValueIsAHint) {
  const std::string by_id = R"("requestParameters":{"secretId":"prod/db"},"responseElements":null)";
  const std::string by_arn =
      R"("requestParameters":null,"responseElements":{"arn":")" + arn + "\"}";
  const std::string extra = R"("additionalEventData":{"SecretId":")" + arn + "\"}";
  const std::string token = fmt::format(R"("clientRequestToken":"{}")", version);
  const std::vector<Row> rows = {
      {"Put, id", trail("PutSecretValue", by_id)},
      {"Put, ARN in the answer", trail("PutSecretValue", by_arn)},
      {"Put, aRN", trail("PutSecretValue", R"("responseElements":{"aRN":")" + arn + "\"}")},
      {"Put, ARN in capitals",
       trail("PutSecretValue", R"("responseElements":{"ARN":")" + arn + "\"}")},
      {"Put, full ARN as id",
       trail("PutSecretValue", R"("requestParameters":{"secretId":")" + arn + "\"}")},
      {"Put, token",
       trail("PutSecretValue", R"("requestParameters":{"secretId":"prod/db",)" + token + "}"),
       version},
      {"Put, version in the answer",
       trail("PutSecretValue",
             R"("requestParameters":{"secretId":"prod/db"},"responseElements":{"versionId":")" +
                 std::string(version) + "\"}"),
       version},
      {"Put, current among labels",
       trail("PutSecretValue",
             R"("requestParameters":{"secretId":"prod/db","versionStages":["x","AWSCURRENT"],)" +
                 token + "}"),
       version},
      // The first version of a secret becomes current whatever was asked for.
      {"Put, pending only: re-read, version unknown",
       trail("PutSecretValue",
             R"("requestParameters":{"secretId":"prod/db","versionStages":["AWSPENDING"],)" +
                 token + "}")},
      {"Put, odd token",
       trail("PutSecretValue",
             R"("requestParameters":{"secretId":"prod/db","clientRequestToken":"x y"})")},
      {"Update",
       trail("UpdateSecret", R"("requestParameters":{"secretId":"prod/db",)" + token + "}"),
       version},
      {"Rollback",
       trail(
           "UpdateSecretVersionStage",
           R"("requestParameters":{"secretId":"prod/db","versionStage":"AWSCURRENT","moveToVersionId":")" +
               std::string(version) + "\"}"),
       version},
      {"Rollback, nothing but the id", trail("UpdateSecretVersionStage", by_id)},
      {"Create, by name",
       trail("CreateSecret", R"("requestParameters":{"name":"prod/db",)" + token + "}"), version},
      {"Create, by ARN", trail("CreateSecret", by_arn)},
      {"Delete, documented sample",
       trail("DeleteSecret",
             R"("requestParameters":{"recoveryWindowInDays":30,"secretId":"prod/db"},
             "responseElements":{"name":"prod/db","deletionDate":"May 3, 2018 5:51:02 PM","aRN":")" +
                 arn + "\"}")},
      {"Restore", trail("RestoreSecret", by_id)},
      {"Rotate: the value changes later",
       trail("RotateSecret", R"("requestParameters":{"secretId":"prod/db",)" + token + "}")},
      {"CancelRotate", trail("CancelRotateSecret", by_id)},
      {"RotationSucceeded",
       service_event("RotationSucceeded", extra + R"(,"requestID":"Rotation-)" + arn + "-" +
                                              std::string(version) + "\""),
       version},
      {"RotationSucceeded, managed",
       service_event("RotationSucceeded", R"("serviceEventDetails":{"secretId":")" + arn + "\"}")},
      {"RotationSucceeded, requestParameters",
       service_event("RotationSucceeded",
                     R"("x":1,"additionalEventData":null,"serviceEventDetails":{"secretId":")" +
                         arn + "\"}")},
      {"StartSecretVersionDelete", service_event("StartSecretVersionDelete", extra)},
      {"EndSecretVersionDelete", service_event("EndSecretVersionDelete", extra)},
      {"CancelSecretVersionDelete", service_event("CancelSecretVersionDelete", extra)},
      {"a call of tomorrow", trail("TransmogrifySecret", by_id)},
      {"a service event of tomorrow", service_event("SecretTransmogrified", extra)},
      {"a service event with an errorCode",
       service_event("EndSecretVersionDelete", extra + R"(,"errorCode":"X")")},
      {"Replicate", trail("ReplicateSecretToRegions", by_id), "", true},
      {"RemoveRegions", trail("RemoveRegionsFromReplication", by_arn), "", true},
      {"StopReplication", trail("StopReplicationToReplica", by_arn), "", true},
      {"ReplicationSucceeded", service_event("ReplicationSucceeded", extra), "", true},
      {"hand-made",
       R"({"detail":{"awsRegion":"eu-west-1","eventName":"PutSecretValue","requestParameters":{"secretId":"prod/db"}}})"},
      {"hand-made, region in the envelope",
       R"({"region":"eu-west-1","detail":{"eventName":"PutSecretValue","requestParameters":{"SecretId":"prod/db"}}})"},
      {"hand-made, no region at all",
       R"({"detail":{"eventName":"PutSecretValue","requestParameters":{"secretId":"prod/db"}}})",
       "", true},
      {"bare detail", R"({"eventSource":"secretsmanager.amazonaws.com","eventName":"PutSecretValue",
       "awsRegion":"eu-west-1","requestParameters":{"secretId":"prod/db"}})"},
      {"in an SNS notification",
       R"({"Type":"Notification","MessageId":"m","Message":"{\"source\":\"aws.secretsmanager\",\"detail\":{\"awsRegion\":\"eu-west-1\",\"eventName\":\"PutSecretValue\",\"requestParameters\":{\"secretId\":\"prod/db\"}}}"})"},
  };
  for (const Row& row : rows) {
    SCOPED_TRACE(row.why);
    const auto decoded = decode_event(row.body);
    ASSERT_EQ(kind(decoded), "hint");
    EXPECT_TRUE(reaches(decoded, "prod/db"));
    EXPECT_EQ(reaches(decoded, "prod/db", "us-east-1"), row.other_region);
    EXPECT_FALSE(reaches(decoded, "prod/other"));
    EXPECT_EQ(version_of(decoded), row.version);
    EXPECT_FALSE(std::get<Hint>(decoded).cause.empty());
  }
}

TEST(DecodeEvent, WhatCannotChangeAValueIsIrrelevant) {
  const std::string by_id = R"("requestParameters":{"secretId":"prod/db"})";
  const std::string extra = R"("additionalEventData":{"SecretId":")" + arn + "\"}";
  for (const std::string_view name :
       {"GetSecretValue", "BatchGetSecretValue", "DescribeSecret", "ListSecrets",
        "ListSecretVersionIds", "GetResourcePolicy", "GetRandomPassword", "TagResource",
        "UntagResource", "PutResourcePolicy", "DeleteResourcePolicy", "ValidateResourcePolicy"}) {
    EXPECT_EQ(kind(decode_event(trail(name, by_id))), "irrelevant") << name;
  }
  for (const std::string_view name : {"RotationFailed", "RotationAbandoned", "RotationStarted",
                                      "TestRotationFailed", "TestRotationSucceeded"}) {
    EXPECT_EQ(kind(decode_event(service_event(name, extra))), "irrelevant") << name;
  }
  const std::vector<std::pair<std::string_view, std::string>> others = {
      {"a failed call",
       trail("PutSecretValue", by_id + R"(,"errorCode":"AccessDenied","errorMessage":"no")")},
      {"a failed rotation", service_event("RotationFailed", extra + R"(,"errorMessage":"Error")")},
      {"a read of tomorrow", trail("PeekSecret", by_id + R"(,"readOnly":true)")},
      {"a read of an emulator", trail("PeekSecret", by_id + R"(,"readOnly":"true")")},
      {"an unknown call without a secret",
       trail("PutAccountSettings", R"("requestParameters":{})")},
      {"another service",
       R"({"source":"aws.s3","detail":{"eventName":"PutObject","requestParameters":{"secretId":"a"}}})"},
      {"another service's call",
       R"({"source":"aws.secretsmanager","detail":{"eventSource":"kms.amazonaws.com","eventName":"Decrypt"}})"},
      {"an insight",
       R"({"source":"aws.secretsmanager","detail-type":"AWS Insight via CloudTrail","detail":{}})"},
  };
  for (const auto& [why, body] : others) EXPECT_EQ(kind(decode_event(body)), "irrelevant") << why;
}

TEST(DecodeEvent, KnowsWhenItHappened) {
  const std::string by_id = R"("requestParameters":{"secretId":"prod/db"})";
  const std::pair<std::string, std::string_view> rows[] = {
      {native(R"({"name":"prod/db","labelUpdated":"AWSCURRENT"})"), "2024-02-06T16:43:48.000000Z"},
      {trail("PutSecretValue", by_id), "2024-10-23T12:26:45.000000Z"},
      {trail("PutSecretValue", by_id + R"(,"eventTime":"2024-10-23T12:14:02Z")"),
       "2024-10-23T12:14:02.000000Z"},
      {R"({"detail":{"eventName":"PutSecretValue","requestParameters":{"secretId":"prod/db"}}})",
       ""},
      {R"({"time":"noon","detail":{"name":"prod/db","labelUpdated":"AWSCURRENT"}})", ""},
  };
  for (const auto& [body, time] : rows) {
    const auto decoded = decode_event(body);
    ASSERT_EQ(kind(decoded), "hint") << body;
    const auto& changed = std::get<Hint>(decoded).changed;
    EXPECT_EQ(changed ? base::rfc3339_micro(*changed) : "", time) << body;
  }
}

TEST(DecodeEvent, OddEventNamesDoNotReachTheLog) {
  const auto decoded = decode_event(
      R"({"detail":{"eventName":"Evil\nname=\"x\"","requestParameters":{"secretId":"prod/db"}}})");
  ASSERT_EQ(kind(decoded), "hint");
  EXPECT_EQ(std::get<Hint>(decoded).cause, "Evil?name??x?");
}

}  // namespace
}  // namespace edsm::cloud::aws
