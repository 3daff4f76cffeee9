#include "sync/rollout_worker.hpp"

#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "support/sync_world.hpp"
#include "sync/names.hpp"

namespace edsm::sync {
namespace {

using namespace std::chrono_literals;
using net::Method;
using support::FakeKube;
using support::SyncWorld;
using Fault = FakeKube::Fault;
using Names = std::vector<std::string>;

const std::string kDeployments = "/deployments/";

/// Bindings "b1" and "b2" of "db1" and "db2" to "t1" and "t2"; "w" uses both.
class RolloutWorkerTest : public testing::Test {
 protected:
  explicit RolloutWorkerTest(Settings settings = {}) : world(std::move(settings)) {
    for (const auto* const number : {"1", "2"}) {
      const std::string n(number);
      world.provider.set("db" + n, "v1", "one");
      world.bind("b" + n, "db" + n, "t" + n);
    }
    world.watch();
    world.start();
    world.go();
    world.deploy("w", R"(["t1","t2"])");
    world.go();
    world.pass(5s);
    world.kube.seen.clear();
  }
  void change(const std::string& number, const std::string& version) {
    world.provider.set("db" + number, version, "text of " + version);
    world.inbox.hint("m" + number + version, "aws/r/db" + number, version);
    world.go();
  }

  SyncWorld world;
};

TEST_F(RolloutWorkerTest, TwoSecretsOfOneWorkloadAreOneRestart) {
  change("1", "v2");
  world.pass(500ms);
  change("2", "v2");
  world.pass(10s);
  EXPECT_EQ(world.restarts("w"), 1U);
  EXPECT_EQ(world.inbox.acknowledged, (Names{"m1v2", "m2v2"}));
}

TEST_F(RolloutWorkerTest, AConflictIsDecidedAgain) {
  world.kube.before(Method::patch, kDeployments, [this] {
    world.kube.edit(SyncWorld::deployment("w"), R"({"spec":{"replicas":3}})");
  });
  change("1", "v2");
  world.pass(5s);
  EXPECT_EQ(world.kube.count(Method::patch, kDeployments), 2U);
  EXPECT_EQ(world.inbox.acknowledged, Names{"m1v2"});
  EXPECT_NE(world.annotation(SyncWorld::deployment("w"), kRolledOutAnnotation).find("t1"),
            std::string::npos);
}

TEST_F(RolloutWorkerTest, APatchWhoseReplyWasLostIsNotRepeated) {
  world.kube.fault(Method::patch, kDeployments, Fault::lose_reply);
  change("1", "v2");
  world.pass(1s);
  EXPECT_EQ(world.inbox.acknowledged, Names{});
  world.pass(20s);
  EXPECT_EQ(world.restarts("w"), 1U);
  EXPECT_EQ(world.inbox.acknowledged, Names{"m1v2"});
}

TEST_F(RolloutWorkerTest, AWorkloadThatIsGoneIsSettled) {
  change("1", "v2");
  world.kube.before(Method::patch, kDeployments,
                    [this] { world.kube.erase(SyncWorld::deployment("w")); });
  world.pass(5s);
  EXPECT_EQ(world.inbox.acknowledged, Names{"m1v2"});
  EXPECT_EQ(world.shared.workloads.size(), 0U);
}

TEST_F(RolloutWorkerTest, AnAnnotationThatIsGoneMeanwhileIsSettled) {
  change("1", "v2");
  world.kube.edit(SyncWorld::deployment("w"),
                  R"({"metadata":{"annotations":{"eventsecrets":null}}})");
  world.pass(5s);
  EXPECT_EQ(world.restarts("w"), 0U);
  EXPECT_EQ(world.inbox.acknowledged, Names{"m1v2"});
}

TEST_F(RolloutWorkerTest, ARefusedPatchReturnsTheMessageAndIsTriedLater) {
  world.kube.fault(Method::patch, kDeployments, Fault::refuse, 403, "Forbidden");
  change("1", "v2");
  world.pass(2s);
  EXPECT_EQ(world.inbox.acknowledged, Names{});
  EXPECT_EQ(world.shared.ledger.open_count(), 0U);
  EXPECT_TRUE(world.sink.has("rollout failed"));
  world.pass(40s);
  EXPECT_EQ(world.restarts("w"), 2U);
}

TEST_F(RolloutWorkerTest, AServerThatIsDownIsWaitedFor) {
  for (int i = 0; i < 3; ++i)
    world.kube.fault(Method::patch, kDeployments, i == 1 ? Fault::cut : Fault::refuse);
  change("1", "v2");
  world.pass(30s);
  EXPECT_EQ(world.kube.count(Method::patch, kDeployments), 4U);
  EXPECT_EQ(world.inbox.acknowledged, Names{"m1v2"});
}

TEST_F(RolloutWorkerTest, AnUnreadableAnnotationIsSaidOnceAndItsCorrectionRestartsNothing) {
  const auto records = world.annotation(SyncWorld::deployment("w"), kRolledOutAnnotation);
  ASSERT_NE(records, "");
  for (const auto* const replicas : {"1", "2", "3"}) {
    world.kube.edit(
        SyncWorld::deployment("w"),
        fmt::format(R"({{"metadata":{{"annotations":{{"eventsecrets":"t1, t2","n":"{}"}}}}}})",
                    replicas));
    world.pass(2s);
  }
  const auto first = world.sink.text.find("InvalidAnnotation");
  ASSERT_NE(first, std::string::npos);
  EXPECT_EQ(world.sink.text.find("InvalidAnnotation", first + 1), std::string::npos);
  EXPECT_EQ(world.annotation(SyncWorld::deployment("w"), kRolledOutAnnotation), records);
  world.kube.edit(SyncWorld::deployment("w"),
                  R"({"metadata":{"annotations":{"eventsecrets":"[\"t1\",\"t2\"]"}}})");
  world.pass(5s);
  EXPECT_EQ(world.restarts("w"), 0U);
}

TEST_F(RolloutWorkerTest, AnUnknownSecretIsMentionedAndBlocksNoOther) {
  world.deploy("v", R"(["nobody","t1"])");
  world.go();
  world.pass(2s);
  EXPECT_TRUE(world.sink.has("UnknownSecret"));
  world.kube.seen.clear();
  change("1", "v2");
  world.pass(5s);
  EXPECT_EQ(world.restarts("v"), 1U);
}

class SlowRollouts : public RolloutWorkerTest {
 protected:
  static Settings slow() {
    Settings settings;
    settings.rollouts_per_second = 0.2;  // and a burst of one
    return settings;
  }
  SlowRollouts() : RolloutWorkerTest(slow()) {}
};

TEST_F(SlowRollouts, RestartsAreSpreadOverTime) {
  world.deploy("v", R"(["t1"])");
  world.go();
  world.pass(20s);
  world.kube.seen.clear();
  change("1", "v2");
  world.pass(2s);
  EXPECT_EQ(world.restarts("v") + world.restarts("w"), 1U);
  EXPECT_EQ(world.inbox.acknowledged, Names{});
  world.pass(6s);
  EXPECT_EQ(world.restarts("v") + world.restarts("w"), 2U);
  EXPECT_EQ(world.inbox.acknowledged, Names{"m1v2"});
}

TEST_F(SlowRollouts, LeadershipThatIsLostDuringTheWaitWritesNothing) {
  world.deploy("v", R"(["t1"])");
  world.go();
  world.pass(20s);
  world.kube.seen.clear();
  change("1", "v2");
  world.pass(2s);
  world.leads = false;
  world.pass(10s);
  EXPECT_EQ(world.restarts("v") + world.restarts("w"), 1U) << "the one from before";
}

}  // namespace
}  // namespace edsm::sync
