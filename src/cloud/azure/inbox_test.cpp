#include "cloud/azure/inbox.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/time.hpp"
#include "support/azure_bus_bench.hpp"

namespace edsm::cloud::azure {
namespace {

using base::Failure;
using std::chrono::seconds;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;
using Texts = std::vector<std::string>;

constexpr auto origin = test::bus_origin;
constexpr std::string_view event =
    R"({"id":"1","topic":"/subscriptions/s","subject":"db","eventType":)"
    R"("Microsoft.KeyVault.SecretNewVersionCreated","eventTime":"2026-11-23T00:59:00Z","data":)"
    R"({"Id":"https://shop-kv.vault.azure.net/secrets/db/6ea20f8e2d6c4d5aa3a1b2c3d4e5f607","VaultName":"shop-kv",)"
    R"("ObjectType":"Secret","ObjectName":"db","Version":"6ea20f8e2d6c4d5aa3a1b2c3d4e5f607"},"dataVersion":"1"})";

/// With the keys of the real service's recorded answer (tests/vectors/azure), in its order.
net::Headers headers(int number, int deliveries = 1, int lock_seconds = 60) {
  const auto lock = fmt::format("{}/events/messages/{}/c00df4d6-{}", origin, number, number);
  return {
      {"Content-Type", "application/json"},
      {"Date", "Mon, 23 Nov 2026 01:00:00 GMT"},
      {"BrokerProperties",
       fmt::format(R"({{"DeliveryCount":{},"EnqueuedSequenceNumber":0,"EnqueuedTimeUtc":)"
                   R"("Mon, 23 Nov 2026 00:59:30 GMT","LockToken":"c00df4d6-{}","LockedUntilUtc":)"
                   R"("Mon, 23 Nov 2026 01:0{}:{:02} GMT","MessageId":"m{}","SequenceNumber":{},)"
                   R"("State":"Active","TimeToLive":922337203685.47754}})",
                   deliveries, number, lock_seconds / 60, lock_seconds % 60, number, number)},
      {"Location", lock}};
}

class BusInboxTest : public testing::Test, protected test::BusBench {
 protected:
  base::Result<std::vector<Message>> receive() { return support::run(inbox->receive()); }
  static Texts codes(const std::vector<base::Result<>>& outcomes) {
    Texts all;
    for (const auto& outcome : outcomes) all.push_back(outcome ? "ok" : outcome.error().code);
    return all;
  }
  Texts acknowledge(Texts tickets) {
    return codes(support::run(inbox->acknowledge(std::move(tickets))));
  }
  Texts hold(Texts tickets, base::Duration time) {
    return codes(support::run(inbox->hold(std::move(tickets), time)));
  }
  /// What was asked for: "events/messages/head?timeout=60".
  Texts polled() {
    Texts all;
    for (const auto& seen : polls.seen) all.push_back(seen.url.substr(origin.size() + 1));
    polls.seen.clear();
    return all;
  }
};

const std::string long_poll = "events/messages/head?timeout=60";
const std::string short_poll = "events/messages/head?timeout=0";

TEST_F(BusInboxTest, ReceivesByALongPollOnItsOwnConnections) {
  polls.reply(201, event, headers(1, 3));
  const auto got = receive();
  ASSERT_TRUE(got);
  ASSERT_EQ(got->size(), 1U);
  const auto& message = got->front();
  ASSERT_TRUE(std::holds_alternative<Hint>(message.content));
  EXPECT_EQ(std::get<Hint>(message.content).version, "6ea20f8e2d6c4d5aa3a1b2c3d4e5f607");
  EXPECT_EQ(message.ticket, "/events/messages/1/c00df4d6-1");
  EXPECT_EQ(message.id, "m1");
  EXPECT_EQ(message.receive_count, 3);
  EXPECT_EQ(message.sent_at, base::parse_rfc3339("2026-11-23T00:59:30Z"));

  const auto& seen = polls.seen.at(0);
  EXPECT_EQ(seen.method, net::Method::post);
  EXPECT_EQ(seen.url, std::string(origin) + "/" + long_poll);
  EXPECT_EQ(seen.body, "");
  EXPECT_EQ(seen.headers.find("Authorization"), "Bearer token-1");
  EXPECT_EQ(seen.timeout, base::Duration(seconds(75)));
  EXPECT_GT(inbox->stuck_after(), seen.timeout);
  EXPECT_TRUE(api.seen.empty());
  EXPECT_EQ(inbox->name(), "servicebus/shop/events");
}

TEST_F(BusInboxTest, FactsNeedNoCall) {
  const auto facts = support::run(inbox->describe());
  ASSERT_TRUE(facts);
  EXPECT_TRUE(facts->dead_letters);
  EXPECT_EQ(facts->hold_time, base::Duration(seconds(30)));
  EXPECT_TRUE(api.seen.empty() && polls.seen.empty());
}

TEST_F(BusInboxTest, APollThatEndsWithoutAMessageIsEmpty) {
  polls.reply(204).reply(504, "<html>").reply(408).reply_error(Failure::transient, "Timeout");
  for (int i = 0; i < 4; ++i) {
    const auto before = clock.slept();
    const auto got = receive();
    ASSERT_TRUE(got) << i;
    EXPECT_TRUE(got->empty());
    EXPECT_EQ(clock.slept() - before, base::Duration(seconds(1))) << "and does not spin";
  }
  EXPECT_TRUE(polls.exhausted()) << "once each: the caller receives again anyway";
}

TEST_F(BusInboxTest, ACrowdIsReceivedSideBySide) {
  polls.reply(201, event, headers(1));
  EXPECT_EQ(receive()->size(), 1U);
  EXPECT_THAT(polled(), ElementsAre(long_poll));
  for (const int width : {2, 4, 8, 8}) {
    for (int i = 0; i < width; ++i) polls.reply(201, event, headers(10 + i));
    EXPECT_EQ(receive()->size(), static_cast<std::size_t>(width));
    EXPECT_EQ(polled(), Texts(static_cast<std::size_t>(width), short_poll));
  }
  // The crowd is over: what came is given out, and the long poll waits again.
  for (int i = 0; i < 3; ++i) polls.reply(201, event, headers(20 + i));
  for (int i = 0; i < 5; ++i) polls.reply(204);
  EXPECT_EQ(receive()->size(), 3U);
  polled();
  polls.reply(204);
  EXPECT_TRUE(receive()->empty());
  EXPECT_THAT(polled(), ElementsAre(long_poll));
}

TEST_F(BusInboxTest, OneMessageAloneIsFollowedByTheLongPollAtOnce) {
  polls.reply(201, event, headers(1)).reply(204).reply(204).reply(201, event, headers(2));
  EXPECT_EQ(receive()->size(), 1U);
  EXPECT_EQ(receive()->size(), 1U);
  EXPECT_THAT(polled(), ElementsAre(long_poll, short_poll, short_poll, long_poll));
  EXPECT_EQ(clock.slept(), base::Duration::zero());
}

TEST_F(BusInboxTest, WhatFailsBesideAMessageDoesNotLoseIt) {
  polls.reply(201, event, headers(1)).reply(503).reply(201, event, headers(2)).reply(503);
  EXPECT_EQ(receive()->size(), 1U);
  const auto got = receive();
  ASSERT_TRUE(got);
  EXPECT_EQ(got->front().id, "m2");
  const auto failed = receive();
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().failure, Failure::transient);
}

TEST_F(BusInboxTest, MessagesOfUnknownShape) {
  polls.reply(201, "hunter2", headers(1));
  auto got = receive();
  ASSERT_TRUE(std::holds_alternative<Malformed>(got->front().content));
  EXPECT_EQ(got->front().ticket, "/events/messages/1/c00df4d6-1");
  // Without properties it can still be settled.
  polls.reply(204).reply(204).reply(
      201, event,
      {{"Location", "https://shop.servicebus.windows.net:443/Events/messages/7/x?a=b"}});
  got = receive();
  EXPECT_TRUE(std::holds_alternative<Hint>(got->front().content));
  EXPECT_EQ(got->front().ticket, "/Events/messages/7/x?a=b") << "as it came";
  EXPECT_EQ(got->front().receive_count, 1);
  EXPECT_FALSE(got->front().sent_at);
}

TEST_F(BusInboxTest, ATokenGoesToNoOtherPlaceThanTheQueuesLocks) {
  for (const std::string_view location :
       {"", "/events/messages/1/x", "https://evil.example/events/messages/1/x",
        "http://shop.servicebus.windows.net/events/messages/1/x",
        "https://shop.servicebus.windows.net:8443/events/messages/1/x",
        "https://shop.servicebus.windows.net.evil.example/events/messages/1/x",
        "https://shop.servicebus.windows.net@evil.example/events/messages/1/x",
        "https://shop.servicebus.windows.net/other/messages/1/x",
        "https://shop.servicebus.windows.net/events",
        "https://shop.servicebus.windows.net/events/messages/../../other"}) {
    inbox = make(queue);
    polls.reply(201, event, {{"Location", std::string(location)}});
    const auto got = receive();
    ASSERT_TRUE(got) << location;
    EXPECT_EQ(got->front().ticket, "") << location;
    ASSERT_TRUE(std::holds_alternative<Malformed>(got->front().content)) << location;
  }
  EXPECT_THAT(acknowledge({""}), ElementsAre("UntrustedLock"));
  EXPECT_TRUE(api.seen.empty());
}

TEST_F(BusInboxTest, SettlesByTheLock) {
  api.reply(200).reply(200).reply(404).reply(410).reply(409);
  EXPECT_THAT(acknowledge({"/events/messages/1/a", "/events/messages/2/b?x=y",
                           "/events/messages/3/c", "/events/messages/4/d", "/events/messages/5/e"}),
              ElementsAre("ok", "ok", "LockLost", "LockLost", "LockLost"));
  for (const auto& seen : api.seen) EXPECT_EQ(seen.method, net::Method::del);
  EXPECT_EQ(api.seen.at(1).url, std::string(origin) + "/events/messages/2/b?x=y");
  EXPECT_EQ(api.seen.at(0).headers.find("Authorization"), "Bearer token-1");
  EXPECT_TRUE(polls.seen.empty());

  api.seen.clear();
  api.reply(200).reply(404).reply(200);
  EXPECT_THAT(hold({"/events/messages/1/a", "/events/messages/2/b"}, seconds(30)),
              ElementsAre("ok", "LockLost"));
  EXPECT_EQ(api.seen.at(0).method, net::Method::post);
  EXPECT_THAT(hold({"/events/messages/1/a"}, seconds(0)), ElementsAre("ok"));
  EXPECT_EQ(api.seen.at(2).method, net::Method::put);
  EXPECT_THAT(acknowledge({}), ElementsAre());
  EXPECT_TRUE(api.exhausted());
}

TEST_F(BusInboxTest, SettlesManyAndSomeMayFail) {
  Texts tickets;
  for (int i = 0; i < 100; ++i) {
    tickets.push_back(fmt::format("/events/messages/{}/x", i));
    api.reply_with([](const support::ScriptedHttp::Seen& seen) -> base::Result<net::Response> {
      net::Response response;
      response.status = seen.url.ends_with("/7/x") ? 403 : 200;
      return response;
    });
  }
  const auto outcome = acknowledge(tickets);
  ASSERT_EQ(outcome.size(), 100U);
  for (std::size_t i = 0; i < outcome.size(); ++i) EXPECT_EQ(outcome[i], i == 7 ? "Http403" : "ok");
  EXPECT_TRUE(api.exhausted());
}

TEST_F(BusInboxTest, ErrorsNameTheQueueAndTheRemedy) {
  struct Row {
    int status;
    std::string_view detail;
    Failure failure;
    std::string_view remedy;
    int calls;
  };
  const Row rows[] = {
      {404, "No service is hosted", Failure::absent,
       "there is no shop.servicebus.windows.net/events (AZURE_SERVICEBUS_QUEUE_URL)", 1},
      {410, "", Failure::absent, "TOPIC/subscriptions/NAME", 1},
      {400, "requires sessions", Failure::refused, "may require sessions", 1},
      {403, "", Failure::refused, "grant the role \"Azure Service Bus Data Receiver\"", 1},
      {401, "Unauthorized access. 'Listen' claim(s) are required", Failure::refused,
       "grant the role \"Azure Service Bus Data Receiver\" on shop.servicebus.windows.net/events",
       2},
      {401, "ExpiredToken: The token is expired", Failure::credentials,
       "(shop.servicebus.windows.net/events)", 2},
      {503, "", Failure::transient, "(shop.servicebus.windows.net/events)", 1},
  };
  for (const auto& [status, detail, failure, remedy, calls] : rows) {
    const auto body = fmt::format(
        "<Error><Code>{}</Code><Detail>{} hunter2.TrackingId:x</Detail></Error>", status, detail);
    for (int i = 0; i < calls; ++i) polls.reply(status, body);
    const auto got = receive();
    ASSERT_FALSE(got) << remedy;
    EXPECT_EQ(got.error().failure, failure) << remedy;
    EXPECT_THAT(got.error().text, HasSubstr(std::string(remedy)));
    EXPECT_THAT(got.error().text, Not(HasSubstr("hunter2")));
    EXPECT_TRUE(polls.exhausted()) << remedy;
    clock.advance(std::chrono::minutes(10));
  }
}

TEST_F(BusInboxTest, ARefusedTokenIsRenewedOnce) {
  polls.reply(401, "<Error><Code>401</Code><Detail>ExpiredToken: x</Detail></Error>")
      .reply(201, event, headers(1));
  EXPECT_EQ(receive()->size(), 1U);
  EXPECT_EQ(polls.seen.at(0).headers.find("Authorization"), "Bearer token-1");
  EXPECT_EQ(polls.seen.at(1).headers.find("Authorization"), "Bearer token-2");
}

TEST_F(BusInboxTest, AThrottledPollSaysHowLongToWait) {
  polls.reply(429, "", {{"Retry-After", "7"}});
  const auto got = receive();
  ASSERT_FALSE(got);
  EXPECT_EQ(got.error().failure, Failure::throttled);
  EXPECT_EQ(got.error().retry_after, std::chrono::milliseconds(7000));
}

TEST_F(BusInboxTest, LocksThatAreTooShortAreSaidOnce) {
  const auto warnings = [&] {
    return std::ranges::count_if(sink.lines, [](const std::string& line) {
      return line.find("locks are too short") != std::string::npos;
    });
  };
  polls.reply(201, event, headers(1, 1, 30)).reply(204).reply(204).reply(204);
  EXPECT_TRUE(receive());
  EXPECT_TRUE(receive());
  EXPECT_EQ(warnings(), 0);
  for (int i = 0; i < 2; ++i) polls.reply(201, event, headers(2, 1, 10));
  EXPECT_TRUE(receive());
  polls.reply(204).reply(204);
  EXPECT_TRUE(receive());
  EXPECT_EQ(warnings(), 1);
}

class MadeInboxTest : public BusInboxTest {};

TEST_F(MadeInboxTest, OfASubscriptionAsTheControllersIdentity) {
  client({{"AZURE_CLIENT_SECRET", "hunter3"}});
  Credentials credentials(load(), deps());
  queue = parse_queue_url("https://shop.servicebus.windows.net/topic/Subscriptions/edsm",
                          public_cloud())
              .value();
  const auto made = make_inbox(queue, credentials, api, polls, wiring());
  api.reply(200, test::token_answer);
  polls.reply(
      201, event,
      {{"Location", "https://shop.servicebus.windows.net/topic/subscriptions/edsm/messages/1/x"}});
  const auto got = support::run(made->receive());
  ASSERT_TRUE(got);
  EXPECT_EQ(got->front().ticket, "/topic/subscriptions/edsm/messages/1/x");
  EXPECT_EQ(
      polls.seen.at(0).url,
      "https://shop.servicebus.windows.net/topic/Subscriptions/edsm/messages/head?timeout=60");
  EXPECT_EQ(polls.seen.at(0).headers.find("Authorization"), "Bearer hunter2");
  EXPECT_THAT(api.seen.at(0).body,
              HasSubstr("scope=https%3A%2F%2Fservicebus.azure.net%2F.default"));
}

TEST_F(MadeInboxTest, ByASharedKey) {
  Credentials credentials(load(), deps());
  variables = {{"AZURE_SERVICEBUS_CONNECTION_STRING",
                "Endpoint=sb://shop.servicebus.windows.net/;SharedAccessKeyName=listen;"
                "SharedAccessKey=hunter2;EntityPath=events"}};
  queue = load_queues(env, public_cloud())->front();
  const auto made = make_inbox(queue, credentials, api, polls, wiring());
  polls.reply(204);
  EXPECT_TRUE(support::run(made->receive()));
  EXPECT_THAT(std::string(polls.seen.at(0).headers.find("Authorization").value_or("")),
              testing::StartsWith("SharedAccessSignature sr=https%3A%2F%2Fshop.servicebus.windows."
                                  "net%2Fevents&sig="));
  polls.reply(401, "<Error><Code>401</Code><Detail>InvalidSignature: x</Detail></Error>");
  const auto got = support::run(made->receive());
  ASSERT_FALSE(got);
  EXPECT_EQ(got.error().failure, Failure::credentials);
  EXPECT_THAT(got.error().text, HasSubstr("the key listen of AZURE_SERVICEBUS_CONNECTION_STRING"));
  EXPECT_THAT(got.error().text, Not(HasSubstr("hunter2")));
  EXPECT_TRUE(api.seen.empty() && metadata.seen.empty()) << "nobody's identity is asked for";
}

}  // namespace
}  // namespace edsm::cloud::azure
