#include "cloud/azure/azure.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/azure_bench.hpp"

namespace edsm::cloud::azure {
namespace {

using support::Strings;
using testing::Contains;
using testing::HasSubstr;

const std::string queue = "https://shop.servicebus.windows.net/edsm-events";

/// A cloud with one queue, whose tokens come from the machine's metadata server.
class AzureCloudTest : public testing::Test, protected test::Bench {
 protected:
  std::unique_ptr<Cloud> make(const Strings& env) {
    static const Strings files;
    auto settings = load_settings(support::env_of(env), support::files_of(files));
    EXPECT_TRUE(settings) << settings.error().text;
    return std::make_unique<Cloud>(std::move(*settings), http, polls, metadata, clock, log,
                                   metrics);
  }
  static std::vector<Source> source_of(Cloud& cloud) {
    return {cloud.provider().resolve({"db", {{"azureVaultURL", "shop-kv"}}}).value()};
  }
  void expect_token(std::string_view token) {
    metadata.reply(200, fmt::format(R"({{"access_token":"{}","expires_in":"3600",
        "token_type":"Bearer","resource":"x"}})",
                                    token));
  }
  support::ScriptedHttp polls;
  support::ScriptedHttp metadata;
};

TEST_F(AzureCloudTest, WiresProviderInboxesAndCredentials) {
  const auto cloud = make({{"AZURE_SERVICEBUS_QUEUE_URL", queue}});
  expect_token("vault-token");
  http.reply(200, test::item({"db/" + test::version('1')}, R"("value":"v",)"));
  const auto values = support::run(cloud->provider().fetch(source_of(*cloud)));
  ASSERT_TRUE(values.at(0)) << values.at(0).error().text;
  EXPECT_EQ(http.seen.at(0).url, "https://shop-kv.vault.azure.net/secrets/db?api-version=7.4");
  EXPECT_EQ(token_of(0), "Bearer vault-token");
  EXPECT_THAT(metadata.seen.at(0).url, HasSubstr("resource=https%3A%2F%2Fvault.azure.net"));

  ASSERT_EQ(cloud->inboxes().size(), 1U);
  expect_token("bus-token");
  polls.reply(201, R"({"type":"Microsoft.KeyVault.SecretNewVersionCreated","data":{
      "VaultName":"shop-kv","ObjectName":"db"}})",
              {{"Location", queue + "/messages/1/c00df4d6-0000-0000-0000-000000000001"},
               {"BrokerProperties",
                R"({"DeliveryCount":1,"LockToken":"c00df4d6-0000-0000-0000-000000000001",
                    "MessageId":"m","SequenceNumber":1})"}});
  const auto got = support::run(cloud->inboxes().front()->receive());
  ASSERT_TRUE(got) << got.error().text;
  ASSERT_FALSE(got->empty());
  EXPECT_THAT(polls.seen.at(0).url, HasSubstr(queue + "/messages/head?timeout="));
  EXPECT_EQ(polls.seen.at(0).headers.find("Authorization"), "Bearer bus-token");
  EXPECT_THAT(std::get<Hint>(got->at(0).content).match_keys, Contains("azure/shop-kv/db/*"));
}

TEST_F(AzureCloudTest, AnEmulatorStandsForAllVaults) {
  const auto cloud = make({{"AZURE_KEY_VAULT_ENDPOINT", "http://127.0.0.1:8443"}});
  expect_token("t");
  http.reply(200, fmt::format(R"({{"value":"v","id":"http://127.0.0.1:8443/secrets/db/{}"}})",
                              test::version('1')));
  const auto values = support::run(cloud->provider().fetch(source_of(*cloud)));
  ASSERT_TRUE(values.at(0)) << values.at(0).error().text;
  EXPECT_EQ(http.seen.at(0).url, "http://127.0.0.1:8443/secrets/db?api-version=7.4");
}

TEST_F(AzureCloudTest, WrongCredentialsAreSaidByWhoNeedsThem) {
  const auto cloud = make({{"AZURE_CLIENT_SECRET", "hunter2"}});
  EXPECT_TRUE(cloud->inboxes().empty());
  const auto values = support::run(cloud->provider().fetch(source_of(*cloud)));
  ASSERT_FALSE(values.at(0));
  EXPECT_EQ(values.at(0).error().failure, base::Failure::credentials);
  EXPECT_THAT(values.at(0).error().text, HasSubstr("AZURE_CLIENT_"));
  EXPECT_THAT(values.at(0).error().text, testing::Not(HasSubstr("hunter2")));
  EXPECT_TRUE(http.seen.empty());
}

TEST_F(AzureCloudTest, NobodyLooksForATokenThatNobodyNeeds) {
  const auto cloud = make({});
  boost::asio::io_context io(1);
  boost::asio::co_spawn(io, cloud->run(), [](const std::exception_ptr&) {});
  io.poll();
  EXPECT_TRUE(metadata.seen.empty());
}

}  // namespace
}  // namespace edsm::cloud::azure
