#include "cli/commands/doctor_bus.hpp"

#include <algorithm>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/azure_bench.hpp"

namespace edsm::cli {
namespace {

using base::Failure;
using cloud::azure::EntityFacts;
using testing::HasSubstr;
using testing::Not;
using Level = Finding::Level;

base::Error error(Failure failure, std::string_view code) {
  return {failure, std::string(code), "said"};
}

const Finding* find(const Findings& findings, Level level, std::string_view words) {
  const auto found = std::ranges::find_if(findings, [&](const Finding& each) {
    return each.level == level && each.what.contains(words);
  });
  return found == findings.end() ? nullptr : &*found;
}
std::string all(const Findings& findings) {
  return show_findings(findings, Output::table);
}

cloud::azure::Queue queue_of(std::string_view path) {
  return cloud::azure::parse_queue_url(fmt::format("https://shop.servicebus.windows.net/{}", path),
                                       cloud::azure::public_cloud())
      .value();
}

struct QueueRow {
  std::string_view what;
  base::Error touched;
  base::Result<EntityFacts> facts;
  Level level;
  std::string_view says;
  std::string_view remedy;
};

TEST(JudgeBus, WhatWasAnsweredToWhoMayNotManage) {
  const base::Result<EntityFacts> closed = std::unexpected(error(Failure::refused, "Unauthorized"));
  const auto no_lock = error(Failure::absent, cloud::azure::kNoLock);
  EntityFacts good{.lock = std::chrono::seconds(60),
                   .max_deliveries = 10,
                   .status = "Active",
                   .waiting = 2,
                   .dead_letters = 0};
  const auto with = [&](auto change) {
    EntityFacts facts = good;
    change(facts);
    return facts;
  };
  const QueueRow rows[] = {
      {"few rights", no_lock, closed, Level::good, "reachable, and may be received from", ""},
      {"few rights", no_lock, closed, Level::unknown, "whether it has sessions or partitions",
       "az resource show --ids"},
      {"missing", error(Failure::absent, cloud::azure::kNoEntity), closed, Level::failure,
       "NoEntity", "correct AZURE_SERVICEBUS_QUEUE_URL"},
      {"who knows", error(Failure::absent, "Http404"), closed, Level::unknown,
       "could not be told from this answer", "az resource show"},
      {"seen all the same", error(Failure::absent, "Http404"), good, Level::good,
       "reachable, held for 60 s; 2 messages waiting", ""},
      {"no role", error(Failure::refused, "Unauthorized"), closed, Level::failure,
       "or there is no such queue",
       "az role assignment create --role \"Azure Service Bus Data Receiver\" --assignee me --scope "
       "\"$(az resource list --resource-type Microsoft.ServiceBus/namespaces --name shop --query "
       "'[0].id' --output tsv)/queues/events\""},
      {"no role", error(Failure::credentials, "Http401"), closed, Level::failure, "Http401",
       "see that AZURE_SERVICEBUS_QUEUE_URL is right"},
      {"sessions", error(Failure::refused, "Http400"), closed, Level::failure,
       "it may require sessions", "az servicebus queue create"},
      {"sessions", error(Failure::refused, "Http400"),
       with([](EntityFacts& f) { f.sessions = true; }), Level::failure, "it requires sessions",
       "make a queue without sessions"},
      {"away", error(Failure::transient, "Timeout"), closed, Level::failure, "Timeout",
       "see whether Azure Service Bus can be reached"},
      {"sessions", no_lock, with([](EntityFacts& f) { f.sessions = true; }), Level::failure,
       "it requires sessions", "name it in AZURE_SERVICEBUS_QUEUE_URL"},
      {"disabled", no_lock, with([](EntityFacts& f) { f.status = "ReceiveDisabled"; }),
       Level::failure, "its status is ReceiveDisabled", "--set properties.status=Active"},
      {"partitioned", no_lock, with([](EntityFacts& f) { f.partitioned = true; }), Level::warning,
       "it is partitioned", "make one that is not"},
      {"short", no_lock, with([](EntityFacts& f) { f.lock = std::chrono::seconds(5); }),
       Level::warning, "come back after 5 s already", "lockDuration=PT1M"},
      {"few", no_lock, with([](EntityFacts& f) { f.max_deliveries = 1; }), Level::warning,
       "given up after 1 deliveries", "maxDeliveryCount=10"},
      {"dead", no_lock, with([](EntityFacts& f) { f.dead_letters = 1; }), Level::warning,
       "1 message in its dead-letter queue", "docs/runbook.md"},
      {"good", no_lock, good, Level::good, "its dead-letter queue is empty", ""},
  };
  for (const auto& row : rows) {
    const QueueSeen seen{queue_of("events"), std::unexpected(row.touched), row.facts};
    const auto findings = judge_queue(seen, "me");
    const auto* const found = find(findings, row.level, row.says);
    ASSERT_NE(found, nullptr) << row.what << "\n" << all(findings);
    EXPECT_THAT(found->what, HasSubstr("servicebus/shop/events: ")) << row.what;
    EXPECT_THAT(found->remedy, HasSubstr(row.remedy)) << row.what;
    EXPECT_EQ(healthy(findings), row.level != Level::failure) << row.what;
  }
}

TEST(JudgeBus, KeysHaveClaimsAndTopicsHaveSubscriptions) {
  auto queue = queue_of("topic/subscriptions/edsm");
  queue.key = std::make_shared<cloud::azure::SharedKey>(
      cloud::azure::SharedKey{"listener", base::SecretBytes("hunter2")});
  const auto refused = std::unexpected(error(Failure::credentials, "InvalidSignature"));
  auto findings = judge_queue({queue, refused, refused}, "me");
  EXPECT_THAT(findings.at(0).remedy,
              HasSubstr("the key listener of AZURE_SERVICEBUS_CONNECTION_STRING"));
  EXPECT_THAT(all(findings), Not(HasSubstr("hunter2")));
  queue.key = nullptr;
  findings = judge_queue({queue, refused, refused}, "me");
  EXPECT_THAT(findings.at(0).remedy, HasSubstr(")/topics/topic/subscriptions/edsm\""));
}

class LookAtQueue : public testing::Test, protected cloud::azure::test::Bench {
 protected:
  QueueSeen look() {
    static const support::Strings files;
    auto settings = cloud::azure::load_settings(support::env_of(env_), support::files_of(files));
    cloud::azure::Cloud cloud(std::move(*settings), http, http, http, clock, log, metrics);
    return support::run(look_at_queue(
        cloud,
        cloud::azure::load_queues(support::env_of(env_), cloud::azure::public_cloud())->front()));
  }
  const support::Strings env_ = {
      {"AZURE_SERVICEBUS_CONNECTION_STRING",
       "Endpoint=sb://shop.servicebus.windows.net/;SharedAccessKeyName=k;SharedAccessKey=hunter2;"
       "EntityPath=events"}};
};

TEST_F(LookAtQueue, ReceivesNothing) {
  http.reply(404, "<Error><Detail>The lock supplied is invalid.</Detail></Error>")
      .reply(200, "<QueueDescription><MaxDeliveryCount>10</MaxDeliveryCount></QueueDescription>");
  const auto seen = look();
  EXPECT_EQ(seen.touched.error().code, cloud::azure::kNoLock);
  EXPECT_TRUE(seen.facts);
  ASSERT_EQ(http.seen.size(), 2U);
  for (const auto& call : http.seen) EXPECT_THAT(call.url, Not(HasSubstr("/head")));
}

TEST_F(LookAtQueue, AsksNoMoreOfOneThatDoesNotAnswer) {
  for (int i = 0; i < 3; ++i) http.reply_error(Failure::transient, "Timeout");
  const auto seen = look();
  EXPECT_EQ(seen.touched.error().code, "Timeout");
  EXPECT_FALSE(seen.facts);
  EXPECT_EQ(http.seen.size(), 3U);
}

}  // namespace
}  // namespace edsm::cli
