// A binding that is paused, in memory and in virtual time: nothing is done for it, and nothing of
// what was missed is lost.

#include "sync/pausing.hpp"

#include <algorithm>

#include <gtest/gtest.h>

#include "base/time.hpp"
#include "support/sync_world.hpp"
#include "sync/names.hpp"

namespace edsm::sync {
namespace {

using namespace std::chrono_literals;
using net::Method;
using support::SyncWorld;
using Names = std::vector<std::string>;

std::size_t times(const std::string& text, std::string_view part) {
  std::size_t count = 0;
  for (auto at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++count;
  return count;
}

/// All in order, see SyncWorld::settle_in_order.
class Paused : public testing::Test {
 protected:
  Paused() { world.settle_in_order(R"({"pass":"one"})"); }
  void annotate(const std::string& value) {
    const auto text = value.empty() ? "null" : "\"" + value + "\"";
    world.kube.edit(SyncWorld::binding("b"),
                    fmt::format(R"({{"metadata":{{"annotations":{{"{}":{}}}}}}})",
                                kPausedUntilAnnotation, text));
    world.go();
  }
  std::string in(base::Duration time) { return base::rfc3339_micro(world.clock.wall() + time); }
  /// Its status shows it, too, afterwards.
  void pause(base::Duration time) {
    annotate(in(time));
    world.pass(1s);
  }
  void change(const std::string& version, const std::string& bytes) {
    world.provider.set("db", version, bytes);
    world.inbox.hint("m-" + version, "aws/r/db", version);
    world.go();
  }
  /// "status reason" of a condition; "" if there is none.
  std::string condition(std::string_view type) {
    const auto status = decode_status(*world.kube.find(SyncWorld::binding("b")));
    const auto* const found = status.condition(type);
    return found == nullptr ? "" : found->status + " " + found->reason;
  }
  std::size_t statuses() const { return world.kube.count(Method::patch, "/status"); }

  SyncWorld world;
};

TEST_F(Paused, AChangeMeanwhileIsCaughtUpAtTheEnd) {
  pause(60s);
  change("v2", R"({"pass":"two"})");
  world.pass(30s);
  EXPECT_EQ(world.fetches(), 0U);
  EXPECT_EQ(world.data("t", "pass"), "one");
  EXPECT_EQ(world.inbox.acknowledged, Names{"m-v2"}) << "the end of the pause reads it again";
  world.pass(28s);
  EXPECT_EQ(world.fetches(), 0U);
  world.pass(3s);
  EXPECT_EQ(world.fetches(), 1U);
  EXPECT_EQ(world.data("t", "pass"), "two");
  world.pass(1min);
  EXPECT_EQ(world.restarts("w"), 1U);
  EXPECT_EQ(world.fetches(), 1U);
  EXPECT_EQ(times(world.sink.text, "binding paused"), 1U);
  EXPECT_EQ(times(world.sink.text, "binding resumed"), 1U);
}

TEST_F(Paused, ItEndsAtOnceWhenTheAnnotationGoes) {
  pause(24h);
  change("v2", R"({"pass":"two"})");
  EXPECT_EQ(world.data("t", "pass"), "one");
  annotate("");
  EXPECT_EQ(world.data("t", "pass"), "two");
  world.pass(5s);
  EXPECT_EQ(condition("Paused"), "");
  EXPECT_EQ(condition("Ready"), "True Synced");
}

TEST_F(Paused, WhatIsOverDoesNotBeginAgainWhenTheServersTimeIsKnownBetter) {
  pause(60s);
  for (int i = 0; i < 400 && world.fetches() == 0; ++i) world.pass(250ms);
  ASSERT_EQ(world.fetches(), 1U);
  world.clock.set_wall_offset(-1s);
  world.pass(10s);
  EXPECT_EQ(condition("Paused"), "");
  EXPECT_EQ(world.fetches(), 1U);
}

TEST_F(Paused, WithoutAChangeItsEndReadsOnceAndWritesNothing) {
  pause(60s);
  world.kube.seen.clear();
  world.pass(10min);
  EXPECT_EQ(world.fetches(), 1U);
  EXPECT_EQ(world.writes("t"), 0U);
  EXPECT_EQ(world.restarts("w"), 0U);
  EXPECT_EQ(statuses(), 1U) << "the pause is no longer shown";
  EXPECT_EQ(world.kube.seen.size(), 1U) << "nothing but that";
}

TEST_F(Paused, OtherConditionsStayAsTheyWere) {
  const auto before = decode_status(*world.kube.find(SyncWorld::binding("b")));
  pause(60s);
  EXPECT_EQ(condition("Paused"), "True Paused");
  const auto during = decode_status(*world.kube.find(SyncWorld::binding("b")));
  for (const auto* const type : {"Ready", "Synced", "Stalled"}) {
    EXPECT_EQ(*before.condition(type), *during.condition(type)) << type;
  }
  EXPECT_EQ(during.message, before.message);
  EXPECT_NE(during.condition("Paused")->message.find("paused until 2026-"), std::string::npos);
  world.pass(40s);
  EXPECT_EQ(statuses(), 1U) << "said once";
}

TEST_F(Paused, NothingIsHealed) {
  pause(60s);
  world.kube.edit(SyncWorld::secret("t"), R"({"data":{"pass":"eHg="}})");
  world.go();
  world.pass(30s);
  EXPECT_EQ(world.data("t", "pass"), "xx");
  EXPECT_EQ(world.writes("t"), 0U);
  world.kube.erase(SyncWorld::secret("t"));
  world.go();
  world.pass(10s);
  EXPECT_EQ(world.data("t", "pass"), "(none)");
  world.pass(30s);
  EXPECT_EQ(world.data("t", "pass"), "one");
  EXPECT_EQ(world.restarts("w"), 0U) << "the value is the one that the pods have";
}

TEST_F(Paused, ARolloutThatIsDueWaits) {
  change("v2", R"({"pass":"two"})");
  ASSERT_EQ(world.data("t", "pass"), "two");
  annotate(in(60s));
  world.pass(30s);
  EXPECT_EQ(world.restarts("w"), 0U);
  world.pass(40s);
  EXPECT_EQ(world.restarts("w"), 1U);
}

TEST_F(Paused, ARolloutThatIsDueIsMadeAtTheEndEvenIfTheValueCannotBeRead) {
  change("v2", R"({"pass":"two"})");
  ASSERT_EQ(world.data("t", "pass"), "two");
  annotate(in(60s));
  world.pass(30s);
  world.provider.fail("db", base::Failure::refused, "AccessDeniedException");
  world.pass(10min);
  EXPECT_EQ(world.restarts("w"), 1U);
}

TEST_F(Paused, AnotherSecretOfTheWorkloadGoesItsWay) {
  world.provider.set("mail", "v1", R"({"pass":"m1"})");
  world.bind("m", "mail", "u");
  world.kube.edit(SyncWorld::deployment("w"),
                  R"({"metadata":{"annotations":{"eventsecrets":"[\"t\",\"u\"]"}}})");
  world.go();
  world.pass(5s);
  const auto before = world.restarts("w");
  pause(10min);
  world.provider.set("mail", "v2", R"({"pass":"m2"})");
  world.inbox.hint("m2", "aws/r/mail", "v2");
  world.go();
  world.pass(10s);
  EXPECT_EQ(world.data("u", "pass"), "m2");
  EXPECT_EQ(world.restarts("w"), before + 1);
  world.pass(20min);
  EXPECT_EQ(world.restarts("w"), before + 1) << "what was recorded of the paused one is not lost";
}

TEST_F(Paused, AValueThatIsOnItsWayIsNotWritten) {
  world.provider.on_fetch = [&] { annotate(in(60s)); };
  change("v2", R"({"pass":"two"})");
  world.pass(10s);
  EXPECT_EQ(world.data("t", "pass"), "one");
  world.pass(60s);
  EXPECT_EQ(world.data("t", "pass"), "two");
}

TEST_F(Paused, AMessageIsKeptUntilTheStatusTellsOfThePause) {
  for (int i = 0; i < 3; ++i) {
    world.kube.fault(Method::patch, "/status", support::FakeKube::Fault::refuse);
  }
  annotate(in(10min));
  change("v2", R"({"pass":"two"})");
  world.pass(1s);
  EXPECT_EQ(condition("Paused"), "");
  EXPECT_EQ(world.inbox.acknowledged, Names{}) << "a crash now would lose it";
  world.pass(20s);
  EXPECT_EQ(condition("Paused"), "True Paused");
  EXPECT_EQ(world.inbox.acknowledged, Names{"m-v2"});
}

TEST_F(Paused, AMessageGoesBackIfTheStatusCannotBeWritten) {
  for (int i = 0; i < 1000; ++i) {
    world.kube.fault(Method::patch, "/status", support::FakeKube::Fault::refuse, 403, "Forbidden");
  }
  annotate(in(1h));
  change("v2", R"({"pass":"two"})");
  world.pass(15min);
  EXPECT_EQ(world.inbox.acknowledged, Names{});
  EXPECT_EQ(world.shared.ledger.open_count(), 0U);
  EXPECT_LT(statuses(), 100U) << "it is not tried all the time";
}

TEST_F(Paused, WhoeverStartsAfterwardsReadsAgain) {
  pause(60s);
  world.inbox.hint("m-v2", "aws/r/db", "v2");
  world.pass(5s);
  ASSERT_EQ(world.inbox.acknowledged, Names{"m-v2"});
  // The process ends here; the next one starts when the pause is over.
  SyncWorld next;
  next.clock.advance(10min);
  next.provider.set("db", "v2", R"({"pass":"two"})");
  for (const auto& path : {SyncWorld::secret("t"), SyncWorld::deployment("w")}) {
    next.kube.put(path, *world.kube.find(path));
  }
  next.kube.put(SyncWorld::binding("b"), *world.kube.find(SyncWorld::binding("b")));
  next.watch();
  next.start();
  next.go();
  EXPECT_EQ(next.data("t", "pass"), "two");
  EXPECT_EQ(next.fetches(), 1U);
}

TEST_F(Paused, WhoeverStartsMeanwhileSaysNothingTwice) {
  pause(1h);
  SyncWorld next;
  next.clock.advance(1min);
  for (const auto& path : {SyncWorld::secret("t"), SyncWorld::deployment("w")}) {
    next.kube.put(path, *world.kube.find(path));
  }
  next.kube.put(SyncWorld::binding("b"), *world.kube.find(SyncWorld::binding("b")));
  next.watch();
  next.start();
  next.go();
  next.pass(1min);
  EXPECT_TRUE(next.kube.seen.empty()) << next.kube.seen.front().path << next.kube.seen.front().body;
  EXPECT_EQ(times(next.sink.text, "binding paused"), 0U);
}

TEST_F(Paused, OneThatWasNeverSyncedIsUnknown) {
  world.provider.set("new", "v1", R"({"pass":"n"})");
  auto object = support::json(fmt::format(
      R"({{"metadata":{{"generation":1,"annotations":{{"{}":"{}"}}}},"spec":{{"cloudProvider":"aws","secretPath":"new","targetSecretName":"n"}}}})",
      kPausedUntilAnnotation, in(60s)));
  world.kube.put(SyncWorld::binding("n"), object.as_object());
  world.go();
  world.pass(5s);
  const auto status = decode_status(*world.kube.find(SyncWorld::binding("n")));
  ASSERT_NE(status.condition("Ready"), nullptr);
  EXPECT_EQ(status.condition("Ready")->status, "Unknown");
  EXPECT_EQ(status.condition("Stalled")->status, "False");
  EXPECT_EQ(status.condition("Paused")->status, "True");
  EXPECT_EQ(status.reason, "Paused");
  EXPECT_EQ(status.observed_generation, 1);
  EXPECT_EQ(world.data("n", "pass"), "(none)");
  world.pass(60s);
  EXPECT_EQ(world.data("n", "pass"), "n");
}

TEST_F(Paused, WhatIsNoTimePausesNothingAndIsSaidOnce) {
  annotate("until tomorrow");
  world.pass(5s);
  EXPECT_EQ(condition("Paused"), "False InvalidPause");
  EXPECT_EQ(condition("Ready"), "True Synced");
  change("v2", R"({"pass":"two"})");
  world.pass(10s);
  EXPECT_EQ(world.data("t", "pass"), "two");
  EXPECT_EQ(times(world.sink.text, "binding not paused"), 1U);
  annotate("tomorrow");
  EXPECT_EQ(times(world.sink.text, "binding not paused"), 2U);
  annotate("");
  world.pass(5s);
  EXPECT_EQ(condition("Paused"), "");
}

TEST_F(Paused, ThePauseCanBeMadeLongerAndShorter) {
  pause(60s);
  annotate(in(10min));
  change("v2", R"({"pass":"two"})");
  world.pass(5min);
  EXPECT_EQ(world.data("t", "pass"), "one");
  annotate(in(30s));
  world.pass(31s);
  EXPECT_EQ(world.data("t", "pass"), "two");
  EXPECT_EQ(times(world.sink.text, "binding paused"), 1U);
}

TEST_F(Paused, AnAskedForSyncIsHandledAtTheEnd) {
  pause(60s);
  world.kube.edit(SyncWorld::binding("b"),
                  R"({"metadata":{"annotations":{"edsm.io/last-updated":"now"}}})");
  world.go();
  world.pass(20s);
  EXPECT_EQ(world.fetches(), 0U);
  world.pass(60s);
  EXPECT_EQ(world.state("b").applied.sync_request, "now");
}

TEST_F(Paused, ASpecThatChangesMeanwhileIsAppliedAtTheEnd) {
  world.provider.set("mail", "v1", R"({"pass":"m1"})");
  pause(60s);
  world.kube.edit(SyncWorld::binding("b"),
                  R"({"metadata":{"generation":2},"spec":{"secretPath":"mail"}})");
  world.go();
  world.pass(20s);
  EXPECT_EQ(world.data("t", "pass"), "one");
  world.pass(60s);
  EXPECT_EQ(world.data("t", "pass"), "m1");
}

TEST_F(Paused, TheSweepDoesNotAskForIt) {
  Sweep sweep(world.shared);
  pause(10min);
  world.provider.set("db", "v2", R"({"pass":"two"})");
  world.tasks.spawn(sweep.run());
  world.go();
  EXPECT_EQ(world.provider.version_calls, 0);
  EXPECT_EQ(world.fetches(), 0U);
}

TEST_F(Paused, AreCounted) {
  EXPECT_EQ(world.shared.bindings.paused_count(world.clock.wall()), 0U);
  pause(60s);
  EXPECT_EQ(world.shared.bindings.paused_count(world.clock.wall()), 1U);
  EXPECT_EQ(world.shared.bindings.paused_count(world.clock.wall() + 2min), 0U);
  annotate("never");
  EXPECT_EQ(world.shared.bindings.paused_count(world.clock.wall()), 0U);
  pause(60s);
  world.kube.erase(SyncWorld::binding("b"));
  world.go();
  EXPECT_EQ(world.shared.bindings.paused_count(world.clock.wall()), 0U);
}

}  // namespace
}  // namespace edsm::sync
