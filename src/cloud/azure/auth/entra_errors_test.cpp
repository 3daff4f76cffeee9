#include "cloud/azure/auth/entra_errors.hpp"

#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cloud/oauth/jwt.hpp"
#include "support/azure_auth_bench.hpp"

namespace edsm::cloud::azure::auth {
namespace {

using base::Failure;
using testing::HasSubstr;
using testing::Not;

net::Response response(int status, std::string_view body) {
  net::Response made;
  made.status = status;
  made.body.append(body);
  return made;
}

base::Error error_of(int status, std::string_view body) {
  const Asked asked{test::token_url, "my-tenant", "my-client", test::vault_scope};
  return entra_error(response(status, body), asked);
}

TEST(EntraErrors, SayWhatHelps) {
  struct Row {
    int number;
    Failure failure;
    std::string_view says;
  };
  const std::vector<Row> rows = {
      {700016, Failure::credentials, "no application my-client in the tenant my-tenant"},
      {7000215, Failure::credentials, "AZURE_CLIENT_SECRET is no secret"},
      {7000222, Failure::credentials, "AZURE_CLIENT_SECRET has expired"},
      {700027, Failure::credentials, "upload this certificate"},
      {700024, Failure::credentials, "check the node's clock"},
      {700213, Failure::credentials, "api://AzureADTokenExchange"},
      {90002, Failure::credentials, "check AZURE_TENANT_ID, and AZURE_CLOUD"},
      {500011, Failure::credentials, "resource of https://vault.azure.net/.default"},
      {90033, Failure::transient, "for a moment"},
      {50196, Failure::throttled, "too often"},
      {12345, Failure::credentials, "see https://login.microsoftonline.com/error?code=12345"},
  };
  for (const auto& [number, failure, says] : rows) {
    const auto error = error_of(401, test::refusal(number));
    EXPECT_EQ(error.code, "AADSTS" + std::to_string(number));
    EXPECT_EQ(error.failure, failure) << number;
    EXPECT_THAT(error.text, testing::StartsWith("https://login.microsoftonline.com/7200"));
    EXPECT_THAT(error.text, HasSubstr(" was answered with HTTP 401: "));
    EXPECT_THAT(error.text, HasSubstr(std::string(says)));
    EXPECT_THAT(error.text, Not(HasSubstr("hunter2")));
    EXPECT_THAT(error.text, Not(testing::ContainsRegex("[{}]"))) << "nothing is left to fill in";
  }
}

TEST(EntraErrors, WithoutANumberTheStatusDecides) {
  struct Row {
    int status;
    std::string_view body;
    Failure failure;
    std::string_view code;
  };
  const std::vector<Row> rows = {
      {400, R"({"error":"invalid_request"})", Failure::credentials, "Http400"},
      {400, R"({"error":"temporarily_unavailable"})", Failure::transient, "Http400"},
      {403, "<html>hunter2", Failure::credentials, "Http403"},
      {408, "", Failure::transient, "Http408"},
      {429, "", Failure::throttled, "Http429"},
      {503, "[]", Failure::transient, "Http503"},
      {400, R"({"error_codes":[-1]})", Failure::credentials, "Http400"},
      {400, R"({"error_codes":["700016"]})", Failure::credentials, "Http400"},
      {400, R"({"error_codes":[99999999999999999]})", Failure::credentials, "Http400"},
      {400, R"({"error_description":"AADSTS7000155: hunter2"})", Failure::credentials,
       "AADSTS7000155"},
      {400, R"({"error_description":"AADSTS"})", Failure::credentials, "Http400"},
      {400, R"({"error_description":"AADSTS99999999999999999999"})", Failure::credentials,
       "Http400"},
      {503, R"({"error_description":"AADSTS9: x"})", Failure::transient, "AADSTS9"},
  };
  for (const auto& [status, body, failure, code] : rows) {
    const auto error = error_of(status, body);
    EXPECT_EQ(error.failure, failure) << body;
    EXPECT_EQ(error.code, code) << body;
    EXPECT_THAT(error.text, Not(HasSubstr("hunter2")));
  }
}

TEST(EntraErrors, AnotherIssuersTokenIsDescribed) {
  const auto told = [](std::string_view claims) {
    const auto jwt = oauth::sign_jwt(claims, {}, support::RsaKey::shared().pem());
    return described(jwt->view());
  };
  EXPECT_EQ(told(R"({"iss":"https://oidc.example/","aud":["api://AzureADTokenExchange"],)"
                 R"("sub":"system:serviceaccount:kube-system:edsm"})"),
            " (the token's issuer is \"https://oidc.example/\", its subject "
            "\"system:serviceaccount:kube-system:edsm\", its audience "
            "\"api://AzureADTokenExchange\")");
  EXPECT_EQ(told(R"({"iss":"a\nb\"","aud":"x"})"),
            " (the token's issuer is \"a?b?\", its subject \"\", its audience \"x\")");
  EXPECT_LE(told(R"({"iss":")" + std::string(5000, 'a') + "\"}").size(), 300U);
  EXPECT_EQ(described("no token"), "");
}

}  // namespace
}  // namespace edsm::cloud::azure::auth
