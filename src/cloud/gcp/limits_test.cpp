// What Google, or whoever answers in its place, may send: at each limit, just beyond it and far
// beyond.

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cloud/gcp/errors.hpp"
#include "cloud/gcp/events.hpp"
#include "cloud/gcp/pubsub.hpp"
#include "cloud/gcp/secret_manager.hpp"
#include "cloud/gcp/settings.hpp"
#include "support/gcp_bench.hpp"

namespace edsm::cloud::gcp {
namespace {

using testing::HasSubstr;

std::string letters(std::size_t count, char letter = 'a') {
  return std::string(count, letter);
}

TEST(GoogleEventLimits, NamesOfTheLongestSecretAndNoLongerOnes) {
  const Projects projects;
  const std::pair<std::size_t, bool> rows[] = {{255, true}, {256, false}, {1'000'000, false}};
  for (const auto& [size, good] : rows) {
    const auto decoded = decode_event(
        {{"eventType", "SECRET_CREATE"}, {"secretId", "projects/5/secrets/" + letters(size)}}, "",
        projects);
    EXPECT_EQ(std::holds_alternative<Hint>(decoded), good) << size;
  }
}

TEST(GoogleEventLimits, WhatIsSaidOfAMessageIsShort) {
  const Projects projects;
  Attributes attributes;
  for (int i = 0; i < 1000; ++i) attributes[letters(1000) + std::to_string(i)] = letters(1000);
  const auto odd = decode_event(attributes, letters(1'000'000), projects);
  EXPECT_LE(std::get<Malformed>(odd).why.size(), 700U);
  const auto type = decode_event({{"eventType", letters(1'000'000)}}, "", projects);
  EXPECT_LE(std::get<Irrelevant>(type).cause.size(), 64U);
  const auto method =
      decode_event({},
                   fmt::format(R"({{"protoPayload":{{"serviceName":"secretmanager.googleapis.com",
                          "methodName":"{}","status":{{"code":7}}}}}})",
                               letters(1'000'000)),
                   projects);
  EXPECT_LE(std::get<Irrelevant>(method).cause.size(), 80U);
}

class GoogleAnswerLimits : public testing::Test, protected test::Bench {
 protected:
  Pubsub subscription() {
    return {Subscription{"shop", "edsm"}, client(Service::pubsub), client(Service::pubsub)};
  }
  base::Result<Value> access() {
    Projects projects;
    Births births(projects);
    SecretManager secrets(client(Service::secretmanager), projects, births);
    return support::run(secrets.access({"shop", "global", "db", ""}));
  }
};

TEST_F(GoogleAnswerLimits, AVersionIsANumberOfAtMost19Digits) {
  const std::pair<std::string, bool> rows[] = {
      {"1", true},  {letters(19, '9'), true},    {letters(20, '9'), false},
      {"0", false}, {letters(1'000'000), false}, {"1 ", false}};
  for (const auto& [version, good] : rows) {
    http.reply(200, fmt::format(R"({{"name":"projects/5/secrets/db/versions/{}",
                                     "payload":{{"data":"dg=="}}}})",
                                version));
    const auto value = access();
    EXPECT_EQ(value.has_value(), good) << version.size();
    if (!good) EXPECT_LE(value.error().text.size(), 500U);
  }
}

TEST_F(GoogleAnswerLimits, AValueOf64KiBIsRead) {
  http.reply(200, fmt::format(R"({{"name":"projects/5/secrets/db/versions/1",
                                   "payload":{{"data":"{}"}}}})",
                              base::base64(letters(65'536))));
  const auto value = access();
  ASSERT_TRUE(value);
  EXPECT_EQ(value->bytes.size(), 65'536U);
}

TEST_F(GoogleAnswerLimits, NoMoreMessagesThanAskedForAreTaken) {
  for (const std::size_t sent : {100UZ, 101UZ, 10'000UZ}) {
    std::string messages;
    for (std::size_t i = 0; i < sent; ++i)
      messages += fmt::format(R"({}{{"ackId":"{}"}})", i == 0 ? "" : ",", i);
    http.reply(200, R"({"receivedMessages":[)" + messages + "]}");
    auto pubsub = subscription();
    const auto got = support::run(pubsub.pull());
    ASSERT_TRUE(got);
    EXPECT_EQ(got->size(), 100U) << sent;
  }
}

TEST_F(GoogleAnswerLimits, AMessageHasAtMostAHundredAttributes) {
  for (const std::size_t sent : {100UZ, 101UZ, 10'000UZ}) {
    std::string attributes;
    for (std::size_t i = 0; i < sent; ++i)
      attributes += fmt::format(R"({}"{}":"x")", i == 0 ? "" : ",", i);
    http.reply(200, R"({"receivedMessages":[{"message":{"attributes":{)" + attributes + "}}}]}");
    auto pubsub = subscription();
    const auto got = support::run(pubsub.pull());
    ASSERT_TRUE(got);
    EXPECT_EQ(got->front().attributes.size(), 100U) << sent;
  }
}

TEST(GoogleErrorLimits, CodesReasonsAndTexts) {
  const std::pair<std::size_t, std::size_t> rows[] = {{64, 64}, {65, 0}, {1'000'000, 0}};
  for (const auto& [sent, kept] : rows) {
    const auto body = test::error_body(
        letters(sent, 'A'),
        fmt::format(R"([{{"@type":"google.rpc.ErrorInfo","reason":"{}"}}])", letters(sent, 'R')));
    const auto rpc = read_rpc_error(body);
    EXPECT_EQ(rpc.status.size(), kept) << sent;
    EXPECT_EQ(rpc.reason.size(), kept) << sent;
    net::Response response;
    response.status = 400;
    response.body.append(body);
    EXPECT_LE(error_of(response, "what").text.size(), 200U) << sent;
  }
}

TEST(SubscriptionLimits, NamesHave3To255Characters) {
  const std::pair<std::size_t, bool> rows[] = {{2, false}, {3, true}, {255, true}, {256, false}};
  for (const auto& [size, good] : rows)
    EXPECT_EQ(parse_subscription(letters(size), "shop").has_value(), good) << size;
  const auto error = parse_subscription(letters(1'000'000), "shop").error();
  EXPECT_LE(error.text.size(), 400U);
}

TEST(SubscriptionLimits, SoManyHaveConnectionsOfTheirOwn) {
  const std::pair<std::size_t, bool> rows[] = {{50, true}, {51, false}, {1000, false}};
  for (const auto& [count, good] : rows) {
    support::Strings env;
    for (std::size_t i = 0; i < count; ++i)
      env["GCP_PUBSUB_SUBSCRIPTION"] += fmt::format("projects/shop/subscriptions/s{:04},", i);
    const support::Strings files;
    const auto settings = load_settings(support::env_of(env), support::files_of(files));
    ASSERT_EQ(settings.has_value(), good) << count;
    if (!good) EXPECT_THAT(settings.error().text, HasSubstr("GCP_PUBSUB_SUBSCRIPTION"));
  }
}

}  // namespace
}  // namespace edsm::cloud::gcp
