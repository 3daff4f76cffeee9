#include "cloud/aws/shared_config.hpp"

#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/aws_bench.hpp"

namespace edsm::cloud::aws {
namespace {

using testing::HasSubstr;
using testing::Not;

TEST(ParseIni, SaysWhichLineIsWrongAndQuotesNothing) {
  const std::vector<std::pair<std::string_view, std::string_view>> rows = {
      {"hunter2 = x", "line 1: a key before"},
      {"[a]\nhunter2", "line 2: expected"},
      {"[a]\n= hunter2", "line 2: a value without a key"},
      {"\n[hunter2", "line 2: a [section] without"},
      {"[a]\n  hunter2 = x", "line 2: an indented line"},
  };
  for (const auto& [text, why] : rows) {
    const auto parsed = parse_ini(text);
    ASSERT_FALSE(parsed) << text;
    EXPECT_EQ(parsed.error().code, "MalformedConfig");
    EXPECT_THAT(parsed.error().text, HasSubstr(std::string(why)));
    EXPECT_THAT(parsed.error().text, Not(HasSubstr("hunter2")));
  }
}

TEST(ParseIni, TheDialect) {
  const auto parsed = parse_ini(
      "# comment\r\n"
      "; another\r\n"
      "[default] ; after it\r\n"
      "Region = eu-west-1 # inline\r\n"
      "secret=a#b;c\r\n"
      "empty =\r\n"
      "[profile  'my   one']\n"
      "\tkey = ignored?\n");
  ASSERT_FALSE(parsed) << "an indented line needs a key above it in its own section";

  const auto good = parse_ini(
      "[default] ; after it\r\n"
      "Region = eu-west-1 # inline\r\n"
      "secret=a#b;c\r\n"
      "empty =\r\n"
      "[profile  'my   one']\n"
      "s3 =\n"
      "  Endpoint_URL = http://a\n"
      "long = one\n"
      "  two\n"
      "[default]\n"
      "output = json\n");
  ASSERT_TRUE(good) << good.error().text;
  EXPECT_EQ(
      good->at("default"),
      (Section{{"region", "eu-west-1"}, {"secret", "a#b;c"}, {"empty", ""}, {"output", "json"}}));
  EXPECT_EQ(good->at("profile my one"),
            (Section{{"s3", ""}, {"s3.endpoint_url", "http://a"}, {"long", "one\ntwo"}}));
}

TEST(SharedConfigPaths, FromTheEnvironment) {
  test::Strings env;
  const auto get = test::env_of(env);
  EXPECT_EQ(shared_config_paths(get).config, "") << "no home, no files";
  env["HOME"] = "/home/u";
  EXPECT_EQ(shared_config_paths(get).config, "/home/u/.aws/config");
  EXPECT_EQ(shared_config_paths(get).credentials, "/home/u/.aws/credentials");
  EXPECT_EQ(shared_config_paths(get).profile, "default");
  env["AWS_CONFIG_FILE"] = "~/c";
  env["AWS_SHARED_CREDENTIALS_FILE"] = "/k";
  env["AWS_PROFILE"] = "dev";
  EXPECT_EQ(shared_config_paths(get).config, "/home/u/c");
  EXPECT_EQ(shared_config_paths(get).credentials, "/k");
  EXPECT_EQ(shared_config_paths(get).profile, "dev");
  EXPECT_TRUE(shared_config_paths(get).profile_is_explicit);
}

TEST(SharedConfig, MergesFilesAndKeepsNoSecrets) {
  const test::Strings files = {
      {"c",
       "[default]\nregion=r1\n[profile dev]\nregion=r2\naws_access_key_id=old\n[dev]\nregion=no\n"
       "[services lab]\nsqs =\n  endpoint_url=http://q\n"},
      {"k",
       "[dev]\naws_access_key_id=new\naws_secret_access_key=hunter2\naws_session_token=hunter3\n"}};
  const auto config = load_shared_config({"c", "k", "dev", true}, test::files_of(files));
  ASSERT_TRUE(config);
  EXPECT_EQ(config->value("region"), "r2");
  EXPECT_EQ(config->value("aws_access_key_id"), "new");
  EXPECT_EQ(config->value("aws_secret_access_key"), "set");
  EXPECT_EQ(config->value("aws_session_token"), "set");
  EXPECT_EQ(config->value("nothing"), "");
  EXPECT_EQ(config->services.at("lab").at("sqs.endpoint_url"), "http://q");
}

TEST(SharedConfig, MissingFilesAndProfiles) {
  const test::Strings none;
  EXPECT_TRUE(load_shared_config({"c", "k", "default", false}, test::files_of(none)));
  const auto named = load_shared_config({"c", "k", "dev", true}, test::files_of(none));
  ASSERT_FALSE(named);
  EXPECT_EQ(named.error().code, "NoSuchProfile");
  const test::Strings broken = {{"k", "what"}};
  const auto error = load_shared_config({"c", "k", "default", false}, test::files_of(broken));
  ASSERT_FALSE(error);
  EXPECT_THAT(error.error().text, HasSubstr("k: line 1"));
}

TEST(ReadFileFromDisk, AbsenceIsToldFromFailure) {
  EXPECT_EQ(read_file("/nowhere/at/all").error().failure, base::Failure::absent);
  EXPECT_EQ(read_file("/dev/null/x").error().failure, base::Failure::absent);
  EXPECT_EQ(read_file("/").error().code, "UnreadableFile");
  EXPECT_EQ(read_file("/dev/zero").error().code, "UnreadableFile") << "too large";
  EXPECT_TRUE(read_file("/dev/null").value().empty());
  const std::string path = testing::TempDir() + "edsm-read-file";
  std::ofstream(path) << "token\n";
  EXPECT_EQ(read_file(path).value().view(), "token\n");
}

}  // namespace
}  // namespace edsm::cloud::aws
