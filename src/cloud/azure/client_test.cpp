#include "cloud/azure/client.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/azure_bench.hpp"

namespace edsm::cloud::azure {
namespace {

using base::Failure;
using std::chrono::seconds;
using test::abroad;
using test::challenge;
using test::home;
using testing::HasSubstr;
using testing::Not;

class AzureClientTest : public testing::Test, protected test::Bench {
 protected:
  /// The member "a" of the answer, or the code of the error.
  using Answer = base::Result<std::int64_t>;
  static base::Task<Answer> ask(Client& client, Call call) {
    auto document = co_await client.call(std::move(call));
    if (!document) co_return std::unexpected(document.error());
    co_return base::int_at(document->root(), "a").value_or(-1);
  }
  Answer call(Call call = Call("GetSecret", "/secrets/db?api-version=7.4")) {
    return support::run(ask(*vault, std::move(call)));
  }

  std::unique_ptr<Client> vault = client();
};

TEST_F(AzureClientTest, AuthorisesAndCounts) {
  http.reply(200, R"({"a":1})");
  EXPECT_EQ(call(), 1);
  const auto& seen = http.seen.at(0);
  EXPECT_EQ(seen.method, net::Method::get);
  EXPECT_EQ(seen.url, "https://shop-kv.vault.azure.net/secrets/db?api-version=7.4");
  EXPECT_EQ(token_of(0), "Bearer own-1");
  EXPECT_EQ(seen.timeout, base::Duration(seconds(10)));
  EXPECT_THAT(metrics.text(), HasSubstr(R"(code="200",operation="GetSecret",service="keyvault")"));
}

TEST_F(AzureClientTest, SendsWhatItIsGiven) {
  http.reply(201, "raw", {{"Location", "x"}});
  Call call("Receive", "/queue/messages/head?timeout=60");
  call.method = net::Method::post;
  call.headers = {{"Content-Type", "text/plain"}};
  call.body.append("body");
  call.timeout = seconds(75);
  const auto answer = support::run(vault->send(std::move(call)));
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->status, 201);
  EXPECT_EQ(answer->headers.find("Location"), "x");
  EXPECT_EQ(answer->body.view(), "raw");
  const auto& seen = http.seen.at(0);
  EXPECT_EQ(seen.method, net::Method::post);
  EXPECT_EQ(seen.headers.find("Content-Type"), "text/plain");
  EXPECT_EQ(seen.body, "body");
  EXPECT_EQ(seen.timeout, base::Duration(seconds(75)));
}

TEST_F(AzureClientTest, SomethingElseThanJsonIsNoAnswer) {
  for (const std::string_view body : {"<html>", "[]", "7", ""}) {
    http.reply(200, body);
    const auto answer = call();
    ASSERT_FALSE(answer);
    EXPECT_EQ(answer.error().code, "MalformedAnswer");
    EXPECT_EQ(answer.error().failure, Failure::transient);
  }
}

TEST_F(AzureClientTest, WhatMayPassIsTriedAgain) {
  http.reply(503).reply_error(Failure::transient, "ConnectionLost").reply(200, R"({"a":1})");
  EXPECT_EQ(call(), 1);
  for (int i = 0; i < 3; ++i) http.reply(429, test::error_body("Throttled"));
  const auto refused = call();
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().failure, Failure::throttled);
  EXPECT_TRUE(http.exhausted()) << "three times at most";
  http.reply(404, test::error_body("SecretNotFound"));
  EXPECT_EQ(call().error().code, "SecretNotFound");
  EXPECT_TRUE(http.exhausted());
  EXPECT_THAT(metrics.text(), HasSubstr(R"(code="Throttled",operation="GetSecret")"));
}

TEST_F(AzureClientTest, AWishToWaitIsHeeded) {
  http.reply(429, test::error_body("Throttled"), {{"x-ms-retry-after-ms", "3000"}})
      .reply(200, R"({"a":1})");
  EXPECT_EQ(call(), 1);
  EXPECT_EQ(clock.slept(), base::Duration(seconds(3)));
}

TEST_F(AzureClientTest, AVaultOfAnotherTenantSaysSoOnce) {
  http.reply(401, "", challenge(abroad)).reply(200, R"({"a":1})").reply(200, R"({"a":2})");
  EXPECT_EQ(call(), 1);
  EXPECT_EQ(token_of(0), "Bearer own-1");
  EXPECT_EQ(token_of(1), "Bearer " + abroad + "-1");
  EXPECT_EQ(call(), 2);
  EXPECT_EQ(token_of(2), "Bearer " + abroad + "-1") << "it is remembered";
}

TEST_F(AzureClientTest, ARefusedTokenIsRenewedOnce) {
  http.reply(401, "", challenge(home)).reply(401, "", challenge(home)).reply(200, R"({"a":1})");
  EXPECT_EQ(call(), 1) << "the first refusal told the tenant, the second that the token is old";
  EXPECT_EQ(token_of(2), "Bearer " + home + "-2");

  http.reply(401, "", challenge(home));
  const auto refused = call();
  ASSERT_FALSE(refused) << "the new one was refused a moment later: newer ones are no better";
  EXPECT_EQ(refused.error().failure, Failure::credentials);
  EXPECT_THAT(refused.error().text, HasSubstr("check the controller's Azure credentials"));
  EXPECT_THAT(refused.error().text, Not(HasSubstr(home)));
  EXPECT_TRUE(http.exhausted());
}

TEST_F(AzureClientTest, ARefusalWithoutAChallengeHasTheTokenRenewed) {
  http.reply(401).reply(200, R"({"a":1})");
  EXPECT_EQ(call(), 1);
  EXPECT_EQ(token_of(1), "Bearer own-2");
}

TEST_F(AzureClientTest, ATokenForSomebodyElseIsNeitherAskedForNorSent) {
  http.reply(401, "", challenge(home, "https://management.azure.com"));
  const auto refused = call();
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, "UntrustedChallenge");
  EXPECT_EQ(refused.error().failure, Failure::credentials);
  EXPECT_EQ(http.seen.size(), 1U);
  EXPECT_EQ(sources.size(), 1U) << "of the controller's own tenant";
}

TEST_F(AzureClientTest, ATenantThatTheBindingNamesIsTheOnlyOne) {
  vault = client("shop-kv.vault.azure.net", home);
  http.reply(200, R"({"a":1})");
  EXPECT_EQ(call(), 1);
  EXPECT_EQ(token_of(0), "Bearer " + home + "-1");

  http.reply(401, "", challenge(abroad)).reply(401, "", challenge(abroad));
  const auto refused = call();
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, "WrongTenant");
  EXPECT_THAT(refused.error().text, HasSubstr("azureTenantID"));
  EXPECT_EQ(sources.count(abroad), 0U);
}

TEST_F(AzureClientTest, WithoutATokenNothingIsSent) {
  tokens("", public_cloud().vault_scope());
  sources.at("")->failing = true;
  const auto answer = call();
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().failure, Failure::credentials);
  EXPECT_THAT(answer.error().text, HasSubstr("Azure credentials (numbered)"));
  EXPECT_TRUE(http.seen.empty());
}

TEST_F(AzureClientTest, WithoutAnAuthoriserNoneIsNeeded) {
  Client plain(Service::servicebus, Endpoint{"http://127.0.0.1:1", nullptr, &vault_error}, http,
               Wiring{clock, log, metrics});
  http.reply(401);
  const auto refused = support::run(plain.send(Call("Receive", "/q")));
  EXPECT_EQ(token_of(0), "(none)");
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().text, Not(HasSubstr("check the controller's")));
}

TEST_F(AzureClientTest, BearerTokensOfOneCache) {
  auto& cache = tokens("", "https://servicebus.azure.net/.default");
  Client bus(Service::servicebus,
             Endpoint{"https://shop.servicebus.windows.net", std::make_shared<BearerTokens>(cache),
                      &vault_error},
             http, Wiring{clock, log, metrics});
  http.reply(401).reply(204).reply(401);
  EXPECT_TRUE(support::run(bus.send(Call("Receive", "/q"))));
  EXPECT_EQ(token_of(0), "Bearer own-1");
  EXPECT_EQ(token_of(1), "Bearer own-2");
  EXPECT_FALSE(support::run(bus.send(Call("Receive", "/q"))));
  EXPECT_TRUE(http.exhausted());
}

TEST_F(AzureClientTest, AnEndpointThatDoesNotAnswerHoldsNobodyUp) {
  for (int i = 0; i < 3; ++i) http.reply_error(Failure::transient, "Timeout");
  EXPECT_EQ(call().error().code, "Timeout");
  EXPECT_TRUE(http.exhausted());
  EXPECT_EQ(call().error().code, "Unreachable") << "and nothing was sent";
  clock.advance(Outage::pause);
  http.reply(503).reply(200, R"({"a":1})");
  EXPECT_EQ(call(), 1) << "any answer is one";
}

}  // namespace
}  // namespace edsm::cloud::azure
