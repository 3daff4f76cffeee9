#include "sync/rollout.hpp"

#include <map>
#include <string>

#include <gtest/gtest.h>

#include "base/time.hpp"
#include "support/sync_values.hpp"

namespace edsm::sync {
namespace {

using support::digester;

const std::string kOld = "k1:old";
const std::string kNew = "k1:new";
const std::string kLost = "k0:lost";
const std::string kBefore = "2026-11-23T17:59:59.999999Z";
const std::string kSame = "2026-11-23T18:00:00.500000Z";
const std::string kAfter = "2026-11-23T18:00:01.000000Z";

struct World {
  World() {
    workload.key = {"ns", "w"};
    workload.uid = "wu";
    workload.resource_version = "5";
    workload.created = *base::parse_rfc3339("2026-11-23T18:00:00Z");
    workload.secrets = {"s"};
  }
  void target(const std::string& name, const std::string& digest, const std::string& changed_at) {
    Target& made = targets[{"ns", name}];
    made.digest = digest;
    made.changed_at = changed_at;
  }
  RolloutDecision decide() {
    const auto find = [this](const base::ObjectKey& key) -> const Target* {
      const auto at = targets.find(key);
      return at == targets.end() ? nullptr : &at->second;
    };
    return decide_rollout(workload, find, digester());
  }

  Workload workload;
  std::map<base::ObjectKey, Target> targets;
};

TEST(Rollout, AnOlderChangeThanTheWorkloadKnowsIsDoubted) {
  World world;
  world.workload.records = {{"s", {kNew, kAfter}}};
  world.target("s", kOld, kBefore);
  EXPECT_EQ(world.decide().doubtful, std::vector<std::string>{"s"});
  world.target("s", kOld, kAfter);
  EXPECT_TRUE(world.decide().doubtful.empty());
}

TEST(Rollout, Table) {
  struct Row {
    std::string_view what;
    std::optional<RolloutRecord> record;
    std::string digest;
    std::string changed_at;
    bool restart;
    bool write;
  };
  const Row rows[] = {
      {"same digest", RolloutRecord{kNew, kAfter}, kNew, kAfter, false, false},
      {"same digest, changed back and forth", RolloutRecord{kNew, kBefore}, kNew, kAfter, false,
       false},
      {"other digest", RolloutRecord{kOld, kBefore}, kNew, kAfter, true, true},
      {"other digest, same time", RolloutRecord{kOld, kAfter}, kNew, kAfter, true, true},
      {"record of a lost key, not changed since", RolloutRecord{kLost, kAfter}, kNew, kAfter, false,
       true},
      {"record of a lost key, changed since", RolloutRecord{kLost, kBefore}, kNew, kAfter, true,
       true},
      {"record of nonsense, not changed since", RolloutRecord{"", kAfter}, kNew, kAfter, false,
       true},
      {"no record, changed after creation", std::nullopt, kNew, kAfter, true, true},
      {"no record, changed in the second of creation", std::nullopt, kNew, kSame, true, true},
      {"no record, changed before creation", std::nullopt, kNew, kBefore, false, true},
      {"no record, change time unknown", std::nullopt, kNew, "", false, true},
      {"no record, change time unreadable", std::nullopt, kNew, "yesterday", false, true},
      {"target of a lost key", RolloutRecord{kOld, kBefore}, kLost, kAfter, false, false},
      {"target of a lost key, no record", std::nullopt, kLost, kAfter, false, false},
      {"target without a digest", RolloutRecord{kOld, kBefore}, "", "", false, false},
  };
  for (const auto& row : rows) {
    World world;
    world.target("s", row.digest, row.changed_at);
    if (row.record) world.workload.records = {{"s", *row.record}};
    const auto decision = world.decide();
    EXPECT_EQ(decision.restart(), row.restart) << row.what;
    EXPECT_EQ(decision.write, row.write) << row.what;
    EXPECT_EQ(decision.unknown.empty(), row.digest == kNew) << row.what;
    if (row.write) {
      const RolloutRecord expected{row.digest, row.changed_at};
      EXPECT_EQ(decision.records.at("s"), expected) << row.what;
    }
  }
}

TEST(Rollout, AMissingTargetKeepsItsRecord) {
  World world;
  world.workload.records = {{"s", {kOld, kBefore}}};
  auto decision = world.decide();
  EXPECT_FALSE(decision.write);
  EXPECT_EQ(decision.records, world.workload.records);
  EXPECT_EQ(decision.unknown, std::vector<std::string>{"s"});
  world.target("s", kOld, "");
  decision = world.decide();
  EXPECT_FALSE(decision.restart()) << "the same value came back";
}

TEST(Rollout, AMissingTargetBlocksNoOther) {
  World world;
  world.workload.secrets = {"gone", "changed", "same", "other"};
  world.workload.records = {
      {"changed", {kOld, kBefore}}, {"same", {kOld, kBefore}}, {"unnamed", {kOld, kBefore}}};
  world.target("changed", kNew, kAfter);
  world.target("same", kOld, kBefore);
  world.target("other", kNew, kAfter);
  world.target("unnamed", kNew, kAfter);
  const auto decision = world.decide();
  EXPECT_EQ(decision.restart_for, (std::vector<std::string>{"changed", "other"}));
  EXPECT_EQ(decision.unknown, std::vector<std::string>{"gone"});
  const std::map<std::string, RolloutRecord> expected = {
      {"changed", {kNew, kAfter}}, {"same", {kOld, kBefore}}, {"other", {kNew, kAfter}}};
  EXPECT_EQ(decision.records, expected) << "who is not named any more is not recorded any more";
}

TEST(Rollout, TargetsOfOtherNamespacesDoNotCount) {
  World world;
  world.targets[{"other", "s"}].digest = kNew;
  EXPECT_EQ(world.decide().unknown, std::vector<std::string>{"s"});
}

TEST(Rollout, AnUnreadableAnnotationKeepsTheRecords) {
  // Otherwise its correction would restart the pods for nothing.
  World world;
  world.workload.secrets = {};
  world.workload.annotation_error = "not a JSON array";
  world.workload.records = {{"s", {kNew, kAfter}}};
  world.target("s", kNew, kAfter);
  const auto decision = world.decide();
  EXPECT_FALSE(decision.write);
  EXPECT_EQ(decision.records, world.workload.records);
}

TEST(Rollout, PatchOfARestart) {
  World world;
  world.target("s", kNew, kAfter);
  const auto decision = world.decide();
  const auto with = digester();
  const std::string records =
      R"({"s":{"digest":"k1:new","changedAt":"2026-11-23T18:00:01.000000Z"}})";
  EXPECT_EQ(
      rollout_patch(world.workload, decision, with).view(),
      R"({"metadata":{"uid":"wu","resourceVersion":"5","annotations":{"secrets.edsm.io/rolled-out":)"
      R"("{\"s\":{\"digest\":\"k1:new\",\"changedAt\":\"2026-11-23T18:00:01.000000Z\"}}"}},)"
      R"("spec":{"template":{"metadata":{"annotations":{"secrets.edsm.io/rollout":")" +
          with.combine(records) + R"("}}}}})");
}

TEST(Rollout, PatchOfARecordLeavesThePodTemplateAlone) {
  World world;
  world.target("s", kNew, "");
  const auto decision = world.decide();
  ASSERT_FALSE(decision.restart());
  EXPECT_EQ(
      rollout_patch(world.workload, decision, digester()).view(),
      R"({"metadata":{"uid":"wu","resourceVersion":"5","annotations":{"secrets.edsm.io/rolled-out":"{\"s\":{\"digest\":\"k1:new\"}}"}}})");
}

TEST(Rollout, TheSameChangeGivesTheSamePatch) {
  World one;
  one.target("s", kNew, kAfter);
  World two;
  two.target("s", kNew, kAfter);
  EXPECT_EQ(rollout_patch(one.workload, one.decide(), digester()).view(),
            rollout_patch(two.workload, two.decide(), digester()).view());
}

}  // namespace
}  // namespace edsm::sync
