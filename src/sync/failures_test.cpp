// What goes wrong on the way of a change, in memory: nothing is wiped, lost, doubled or
// acknowledged too early.

#include <algorithm>

#include <gtest/gtest.h>

#include "support/sync_world.hpp"
#include "sync/names.hpp"

namespace edsm::sync {
namespace {

using namespace std::chrono_literals;
using base::Failure;
using net::Method;
using support::FakeKube;
using support::SyncWorld;
using Fault = FakeKube::Fault;
using Names = std::vector<std::string>;

const std::string kSecretPath = "/ns/secrets";

/// One binding "b" of "db" to "t", which the Deployment "w" uses, all in order.
class Failures : public testing::Test {
 protected:
  Failures() {
    world.provider.set("db", "v1", R"({"pass":"one"})");
    world.bind("b", "db", "t");
    world.start();
    world.go();
    world.deploy("w", R"(["t"])");
    world.go();
    world.pass(5s);
    world.kube.seen.clear();
    world.provider.batches.clear();
  }
  void change(const std::string& version, const std::string& bytes) {
    world.provider.set("db", version, bytes);
    world.inbox.hint("m-" + version, "aws/r/db", version);
  }

  SyncWorld world;
};

TEST_F(Failures, NoErrorOfTheCloudEverTouchesTheTarget) {
  const std::pair<Failure, std::string_view> rows[] = {
      {Failure::transient, ""},        {Failure::throttled, ""},
      {Failure::credentials, ""},      {Failure::refused, "AccessDenied"},
      {Failure::absent, "SourceGone"}, {Failure::invalid, "SourceInvalid"},
  };
  const auto before = *world.kube.find(SyncWorld::secret("t"));
  int number = 0;
  for (const auto& [failure, reason] : rows) {
    world.provider.fail("db", failure);
    ++number;
    world.inbox.hint(fmt::format("m{}", number), "aws/r/db", fmt::format("v{}", number + 1));
    world.go();
    EXPECT_EQ(*world.kube.find(SyncWorld::secret("t")), before) << base::to_string(failure);
    if (!reason.empty()) EXPECT_EQ(world.reason("b"), reason);
  }
  world.pass(30s);
  EXPECT_EQ(*world.kube.find(SyncWorld::secret("t")), before);
  EXPECT_EQ(world.restarts("w"), 0U);
}

TEST_F(Failures, NoBadValueEverTouchesTheTarget) {
  const auto before = *world.kube.find(SyncWorld::secret("t"));
  const std::pair<std::string, std::string> rows[] = {{R"({"pass":"canary)", "NotJSON"},
                                                      {R"({"pa ss":"canary"})", "InvalidKey"},
                                                      {std::string(1'048'577, 'c'), "TooLarge"}};
  int number = 1;
  for (const auto& [bytes, reason] : rows) {
    change(fmt::format("v{}", ++number), bytes);
    world.go();
    EXPECT_EQ(*world.kube.find(SyncWorld::secret("t")), before) << reason;
    EXPECT_EQ(world.reason("b"), reason);
  }
  EXPECT_FALSE(world.sink.has("canary"));
  EXPECT_EQ(world.inbox.acknowledged, Names{}) << "they go on to the dead-letter queue";
  EXPECT_EQ(world.shared.fetcher.held(), 0U);
  change("v9", R"({"pass":"good"})");
  world.go();
  EXPECT_EQ(world.data("t", "pass"), "good");
  EXPECT_EQ(world.reason("b"), "Synced");
}

TEST_F(Failures, ATransientErrorIsRetriedAndTheMessageWaits) {
  world.provider.fail("db", Failure::transient);
  world.inbox.hint("m", "aws/r/db", "v2");
  world.go();
  EXPECT_EQ(world.reason("b"), "Synced") << "a passing trouble is not shown";
  EXPECT_EQ(world.inbox.acknowledged, Names{});
  world.provider.heal("db");
  world.provider.set("db", "v2", R"({"pass":"two"})");
  world.pass(20s);
  EXPECT_EQ(world.data("t", "pass"), "two");
  EXPECT_EQ(world.restarts("w"), 1U);
  EXPECT_EQ(world.inbox.acknowledged, Names{"m"});
  EXPECT_EQ(world.inbox.held, (std::vector<std::pair<std::string, base::Duration>>{}))
      << "within its hold time";
}

TEST_F(Failures, WhileKubernetesTakesNothingNoValueIsReadForItAgain) {
  world.kube.fault(Method::patch, kSecretPath, Fault::cut);
  for (int i = 0; i < 4; ++i) world.kube.fault(Method::get, kSecretPath, Fault::cut);
  change("v2", R"({"pass":"two"})");
  world.pass(1min);
  const auto looks = std::ranges::count_if(
      world.kube.seen, [](const auto& seen) { return seen.method == Method::get; });
  EXPECT_EQ(looks, 5) << "it is Kubernetes that is asked again";
  EXPECT_EQ(world.provider.batches.size(), 2U) << "once more, for the value is not kept";
  EXPECT_EQ(world.data("t", "pass"), "two");
  EXPECT_EQ(world.restarts("w"), 1U);
}

TEST_F(Failures, MessagesAreHeldOnAndGoBackWhenPatienceEnds) {
  world.provider.fail("db", Failure::transient);
  world.inbox.hint("m", "aws/r/db", "v2");
  world.pass(1min);
  EXPECT_GE(world.inbox.held.size(), 2U);
  EXPECT_EQ(world.shared.ledger.open_count(), 1U);
  world.pass(15min, 1s);
  EXPECT_EQ(world.reason("b"), "SourceUnavailable");
  EXPECT_EQ(world.shared.ledger.open_count(), 0U);
  EXPECT_EQ(world.inbox.acknowledged, Names{}) << "left in its queue";
  EXPECT_TRUE(world.sink.has("event left in its queue"));
  world.provider.heal("db");
  world.provider.set("db", "v2", R"({"pass":"two"})");
  world.pass(10min, 1s);
  EXPECT_EQ(world.data("t", "pass"), "two") << "the binding goes on by itself";
}

TEST_F(Failures, ARefusalReturnsTheMessageAtOnce) {
  world.provider.fail("db", Failure::refused, "AccessDeniedException");
  world.inbox.hint("m", "aws/r/db", "v2");
  world.go();
  EXPECT_EQ(world.shared.ledger.open_count(), 0U);
  EXPECT_EQ(world.inbox.acknowledged, Names{});
  EXPECT_TRUE(world.sink.has("AccessDenied"));
}

TEST_F(Failures, WhereThereIsNothingToReadTheMessageHasHadItsEffect) {
  world.provider.fail("db", Failure::refused, std::string(cloud::kSourceDisabled));
  world.inbox.hint("disabled", "aws/r/db", "");
  world.go();
  EXPECT_EQ(world.reason("b"), "SourceDisabled");
  EXPECT_EQ(world.inbox.acknowledged, Names{"disabled"}) << "not a dead letter";
  world.provider.fail("db", Failure::absent);
  world.inbox.hint("deleted", "aws/r/db", "");
  world.go();
  EXPECT_EQ(world.reason("b"), "SourceGone");
  EXPECT_EQ(world.inbox.acknowledged, (Names{"disabled", "deleted"}));
  world.provider.heal("db");
  world.provider.set("db", "v1", R"({"pass":"made anew"})");
  world.inbox.hint("added", "aws/r/db", "v1");
  world.go();
  EXPECT_EQ(world.data("t", "pass"), "made anew") << "with the version that the old one had";
}

TEST_F(Failures, AWriteWhoseReplyWasLostIsNotRepeatedAndRollsOutOnce) {
  world.kube.fault(Method::patch, kSecretPath, Fault::lose_reply);
  change("v2", R"({"pass":"two"})");
  world.go();
  EXPECT_EQ(world.data("t", "pass"), "two");
  EXPECT_EQ(world.inbox.acknowledged, Names{});
  world.pass(20s);
  EXPECT_EQ(world.kube.count(Method::patch, kSecretPath), 1U);
  EXPECT_EQ(world.restarts("w"), 1U);
  EXPECT_EQ(world.inbox.acknowledged, Names{"m-v2"});
}

TEST_F(Failures, ALostReplyAndAWatchThatLagsStillRollOutBeforeTheAcknowledgement) {
  world.kube.fault(Method::patch, kSecretPath, Fault::lose_reply);
  change("v2", R"({"pass":"two"})");
  world.poll();
  for (int i = 0; i < 80; ++i) {  // 20 s without a word from the watches
    world.clock.advance(250ms);
    world.poll();
  }
  EXPECT_EQ(world.reason("b"), "Synced");
  EXPECT_EQ(world.restarts("w"), 1U);
  EXPECT_EQ(world.inbox.acknowledged, Names{"m-v2"});
  world.pass(10s);
  EXPECT_EQ(world.restarts("w"), 1U);
}

TEST_F(Failures, WhatTouchesATargetBeforeTheRolloutIsHealedBeforeTheAcknowledgement) {
  const std::pair<std::string, std::function<void(SyncWorld&)>> rows[] = {
      {"marks",
       [](SyncWorld& w) {
         auto secret = *w.kube.find(SyncWorld::secret("t"));
         secret["metadata"].as_object().erase("annotations");
         w.kube.put(SyncWorld::secret("t"), secret);
       }},
      {"secret", [](SyncWorld& w) { w.kube.erase(SyncWorld::secret("t")); }},
  };
  for (const auto& [taken, take] : rows) {
    const auto restarts = world.restarts("w");
    const auto value = fmt::format(R"({{"pass":"{}"}})", taken);
    change(taken, value);
    world.go();
    world.provider.fail("db", Failure::transient);
    take(world);
    world.pass(10s);
    EXPECT_EQ(std::ranges::count(world.inbox.acknowledged, "m-" + taken), 0) << taken;
    EXPECT_EQ(world.restarts("w"), restarts) << taken;
    world.provider.heal("db");
    world.provider.set("db", taken, value);
    world.pass(5min, 1s);
    EXPECT_EQ(world.restarts("w"), restarts + 1) << taken;
    EXPECT_EQ(std::ranges::count(world.inbox.acknowledged, "m-" + taken), 1) << taken;
  }
}

TEST(FailuresAtFirst, ACreateWhoseReplyWasLostRollsOutAlthoughTheWatchLags) {
  SyncWorld world;
  world.provider.set("db", "v1", R"({"pass":"one"})");
  world.bind("b", "db", "t");
  world.deploy("w", R"(["t"])");
  world.kube.fault(Method::post, kSecretPath, Fault::lose_reply);
  world.watch();
  world.start();
  for (int i = 0; i < 80; ++i) {
    world.poll();
    world.clock.advance(250ms);
  }
  EXPECT_EQ(world.kube.count(Method::post, kSecretPath), 1U);
  EXPECT_EQ(world.reason("b"), "Synced");
  EXPECT_EQ(world.restarts("w"), 1U);
  world.pass(10s);
  EXPECT_EQ(world.restarts("w"), 1U);
}

TEST_F(Failures, ARefusedWriteKeepsTheTargetAndSaysWhy) {
  const std::pair<int, std::string_view> rows[] = {
      {403, "Forbidden"}, {422, "TargetRefused"}, {413, "TargetRefused"}};
  int number = 1;
  for (const auto& [status, reason] : rows) {
    world.kube.fault(Method::patch, kSecretPath, Fault::refuse, status, "Refused");
    change(fmt::format("v{}", ++number), fmt::format(R"({{"pass":"{}"}})", number));
    world.go();
    EXPECT_EQ(world.data("t", "pass"), "one");
    EXPECT_EQ(world.reason("b"), reason) << status;
  }
}

TEST_F(Failures, AServerThatIsDownForAWhileIsWaitedFor) {
  for (int i = 0; i < 3; ++i)
    world.kube.fault(Method::patch, kSecretPath, i == 1 ? Fault::cut : Fault::refuse);
  change("v2", R"({"pass":"two"})");
  world.pass(30s);
  EXPECT_EQ(world.data("t", "pass"), "two");
  EXPECT_EQ(world.restarts("w"), 1U);
  EXPECT_EQ(world.inbox.acknowledged, Names{"m-v2"});
}

TEST_F(Failures, AChangeInTheCloudDoesNotWaitForTheEndOfAFightOverTheTarget) {
  const auto path = SyncWorld::secret("t");
  for (int i = 0; i < 5; ++i) {
    world.kube.edit(path, R"({"data":{"pass":"eA=="}})");
    world.go();
  }
  ASSERT_EQ(world.data("t", "pass"), "one");
  world.kube.edit(path, R"({"data":{"pass":"eA=="}})");
  world.go();
  ASSERT_EQ(world.data("t", "pass"), "x") << "healing waits now";
  change("v2", R"({"pass":"two"})");
  world.go();
  EXPECT_EQ(world.data("t", "pass"), "two");
  // The other party insists: that is the fight again.
  world.kube.edit(path, R"({"data":{"pass":"eA=="}})");
  world.go();
  EXPECT_EQ(world.data("t", "pass"), "x");
  world.inbox.hint("again", "aws/r/db", "v2");
  world.go();
  EXPECT_EQ(world.data("t", "pass"), "x") << "an event about what was applied is no news";
  world.pass(1min);
  EXPECT_EQ(world.data("t", "pass"), "two");
  EXPECT_EQ(world.inbox.acknowledged, (Names{"m-v2", "again"}));
}

TEST_F(Failures, AMessageIsForTheRunThatBeginsAfterIt) {
  // A second change arrives while the first one's value is on its way.
  base::Gate gate;
  world.provider.hold = &gate;
  change("v2", R"({"pass":"two"})");
  world.go();
  change("v3", R"({"pass":"three"})");
  world.go();
  gate.open();
  world.go();
  world.provider.hold = nullptr;
  world.pass(10s);
  EXPECT_EQ(world.data("t", "pass"), "three");
  EXPECT_EQ(world.inbox.acknowledged.size(), 2U);
  EXPECT_EQ(world.restarts("w"), 1U);
  EXPECT_EQ(world.shared.fetcher.held(), 0U);
}

/// A binding with deletionPolicy Delete.
class SourceGone : public testing::Test {
 protected:
  SourceGone() {
    world.provider.set("db", "v1", R"({"pass":"one"})");
    world.bind("b", "db", "t", R"("target":{"deletionPolicy":"Delete"})");
    world.start();
    world.go();
  }
  bool there() { return world.kube.find(SyncWorld::secret("t")) != nullptr; }

  SyncWorld world;
};

TEST_F(SourceGone, OnlyASourceThatStaysGoneDeletesTheTarget) {
  world.provider.fail("db", Failure::absent);
  world.inbox.hint("m", "aws/r/db");
  world.pass(50s);
  EXPECT_TRUE(there());
  EXPECT_EQ(world.inbox.acknowledged, Names{"m"}) << "nothing more can come of it";
  world.pass(15min, 1s);
  EXPECT_FALSE(there());
  world.provider.heal("db");
  world.pass(10min, 1s);
  EXPECT_EQ(world.data("t", "pass"), "one") << "it came back";
}

TEST_F(SourceGone, OtherErrorsDoNotCountAsGone) {
  world.provider.fail("db", Failure::transient);
  world.inbox.hint("m", "aws/r/db");
  world.pass(10min, 1s);
  world.provider.fail("db", Failure::absent);
  world.inbox.hint("n", "aws/r/db");
  world.pass(30s);
  EXPECT_TRUE(there()) << "gone for thirty seconds only";
}

TEST_F(SourceGone, ThatItMayNotBeDeletedIsSaidUntilItMay) {
  for (int i = 0; i < 3; ++i) {
    world.kube.fault(Method::del, kSecretPath, Fault::refuse, 403, "Forbidden");
  }
  world.provider.fail("db", Failure::absent);
  world.inbox.hint("m", "aws/r/db");
  const auto tries = [this] { return world.kube.count(Method::del, kSecretPath); };
  for (int i = 0; i < 900 && tries() == 0; ++i) world.pass(1s);
  for (int i = 0; i < 1800 && tries() < 3; ++i) {
    ASSERT_EQ(world.reason("b"), "Forbidden") << i << " s, and " << tries() << " tries";
    world.pass(1s);
  }
  EXPECT_EQ(tries(), 3U);
  world.pass(15min, 1s);
  EXPECT_FALSE(there());
}

TEST_F(SourceGone, RetainIsTheDefault) {
  world.provider.set("kept", "v1", "text");
  world.bind("k", "kept", "t2");
  world.go();
  world.provider.fail("kept", Failure::absent);
  world.inbox.hint("m", "aws/r/kept");
  world.pass(15min, 1s);
  EXPECT_EQ(world.data("t2", "value"), "text");
  EXPECT_EQ(world.reason("k"), "SourceGone");
}

}  // namespace
}  // namespace edsm::sync
