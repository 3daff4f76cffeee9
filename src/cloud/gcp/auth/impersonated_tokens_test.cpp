#include "cloud/gcp/auth/impersonated_tokens.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/gcp_auth_bench.hpp"

namespace edsm::cloud::gcp::auth {
namespace {

using test::impersonation_url;
using testing::HasSubstr;
using testing::Not;

constexpr std::string_view answer =
    R"({"accessToken":"ya29.imp","expireTime":"2026-11-23T02:00:00Z"})";

class ImpersonatedTokensTest : public testing::Test, protected test::Bench {
 protected:
  ImpersonatedTokensTest() { files["/t"] = "t"; }
  TokenSource pool() const {
    return source(test::pool_file(
        R"({"file":"/t"})",
        fmt::format(R"(,"service_account_impersonation_url":"{}")", impersonation_url)));
  }
};

TEST_F(ImpersonatedTokensTest, AsksIamWithTheTokenOfItsBase) {
  api.reply(200, test::token_answer).reply(200, answer);
  EXPECT_EQ(get(pool()), "ya29.imp");
  const auto& seen = api.seen.at(1);
  EXPECT_EQ(seen.method, net::Method::post);
  EXPECT_EQ(seen.url, impersonation_url);
  EXPECT_EQ(seen.headers.find("Authorization"), "Bearer ya29.c.hunter2");
  EXPECT_EQ(seen.headers.find("Content-Type"), "application/json");
  EXPECT_EQ(seen.body,
            R"({"delegates":[],"scope":["https://www.googleapis.com/auth/cloud-platform"],)"
            R"("lifetime":"3600s"})");
}

TEST_F(ImpersonatedTokensTest, WithDelegatesAndAnotherBase) {
  api.reply(200, test::token_answer).reply(200, answer);
  EXPECT_EQ(get(source(fmt::format(
                R"({{"type":"impersonated_service_account","delegates":["projects/-/x"],)"
                R"("service_account_impersonation_url":"{}","source_credentials":{}}})",
                impersonation_url, test::user_file))),
            "ya29.imp");
  EXPECT_THAT(api.seen.at(0).body, HasSubstr("grant_type=refresh_token"));
  EXPECT_THAT(api.seen.at(1).body, HasSubstr(R"("delegates":["projects/-/x"])"));
}

TEST_F(ImpersonatedTokensTest, ExpiresByThisClock) {
  const auto provider = make_provider(pool(), deps(), read);
  api.reply(200, test::token_answer).reply(200, answer);
  EXPECT_EQ(support::run(provider->get())->expires, clock.wall() + std::chrono::hours(1));
  // Google's clock is half an hour ahead of ours.
  api.reply(200, test::token_answer)
      .reply(200, answer, {{"Date", "Mon, 23 Nov 2026 01:30:00 GMT"}});
  EXPECT_EQ(support::run(provider->get())->expires, clock.wall() + std::chrono::minutes(30));
}

TEST_F(ImpersonatedTokensTest, Refusals) {
  api.reply(200, test::token_answer)
      .reply(403, R"({"error":{"code":403,)"
                  R"("message":"Permission 'iam.serviceAccounts.getAccessToken' denied",)"
                  R"("status":"PERMISSION_DENIED"}})");
  const auto refused = get(pool());
  EXPECT_THAT(refused, HasSubstr("PERMISSION_DENIED: the impersonation of "
                                 "reader@p.iam.gserviceaccount.com was answered with HTTP 403 "
                                 "(\"Permission 'iam.serviceAccounts.getAccessToken' denied\")"));
  EXPECT_THAT(refused, HasSubstr("roles/iam.workloadIdentityUser"));
  api.reply(400, R"({"error":"invalid_grant"})");
  EXPECT_THAT(get(pool()), HasSubstr("invalid_grant: workload-identity-federation: "));
  for (const std::string_view bad :
       {"hunter2", "{}", R"({"accessToken":"hunter2"})",
        R"({"accessToken":"hunter2","expireTime":"soon"})",
        R"({"accessToken":"a b","expireTime":"2026-11-23T02:00:00Z"})"}) {
    api.reply(200, test::token_answer).reply(200, bad);
    const auto got = get(pool());
    EXPECT_THAT(got, HasSubstr("MalformedToken")) << bad;
    EXPECT_THAT(got, Not(HasSubstr("hunter2")));
  }
  EXPECT_TRUE(api.exhausted());
}

}  // namespace
}  // namespace edsm::cloud::gcp::auth
