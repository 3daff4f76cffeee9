#include "cloud/gcp/client.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/gcp_bench.hpp"

namespace edsm::cloud::gcp {
namespace {

using base::Failure;
using std::chrono::seconds;
using testing::HasSubstr;
using testing::Not;

class GoogleClientTest : public testing::Test, protected test::Bench {
 protected:
  /// The member "a" of the answer, or the code of the error.
  using Answer = base::Result<std::int64_t>;
  static base::Task<Answer> ask(Client& client, Call call) {
    auto document = co_await client.call(std::move(call));
    if (!document) co_return std::unexpected(document.error());
    co_return base::int_at(document->root(), "a").value_or(-1);
  }
  Answer call(Call call = Call("GetSecretVersion", "/v1/projects/p/secrets/db/versions/1")) {
    return support::run(ask(*secrets, std::move(call)));
  }
  std::string token_of(std::size_t index) {
    return std::string(http.seen.at(index).headers.find("Authorization").value_or("(none)"));
  }

  std::unique_ptr<Client> secrets = client(Service::secretmanager);
};

TEST_F(GoogleClientTest, AuthorisesAndCounts) {
  http.reply(200, R"({"a":1})");
  EXPECT_EQ(call(), 1);
  const auto& seen = http.seen.at(0);
  EXPECT_EQ(seen.method, net::Method::get);
  EXPECT_EQ(seen.url, "https://google.example/v1/projects/p/secrets/db/versions/1");
  EXPECT_EQ(token_of(0), "Bearer token-1");
  EXPECT_EQ(seen.headers.find("X-Goog-User-Project"), std::nullopt);
  EXPECT_EQ(seen.headers.find("Content-Type"), std::nullopt);
  EXPECT_THAT(metrics.text(),
              HasSubstr(R"(code="200",operation="GetSecretVersion",service="secretmanager")"));
}

TEST_F(GoogleClientTest, PostsJson) {
  http.reply(200, "");
  Call post("Pull", "/v1/x:pull");
  post.method = net::Method::post;
  post.body.append("{}");
  EXPECT_EQ(call(std::move(post)), -1) << "an empty answer is an empty object";
  EXPECT_EQ(http.seen.at(0).method, net::Method::post);
  EXPECT_EQ(http.seen.at(0).headers.find("Content-Type"), "application/json");
  EXPECT_EQ(http.seen.at(0).body, "{}");
}

TEST_F(GoogleClientTest, AnotherProjectMayPay) {
  quota_project = "billing";
  secrets = client(Service::secretmanager);
  http.reply(200, "{}");
  call();
  EXPECT_EQ(http.seen.at(0).headers.find("X-Goog-User-Project"), "billing");
}

TEST_F(GoogleClientTest, AnEmulatorGetsNoCredentials) {
  tokens.reset();
  secrets = client(Service::secretmanager);
  http.reply(200, "{}");
  call();
  EXPECT_EQ(token_of(0), "(none)");
}

TEST_F(GoogleClientTest, SomethingElseThanJsonIsNoAnswer) {
  for (const std::string_view body : {"<html>", "[]", "7"}) {
    http.reply(200, body);
    const auto answer = call();
    ASSERT_FALSE(answer);
    EXPECT_EQ(answer.error().code, "MalformedAnswer");
    EXPECT_EQ(answer.error().failure, Failure::transient);
  }
}

TEST_F(GoogleClientTest, WhatMayPassIsTriedAgain) {
  http.reply(503, test::error_body("UNAVAILABLE"))
      .reply_error(Failure::transient, "ConnectionLost")
      .reply(200, R"({"a":1})");
  EXPECT_EQ(call(), 1);
  for (int i = 0; i < 3; ++i) http.reply(429, test::error_body("RESOURCE_EXHAUSTED"));
  const auto refused = call();
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().failure, Failure::throttled);
  EXPECT_TRUE(http.exhausted()) << "three times at most";
  http.reply(404, test::error_body("NOT_FOUND"));
  EXPECT_EQ(call().error().code, "NOT_FOUND");
  EXPECT_TRUE(http.exhausted());
}

TEST_F(GoogleClientTest, AWishToWaitIsHeeded) {
  http.reply(429, test::error_body("RESOURCE_EXHAUSTED"), {{"Retry-After", "3"}})
      .reply(200, R"({"a":1})");
  EXPECT_EQ(call(), 1);
  EXPECT_EQ(clock.slept(), base::Duration(seconds(3)));
}

TEST_F(GoogleClientTest, ARefusedTokenIsRenewedOnce) {
  http.reply(401, test::error_body("UNAUTHENTICATED")).reply(200, R"({"a":1})");
  EXPECT_EQ(call(), 1);
  EXPECT_EQ(token_of(0), "Bearer token-1");
  EXPECT_EQ(token_of(1), "Bearer token-2");

  http.reply(401, test::error_body("UNAUTHENTICATED"));
  const auto refused = call();
  ASSERT_FALSE(refused) << "the new one was refused a moment later: newer ones are no better";
  EXPECT_EQ(refused.error().failure, Failure::credentials);
  EXPECT_THAT(refused.error().text, HasSubstr("check the controller's Google credentials"));
  EXPECT_THAT(refused.error().text, Not(HasSubstr("token-")));
  EXPECT_TRUE(http.exhausted());
}

TEST_F(GoogleClientTest, WithoutATokenNothingIsSent) {
  numbered->failing = true;
  const auto answer = call();
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().failure, Failure::credentials);
  EXPECT_THAT(answer.error().text, HasSubstr("Google credentials (numbered)"));
  EXPECT_TRUE(http.seen.empty());
}

TEST_F(GoogleClientTest, AnEndpointThatDoesNotAnswerHoldsNobodyUp) {
  for (int i = 0; i < 3; ++i) http.reply_error(Failure::transient, "Timeout");
  EXPECT_EQ(call().error().code, "Timeout");
  EXPECT_TRUE(http.exhausted());
  EXPECT_EQ(call().error().code, "Unreachable") << "and nothing was sent";
  EXPECT_EQ(call().error().failure, Failure::transient);

  clock.advance(Outage::pause);
  http.reply_error(Failure::transient, "ConnectionFailed");
  EXPECT_EQ(call().error().code, "Unreachable") << "one attempt, and no others after it";
  EXPECT_TRUE(http.exhausted());

  clock.advance(Outage::pause);
  http.reply(503, test::error_body("UNAVAILABLE")).reply(200, R"({"a":1})");
  EXPECT_EQ(call(), 1) << "any answer is one";
}

TEST(Outage, LetsOneThroughEveryFewSeconds) {
  Outage outage;
  base::Instant now(seconds(100));
  for (int i = 0; i < Outage::tolerated; ++i) {
    EXPECT_TRUE(outage.may_call(now)) << i;
    outage.unanswered(now);
  }
  EXPECT_FALSE(outage.may_call(now));
  now += Outage::pause;
  EXPECT_TRUE(outage.may_call(now));
  EXPECT_FALSE(outage.may_call(now)) << "one is under way";
  now += Outage::pause;
  EXPECT_TRUE(outage.may_call(now)) << "it was cancelled";
  outage.answered();
  EXPECT_TRUE(outage.may_call(now));
  EXPECT_TRUE(outage.may_call(now));
}

}  // namespace
}  // namespace edsm::cloud::gcp
