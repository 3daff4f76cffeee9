#include "cloud/gcp/gcp.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/gcp_bench.hpp"

namespace edsm::cloud::gcp {
namespace {

using support::Strings;
using testing::HasSubstr;

const std::string full = "projects/shop/subscriptions/edsm-events";

base::Result<Settings> load(const Strings& env) {
  static const Strings files;
  return load_settings(support::env_of(env), support::files_of(files));
}

TEST(LoadGoogleSettings, ErrorsNameTheVariable) {
  struct Row {
    Strings env;
    std::string_view code;
    std::string_view remedy;
  };
  const Row rows[] = {
      {{{"GCP_PUBSUB_SUBSCRIPTION", "a b"}}, "InvalidSubscription", "GCP_PUBSUB_SUBSCRIPTION"},
      {{{"GCP_PUBSUB_SUBSCRIPTION", "projects/shop/topics/edsm"}},
       "InvalidSubscription",
       "projects/<project>/subscriptions/<name>"},
      {{{"PUBSUB_QUEUE_URL", "https://evil.example/v1/" + full}},
       "InvalidSubscription",
       "GCP_PUBSUB_SUBSCRIPTION"},
      {{{"GCP_PUBSUB_SUBSCRIPTION", "edsm-events"}}, "MissingProject", "GOOGLE_CLOUD_PROJECT"},
      {{{"GCP_PUBSUB_SUBSCRIPTION", full}, {"PUBSUB_QUEUE_URL", full + "2"}},
       "ConflictingSubscriptions",
       "unset"},
      {{{"GOOGLE_CLOUD_PROJECT", "Shop"}}, "InvalidProject", "GOOGLE_CLOUD_PROJECT"},
      {{{"GCP_SECRET_MANAGER_ENDPOINT", "secrets:443"}},
       "InvalidEndpoint",
       "GCP_SECRET_MANAGER_ENDPOINT"},
      {{{"GCP_SECRET_MANAGER_ENDPOINT", "http://secrets.example"}},
       "InvalidEndpoint",
       "must begin with https://"},
      {{{"GCP_PUBSUB_ENDPOINT", "http://127.0.0.1.example:1"}},
       "InvalidEndpoint",
       "GCP_PUBSUB_ENDPOINT"},
      {{{"PUBSUB_EMULATOR_HOST", "http://127.0.0.1:8085"}},
       "InvalidEndpoint",
       "PUBSUB_EMULATOR_HOST"},
      {{{"PUBSUB_EMULATOR_HOST", "127.0.0.1:8085"}, {"GCP_PUBSUB_ENDPOINT", "https://a.example"}},
       "ConflictingEndpoints",
       "unset"},
      {{{"GCP_PUBSUB_SUBSCRIPTION", full}, {"GOOGLE_APPLICATION_CREDENTIALS", "/none"}},
       "InvalidGoogleSettings",
       "GOOGLE_APPLICATION_CREDENTIALS"},
  };
  for (const auto& [env, code, remedy] : rows) {
    const auto settings = load(env);
    ASSERT_FALSE(settings) << code;
    EXPECT_EQ(settings.error().code, code);
    EXPECT_EQ(settings.error().failure, base::Failure::invalid);
    EXPECT_THAT(settings.error().text, HasSubstr(std::string(remedy)));
  }
}

TEST(LoadGoogleSettings, WithoutAnyVariableEverythingIsGooglesOwn) {
  const auto settings = load({});
  ASSERT_TRUE(settings) << settings.error().text;
  EXPECT_TRUE(settings->subscriptions.empty());
  EXPECT_EQ(settings->project, "");
  EXPECT_EQ(secret_manager_url(*settings, global), "https://secretmanager.googleapis.com");
  EXPECT_EQ(secret_manager_url(*settings, "europe-west3"),
            "https://secretmanager.europe-west3.rep.googleapis.com");
  EXPECT_EQ(pubsub_url(*settings), "https://pubsub.googleapis.com");
  EXPECT_EQ(logging_url(*settings), "https://logging.googleapis.com");
}

TEST(LoadGoogleSettings, SubscriptionsByFullAndShortName) {
  const auto settings = load({{"GOOGLE_CLOUD_PROJECT", "shop"},
                              {"GCP_PUBSUB_SUBSCRIPTION",
                               " edsm-events , ,projects/bank/subscriptions/other,"
                               "https://pubsub.googleapis.com/v1/projects/a/subscriptions/abc"}});
  ASSERT_TRUE(settings) << settings.error().text;
  EXPECT_THAT(settings->subscriptions,
              testing::ElementsAre(Subscription{"shop", "edsm-events"},
                                   Subscription{"bank", "other"}, Subscription{"a", "abc"}));
  EXPECT_EQ(settings->project, "shop");
  const auto by_alias = load({{"PUBSUB_QUEUE_URL", full}});
  ASSERT_TRUE(by_alias);
  EXPECT_EQ(by_alias->subscriptions.at(0).str(), full);
}

TEST(LoadGoogleSettings, EndpointsAndUniverse) {
  const auto settings = load({{"GCP_SECRET_MANAGER_ENDPOINT", "http://127.0.0.1:1/prefix/"},
                              {"GCP_PUBSUB_ENDPOINT", "https://pubsub.private.example"},
                              {"GCP_CA_BUNDLE", "/ca.pem"},
                              {"GOOGLE_CLOUD_QUOTA_PROJECT", "billing"}});
  ASSERT_TRUE(settings) << settings.error().text;
  EXPECT_EQ(secret_manager_url(*settings, "eu"), "http://127.0.0.1:1/prefix");
  EXPECT_EQ(pubsub_url(*settings), "https://pubsub.private.example");
  EXPECT_EQ(settings->ca_bundle, "/ca.pem");
  EXPECT_EQ(settings->quota_project, "billing");
  const auto emulated = load({{"PUBSUB_EMULATOR_HOST", "pubsub.dev:8085"}});
  ASSERT_TRUE(emulated);
  EXPECT_EQ(pubsub_url(*emulated), "http://pubsub.dev:8085");
  const auto elsewhere = load({{"GOOGLE_CLOUD_UNIVERSE_DOMAIN", "apis.example"}});
  ASSERT_TRUE(elsewhere);
  EXPECT_EQ(secret_manager_url(*elsewhere, "eu"), "https://secretmanager.eu.rep.apis.example");
  EXPECT_EQ(pubsub_url(*elsewhere), "https://pubsub.apis.example");
}

/// A cloud with one subscription, whose token comes from the metadata server.
class GoogleCloudTest : public testing::Test, protected test::Bench {
 protected:
  std::unique_ptr<Cloud> make(const Strings& env) {
    auto settings = load(env);
    EXPECT_TRUE(settings) << settings.error().text;
    return std::make_unique<Cloud>(std::move(*settings), http, polls, metadata, clock, log,
                                   metrics);
  }
  static std::vector<Source> source_of(Cloud& cloud) {
    return {cloud.provider().resolve({"db", {{"gcpProjectID", "shop"}}}).value()};
  }
  static base::Task<bool> answers(Cloud& cloud, Service service) {
    const auto client = cloud.client(service, "eu");
    Call call("Get", "/v1/x");
    const auto answer = co_await client->call(std::move(call));
    co_return answer.has_value();
  }
  support::ScriptedHttp polls;
  support::ScriptedHttp metadata;
};

TEST_F(GoogleCloudTest, WiresProviderInboxesAndCredentials) {
  const auto cloud = make({{"GCP_PUBSUB_SUBSCRIPTION", full}});
  metadata.reply(200, R"({"access_token":"ya29","expires_in":3600,"token_type":"Bearer"})",
                 {{"Metadata-Flavor", "Google"}});
  http.reply(200, R"({"name":"projects/5/secrets/db/versions/1","state":"ENABLED",
      "createTime":"2026-11-23T18:00:00Z"})");
  http.reply(200, R"({"name":"projects/5/secrets/db/versions/1","payload":{"data":"dg=="}})");
  const auto values = support::run(cloud->provider().fetch(source_of(*cloud)));
  ASSERT_TRUE(values.at(0)) << values.at(0).error().text;
  EXPECT_EQ(http.seen.at(1).url,
            "https://secretmanager.googleapis.com/v1/projects/shop/secrets/db/versions/"
            "latest:access");
  EXPECT_EQ(http.seen.at(0).headers.find("Authorization"), "Bearer ya29");

  ASSERT_EQ(cloud->inboxes().size(), 1U);
  // {"name":"projects/5/secrets/db/versions/2","createTime":"2026-11-24T18:00:00Z"}
  polls.reply(200,
              R"({"receivedMessages":[{"ackId":"a","message":{"attributes":{
      "eventType":"SECRET_VERSION_ADD","secretId":"projects/5/secrets/db",
      "versionId":"projects/5/secrets/db/versions/2"},"data":"eyJuYW1lIjoicHJvamVjdHMvNS9zZWNyZXRz)"
              R"(L2RiL3ZlcnNpb25zLzIiLCJjcmVhdGVUaW1lIjoiMjAyNi0xMS0yNFQxODowMDowMFoifQ=="}}]})");
  const auto got = support::run(cloud->inboxes().front()->receive());
  ASSERT_TRUE(got);
  EXPECT_EQ(polls.seen.at(0).url, "https://pubsub.googleapis.com/v1/" + full + ":pull");
  EXPECT_EQ(polls.seen.at(0).headers.find("Authorization"), "Bearer ya29");
  EXPECT_THAT(std::get<Hint>(got->at(0).content).match_keys,
              testing::Contains("gcp/shop/global/db/latest"))
      << "what the provider learned of projects, the inbox knows";

  http.reply(200, R"({"name":"projects/5/secrets/db/versions/2","payload":{"data":"dw=="}})");
  const auto next = support::run(cloud->provider().fetch(source_of(*cloud)));
  ASSERT_TRUE(next.at(0));
  EXPECT_EQ(next.at(0)->version, std::get<Hint>(got->at(0).content).version)
      << "what the inbox learned of versions, the provider knows";
  EXPECT_EQ(http.seen.size(), 3U) << "so a change is one call";
}

TEST_F(GoogleCloudTest, WrongCredentialsAreSaidByWhoNeedsThem) {
  const auto cloud = make({{"GOOGLE_APPLICATION_CREDENTIALS", "/none"}});
  EXPECT_TRUE(cloud->inboxes().empty());
  const auto values = support::run(cloud->provider().fetch(source_of(*cloud)));
  ASSERT_FALSE(values.at(0));
  EXPECT_EQ(values.at(0).error().failure, base::Failure::credentials);
  EXPECT_THAT(values.at(0).error().text, HasSubstr("GOOGLE_APPLICATION_CREDENTIALS"));
  EXPECT_TRUE(http.seen.empty());
}

TEST_F(GoogleCloudTest, TheMetadataServerTellsTheProjectOfABindingThatNamesNone) {
  const auto cloud = make({});
  metadata.reply(200, "shop", {{"Metadata-Flavor", "Google"}})
      .reply(200, R"({"access_token":"ya29","expires_in":3600,"token_type":"Bearer"})",
             {{"Metadata-Flavor", "Google"}})
      .reply(200, "edsm@shop.iam.gserviceaccount.com", {{"Metadata-Flavor", "Google"}});
  http.reply(200, R"({"name":"projects/5/secrets/db/versions/1","state":"ENABLED",)"
                  R"("createTime":"2026-11-29T10:00:00Z"})")
      .reply(200, R"({"name":"projects/5/secrets/db/versions/1","payload":{"data":"dg=="}})");
  const auto source = cloud->provider().resolve({"db", {}});
  ASSERT_TRUE(source);
  const auto values = support::run(cloud->provider().fetch({*source}));
  ASSERT_TRUE(values.at(0)) << values.at(0).error().text;
  EXPECT_THAT(http.seen.at(0).url, HasSubstr("/v1/projects/shop/secrets/db/"));
  EXPECT_EQ(support::run(cloud->project()), "shop");
  EXPECT_EQ(support::run(cloud->attached_account()), "edsm@shop.iam.gserviceaccount.com");

  const auto without = make({{"PUBSUB_EMULATOR_HOST", "127.0.0.1:8085"}});
  EXPECT_EQ(without->provider().resolve({"db", {}}).error().code, "MissingProject");
  EXPECT_EQ(support::run(without->project()), "");
  EXPECT_EQ(support::run(without->attached_account()), "");
}

TEST_F(GoogleCloudTest, AnswersQuestionsThatTheControllerNeverAsks) {
  const auto cloud = make({{"PUBSUB_EMULATOR_HOST", "127.0.0.1:8085"},
                           {"GCP_LOGGING_ENDPOINT", "https://logs.example"},
                           {"GCP_SECRET_MANAGER_ENDPOINT", "https://secrets.example"}});
  for (const auto service : {Service::pubsub, Service::secretmanager, Service::logging}) {
    http.reply(200, "{}");
    EXPECT_TRUE(support::run(answers(*cloud, service)));
  }
  EXPECT_EQ(http.seen.at(0).url, "http://127.0.0.1:8085/v1/x");
  EXPECT_EQ(http.seen.at(1).url, "https://secrets.example/v1/x");
  EXPECT_EQ(http.seen.at(2).url, "https://logs.example/v1/x");
}

TEST_F(GoogleCloudTest, NobodyLooksForATokenThatNobodyNeeds) {
  const auto cloud = make({});
  boost::asio::io_context io(1);
  boost::asio::co_spawn(io, cloud->run(), [](const std::exception_ptr&) {});
  io.poll();
  EXPECT_TRUE(metadata.seen.empty());
}

}  // namespace
}  // namespace edsm::cloud::gcp
