#include "sync/intake.hpp"

#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "support/sync_world.hpp"

namespace edsm::sync {
namespace {

using namespace std::chrono_literals;
using base::Failure;
using support::FakeInbox;
using support::SyncWorld;
using Names = std::vector<std::string>;

cloud::Message malformed(std::string ticket, int receive_count = 1) {
  return FakeInbox::message(std::move(ticket), cloud::Malformed{"it is not JSON"}, receive_count);
}

/// Two bindings in order; "x" and "y" are sources of one each.
class IntakeTest : public testing::Test {
 protected:
  explicit IntakeTest(Settings settings = {}) : world(std::move(settings)) {
    world.inbox.facts.dead_letters = true;
    for (const auto* const path : {"x", "y"}) world.provider.set(path, "v1", "text");
    world.bind("bx", "x", "tx");
    world.bind("by", "y", "ty");
  }
  void start() {
    world.watch();
    world.start();
    world.go();
  }
  const Names& acknowledged() const { return world.inbox.acknowledged; }

  SyncWorld world;
};

TEST_F(IntakeTest, WhatConcernsNobodyIsAcknowledgedWithoutWork) {
  start();
  const auto fetches = world.fetches();
  world.inbox.hint("unmatched", "aws/r/zzz", "v9");
  world.inbox.push(FakeInbox::message("no keys", cloud::Hint{{}, "", "Event"}));
  world.inbox.push(FakeInbox::message("irrelevant", cloud::Irrelevant{"GetSecretValue"}));
  world.go();
  EXPECT_EQ(acknowledged(), (Names{"unmatched", "no keys", "irrelevant"}));
  EXPECT_EQ(world.fetches(), fetches);
}

TEST_F(IntakeTest, AHintReachesOnlyTheBindingsItConcerns) {
  start();
  world.provider.batches.clear();
  world.provider.set("x", "v2", "two");
  world.provider.set("y", "v2", "two");
  world.inbox.push(
      FakeInbox::message("m", cloud::Hint{{"aws/r/other", "aws/r/x"}, "v2", "PutSecretValue"}));
  world.go();
  EXPECT_EQ(world.provider.batches, std::vector<Names>{{"x"}});
  EXPECT_EQ(world.data("tx", "value"), "two");
  EXPECT_EQ(world.data("ty", "value"), "text");
  EXPECT_EQ(acknowledged(), Names{"m"});
}

/// Forty secrets change, and their cloud does not answer until `answer` is opened.
class Crowd : public IntakeTest {
 protected:
  void begin() {
    for (int i = 0; i < kMany; ++i) {
      const auto path = fmt::format("many-{}", i);
      world.provider.set(path, "v1", "text");
      world.bind("b-" + path, path, "t-" + path);
    }
    start();
    world.provider.hold = &answer;
    for (int i = 0; i < kMany; ++i) {
      const auto path = fmt::format("many-{}", i);
      world.provider.set(path, "v2", "two");
      world.inbox.hint(path, "aws/r/" + path, "v2");
    }
    world.inbox.hint("unmatched", "aws/r/zzz", "v9");
    world.go();
  }

  static constexpr int kMany = 40;
  base::Gate answer;
};

TEST_F(Crowd, IsAcknowledgedInFullCallsOnceItIsThrough) {
  begin();
  answer.open();
  world.go();
  world.pass(100ms, 100ms);
  EXPECT_EQ(acknowledged().size(), kMany + 1);
  EXPECT_LE(world.inbox.acknowledgements, 2);
}

TEST_F(Crowd, KeepsWhatIsDoneWaitingNotForLong) {
  begin();
  world.pass(1900ms, 100ms);
  EXPECT_EQ(acknowledged(), Names{});
  world.pass(100ms, 100ms);
  EXPECT_EQ(acknowledged(), Names{"unmatched"});
}

TEST_F(Crowd, KeepsNothingWaitingForMuchOfItsHoldTime) {
  world.inbox.facts.hold_time = 3s;
  begin();
  world.pass(200ms, 100ms);
  EXPECT_EQ(acknowledged(), Names{"unmatched"});
}

TEST_F(Crowd, IsHeldOnInTimeAllTheSame) {
  begin();
  world.pass(19s, 1s);
  world.inbox.hint("late", "aws/r/zzz", "v9");
  world.go();
  EXPECT_EQ(world.inbox.held.size(), 0U);
  world.pass(1s, 1s);
  EXPECT_EQ(world.inbox.held.size(), kMany);
}

TEST_F(IntakeTest, AHintWithoutAVersionReadsOnce) {
  start();
  world.provider.batches.clear();
  world.inbox.hint("m", "aws/r/x");
  world.go();
  EXPECT_EQ(world.provider.batches, std::vector<Names>{{"x"}});
  EXPECT_EQ(acknowledged(), Names{"m"});
}

TEST_F(IntakeTest, AMalformedMessageIsLeftToTheDeadLetterQueue) {
  start();
  world.inbox.push(malformed("m", 1));
  world.inbox.push(malformed("n", 1000));
  world.go();
  EXPECT_EQ(acknowledged(), Names{});
  EXPECT_EQ(world.shared.ledger.open_count(), 0U);
  EXPECT_TRUE(world.sink.has("left for the dead-letter queue"));
}

TEST_F(IntakeTest, WithoutADeadLetterQueueItIsDroppedInTheEnd) {
  world.inbox.facts.dead_letters = false;
  start();
  world.inbox.push(malformed("m", 9));
  world.go();
  EXPECT_EQ(acknowledged(), Names{});
  world.inbox.push(malformed("m", 10));
  world.go();
  EXPECT_EQ(acknowledged(), Names{"m"});
  EXPECT_NE(world.metrics.text().find(R"(outcome="dropped")"), std::string::npos);
}

TEST_F(IntakeTest, APoisonHintIsGivenUpOnlyWithoutADeadLetterQueue) {
  struct Row {
    bool dead_letters;
    int received;
    bool given_up;
  };
  for (const auto& row : {Row{true, 1000, false}, Row{false, 10, false}, Row{false, 11, true}}) {
    SyncWorld one;
    one.inbox.facts.dead_letters = row.dead_letters;
    one.provider.fail("x", Failure::refused);
    one.bind("bx", "x", "tx");
    one.watch();
    one.start();
    one.go();
    one.inbox.hint("m", "aws/r/x", "v2", row.received);
    one.go();
    EXPECT_EQ(one.inbox.acknowledged.size(), row.given_up ? 1U : 0U)
        << row.dead_letters << row.received;
    EXPECT_EQ(one.sink.has("event given up"), row.given_up);
  }
}

class BackPressure : public IntakeTest {
 protected:
  static Settings few() {
    Settings settings;
    settings.messages_in_work = 2;
    return settings;
  }
  BackPressure() : IntakeTest(few()) {}
};

TEST_F(BackPressure, NothingIsReceivedWhileTooMuchIsInWork) {
  start();
  base::Gate gate;
  world.provider.hold = &gate;
  world.inbox.hint("m1", "aws/r/x");
  world.inbox.hint("m2", "aws/r/y");
  world.inbox.hint("m3", "aws/r/x");
  world.pass(1s);
  EXPECT_EQ(world.inbox.receives, 2);
  EXPECT_EQ(world.shared.ledger.open_count(), 2U);
  gate.open();
  world.provider.hold = nullptr;
  world.pass(1s);
  EXPECT_EQ(acknowledged().size(), 3U);
}

TEST_F(IntakeTest, AQueueThatCannotBeDescribedIsTriedAgain) {
  const base::Error refused{Failure::refused, "AccessDenied", "sqs:GetQueueAttributes is missing",
                            std::nullopt};
  base::Error throttled{Failure::throttled, "Throttling", "slow down",
                        std::chrono::milliseconds(20'000)};
  world.inbox.describe_errors = {refused, throttled};
  start();
  EXPECT_EQ(world.inbox.describes, 1);
  EXPECT_EQ(world.inbox.receives, 0);
  world.pass(2s);
  EXPECT_EQ(world.inbox.describes, 2);
  world.pass(15s);
  EXPECT_EQ(world.inbox.describes, 2) << "as long as it was asked to wait";
  world.pass(10s);
  EXPECT_EQ(world.inbox.describes, 3);
  EXPECT_EQ(world.inbox.receives, 1);
  EXPECT_TRUE(world.sink.has("sqs:GetQueueAttributes is missing"));
  world.inbox.hint("m", "aws/r/x");
  world.go();
  EXPECT_TRUE(world.sink.has("queue can be read again"));
}

TEST_F(IntakeTest, AReceiveThatFailsIsTriedAgain) {
  start();
  world.inbox.push(FakeInbox::Batch(base::fail(Failure::transient, "Timeout", "no answer")));
  world.inbox.hint("m", "aws/r/x");
  world.go();
  EXPECT_EQ(acknowledged(), Names{});
  world.pass(3s);
  EXPECT_EQ(acknowledged(), Names{"m"});
  EXPECT_EQ(world.inbox.describes, 1);
}

TEST_F(IntakeTest, SilenceIsSeenByTheHealthProbe) {
  start();
  EXPECT_TRUE(world.health.stuck(world.clock.now() + 99s).empty());
  ASSERT_EQ(world.health.stuck(world.clock.now() + 101s).size(), 1U);
  EXPECT_NE(world.health.stuck(world.clock.now() + 101s)[0].find("fake/queue"), std::string::npos);
}

TEST_F(IntakeTest, AQueueThatDoesNotAnswerIsNoReasonToEndTheProcess) {
  base::Gate answer;
  world.inbox.silence = &answer;
  start();
  const auto alive = [&] { return world.health.stuck(world.clock.now()).empty(); };
  world.pass(95s);
  answer.open();
  world.go();
  world.pass(95s);
  EXPECT_TRUE(alive()) << "first it was described, now it is read";
  base::Error error{Failure::throttled, "Throttling", "slow down",
                    std::chrono::milliseconds(90'000)};
  world.inbox.push(FakeInbox::Batch(std::unexpected(std::move(error))));
  world.go();
  for (int i = 0; i < 90; ++i) {
    world.pass(1s);
    ASSERT_TRUE(alive()) << i << " s of the pause";
  }
  world.pass(101s);
  EXPECT_FALSE(alive()) << "a call that never returns";
}

TEST_F(IntakeTest, AQueueMayBeSilentForAsLongAsItsLongPollsTake) {
  world.inbox.patience = 180s;
  start();
  EXPECT_TRUE(world.health.stuck(world.clock.now() + 179s).empty());
  EXPECT_EQ(world.health.stuck(world.clock.now() + 181s).size(), 1U);
}

TEST_F(IntakeTest, AfterStopNothingMoreIsReceived) {
  start();
  world.intake.stop();
  world.inbox.hint("m1", "aws/r/x");
  world.inbox.hint("m2", "aws/r/x");
  world.go();
  EXPECT_EQ(acknowledged(), Names{"m1"}) << "the receive under way is finished";
}

}  // namespace
}  // namespace edsm::sync
