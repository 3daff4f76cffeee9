#include "cloud/gcp/auth/key_tokens.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/gcp_auth_bench.hpp"

namespace edsm::cloud::gcp::auth {
namespace {

using base::Failure;
using support::Jwt;
using support::RsaKey;
using testing::HasSubstr;
using testing::StartsWith;

class KeyTokensTest : public testing::Test, protected test::Bench {
 protected:
  /// The n-th assertion, whose signature is right.
  Jwt assertion(std::size_t n) const {
    static constexpr std::string_view begin =
        "grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Ajwt-bearer&assertion=";
    const std::string& body = api.seen.at(n).body;
    EXPECT_THAT(body, StartsWith(std::string(begin)));
    Jwt jwt(std::string_view(body).substr(begin.size()));
    EXPECT_TRUE(RsaKey::shared().signed_by_me(jwt.signed_text, jwt.signature));
    return jwt;
  }
};

TEST_F(KeyTokensTest, ExchangesAnAssertion) {
  api.reply(200, test::token_answer);
  EXPECT_EQ(get(source(test::key_file())), "ya29.c.hunter2");
  EXPECT_EQ(api.seen.at(0).url, "https://oauth2.googleapis.com/token");
  EXPECT_EQ(api.seen.at(0).headers.find("Content-Type"), "application/x-www-form-urlencoded");
  const Jwt jwt = assertion(0);
  EXPECT_EQ(jwt.header, R"({"alg":"RS256","typ":"JWT","kid":"abc123"})");
  // The clock is at 01:00:00; the assertion is a minute old, and lives for an hour.
  EXPECT_EQ(jwt.claims, R"({"iss":"edsm@my-project.iam.gserviceaccount.com",)"
                        R"("aud":"https://oauth2.googleapis.com/token",)"
                        R"("scope":"https://www.googleapis.com/auth/cloud-platform",)"
                        R"("iat":1795395540,"exp":1795399140})");
}

TEST_F(KeyTokensTest, TheTokenExpiresByThisClock) {
  api.reply(200, test::token_answer);
  const auto provider = make_provider(source(test::key_file()), deps(), read);
  const auto before = clock.wall();
  EXPECT_EQ(support::run(provider->get())->expires, before + std::chrono::seconds(3599));
}

TEST_F(KeyTokensTest, AClockThatIsWrongIsCorrectedOnce) {
  static constexpr std::string_view refusal =
      R"({"error":"invalid_grant",)"
      R"("error_description":"Invalid JWT: Token must be a short-lived token"})";
  const net::Headers date = {{"Date", "Mon, 23 Nov 2026 02:00:00 GMT"}};
  api.reply(400, refusal, date).reply(200, test::token_answer).reply(200, test::token_answer);
  const auto provider = make_provider(source(test::key_file()), deps(), read);
  const auto before = clock.wall();
  const auto token = support::run(provider->get());
  ASSERT_TRUE(token);
  EXPECT_THAT(assertion(1).claims, HasSubstr("\"iat\":1795399140,"));
  EXPECT_EQ(token->expires, before + std::chrono::seconds(3599)) << "by this clock";
  EXPECT_EQ(get(*provider), "ya29.c.hunter2");
  EXPECT_THAT(assertion(2).claims, HasSubstr("\"iat\":1795399140,")) << "it is remembered";

  api.reply(400, refusal, date);
  EXPECT_THAT(get(*provider), HasSubstr("this node's clock wrong?"))
      << "the clock is right now, so something else is the reason";
  EXPECT_TRUE(api.exhausted());
}

TEST_F(KeyTokensTest, Refusals) {
  api.reply(400, R"({"error":"invalid_grant","error_description":"Invalid JWT Signature."})");
  EXPECT_EQ(get(source(test::key_file())),
            "invalid_grant: https://oauth2.googleapis.com/token was answered with HTTP 400 "
            "(\"Invalid JWT Signature.\") to the key abc123 of "
            "edsm@my-project.iam.gserviceaccount.com; is the key deleted, the account disabled, or "
            "this node's clock wrong?");
  api.reply_error(Failure::invalid, "TlsVerification");
  EXPECT_EQ(get(source(test::key_file())),
            "TlsVerification: https://oauth2.googleapis.com/token: scripted failure");
  api.reply(200, "<html/>");
  EXPECT_THAT(get(source(test::key_file())), HasSubstr("is a proxy in between?"));
  EXPECT_TRUE(api.exhausted());
}

TEST_F(KeyTokensTest, InAnotherUniverseTheAssertionIsTheToken) {
  std::string json = test::key_file(R"(,"universe_domain":"example.goog")");
  const std::string google = "oauth2.googleapis.com";
  json.replace(json.find(google), google.size(), "oauth2.example.goog");
  const auto provider = make_provider(source(json, "example.goog"), deps(), read);
  const auto token = support::run(provider->get());
  ASSERT_TRUE(token);
  const Jwt jwt(token->value.view());
  EXPECT_TRUE(RsaKey::shared().signed_by_me(jwt.signed_text, jwt.signature));
  EXPECT_EQ(jwt.claims, R"({"iss":"edsm@my-project.iam.gserviceaccount.com",)"
                        R"("sub":"edsm@my-project.iam.gserviceaccount.com",)"
                        R"("scope":"https://www.googleapis.com/auth/cloud-platform",)"
                        R"("iat":1795395540,"exp":1795399140})");
  EXPECT_EQ(token->expires, clock.wall() + std::chrono::minutes(59));
  EXPECT_TRUE(api.seen.empty());
}

TEST_F(KeyTokensTest, UsersRefresh) {
  api.reply(200, test::token_answer);
  EXPECT_EQ(get(source(test::user_file)), "ya29.c.hunter2");
  EXPECT_EQ(api.seen.at(0).url, "https://oauth2.googleapis.com/token");
  EXPECT_EQ(api.seen.at(0).body,
            "grant_type=refresh_token&client_id=id.apps.example&client_secret=se%20cret&"
            "refresh_token=1%2F%2F0g%2Br");
  EXPECT_EQ(api.seen.at(0).headers.find("Content-Type"), "application/x-www-form-urlencoded");
  api.reply(400, R"({"error":"invalid_grant"})");
  EXPECT_THAT(get(source(test::user_file)), HasSubstr("gcloud auth application-default login"));
}

}  // namespace
}  // namespace edsm::cloud::gcp::auth
