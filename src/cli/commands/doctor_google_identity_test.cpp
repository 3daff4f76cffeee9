#include "cli/commands/doctor_google_identity.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cloud/gcp/settings.hpp"
#include "support/gcp_auth_bench.hpp"
#include "support/gcp_bench.hpp"

namespace edsm::cli {
namespace {

using support::Strings;
using testing::Contains;
using testing::HasSubstr;
using Level = Finding::Level;

constexpr std::string_view token =
    R"({"access_token":"ya29.hunter2","expires_in":3600,"token_type":"Bearer"})";
const net::Headers from_google = {{"Metadata-Flavor", "Google"}};

class GoogleIdentityTest : public testing::Test {
 protected:
  GoogleIdentity examine(const Strings& env, const Strings& files = {}) {
    auto settings =
        cloud::gcp::load_settings(support::env_of(env), support::files_of(files)).value();
    auto origin = cloud::gcp::origin_of(*settings.credentials);
    cloud::gcp::Cloud cloud(std::move(settings), api, polls, metadata, clock, log, metrics);
    auto identity = support::run(
        examine_google_identity(cloud, clock, plain, std::move(origin), "https://secrets.example"));
    for (const auto& finding : identity.findings) {
      EXPECT_THAT(finding.what + finding.remedy, testing::Not(HasSubstr("hunter2")));
      said.push_back(finding.what);
    }
    return identity;
  }

  support::ManualClock clock{true};
  support::ScriptedHttp api, polls, metadata;
  support::ScriptedHttp plain;  ///< what carries no credentials in its headers
  support::NullSink sink;
  telemetry::Log log{clock, sink, telemetry::Level::debug, telemetry::Format::text};
  telemetry::Metrics metrics;
  std::vector<std::string> said;
};

TEST_F(GoogleIdentityTest, OfAPersonItIsAskedWhoseTheTokenIs) {
  api.reply(200, token);
  plain.reply(200, R"({"email":"me@example.com","scope":"x"})")
      .reply(404, "", {{"Date", "Thu, 01 Jan 1970 00:00:00 GMT"}});
  const auto identity =
      examine({{"GOOGLE_APPLICATION_CREDENTIALS", "/me.json"}, {"GOOGLE_CLOUD_PROJECT", "shop"}},
              {{"/me.json", std::string(cloud::gcp::auth::test::user_file)}});
  EXPECT_EQ(plain.seen.at(0).url, "https://oauth2.googleapis.com/tokeninfo");
  EXPECT_EQ(plain.seen.at(0).body, "access_token=ya29.hunter2") << "not in the URL";
  EXPECT_TRUE(plain.seen.at(0).confidential);
  EXPECT_EQ(plain.seen.at(1).url, "https://secrets.example/");
  EXPECT_EQ(identity.member, "user:me@example.com");
  EXPECT_EQ(identity.project, "shop");
  EXPECT_TRUE(identity.usable);
  EXPECT_THAT(said, Contains("me@example.com, by a person's login by gcloud "
                             "(GOOGLE_APPLICATION_CREDENTIALS=/me.json)"));
  EXPECT_THAT(said, Contains(HasSubstr("of Google"))) << "its clock";
}

TEST_F(GoogleIdentityTest, WhoDoesNotSayIsSomebody) {
  api.reply(200, token);
  plain.reply(400, "{}");
  const auto identity = examine({{"GOOGLE_APPLICATION_CREDENTIALS", "/me.json"}},
                                {{"/me.json", std::string(cloud::gcp::auth::test::user_file)}});
  EXPECT_EQ(identity.member, "MEMBER");
  EXPECT_THAT(said, Contains(HasSubstr("somebody, by")));
  EXPECT_EQ(identity.findings.back().level, Level::notice) << "no project";
  EXPECT_THAT(identity.findings.back().remedy, HasSubstr("GOOGLE_CLOUD_PROJECT"));
}

TEST_F(GoogleIdentityTest, TheMetadataServerTellsAccountAndProject) {
  metadata.reply(200, token, from_google)
      .reply(200, "shop.svc.id.goog", from_google)
      .reply(200, "shop", from_google);
  const auto identity = examine({});
  EXPECT_EQ(identity.project, "shop");
  EXPECT_EQ(identity.member, "MEMBER");
  EXPECT_THAT(said, Contains(HasSubstr("the Kubernetes service account itself, of the pool "
                                       "shop.svc.id.goog, by the metadata server")));
}

TEST_F(GoogleIdentityTest, WithoutATokenTheCauseIsSaid) {
  metadata.reply(404, "", from_google).reply(404, "", from_google);
  const auto identity = examine({});
  EXPECT_FALSE(identity.usable);
  EXPECT_EQ(identity.findings.at(0).level, Level::failure);
  EXPECT_THAT(identity.findings.at(0).what, HasSubstr("does the node have a service account"));
  EXPECT_EQ(identity.findings.at(1).level, Level::warning) << "nor a project";
  EXPECT_THAT(identity.findings.at(1).remedy, HasSubstr("GOOGLE_CLOUD_PROJECT"));
}

}  // namespace
}  // namespace edsm::cli
