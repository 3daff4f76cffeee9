#include "cloud/aws/credential_source.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/aws_bench.hpp"

namespace edsm::cloud::aws {
namespace {

using testing::HasSubstr;

/// What was chosen, in one line.
std::string describe(const CredentialSource& source) {
  struct Describe {
    std::string operator()(const StaticKeys& s) const { return "keys " + s.keys.access_key_id; }
    std::string operator()(const ProfileKeys& s) const { return "profile " + s.profile; }
    std::string operator()(const ProcessSource& s) const {
      return fmt::format("process {}", fmt::join(s.argv, "|"));
    }
    std::string operator()(const WebIdentitySource& s) const {
      return fmt::format("web {} {} {}", s.role_arn, s.token_file, s.session_name);
    }
    std::string operator()(const ContainerSource& s) const {
      return fmt::format("container {} {} {}", s.url, s.token_file, s.token.view());
    }
    std::string operator()(const InstanceSource& s) const {
      return fmt::format("instance {} {}s x{}", s.endpoint, s.timeout.count(), s.attempts);
    }
    std::string operator()(const std::unique_ptr<AssumeRoleSource>& s) const {
      return fmt::format("role {} {} {} {} from ({})", s->role_arn, s->session_name, s->external_id,
                         s->duration.value_or(std::chrono::seconds(0)).count(), describe(s->base));
    }
  };
  return std::visit(Describe(), source);
}

std::string choose(const test::Strings& env, std::string_view config = "") {
  const test::Strings files = {{"/c", std::string(config)}};
  test::Strings variables = env;
  variables["AWS_CONFIG_FILE"] = "/c";
  const auto get = test::env_of(variables);
  const auto paths = shared_config_paths(get);
  const auto shared = load_shared_config(paths, test::files_of(files));
  if (!shared) return shared.error().text;
  const auto source = choose_credential_source(get, *shared, paths);
  return source ? describe(*source) : source.error().text;
}

TEST(CredentialSource, Order) {
  const std::string_view profile = "[default]\naws_access_key_id=P\naws_secret_access_key=x\n";
  test::Strings env = {
      {"AWS_ACCESS_KEY_ID", "E"},
      {"AWS_SECRET_ACCESS_KEY", "x"},
      {"AWS_WEB_IDENTITY_TOKEN_FILE", "/token"},
      {"AWS_ROLE_ARN", "arn:r"},
      {"AWS_CONTAINER_CREDENTIALS_FULL_URI", "http://169.254.170.23/v1/credentials"},
      {"AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", "/pod-token"}};
  EXPECT_EQ(choose(env, profile), "keys E");
  env["AWS_ACCESS_KEY_ID"] = "";
  env["AWS_SECRET_ACCESS_KEY"] = "";
  EXPECT_EQ(choose(env, profile), "web arn:r /token edsm") << "set to nothing is unset";
  env.erase("AWS_WEB_IDENTITY_TOKEN_FILE");
  EXPECT_EQ(choose(env, profile), "profile default");
  EXPECT_EQ(choose(env, "[default]\nregion=eu-west-1\n"),
            "container http://169.254.170.23/v1/credentials /pod-token ");
  env["AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"] = "/v2/x";
  env["AWS_CONTAINER_AUTHORIZATION_TOKEN"] = "t";
  EXPECT_EQ(choose(env), "container http://169.254.170.2/v2/x /pod-token t");
  EXPECT_EQ(choose({}), "instance http://169.254.169.254 1s x1");
  EXPECT_EQ(choose({{"AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE", "ipv6"},
                    {"AWS_METADATA_SERVICE_TIMEOUT", "3"},
                    {"AWS_METADATA_SERVICE_NUM_ATTEMPTS", "2"}}),
            "instance http://[fd00:ec2::254] 3s x2");
  EXPECT_EQ(choose({{"AWS_EC2_METADATA_DISABLED", "false"},
                    {"AWS_EC2_METADATA_SERVICE_ENDPOINT", "http://a:1/"}}),
            "instance http://a:1 1s x1");
}

TEST(CredentialSource, ConfiguredButIncompleteIsAnErrorAndNothingElseIsTried) {
  const std::string_view keys = "[default]\naws_access_key_id=P\naws_secret_access_key=x\n";
  const std::vector<std::tuple<test::Strings, std::string_view, std::string_view>> rows = {
      {{{"AWS_ACCESS_KEY_ID", "E"}}, keys, "without AWS_SECRET_ACCESS_KEY"},
      {{{"AWS_SECRET_ACCESS_KEY", "x"}}, keys, "without AWS_ACCESS_KEY_ID"},
      {{{"AWS_ACCESS_KEY_ID", "E"},
        {"AWS_SECRET_ACCESS_KEY", "x"},
        {"AWS_CREDENTIAL_EXPIRATION", "soon"}},
       keys,
       "AWS_CREDENTIAL_EXPIRATION"},
      {{{"AWS_WEB_IDENTITY_TOKEN_FILE", "/t"}}, keys, "without AWS_ROLE_ARN"},
      {{{"AWS_WEB_IDENTITY_TOKEN_FILE", "/t"},
        {"AWS_ROLE_ARN", "r"},
        {"AWS_ROLE_SESSION_NAME", "a b"}},
       keys,
       "AWS_ROLE_SESSION_NAME"},
      {{{"AWS_CONTAINER_CREDENTIALS_FULL_URI", "http://evil.example/"}}, "", "plain http"},
      {{{"AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE", "IPv5"}}, "", "IPv4 or IPv6"},
      {{{"AWS_EC2_METADATA_DISABLED", "true"}}, "", "no AWS credentials are configured"},
      {{{"AWS_EC2_METADATA_DISABLED", "yes"}}, "", "no AWS credentials are configured"},
      {{{"AWS_PROFILE", "nobody"}}, "", "names the profile \"nobody\""},
      {{}, "[default]\naws_access_key_id=P\n", "without aws_secret_access_key"},
      {{}, "[default]\nrole_arn=r\n", "exactly one of"},
      {{},
       "[default]\nrole_arn=r\nsource_profile=a\ncredential_source=Environment\n",
       "exactly one of"},
      {{}, "[default]\nrole_arn=r\nsource_profile=a\nmfa_serial=m\n", "mfa_serial"},
      {{}, "[default]\nrole_arn=r\nsource_profile=nobody\n", "has no credentials"},
      {{}, "[default]\nrole_arn=r\nsource_profile=default\n", "without aws_secret_access_key"},
      {{},
       "[default]\nrole_arn=r\nsource_profile=a\n[profile a]\nrole_arn=s\nsource_profile=default\n",
       "its own source_profile"},
      {{}, "[default]\nrole_arn=r\ncredential_source=Magic\n", "credential_source must be"},
      {{}, "[default]\nrole_arn=r\ncredential_source=Environment\n", "is not there"},
      {{}, "[default]\nrole_arn=r\nsource_profile=a\nduration_seconds=899\n", "900 to 43200"},
      {{}, "[default]\nrole_arn=r\nsource_profile=a\nrole_session_name=x\n", "2 to 64"},
      {{}, "[default]\ncredential_process='\n", "unfinished quote"},
      {{}, "[default]\nsso_session=s\n", "needs a browser"},
  };
  for (const auto& [env, config, why] : rows)
    EXPECT_THAT(choose(env, config), HasSubstr(std::string(why)));
}

TEST(CredentialSource, Profiles) {
  const test::Strings dev = {{"AWS_PROFILE", "dev"}};
  const std::string keys = "aws_access_key_id=P\naws_secret_access_key=x\n";
  EXPECT_EQ(choose(dev, "[profile dev]\n" + keys), "profile dev");
  EXPECT_EQ(choose(dev, "[profile dev]\ncredential_process = /bin/x --a \"b c\"\n"),
            "process /bin/x|--a|b c");
  EXPECT_EQ(
      choose(dev, "[profile dev]\nrole_arn=r\nweb_identity_token_file=/t\nrole_session_name=me\n"),
      "web r /t me");
  EXPECT_EQ(choose(dev, "[profile dev]\nrole_arn=r\nsource_profile=dev\n" + keys),
            "role r edsm  0 from (profile dev)");
  EXPECT_EQ(
      choose(dev,
             "[profile dev]\nrole_arn=r1\nsource_profile=mid\nexternal_id=e\nduration_seconds=900\n"
             "[profile mid]\nrole_arn=r2\nsource_profile=base\n[profile base]\n" +
                 keys),
      "role r1 edsm e 900 from (role r2 edsm  0 from (profile base))");
  EXPECT_EQ(choose({{"AWS_PROFILE", "dev"},
                    {"AWS_EC2_METADATA_DISABLED", "true"},
                    {"AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "/x"}},
                   "[profile dev]\nrole_arn=r\ncredential_source=EcsContainer\n"),
            "role r edsm  0 from (container http://169.254.170.2/x  )");
  EXPECT_EQ(choose(dev, "[profile dev]\nrole_arn=r\ncredential_source=Ec2InstanceMetadata\n"),
            "role r edsm  0 from (instance http://169.254.169.254 1s x1)");
}

}  // namespace
}  // namespace edsm::cloud::aws
