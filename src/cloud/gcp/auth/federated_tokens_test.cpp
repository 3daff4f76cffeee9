#include "cloud/gcp/auth/federated_tokens.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "net/url.hpp"
#include "support/gcp_auth_bench.hpp"

namespace edsm::cloud::gcp::auth {
namespace {

using base::Failure;
using test::pool_file;
using testing::HasSubstr;
using testing::Not;

class FederatedTokensTest : public testing::Test, protected test::Bench {
 protected:
  /// The subject token that was sent last.
  std::string subject() const {
    const std::string& body = api.seen.back().body;
    static constexpr std::string_view name = "&subject_token=";
    const auto at = body.find(name) + name.size();
    return net::percent_decode(body.substr(at, body.find('&', at) - at));
  }
};

TEST_F(FederatedTokensTest, ExchangesAFileReadAnew) {
  files["/token"] = "header.payload.s-g_\n";
  api.reply(200, test::token_answer).reply(200, test::token_answer);
  const auto provider = make_provider(source(pool_file(R"({"file":"/token"})")), deps(), read);
  EXPECT_EQ(get(*provider), "ya29.c.hunter2");
  const auto& seen = api.seen.at(0);
  EXPECT_EQ(seen.url, "https://sts.googleapis.com/v1/token");
  EXPECT_EQ(seen.headers.find("Content-Type"), "application/x-www-form-urlencoded");
  EXPECT_FALSE(seen.headers.find("Authorization"));
  EXPECT_EQ(seen.body,
            "grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Atoken-exchange"
            "&audience=%2F%2Fiam.googleapis.com%2Fprojects%2F1%2Flocations%2Fglobal%2F"
            "workloadIdentityPools%2Fp%2Fproviders%2Fk8s"
            "&scope=https%3A%2F%2Fwww.googleapis.com%2Fauth%2Fcloud-platform"
            "&requested_token_type=urn%3Aietf%3Aparams%3Aoauth%3Atoken-type%3Aaccess_token"
            "&subject_token=header.payload.s-g_"
            "&subject_token_type=urn%3Aietf%3Aparams%3Aoauth%3Atoken-type%3Ajwt");
  files["/token"] = "rotated";
  EXPECT_EQ(get(*provider), "ya29.c.hunter2");
  EXPECT_EQ(subject(), "rotated");
}

TEST_F(FederatedTokensTest, SubjectTokensInFiles) {
  const std::string text = pool_file(R"({"file":"/token"})");
  const std::string json =
      pool_file(R"({"file":"/token","format":{"type":"json","subject_token_field_name":"a.b"}})");
  EXPECT_THAT(get(source(text)), HasSubstr("/token does not exist; is the service account's"));
  files["/token"] = "\n";
  EXPECT_THAT(get(source(text)), HasSubstr("NoSubjectToken: /token is empty"));
  for (const std::string_view bad :
       {"hunter2", "[]", "{}", R"({"a.b":7})", R"({"a.b":""})", R"({"a":{"b":"hunter2"}})"}) {
    files["/token"] = bad;
    const auto got = get(source(json));
    EXPECT_THAT(got, HasSubstr("/token is no JSON object with a token in \"a.b\"")) << bad;
    EXPECT_THAT(got, Not(HasSubstr("hunter2")));
  }
  EXPECT_TRUE(api.seen.empty());
  files["/token"] = R"({"a.b":"t"})";
  api.reply(200, test::token_answer);
  EXPECT_EQ(get(source(json)), "ya29.c.hunter2");
  EXPECT_EQ(subject(), "t");
}

TEST_F(FederatedTokensTest, SubjectTokensOfUrls) {
  const std::string azure =
      pool_file(R"({"url":"http://169.254.169.254/metadata/identity/oauth2/token?resource=r",)"
                R"("headers":{"Metadata":"True"},)"
                R"("format":{"type":"json","subject_token_field_name":"access_token"}})");
  metadata.reply(200, R"({"access_token":"azure"})");
  api.reply(200, test::token_answer);
  EXPECT_EQ(get(source(azure)), "ya29.c.hunter2");
  EXPECT_EQ(metadata.seen.at(0).method, net::Method::get);
  EXPECT_EQ(metadata.seen.at(0).headers.find("Metadata"), "True");
  EXPECT_EQ(subject(), "azure");

  api.reply(200, "plain\n").reply(200, test::token_answer);
  EXPECT_EQ(get(source(pool_file(R"({"url":"https://vault.example/t"})"))), "ya29.c.hunter2");
  EXPECT_EQ(api.seen.at(1).url, "https://vault.example/t") << "as all that leaves the machine";
  EXPECT_EQ(subject(), "plain");

  metadata.reply(404, "");
  EXPECT_THAT(get(source(azure)), HasSubstr("was answered with HTTP 404"));
  metadata.reply_error(Failure::transient, "Timeout");
  EXPECT_THAT(get(source(azure)), HasSubstr("Timeout: http://169.254.169.254/metadata"));
  EXPECT_TRUE(api.exhausted());
}

TEST_F(FederatedTokensTest, ClientsAndWorkforcePools) {
  files["/t"] = "t";
  api.reply(200, test::token_answer).reply(200, test::token_answer);
  const std::string_view file = R"({"file":"/t"})";
  const std::string_view project = R"(,"workforce_pool_user_project":"p1")";
  get(source(pool_file(file, project)));
  EXPECT_THAT(api.seen.at(0).body,
              testing::EndsWith("&options=%257B%2522userProject%2522%253A%2522p1%2522%257D"));
  get(source(pool_file(file, std::string(project) + R"(,"client_id":"id","client_secret":"pw")")));
  EXPECT_EQ(api.seen.at(1).headers.find("Authorization"), "Basic aWQ6cHc=");
  EXPECT_THAT(api.seen.at(1).body, Not(HasSubstr("options")));
}

TEST_F(FederatedTokensTest, Refusals) {
  files["/t"] = "t";
  const std::string pool = pool_file(R"({"file":"/t"})");
  api.reply(
      400, R"({"error":"invalid_grant","error_description":"The audience in ID Token [x] does not )"
           R"(match the expected audience."})");
  EXPECT_EQ(
      get(source(pool)),
      "invalid_grant: https://sts.googleapis.com/v1/token was answered with HTTP 400 (\"The "
      "audience in ID Token [x] does not match the expected audience.\") for the audience "
      "//iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/p/providers/k8s; "
      "the pool's provider must exist and be enabled, and accept the token's issuer, audience "
      "and attributes");
  for (int i = 0; i < 3; ++i) api.reply(503, "");
  const auto provider = make_provider(source(pool), deps(), read);
  EXPECT_EQ(support::run(provider->get()).error().failure, Failure::transient);
  EXPECT_TRUE(api.exhausted());
}

constexpr std::string_view aws_source =
    R"({"environment_id":"aws1",)"
    R"("region_url":"http://169.254.169.254/latest/meta-data/placement/availability-zone",)"
    R"("url":"http://169.254.169.254/latest/meta-data/iam/security-credentials",)"
    R"("regional_cred_verification_url":)"
    R"("https://sts.{region}.amazonaws.com?Action=GetCallerIdentity&Version=2011-06-15"})";

/// What Google's own library (google-auth 2.62.2 for Python) signs with these keys at that time.
constexpr std::string_view signature =
    "26c3c6cc687b74d8bd41a4bbda84ce37f93ffea1c690c0b5bf430e579a97ad01";

TEST_F(FederatedTokensTest, AwsSignsACallerIdentityRequest) {
  variables = {{"AWS_ACCESS_KEY_ID", "AKIDEXAMPLE"},
               {"AWS_SECRET_ACCESS_KEY", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"},
               {"AWS_SESSION_TOKEN", "token/+="},
               {"AWS_REGION", "eu-west-1"}};
  std::string json = pool_file(aws_source);
  json.replace(json.find("providers/k8s"), 13, "providers/aws");
  api.reply(200, test::token_answer);
  EXPECT_EQ(get(source(json)), "ya29.c.hunter2");
  EXPECT_EQ(net::percent_decode(subject()),
            R"({"headers":[{"key":"x-amz-date","value":"20261123T010000Z"},)"
            R"({"key":"x-amz-security-token","value":"token/+="},)"
            R"({"key":"Authorization","value":"AWS4-HMAC-SHA256 )"
            R"(Credential=AKIDEXAMPLE/20261123/eu-west-1/sts/aws4_request, )"
            R"(SignedHeaders=host;x-amz-date;x-amz-security-token;x-goog-cloud-target-resource, )"
            R"(Signature=)" +
                std::string(signature) +
                R"("},{"key":"host","value":"sts.eu-west-1.amazonaws.com"},)"
                R"({"key":"x-goog-cloud-target-resource","value":"//iam.googleapis.com/projects/1/)"
                R"(locations/global/workloadIdentityPools/p/providers/aws"}],"method":"POST",)"
                R"("url":"https://sts.eu-west-1.amazonaws.com?)"
                R"(Action=GetCallerIdentity&Version=2011-06-15"})");
  EXPECT_TRUE(metadata.seen.empty());
}

TEST_F(FederatedTokensTest, AwsOfAnInstance) {
  metadata.reply(200, "session").reply(200, "eu-north-1\n");
  metadata.reply(200, "session")
      .reply(200, "role")
      .reply(200,
             R"({"Code":"Success","AccessKeyId":"ASIA","SecretAccessKey":"s","Token":"instance",)"
             R"("Expiration":"2026-11-23T07:00:00Z"})");
  api.reply(200, test::token_answer);
  EXPECT_EQ(get(source(pool_file(aws_source))), "ya29.c.hunter2");
  EXPECT_EQ(metadata.seen.at(1).url, "http://169.254.169.254/latest/meta-data/placement/region");
  EXPECT_EQ(metadata.seen.at(1).headers.find("X-aws-ec2-metadata-token"), "session");
  const auto request = net::percent_decode(subject());
  EXPECT_THAT(request, HasSubstr("Credential=ASIA/20261123/eu-north-1/sts/aws4_request"));
  EXPECT_THAT(request, HasSubstr("https://sts.eu-north-1.amazonaws.com?"));
  EXPECT_THAT(request, HasSubstr(R"("value":"instance")"));

  metadata.reply(200, "session").reply(200, "evil.example/");
  EXPECT_THAT(get(source(pool_file(aws_source))), HasSubstr("a region that cannot be one"));
  metadata.reply(200, "session").reply(200, "eu-north-1").reply(403);
  EXPECT_THAT(get(source(pool_file(aws_source))),
              HasSubstr("the AWS identity that Google is to trust: EC2 instance metadata"));
  variables["AWS_REGION"] = "evil.example/";
  EXPECT_THAT(get(source(pool_file(aws_source))), HasSubstr("AWS_REGION"));
  EXPECT_TRUE(metadata.exhausted());
}

}  // namespace
}  // namespace edsm::cloud::gcp::auth
