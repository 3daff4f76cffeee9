#include "cloud/gcp/auth/adc.hpp"

#include <vector>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cloud/oauth/token_cache.hpp"
#include "support/gcp_auth_bench.hpp"

namespace edsm::cloud::gcp::auth {
namespace {

using base::Failure;
using support::Strings;
using test::key_file;
using testing::HasSubstr;

constexpr std::string_view gcloud = "/home/me/.config/gcloud/application_default_credentials.json";

class AdcTest : public testing::Test, protected test::Bench {
 protected:
  /// What was chosen, in one line, or the error's text.
  std::string choose() {
    auto settings = load_adc(env, read);
    if (!settings) return settings.error().text;
    const Adc adc = make_adc(std::move(*settings), deps());
    return fmt::format("{} from {} project={} payer={} universe={}{}", adc.provider->name(),
                       adc.origin, adc.project_id, adc.quota_project, adc.universe_domain,
                       adc.metadata ? " asks" : "");
  }
};

TEST_F(AdcTest, Order) {
  files = {{"/key.json", key_file()}, {std::string(gcloud), std::string(test::user_file)}};
  variables = {{"PUBSUB_EMULATOR_HOST", "127.0.0.1:8085"},
               {"GOOGLE_APPLICATION_CREDENTIALS", "/key.json"},
               {"HOME", "/home/me"}};
  EXPECT_EQ(choose(),
            "anonymous from PUBSUB_EMULATOR_HOST=127.0.0.1:8085 project= payer= "
            "universe=googleapis.com");
  variables["PUBSUB_EMULATOR_HOST"] = "";
  EXPECT_EQ(choose(),
            "service-account-key from GOOGLE_APPLICATION_CREDENTIALS=/key.json "
            "project=my-project payer= universe=googleapis.com");
  variables.erase("GOOGLE_APPLICATION_CREDENTIALS");
  EXPECT_EQ(choose(), "authorized-user from " + std::string(gcloud) +
                          " project= payer=payer universe=googleapis.com");
  variables["CLOUDSDK_CONFIG"] = "/elsewhere";
  EXPECT_EQ(choose(),
            "metadata-server from http://metadata.google.internal project= payer= "
            "universe=googleapis.com asks");
  files["/elsewhere/application_default_credentials.json"] = key_file();
  EXPECT_EQ(choose(),
            "service-account-key from /elsewhere/application_default_credentials.json "
            "project=my-project payer= universe=googleapis.com");
}

TEST_F(AdcTest, TheEnvironmentKnowsBetterThanTheFile) {
  files = {{"/key.json", key_file(R"(,"quota_project_id":"theirs")")}};
  variables = {{"GOOGLE_APPLICATION_CREDENTIALS", "/key.json"}};
  EXPECT_THAT(choose(), HasSubstr("project=my-project payer=theirs"));
  variables["GCLOUD_PROJECT"] = "old";
  EXPECT_THAT(choose(), HasSubstr("project=old payer=theirs"));
  variables["GOOGLE_CLOUD_PROJECT"] = "new";
  variables["GOOGLE_CLOUD_QUOTA_PROJECT"] = "mine";
  EXPECT_THAT(choose(), HasSubstr("project=new payer=mine"));
}

TEST_F(AdcTest, MetadataServers) {
  variables = {{"GCE_METADATA_ROOT", "old:1"}};
  EXPECT_THAT(choose(), HasSubstr("from http://old:1 "));
  variables = {{"GCE_METADATA_HOST", "127.0.0.1:8988"}, {"GCE_METADATA_ROOT", "old"}};
  EXPECT_THAT(choose(), HasSubstr("from http://127.0.0.1:8988 "));
  variables["GCE_METADATA_TIMEOUT"] = "7";
  metadata.reply(200, test::token_answer, {{"Metadata-Flavor", "Google"}});
  const Adc adc = make_adc(load_adc(env, read).value(), deps());
  EXPECT_EQ(get(*adc.provider), "ya29.c.hunter2");
  EXPECT_THAT(metadata.seen.at(0).url,
              testing::StartsWith("http://127.0.0.1:8988/computeMetadata/v1/instance/"));
  EXPECT_EQ(metadata.seen.at(0).timeout, std::chrono::seconds(7));
}

TEST_F(AdcTest, ConfiguredButWrongIsAnErrorAndNothingElseIsTried) {
  const std::vector<std::pair<Strings, std::string_view>> rows = {
      {{{"GOOGLE_APPLICATION_CREDENTIALS", "/nowhere"}},
       "GOOGLE_APPLICATION_CREDENTIALS: /nowhere does not exist; is the Secret"},
      {{{"GOOGLE_APPLICATION_CREDENTIALS", "/bad"}}, "/bad is not JSON"},
      {{{"GOOGLE_APPLICATION_CREDENTIALS", "/new"}}, "/new: its type \"magic\" is not supported"},
      {{{"CLOUDSDK_CONFIG", "/sdk"}}, "/sdk/application_default_credentials.json is not JSON"},
      {{{"NO_GCE_CHECK", "True"}}, "no Google credentials are configured"},
      {{{"GCE_METADATA_HOST", "http://x"}}, "GCE_METADATA_HOST must be a host"},
      {{{"GCE_METADATA_HOST", "x/y"}}, "GCE_METADATA_HOST must be a host"},
      {{{"GOOGLE_CLOUD_UNIVERSE_DOMAIN", "evil/x"}}, "GOOGLE_CLOUD_UNIVERSE_DOMAIN is no domain"},
      {{{"GOOGLE_CLOUD_UNIVERSE_DOMAIN", "com"}}, "GOOGLE_CLOUD_UNIVERSE_DOMAIN is no domain"},
  };
  files = {{"/bad", "hunter2"},
           {"/new", R"({"type":"magic"})"},
           {"/sdk/application_default_credentials.json", ""}};
  for (const auto& [environment, why] : rows) {
    variables = environment;
    EXPECT_THAT(choose(), HasSubstr(std::string(why)));
    EXPECT_EQ(load_adc(env, read).error().failure, Failure::invalid) << why;
  }
}

TEST_F(AdcTest, AnEmulatorGetsNoToken) {
  variables = {{"PUBSUB_EMULATOR_HOST", "127.0.0.1:8085"}};
  const Adc adc = make_adc(load_adc(env, read).value(), deps());
  const auto token = support::run(adc.provider->get());
  ASSERT_TRUE(token);
  EXPECT_TRUE(token->value.empty());
  EXPECT_FALSE(token->expires);
}

TEST_F(AdcTest, AFileThatChangesIsReadAgain) {
  files = {{"/key.json", key_file()}};
  variables = {{"GOOGLE_APPLICATION_CREDENTIALS", "/key.json"}};
  const Adc adc = make_adc(load_adc(env, read).value(), deps());
  api.reply(200, test::token_answer).reply(200, test::token_answer).reply(200, test::token_answer);
  EXPECT_EQ(get(*adc.provider), "ya29.c.hunter2");
  EXPECT_EQ(get(*adc.provider), "ya29.c.hunter2");

  files["/key.json"] = test::user_file;
  EXPECT_EQ(get(*adc.provider), "ya29.c.hunter2");
  EXPECT_EQ(adc.provider->name(), "authorized-user");
  EXPECT_THAT(api.seen.at(2).body, HasSubstr("grant_type=refresh_token"));

  files["/key.json"] = R"({"type":"magic"})";
  EXPECT_THAT(get(*adc.provider), HasSubstr("/key.json: its type \"magic\""));
  files.erase("/key.json");
  EXPECT_THAT(get(*adc.provider), HasSubstr("/key.json does not exist"));
  EXPECT_TRUE(api.exhausted());
}

TEST_F(AdcTest, ACacheHoldsTheToken) {
  files = {{"/key.json", key_file()}};
  variables = {{"GOOGLE_APPLICATION_CREDENTIALS", "/key.json"}};
  support::NullSink sink;
  telemetry::Log log{clock, sink, telemetry::Level::debug, telemetry::Format::text};
  telemetry::Metrics metrics;
  oauth::TokenCache cache("Google credentials",
                          make_adc(load_adc(env, read).value(), deps()).provider, clock, log,
                          metrics);
  api.reply(200, test::token_answer);
  EXPECT_EQ(support::run(cache.get()).value()->value.view(), "ya29.c.hunter2");
  EXPECT_EQ(support::run(cache.get()).value()->value.view(), "ya29.c.hunter2");
  EXPECT_EQ(api.seen.size(), 1U);
  EXPECT_THAT(metrics.text(), HasSubstr("source=\"service-account-key\""));

  clock.advance(std::chrono::hours(1));
  api.reply(400, R"({"error":"invalid_grant"})");
  const auto refused = support::run(cache.get());
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().failure, Failure::credentials);
  EXPECT_THAT(refused.error().text,
              testing::StartsWith("Google credentials (service-account-key): https://"));
}

}  // namespace
}  // namespace edsm::cloud::gcp::auth
