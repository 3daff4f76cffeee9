#include "cloud/aws/client.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/aws_bench.hpp"

namespace edsm::cloud::aws {
namespace {

using base::Failure;
using testing::HasSubstr;
using testing::Not;

class ClientTest : public testing::Test, protected test::Bench {
 protected:
  /// A document that has a default, as what a test runs must have.
  using Answer = base::Result<std::shared_ptr<base::JsonDocument>>;
  static base::Task<Answer> ask(Client& client, std::string text) {
    base::SecretBytes body(text);
    auto document = co_await client.call("GetSecretValue", std::move(body));
    if (!document) co_return std::unexpected(document.error());
    co_return std::make_shared<base::JsonDocument>(std::move(*document));
  }
  static Answer call(Client& client, std::string body = "{}") {
    return support::run(ask(client, std::move(body)));
  }
  std::string key_of(std::size_t index) {
    const std::string text(
        http.seen.at(index).headers.find("Authorization").value_or("(unsigned)"));
    const auto start = text.find("Credential=") + 11;
    return text.substr(start, text.find('/', start) - start);
  }
};

std::string error_body(std::string_view code) {
  return R"({"__type":"com.amazonaws.secretsmanager#)" + std::string(code) +
         R"(","message":"about hunter2"})";
}

TEST_F(ClientTest, SignsAndNamesTheOperation) {
  http.reply(200, R"({"a":1})");
  const auto client = this->client(Service::secretsmanager);
  const auto answer = call(*client);
  ASSERT_TRUE(answer);
  EXPECT_EQ(base::int_at((*answer)->root(), "a"), 1);
  const auto& seen = http.seen.at(0);
  EXPECT_EQ(seen.url, "https://aws.example/");
  EXPECT_EQ(seen.headers.find("X-Amz-Target"), "secretsmanager.GetSecretValue");
  EXPECT_EQ(seen.headers.find("Content-Type"), "application/x-amz-json-1.1");
  EXPECT_THAT(std::string(seen.headers.find("Authorization").value_or("")),
              HasSubstr("SignedHeaders=content-type;host;x-amz-date;x-amz-target"));
  EXPECT_THAT(metrics.text(),
              HasSubstr(R"(code="200",operation="GetSecretValue",service="secretsmanager")"));
}

TEST_F(ClientTest, AnEmptyAnswerIsAnEmptyObject) {
  http.reply(200, "");
  const auto client = this->client(Service::sqs);
  const auto answer = call(*client);
  ASSERT_TRUE(answer);
  EXPECT_TRUE((*answer)->root().as_object().empty());
}

TEST_F(ClientTest, SomethingElseThanJsonIsNoAnswer) {
  for (const std::string_view body : {"<html>", "[]", "7"}) {
    http.reply(200, body);
    const auto client = this->client(Service::sqs);
    const auto answer = call(*client);
    ASSERT_FALSE(answer);
    EXPECT_EQ(answer.error().code, "MalformedAnswer");
    EXPECT_EQ(answer.error().failure, Failure::transient);
  }
}

struct Refusal {
  std::string_view why;
  int status;
  std::string body;
  net::Headers headers;
  Failure failure;
  std::string_view code;
};

TEST_F(ClientTest, ClassifiesByCode) {
  const std::vector<Refusal> rows = {
      {"JSON with a namespace",
       400,
       error_body("ResourceNotFoundException"),
       {},
       Failure::absent,
       "ResourceNotFoundException"},
      {"JSON with a URI",
       400,
       R"({"__type":"AccessDeniedException:http://internal.amazon.com/coral/"})",
       {},
       Failure::refused,
       "AccessDeniedException"},
      {"not found with 404",
       404,
       error_body("ResourceNotFoundException"),
       {},
       Failure::absent,
       "ResourceNotFoundException"},
      {"header only",
       400,
       "",
       {{"x-amzn-ErrorType", "DecryptionFailure:x"}},
       Failure::refused,
       "DecryptionFailure"},
      {"query header only",
       400,
       "",
       {{"x-amzn-query-error", "AWS.SimpleQueueService.NonExistentQueue;Sender"}},
       Failure::absent,
       "NonExistentQueue"},
      {"XML for a JSON call",
       403,
       "<ErrorResponse><Errors><Error><Code>AccessDenied</Code></Error></Errors></ErrorResponse>",
       {},
       Failure::refused,
       "AccessDenied"},
      {"a page of a proxy, 404", 404, "<html>not here</html>", {}, Failure::refused, "Http404"},
      {"an unknown code",
       400,
       error_body("BrandNewException"),
       {},
       Failure::refused,
       "BrandNewException"},
      {"a code that is none", 400, R"({"__type":"evil code \n"})", {}, Failure::refused, "Http400"},
      {"bad page token",
       400,
       error_body("InvalidNextTokenException"),
       {},
       Failure::expired,
       "InvalidNextTokenException"},
      {"bad parameter",
       400,
       error_body("InvalidParameterException"),
       {},
       Failure::invalid,
       "InvalidParameterException"},
      {"no key at all",
       403,
       error_body("MissingAuthenticationTokenException"),
       {},
       Failure::credentials,
       "MissingAuthenticationTokenException"},
  };
  for (const Refusal& row : rows) {
    SCOPED_TRACE(row.why);
    http.reply(row.status, row.body, row.headers);
    const auto client = this->client(Service::secretsmanager);
    const auto answer = call(*client);
    ASSERT_FALSE(answer);
    EXPECT_EQ(answer.error().failure, row.failure);
    EXPECT_EQ(answer.error().code, row.code);
    EXPECT_THAT(answer.error().text, HasSubstr("secretsmanager GetSecretValue in eu-west-1"));
    EXPECT_THAT(answer.error().text, Not(HasSubstr("hunter2")));
    EXPECT_TRUE(http.exhausted());
  }
  EXPECT_THAT(logged(), Not(HasSubstr("hunter2")));
}

TEST_F(ClientTest, RetriesWhatMayPass) {
  const std::vector<std::pair<int, std::string>> failures = {
      {500, ""},
      {503, "<html>"},
      {400, error_body("ThrottlingException")},
      {403, error_body("RequestThrottled")},
      {429, ""},
      {400, error_body("InternalServiceError")},
      {400, error_body("RequestTimeoutException")}};
  for (const auto& [status, body] : failures) {
    http.reply(status, body).reply(status, body).reply(200, "{}");
    const auto client = this->client(Service::secretsmanager);
    EXPECT_TRUE(call(*client, R"({"SecretId":"a"})")) << status << body;
    EXPECT_EQ(http.seen.back().body, R"({"SecretId":"a"})") << "the body goes out again";
    EXPECT_TRUE(http.exhausted());
  }
  http.reply_error(Failure::transient, "Timeout")
      .reply_error(Failure::transient, "ConnectionLost")
      .reply(500);
  const auto client = this->client(Service::secretsmanager);
  const auto answer = call(*client);
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, "Http500");
  EXPECT_TRUE(http.exhausted()) << "three attempts in total";
}

TEST_F(ClientTest, DoesNotRetryAWrongConfiguration) {
  http.reply_error(Failure::invalid, "TlsVerification");
  const auto client = this->client(Service::secretsmanager);
  const auto answer = call(*client);
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().failure, Failure::invalid);
  EXPECT_THAT(answer.error().text, HasSubstr("GetSecretValue"));
}

TEST_F(ClientTest, RenewsRefusedCredentialsOnce) {
  http.reply(400, error_body("ExpiredTokenException")).reply(200);
  const auto client = this->client(Service::secretsmanager);
  EXPECT_TRUE(call(*client));
  EXPECT_EQ(key_of(0), "AK1");
  EXPECT_EQ(key_of(1), "AK2");

  // Refused again at once: newer ones would not help either.
  http.reply(400, error_body("UnrecognizedClientException"));
  const auto answer = call(*client);
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().failure, Failure::credentials);
  EXPECT_THAT(answer.error().text, HasSubstr("check the controller's AWS credentials"));
  EXPECT_EQ(keys->gets, 2);
}

TEST_F(ClientTest, WithoutCredentialsNothingIsSent) {
  keys->failing = true;
  const auto client = this->client(Service::secretsmanager);
  const auto answer = call(*client);
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().failure, Failure::credentials);
  EXPECT_TRUE(http.seen.empty());
}

TEST_F(ClientTest, CorrectsItsClockByTheServersDate) {
  // The bench's clock begins on 2026-11-23 at 01:00:00; the server is 1000 s ahead.
  const net::Headers date = {{"Date", "Mon, 23 Nov 2026 01:16:40 GMT"}};
  http.reply(403, error_body("InvalidSignatureException"), date).reply(200).reply(200);
  const auto client = this->client(Service::secretsmanager);
  EXPECT_TRUE(call(*client));
  EXPECT_EQ(http.seen.at(0).headers.find("X-Amz-Date"), "20261123T010000Z");
  EXPECT_EQ(http.seen.at(1).headers.find("X-Amz-Date"), "20261123T011640Z");
  EXPECT_TRUE(call(*client));
  EXPECT_EQ(http.seen.at(2).headers.find("X-Amz-Date"), "20261123T011640Z") << "it is remembered";
}

TEST_F(ClientTest, AWrongKeyIsNotTakenForAWrongClock) {
  // The source of the keys is asked once more: somebody may have corrected them.
  http.reply(403, error_body("SignatureDoesNotMatch"), {{"Date", "Mon, 23 Nov 2026 01:01:00 GMT"}});
  http.reply(403, error_body("SignatureDoesNotMatch"));
  http.reply(403, error_body("SignatureDoesNotMatch"), {{"Date", "yesterday"}});
  const auto client = this->client(Service::secretsmanager);
  EXPECT_FALSE(call(*client));
  EXPECT_EQ(key_of(0), "AK1");
  EXPECT_EQ(key_of(1), "AK2");
  EXPECT_FALSE(call(*client));
  EXPECT_EQ(keys->gets, 2);
  EXPECT_TRUE(http.exhausted());
  for (const auto& seen : http.seen) {
    EXPECT_EQ(seen.headers.find("X-Amz-Date"), "20261123T010000Z");
  }
}

TEST_F(ClientTest, TheClockIsCorrectedOncePerCall) {
  const auto refuse = [&](std::string date) {
    http.reply(403, error_body("RequestTimeTooSkewed"), {{"Date", std::move(date)}});
  };
  refuse("Mon, 23 Nov 2026 02:00:00 GMT");
  refuse("Mon, 23 Nov 2026 05:00:00 GMT");
  const auto client = this->client(Service::secretsmanager);
  EXPECT_FALSE(call(*client));
  EXPECT_TRUE(http.exhausted());
}

TEST_F(ClientTest, UnsignedCalls) {
  http.reply(200, "<x/>");
  Client client(Service::sts, "eu-west-1", "https://sts.example/", http, nullptr, wiring());
  Call call;
  call.operation = "AssumeRoleWithWebIdentity";
  call.body.append("Action=x");
  EXPECT_TRUE(support::run(client.send(std::move(call))));
  EXPECT_FALSE(http.seen.at(0).headers.find("Authorization"));
  EXPECT_EQ(http.seen.at(0).url, "https://sts.example/");
}

}  // namespace
}  // namespace edsm::cloud::aws
