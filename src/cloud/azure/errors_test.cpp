#include "cloud/azure/errors.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cloud/provider.hpp"

namespace edsm::cloud::azure {
namespace {

using base::Failure;
using std::chrono::milliseconds;
using testing::HasSubstr;
using testing::Not;

net::Response answer(int status, std::string_view body, net::Headers headers = {}) {
  net::Response response;
  response.status = status;
  response.headers = std::move(headers);
  response.body.append(body);
  return response;
}
base::Error error(int status, std::string_view body) {
  return vault_error(answer(status, body), "keyvault GetSecret");
}

TEST(VaultErrors, CodeAndStatusDecide) {
  struct Row {
    int status;
    std::string_view body;
    Failure failure;
    std::string_view code;
    std::string_view text;
  };
  const Row rows[] = {
      {404, R"({"error":{"code":"SecretNotFound","message":"about hunter2"}})", Failure::absent,
       "SecretNotFound", "HTTP 404"},
      {404, "<html>not found</html>", Failure::refused, "Http404", "HTTP 404"},
      {404, "{}", Failure::refused, "Http404", ""},
      {403, R"({"error":{"code":"Forbidden","message":"","innererror":{"code":"SecretDisabled"}}})",
       Failure::refused, kSourceDisabled, ""},
      {403, R"({"error":{"code":"Forbidden","message":"","innerError":{"code":"SecretDisabled"}}})",
       Failure::refused, kSourceDisabled, ""},
      {404, R"({"error":{"code":"SecretNotFound","innererror":{"code":"SecretDisabled"}}})",
       Failure::refused, kSourceDisabled, ""},
      {500, R"({"error":{"code":"SecretDisabled"}})", Failure::transient, "SecretDisabled", ""},
      {403, R"({"error":{"code":"Forbidden","innererror":{"code":"ForbiddenByRbac"}}})",
       Failure::refused, "Forbidden", "(ForbiddenByRbac)"},
      {403, R"({"error":{"code":"Forbidden"}})", Failure::refused, "Forbidden", "HTTP 403"},
      {403, R"({"error":{"code":"Forbidden","innererror":{"code":"ForbiddenByFirewall"}}})",
       Failure::refused, "ForbiddenByFirewall", "firewall"},
      {403, R"({"error":{"code":"Forbidden","innerError":{"code":"ForbiddenByConnection"}}})",
       Failure::refused, "ForbiddenByConnection", "private endpoint"},
      {401, R"({"error":{"code":"Unauthorized"}})", Failure::credentials, "Unauthorized", ""},
      {429, R"({"error":{"code":"Throttled","innererror":null}})", Failure::throttled, "Throttled",
       ""},
      {400, R"({"error":{"code":"BadParameter"}})", Failure::refused, "BadParameter", ""},
      {409, R"({"error":{"code":"Conflict"}})", Failure::conflict, "Conflict", ""},
      {503, "", Failure::transient, "Http503", ""},
      {408, "", Failure::transient, "Http408", ""},
      {421, "", Failure::refused, "Http421", ""},
      {403, R"({"error":{"code":"evil \n code"}})", Failure::refused, "Http403", ""},
      {403, R"({"error":"SecretDisabled"})", Failure::refused, "Http403", ""},
  };
  for (const auto& [status, body, failure, code, text] : rows) {
    const auto made = error(status, body);
    EXPECT_EQ(made.failure, failure) << status << body;
    EXPECT_EQ(made.code, code) << body;
    EXPECT_THAT(made.text, HasSubstr(std::string(text)));
    EXPECT_THAT(made.text, HasSubstr("keyvault GetSecret was answered"));
    EXPECT_THAT(made.text, Not(HasSubstr("hunter2")));
  }
}

TEST(VaultErrors, ARoleHelpsAgainstSomeRefusals) {
  EXPECT_TRUE(lacks_role(error(403, R"({"error":{"code":"Forbidden"}})")));
  EXPECT_TRUE(lacks_role(error(403, R"({"error":{"code":"ForbiddenByRbac"}})")));
  EXPECT_FALSE(lacks_role(
      error(403, R"({"error":{"code":"Forbidden","innererror":{"code":"ForbiddenByFirewall"}}})")));
  EXPECT_FALSE(lacks_role(
      error(403, R"({"error":{"code":"Forbidden","innererror":{"code":"SecretDisabled"}}})")));
  EXPECT_FALSE(lacks_role(error(403, "")));
}

TEST(RetryAfter, InThreeSpellings) {
  const std::string now = "Sun, 29 Nov 2026 12:00:00 GMT";
  struct Row {
    net::Headers headers;
    std::optional<milliseconds> wait;
  };
  const Row rows[] = {
      {{}, std::nullopt},
      {{{"Retry-After", "3"}}, milliseconds(3000)},
      {{{"retry-after-ms", "250"}, {"Retry-After", "3"}}, milliseconds(250)},
      {{{"x-ms-retry-after-ms", "700"}}, milliseconds(700)},
      {{{"Retry-After-Ms", "soon"}, {"Retry-After", "3"}}, milliseconds(3000)},
      {{{"Retry-After", "99999999999999999"}}, milliseconds(3'600'000)},
      {{{"x-ms-retry-after-ms", "99999999999"}}, milliseconds(3'600'000)},
      {{{"Retry-After", "Sun, 29 Nov 2026 12:00:05 GMT"}, {"Date", now}}, milliseconds(5000)},
      {{{"Retry-After", "Sun, 29 Nov 2026 11:00:05 GMT"}, {"Date", now}}, milliseconds(0)},
      {{{"Retry-After", "Sun, 29 Nov 2026 12:00:05 GMT"}}, std::nullopt},
      {{{"Retry-After", "-3"}}, std::nullopt},
  };
  for (const auto& [headers, wait] : rows) EXPECT_EQ(asked_wait(headers), wait);
  const auto made = vault_error(answer(429, "", {{"x-ms-retry-after-ms", "700"}}), "keyvault x");
  EXPECT_EQ(made.retry_after, milliseconds(700));
}

}  // namespace
}  // namespace edsm::cloud::azure
