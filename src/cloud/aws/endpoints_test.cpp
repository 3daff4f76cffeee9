#include "cloud/aws/endpoints.hpp"

#include <map>
#include <string>

#include <gtest/gtest.h>

namespace edsm::cloud::aws {
namespace {

using Env = std::map<std::string, std::string, std::less<>>;

Getenv from(const Env& env) {
  return [&env](std::string_view name) -> std::optional<std::string> {
    const auto found = env.find(name);
    if (found == env.end()) return std::nullopt;
    return found->second;
  };
}

struct Row {
  Service service;
  std::string_view region;
  bool fips;
  bool dual_stack;
  std::string_view url;
};

TEST(EndpointUrl, OfEveryPartition) {
  constexpr auto sqs = Service::sqs;
  constexpr auto secrets = Service::secretsmanager;
  constexpr auto sts = Service::sts;
  const std::vector<Row> rows = {
      {sqs, "eu-west-1", false, false, "https://sqs.eu-west-1.amazonaws.com"},
      {secrets, "eu-west-1", false, false, "https://secretsmanager.eu-west-1.amazonaws.com"},
      {sts, "eu-west-1", false, false, "https://sts.eu-west-1.amazonaws.com"},
      {Service::events, "eu-west-1", false, false, "https://events.eu-west-1.amazonaws.com"},
      {Service::events, "us-gov-west-1", true, false, "https://events.us-gov-west-1.amazonaws.com"},
      {Service::cloudtrail, "us-east-1", true, false,
       "https://cloudtrail-fips.us-east-1.amazonaws.com"},
      {sqs, "xx-new-9", false, false, "https://sqs.xx-new-9.amazonaws.com"},
      {sqs, "cn-north-1", false, false, "https://sqs.cn-north-1.amazonaws.com.cn"},
      {sqs, "us-gov-west-1", false, false, "https://sqs.us-gov-west-1.amazonaws.com"},
      {sqs, "eusc-de-east-1", false, false, "https://sqs.eusc-de-east-1.amazonaws.eu"},
      {sqs, "us-iso-east-1", false, false, "https://sqs.us-iso-east-1.c2s.ic.gov"},
      {sqs, "us-isob-east-1", false, false, "https://sqs.us-isob-east-1.sc2s.sgov.gov"},
      {sqs, "us-isof-south-1", false, false, "https://sqs.us-isof-south-1.csp.hci.ic.gov"},
      {sqs, "eu-isoe-west-1", false, false, "https://sqs.eu-isoe-west-1.cloud.adc-e.uk"},
      {sqs, "us-east-1", true, false, "https://sqs-fips.us-east-1.amazonaws.com"},
      {secrets, "us-east-1", true, false, "https://secretsmanager-fips.us-east-1.amazonaws.com"},
      {sts, "us-east-1", true, false, "https://sts-fips.us-east-1.amazonaws.com"},
      {sqs, "us-gov-west-1", true, false, "https://sqs.us-gov-west-1.amazonaws.com"},
      {sts, "us-gov-west-1", true, false, "https://sts.us-gov-west-1.amazonaws.com"},
      {secrets, "us-gov-west-1", true, false,
       "https://secretsmanager-fips.us-gov-west-1.amazonaws.com"},
      {sqs, "eu-west-1", false, true, "https://sqs.eu-west-1.api.aws"},
      {secrets, "eu-west-1", false, true, "https://secretsmanager.eu-west-1.amazonaws.com"},
      {secrets, "eusc-de-east-1", false, true,
       "https://secretsmanager.eusc-de-east-1.api.amazonwebservices.eu"},
      {sqs, "us-east-1", true, true, "https://sqs-fips.us-east-1.api.aws"},
      {sqs, "cn-north-1", false, true, "https://sqs.cn-north-1.api.amazonwebservices.com.cn"},
  };
  for (const Row& row : rows) {
    EndpointSettings settings;
    settings.fips = row.fips;
    settings.dual_stack = row.dual_stack;
    const auto url = endpoint_url(row.service, row.region, settings);
    ASSERT_TRUE(url) << row.url;
    EXPECT_EQ(*url, row.url);
  }
}

TEST(EndpointUrl, RefusesWhatIsNoRegion) {
  for (const std::string_view region :
       {"", "EU-WEST-1", "eu-west-1.evil.example", "a/b", "-a", "a-", "a@b", "a b",
        "abcdefghijklmnopqrstuvwxyzabcdefghij"}) {
    const auto url = endpoint_url(Service::sqs, region, {});
    ASSERT_FALSE(url) << region;
    EXPECT_EQ(url.error().code, "InvalidRegion");
  }
  EndpointSettings dual_stack;
  dual_stack.dual_stack = true;
  EXPECT_EQ(endpoint_url(Service::sqs, "us-iso-east-1", dual_stack).error().code,
            "UnsupportedEndpoint");
}

TEST(EndpointSettings, OrderOfSources) {
  SharedConfig config;
  config.profiles["default"] = {{"endpoint_url", "http://profile:1"}, {"services", "lab"}};
  config.services["lab"] = {{"secrets_manager.endpoint_url", "http://section:1/"}};
  Env env;
  const auto load = [&](Service service) {
    const auto settings = load_endpoint_settings(from(env), config);
    if (!settings) return settings.error().code;
    return settings->custom[static_cast<std::size_t>(service)];
  };
  EXPECT_EQ(load(Service::sqs), "http://profile:1");
  EXPECT_EQ(load(Service::secretsmanager), "http://section:1");
  env["AWS_ENDPOINT"] = "http://ours:4566/";
  EXPECT_EQ(load(Service::sqs), "http://ours:4566");
  EXPECT_EQ(load(Service::sts), "http://ours:4566");
  env["AWS_ENDPOINT_URL_SQS"] = "https://vpce-1.example/prefix/";
  EXPECT_EQ(load(Service::sqs), "https://vpce-1.example/prefix");
  EXPECT_EQ(load(Service::sts), "http://ours:4566");
  env["AWS_ENDPOINT_URL_EVENTBRIDGE"] = "http://rules";
  env["AWS_ENDPOINT_URL_CLOUDTRAIL"] = "http://trails";
  EXPECT_EQ(load(Service::events), "http://rules");
  EXPECT_EQ(load(Service::cloudtrail), "http://trails");
  env["AWS_ENDPOINT_URL"] = "http://other:1";
  EXPECT_EQ(load(Service::sts), "ConflictingEndpoints");
  env["AWS_ENDPOINT_URL"] = "http://ours:4566/";
  EXPECT_EQ(load(Service::sts), "http://ours:4566");
  env["AWS_IGNORE_CONFIGURED_ENDPOINT_URLS"] = "TRUE";
  EXPECT_EQ(load(Service::sqs), "http://ours:4566") << "the SDKs' variables are ignored, not ours";
  env.erase("AWS_ENDPOINT");
  EXPECT_EQ(load(Service::sqs), "");
}

TEST(EndpointSettings, Errors) {
  const SharedConfig none;
  const std::vector<std::pair<Env, std::string_view>> rows = {
      {{{"AWS_USE_FIPS_ENDPOINT", "yes"}}, "InvalidEndpointSettings"},
      {{{"AWS_USE_DUALSTACK_ENDPOINT", "1"}}, "InvalidEndpointSettings"},
      {{{"AWS_ENDPOINT_URL", "localhost:4566"}}, "InvalidEndpointSettings"},
      {{{"AWS_ENDPOINT", "http://a/?b=c"}}, "InvalidEndpointSettings"},
      {{{"AWS_USE_FIPS_ENDPOINT", "true"}, {"AWS_ENDPOINT_URL_STS", "http://a"}},
       "ConflictingEndpoints"},
      {{{"AWS_USE_DUALSTACK_ENDPOINT", "true"}, {"AWS_ENDPOINT", "http://a"}},
       "ConflictingEndpoints"},
  };
  for (const auto& [env, code] : rows) {
    const auto settings = load_endpoint_settings(from(env), none);
    ASSERT_FALSE(settings);
    EXPECT_EQ(settings.error().code, code);
    EXPECT_EQ(settings.error().failure, base::Failure::invalid);
  }
}

struct QueueRow {
  std::string_view url;
  std::string_view region;
  bool aws_host;
};

TEST(QueueUrl, AllForms) {
  const std::vector<QueueRow> rows = {
      {"https://sqs.eu-west-1.amazonaws.com/123456789012/edsm", "eu-west-1", true},
      {"https://sqs.cn-north-1.amazonaws.com.cn/123456789012/edsm", "cn-north-1", true},
      {"https://sqs-fips.us-east-1.amazonaws.com/123456789012/edsm", "us-east-1", true},
      {"https://sqs.eu-west-1.api.aws/123456789012/edsm", "eu-west-1", true},
      {"https://sqs.eusc-de-east-1.amazonaws.eu/123456789012/edsm", "eusc-de-east-1", true},
      {"https://eu-west-1.queue.amazonaws.com/123456789012/edsm", "eu-west-1", true},
      {"https://cn-north-1.queue.amazonaws.com.cn/123456789012/edsm", "cn-north-1", true},
      {"https://queue.amazonaws.com/123456789012/edsm", "us-east-1", true},
      {"https://vpce-0a1b-2c3d.sqs.eu-west-1.vpce.amazonaws.com/123456789012/edsm", "eu-west-1",
       true},
      {"http://127.0.0.1:4566/000000000000/edsm", "", false},
      {"http://sqs.eu-west-1.localhost.localstack.cloud:4566/000000000000/edsm", "eu-west-1",
       false},
      {"http://eu-west-1.queue.localhost.localstack.cloud:4566/000000000000/edsm", "eu-west-1",
       false},
      {"http://queue.localhost.localstack.cloud:4566/000000000000/edsm", "us-east-1", false},
      {"http://localhost:4566/queue/eu-west-1/000000000000/edsm", "eu-west-1", false},
      {"https://sqs.eu-west-1.amazonaws.com.evil.example/123456789012/edsm", "", false},
      {"https://s3.eu-west-1.amazonaws.com/123456789012/edsm", "", false},
  };
  for (const QueueRow& row : rows) {
    const auto queue = parse_queue_url(row.url);
    ASSERT_TRUE(queue) << row.url;
    EXPECT_EQ(queue->url, row.url);
    EXPECT_EQ(queue->region, row.region) << row.url;
    EXPECT_EQ(queue->aws_host, row.aws_host) << row.url;
    EXPECT_EQ(queue->name, "edsm");
  }
  EXPECT_EQ(parse_queue_url("https://sqs.eu-west-1.amazonaws.com/123456789012/a_b-1.fifo")->name,
            "a_b-1.fifo");
}

TEST(QueueUrl, RefusesWhatIsNone) {
  for (const std::string_view text :
       {"", "edsm", "arn:aws:sqs:eu-west-1:123456789012:edsm",
        "https://sqs.eu-west-1.amazonaws.com/", "https://sqs.eu-west-1.amazonaws.com/123456789012",
        "https://sqs.eu-west-1.amazonaws.com/123456789012/a/b",
        "https://sqs.eu-west-1.amazonaws.com/123456789012/a b",
        "https://sqs.eu-west-1.amazonaws.com/me/edsm",
        "https://sqs.eu-west-1.amazonaws.com/123456789012/edsm?a=b",
        "ftp://sqs.eu-west-1.amazonaws.com/1/edsm"}) {
    const auto queue = parse_queue_url(text);
    ASSERT_FALSE(queue) << text;
    EXPECT_EQ(queue.error().code, "InvalidQueueUrl");
  }
}

}  // namespace
}  // namespace edsm::cloud::aws
