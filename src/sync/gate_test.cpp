// Bindings and SecretAccessPolicies: who gets a value, who does not, and what is said about it.

#include "sync/gate.hpp"

#include <string>
#include <string_view>

#include <gtest/gtest.h>

#include "base/crypto.hpp"
#include "base/time.hpp"
#include "support/sync_world.hpp"
#include "sync/names.hpp"
#include "sync/shape.hpp"

namespace edsm::sync {
namespace {

using namespace std::chrono_literals;
using net::Method;
using support::SyncWorld;

constexpr std::string_view kSource = "aws/r/db";
constexpr std::string_view kDbForNs =
    R"({"namespaces":{"names":["ns"]},"provider":"aws","paths":["db"]})";
constexpr std::string_view kDbForTeam =
    R"({"namespaces":{"selector":{"matchLabels":{"team":"a"}}},"provider":"aws","paths":["db"]})";
/// Of a binding in another namespace than the world's.
const std::string kElsewhere =
    "/apis/secrets.edsm.io/v1alpha1/namespaces/other/eventdrivensecrets/o";
const std::string kOtherSecret = "/api/v1/namespaces/other/secrets/t";

Settings with(Tenancy tenancy) {
  Settings settings;
  settings.tenancy = tenancy;
  return settings;
}

class TenancyTest : public testing::Test {
 protected:
  explicit TenancyTest(Tenancy tenancy) : world(with(tenancy)) {
    world.provider.set("db", "v1", "one");
    world.label("{}");
  }
  void start() {
    world.start();
    world.go();
  }
  void revoke(std::string_view name) {
    world.kube.erase(SyncWorld::policy(name));
    world.go();
  }
  /// A binding of "db" in namespace "other".
  void bind_elsewhere() {
    auto object = support::json(
        R"({"metadata":{"generation":1},"spec":{"cloudProvider":"aws","secretPath":"db",
            "targetSecretName":"t"}})");
    world.kube.put(kElsewhere, object.as_object());
  }
  bool shows(std::string_view series) const {
    return world.metrics.text().find(series) != std::string::npos;
  }
  /// Kubernetes Events with this reason that were recorded up to now.
  std::size_t events(std::string_view reason) {
    world.tasks.spawn(world.events.run());
    world.pass(10s);
    std::size_t count = 0;
    for (const auto& seen : world.kube.seen) {
      const bool made = seen.method == Method::post && seen.path.ends_with("/events");
      if (made && seen.body.find(fmt::format(R"("reason":"{}")", reason)) != std::string::npos)
        ++count;
    }
    return count;
  }

  SyncWorld world;
};

struct Enforced : TenancyTest {
  Enforced() : TenancyTest(Tenancy::enforce) {}
};
struct Audited : TenancyTest {
  Audited() : TenancyTest(Tenancy::audit) {}
};
struct Off : TenancyTest {
  Off() : TenancyTest(Tenancy::off) {}
};

TEST(PlanGate, StandsBehindWhatNeedsNoCloudAndBeforeAllThatMay) {
  Binding binding;
  const auto digester = support::digester();
  Facts facts(binding, digester);
  facts.verdict = {Verdict::Kind::refused, "", "no policy"};
  facts.rival = base::ObjectKey{"ns", "older"};
  facts.wishes.fetch = true;
  EXPECT_EQ(plan(facts).action, Plan::Action::stop);
  EXPECT_EQ(plan(facts).reason, kNotAllowed);
  EXPECT_EQ(plan(facts).message, "no policy");
  facts.verdict = {Verdict::Kind::waiting, "", ""};
  EXPECT_EQ(plan(facts).action, Plan::Action::wait);
  facts.spec_error = base::Error{base::Failure::invalid, "MissingRegion", "", std::nullopt};
  EXPECT_EQ(plan(facts).reason, "MissingRegion");
  binding.deleting = true;
  EXPECT_EQ(plan(facts).action, Plan::Action::forget);
}

TEST_F(Off, PoliciesMeanNothing) {
  world.bind("b", "db", "t");
  start();
  EXPECT_EQ(world.reason("b"), "Synced");
  EXPECT_FALSE(shows("edsm_bindings_not_allowed"));
}

/// A leader that dies, or loses its lease, may have written a target that its successor does not
/// know of yet.
TEST_F(Enforced, WhatAPredecessorWroteReachesTheWorkloadsAlthoughNothingMoreIsPermitted) {
  world.permit("p", kDbForNs);
  world.settle_in_order("one");
  revoke("p");
  ASSERT_EQ(world.reason("b"), "NotAllowed");
  cloud::Value value;
  value.version = "v2";
  value.bytes.append("two");
  const auto shaped = shape(value, world.state("b").binding.shape);
  ASSERT_TRUE(shaped);
  auto annotations =
      boost::json::object{{kVersionAnnotation, "v2"},
                          {kDigestAnnotation, world.shared.digester.digest(*shaped)},
                          {kChangedAtAnnotation, base::rfc3339_micro(world.clock.wall())}};
  world.kube.edit(SyncWorld::secret("t"),
                  boost::json::serialize(boost::json::object{
                      {"data", {{"value", base::base64("two")}}},
                      {"metadata", {{"annotations", std::move(annotations)}}}}));
  world.pass(5s);
  EXPECT_EQ(world.reason("b"), "NotAllowed");
  EXPECT_EQ(world.restarts("w"), 1U);
  world.pass(10min, 10s);
  EXPECT_EQ(world.restarts("w"), 1U);
  EXPECT_EQ(world.fetches(), 0U);
}

TEST_F(Enforced, WithoutAPermissionNothingAsksTheCloud) {
  world.bind("b", "db", "t");
  start();
  EXPECT_EQ(world.reason("b"), "NotAllowed");
  EXPECT_EQ(world.state("b").report.state, Report::State::stalled);
  EXPECT_TRUE(world.sink.has("no SecretAccessPolicy permits namespace ns to read db"));
  EXPECT_TRUE(shows(R"(edsm_bindings_not_allowed{namespace="ns"} 1)"));
  // An event, a request, the sweep, somebody who makes the target, time.
  world.inbox.hint("m", std::string(kSource), "v2");
  world.kube.edit(SyncWorld::binding("b"),
                  R"({"metadata":{"annotations":{"edsm.io/last-updated":"now"}}})");
  Sweep sweep(world.shared);
  world.tasks.spawn(sweep.run());
  world.go();
  world.kube.put(SyncWorld::secret("t"), {{"metadata", {{"labels", {{kManagedLabel, "true"}}}}},
                                          {"data", boost::json::object()}});
  world.pass(10min, 10s);
  EXPECT_EQ(world.fetches(), 0U);
  EXPECT_EQ(world.provider.version_calls, 0);
  EXPECT_EQ(world.writes("t"), 0U);
  EXPECT_EQ(world.inbox.acknowledged, std::vector<std::string>{"m"})
      << "it has no effect to wait for";
  EXPECT_EQ(events("NotAllowed"), 1U);
}

TEST_F(Enforced, APermissionWorksAtOnceAndItsEndStopsEverything) {
  world.bind("b", "db", "t");
  start();
  world.permit("p", kDbForNs);
  world.go();
  EXPECT_EQ(world.reason("b"), "Synced");
  EXPECT_EQ(world.data("t", "value"), "one");
  EXPECT_TRUE(shows(R"(edsm_bindings_not_allowed{namespace="ns"} 0)"));
  world.provider.batches.clear();

  revoke("p");
  EXPECT_EQ(world.reason("b"), "NotAllowed");
  world.provider.set("db", "v2", "two");
  world.inbox.hint("m", std::string(kSource), "v2");
  world.kube.edit(SyncWorld::secret("t"), R"({"data":{"value":"aGFuZA=="}})");
  world.pass(1min, 1s);
  EXPECT_EQ(world.data("t", "value"), "hand") << "it stays, whoever changes it";
  EXPECT_EQ(world.fetches(), 0U);

  world.permit("p", kDbForNs);
  world.go();
  EXPECT_EQ(world.reason("b"), "Synced");
  EXPECT_EQ(world.data("t", "value"), "two");
  EXPECT_EQ(world.fetches(), 1U);
}

TEST_F(Enforced, WhatChangedUnheardWhileItWasRefusedIsReadWhenItIsAllowedAgain) {
  world.permit("p", kDbForNs);
  world.bind("b", "db", "t");
  start();
  ASSERT_EQ(world.reason("b"), "Synced");
  revoke("p");
  world.provider.set("db", "v2", "two");  // no event
  world.permit("p", kDbForNs);
  world.go();
  EXPECT_EQ(world.data("t", "value"), "two");
}

TEST_F(Enforced, LabelsOfTheNamespaceDecide) {
  world.permit("p", kDbForTeam);
  world.bind("b", "db", "t");
  start();
  EXPECT_EQ(world.reason("b"), "NotAllowed");
  world.label(R"({"team":"a"})");
  world.go();
  EXPECT_EQ(world.reason("b"), "Synced");
  world.label(R"({"team":"b"})");
  world.go();
  EXPECT_EQ(world.reason("b"), "NotAllowed");
  world.kube.edit(SyncWorld::policy("p"),
                  R"({"spec":{"namespaces":{"selector":{"matchLabels":{"team":"b"}}}}})");
  world.go();
  EXPECT_EQ(world.reason("b"), "Synced");
}

TEST_F(Enforced, ANamespaceThatWasNotSeenYetIsWaitedForQuietly) {
  world.kube.erase("/api/v1/namespaces/ns");
  world.permit("p", kDbForTeam);
  world.bind("b", "db", "t");
  start();
  world.pass(1min, 1s);
  EXPECT_EQ(world.reason("b"), "");
  EXPECT_EQ(world.fetches(), 0U);
  world.label(R"({"team":"a"})");
  world.go();
  EXPECT_EQ(world.reason("b"), "Synced") << "without waiting for the next look";
  EXPECT_EQ(events("NotAllowed"), 0U);
}

TEST_F(Enforced, TheReasonKeepsUpWithThePolicies) {
  world.bind("b", "db", "t");
  start();
  world.permit("p", R"({"namespaces":{"names":["ns"]},"provider":"aws","paths":["other"]})");
  world.go();
  EXPECT_EQ(world.reason("b"), "NotAllowed");
  world.pass(3s);
  const auto& status = world.kube.find(SyncWorld::binding("b"))->at("status");
  const std::string said(status.at("message").as_string());
  EXPECT_NE(said.find("p does not by its spec.paths"), std::string::npos) << said;
  EXPECT_EQ(events("NotAllowed"), 1U);
}

TEST_F(Enforced, AValueForAnotherNamespaceDoesNotComeThrough) {
  world.permit("p", kDbForNs);
  world.bind("b", "db", "t");
  bind_elsewhere();
  start();
  EXPECT_EQ(world.reason("b"), "Synced");
  EXPECT_EQ(world.fetches(), 1U);
  world.provider.set("db", "v2", "two");
  world.inbox.hint("m", std::string(kSource), "v2");
  world.go();
  EXPECT_EQ(world.data("t", "value"), "two");
  EXPECT_EQ(world.kube.find(kOtherSecret), nullptr);
  EXPECT_EQ(world.fetches(), 2U);
  EXPECT_EQ(world.shared.fetcher.held(), 0U);
  EXPECT_EQ(world.inbox.acknowledged, std::vector<std::string>{"m"});
}

TEST_F(Enforced, AValueUnderWayIsDroppedForWhoLosesThePermission) {
  world.permit("p", kDbForNs);
  world.permit("q", R"({"namespaces":{"names":["other"]},"provider":"aws","paths":["db"]})");
  world.bind("b", "db", "t");
  bind_elsewhere();
  base::Gate answer;
  world.provider.hold = &answer;
  start();
  ASSERT_EQ(world.fetches(), 1U);
  revoke("q");
  answer.open();
  world.go();
  EXPECT_EQ(world.data("t", "value"), "one");
  EXPECT_EQ(world.kube.find(kOtherSecret), nullptr);
  EXPECT_EQ(world.shared.bindings.find({"other", "o"})->report.reason, kNotAllowed);
  EXPECT_EQ(world.shared.fetcher.held(), 0U);
}

TEST_F(Enforced, AReadThatWaitsForItsTurnIsNotSentAfterThePermissionIsGone) {
  world.provider.limit = 1;
  world.provider.set("x", "v1", "first");
  world.provider.set("y", "v1", "second");
  world.permit("all", R"({"namespaces":{"names":["ns"]},"provider":"aws","paths":["x","y"]})");
  world.permit("p", kDbForNs);
  base::Gate answer;
  world.provider.hold = &answer;
  world.bind("a", "x", "ta");
  world.bind("b", "y", "tb");
  start();
  ASSERT_EQ(world.fetches(), 2U) << "both senders are busy";
  world.bind("c", "db", "t");
  world.go();
  revoke("p");
  EXPECT_EQ(world.fetches(), 2U);
  answer.open();
  world.pass(1min, 1s);
  EXPECT_EQ(world.fetches(), 2U);
  EXPECT_EQ(world.reason("c"), "NotAllowed");
  EXPECT_EQ(world.reason("a"), "Synced");
  EXPECT_EQ(world.reason("b"), "Synced");
  world.permit("p", kDbForNs);
  world.go();
  EXPECT_EQ(world.reason("c"), "Synced");
}

TEST_F(Enforced, AnUnrelatedPolicyDisturbsNobody) {
  world.permit("p", kDbForNs);
  world.bind("b", "db", "t");
  start();
  world.pass(10s);
  const auto before = world.kube.seen.size();
  world.permit("q", R"({"namespaces":{"selector":{}},"provider":"aws","paths":["x"]})");
  world.label(R"({"a":"b"})");
  revoke("q");
  world.pass(10s);
  EXPECT_EQ(world.kube.seen.size(), before);
  EXPECT_EQ(world.fetches(), 1U);
}

TEST_F(Enforced, ABindingThatGoesLeavesNoCount) {
  world.bind("b", "db", "t");
  start();
  ASSERT_TRUE(shows(R"(edsm_bindings_not_allowed{namespace="ns"} 1)"));
  world.kube.erase(SyncWorld::binding("b"));
  world.go();
  EXPECT_TRUE(shows(R"(edsm_bindings_not_allowed{namespace="ns"} 0)"));
}

TEST_F(Enforced, ARelistFindsWhatWasTakenMeanwhile) {
  world.permit("p", kDbForTeam);
  world.label(R"({"team":"a"})");
  world.bind("b", "db", "t");
  start();
  ASSERT_EQ(world.reason("b"), "Synced");
  world.policies.list_begins();
  world.policies.list_ends("9");
  world.go();
  EXPECT_EQ(world.reason("b"), "NotAllowed");
}

TEST_F(Audited, ItIsToldOnceAndSyncedAllTheSame) {
  world.bind("b", "db", "t");
  start();
  EXPECT_EQ(world.reason("b"), "Synced");
  EXPECT_EQ(world.data("t", "value"), "one");
  EXPECT_TRUE(world.sink.has("only audited, and synced all the same: no SecretAccessPolicy"));
  EXPECT_TRUE(shows(R"(edsm_bindings_not_allowed{namespace="ns"} 1)"));
  for (const auto* const version : {"v2", "v3"}) {
    world.provider.set("db", version, version);
    world.inbox.hint(version, std::string(kSource), version);
    world.go();
  }
  EXPECT_EQ(world.data("t", "value"), "v3");
  EXPECT_EQ(events("NotAllowed"), 1U);
}

TEST_F(Audited, TheTellingFollowsThePoliciesAndTheConditionDoesNot) {
  world.bind("b", "db", "t");
  start();
  world.pass(3s);
  const auto status = world.kube.find(SyncWorld::binding("b"))->at("status");
  world.permit("p", kDbForNs);
  world.go();
  EXPECT_TRUE(world.sink.has("binding allowed now"));
  EXPECT_TRUE(shows(R"(edsm_bindings_not_allowed{namespace="ns"} 0)"));
  revoke("p");
  EXPECT_TRUE(shows(R"(edsm_bindings_not_allowed{namespace="ns"} 1)"));
  world.pass(10s);
  EXPECT_EQ(world.kube.find(SyncWorld::binding("b"))->at("status"), status);
  EXPECT_EQ(world.fetches(), 1U) << "a change of policies reads nothing";
}

}  // namespace
}  // namespace edsm::sync
