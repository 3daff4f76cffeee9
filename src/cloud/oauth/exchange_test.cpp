#include "cloud/oauth/exchange.hpp"

#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/manual_clock.hpp"
#include "support/run.hpp"
#include "support/scripted_http.hpp"

namespace edsm::cloud::oauth {
namespace {

using base::Failure;
using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::HasSubstr;
using testing::Not;

TEST(Form, EncodesEveryByteThatMayNotStandThere) {
  Form form;
  form.add("grant_type", "urn:a-b").add("token", "x+y/z= &\xc3\xa4").add("empty", "");
  EXPECT_EQ(std::move(form).take().view(),
            "grant_type=urn%3Aa-b&token=x%2By%2Fz%3D%20%26%C3%A4&empty=");
}

TEST(Pause, DoublesWithATenthOfChance) {
  EXPECT_EQ(pause_before(2, 0), milliseconds(900));
  EXPECT_EQ(pause_before(2, 200'000), milliseconds(1100));
  EXPECT_EQ(pause_before(3, 0), milliseconds(1800));
  EXPECT_EQ(pause_before(4, 0), milliseconds(3600));
}

struct Refusal {
  int status;
  std::string_view body;
  Failure failure;
  std::string_view code;
  int attempts;
};

class ExchangeTest : public testing::Test {
 protected:
  support::ManualClock clock{true};
  support::ScriptedHttp api;

  static Exchange exchange() {
    Exchange exchange{"https://oauth2.googleapis.com/token", "text/x", {{"X-A", "b"}}, {}};
    exchange.body.append("body");
    return exchange;
  }
};

TEST_F(ExchangeTest, SendsConfidentially) {
  api.reply(200, "{}");
  TokenService service(api, clock);
  EXPECT_EQ(support::run(service.post(exchange())).value().status, 200);
  const auto& seen = api.seen.at(0);
  EXPECT_EQ(seen.method, net::Method::post);
  EXPECT_EQ(seen.url, "https://oauth2.googleapis.com/token");
  EXPECT_EQ(seen.body, "body");
  EXPECT_EQ(seen.headers.find("Content-Type"), "text/x");
  EXPECT_EQ(seen.headers.find("X-A"), "b");
  EXPECT_TRUE(seen.confidential);
  EXPECT_LE(seen.timeout, seconds(10));
}

TEST_F(ExchangeTest, RefusalsByCodeThenByStatus) {
  const std::vector<Refusal> rows = {
      {400, R"({"error":"invalid_grant","error_description":"Invalid JWT Signature."})",
       Failure::credentials, "invalid_grant", 1},
      {401, R"({"error":"invalid_client"})", Failure::credentials, "invalid_client", 1},
      {403, R"({"error":"access_denied"})", Failure::refused, "access_denied", 1},
      {403, R"({"error":{"code":403,"message":"no","status":"PERMISSION_DENIED"}})",
       Failure::refused, "PERMISSION_DENIED", 1},
      {404, R"({"error":{"code":404,"status":"NOT_FOUND"}})", Failure::absent, "NOT_FOUND", 1},
      {401, R"({"error":{"code":401,"status":"UNAUTHENTICATED"}})", Failure::credentials,
       "UNAUTHENTICATED", 1},
      {400, R"({"error":"internal_failure"})", Failure::transient, "internal_failure", 3},
      {400, R"({"error":"x","error_description":"server_error"})", Failure::transient,
       "server_error", 3},
      {503, R"({"error":{"status":"UNAVAILABLE"}})", Failure::transient, "UNAVAILABLE", 3},
      {500, "", Failure::transient, "Http500", 3},
      {504, "<html/>", Failure::transient, "Http504", 3},
      {408, "", Failure::transient, "Http408", 3},
      {429, "", Failure::throttled, "Http429", 3},
      {403, R"({"error":{"status":"RESOURCE_EXHAUSTED"}})", Failure::throttled,
       "RESOURCE_EXHAUSTED", 3},
      {302, "", Failure::credentials, "Http302", 1},
      {403, "[]", Failure::refused, "Http403", 1},
      {400, R"({"error":"not a code; hunter2"})", Failure::credentials, "Http400", 1},
  };
  for (const Refusal& row : rows) {
    api.seen.clear();
    for (int i = 0; i < row.attempts; ++i) api.reply(row.status, row.body);
    TokenService service(api, clock);
    const auto answer = support::run(service.post(exchange()));
    ASSERT_TRUE(answer) << row.code;
    const auto error = error_of(*answer, "the endpoint");
    EXPECT_EQ(error.failure, row.failure) << row.code;
    EXPECT_EQ(error.code, row.code);
    EXPECT_THAT(error.text, testing::StartsWith("the endpoint was answered with HTTP "));
    EXPECT_THAT(error.text, Not(HasSubstr("hunter2")));
    EXPECT_EQ(api.seen.size(), static_cast<std::size_t>(row.attempts)) << row.code;
    EXPECT_TRUE(api.exhausted());
  }
}

TEST_F(ExchangeTest, RetriesWhatMayPass) {
  TokenService service(api, clock);
  api.reply_error(Failure::transient, "Timeout").reply(503, "").reply(200, "{}");
  EXPECT_EQ(support::run(service.post(exchange())).value().status, 200);
  EXPECT_EQ(clock.slept(), milliseconds(2700));
  EXPECT_EQ(api.seen.at(2).body, "body");

  api.reply_error(Failure::invalid, "TlsVerification");
  EXPECT_EQ(support::run(service.post(exchange())).error().code, "TlsVerification");
  EXPECT_TRUE(api.exhausted());
}

TEST_F(ExchangeTest, FollowsRetryAfterInBounds) {
  TokenService service(api, clock);
  api.reply(429, "", {{"Retry-After", "3"}}).reply(200, "{}");
  EXPECT_EQ(support::run(service.post(exchange())).value().status, 200);
  EXPECT_EQ(clock.slept(), seconds(3));
  api.reply(429, "", {{"Retry-After", "600"}}).reply(200, "{}");
  EXPECT_EQ(support::run(service.post(exchange())).value().status, 200);
  EXPECT_EQ(clock.slept(), seconds(3) + milliseconds(5900));
}

TEST(Refusal, DescriptionsAreShownWithoutWhatMayBeAToken) {
  const auto shown = [](std::string_view description) {
    net::Response response;
    response.status = 400;
    response.body.append(R"({"error":"invalid_grant","error_description":")");
    response.body.append(description);
    response.body.append("\"}");
    const auto text = error_of(response, "x").text;
    const auto at = text.find(" (\"");
    return at == std::string::npos ? std::string() : text.substr(at + 3, text.size() - at - 5);
  };
  EXPECT_EQ(shown("Invalid JWT Signature."), "Invalid JWT Signature.");
  EXPECT_EQ(shown("The audience in ID Token [https://kubernetes.default.svc] does not match"),
            "The audience in ID Token [https://kubernetes.default.svc] does not match");
  EXPECT_EQ(shown("//iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/p"),
            "//iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/p");
  EXPECT_EQ(shown("bad token eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJhIn0.c2lnbmF0dXJl here"),
            "bad token [...] here");
  EXPECT_EQ(shown(R"(two\nlines\u0007)"), "two lines");
  EXPECT_LE(shown(std::string(1000, '/')).size(), 300U);
  EXPECT_EQ(shown(""), "");
}

TEST(ParseToken, Answers) {
  const base::WallTime asked{std::chrono::hours(1000)};
  const auto good = parse_token(
      R"({"access_token":"ya29.c.hunter2","expires_in":3599,"token_type":"Bearer"})", asked, "x");
  ASSERT_TRUE(good);
  EXPECT_EQ(good->value.view(), "ya29.c.hunter2");
  EXPECT_EQ(good->expires, asked + seconds(3599));
  EXPECT_EQ(parse_token(R"({"access_token":"t","expires_in":"60"})", asked, "x")->expires,
            asked + seconds(60));
  EXPECT_EQ(
      parse_token(R"({"access_token":"t","expires_in":9223372036854775807})", asked, "x")->expires,
      asked + std::chrono::hours(24));
  // Azure's managed identities.
  EXPECT_EQ(parse_token(R"({"access_token":"t","expires_on":"3600060"})", asked, "x")->expires,
            asked + seconds(60));
  EXPECT_EQ(parse_token(R"({"access_token":"t","expires_on":1})", asked, "x")->expires, asked);
  EXPECT_EQ(
      parse_token(R"({"access_token":"t","expires_in":60,"expires_on":1})", asked, "x")->expires,
      asked + seconds(60));
  for (const std::string_view bad :
       {"", "hunter2", "[]", "{}", R"({"access_token":"hunter2"})",
        R"({"access_token":"","expires_in":1})", R"({"access_token":"a\r\nX: y","expires_in":1})",
        R"({"access_token":"a b","expires_in":1})", R"({"access_token":"hunter2","expires_in":-1})",
        R"({"access_token":"hunter2","expires_in":"soon"})",
        R"({"access_token":"hunter2","expires_on":"06/20/2019"})",
        R"({"access_token":"hunter2","expires_in":1,"token_type":"mac"})"}) {
    const auto token = parse_token(bad, asked, "the endpoint");
    ASSERT_FALSE(token) << bad;
    EXPECT_EQ(token.error().code, "MalformedToken");
    EXPECT_EQ(token.error().failure, Failure::credentials);
    EXPECT_THAT(token.error().text, Not(HasSubstr("hunter2")));
  }
}

}  // namespace
}  // namespace edsm::cloud::oauth
