#include "cloud/azure/auth/credentials.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/azure_auth_bench.hpp"

namespace edsm::cloud::azure {
namespace {

using testing::HasSubstr;

constexpr std::string_view bus_scope = "https://servicebus.azure.net/.default";

class CredentialsTest : public testing::Test, protected test::AuthBench {
 protected:
  std::string get(oauth::TokenCache& cache) {
    const auto token = support::run(cache.get());
    return token ? std::string((*token)->value.view()) : base::describe(token.error());
  }
};

TEST_F(CredentialsTest, OneCacheForEachScopeInEachTenant) {
  client({{"AZURE_CLIENT_SECRET", "hunter3"}});
  Credentials credentials(load(), deps());
  auto& own = credentials.tokens("", test::vault_scope);
  EXPECT_EQ(&own, &credentials.tokens(test::tenant, test::vault_scope));
  EXPECT_EQ(&own, &credentials.tokens("72000000-86F1-41AF-91AB-2D7CD0110000", test::vault_scope));
  EXPECT_NE(&own, &credentials.tokens("", bus_scope));
  EXPECT_NE(&own, &credentials.tokens("other.example", test::vault_scope));
  EXPECT_TRUE(api.seen.empty()) << "nothing is asked for before it is needed";

  api.reply(200, test::token_answer).reply(200, test::token_answer);
  EXPECT_EQ(get(own), "hunter2");
  EXPECT_EQ(get(own), "hunter2");
  EXPECT_EQ(api.seen.size(), 1U);
  EXPECT_EQ(get(credentials.tokens("other.example", test::vault_scope)), "hunter2");
  EXPECT_THAT(api.seen.at(1).url, HasSubstr("/other.example/oauth2/"));
  EXPECT_THAT(metrics.text(), HasSubstr("source=\"client-secret/vault.azure.net\""));
  EXPECT_THAT(metrics.text(), HasSubstr("source=\"client-secret/vault.azure.net/other.example\""));
}

TEST_F(CredentialsTest, AMachinesIdentityHasOneTenant) {
  Credentials credentials(load(), deps());
  auto& own = credentials.tokens("", test::vault_scope);
  EXPECT_EQ(&own, &credentials.tokens("other.example", test::vault_scope));
  metadata.reply(200, R"({"access_token":"hunter2","expires_in":"100"})");
  EXPECT_EQ(get(own), "hunter2");
}

TEST_F(CredentialsTest, WhatIsWrongIsSaidToWhoeverAsks) {
  variables = {{"AZURE_CLIENT_SECRET", "hunter3"}};
  Credentials credentials(load(), deps());
  EXPECT_THAT(get(credentials.tokens("", test::vault_scope)),
              HasSubstr("Azure credentials (none): AZURE_CLIENT_SECRET is set, but not"));
  EXPECT_THAT(get(credentials.tokens("x.example", bus_scope)), HasSubstr("AZURE_TENANT_ID"));
  EXPECT_TRUE(api.seen.empty());
}

TEST_F(CredentialsTest, TheOldTokenIsServedWhileItIsValid) {
  client({{"AZURE_CLIENT_SECRET", "hunter3"}});
  Credentials credentials(load(), deps());
  auto& cache = credentials.tokens("", test::vault_scope);
  api.reply(200, test::token_answer);
  EXPECT_EQ(get(cache), "hunter2");
  clock.advance(std::chrono::seconds(86'399 - 60));
  api.reply(401, test::refusal(7000222));
  EXPECT_EQ(get(cache), "hunter2");
  EXPECT_TRUE(api.exhausted()) << "a new one was asked for";
  clock.advance(std::chrono::minutes(2));
  api.reply(401, test::refusal(7000222));
  EXPECT_THAT(get(cache), HasSubstr("AZURE_CLIENT_SECRET has expired"));
}

/// Runs what is ready, at a clock that only the test moves.
class RenewalTest : public testing::Test, protected test::AuthBench {
 protected:
  void settle() {
    context.restart();
    context.poll();
  }

  support::ManualClock manual;
  boost::asio::io_context context{1};
  boost::asio::cancellation_signal stop;
};

TEST_F(RenewalTest, OnlyWhatWasUsedIsRenewedAheadOfNeed) {
  client({{"AZURE_CLIENT_SECRET", "hunter3"}});
  Credentials credentials(load(), {api, metadata, manual, log, metrics});
  credentials.tokens("", bus_scope);
  auto& used = credentials.tokens("", test::vault_scope);
  boost::asio::co_spawn(context, credentials.run(),
                        boost::asio::bind_cancellation_slot(stop.slot(), boost::asio::detached));
  settle();
  EXPECT_TRUE(api.seen.empty());
  api.reply(200, test::token_answer);
  EXPECT_TRUE(support::run(context, used.get()));
  settle();
  EXPECT_EQ(api.seen.size(), 1U);

  // Whoever asks after a while finds it renewed.
  api.reply(200, test::token_answer);
  for (int minute = 0; minute < 24 * 60 - 5; ++minute) {
    manual.advance(std::chrono::minutes(1));
    settle();
  }
  EXPECT_EQ(api.seen.size(), 2U);
  EXPECT_TRUE(support::run(context, used.get()));
  EXPECT_EQ(api.seen.size(), 2U);
  stop.emit(boost::asio::cancellation_type::terminal);
  settle();
}

}  // namespace
}  // namespace edsm::cloud::azure
