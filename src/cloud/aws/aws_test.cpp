#include "cloud/aws/aws.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cloud/aws/xml.hpp"
#include "support/aws_bench.hpp"

namespace edsm::cloud::aws {
namespace {

using testing::HasSubstr;

const std::string url = "https://sqs.eu-west-1.amazonaws.com/123456789012/edsm";

struct Row {
  test::Strings env;
  std::string_view code;
  std::string_view remedy;
};

TEST(LoadSettings, ErrorsNameTheVariable) {
  const test::Strings files;
  const std::vector<Row> rows = {
      {{{"SQS_QUEUE_URL", "nonsense"}}, "InvalidQueueUrl", "SQS_QUEUE_URL"},
      {{{"SQS_QUEUE_URL", "http://127.0.0.1:4566/000000000000/q"}},
       "MissingRegion",
       "set AWS_REGION"},
      {{{"SQS_QUEUE_URL", "http://127.0.0.1:4566/000000000000/q"}, {"AWS_REGION", "eu-west-1"}},
       "UnknownQueueHost",
       "AWS_ENDPOINT_URL_SQS=http://127.0.0.1:4566"},
      {{{"AWS_REGION", "Europe"}}, "InvalidRegion", "AWS_REGION"},
      {{{"AWS_MAX_ATTEMPTS", "x"}}, "InvalidRetrySettings", "AWS_MAX_ATTEMPTS"},
      {{{"AWS_ACCESS_KEY_ID", ""}, {"AWS_EC2_METADATA_DISABLED", "true"}},
       "IncompleteCredentials",
       "IRSA"},
      {{{"AWS_ACCESS_KEY_ID", ""},
        {"AWS_SECRET_ACCESS_KEY", ""},
        {"AWS_ROLE_ARN", "r"},
        {"AWS_WEB_IDENTITY_TOKEN_FILE", "/t"}},
       "MissingRegion",
       "AWS_REGION"},
      {{{"SQS_QUEUE_URL", "https://sqs.us-iso-east-1.c2s.ic.gov/123456789012/q"},
        {"AWS_USE_DUALSTACK_ENDPOINT", "true"}},
       "UnsupportedEndpoint",
       "AWS_USE_DUALSTACK_ENDPOINT"},
  };
  for (const Row& row : rows) {
    test::Strings env = {{"AWS_ACCESS_KEY_ID", "A"}, {"AWS_SECRET_ACCESS_KEY", "s"}};
    for (const auto& [name, value] : row.env) env[name] = value;
    if (env["AWS_ACCESS_KEY_ID"].empty()) env.erase("AWS_SECRET_ACCESS_KEY");
    const auto settings = load_settings(test::env_of(env), test::files_of(files));
    ASSERT_FALSE(settings) << row.code;
    EXPECT_EQ(settings.error().code, row.code);
    EXPECT_EQ(settings.error().failure, base::Failure::invalid);
    EXPECT_THAT(settings.error().text, HasSubstr(std::string(row.remedy)));
  }
}

TEST(LoadSettings, QueuesRegionsAndEndpoints) {
  const test::Strings files = {{"/c", "[default]\nregion=eu-central-1\nca_bundle=/ca.pem\n"}};
  test::Strings env = {{"AWS_CONFIG_FILE", "/c"},
                       {"SQS_QUEUE_URL", url + " , ,https://queue.amazonaws.com/123456789012/b,"}};
  auto settings = load_settings(test::env_of(env), test::files_of(files));
  ASSERT_TRUE(settings) << settings.error().text;
  ASSERT_EQ(settings->queues.size(), 2U);
  EXPECT_EQ(settings->queues[0].endpoint, "https://sqs.eu-west-1.amazonaws.com");
  EXPECT_EQ(settings->queues[1].endpoint, "https://sqs.us-east-1.amazonaws.com");
  EXPECT_EQ(settings->region, "eu-central-1");
  EXPECT_EQ(settings->ca_bundle, "/ca.pem");
  env["AWS_DEFAULT_REGION"] = "eu-north-1";
  EXPECT_EQ(load_settings(test::env_of(env), test::files_of(files))->region, "eu-north-1");
  env["AWS_REGION"] = "eu-south-1";
  EXPECT_EQ(load_settings(test::env_of(env), test::files_of(files))->region, "eu-south-1");

  env = {{"AWS_ROLE_ARN", "r"}, {"AWS_WEB_IDENTITY_TOKEN_FILE", "/t"}, {"SQS_QUEUE_URL", url}};
  settings = load_settings(test::env_of(env), test::files_of(files));
  ASSERT_TRUE(settings);
  EXPECT_EQ(settings->sts_url, "https://sts.eu-west-1.amazonaws.com")
      << "the queue's region, if no other is known";
  EXPECT_EQ(settings->region, "") << "but bindings do not get it";

  env = {{"AWS_ACCESS_KEY_ID", "A"},
         {"AWS_SECRET_ACCESS_KEY", "s"},
         {"AWS_REGION", "eu-west-1"},
         {"AWS_ENDPOINT", "http://127.0.0.1:4566"},
         {"SQS_QUEUE_URL", "http://127.0.0.1:4566/000000000000/q"}};
  settings = load_settings(test::env_of(env), test::files_of(files));
  ASSERT_TRUE(settings) << settings.error().text;
  EXPECT_EQ(settings->queues[0].endpoint, "http://127.0.0.1:4566");
}

TEST(Cloud, WiresProviderInboxesAndCredentials) {
  test::Bench bench;
  support::ScriptedHttp polls;
  support::ScriptedHttp metadata;
  const test::Strings files = {{"/token", "jwt"}};
  const test::Strings env = {
      {"AWS_ROLE_ARN", "r"}, {"AWS_WEB_IDENTITY_TOKEN_FILE", "/token"}, {"SQS_QUEUE_URL", url}};
  auto settings = load_settings(test::env_of(env), test::files_of(files));
  ASSERT_TRUE(settings);
  Cloud cloud(std::move(*settings), bench.http, polls, metadata, bench.clock, bench.log,
              bench.metrics);

  bench.http.reply(
      200,
      "<Credentials><AccessKeyId>ASIA</AccessKeyId><SecretAccessKey>s</SecretAccessKey>"
      "<SessionToken>t</SessionToken><Expiration>2026-11-23T09:00:00Z</Expiration></Credentials>");
  bench.http.reply(200, R"({"VersionId":"1","SecretString":"v"})");
  const auto source = cloud.provider().resolve({"db", {{"region", "us-east-1"}}});
  ASSERT_TRUE(source);
  std::vector<Source> sources = {*source};
  const auto values = support::run(cloud.provider().fetch(std::move(sources)));
  ASSERT_TRUE(values.at(0)) << values.at(0).error().text;
  EXPECT_EQ(bench.http.seen.at(0).url, "https://sts.eu-west-1.amazonaws.com/");
  EXPECT_EQ(bench.http.seen.at(1).url, "https://secretsmanager.us-east-1.amazonaws.com/");
  EXPECT_EQ(bench.http.seen.at(1).headers.find("X-Amz-Security-Token"), "t");

  ASSERT_EQ(cloud.inboxes().size(), 1U);
  polls.reply(200, "{}");
  EXPECT_TRUE(support::run(cloud.inboxes().front()->receive()));
  EXPECT_EQ(polls.seen.at(0).url, "https://sqs.eu-west-1.amazonaws.com/");
  EXPECT_TRUE(bench.http.exhausted());
}

TEST(Xml, Elements) {
  EXPECT_EQ(xml_element("<a><b>x</b></a>", "b"), "x");
  EXPECT_EQ(xml_element("<List><Lis>x</Lis></List>", "Lis"), "x");
  EXPECT_EQ(xml_element("<a x=\"1\">y</a>", "a"), "y");
  EXPECT_EQ(xml_element("<a/>", "a"), "");
  for (const std::string_view bad : {"", "<a", "<a>", "<a>x", "<ab>x</ab>", "</a>", "<a>x</b>"}) {
    EXPECT_FALSE(xml_element(bad, "a")) << bad;
  }
}

TEST(Xml, Entities) {
  const std::vector<std::pair<std::string_view, std::string_view>> rows = {
      {"plain", "plain"},
      {"&lt;&gt;&amp;&quot;&apos;", "<>&\"'"},
      {"&#65;&#x42;&#xe9;&#x20AC;&#x1F600;", "AB\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80"},
      {"&amp;lt;", "&lt;"},
      {"&unknown; & &;", "&unknown; & &;"},
      {"&#0;&#xD800;&#x110000;", "&#0;&#xD800;&#x110000;"},
      {"&", "&"},
  };
  for (const auto& [text, plain] : rows) EXPECT_EQ(xml_unescape(text).view(), plain);
}

}  // namespace
}  // namespace edsm::cloud::aws
