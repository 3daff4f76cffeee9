#include "cloud/gcp/errors.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/gcp_bench.hpp"

namespace edsm::cloud::gcp {
namespace {

using base::Failure;
using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::HasSubstr;
using testing::Not;

net::Response response(int status, std::string_view body, net::Headers headers = {}) {
  net::Response made;
  made.status = status;
  made.body.append(body);
  made.headers = std::move(headers);
  return made;
}

TEST(GoogleErrors, AreClassifiedByStatus) {
  struct Row {
    int http;
    std::string body;
    Failure failure;
    std::string_view code;
  };
  const Row rows[] = {
      {404, test::error_body("NOT_FOUND"), Failure::absent, "NOT_FOUND"},
      {400, test::error_body("FAILED_PRECONDITION"), Failure::refused, "FAILED_PRECONDITION"},
      {400, test::error_body("INVALID_ARGUMENT"), Failure::invalid, "INVALID_ARGUMENT"},
      {403, test::error_body("PERMISSION_DENIED"), Failure::refused, "PERMISSION_DENIED"},
      {401, test::error_body("UNAUTHENTICATED"), Failure::credentials, "UNAUTHENTICATED"},
      {429, test::error_body("RESOURCE_EXHAUSTED"), Failure::throttled, "RESOURCE_EXHAUSTED"},
      {409, test::error_body("ABORTED"), Failure::transient, "ABORTED"},
      {409, test::error_body("ALREADY_EXISTS"), Failure::conflict, "ALREADY_EXISTS"},
      {499, test::error_body("CANCELLED"), Failure::transient, "CANCELLED"},
      {500, test::error_body("INTERNAL"), Failure::transient, "INTERNAL"},
      {503, test::error_body("UNAVAILABLE"), Failure::transient, "UNAVAILABLE"},
      {504, test::error_body("DEADLINE_EXCEEDED"), Failure::transient, "DEADLINE_EXCEEDED"},
      {501, test::error_body("UNIMPLEMENTED"), Failure::refused, "UNIMPLEMENTED"},
      {418, test::error_body("BRAND_NEW"), Failure::refused, "BRAND_NEW"},
      {404, "<html>not here</html>", Failure::refused, "Http404"},
      {401, "", Failure::credentials, "Http401"},
      {429, "", Failure::throttled, "Http429"},
      {502, "<html>", Failure::transient, "Http502"},
      {400, R"({"error":{"status":"evil code\n"}})", Failure::refused, "Http400"},
      {400, R"({"error":"invalid_grant"})", Failure::refused, "Http400"},
      {400, "[]", Failure::refused, "Http400"},
  };
  for (const auto& [http, body, failure, code] : rows) {
    const auto error = error_of(response(http, body), "secretmanager X");
    EXPECT_EQ(error.failure, failure) << code;
    EXPECT_EQ(error.code, code);
    EXPECT_THAT(error.text, HasSubstr("secretmanager X was answered with HTTP"));
    EXPECT_THAT(error.text, Not(HasSubstr("hunter2"))) << "the server's text stays out";
  }
}

TEST(GoogleErrors, ReasonsThatNoRoleCuresSayWhatDoes) {
  const auto details = [](std::string_view reason) {
    return R"([{"@type":"type.googleapis.com/google.rpc.ErrorInfo","reason":")" +
           std::string(reason) + R"(","domain":"googleapis.com"}])";
  };
  const std::pair<std::string_view, std::string_view> rows[] = {
      {"SERVICE_DISABLED", "gcloud services enable"},
      {"USER_PROJECT_DENIED", "roles/serviceusage.serviceUsageConsumer"},
      {"ACCESS_TOKEN_SCOPE_INSUFFICIENT", "access scope"},
      {"SOMETHING_ELSE", "(SOMETHING_ELSE)"},
  };
  for (const auto& [reason, remedy] : rows) {
    const auto error =
        error_of(response(403, test::error_body("PERMISSION_DENIED", details(reason))), "pubsub X");
    EXPECT_EQ(error.code, reason == "SOMETHING_ELSE" ? "PERMISSION_DENIED" : reason);
    EXPECT_EQ(error.failure, Failure::refused);
    EXPECT_THAT(error.text, HasSubstr(std::string(remedy)));
  }
  const auto odd = error_of(
      response(403, test::error_body("PERMISSION_DENIED", details("a reason \\n"))), "pubsub X");
  EXPECT_THAT(odd.text, Not(HasSubstr("reason")));
}

TEST(GoogleErrors, RetryAfterComesFromTheHeaderOrTheDetails) {
  const auto info = [](std::string_view delay) {
    return test::error_body(
        "RESOURCE_EXHAUSTED",
        R"([{"@type":"type.googleapis.com/google.rpc.RetryInfo","retryDelay":")" +
            std::string(delay) + "\"}]");
  };
  struct Row {
    std::string body;
    net::Headers headers;
    std::optional<milliseconds> wait;
  };
  const Row rows[] = {
      {info("3s"), {}, seconds(3)},
      {info("0.25s"), {}, seconds(1)},
      {info("2.5s"), {}, seconds(3)},
      {info("99999999s"), {}, std::chrono::hours(1)},
      {info("3600.5s"), {}, std::chrono::hours(1)},
      {info("3"), {}, std::nullopt},
      {info("-3s"), {}, std::nullopt},
      {info("s"), {}, std::nullopt},
      {info("3s"), {{"Retry-After", "7"}}, seconds(7)},
      {"", {}, std::nullopt},
  };
  for (const auto& [body, headers, wait] : rows) {
    EXPECT_EQ(error_of(response(429, body, headers), "x").retry_after, wait) << body;
  }
}

}  // namespace
}  // namespace edsm::cloud::gcp
