#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cloud/aws/container_credentials.hpp"
#include "cloud/aws/credential_chain.hpp"
#include "cloud/aws/instance_credentials.hpp"
#include "support/aws_bench.hpp"

namespace edsm::cloud::aws {
namespace {

using base::Failure;
using testing::HasSubstr;
using testing::Not;

constexpr std::string_view answer =
    R"({"AccessKeyId":"ASIA","SecretAccessKey":"hunter2","Token":"tok","Expiration":"2026-11-23T07:00:00Z"})";
constexpr std::string_view xml =
    "<AssumeRoleResponse "
    "xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><AssumeRoleResult><AssumedRoleUser>"
    "<Arn>a</Arn></AssumedRoleUser><Credentials><SessionToken>t&amp;k</"
    "SessionToken><AccessKeyId>ASIA</AccessKeyId>"
    "<SecretAccessKey>hunter2</SecretAccessKey><Expiration>2026-11-23T07:00:00.552198Z</"
    "Expiration></Credentials>"
    "</AssumeRoleResult></AssumeRoleResponse>";

class FakeRunner final : public base::ProcessRunner {
 public:
  base::Task<base::Result<base::SecretBytes>> run(base::Command command) override {
    seen = {command.program};
    seen.insert(seen.end(), command.args.begin(), command.args.end());
    if (output.empty())
      co_return base::fail(Failure::credentials, "ProcessFailed", "it ended with an error");
    co_return base::SecretBytes(output);
  }
  std::vector<std::string> seen;
  std::string output;
};

class ProvidersTest : public testing::Test, protected test::Bench {
 protected:
  ProviderDeps deps() {
    return {wiring(),
            http,
            metadata,
            test::files_of(files),
            runner,
            "eu-west-1",
            "https://sts.example"};
  }
  /// "id/secret/token", or "code: text".
  std::string get(CredentialSource source) {
    const auto provider = make_provider(std::move(source), deps());
    const auto got = support::run(provider->get());
    if (!got) return base::describe(got.error());
    return got->access_key_id + "/" + std::string(got->secret_access_key.view()) + "/" +
           std::string(got->session_token.view());
  }
  static ContainerSource container(std::string token_file = "", std::string_view token = "") {
    return {"http://169.254.170.2/x", std::move(token_file), base::SecretBytes(token)};
  }

  test::Strings files;
  support::ScriptedHttp metadata;
  FakeRunner runner;
};

TEST_F(ProvidersTest, ContainerHosts) {
  for (const std::string_view good :
       {"https://anywhere.example/x", "http://127.0.0.1:1/x", "http://127.9.9.9/",
        "http://localhost/", "http://[::1]/", "http://169.254.170.2/",
        "http://169.254.170.23/v1/credentials", "http://[fd00:ec2::23]/v1/credentials"}) {
    EXPECT_TRUE(check_container_url(good)) << good;
  }
  for (const std::string_view bad :
       {"http://169.254.169.254/", "http://anywhere.example/", "http://127.0.0.1.evil.example/",
        "http://128.0.0.1/", "http://[fd00:ec2::24]/", "http://127.evil/", "nonsense"}) {
    const auto checked = check_container_url(bad);
    ASSERT_FALSE(checked) << bad;
    EXPECT_EQ(checked.error().code, "ForbiddenEndpoint");
  }
}

TEST_F(ProvidersTest, ContainerSendsItsTokenReadAnew) {
  files["/token"] = "jwt-1\n";
  metadata.reply(200, answer).reply(200, answer).reply(200, answer);
  EXPECT_EQ(get(container("/token", "ignored")), "ASIA/hunter2/tok");
  EXPECT_EQ(metadata.seen.at(0).headers.find("Authorization"), "jwt-1");
  files["/token"] = "jwt-2";
  get(container("/token"));
  EXPECT_EQ(metadata.seen.at(1).headers.find("Authorization"), "jwt-2");
  get(container("", "fixed"));
  EXPECT_EQ(metadata.seen.at(2).headers.find("Authorization"), "fixed");
  EXPECT_LE(metadata.seen.at(0).timeout, std::chrono::seconds(2));
}

TEST_F(ProvidersTest, ContainerFailures) {
  EXPECT_THAT(get(container("/nowhere")), HasSubstr("NoContainerToken"));
  files["/token"] = "a\r\nX-Evil: 1";
  EXPECT_THAT(get(container("/token")), HasSubstr("line break"));
  EXPECT_TRUE(metadata.seen.empty());

  metadata.reply(404);
  EXPECT_THAT(get(container()), HasSubstr("HTTP 404"));
  metadata.reply(500).reply_error(Failure::transient, "Timeout").reply(503);
  EXPECT_THAT(get(container()), HasSubstr("HTTP 503"));
  metadata.reply(500).reply(200, answer);
  EXPECT_EQ(get(container()), "ASIA/hunter2/tok");
  for (const std::string_view bad :
       {"hunter2", "{}", R"({"AccessKeyId":"A"})",
        R"({"AccessKeyId":"A","SecretAccessKey":"hunter2","Expiration":"soon"})"}) {
    metadata.reply(200, bad);
    const auto got = get(container());
    EXPECT_THAT(got, HasSubstr("MalformedCredentials"));
    EXPECT_THAT(got, Not(HasSubstr("hunter2")));
  }
  EXPECT_TRUE(metadata.exhausted());
}

TEST_F(ProvidersTest, InstanceMetadataVersion2) {
  metadata.reply(200, "session")
      .reply(200, "my-role\n")
      .reply(200, R"({"Code":"Success",)" + std::string(answer.substr(1)));
  EXPECT_EQ(get(InstanceSource{"http://169.254.169.254"}), "ASIA/hunter2/tok");
  ASSERT_EQ(metadata.seen.size(), 3U);
  EXPECT_EQ(metadata.seen[0].method, net::Method::put);
  EXPECT_EQ(metadata.seen[0].headers.find("X-aws-ec2-metadata-token-ttl-seconds"), "21600");
  EXPECT_EQ(metadata.seen[2].url,
            "http://169.254.169.254/latest/meta-data/iam/security-credentials/my-role");
  EXPECT_EQ(metadata.seen[2].headers.find("X-aws-ec2-metadata-token"), "session");
}

TEST_F(ProvidersTest, InstanceMetadataFailures) {
  const InstanceSource source{"http://169.254.169.254"};
  metadata.reply_error(Failure::transient, "Timeout");
  EXPECT_THAT(get(source), HasSubstr("hop limit"));
  metadata.reply(403);
  EXPECT_THAT(get(source), HasSubstr("HTTP 403")) << "there is no way back to version 1";
  metadata.reply(200, "a\nb");
  EXPECT_THAT(get(source), HasSubstr("no session token"));
  metadata.reply(200, "s").reply(404);
  EXPECT_THAT(get(source), HasSubstr("HTTP 404"));
  metadata.reply(200, "s").reply(200, "");
  EXPECT_THAT(get(source), HasSubstr("NoInstanceRole"));
  metadata.reply(200, "s").reply(200, "r").reply(200, R"({"Code":"AssumeRoleUnauthorizedAccess"})");
  EXPECT_THAT(get(source), HasSubstr("AssumeRoleUnauthorizedAccess"));
  metadata.reply(500).reply(200, "s").reply(200, "r").reply(200, answer);
  EXPECT_EQ(get(InstanceSource{"http://169.254.169.254", std::chrono::seconds(1), 2}),
            "ASIA/hunter2/tok");
  EXPECT_TRUE(metadata.exhausted());
}

TEST_F(ProvidersTest, WebIdentity) {
  const WebIdentitySource source{"arn:aws:iam::1:role/r", "/token", "edsm", std::nullopt};
  EXPECT_THAT(get(source), HasSubstr("NoWebIdentityToken"));
  files["/token"] = "header.payload.sig+/=\n";
  http.reply(200, xml);
  EXPECT_EQ(get(source), "ASIA/hunter2/t&k");
  EXPECT_EQ(http.seen.at(0).body,
            "Action=AssumeRoleWithWebIdentity&Version=2011-06-15&RoleArn=arn%3Aaws%3Aiam%3A%3A1%"
            "3Arole%2Fr"
            "&RoleSessionName=edsm&WebIdentityToken=header.payload.sig%2B%2F%3D");
  EXPECT_FALSE(http.seen.at(0).headers.find("Authorization")) << "unsigned";
  EXPECT_EQ(http.seen.at(0).headers.find("Content-Type"), "application/x-www-form-urlencoded");

  http.reply(400,
             "<ErrorResponse><Error><Type>Sender</Type><Code>IDPCommunicationError</Code></Error></"
             "ErrorResponse>");
  http.reply(200, xml);
  EXPECT_EQ(get(source), "ASIA/hunter2/t&k") << "a retry";
  http.reply(
      403,
      "<ErrorResponse><Errors><Error><Code>AccessDenied</Code></Error></Errors></ErrorResponse>");
  EXPECT_THAT(get(source), HasSubstr("trust policy"));
  http.reply(200, "<html/>");
  EXPECT_THAT(get(source), HasSubstr("MalformedCredentials"));
  http.reply(200, "<Credentials><AccessKeyId>A</AccessKeyId></Credentials>");
  EXPECT_THAT(get(source), HasSubstr("incomplete"));
  EXPECT_TRUE(http.exhausted());
}

TEST_F(ProvidersTest, AssumeRoleSignsWithItsBase) {
  const auto role = [] {
    StaticKeys base;
    base.keys.access_key_id = "AKIA";
    base.keys.secret_access_key.append("s");
    return std::make_unique<AssumeRoleSource>(
        AssumeRoleSource{"arn:r", "me", "ext", std::chrono::seconds(900), std::move(base)});
  };
  http.reply(200, xml);
  EXPECT_EQ(get(role()), "ASIA/hunter2/t&k");
  EXPECT_EQ(http.seen.at(0).body,
            "Action=AssumeRole&Version=2011-06-15&RoleArn=arn%3Ar&RoleSessionName=me&"
            "DurationSeconds=900&ExternalId=ext");
  EXPECT_THAT(std::string(http.seen.at(0).headers.find("Authorization").value_or("")),
              HasSubstr("Credential=AKIA/20261123/eu-west-1/sts/aws4_request"));
  http.reply(403, "<ErrorResponse><Error><Code>AccessDenied</Code></Error></ErrorResponse>");
  EXPECT_THAT(get(role()), HasSubstr("sts:AssumeRole"));
}

TEST_F(ProvidersTest, ProfileKeysAreReadAnew) {
  const ProfileKeys source{"dev", {"/c", "/k", "dev", true}};
  EXPECT_THAT(get(source), HasSubstr("NoProfileKeys"));
  files["/c"] = "[profile dev]\naws_access_key_id=C\naws_secret_access_key=x\n";
  EXPECT_EQ(get(source), "C/x/");
  files["/k"] = "[dev]\naws_access_key_id=K\naws_secret_access_key=y\naws_session_token=z\n";
  EXPECT_EQ(get(source), "K/y/z");
}

TEST_F(ProvidersTest, Process) {
  const ProcessSource source{{"/bin/tool", "a b"}};
  EXPECT_THAT(get(source), HasSubstr("credential_process /bin/tool: it ended with an error"));
  EXPECT_THAT(runner.seen, testing::ElementsAre("/bin/tool", "a b"));
  for (const std::string_view bad :
       {"hunter2", R"({"AccessKeyId":"A","SecretAccessKey":"hunter2"})",
        R"({"Version":2,"AccessKeyId":"A","SecretAccessKey":"hunter2"})"}) {
    runner.output = bad;
    const auto got = get(source);
    EXPECT_THAT(got, HasSubstr("MalformedCredentials"));
    EXPECT_THAT(got, Not(HasSubstr("hunter2")));
  }
  runner.output = R"({"Version":1,"AccessKeyId":"A","SecretAccessKey":"s","SessionToken":"t"})";
  EXPECT_EQ(get(source), "A/s/t");
}

TEST(SplitCommand, AsAShellWould) {
  const std::vector<std::pair<std::string_view, std::vector<std::string>>> rows = {
      {"a b  c", {"a", "b", "c"}},
      {" 'a b' \"c d\" ", {"a b", "c d"}},
      {"a\\ b 'c\\d' \"e\\\"f\\g\"", {"a b", "c\\d", "e\"f\\g"}},
      {"a'b'\"c\" ''", {"abc", ""}},
      {"a\\\\", {"a\\"}},
      {"$HOME `x` | ;", {"$HOME", "`x`", "|", ";"}},
  };
  for (const auto& [text, words] : rows) EXPECT_EQ(split_command(text).value(), words) << text;
  for (const std::string_view bad : {"", "  ", "'a", "\"a", "a\\"})
    EXPECT_FALSE(split_command(bad)) << bad;
}

}  // namespace
}  // namespace edsm::cloud::aws
