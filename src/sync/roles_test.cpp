// Bindings that ask for a role of their own: only a policy lets them, in every mode, and nobody
// gets what was read as somebody else.

#include <string>
#include <string_view>

#include <gtest/gtest.h>

#include "support/sync_world.hpp"

namespace edsm::sync {
namespace {

using namespace std::chrono_literals;
using support::SyncWorld;

constexpr std::string_view kRole = R"("cloudProviderOptions":{"roleARN":"arn:shop"})";
constexpr std::string_view kPolicy =
    R"({"namespaces":{"names":["ns"]},"provider":"aws","paths":["db"],"roles":["arn:shop"]})";
constexpr std::string_view kPolicyWithoutRoles =
    R"({"namespaces":{"names":["ns"]},"provider":"aws","paths":["*"]})";

struct RolesTest : testing::TestWithParam<Tenancy> {
  RolesTest() : world(settings()) {
    world.provider.set("db", "v1", "one");
    world.label("{}");
  }
  static Settings settings() {
    Settings settings;
    settings.tenancy = GetParam();
    return settings;
  }
  void start() {
    world.start();
    world.go();
  }
  std::string message(std::string_view name) {
    world.pass(3s);
    const auto& status = world.kube.find(SyncWorld::binding(name))->at("status");
    return std::string(status.at("message").as_string());
  }

  SyncWorld world;
};

struct AnyMode : RolesTest {};
struct WithPolicies : RolesTest {};

INSTANTIATE_TEST_SUITE_P(Roles, AnyMode,
                         testing::Values(Tenancy::off, Tenancy::audit, Tenancy::enforce));
INSTANTIATE_TEST_SUITE_P(Roles, WithPolicies, testing::Values(Tenancy::audit, Tenancy::enforce));

TEST_P(AnyMode, WithoutAPolicyNothingAsksTheCloud) {
  if (GetParam() != Tenancy::off) world.permit("p", kPolicyWithoutRoles);
  world.bind("b", "db", "t", kRole);
  start();
  EXPECT_EQ(world.reason("b"), "NotAllowed");
  EXPECT_EQ(world.state("b").report.state, Report::State::stalled);
  const auto said = message("b");
  EXPECT_NE(said.find("arn:shop"), std::string::npos) << said;
  EXPECT_NE(said.find("SecretAccessPolicy"), std::string::npos) << said;
  EXPECT_NE(said.find("ask a cluster administrator"), std::string::npos) << said;
  EXPECT_EQ(said.find("audited"), std::string::npos) << "it is not synced all the same: " << said;
  EXPECT_NE(world.metrics.text().find(R"(edsm_bindings_not_allowed{namespace="ns"} 1)"),
            std::string::npos);

  // An event, a request, the sweep.
  world.inbox.hint("m", "aws/r/db", "v2");
  world.kube.edit(SyncWorld::binding("b"),
                  R"({"metadata":{"annotations":{"edsm.io/last-updated":"now"}}})");
  Sweep sweep(world.shared);
  world.tasks.spawn(sweep.run());
  world.pass(10min, 10s);
  EXPECT_EQ(world.fetches(), 0U);
  EXPECT_EQ(world.provider.version_calls, 0);
  EXPECT_EQ(world.writes("t"), 0U);
  EXPECT_EQ(world.inbox.acknowledged, std::vector<std::string>{"m"});
}

TEST_P(AnyMode, WithoutTheRoleItIsABindingLikeOthers) {
  if (GetParam() != Tenancy::off) world.permit("p", kPolicyWithoutRoles);
  world.bind("b", "db", "t", kRole);
  start();
  ASSERT_EQ(world.reason("b"), "NotAllowed");
  world.kube.edit(
      SyncWorld::binding("b"),
      R"({"metadata":{"generation":2},"spec":{"cloudProviderOptions":{"roleARN":null}}})");
  world.go();
  EXPECT_EQ(world.reason("b"), "Synced");
  EXPECT_NE(world.metrics.text().find(R"(edsm_bindings_not_allowed{namespace="ns"} 0)"),
            std::string::npos);
}

TEST_P(WithPolicies, APolicyThatListsTheRoleLetsItThroughAndItsEndStopsIt) {
  world.permit("p", kPolicy);
  world.bind("b", "db", "t", kRole);
  start();
  EXPECT_EQ(world.reason("b"), "Synced");
  EXPECT_EQ(world.data("t", "value"), "one");
  EXPECT_EQ(world.annotation(SyncWorld::secret("t"), "secrets.edsm.io/source"),
            "aws/r/[arn:shop for ns/b]/db");

  world.kube.erase(SyncWorld::policy("p"));
  world.go();
  EXPECT_EQ(world.reason("b"), "NotAllowed");
  world.provider.set("db", "v2", "two");
  world.inbox.hint("m", "aws/r/db", "v2");
  world.pass(1min, 1s);
  EXPECT_EQ(world.data("t", "value"), "one");
  EXPECT_EQ(world.fetches(), 1U);

  world.permit("p", kPolicy);
  world.go();
  EXPECT_EQ(world.data("t", "value"), "two");
}

TEST_P(WithPolicies, APolicyForRolesPermitsNothingWithoutOne) {
  world.permit("p", kPolicy);
  world.bind("b", "db", "t");
  start();
  const bool refused = GetParam() == Tenancy::enforce;
  EXPECT_EQ(world.reason("b"), refused ? "NotAllowed" : "Synced");
}

TEST_P(WithPolicies, ARoleUnderWayIsDroppedWhenThePermissionGoes) {
  world.permit("p", kPolicy);
  world.bind("b", "db", "t", kRole);
  base::Gate answer;
  world.provider.hold = &answer;
  start();
  ASSERT_EQ(world.fetches(), 1U);
  world.kube.erase(SyncWorld::policy("p"));
  world.go();
  answer.open();
  world.go();
  EXPECT_EQ(world.kube.find(SyncWorld::secret("t")), nullptr);
  EXPECT_EQ(world.reason("b"), "NotAllowed");
  EXPECT_EQ(world.shared.fetcher.held(), 0U);
}

TEST_P(WithPolicies, OneSecretAndOneEventAndAReadForEachIdentity) {
  world.permit("own", kPolicyWithoutRoles);
  world.permit("p", kPolicy);
  world.bind("mine", "db", "t1", kRole);
  world.bind("other", "db", "t2", kRole);
  world.bind("plain1", "db", "t3");
  world.bind("plain2", "db", "t4");
  start();
  EXPECT_EQ(world.fetches(), 3U) << "one for each binding with a role, one for the two without";
  world.provider.set("db", "v2", "two");
  world.inbox.hint("m", "aws/r/db", "v2");
  world.go();
  EXPECT_EQ(world.fetches(), 6U);
  for (const auto* const target : {"t1", "t2", "t3", "t4"})
    EXPECT_EQ(world.data(target, "value"), "two") << target;
  EXPECT_EQ(world.inbox.acknowledged, std::vector<std::string>{"m"});
}

TEST_P(WithPolicies, TheSweepAsksForEachIdentityAndFindsWhatWasLost) {
  world.permit("own", kPolicyWithoutRoles);
  world.permit("p", kPolicy);
  world.bind("mine", "db", "t1", kRole);
  world.bind("plain", "db", "t2");
  start();
  world.provider.set("db", "v2", "two");  // no event
  Sweep sweep(world.shared);
  world.tasks.spawn(sweep.run());
  world.go();
  EXPECT_EQ(world.provider.version_calls, 2);
  EXPECT_EQ(world.data("t1", "value"), "two");
  EXPECT_EQ(world.data("t2", "value"), "two");
  EXPECT_NE(world.metrics.text().find("edsm_sweeps_total 1"), std::string::npos)
      << "one for a region, whoever reads";
  EXPECT_NE(world.metrics.text().find("edsm_sweep_compared_total 2"), std::string::npos);
}

TEST_P(WithPolicies, AnotherRoleReadsAgain) {
  world.permit("p", R"({"namespaces":{"names":["ns"]},"provider":"aws","paths":["db"],
                        "roles":["arn:*"]})");
  world.bind("b", "db", "t", kRole);
  start();
  ASSERT_EQ(world.reason("b"), "Synced");
  world.kube.edit(SyncWorld::binding("b"),
                  R"({"metadata":{"generation":2},
                      "spec":{"cloudProviderOptions":{"roleARN":"arn:other"}}})");
  world.go();
  EXPECT_EQ(world.fetches(), 2U);
  EXPECT_EQ(world.annotation(SyncWorld::secret("t"), "secrets.edsm.io/source"),
            "aws/r/[arn:other for ns/b]/db");
  EXPECT_EQ(world.shared.fetcher.held(), 0U);
}

}  // namespace
}  // namespace edsm::sync
