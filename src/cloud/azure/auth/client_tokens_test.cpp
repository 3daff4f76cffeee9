#include "cloud/azure/auth/client_tokens.hpp"

#include <map>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/crypto.hpp"
#include "base/json.hpp"
#include "cloud/oauth/jwt.hpp"
#include "cloud/text.hpp"
#include "net/url.hpp"
#include "support/azure_auth_bench.hpp"

namespace edsm::cloud::azure::auth {
namespace {

using base::Failure;
using std::chrono::seconds;
using support::Strings;
using testing::HasSubstr;
using testing::Not;

class ClientTokensTest : public testing::Test, protected test::AuthBench {
 protected:
  ClientTokens& tokens(std::string_view tenant = test::tenant,
                       std::string_view scope = test::vault_scope) {
    settings = load();
    if (!settings) throw std::runtime_error(base::describe(settings.error()));
    made =
        std::make_unique<ClientTokens>(std::get<ClientSource>(settings->source),
                                       std::string(tenant), std::string(scope), read, api, clock);
    return *made;
  }
  /// The form of a request that was sent.
  Strings form(std::size_t index) {
    Strings fields;
    for (const auto piece : split(api.seen.at(index).body, '&')) {
      const auto at = piece.find('=');
      fields.emplace(net::percent_decode(piece.substr(0, at)),
                     net::percent_decode(piece.substr(at + 1)));
    }
    return fields;
  }
  std::int64_t now() const {
    return std::chrono::duration_cast<seconds>(clock.wall().time_since_epoch()).count();
  }

  base::Result<AuthSettings> settings;
  std::unique_ptr<ClientTokens> made;
};

TEST_F(ClientTokensTest, BySecret) {
  client({{"AZURE_CLIENT_SECRET", "hun+ter 2/="}});
  api.reply(200, test::token_answer);
  auto& provider = tokens();
  EXPECT_EQ(provider.name(), "client-secret/vault.azure.net");
  const auto token = support::run(provider.get());
  ASSERT_TRUE(token);
  EXPECT_EQ(token->value.view(), "hunter2");
  EXPECT_EQ(token->expires, clock.wall() + seconds(86'399));
  const auto& seen = api.seen.at(0);
  EXPECT_EQ(seen.method, net::Method::post);
  EXPECT_EQ(seen.url, test::token_url);
  EXPECT_EQ(seen.headers.find("Content-Type"), "application/x-www-form-urlencoded");
  EXPECT_TRUE(seen.confidential);
  EXPECT_EQ(form(0), (Strings{{"grant_type", "client_credentials"},
                              {"client_id", std::string(test::client_id)},
                              {"client_secret", "hun+ter 2/="},
                              {"scope", std::string(test::vault_scope)}}));
}

TEST_F(ClientTokensTest, ByCertificate) {
  const support::ClientCertificate certificate;
  files["/cert.pem"] = certificate.pem() + certificate.key_pem();
  client({{"AZURE_CLIENT_CERTIFICATE_PATH", "/cert.pem"}});
  api.reply(200, test::token_answer).reply(200, test::token_answer);
  auto& provider = tokens();
  EXPECT_EQ(get(provider), "hunter2");
  auto fields = form(0);
  EXPECT_EQ(fields["client_assertion_type"],
            "urn:ietf:params:oauth:client-assertion-type:jwt-bearer");
  EXPECT_FALSE(fields.contains("client_secret"));
  const support::Jwt jwt(fields["client_assertion"]);
  EXPECT_TRUE(support::RsaKey::shared().signed_by_me(jwt.signed_text, jwt.signature));
  const auto header = base::JsonDocument::parse(jwt.header);
  EXPECT_EQ(lower(base::string_at(header->root(), "kid")), base::hex(certificate.thumbprint()));
  auto x5t = std::string(base::string_at(header->root(), "x5t"));
  EXPECT_EQ(x5t.find_first_of("+/="), std::string::npos);
  EXPECT_EQ(x5t.size(), 27U);
  const auto claims = base::JsonDocument::parse(jwt.claims);
  const auto& root = claims->root();
  EXPECT_EQ(base::string_at(root, "aud"), test::token_url);
  EXPECT_EQ(base::string_at(root, "iss"), test::client_id);
  EXPECT_EQ(base::string_at(root, "sub"), test::client_id);
  EXPECT_EQ(base::int_at(root, "nbf"), now() - 60);
  EXPECT_EQ(base::int_at(root, "exp"), now() + 600);
  EXPECT_EQ(base::string_at(root, "jti").size(), 32U);

  EXPECT_EQ(get(provider), "hunter2");
  EXPECT_NE(form(1)["client_assertion"], fields["client_assertion"]) << "each has its own id";
}

TEST_F(ClientTokensTest, ACertificateThatIsReplacedIsUsedAtOnce) {
  const support::ClientCertificate first;
  files["/cert.pem"] = first.pem() + first.key_pem();
  client({{"AZURE_CLIENT_CERTIFICATE_PATH", "/cert.pem"}});
  auto& provider = tokens();
  const support::RsaKey key;
  const support::ClientCertificate second(key);
  files["/cert.pem"] = second.pem() + second.key_pem();
  api.reply(200, test::token_answer);
  EXPECT_EQ(get(provider), "hunter2");
  const support::Jwt jwt(form(0)["client_assertion"]);
  EXPECT_TRUE(key.signed_by_me(jwt.signed_text, jwt.signature));
  files["/cert.pem"] = "hunter2";
  EXPECT_THAT(get(provider), HasSubstr("/cert.pem: it is neither PEM nor PKCS#12"));
  files.erase("/cert.pem");
  EXPECT_THAT(get(provider), HasSubstr("AZURE_CLIENT_CERTIFICATE_PATH: /cert.pem does not exist"));
}

TEST_F(ClientTokensTest, AWrongClockIsCorrectedOnce) {
  const support::ClientCertificate certificate;
  files["/cert.pem"] = certificate.pem() + certificate.key_pem();
  client({{"AZURE_CLIENT_CERTIFICATE_PATH", "/cert.pem"}});
  const net::Headers ahead{{"Date", "Mon, 23 Nov 2026 02:00:00 GMT"}};  // it is 01:00 here
  api.reply(401, test::refusal(700024), ahead).reply(200, test::token_answer);
  auto& provider = tokens();
  EXPECT_EQ(get(provider), "hunter2");
  const support::Jwt jwt(form(1)["client_assertion"]);
  const auto claims = base::JsonDocument::parse(jwt.claims);
  EXPECT_EQ(base::int_at(claims->root(), "nbf"), now() + 3600 - 60);
  api.reply(401, test::refusal(700024), ahead);
  EXPECT_THAT(get(provider), HasSubstr("AADSTS700024"));
  EXPECT_TRUE(api.exhausted());
}

TEST_F(ClientTokensTest, ByWorkloadIdentity) {
  files["/token"] = "a.b.c\n";
  client({{"AZURE_FEDERATED_TOKEN_FILE", "/token"}});
  auto& provider = tokens();
  EXPECT_EQ(provider.name(), "workload-identity/vault.azure.net");
  api.reply(200, test::token_answer).reply(200, test::token_answer);
  EXPECT_EQ(get(provider), "hunter2");
  EXPECT_EQ(form(0)["client_assertion"], "a.b.c");
  files["/token"] = "d.e.f";
  EXPECT_EQ(get(provider), "hunter2");
  EXPECT_EQ(form(1)["client_assertion"], "d.e.f") << "kubelet has renewed it";
  for (const std::string_view bad : {"", "\n", "a b", "a\xff"}) {
    files["/token"] = bad;
    EXPECT_THAT(get(provider), HasSubstr("AZURE_FEDERATED_TOKEN_FILE: /token holds no token"));
  }
  files.erase("/token");
  EXPECT_THAT(get(provider), HasSubstr("AZURE_FEDERATED_TOKEN_FILE: /token does not exist"));
}

TEST_F(ClientTokensTest, ARefusedFederationNamesTheTokensClaims) {
  const auto token = oauth::sign_jwt(
      R"({"iss":"https://oidc.example/","sub":"system:serviceaccount:a:b","aud":"x"})", {},
      support::RsaKey::shared().pem());
  files["/token"] = std::string(token->view());
  client({{"AZURE_FEDERATED_TOKEN_FILE", "/token"}});
  api.reply(401, test::refusal(700213)).reply(401, test::refusal(700024));
  auto& provider = tokens();
  const auto text = get(provider);
  EXPECT_THAT(text, testing::StartsWith("AADSTS700213: https://login.microsoftonline.com/"));
  EXPECT_THAT(text, HasSubstr("its subject \"system:serviceaccount:a:b\""));
  EXPECT_THAT(text, Not(HasSubstr(files["/token"])));
  EXPECT_THAT(get(provider), HasSubstr("AADSTS700024")) << "not our clock's fault: once";
  EXPECT_TRUE(api.exhausted());
}

TEST_F(ClientTokensTest, OfAnotherTenantOrCloud) {
  client({{"AZURE_CLIENT_SECRET", "hunter3"},
          {"AZURE_AUTHORITY_HOST", "https://login.chinacloudapi.cn/"}});
  api.reply(200, test::token_answer);
  auto& provider = tokens("other.example", "https://vault.azure.cn/.default");
  EXPECT_EQ(provider.name(), "client-secret/vault.azure.cn/other.example");
  EXPECT_EQ(get(provider), "hunter2");
  EXPECT_EQ(api.seen.at(0).url, "https://login.chinacloudapi.cn/other.example/oauth2/v2.0/token");
  variables["AZURE_TENANT_ID"] = "adfs";
  api.reply(200, test::token_answer);
  EXPECT_EQ(get(tokens("adfs")), "hunter2");
  EXPECT_EQ(api.seen.at(1).url, "https://login.chinacloudapi.cn/adfs/oauth2/token");
}

TEST_F(ClientTokensTest, WhatMayPassIsTriedAgainAndNothingElse) {
  client({{"AZURE_CLIENT_SECRET", "hunter3"}});
  auto& provider = tokens();
  api.reply_error(Failure::transient, "Timeout")
      .reply(503, R"({"error":"temporarily_unavailable"})")
      .reply(200, test::token_answer);
  EXPECT_EQ(get(provider), "hunter2");
  api.reply(401, test::refusal(7000215));
  EXPECT_THAT(get(provider), HasSubstr("AADSTS7000215"));
  api.reply_error(Failure::invalid, "TlsVerification");
  EXPECT_THAT(get(provider), HasSubstr(std::string("TlsVerification: ").append(test::token_url)));
  api.reply(200, "<html>hunter2");
  EXPECT_THAT(get(provider), HasSubstr("MalformedToken"));
  EXPECT_TRUE(api.exhausted());
}

}  // namespace
}  // namespace edsm::cloud::azure::auth
