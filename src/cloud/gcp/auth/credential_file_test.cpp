#include "cloud/gcp/auth/credential_file.hpp"

#include <tuple>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/certificates.hpp"
#include "support/gcp_auth_bench.hpp"

namespace edsm::cloud::gcp::auth {
namespace {

using test::impersonation_url;
using test::key_file;
using test::pool_file;
using test::user_file;
using testing::HasSubstr;
using testing::Not;

/// What was read, in one line.
struct Describe {
  std::string operator()(const AnonymousSource& /*s*/) const { return "anonymous"; }
  std::string operator()(const MetadataSource& s) const { return "metadata " + s.root; }
  std::string operator()(const KeySource& s) const {
    return fmt::format("key {} of {} at {}{}", s.key_id, s.email, s.token_url,
                       s.self_signed ? " self-signed" : "");
  }
  std::string operator()(const UserSource& s) const {
    return fmt::format("user {}/{}/{} at {}", s.client_id, s.client_secret.view(),
                       s.refresh_token.view(), s.token_url);
  }
  std::string operator()(const FileSubject& s) const {
    return fmt::format("file {} \"{}\"", s.file, s.format.json_member);
  }
  std::string operator()(const UrlSubject& s) const {
    std::string text = fmt::format("url {} \"{}\"", s.url, s.format.json_member);
    for (const auto& [name, value] : s.headers) text += fmt::format(" {}={}", name, value);
    return text;
  }
  std::string operator()(const AwsSubject& s) const {
    return fmt::format("aws {}/{}/{} region={} metadata={}", s.access_key_id,
                       s.secret_access_key.view(), s.session_token.view(), s.region, s.metadata);
  }
  std::string operator()(const FederationSource& s) const {
    return fmt::format("pool at {} client={} workforce={} by {}", s.token_url, s.client_id,
                       s.workforce_project, std::visit(*this, s.subject));
  }
  std::string operator()(const std::unique_ptr<ImpersonationSource>& s) const {
    return fmt::format("{} for {}s via [{}] by ({})", s->email, s->lifetime.count(),
                       fmt::join(s->delegates, ","), std::visit(*this, s->base));
  }
};

class CredentialFileTest : public testing::Test, protected test::Bench {
 protected:
  std::string describe(std::string_view json, const std::string& universe = "googleapis.com") {
    const auto file = parse_credential_file(json, "/key.json", universe, env);
    if (!file) return file.error().code + ": " + file.error().text;
    return std::visit(Describe(), file->source);
  }
};

TEST_F(CredentialFileTest, Keys) {
  const std::string email = "edsm@my-project.iam.gserviceaccount.com";
  EXPECT_EQ(describe(key_file()),
            "key abc123 of " + email + " at https://oauth2.googleapis.com/token");
  EXPECT_EQ(describe(key_file(R"(,"universe_domain":"googleapis.com")")),
            "key abc123 of " + email + " at https://oauth2.googleapis.com/token");
  const auto file = parse_credential_file(key_file(), "/key.json", "googleapis.com", env);
  EXPECT_EQ(file.value().project_id, "my-project");
  EXPECT_EQ(file->quota_project, "");
}

TEST_F(CredentialFileTest, AnotherUniverse) {
  std::string json = key_file(R"(,"universe_domain":"example.goog")");
  EXPECT_THAT(describe(json), HasSubstr("set GOOGLE_CLOUD_UNIVERSE_DOMAIN to the same"));
  EXPECT_THAT(describe(json, "example.goog"), HasSubstr("expected https://oauth2.example.goog"));
  const std::string url = "oauth2.googleapis.com";
  json.replace(json.find(url), url.size(), "oauth2.example.goog");
  EXPECT_THAT(describe(json, "example.goog"), HasSubstr("self-signed"));
  EXPECT_THAT(describe(pool_file(R"({"file":"/t"})",
                                 R"(,"token_url":"https://sts.{universe_domain}/v1/token")"),
                       "example.goog"),
              HasSubstr("pool at https://sts.example.goog/v1/token"));
}

TEST_F(CredentialFileTest, Users) {
  EXPECT_EQ(describe(user_file),
            "user id.apps.example/se cret/1//0g+r at https://oauth2.googleapis.com/token");
  EXPECT_EQ(parse_credential_file(user_file, "/k", "googleapis.com", env)->quota_project, "payer");
}

TEST_F(CredentialFileTest, Pools) {
  const std::string pool = "pool at https://sts.googleapis.com/v1/token client= workforce= by ";
  EXPECT_EQ(describe(pool_file(R"({"file":"/token"})")), pool + "file /token \"\"");
  EXPECT_EQ(describe(pool_file(R"({"file":"/token","format":{"type":"text"}})")),
            pool + "file /token \"\"");
  EXPECT_EQ(
      describe(pool_file(
          R"({"file":"/token","format":{"type":"json","subject_token_field_name":"id.token"}})")),
      pool + "file /token \"id.token\"");
  EXPECT_EQ(describe(pool_file(
                R"({"url":"http://169.254.169.254/metadata","headers":{"Metadata":"True"},)"
                R"("format":{"type":"json","subject_token_field_name":"access_token"}})")),
            pool + "url http://169.254.169.254/metadata \"access_token\" Metadata=True");
  EXPECT_EQ(describe(pool_file(R"({"file":"/t"})", R"(,"client_id":"c","client_secret":"hunter2",)"
                                                   R"("workforce_pool_user_project":"w")")),
            "pool at https://sts.googleapis.com/v1/token client=c workforce=w by file /t \"\"");
}

constexpr std::string_view aws_source =
    R"({"environment_id":"aws1",)"
    R"("region_url":"http://169.254.169.254/latest/meta-data/placement/availability-zone",)"
    R"("url":"http://169.254.169.254/latest/meta-data/iam/security-credentials",)"
    R"("regional_cred_verification_url":)"
    R"("https://sts.{region}.amazonaws.com?Action=GetCallerIdentity&Version=2011-06-15"})";

TEST_F(CredentialFileTest, PoolsOfAws) {
  EXPECT_THAT(describe(pool_file(aws_source)),
              HasSubstr("aws // region= metadata=http://169.254.169.254"));
  variables = {{"AWS_ACCESS_KEY_ID", "AKIA"}, {"AWS_DEFAULT_REGION", "eu-west-1"}};
  EXPECT_THAT(describe(pool_file(aws_source)),
              HasSubstr("aws // region=eu-west-1 metadata=http://169.254.169.254"))
      << "half a pair is none";
  variables["AWS_SECRET_ACCESS_KEY"] = "s";
  variables["AWS_SESSION_TOKEN"] = "t";
  variables["AWS_REGION"] = "eu-north-1";
  EXPECT_THAT(describe(pool_file(aws_source)), HasSubstr("aws AKIA/s/t region=eu-north-1"));
  const std::string_view keys_only =
      R"({"environment_id":"aws1",)"
      R"("regional_cred_verification_url":"https://sts.{region}.amazonaws.com"})";
  EXPECT_THAT(describe(pool_file(keys_only)), HasSubstr("aws AKIA/s/t"));
  variables.erase("AWS_REGION");
  variables.erase("AWS_DEFAULT_REGION");
  EXPECT_THAT(describe(pool_file(keys_only)), HasSubstr("AWS's keys or region"));
}

TEST_F(CredentialFileTest, Impersonation) {
  const std::string url =
      fmt::format(R"(,"service_account_impersonation_url":"{}")", impersonation_url);
  EXPECT_EQ(describe(pool_file(R"({"file":"/t"})", url)),
            "reader@p.iam.gserviceaccount.com for 3600s via [] by (pool at "
            "https://sts.googleapis.com/v1/token client= workforce= by file /t \"\")");
  EXPECT_THAT(describe(pool_file(
                  R"({"file":"/t"})",
                  url + R"(,"service_account_impersonation":{"token_lifetime_seconds":2800})")),
              HasSubstr("for 2800s"));
  EXPECT_EQ(
      describe(fmt::format(R"({{"type":"impersonated_service_account","delegates":["a","b"]{},)"
                           R"("source_credentials":{}}})",
                           url, user_file)),
      "reader@p.iam.gserviceaccount.com for 3600s via [a,b] by (user "
      "id.apps.example/se cret/1//0g+r at https://oauth2.googleapis.com/token)");
}

TEST_F(CredentialFileTest, ErrorsNameTheFileTheMemberAndTheRemedy) {
  const std::string iam =
      fmt::format(R"(,"service_account_impersonation_url":"{}")", impersonation_url);
  const auto pool = [](std::string_view source) { return pool_file(source); };
  const auto with = [](std::string_view more) { return pool_file(R"({"file":"/t"})", more); };
  const auto impersonated = [&](std::string_view rest) {
    return fmt::format(R"({{"type":"impersonated_service_account"{}}})", rest);
  };
  const std::vector<std::pair<std::string, std::string_view>> rows = {
      {"hunter2", "is not JSON"},
      {"[]", "no JSON object"},
      {"{}", "type is missing; expected service_account"},
      {R"({"type":7})", "type is missing"},
      {R"({"type":"gdch_service_account"})", "its type \"gdch_service_account\" is not supported"},
      {R"({"type":"external_account_authorized_user"})", "is not supported; use service_account"},
      {R"({"type":"hunter2 "})", "its type (unreadable) is not supported"},
      {std::string(16385, ' '), "larger than 16 KiB"},

      {R"({"type":"service_account","client_email":"a"})", "client_email and private_key"},
      {R"({"type":"service_account","client_email":"a","private_key":"hunter2"})",
       "private_key is no private key in PEM"},
      {key_file(R"(,"token_uri":"https://evil.example/token")"), "token_uri names evil.example"},
      {key_file(R"(,"token_uri":"http://oauth2.googleapis.com/token")"), "plain http"},

      {R"({"type":"authorized_user","client_id":"a","client_secret":"hunter2"})",
       "gcloud auth application-default login"},

      {R"({"type":"external_account","audience":"a"})", "audience and subject_token_type"},
      {with(R"(,"token_url":"https://sts.evil.example/v1/token")"), "token_url names"},
      {with(R"(,"service_account_impersonation_url":"https://evil.example/x:generateAccessToken")"),
       "service_account_impersonation_url names evil.example"},
      {with(R"(,"service_account_impersonation_url":"https://iamcredentials.googleapis.com/v1/x")"),
       "must end with :generateAccessToken"},
      {with(iam + R"(,"service_account_impersonation":{"token_lifetime_seconds":599})"),
       "from 600 to 43200"},
      {with(iam + R"(,"service_account_impersonation":{"token_lifetime_seconds":"x"})"),
       "from 600 to 43200"},
      {pool("7"), "credential_source must be there"},
      {pool("{}"), "needs one of file, url and environment_id"},
      {pool(R"({"file":"/t","url":"https://x/"})"), "needs one of"},
      {pool(R"({"executable":{"command":"/bin/sh"}})"), "runs a program, which is refused"},
      {pool(R"({"file":"/t","executable":{}})"), "runs a program, which is refused"},
      {pool(R"({"certificate":{}})"), "certificate, which is not supported"},
      {pool(R"({"url":"http://evil.example/"})"), "credential_source.url names evil.example"},
      {pool(R"({"url":"https://x/","headers":{"a":1}})"), "headers must be strings"},
      {pool(R"({"file":"/t","format":{"type":"xml"}})"), "format.type"},
      {pool(R"({"file":"/t","format":{"type":"json"}})"), "subject_token_field_name"},
      {pool(R"({"environment_id":"aws2"})"), "must be \"aws1\""},
      {pool(R"({"environment_id":"aws1"})"), "regional_cred_verification_url must be an https URL"},
      {pool(R"({"environment_id":"aws1","regional_cred_verification_url":"https://x/"})"),
       "set AWS_ACCESS_KEY_ID"},
      {pool(R"({"environment_id":"aws1","regional_cred_verification_url":"https://x/",)"
            R"("url":"https://evil.example/"})"),
       "expected EC2's instance metadata"},

      {impersonated(""), "source_credentials must be there"},
      {impersonated(iam + R"(,"source_credentials":{"type":"impersonated_service_account"})"),
       "name the accounts between in delegates"},
      {impersonated(iam + R"(,"source_credentials":{"type":"magic"})"),
       "source_credentials: its type \"magic\""},
      {impersonated(fmt::format(R"(,"source_credentials":{})", user_file)),
       "service_account_impersonation_url is not an http(s) URL"},
      {impersonated(fmt::format(R"({},"source_credentials":{},"delegates":[1])", iam, user_file)),
       "delegates must be a list of strings"},
  };
  for (const auto& [json, why] : rows) {
    const auto file = parse_credential_file(json, "/key.json", "googleapis.com", env);
    ASSERT_FALSE(file) << json;
    EXPECT_EQ(file.error().failure, base::Failure::invalid);
    EXPECT_THAT(file.error().text, testing::StartsWith("/key.json"));
    EXPECT_THAT(file.error().text, HasSubstr(std::string(why)));
    EXPECT_THAT(file.error().text, Not(HasSubstr("hunter2")));
  }
}

}  // namespace
}  // namespace edsm::cloud::gcp::auth
