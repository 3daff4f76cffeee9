#include "cloud/aws/inspect/queue_policy.hpp"

#include <string>
#include <vector>

#include <fmt/format.h>
#include <gtest/gtest.h>

namespace edsm::cloud::aws {
namespace {

constexpr std::string_view queue = "arn:aws:sqs:eu-west-1:123456789012:events";
constexpr std::string_view rule = "arn:aws:events:eu-west-1:123456789012:rule/changes";

std::string statement(
    std::string_view effect, std::string_view condition = "{}",
    std::string_view principal = R"({"Service":"events.amazonaws.com"})",
    std::string_view action = R"("sqs:SendMessage")",
    std::string_view resource = R"("arn:aws:sqs:eu-west-1:123456789012:events")") {
  return fmt::format(R"({{"Effect":"{}","Principal":{},"Action":{},"Resource":{},"Condition":{}}})",
                     effect, principal, action, resource, condition);
}

std::string policy(std::string_view statements) {
  return fmt::format(R"({{"Version":"2012-10-17","Statement":[{}]}})", statements);
}

struct Row {
  std::string why;
  std::string policy;
  Admission admission;
};

TEST(QueuePolicy, Table) {
  const std::string source =
      R"({"ArnEquals":{"aws:SourceArn":["arn:aws:events:eu-west-1:123456789012:rule/other",)"
      R"("arn:aws:events:eu-west-1:123456789012:rule/changes"]}})";
  const std::vector<Row> rows = {
      {"none at all", "", Admission::refused},
      {"not JSON", "{", Admission::refused},
      {"without a condition", policy(statement("Allow")), Admission::admitted},
      {"one statement without a list", fmt::format(R"({{"Statement":{}}})", statement("Allow")),
       Admission::admitted},
      {"for this rule among others", policy(statement("Allow", source)), Admission::admitted},
      {"for another rule",
       policy(statement("Allow", R"({"ArnEquals":{"aws:SourceArn":"arn:aws:events:x"}})")),
       Admission::refused},
      {"for rules by a wildcard",
       policy(statement("Allow", R"({"ArnLike":{"AWS:SourceArn":"arn:aws:events:*:*:rule/c*"}})")),
       Admission::admitted},
      {"for the account",
       policy(statement("Allow", R"({"StringEquals":{"aws:SourceAccount":"123456789012"}})")),
       Admission::admitted},
      {"for another account",
       policy(statement("Allow", R"({"StringEquals":{"aws:SourceAccount":"1"}})")),
       Admission::refused},
      {"one condition of two does not hold",
       policy(statement("Allow", R"({"StringEquals":{"aws:SourceAccount":"1"},)"
                                 R"("IpAddress":{"aws:SourceIp":"10.0.0.0/8"}})")),
       Admission::refused},
      {"a condition that is not understood",
       policy(statement("Allow", R"({"IpAddress":{"aws:SourceIp":"10.0.0.0/8"}})")),
       Admission::depends},
      {"for another service",
       policy(statement("Allow", "{}", R"({"Service":"sns.amazonaws.com"})")), Admission::refused},
      {"for several services",
       policy(
           statement("Allow", "{}", R"({"Service":["sns.amazonaws.com","events.amazonaws.com"]})")),
       Admission::admitted},
      {"for everybody", policy(statement("Allow", "{}", R"("*")")), Admission::admitted},
      {"for an account's principals",
       policy(statement("Allow", "{}", R"({"AWS":"arn:aws:iam::123456789012:root"})")),
       Admission::refused},
      {"another action",
       policy(statement("Allow", "{}", R"({"Service":"events.amazonaws.com"})",
                        R"("sqs:ReceiveMessage")")),
       Admission::refused},
      {"all actions, in another case",
       policy(
           statement("Allow", "{}", R"({"Service":"events.amazonaws.com"})", R"(["SQS:Send*"])")),
       Admission::admitted},
      {"another queue",
       policy(statement("Allow", "{}", R"({"Service":"events.amazonaws.com"})",
                        R"("sqs:SendMessage")", R"("arn:aws:sqs:eu-west-1:123456789012:other")")),
       Admission::refused},
      {"TLS is asked for: EventBridge uses it",
       policy(statement("Allow") + "," +
              statement("Deny", R"({"Bool":{"aws:SecureTransport":"false"}})", R"("*")",
                        R"("sqs:*")")),
       Admission::admitted},
      {"kept out",
       policy(statement("Allow") + "," + statement("Deny", "{}", R"("*")", R"("sqs:*")")),
       Admission::refused},
      {"perhaps kept out",
       policy(statement("Allow") + "," +
              statement("Deny", R"({"StringNotEquals":{"aws:SourceOrgID":"o"}})", R"("*")")),
       Admission::depends},
  };
  for (const Row& row : rows)
    EXPECT_EQ(admits_rule(row.policy, queue, rule), row.admission) << row.why << ": " << row.policy;
}

}  // namespace
}  // namespace edsm::cloud::aws
