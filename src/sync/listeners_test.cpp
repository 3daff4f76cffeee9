// What news of the cluster do to the stores, and what the sweep finds.

#include "sync/listeners.hpp"

#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "support/sync_world.hpp"

namespace edsm::sync {
namespace {

using namespace std::chrono_literals;
using base::Failure;
using support::FakeKube;
using support::SyncWorld;

class ListenersTest : public testing::Test {
 protected:
  ListenersTest() {
    world.provider.set("x", "v1", "text");
    world.provider.set("y", "v1", "other");
    world.bind("b", "x", "t");
    world.start();
    world.go();
  }
  bool shows(std::string_view series) const {
    return world.metrics.text().find(series) != std::string::npos;
  }

  SyncWorld world;
};

TEST_F(ListenersTest, TheYoungerBindingOfATargetWaitsAndInherits) {
  world.kube.created_at = "2026-11-22T00:00:01Z";
  world.bind("younger", "y", "t");
  world.go();
  EXPECT_EQ(world.reason("younger"), "TargetConflict");
  EXPECT_EQ(world.data("t", "value"), "text");
  world.kube.erase(SyncWorld::binding("b"));
  world.kube.erase(SyncWorld::secret("t"));  // the garbage collector
  world.go();
  EXPECT_EQ(world.reason("younger"), "Synced");
  EXPECT_EQ(world.data("t", "value"), "other");
}

TEST_F(ListenersTest, AnotherTargetNameFreesTheOldOneForTheYounger) {
  world.kube.created_at = "2026-11-22T00:00:01Z";
  world.bind("younger", "y", "t", R"("target":{"creationPolicy":"Orphan"})");
  world.go();
  ASSERT_EQ(world.reason("younger"), "TargetConflict");
  world.kube.edit(SyncWorld::binding("b"),
                  R"({"metadata":{"generation":2},"spec":{"targetSecretName":"t2"}})");
  world.go();
  EXPECT_EQ(world.data("t2", "value"), "text");
  EXPECT_NE(world.reason("younger"), "TargetConflict") << "it was asked again";
}

TEST_F(ListenersTest, ABindingThatGoesSettlesItsMessages) {
  base::Gate gate;
  world.provider.hold = &gate;
  world.inbox.hint("m", "aws/r/x");
  world.go();
  world.kube.erase(SyncWorld::binding("b"));
  world.go();
  gate.open();
  world.go();
  EXPECT_EQ(world.inbox.acknowledged, std::vector<std::string>{"m"});
  EXPECT_EQ(world.shared.fetcher.held(), 0U);
  EXPECT_EQ(world.shared.ledger.open_count(), 0U);
}

TEST_F(ListenersTest, ABindingThatTurnsToAnotherSourceKeepsNoValueOfTheOldOne) {
  Settings settings;
  settings.workers = 1;
  SyncWorld one(settings);
  one.provider.set("x", "v1", "text");
  one.provider.set("y", "v1", "other");
  one.bind("a", "x", "ta");
  one.bind("b", "x", "tb");
  one.watch();
  base::Gate gate;
  one.provider.hold = &gate;
  one.start();
  one.go();
  ASSERT_EQ(one.fetches(), 1U);
  // "b" waits for the one worker and is expected to use the value; now it wants another one.
  one.kube.edit(SyncWorld::binding("b"),
                R"({"metadata":{"generation":2},"spec":{"secretPath":"y"}})");
  one.go();
  gate.open();
  one.go();
  EXPECT_EQ(one.data("tb", "value"), "other");
  EXPECT_EQ(one.shared.fetcher.held(), 0U);
}

TEST_F(ListenersTest, ARebornBindingIsCountedOnce) {
  EXPECT_TRUE(shows(R"(edsm_bindings{reason="Synced"} 1)"));
  world.kube.put(
      SyncWorld::binding("b"),
      support::json(
          R"({"metadata":{"generation":1},"spec":{"cloudProvider":"aws","secretPath":"x","targetSecretName":"t2"}})")
          .as_object());
  world.go();
  EXPECT_TRUE(shows(R"(edsm_bindings{reason="Synced"} 1)"));
  EXPECT_TRUE(shows(R"(edsm_total_eventdrivensecrets{namespace="ns"} 1)"));
  world.kube.erase(SyncWorld::binding("b"));
  world.go();
  EXPECT_TRUE(shows(R"(edsm_bindings{reason="Synced"} 0)"));
  EXPECT_TRUE(shows(R"(edsm_total_eventdrivensecrets{namespace="ns"} 0)"));
}

TEST_F(ListenersTest, AStatusInWhichTheReportWasFoundIsSaidAgainOnceItReadsOtherwise) {
  const auto message = [this] {
    return decode_status(*world.kube.find(SyncWorld::binding("b"))).message;
  };
  world.pass(1s);
  const auto ours = message();
  world.shared.trigger(SyncWorld::key("b"));
  world.pass(1s);
  // The watch was behind: an earlier leader had written this meanwhile.
  world.kube.edit(SyncWorld::binding("b"), R"({"status":{"message":"an earlier leader's"}})");
  world.pass(1s);
  EXPECT_EQ(message(), ours);
  world.kube.edit(SyncWorld::binding("b"), R"({"status":{"message":"somebody's"}})");
  world.pass(1s);
  EXPECT_EQ(message(), "somebody's") << "what was written is not fought for";
}

TEST_F(ListenersTest, ARelistDropsWhatDidNotCome) {
  world.deploy("w", R"(["t"])");
  world.go();
  EXPECT_TRUE(shows(R"(edsm_deployments_using_secrets{namespace="ns",secret="t"} 1)"));
  world.deployments.list_begins();
  world.deployments.list_ends("1");
  EXPECT_EQ(world.shared.workloads.size(), 0U);
  EXPECT_TRUE(shows(R"(edsm_deployments_using_secrets{namespace="ns",secret="t"} 0)"));
  world.bindings.list_begins();
  world.bindings.list_ends("1");
  EXPECT_TRUE(world.shared.bindings.all().empty());
  world.targets.list_begins();
  world.targets.list_ends("1");
  EXPECT_EQ(world.shared.targets.size(), 0U);
}

TEST_F(ListenersTest, OnSyncedIsToldOnce) {
  int told = 0;
  TargetListener listener(world.shared, [&] { ++told; });
  listener.list_begins();
  EXPECT_EQ(told, 0);
  listener.list_ends("1");
  listener.list_begins();
  listener.list_ends("1");
  EXPECT_EQ(told, 1);
}

/// The sweep, which runs at its start.
class SweepTest : public ListenersTest {
 protected:
  void sweep() {
    world.tasks.spawn(sweep_.run());
    world.go();
  }
  Sweep sweep_{world.shared};
};

TEST_F(SweepTest, InOrderItReadsNoValue) {
  world.provider.batches.clear();
  sweep();
  EXPECT_EQ(world.provider.version_calls, 1);
  EXPECT_EQ(world.fetches(), 0U);
}

TEST_F(SweepTest, OfOneCloudItAsksNoOther) {
  support::FakeProvider other("other");
  Sweep of_other(world.shared, &other);
  world.tasks.spawn(of_other.run());
  world.go();
  EXPECT_EQ(world.provider.version_calls, 0);
  Sweep of_this(world.shared, &world.provider);
  world.tasks.spawn(of_this.run());
  world.go();
  EXPECT_EQ(world.provider.version_calls, 1);
  EXPECT_EQ(other.version_calls, 0);
}

TEST_F(SweepTest, ItFindsAChangeThatNoEventTold) {
  world.provider.set("x", "v2", "two");
  sweep();
  EXPECT_EQ(world.data("t", "value"), "two");
}

TEST_F(SweepTest, ItComesAgainAfterTheInterval) {
  sweep();
  world.provider.set("x", "v2", "two");
  world.pass(26min, 10s);
  EXPECT_EQ(world.data("t", "value"), "text");
  world.pass(4min + 10s, 10s);
  EXPECT_EQ(world.data("t", "value"), "two");
}

TEST_F(SweepTest, AValueThatWasCorrectedWithoutAnEventIsFoundEvenIfNoneWasEverApplied) {
  world.provider.set("bad", "v1", "{broken");
  world.bind("never", "bad", "t3");
  world.go();
  ASSERT_EQ(world.reason("never"), "NotJSON");
  world.provider.set("bad", "v2", R"({"a":"good"})");
  sweep();
  EXPECT_EQ(world.data("t3", "a"), "good");
}

TEST_F(SweepTest, AGoneSourceIsReadOnceAndThenLeftAlone) {
  world.provider.fail("x", Failure::absent);
  sweep();
  EXPECT_EQ(world.reason("b"), "SourceGone");
  EXPECT_EQ(world.data("t", "value"), "text");
}

TEST_F(SweepTest, ADisabledSourceIsReadOnceAndThenLeftAlone) {
  // Not every cloud has an event for that.
  world.provider.fail("x", Failure::refused, std::string(cloud::kSourceDisabled));
  sweep();
  EXPECT_EQ(world.reason("b"), "SourceDisabled");
  EXPECT_EQ(world.data("t", "value"), "text");
  const auto fetched = world.fetches();
  Sweep again(world.shared);
  world.tasks.spawn(again.run());
  world.go();
  EXPECT_EQ(world.fetches(), fetched);
  EXPECT_FALSE(world.sink.has("errors=1"));
}

TEST_F(SweepTest, AnIdThatTheCloudGaveAgainIsAnotherVersion) {
  world.provider.set("x", "1@monday", "one");
  sweep();
  ASSERT_EQ(world.data("t", "value"), "one");
  world.provider.set("x", "1@friday", "two");
  world.pass(31min, 10s);
  EXPECT_EQ(world.data("t", "value"), "two");
  const auto before = world.fetches();
  world.provider.set("x", "1", "unseen");  // who tells does not know which
  world.pass(31min, 10s);
  EXPECT_EQ(world.fetches(), before);
}

TEST_F(SweepTest, ItsErrorsAreCountedAndChangeNothing) {
  world.provider.fail("x", Failure::refused);
  sweep();
  EXPECT_EQ(world.reason("b"), "Synced");
  EXPECT_TRUE(world.sink.has("errors=1"));
}

}  // namespace
}  // namespace edsm::sync
