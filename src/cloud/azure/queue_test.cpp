#include "cloud/azure/queue.hpp"

#include <vector>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cloud/azure/connection_string.hpp"
#include "support/fake_environment.hpp"

namespace edsm::cloud::azure {
namespace {

using support::Strings;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

constexpr std::string_view shop = "https://shop.servicebus.windows.net/edsm-events";
constexpr std::string_view key_text =
    "Endpoint=sb://shop.servicebus.windows.net/"
    ";SharedAccessKeyName=listen;SharedAccessKey=hunter2=";

/// "origin entity [key name]" of each, or the error's text.
std::vector<std::string> queues(const Strings& variables, const Hosts& hosts = public_cloud()) {
  const auto loaded = load_queues(support::env_of(variables), hosts);
  if (!loaded) {
    EXPECT_EQ(loaded.error().failure, base::Failure::invalid);
    EXPECT_THAT(loaded.error().text, Not(HasSubstr("hunter2")));
    return {loaded.error().text};
  }
  std::vector<std::string> all;
  for (const auto& queue : *loaded) {
    all.push_back(fmt::format("{} {}{}", queue.origin, queue.entity,
                              queue.key ? " by " + queue.key->name : ""));
  }
  return all;
}

TEST(BusQueueUrl, InItsForms) {
  struct Row {
    std::string_view text;
    std::string_view origin;
    std::string_view entity;
    std::string_view name;
  };
  const std::vector<Row> rows = {
      {shop, "https://shop.servicebus.windows.net", "edsm-events", "servicebus/shop/edsm-events"},
      {"https://Shop.ServiceBus.windows.net:443/edsm-events/",
       "https://shop.servicebus.windows.net", "edsm-events", "servicebus/shop/edsm-events"},
      {"sb://shop.servicebus.windows.net/a.b_c~d/e", "https://shop.servicebus.windows.net",
       "a.b_c~d/e", "servicebus/shop/a.b_c~d/e"},
      {"https://shop.servicebus.windows.net/topic/Subscriptions/edsm",
       "https://shop.servicebus.windows.net", "topic/Subscriptions/edsm",
       "servicebus/shop/topic/Subscriptions/edsm"},
      {"http://127.0.0.1:8080/q", "http://127.0.0.1:8080", "q", "servicebus/127/q"},
  };
  for (const auto& [text, origin, entity, name] : rows) {
    const auto queue = parse_queue_url(text, public_cloud());
    ASSERT_TRUE(queue) << text << ": " << queue.error().text;
    EXPECT_EQ(queue->origin, origin);
    EXPECT_EQ(queue->entity, entity);
    EXPECT_EQ(queue->name(), name);
    EXPECT_TRUE(needs_credentials(*queue));
  }
  const auto& china = *find_cloud("AzureChinaCloud");
  EXPECT_TRUE(parse_queue_url("https://shop.servicebus.chinacloudapi.cn/q", china));
}

TEST(BusQueueUrl, WhatIsNoneIsSaid) {
  struct Row {
    std::string_view text;
    std::string_view says;
  };
  const std::string long_name(300, 'q');
  const std::string too_long = "https://shop.servicebus.windows.net/" + long_name;
  const std::vector<Row> rows = {
      {"edsm-events", "is no URL of a queue; expected https://<namespace>.servicebus.windows.net/"},
      {"https://shop.servicebus.windows.net", "names no queue"},
      {"https://shop.servicebus.windows.net/", "names no queue"},
      {"https://shop.servicebus.windows.net/q?x=y", "is no URL of a queue"},
      {"https://user@shop.servicebus.windows.net/q", "is no URL of a queue"},
      {"https://shop.servicebus.windows.net/q/$deadletterqueue", "is a dead-letter queue"},
      {"https://shop.servicebus.windows.net/q/$management", "what no queue's name can have"},
      {"https://shop.servicebus.windows.net/a%2fb", "what no queue's name can have"},
      {"https://shop.servicebus.windows.net/a//b", "what no queue's name can have"},
      {"https://shop.servicebus.windows.net/a/../b", "what no queue's name can have"},
      {too_long, "what no queue's name can have"},
      {"http://shop.servicebus.windows.net:443/q", "is not https"},
      {"http://shop.servicebus.windows.net/q", "is of no namespace of Service Bus"},
      {"https://shop.servicebus.windows.net:8443/q", "is of no namespace of Service Bus"},
      {"https://servicebus.windows.net/q", "is of no namespace of Service Bus"},
      {"https://a.b.servicebus.windows.net/q", "is of no namespace of Service Bus"},
      {"https://shop-servicebus.windows.net/q", "is of no namespace of Service Bus"},
      {"https://shop.servicebus.windows.net.evil.example/q", "is of no namespace of Service Bus"},
      {"https://sqs.eu-west-1.amazonaws.com/1/q", "is of no namespace of Service Bus"},
      {"https://shop.servicebus.usgovcloudapi.net/q",
       "is in AzureUSGovernment, but the controller is set up for AzurePublicCloud; set "
       "AZURE_CLOUD=AzureUSGovernment"},
  };
  for (const auto& [text, says] : rows) {
    const auto queue = parse_queue_url(text, public_cloud());
    ASSERT_FALSE(queue) << text;
    EXPECT_EQ(queue.error().code, "InvalidQueueUrl");
    EXPECT_THAT(queue.error().text, testing::StartsWith("AZURE_SERVICEBUS_QUEUE_URL: "));
    EXPECT_THAT(queue.error().text, HasSubstr(std::string(says))) << text;
    EXPECT_LE(queue.error().text.size(), 450U);
  }
}

TEST(BusQueues, OfTheEnvironment) {
  const std::string one(shop);
  EXPECT_THAT(queues({}), ElementsAre());
  EXPECT_THAT(queues({{"AZURE_SERVICEBUS_QUEUE_URL", one + " , ," + one + "2,"}}),
              ElementsAre("https://shop.servicebus.windows.net edsm-events",
                          "https://shop.servicebus.windows.net edsm-events2"));
  EXPECT_THAT(queues({{"SERVICEBUS_QUEUE_URL", one}}),
              ElementsAre("https://shop.servicebus.windows.net edsm-events"));
  EXPECT_THAT(queues({{"SERVICEBUS_QUEUE_URL", one}, {"AZURE_SERVICEBUS_QUEUE_URL", one + "2"}}),
              ElementsAre("AZURE_SERVICEBUS_QUEUE_URL and SERVICEBUS_QUEUE_URL differ; unset the "
                          "latter"));
  std::string many = one;
  for (int i = 0; i < 50; ++i) many += "," + one;
  EXPECT_THAT(queues({{"AZURE_SERVICEBUS_QUEUE_URL", many}}),
              ElementsAre(HasSubstr("names 51 queues, at most 50")));
}

TEST(BusQueues, WhomTokensAreFor) {
  Strings variables = {{"AZURE_SERVICEBUS_QUEUE_URL", std::string(shop)}};
  const auto scope = [&] {
    const auto loaded = load_queues(support::env_of(variables), public_cloud());
    return loaded ? loaded->front().scope : loaded.error().text;
  };
  EXPECT_EQ(scope(), "https://servicebus.azure.net/.default");
  variables["AZURE_SERVICEBUS_AUDIENCE"] = "https://servicebus.chinacloudapi.cn/";
  EXPECT_EQ(scope(), "https://servicebus.chinacloudapi.cn/.default");
  variables["AZURE_SERVICEBUS_AUDIENCE"] = "servicebus";
  EXPECT_THAT(scope(), HasSubstr("AZURE_SERVICEBUS_AUDIENCE is no URL"));
}

TEST(BusQueues, WithAConnectionString) {
  const std::string key(key_text);
  EXPECT_THAT(queues({{"AZURE_SERVICEBUS_CONNECTION_STRING", key + ";EntityPath=edsm-events"}}),
              ElementsAre("https://shop.servicebus.windows.net edsm-events by listen"));
  EXPECT_THAT(queues({{"AZURE_SERVICEBUS_CONNECTION_STRING", key},
                      {"AZURE_SERVICEBUS_QUEUE_URL",
                       std::string(shop) + ",https://other.servicebus.windows.net/q"}}),
              ElementsAre("https://shop.servicebus.windows.net edsm-events by listen",
                          "https://other.servicebus.windows.net q"));
  // A key of a topic is one of its subscriptions, too.
  EXPECT_THAT(queues({{"AZURE_SERVICEBUS_CONNECTION_STRING", key + ";EntityPath=t"},
                      {"AZURE_SERVICEBUS_QUEUE_URL",
                       "https://shop.servicebus.windows.net/T/subscriptions/s"}}),
              ElementsAre("https://shop.servicebus.windows.net T/subscriptions/s by listen"));
  EXPECT_THAT(queues({{"AZURE_SERVICEBUS_CONNECTION_STRING", key + ";EntityPath=other"},
                      {"AZURE_SERVICEBUS_QUEUE_URL", std::string(shop)}}),
              ElementsAre("AZURE_SERVICEBUS_CONNECTION_STRING is for "
                          "shop.servicebus.windows.net/other, but AZURE_SERVICEBUS_QUEUE_URL names "
                          "no queue there"));
  EXPECT_THAT(queues({{"AZURE_SERVICEBUS_CONNECTION_STRING", key}}),
              ElementsAre(HasSubstr("names no queue there")));
  EXPECT_THAT(queues({{"AZURE_SERVICEBUS_CONNECTION_STRING",
                       "Endpoint=sb://x.example/;SharedAccessKeyName=a;SharedAccessKey=hunter2;"
                       "EntityPath=q"}}),
              ElementsAre(HasSubstr("is of no namespace of Service Bus")));
}

TEST(ConnectionStrings, InTheirForms) {
  const auto parsed = parse_connection_string(
      " endpoint = sb://Shop.servicebus.windows.net ; SharedAccessKeyName=listen;"
      "SharedAccessKey=a+b/c==;TransportType=Amqp; ");
  ASSERT_TRUE(parsed);
  EXPECT_EQ(parsed->host, "shop.servicebus.windows.net");
  EXPECT_EQ(parsed->key->name, "listen");
  EXPECT_EQ(parsed->key->key.view(), "a+b/c==");
  EXPECT_EQ(parsed->entity, "");
  struct Row {
    std::string_view text;
    std::string_view says;
  };
  const std::vector<Row> rows = {
      {"", "has no Endpoint=sb://"},
      {"hunter2", "has a piece without \"=\""},
      {"Endpoint=shop;SharedAccessKeyName=a;SharedAccessKey=hunter2", "has no Endpoint"},
      {"Endpoint=sb://a b/;SharedAccessKeyName=a;SharedAccessKey=hunter2", "has no Endpoint"},
      {"Endpoint=sb://a/q;SharedAccessKeyName=a;SharedAccessKey=hunter2", "has no Endpoint"},
      {"Endpoint=sb://a/;SharedAccessKey=hunter2", "has no SharedAccessKeyName"},
      {"Endpoint=sb://a/;SharedAccessKeyName=hunter2", "has no SharedAccessKey;"},
      {"Endpoint=sb://a/;SharedAccessSignature=hunter2", "has a signature"},
      {"Endpoint=sb://a/;UseDevelopmentEmulator=true", "does not speak HTTP"},
  };
  for (const auto& [text, says] : rows) {
    const auto bad = parse_connection_string(text);
    ASSERT_FALSE(bad) << text;
    EXPECT_EQ(bad.error().code, "InvalidConnectionString");
    EXPECT_THAT(bad.error().text, HasSubstr(std::string(says)));
    EXPECT_THAT(bad.error().text, Not(HasSubstr("hunter2")));
  }
}

}  // namespace
}  // namespace edsm::cloud::azure
