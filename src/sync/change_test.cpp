#include "sync/change.hpp"

#include <functional>

#include <gtest/gtest.h>

#include "support/sync_values.hpp"

namespace edsm::sync {
namespace {

const std::string kThen = "2026-11-23T18:00:00.000001Z";
const std::string kBefore = "2026-11-01T00:00:00.000001Z";

/// A target that holds "old", which we wrote, and is to be given the value `next`.
struct World {
  explicit World(std::string next)
      : data(support::shaped({{"a", std::move(next)}})), desired(binding, data) {
    desired.digest = digester.digest(data);
    desired.version = "v2";
    desired.source = "aws/r/p";
    target.digest = held = digest_of("old");
    target.version = "v1";
    target.source = "aws/r/p";
    target.changed_at = kThen;
    applied.hash = held;
    applied.changed_at = kBefore;
  }
  std::string digest_of(std::string value) const {
    return digester.digest(support::shaped({{"a", std::move(value)}}));
  }

  Digester digester = support::digester();
  Binding binding;
  ShapedData data;
  Desired desired;
  Target target;
  bool there = true;
  std::string held;
  Applied applied;
};

struct Row {
  std::string_view name;
  std::string next;
  std::function<void(World&)> change;
  bool data_equal;
  bool news;
  std::optional<std::string> since;
};

constexpr auto nothing = [](World&) {};

TEST(JudgeChange, Table) {
  const auto lose_key = [](World& world) { world.target.digest = world.applied.hash = "k0:lost"; };
  const Row rows[] = {
      {"another value", "new", nothing, false, true, std::nullopt},
      {"the same value", "old", nothing, true, false, kThen},
      {"edited, and restored", "old", [](World& w) { w.held = w.digest_of("edited"); }, false,
       false, kThen},
      {"edited, and another value", "new", [](World& w) { w.held = w.digest_of("edited"); }, false,
       true, std::nullopt},
      {"edited to the very value that comes", "new", [](World& w) { w.held = w.digest_of("new"); },
       true, true, std::nullopt},
      {"marks taken, memory knows", "old",
       [](World& w) {
         w.target.digest = {};
         w.target.changed_at = {};
       },
       true, false, kBefore},
      {"marks taken, memory knows of another", "new", [](World& w) { w.target.digest = {}; }, false,
       true, std::nullopt},
      {"key lost, data equal", "old", lose_key, true, false, kThen},
      {"key lost, another version", "new", lose_key, false, true, std::nullopt},
      {"key lost and edited: one version is one value", "old",
       [&](World& w) {
         lose_key(w);
         w.held = w.digest_of("edited");
         w.target.version = "v2";
       },
       false, false, kThen},
      {"key lost, the same version of another source", "new",
       [&](World& w) {
         lose_key(w);
         w.target.version = "v2";
         w.target.source = "aws/r/q";
       },
       false, true, std::nullopt},
      {"deleted, and restored", "old", [](World& w) { w.there = false; }, false, false, kBefore},
      {"deleted, and another value", "new", [](World& w) { w.there = false; }, false, true,
       std::nullopt},
      {"deleted, and nobody knows since when it had it", "old",
       [](World& w) {
         w.there = false;
         w.applied.changed_at = {};
       },
       false, false, std::nullopt},
      {"never there", "new",
       [](World& w) {
         w.there = false;
         w.applied = {};
       },
       false, true, std::nullopt},
  };
  for (const auto& row : rows) {
    World world(row.next);
    row.change(world);
    const auto change = judge_change(world.desired, world.there ? &world.target : nullptr,
                                     world.held, world.applied, world.digester);
    EXPECT_EQ(change.data_equal, row.data_equal) << row.name;
    EXPECT_EQ(change.news, row.news) << row.name;
    EXPECT_EQ(change.since, row.since) << row.name;
    EXPECT_FALSE(change.onto_nothing) << row.name;
  }
}

TEST(JudgeChange, ATargetWithoutDataIsToldApart) {
  World world("new");
  world.held = world.digester.digest(support::shaped({}));
  EXPECT_TRUE(judge_change(world.desired, &world.target, world.held, world.applied, world.digester)
                  .onto_nothing);
}

}  // namespace
}  // namespace edsm::sync
