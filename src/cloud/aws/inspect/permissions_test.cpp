#include "cloud/aws/inspect/permissions.hpp"

#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/aws_bench.hpp"

namespace edsm::cloud::aws {
namespace {

using Outcome = Trial::Outcome;

void refuse(test::Bench& bench, std::string_view code, int status = 400) {
  bench.http.reply(status, R"({"__type":"com.amazonaws.sqs#)" + std::string(code) + R"("})");
}

TEST(Permissions, OnlyARefusalOfRightsIsOne) {
  const std::vector<std::pair<std::string_view, Outcome>> rows = {
      {"ResourceNotFoundException", Outcome::permitted},
      {"InvalidRequestException", Outcome::permitted},
      {"SomethingNewException", Outcome::permitted},
      {"AccessDeniedException", Outcome::denied},
      {"AccessDenied", Outcome::denied},
      {"ExpiredTokenException", Outcome::unclear},
  };
  for (const auto& [code, outcome] : rows) {
    test::Bench bench;
    for (int i = 0; i < 5; ++i) refuse(bench, code);  // some are tried again
    const auto secrets = bench.client(Service::secretsmanager);
    const auto trial = support::run(try_secret(*secrets, "prod/db"));
    EXPECT_EQ(trial.outcome, outcome) << code;
    EXPECT_EQ(trial.action, "secretsmanager:GetSecretValue");
    EXPECT_EQ(trial.why.empty(), outcome == Outcome::permitted) << trial.why;
  }
}

TEST(Permissions, NothingIsReceivedAndNoValueIsRead) {
  test::Bench bench;
  refuse(bench, "InvalidParameterValue");
  refuse(bench, "ReceiptHandleIsInvalid");
  refuse(bench, "AccessDeniedException", 403);
  const auto sqs = bench.client(Service::sqs);
  const auto trials = support::run(try_queue(*sqs, "https://sqs.example/1/q"));
  ASSERT_EQ(trials.size(), 3U);
  EXPECT_EQ(trials[0].outcome, Outcome::permitted);
  EXPECT_EQ(trials[1].outcome, Outcome::permitted);
  EXPECT_EQ(trials[2].outcome, Outcome::denied);
  EXPECT_EQ(trials[2].action, "sqs:ChangeMessageVisibility");
  EXPECT_THAT(bench.http.seen.at(0).body, testing::HasSubstr(R"("MaxNumberOfMessages":0)"));

  bench.http.reply(200, R"({"SecretValues":[],"Errors":[{"ErrorCode":"AccessDeniedException"}]})");
  bench.http.reply(200, R"({"SecretList":[]})");
  const auto secrets = bench.client(Service::secretsmanager);
  for (const auto& trial : support::run(try_all_secrets(*secrets)))
    EXPECT_EQ(trial.outcome, Outcome::permitted) << trial.action;
  EXPECT_EQ(test::operation_of(bench.http.seen.at(3)), "BatchGetSecretValue");
  EXPECT_THAT(bench.http.seen.at(3).body, testing::HasSubstr("edsm-doctor/no-such-secret"));
}

}  // namespace
}  // namespace edsm::cloud::aws
