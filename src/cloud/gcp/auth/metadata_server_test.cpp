#include "cloud/gcp/auth/metadata_server.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/gcp_auth_bench.hpp"

namespace edsm::cloud::gcp::auth {
namespace {

using base::Failure;
using std::chrono::milliseconds;
using testing::HasSubstr;

class MetadataServerTest : public testing::Test, protected test::Bench {
 protected:
  static net::Headers google() { return {{"Metadata-Flavor", "Google"}}; }
  MetadataServer server{{"http://metadata.google.internal/computeMetadata/v1/"}, metadata, clock};
};

TEST_F(MetadataServerTest, Tokens) {
  metadata.reply(200, test::token_answer, google());
  EXPECT_EQ(get(server), "ya29.c.hunter2");
  const auto& seen = metadata.seen.at(0);
  EXPECT_EQ(seen.method, net::Method::get);
  EXPECT_EQ(seen.url,
            "http://metadata.google.internal/computeMetadata/v1/instance/service-accounts/default/"
            "token?scopes=https%3A%2F%2Fwww.googleapis.com%2Fauth%2Fcloud-platform");
  EXPECT_EQ(seen.headers.find("Metadata-Flavor"), "Google");
  EXPECT_EQ(seen.timeout, std::chrono::seconds(3));
  EXPECT_TRUE(seen.confidential);
  EXPECT_TRUE(api.seen.empty()) << "never the way that may have a proxy";
}

TEST_F(MetadataServerTest, Projects) {
  metadata.reply(200, "my-project\n", google()).reply(200, "827585297303", google());
  EXPECT_EQ(support::run(server.project_id()), "my-project");
  EXPECT_EQ(support::run(server.project_number()), "827585297303");
  EXPECT_THAT(metadata.seen.at(0).url, testing::EndsWith("/v1/project/project-id"));
  EXPECT_THAT(metadata.seen.at(1).url, testing::EndsWith("/v1/project/numeric-project-id"));
  for (const std::string_view bad : {"", "a/b", "<html/>"}) {
    metadata.reply(200, bad, google());
    EXPECT_EQ(support::run(server.project_id()).error().code, "MetadataServer") << bad;
  }
}

TEST_F(MetadataServerTest, WhoseTokensTheyAre) {
  metadata.reply(200, "edsm@shop.iam.gserviceaccount.com", google())
      .reply(200, "shop.svc.id.goog\n", google())
      .reply(404, "", google());
  EXPECT_EQ(support::run(server.email()), "edsm@shop.iam.gserviceaccount.com");
  EXPECT_EQ(support::run(server.email()), "shop.svc.id.goog");
  EXPECT_EQ(support::run(server.email()).error().code, "MetadataServer");
  EXPECT_THAT(metadata.seen.at(0).url, testing::EndsWith("/service-accounts/default/email"));
}

TEST_F(MetadataServerTest, WhoeverDoesNotSayThatHeIsGoogleIsNotBelieved) {
  metadata.reply(200, test::token_answer);
  EXPECT_THAT(get(server), HasSubstr("something that is not Google's metadata server"));
  metadata.reply(200, test::token_answer, {{"Metadata-Flavor", "Other"}});
  EXPECT_THAT(get(server), HasSubstr("no Metadata-Flavor"));
  EXPECT_TRUE(metadata.exhausted());
}

TEST_F(MetadataServerTest, WaitsInTheFirstSecondsOfAPod) {
  metadata.reply_error(Failure::transient, "ConnectionFailed")
      .reply(503, "", google())
      .reply(200, test::token_answer, google());
  EXPECT_EQ(get(server), "ya29.c.hunter2");
  EXPECT_EQ(clock.slept(), milliseconds(2700));
}

TEST_F(MetadataServerTest, Failures) {
  for (int i = 0; i < 3; ++i) metadata.reply_error(Failure::transient, "ConnectionFailed");
  const auto nobody = support::run(server.get());
  ASSERT_FALSE(nobody);
  EXPECT_EQ(nobody.error().failure, Failure::transient);
  EXPECT_THAT(nobody.error().text, HasSubstr("set GOOGLE_APPLICATION_CREDENTIALS"));
  metadata.reply(403, "", google());
  EXPECT_THAT(get(server), HasSubstr("roles/iam.workloadIdentityUser"));
  metadata.reply(404, "", google());
  EXPECT_THAT(get(server), HasSubstr("answered HTTP 404; does the node have a service account"));
  for (int i = 0; i < 3; ++i) metadata.reply(429, "", google());
  EXPECT_EQ(support::run(server.get()).error().failure, Failure::throttled);
  metadata.reply(200, "hunter2", google());
  EXPECT_THAT(get(server), HasSubstr("MalformedToken"));
  EXPECT_TRUE(metadata.exhausted());
}

}  // namespace
}  // namespace edsm::cloud::gcp::auth
