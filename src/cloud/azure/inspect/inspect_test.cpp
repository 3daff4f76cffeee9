#include <fmt/format.h>
#include <gtest/gtest.h>

#include "cloud/azure/inspect/bus_entity.hpp"
#include "cloud/azure/inspect/credential_origin.hpp"
#include "cloud/oauth/jwt.hpp"
#include "support/azure_auth_bench.hpp"

namespace edsm::cloud::azure {
namespace {

using std::chrono::seconds;

net::Response answer(int status, std::string_view body) {
  net::Response response;
  response.status = status;
  response.body.append(body);
  return response;
}

std::string detail(std::string_view text) {
  return fmt::format("<Error><Code>404</Code><Detail>{}.TrackingId:x</Detail></Error>", text);
}

TEST(BusEntity, ADescriptionIsReadWhateverItsPrefixes) {
  const auto facts =
      parse_entity(R"(<entry xmlns="http://www.w3.org/2005/Atom"><title>events</title>
      <content type="application/xml"><QueueDescription xmlns="http://x" xmlns:i="http://y">
      <LockDuration>PT1M30S</LockDuration><RequiresSession>true</RequiresSession>
      <MaxDeliveryCount>10</MaxDeliveryCount><MessageCount>9</MessageCount><Status>Active</Status>
      <CountDetails xmlns:d2p1="http://z"><d2p1:ActiveMessageCount>3</d2p1:ActiveMessageCount>
      <d2p1:DeadLetterMessageCount>2</d2p1:DeadLetterMessageCount>
      <d2p1:TransferDeadLetterMessageCount>7</d2p1:TransferDeadLetterMessageCount></CountDetails>
      <EnablePartitioning>false</EnablePartitioning></QueueDescription></content></entry>)");
  ASSERT_TRUE(facts);
  EXPECT_EQ(facts->lock, seconds(90));
  EXPECT_EQ(facts->max_deliveries, 10);
  EXPECT_TRUE(facts->sessions);
  EXPECT_FALSE(facts->partitioned);
  EXPECT_EQ(facts->status, "Active");
  EXPECT_EQ(facts->waiting, 3);
  EXPECT_EQ(facts->dead_letters, 2);
}

TEST(BusEntity, WhatADescriptionLeavesOutIsNotKnown) {
  const auto facts = parse_entity(
      "<SubscriptionDescription><LockDuration>P1D</LockDuration><EnablePartitioning>True"
      "</EnablePartitioning></SubscriptionDescription>");
  ASSERT_TRUE(facts);
  EXPECT_EQ(facts->lock, std::nullopt);
  EXPECT_TRUE(facts->partitioned);
  EXPECT_EQ(facts->waiting, std::nullopt);
  for (const std::string_view none : {"", "<feed></feed>", "<TopicDescription/>"}) {
    const auto nothing = parse_entity(none);
    ASSERT_FALSE(nothing) << none;
    EXPECT_EQ(nothing.error().code, kNoEntity);
  }
  // Cut anywhere, it is no trouble.
  const std::string_view whole = "<QueueDescription><LockDuration>PT1M</LockDuration>";
  for (std::size_t size = 0; size < whole.size(); ++size) {
    const auto cut = parse_entity(whole.substr(0, size));
    EXPECT_TRUE(!cut || cut->max_deliveries == 0);
  }
}

TEST(BusEntity, WhatIsNotThereIsToldFromALockThatIsNot) {
  struct Row {
    int status;
    std::string body;
    std::string_view code;
  };
  const Row rows[] = {
      {404, detail("No service is hosted at the specified address."), kNoEntity},
      {404, detail("40400: Endpoint not found., MessagingEntityNotFound"), kNoEntity},
      {404, detail("The lock supplied is invalid."), kNoLock},
      {410, detail("x"), kNoLock},
      {410, detail("No service is hosted at the specified address."), kNoEntity},
      {409, detail("lock invalid"), kNoLock},
      {404, detail("Not here"), "Http404"},
      {404, "", "Http404"},
      {401, "<Detail>Unauthorized access. 'Listen' claim(s)</Detail>", "Unauthorized"},
      {500, detail("The lock"), "Http500"},
  };
  for (const auto& [status, body, code] : rows)
    EXPECT_EQ(entity_error(answer(status, body), "x").code, code) << status << body;
}

TEST(BusEntity, CallsNameTheEntity) {
  const auto queue = parse_queue_url("https://shop.servicebus.windows.net/a/b", public_cloud());
  const auto subscription = parse_queue_url(
      "https://shop.servicebus.windows.net/topic/Subscriptions/edsm", public_cloud());
  EXPECT_EQ(describe_call(*queue).path, "/a/b?api-version=2017-04");
  EXPECT_EQ(describe_call(*queue).method, net::Method::get);
  EXPECT_EQ(touch_call(*subscription).path,
            "/topic/Subscriptions/edsm/messages/1/00000000-0000-0000-0000-000000000000");
  EXPECT_EQ(touch_call(*queue).method, net::Method::post);
  EXPECT_EQ(send_call(*queue, base::SecretBytes("x")).path, "/a/b/messages");
  EXPECT_EQ(send_call(*subscription, base::SecretBytes("x")).path, "/topic/messages");
}

std::string jwt(std::string_view claims) {
  base::SecretBytes text("e30.");
  oauth::append_base64url(claims, text);
  text.append(".c2ln");
  return std::string(text.view());
}

TEST(AzureOrigin, ATokenTellsWhomItIsFor) {
  const auto facts = read_token(jwt(R"({"appid":"app","oid":"object","tid":"tenant",
      "xms_mirid":"/subscriptions/s/userAssignedIdentities/edsm"})"));
  EXPECT_EQ(facts.application, "app");
  EXPECT_EQ(facts.object, "object");
  EXPECT_EQ(facts.tenant, "tenant");
  EXPECT_EQ(facts.resource, "/subscriptions/s/userAssignedIdentities/edsm");
  EXPECT_EQ(read_token(jwt(R"({"azp":"v2"})")).application, "v2");
  EXPECT_EQ(read_token(jwt(R"({"oid":"a; rm -rf /"})")).object, "") << "it goes into commands";
  EXPECT_EQ(read_token(jwt(R"({"oid":5})")).object, "");
  EXPECT_EQ(read_token("opaque").object, "");
}

class AzureOriginOf : public testing::Test, protected test::AuthBench {
 protected:
  CredentialOrigin origin() {
    const auto loaded = load();
    EXPECT_TRUE(loaded);
    return origin_of(*loaded);
  }
};

TEST_F(AzureOriginOf, EachKind) {
  client({{"AZURE_CLIENT_SECRET", "hunter2"}});
  EXPECT_EQ(origin().how, "a client secret (AZURE_CLIENT_SECRET)");
  EXPECT_EQ(origin().client_id, test::client_id);
  EXPECT_EQ(origin().tenant, test::tenant);
  EXPECT_FALSE(origin().managed);
  files = {{"/token", "x"}};
  client({{"AZURE_FEDERATED_TOKEN_FILE", "/token"}});
  EXPECT_EQ(origin().how, "workload identity (AZURE_FEDERATED_TOKEN_FILE=/token)");
  variables = {{"AZURE_CLIENT_ID", "mine"}};
  EXPECT_EQ(origin().how, "a managed identity of the machine (http://169.254.169.254)");
  EXPECT_EQ(origin().client_id, "mine");
  EXPECT_TRUE(origin().managed);
  variables = {{"IDENTITY_ENDPOINT", "http://127.0.0.1/t"}, {"IDENTITY_HEADER", "h"}};
  EXPECT_EQ(origin().how,
            "a managed identity of App Service (IDENTITY_ENDPOINT=http://127.0.0.1/t)");
}

}  // namespace
}  // namespace edsm::cloud::azure
