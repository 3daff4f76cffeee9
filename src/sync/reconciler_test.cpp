// The way of a change, in memory: what is written, how often, and when its message is acknowledged.

#include "sync/reconciler.hpp"

#include <gtest/gtest.h>

#include "support/sync_world.hpp"
#include "sync/names.hpp"

namespace edsm::sync {
namespace {

using namespace std::chrono_literals;
using net::Method;
using support::FakeKube;
using support::SyncWorld;
using Names = std::vector<std::string>;

constexpr std::string_view kSource = "aws/r/db";
const std::string kSecretPath = "/secrets/";

/// All in order, see SyncWorld::settle_in_order.
class InOrder : public testing::Test {
 protected:
  InOrder() { world.settle_in_order(R"({"user":"u","pass":"one"})"); }
  void change(const std::string& version, const std::string& bytes) {
    world.provider.set("db", version, bytes);
    world.inbox.hint("m-" + version, std::string(kSource), version);
    world.go();
  }

  SyncWorld world;
};

TEST(Reconciler, CreatesTheTargetOnce) {
  SyncWorld world;
  world.provider.set("db", "v1", R"({"user":"u","n":1e400})");
  world.bind("b", "db", "t");
  world.start();
  world.go();
  EXPECT_EQ(world.data("t", "user"), "u");
  EXPECT_EQ(world.data("t", "n"), "1e400");
  EXPECT_EQ(world.annotation(SyncWorld::secret("t"), kVersionAnnotation), "v1");
  EXPECT_EQ(world.reason("b"), "Synced");
  EXPECT_EQ(world.fetches(), 1U);
  EXPECT_EQ(world.writes("t"), 1U);
  world.pass(1min);
  EXPECT_EQ(world.fetches(), 1U);
  EXPECT_EQ(world.writes("t"), 1U) << "the watch's echo of our own write is no news";
  EXPECT_EQ(world.shared.fetcher.held(), 0U);
}

TEST_F(InOrder, ARestartOfTheControllerReadsAndWritesNothing) {
  ASSERT_EQ(world.reason("b"), "Synced");
  SyncWorld next;
  next.provider.set("db", "v1", R"({"user":"u","pass":"one"})");
  for (const auto& path : {SyncWorld::secret("t"), SyncWorld::deployment("w")})
    next.kube.put(path, *world.kube.find(path));
  // The copy got another resourceVersion: the status must tell of it.
  auto binding = *world.kube.find(SyncWorld::binding("b"));
  binding["status"].as_object()["targetResourceVersion"] =
      next.kube.find(SyncWorld::secret("t"))->at("metadata").at("resourceVersion");
  next.kube.put(SyncWorld::binding("b"), binding);
  next.watch();
  next.start();
  next.go();
  next.pass(10s);
  EXPECT_EQ(next.fetches(), 0U);
  EXPECT_TRUE(next.kube.seen.empty()) << next.kube.seen.front().path << next.kube.seen.front().body;
  EXPECT_EQ(next.reason("b"), "Synced");
}

TEST_F(InOrder, AChangeIsFetchedWrittenAndRolledOutOnceAndThenAcknowledged) {
  change("v2", R"({"user":"u","pass":"two"})");
  EXPECT_EQ(world.data("t", "pass"), "two");
  EXPECT_EQ(world.restarts("w"), 0U) << "the window is open";
  EXPECT_EQ(world.inbox.acknowledged, Names{}) << "not before the rollout";
  world.pass(1s);
  EXPECT_EQ(world.restarts("w"), 1U);
  EXPECT_EQ(world.inbox.acknowledged, Names{"m-v2"});
  world.pass(1min);
  EXPECT_EQ(world.fetches(), 1U);
  EXPECT_EQ(world.writes("t"), 1U);
  EXPECT_EQ(world.restarts("w"), 1U);
  EXPECT_EQ(world.kube.count(Method::get, ""), 0U) << "no read of Kubernetes on the way";
}

TEST_F(InOrder, AMemberThatWentFromTheValueGoesFromTheTarget) {
  change("v2", R"({"user":"u"})");
  EXPECT_EQ(world.data("t", "pass"), "(none)");
}

TEST_F(InOrder, ATargetWithoutDataTakesTheNextValue) {
  change("v2", "{}");
  world.pass(5s);
  EXPECT_EQ(world.data("t", "pass"), "(none)");
  // Kubernetes keeps no empty map.
  world.kube.edit(SyncWorld::secret("t"), R"({"data":null})");
  world.go();
  change("v3", R"({"pass":"three"})");
  EXPECT_EQ(world.data("t", "pass"), "three");
}

TEST_F(InOrder, ATargetWhoseDataWasRemovedAsAWholeIsHealed) {
  world.kube.edit(SyncWorld::secret("t"), R"({"data":null})");
  world.go();
  EXPECT_EQ(world.data("t", "pass"), "one");
}

TEST_F(InOrder, SeveralChangesWithinTheWindowRestartOnce) {
  change("v2", R"({"pass":"two"})");
  world.pass(500ms);
  change("v3", R"({"pass":"three"})");
  EXPECT_EQ(world.restarts("w"), 0U);
  world.pass(5s);
  EXPECT_EQ(world.data("t", "pass"), "three");
  EXPECT_EQ(world.restarts("w"), 1U);
  EXPECT_EQ(world.inbox.acknowledged, (Names{"m-v2", "m-v3"}));
}

TEST_F(InOrder, TwoChangesWithinOneSecondAreTwoChanges) {
  change("v2", R"({"pass":"two"})");
  world.pass(1s);
  ASSERT_EQ(world.restarts("w"), 1U);
  // Just begun: with time stamps in whole seconds this one would be as old as the rollout.
  change("v3", R"({"pass":"three"})");
  world.pass(5s);
  EXPECT_EQ(world.data("t", "pass"), "three");
  EXPECT_EQ(world.restarts("w"), 2U);
  EXPECT_EQ(world.inbox.acknowledged, (Names{"m-v2", "m-v3"}));
}

TEST_F(InOrder, AnEqualValueUnderANewVersionRestartsNothing) {
  change("v2", R"({"pass":"one", "user":"u"})");
  world.pass(5s);
  EXPECT_EQ(world.annotation(SyncWorld::secret("t"), kVersionAnnotation), "v2");
  EXPECT_EQ(world.restarts("w"), 0U);
  EXPECT_EQ(world.inbox.acknowledged, Names{"m-v2"});
  ASSERT_EQ(world.writes("t"), 1U);
  EXPECT_EQ(world.kube.seen.front().body.find("\"data\""), std::string::npos)
      << "only the metadata is written";
}

TEST_F(InOrder, DuplicatesOfAnAppliedHintCostNothing) {
  change("v2", R"({"pass":"two"})");
  world.pass(5s);
  world.provider.batches.clear();
  world.kube.seen.clear();
  for (int i = 0; i < 3; ++i) {
    world.inbox.hint(fmt::format("again-{}", i), std::string(kSource), "v2");
    world.go();
  }
  world.pass(5s);
  EXPECT_EQ(world.fetches(), 0U);
  EXPECT_TRUE(world.kube.seen.empty());
  EXPECT_EQ(world.inbox.acknowledged.size(), 4U);
}

TEST_F(InOrder, ARollbackIsAChangeLikeAnyOther) {
  change("v2", R"({"pass":"two"})");
  world.pass(5s);
  change("v1", R"({"user":"u","pass":"one"})");
  world.pass(5s);
  EXPECT_EQ(world.data("t", "pass"), "one");
  EXPECT_EQ(world.restarts("w"), 2U);
}

TEST_F(InOrder, AConflictIsLookedAtAndWrittenOnce) {
  world.kube.before(Method::patch, kSecretPath, [this] {
    world.kube.edit(SyncWorld::secret("t"), R"({"metadata":{"labels":{"foreign":"1"}}})");
  });
  change("v2", R"({"pass":"two"})");
  EXPECT_EQ(world.data("t", "pass"), "two");
  EXPECT_EQ(world.kube.find(SyncWorld::secret("t"))
                ->at("metadata")
                .at("labels")
                .at("foreign")
                .as_string(),
            "1");
  world.pass(10s);
  EXPECT_EQ(world.fetches(), 1U) << "the value at hand is used";
  EXPECT_EQ(world.kube.count(Method::patch, kSecretPath), 2U);
  EXPECT_EQ(world.restarts("w"), 1U);
  EXPECT_EQ(world.inbox.acknowledged, Names{"m-v2"});
}

TEST_F(InOrder, AForeignTargetThatAppearsMeanwhileIsNotTouched) {
  world.kube.before(Method::patch, kSecretPath, [this] {
    world.kube.erase(SyncWorld::secret("t"));
    world.kube.put(SyncWorld::secret("t"), {{"type", "Opaque"}, {"data", {{"theirs", "eA=="}}}});
  });
  change("v2", R"({"pass":"two"})");
  world.pass(5s);
  EXPECT_EQ(world.data("t", "theirs"), "x");
  EXPECT_EQ(world.data("t", "pass"), "(none)");
  EXPECT_EQ(world.reason("b"), "TargetNotOurs");
}

TEST(Reconciler, AForeignTargetIsNotTouchedUntilItIsHandedOver) {
  SyncWorld world;
  world.provider.set("db", "v1", R"({"pass":"one"})");
  world.kube.put(SyncWorld::secret("t"), {{"type", "Opaque"}, {"data", {{"theirs", "eA=="}}}});
  world.bind("b", "db", "t");
  world.start();
  world.go();
  EXPECT_EQ(world.reason("b"), "TargetNotOurs");
  EXPECT_EQ(world.fetches(), 0U);
  EXPECT_EQ(world.writes("t"), 0U);
  world.kube.edit(SyncWorld::secret("t"),
                  R"({"metadata":{"labels":{"eventdrivensecretsmanaged":"true"}}})");
  world.go();
  EXPECT_EQ(world.reason("b"), "Synced");
  EXPECT_EQ(world.data("t", "pass"), "one");
  EXPECT_EQ(world.data("t", "theirs"), "(none)");
}

TEST(Reconciler, ATargetThatIsEqualAlreadyIsReady) {
  SyncWorld world;
  world.provider.set("db", "v1", R"({"pass":"one"})");
  world.kube.put(SyncWorld::secret("t"),
                 {{"type", "Opaque"},
                  {"metadata", {{"labels", {{"eventdrivensecretsmanaged", "true"}}}}},
                  {"data", {{"pass", "b25l"}}}});
  world.bind("b", "db", "t");
  world.start();
  world.go();
  EXPECT_EQ(world.reason("b"), "Synced");
  world.pass(1s);
  const auto& status = world.kube.find(SyncWorld::binding("b"))->at("status").as_object();
  EXPECT_EQ(status.at("conditions").as_array().front().at("status"), "True");
  for (const auto& seen : world.kube.seen) {
    EXPECT_EQ(seen.body.find("\"data\""), std::string::npos) << "its data are right";
  }
}

TEST_F(InOrder, DriftIsHealedInOneWriteAndRestartsNothing) {
  world.kube.edit(SyncWorld::secret("t"), R"({"data":{"pass":"eA==","more":"eA=="}})");
  world.go();
  EXPECT_EQ(world.data("t", "pass"), "one");
  EXPECT_EQ(world.data("t", "more"), "(none)");
  world.pass(5s);
  EXPECT_EQ(world.fetches(), 1U);
  EXPECT_EQ(world.writes("t"), 1U);
  EXPECT_EQ(world.restarts("w"), 0U);
}

TEST_F(InOrder, ARestartThatIsOwedOutlivesItsMarksAndTheProcess) {
  change("v2", R"({"pass":"two"})");
  world.pass(500ms);
  ASSERT_EQ(world.restarts("w"), 0U) << "the window is open";
  SyncWorld next;
  next.provider.set("db", "v2", R"({"pass":"two"})");
  auto secret = *world.kube.find(SyncWorld::secret("t"));
  secret["metadata"].as_object().erase("annotations");
  next.kube.put(SyncWorld::secret("t"), secret);
  next.kube.put(SyncWorld::binding("b"), *world.kube.find(SyncWorld::binding("b")));
  next.deploy("never-seen", R"(["t"])");
  next.watch();
  next.start();
  next.go();
  next.pass(5s);
  EXPECT_EQ(next.restarts("never-seen"), 1U);
}

TEST_F(InOrder, ADeletedTargetComesBackAndRestartsNothing) {
  world.kube.erase(SyncWorld::secret("t"));
  world.go();
  EXPECT_EQ(world.data("t", "pass"), "one");
  world.pass(5s);
  EXPECT_EQ(world.writes("t"), 1U);
  EXPECT_EQ(world.restarts("w"), 0U);
}

TEST_F(InOrder, ARemovedLabelIsPutBack) {
  world.kube.edit(SyncWorld::secret("t"),
                  R"({"metadata":{"labels":{"eventdrivensecretsmanaged":null}}})");
  world.go();
  EXPECT_TRUE(world.shared.targets.find({"ns", "t"})->labelled);
  EXPECT_EQ(world.writes("t"), 1U);
  world.pass(5s);
  EXPECT_EQ(world.restarts("w"), 0U);
}

TEST_F(InOrder, WhoeverDoesNotLeadWritesNothing) {
  world.leads = false;
  change("v2", R"({"pass":"two"})");
  world.pass(30s);
  EXPECT_EQ(world.writes("t"), 0U);
  EXPECT_EQ(world.inbox.acknowledged, Names{});
  world.leads = true;
  world.pass(10min, 1s);
  EXPECT_EQ(world.data("t", "pass"), "two");
}

TEST_F(InOrder, AnEditDuringTheReadOfAnEqualValueIsHealed) {
  // The marks on the target still tell of the value that is read: they alone must not bless it.
  world.provider.on_fetch = [this] {
    world.provider.on_fetch = nullptr;
    world.kube.edit(SyncWorld::secret("t"), R"({"data":{"more":"eA=="}})");
    world.watch();
  };
  change("v2", R"({"user":"u","pass":"one"})");
  world.pass(5s);
  EXPECT_EQ(world.data("t", "more"), "(none)");
  EXPECT_EQ(world.restarts("w"), 0U);
  EXPECT_EQ(world.inbox.acknowledged, Names{"m-v2"});
}

TEST_F(InOrder, ALateEventDoesNotHideANewOneThatCameWithIt) {
  world.provider.set("db", "v2", R"({"pass":"two"})");
  world.inbox.hint("new", std::string(kSource), "v2");
  world.inbox.hint("late", std::string(kSource), "v1");
  world.go();
  EXPECT_EQ(world.data("t", "pass"), "two");
}

TEST_F(InOrder, ASpecThatChangesDuringTheReadIsPlannedAgain) {
  // The new target belongs to somebody else: it must not be written by a plan made for the old one.
  world.provider.set("other", "v1", R"({"theirs":"1"})");
  world.bind("elder", "other", "t2");
  world.go();
  world.provider.on_fetch = [this] {
    world.kube.edit(
        SyncWorld::binding("b"),
        R"({"metadata":{"generation":2,"creationTimestamp":"2026-11-23T00:00:00Z"},"spec":{"targetSecretName":"t2"}})");
    world.watch();
  };
  change("v2", R"({"pass":"two"})");
  world.pass(5s);
  EXPECT_EQ(world.data("t2", "pass"), "(none)");
  EXPECT_EQ(world.data("t2", "theirs"), "1");
  EXPECT_EQ(world.kube.count(Method::patch, SyncWorld::secret("t2")), 0U);
  EXPECT_EQ(world.reason("b"), "TargetConflict");
}

}  // namespace
}  // namespace edsm::sync
