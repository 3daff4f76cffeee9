#include "cloud/azure/auth/managed_tokens.hpp"

#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cloud/azure/auth/machine_retry.hpp"
#include "support/azure_auth_bench.hpp"

namespace edsm::cloud::azure::auth {
namespace {

using base::Failure;
using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::HasSubstr;
using testing::Not;

/// As the metadata server answers: times are strings.
constexpr std::string_view answer =
    R"({"access_token":"hunter2","client_id":"c","expires_in":"86399","expires_on":"1","resource":)"
    R"("https://vault.azure.net","token_type":"Bearer"})";

class ManagedTokensTest : public testing::Test, protected test::AuthBench {
 protected:
  ManagedTokens& tokens(std::string_view scope = test::vault_scope) {
    settings = load();
    if (!settings) throw std::runtime_error(base::describe(settings.error()));
    made = std::make_unique<ManagedTokens>(std::get<ManagedSource>(settings->source),
                                           std::string(scope), metadata, clock);
    return *made;
  }

  base::Result<AuthSettings> settings;
  std::unique_ptr<ManagedTokens> made;
};

TEST_F(ManagedTokensTest, OfAVirtualMachine) {
  metadata.reply(200, answer).reply(200, answer);
  auto& provider = tokens();
  EXPECT_EQ(provider.name(), "managed-identity/vault.azure.net");
  const auto token = support::run(provider.get());
  ASSERT_TRUE(token);
  EXPECT_EQ(token->value.view(), "hunter2");
  EXPECT_EQ(token->expires, clock.wall() + seconds(86'399));
  const auto& seen = metadata.seen.at(0);
  EXPECT_EQ(seen.method, net::Method::get);
  EXPECT_EQ(seen.url,
            "http://169.254.169.254/metadata/identity/oauth2/token?api-version=2018-02-01"
            "&resource=https%3A%2F%2Fvault.azure.net");
  EXPECT_EQ(seen.headers.find("Metadata"), "true");
  EXPECT_FALSE(seen.headers.find("X-IDENTITY-HEADER"));
  EXPECT_TRUE(seen.confidential);
  EXPECT_LE(seen.timeout, seconds(5));

  variables = {{"AZURE_CLIENT_ID", "a&b"}};
  EXPECT_EQ(get(tokens("https://servicebus.azure.net/.default")), "hunter2");
  EXPECT_THAT(metadata.seen.at(1).url,
              testing::EndsWith("&resource=https%3A%2F%2Fservicebus.azure.net&client_id=a%26b"));
  EXPECT_TRUE(api.seen.empty()) << "never by a proxy";
}

TEST_F(ManagedTokensTest, OfAppService) {
  variables = {{"IDENTITY_ENDPOINT", "http://127.0.0.1:41741/msi/token"},
               {"IDENTITY_HEADER", "hunter3"}};
  const auto until =
      std::chrono::duration_cast<seconds>(clock.wall().time_since_epoch()).count() + 100;
  metadata.reply(200, R"({"access_token":"hunter2","token_type":"Bearer","expires_on":")" +
                          std::to_string(until) + "\"}");
  const auto token = support::run(tokens().get());
  ASSERT_TRUE(token);
  EXPECT_EQ(token->expires, clock.wall() + seconds(100));
  const auto& seen = metadata.seen.at(0);
  EXPECT_EQ(seen.url,
            "http://127.0.0.1:41741/msi/token?api-version=2019-08-01"
            "&resource=https%3A%2F%2Fvault.azure.net");
  EXPECT_EQ(seen.headers.find("X-IDENTITY-HEADER"), "hunter3");
  EXPECT_FALSE(seen.headers.find("Metadata"));
}

TEST_F(ManagedTokensTest, AnUpdateOfTheServerIsWaitedFor) {
  auto& provider = tokens();
  for (int i = 0; i < 7; ++i) metadata.reply(410);
  metadata.reply(200, answer);
  EXPECT_EQ(get(provider), "hunter2");
  EXPECT_GE(clock.slept(), base::Duration(seconds(70)));
  EXPECT_LT(clock.slept(), base::Duration(seconds(80)));
  EXPECT_TRUE(metadata.exhausted());
}

TEST_F(ManagedTokensTest, RefusalsNameTheRemedy) {
  struct Row {
    std::string_view client_id;
    int status;
    std::string_view body;
    int attempts;
    Failure failure;
    std::string_view says;
  };
  const std::vector<Row> rows = {
      {"", 400, R"({"error":"invalid_request","error_description":"Identity not found hunter2"})",
       1, Failure::credentials, "which by AZURE_CLIENT_ID"},
      {"c", 400, R"({"error":"invalid_request"})", 1, Failure::credentials,
       "is the identity c (AZURE_CLIENT_ID, not its object id) assigned"},
      {"", 400, R"({"error_description":"AADSTS500011: hunter2"})", 1, Failure::credentials,
       "does not know the resource of https://vault.azure.net"},
      {"", 403, "", 1, Failure::credentials, "answered HTTP 403"},
      {"", 404, "", 6, Failure::credentials, "has this machine an identity?"},
      {"", 429, "", 6, Failure::throttled, "answered HTTP 429"},
      {"", 500, "", 6, Failure::transient, "answered HTTP 500"},
  };
  for (const auto& [client_id, status, body, attempts, failure, says] : rows) {
    variables = {{"AZURE_CLIENT_ID", std::string(client_id)}};
    for (int i = 0; i < attempts; ++i) metadata.reply(status, body);
    const auto token = support::run(tokens().get());
    ASSERT_FALSE(token);
    EXPECT_EQ(token.error().failure, failure) << says;
    EXPECT_THAT(token.error().text, HasSubstr(std::string(says)));
    EXPECT_THAT(token.error().text, Not(HasSubstr("hunter2")));
    EXPECT_TRUE(metadata.exhausted()) << says;
  }
}

TEST_F(ManagedTokensTest, WhereThereIsNoServerItIsSaidSoon) {
  for (int i = 0; i < 3; ++i) metadata.reply_error(Failure::transient, "ConnectionFailed");
  EXPECT_THAT(get(tokens()), HasSubstr("On AKS turn workload identity on"));
  EXPECT_TRUE(metadata.exhausted());
  EXPECT_EQ(clock.slept(), base::Duration(milliseconds(2400)));
  metadata.reply_error(Failure::invalid, "BadUrl");
  EXPECT_THAT(get(tokens()), HasSubstr("BadUrl"));
  EXPECT_TRUE(metadata.exhausted());
}

TEST_F(ManagedTokensTest, FollowsRetryAfterInBounds) {
  metadata.reply(429, "", {{"Retry-After", "3"}})
      .reply(429, "", {{"Retry-After", "600"}})
      .reply(200, answer);
  EXPECT_EQ(get(tokens()), "hunter2");
  EXPECT_EQ(clock.slept(), base::Duration(milliseconds(3000 + 1600 + 5000)));
}

TEST(MachineRetry, GivesUpByWhatWasAnswered) {
  const auto waits = [](int status) {
    MachineRetry retry;
    std::vector<std::int64_t> all;
    base::Duration since{};
    while (all.size() < 20) {
      const auto wait = retry.next(status, since);
      if (!wait) break;
      all.push_back(wait->count() / 1000);
      since += *wait;
    }
    return all;
  };
  using Waits = std::vector<std::int64_t>;
  for (const int status : {404, 408, 429, 500, 503})
    EXPECT_EQ(waits(status), (Waits{800, 1600, 3200, 6400, 12800})) << status;
  EXPECT_EQ(waits(410), (Waits{800, 1600, 3200, 6400, 12800, 25600, 25600}));
  EXPECT_EQ(waits(0), (Waits{800, 1600}));
  for (const int status : {200, 302, 400, 401, 403}) EXPECT_EQ(waits(status), Waits()) << status;
}

}  // namespace
}  // namespace edsm::cloud::azure::auth
