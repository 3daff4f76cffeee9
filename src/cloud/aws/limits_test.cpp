// What AWS, or whoever answers in its place, may send: at each limit, just beyond it and far
// beyond.

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cloud/aws/errors.hpp"
#include "cloud/aws/events.hpp"
#include "cloud/aws/instance_credentials.hpp"
#include "cloud/aws/match.hpp"
#include "cloud/aws/secrets_manager.hpp"
#include "cloud/aws/settings.hpp"
#include "cloud/aws/sqs.hpp"
#include "cloud/aws/value_reader.hpp"
#include "support/aws_bench.hpp"

namespace edsm::cloud::aws {
namespace {

using testing::HasSubstr;

std::string letters(std::size_t count, char letter = 'a') {
  return std::string(count, letter);
}

TEST(EventLimits, ARegionThatIsNoneIsAnUnknownOne) {
  struct Row {
    std::string region;
    std::string key;
  };
  const Row rows[] = {{letters(32), "aws/" + letters(32) + "/*/db"},
                      {letters(33), "aws/*/*/db"},
                      {letters(1'000'000), "aws/*/*/db"},
                      {"eu west", "aws/*/*/db"}};
  for (const auto& [region, key] : rows) {
    const auto decoded = decode_event(fmt::format(
        R"({{"region":"{}","detail-type":"Secret Label Updated","detail":{{"name":"db"}}}})",
        region));
    const auto* const hint = std::get_if<Hint>(&decoded);
    ASSERT_NE(hint, nullptr) << region.size();
    EXPECT_EQ(hint->match_keys.front(), key) << region.size();
  }
}

TEST(EventLimits, NamesAndArnsOfTheLongestSecretAndNoLongerOnes) {
  const std::string arn = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:";
  const std::pair<std::size_t, bool> rows[] = {{519, true}, {520, false}, {1'000'000, false}};
  for (const auto& [size, good] : rows) {
    EXPECT_EQ(valid_secret_name(letters(size)), good) << size;
    EXPECT_EQ(parse_secret_arn(arn + letters(size)).has_value(), good) << size;
    HintKeys hint("eu-west-1");
    hint.add(letters(size));
    EXPECT_EQ(hint.empty(), !good) << size;
  }
}

TEST(EventLimits, ABodyOfTheLargestMessageIsRead) {
  const auto decoded = decode_event(fmt::format(
      R"({{"x":"{}","detail":{{"eventName":"PutSecretValue","requestParameters":{{"secretId":"db"}}}}}})",
      letters(1'048'576)));
  EXPECT_TRUE(std::holds_alternative<Hint>(decoded));
}

class AnswerLimits : public testing::Test, protected test::Bench {
 protected:
  std::vector<base::Result<Value>> read(std::vector<std::string> ids) {
    SecretsManager secrets(client(Service::secretsmanager));
    ValueReader reader(secrets, clock, log);
    return support::run(reader.read(std::move(ids)));
  }
  Sqs queue() {
    return {parse_queue_url("https://sqs.eu-west-1.amazonaws.com/123456789012/edsm").value(),
            client(Service::sqs), client(Service::sqs)};
  }
};

TEST_F(AnswerLimits, AVersionIsAnIdOfAtMost256Bytes) {
  struct Row {
    std::string version;
    bool good;
  };
  const Row rows[] = {{"1", true},           {letters(256), true},
                      {letters(257), false}, {letters(1'000'000), false},
                      {"a b", true},         {"\\u0000", false}};
  for (const auto& [version, good] : rows) {
    http.reply(200, fmt::format(R"({{"VersionId":"{}","SecretString":"v"}})", version));
    const auto values = read({"db"});
    EXPECT_EQ(values.front().has_value(), good) << version.size();
    if (!good) EXPECT_EQ(values.front().error().code, "MalformedAnswer");

    http.reply(200, fmt::format(R"({{"VersionIdsToStages":{{"{}":["AWSCURRENT"]}}}})", version));
    SecretsManager secrets(client(Service::secretsmanager));
    const auto facts = support::run(secrets.describe("db"));
    ASSERT_TRUE(facts);
    EXPECT_EQ(facts->current_version.empty(), !good) << version.size();
  }
}

TEST_F(AnswerLimits, WhatABatchCallsASecretIsNotRepeatedAtLength) {
  const std::string arn = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:db-a1B2c3";
  for (const std::size_t size : {512UZ, 1'000'000UZ}) {
    http.reply(200, fmt::format(R"({{"SecretValues":[{{"ARN":"{}","Name":"{}"}}],"Errors":[
        {{"SecretId":"other","ErrorCode":"{}"}}]}})",
                                arn, letters(size), letters(size, 'E')));
    const auto values = read({arn, "other"});
    for (const auto& value : values) {
      ASSERT_FALSE(value);
      EXPECT_LE(value.error().text.size(), 1000U) << size;
      EXPECT_LE(value.error().code.size(), 64U) << size;
    }
  }
}

TEST_F(AnswerLimits, AnswersForWhatWasNotAskedAreNotUsed) {
  std::string more;
  for (int i = 0; i < 10'000; ++i) {
    more +=
        fmt::format(R"(,{{"ARN":"x{}","Name":"x{}","VersionId":"1","SecretString":"v"}})", i, i);
  }
  http.reply(200, R"({"SecretValues":[{"ARN":"a","Name":"a","VersionId":"1","SecretString":"v"},)"
                  R"({"ARN":"b","Name":"b","VersionId":"1","SecretString":"v"})" +
                      more + R"(],"Errors":[{"SecretId":"c","ErrorCode":"E"}]})");
  const auto values = read({"a", "b"});
  ASSERT_EQ(values.size(), 2U);
  EXPECT_TRUE(values[0] && values[1]);
  EXPECT_EQ(http.seen.size(), 1U);
}

TEST_F(AnswerLimits, NoMoreMessagesThanAskedForAreTaken) {
  for (const std::size_t sent : {10UZ, 11UZ, 10'000UZ}) {
    std::string messages;
    for (std::size_t i = 0; i < sent; ++i) {
      messages += fmt::format(R"({}{{"ReceiptHandle":"{}"}})", i == 0 ? "" : ",", i);
    }
    http.reply(200, R"({"Messages":[)" + messages + "]}");
    auto sqs = queue();
    const auto got = support::run(sqs.receive());
    ASSERT_TRUE(got);
    EXPECT_EQ(got->size(), 10U) << sent;
  }
}

TEST_F(AnswerLimits, AMessageIsHiddenForTwelveHoursAtMost) {
  const std::pair<std::string_view, base::Duration> rows[] = {
      {"0", std::chrono::seconds(0)},
      {"43200", std::chrono::hours(12)},
      {"43201", std::chrono::hours(12)},
      {"9223372036854775807", std::chrono::hours(12)},
      {"9223372036854775808", InboxFacts().hold_time}};
  for (const auto& [text, time] : rows) {
    http.reply(200, fmt::format(R"({{"Attributes":{{"VisibilityTimeout":"{}"}}}})", text));
    auto sqs = queue();
    const auto facts = support::run(sqs.attributes());
    ASSERT_TRUE(facts);
    EXPECT_EQ(facts->hold_time, time) << text;
  }
}

TEST(ErrorLimits, CodesAndWaits) {
  const std::pair<std::size_t, std::size_t> codes[] = {{64, 64}, {65, 0}, {1'000'000, 0}};
  for (const auto& [sent, kept] : codes) {
    net::Response response;
    response.status = 400;
    response.body.append(fmt::format(R"({{"__type":"{}"}})", letters(sent)));
    EXPECT_EQ(error_code(response).size(), kept) << sent;
    EXPECT_LE(error_of(response, "what").text.size(), 100U) << sent;
  }
  for (const auto* const name : {"x-amz-retry-after", "Retry-After"}) {
    net::Response response;
    response.status = 429;
    response.headers.add(name, "4294967295");
    EXPECT_EQ(error_of(response, "what").retry_after, std::chrono::hours(1)) << name;
  }
}

TEST(InstanceLimits, ARoleIsNamedAsRolesAre) {
  const std::pair<std::string, bool> rows[] = {{letters(64), true},  {"A+=,.@_-1", true},
                                               {letters(65), false}, {letters(60'000), false},
                                               {"../other", false},  {"a b", false}};
  for (const auto& [role, good] : rows) {
    support::ScriptedHttp metadata;
    metadata.reply(200, "session")
        .reply(200, role)
        .reply(200, fmt::format(R"({{"Code":"{}"}})", letters(60'000)));
    InstanceCredentials instance(InstanceSource{"http://169.254.169.254"}, metadata);
    const auto got = support::run(instance.get());
    ASSERT_FALSE(got);
    EXPECT_EQ(metadata.seen.size(), good ? 3U : 2U) << role.size();
    EXPECT_LE(got.error().text.size(), 300U) << role.size();
    EXPECT_LE(got.error().code.size(), 64U) << role.size();
  }
}

TEST(QueueLimits, SoManyQueuesHaveConnectionsOfTheirOwn) {
  const std::pair<std::size_t, bool> rows[] = {{50, true}, {51, false}, {1000, false}};
  for (const auto& [count, good] : rows) {
    test::Strings env = {{"AWS_ACCESS_KEY_ID", "A"}, {"AWS_SECRET_ACCESS_KEY", "s"}};
    for (std::size_t i = 0; i < count; ++i)
      env["SQS_QUEUE_URL"] += fmt::format("https://sqs.eu-west-1.amazonaws.com/1/q{},", i);
    const test::Strings files;
    const auto settings = load_settings(test::env_of(env), test::files_of(files));
    ASSERT_EQ(settings.has_value(), good) << count;
    if (!good) EXPECT_THAT(settings.error().text, HasSubstr("SQS_QUEUE_URL"));
  }
}

}  // namespace
}  // namespace edsm::cloud::aws
