// How long changes take, by the events that tell of them.

#include <string>
#include <string_view>
#include <utility>

#include <gtest/gtest.h>

#include "support/sync_world.hpp"

namespace edsm::sync {
namespace {

using namespace std::chrono_literals;
using support::FakeInbox;
using support::SyncWorld;

/// All in order, see SyncWorld::settle_in_order.
class ArrivalTest : public testing::Test {
 protected:
  ArrivalTest() { world.settle_in_order(R"({"pass":"one"})"); }

  /// An event of a change three seconds ago, which was in the queue a second later.
  void send(const std::string& ticket, std::string version, base::Duration ago = 3s) {
    const auto changed = world.clock.wall() - ago;
    cloud::Hint hint{{"aws/r/db"}, std::move(version), "PutSecretValue", changed};
    auto message = FakeInbox::message(ticket, std::move(hint));
    message.sent_at = changed + 1s;
    world.inbox.push(std::move(message));
  }
  void event(const std::string& ticket, std::string version, base::Duration ago = 3s) {
    send(ticket, std::move(version), ago);
    world.go();
  }
  /// "count, sum" in seconds.
  std::string arrivals(std::string_view at) const {
    const auto page = world.metrics.text();
    const auto value = [&](std::string_view what) {
      const auto line = fmt::format("\nedsm_change_arrival_seconds_{}{{at=\"{}\"}} ", what, at);
      const auto begin = page.find(line) + line.size();
      return page.substr(begin, page.find('\n', begin) - begin);
    };
    return value("count") + ", " + value("sum");
  }

  SyncWorld world;
};

TEST_F(ArrivalTest, IsMeasuredFromTheCloudToTheSecretAndToTheWorkload) {
  world.provider.set("db", "v2", R"({"pass":"two"})");
  event("m", "v2");
  EXPECT_EQ(arrivals("secret"), "1, 3");
  EXPECT_EQ(arrivals("workload"), "0, 0");
  world.pass(5s);
  EXPECT_EQ(arrivals("workload"), "1, 4") << "with the window of the rollout";
  EXPECT_TRUE(
      world.sink.has("changed 2026-11-23T01:00:12Z, queued 2026-11-23T01:00:13Z, "
                     "received 2026-11-23T01:00:15Z"))
      << world.sink.text;
  EXPECT_EQ(*world.state("b").wishes.hinted, Hinted()) << "what is over costs nothing";
}

/// Its controller has got so far: of two pods, this many are new.
class PodsArrivalTest : public ArrivalTest {
 protected:
  PodsArrivalTest() {
    world.provider.set("db", "v2", R"({"pass":"two"})");
    event("m", "v2");
    world.pass(2s);
    world.kube.seen.clear();
  }
  void rolled(int pods) {
    world.kube.edit(SyncWorld::deployment("w"),
                    fmt::format(R"({{"spec":{{"replicas":2}},"status":{{"observedGeneration":9,)"
                                R"("replicas":2,"updatedReplicas":{0},"availableReplicas":{0}}}}})",
                                pods));
    world.go();
  }
  std::size_t looks() const {
    return world.kube.count(net::Method::get, SyncWorld::deployment("w"));
  }
};

TEST_F(PodsArrivalTest, IsMeasuredToTheLastPod) {
  world.pass(10s);
  EXPECT_EQ(looks(), 0U) << "nothing has changed";
  rolled(1);
  world.pass(10s);
  EXPECT_EQ(looks(), 1U);
  EXPECT_EQ(arrivals("pods"), "0, 0");
  rolled(2);
  world.pass(3s);
  EXPECT_EQ(arrivals("pods"), "1, 27.25") << "found out a tenth of 20 s later";
  rolled(1);
  world.pass(1min);
  EXPECT_EQ(looks(), 2U) << "it is over";
}

TEST_F(PodsArrivalTest, SeveralChangesOfAStatusAreOneLook) {
  for (int i = 0; i < 8; ++i) {
    rolled(i % 2);
    world.pass(250ms);
  }
  EXPECT_LE(looks(), 2U);
}

TEST_F(PodsArrivalTest, ASecondChangeMeanwhileIsMeasuredToo) {
  rolled(1);
  world.provider.set("db", "v3", R"({"pass":"three"})");
  event("m3", "v3");
  world.pass(10s);
  rolled(2);
  world.pass(5s);
  EXPECT_EQ(arrivals("pods").substr(0, 3), "2, ");
}

TEST_F(PodsArrivalTest, AFailedLookIsTriedAgain) {
  world.kube.fault(net::Method::get, SyncWorld::deployment("w"), support::FakeKube::Fault::refuse);
  rolled(2);
  world.pass(10s);
  EXPECT_EQ(looks(), 2U);
  EXPECT_EQ(arrivals("pods").substr(0, 3), "1, ");
}

TEST_F(PodsArrivalTest, ARefusedLookIsTheLast) {
  world.kube.fault(net::Method::get, SyncWorld::deployment("w"), support::FakeKube::Fault::refuse,
                   403, "Forbidden");
  rolled(1);
  world.pass(10s);
  rolled(2);
  world.pass(10s);
  EXPECT_EQ(looks(), 1U);
  EXPECT_EQ(world.follower.size(), 0U);
}

TEST_F(PodsArrivalTest, AWorkloadThatIsGoneIsForgotten) {
  world.kube.erase(SyncWorld::deployment("w"));
  world.pass(5s);
  EXPECT_EQ(world.follower.size(), 0U);
}

TEST_F(PodsArrivalTest, NorIsOneThatIsFoundGoneBeforeTheWatchTells) {
  ASSERT_EQ(world.follower.size(), 1U);
  world.kube.before(net::Method::patch, SyncWorld::deployment("w"),
                    [this] { world.kube.erase(SyncWorld::deployment("w")); });
  world.provider.set("db", "v3", R"({"pass":"three"})");
  event("m3", "v3");
  world.pass(5s);
  EXPECT_EQ(world.follower.size(), 0U);
}

TEST_F(PodsArrivalTest, WhatHangsIsNotFollowedForEver) {
  rolled(1);
  world.pass(2h, 10s);
  rolled(0);
  world.pass(5min, 10s);
  EXPECT_EQ(world.follower.size(), 0U);
}

TEST_F(ArrivalTest, TheSecondEventOfAChangeIsNoArrival) {
  world.provider.set("db", "v2", R"({"pass":"two"})");
  event("native", "v2");
  world.pass(5s);
  event("trail", "v2", 5min);
  world.pass(5s);
  EXPECT_EQ(arrivals("secret"), "1, 3");
  EXPECT_EQ(arrivals("workload"), "1, 4");
}

TEST_F(ArrivalTest, AnEventOfAnotherVersionSaysNothingOfThisOne) {
  world.provider.set("db", "v3", R"({"pass":"three"})");
  event("late", "v2");
  world.pass(5s);
  EXPECT_EQ(world.data("t", "pass"), "three");
  EXPECT_EQ(arrivals("secret"), "0, 0");
  EXPECT_EQ(arrivals("workload"), "0, 0");
}

TEST_F(ArrivalTest, AnEventThatComesDuringTheReadMayBeTheOne) {
  world.provider.set("db", "v3", R"({"pass":"three"})");
  world.provider.on_fetch = [this] { send("new", "v3"); };
  base::Gate gate;
  world.provider.hold = &gate;
  event("late", "v2", 1h);
  world.provider.hold = nullptr;
  gate.open();
  world.go();
  world.pass(5s);
  EXPECT_EQ(arrivals("secret"), "1, 3");
  EXPECT_EQ(arrivals("workload"), "1, 4");
}

TEST_F(ArrivalTest, FailuresCountAndWhatNoEventToldDoesNot) {
  world.provider.set("db", "v2", R"({"pass":"two"})");
  world.provider.fail("db", base::Failure::refused);
  event("m", "v2");
  world.pass(10s);
  EXPECT_EQ(arrivals("secret"), "0, 0");
  world.provider.heal("db");
  world.pass(1min);
  EXPECT_EQ(arrivals("secret").substr(0, 3), "1, ");
  EXPECT_GT(std::stod(arrivals("secret").substr(3)), 13);

  world.provider.set("db", "v3", R"({"pass":"three"})");
  world.kube.edit(SyncWorld::binding("b"),
                  R"({"metadata":{"annotations":{"edsm.io/last-updated":"now"}}})");
  world.pass(10s);
  EXPECT_EQ(world.data("t", "pass"), "three");
  EXPECT_EQ(world.restarts("w"), 2U);
  EXPECT_EQ(arrivals("secret").substr(0, 3), "1, ");
  EXPECT_EQ(arrivals("workload").substr(0, 3), "1, ");
}

TEST_F(ArrivalTest, AWorkloadThatNeverHadTheSecretDidNotWait) {
  world.provider.set("db", "v2", R"({"pass":"two"})");
  event("m", "v2");
  world.pass(5s);
  world.deploy("new", R"(["t"])");
  world.pass(5s);
  EXPECT_EQ(world.restarts("new"), 1U) << "it is older than the change";
  EXPECT_EQ(arrivals("workload"), "1, 4");
}

}  // namespace
}  // namespace edsm::sync
