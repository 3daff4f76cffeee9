// What becomes of the old Secret when spec.targetSecretName is changed.

#include "sync/leftovers.hpp"

#include <functional>

#include <gtest/gtest.h>

#include "support/sync_world.hpp"

namespace edsm::sync {
namespace {

using namespace std::chrono_literals;
using net::Method;
using support::FakeKube;
using support::SyncWorld;

/// A binding "b" whose target was "old" and is "t" now.
struct Renamed {
  Renamed() {
    binding.key = {"ns", "b"};
    binding.uid = "bu";
    binding.target.name = "t";
    other.key = {"ns", "c"};
    other.uid = "cu";
    other.target.name = "elsewhere";
    target.key = {"ns", "old"};
    target.owner_kind = "EventDrivenSecret";
    target.owner_name = "b";
    target.owner_uid = "bu";
    target.labelled = true;
  }
  Binding binding;
  Binding other;
  Target target;
};

TEST(FormerOwner, Table) {
  struct Row {
    std::string_view name;
    std::function<void(Renamed&)> change;
    bool leftover = false;
  };
  const Row rows[] = {
      {"renamed", [](Renamed&) {}, true},
      {"not renamed", [](Renamed& it) { it.binding.target.name = "old"; }},
      {"another binding has it now", [](Renamed& it) { it.other.target.name = "old"; }},
      {"the binding was made anew", [](Renamed& it) { it.binding.uid = "bu2"; }},
      {"the binding is being deleted", [](Renamed& it) { it.binding.deleting = true; }},
      {"the Secret is being deleted", [](Renamed& it) { it.target.deleting = true; }},
      {"it outlives its binding",
       [](Renamed& it) { it.binding.target.creation = CreationPolicy::orphan; }},
      {"it is shared", [](Renamed& it) { it.binding.target.creation = CreationPolicy::merge; }},
      {"owned by another kind", [](Renamed& it) { it.target.owner_kind = "Certificate"; }},
      {"owned by nobody", [](Renamed& it) { it.target.owner_kind = {}; }},
      {"of another namespace", [](Renamed& it) { it.target.key.ns = "other"; }},
      {"its owner is not known", [](Renamed& it) { it.target.owner_name = "gone"; }},
  };
  for (const auto& row : rows) {
    Renamed it;
    row.change(it);
    const Providers providers;
    BindingStore bindings(providers);
    bindings.put(it.binding);
    bindings.put(it.other);
    const auto* const owner = former_owner(it.target, bindings);
    EXPECT_EQ(owner != nullptr, row.leftover) << row.name;
    if (owner != nullptr) EXPECT_EQ(owner->key, it.binding.key);
  }
}

/// A binding "b" of "db" to "t", in order.
class RenameTest : public testing::Test {
 protected:
  RenameTest() {
    world.provider.set("db", "v1", R"({"pass":"one"})");
    world.bind("b", "db", "t");
    world.start();
    world.go();
    world.kube.seen.clear();
  }
  void rename() {
    world.kube.edit(SyncWorld::binding("b"),
                    R"({"metadata":{"generation":2},"spec":{"targetSecretName":"new"}})");
    world.go();
  }
  /// Left to the garbage collector: not ours any more, and owned by nobody who exists.
  bool given_up(std::string_view name) const {
    const auto& metadata = world.kube.find(SyncWorld::secret(name))->at("metadata").as_object();
    const auto& owners = metadata.at("ownerReferences").as_array();
    return owners.size() == 1 &&
           owners.front().at("uid") == "00000000-0000-0000-0000-000000000000" &&
           !metadata.at("labels").as_object().contains("eventdrivensecretsmanaged");
  }

  SyncWorld world;
};

TEST_F(RenameTest, ARenameOfTheTargetLeavesNoOrphan) {
  rename();
  EXPECT_EQ(world.data("new", "pass"), "one");
  EXPECT_TRUE(given_up("t"));
  world.pass(5min, 5s);
  EXPECT_EQ(world.kube.count(Method::patch, SyncWorld::secret("t")), 1U);
}

TEST_F(RenameTest, TheOldOneStaysUntilTheNewOneIsThere) {
  world.kube.fault(Method::post, "/secrets", FakeKube::Fault::refuse);
  rename();
  EXPECT_EQ(world.data("new", "pass"), "(none)");
  EXPECT_FALSE(given_up("t"));
  world.pass(5s);
  EXPECT_EQ(world.data("new", "pass"), "one");
  EXPECT_TRUE(given_up("t"));
}

TEST_F(RenameTest, WhatWasMadeAgainMeanwhileIsNoOrphanEither) {
  world.kube.before(Method::post, "/secrets", [this] {
    world.kube.edit(SyncWorld::binding("b"),
                    R"({"metadata":{"generation":2},"spec":{"targetSecretName":"new"}})");
    world.watch();  // it is known before the answer
  });
  world.kube.erase(SyncWorld::secret("t"));
  world.go();
  world.pass(5s);
  EXPECT_EQ(world.data("new", "pass"), "one");
  EXPECT_TRUE(given_up("t"));
}

TEST_F(RenameTest, ARefusalIsSaidAndTriedAgain) {
  world.kube.fault(Method::patch, SyncWorld::secret("t"), FakeKube::Fault::refuse, 403,
                   "Forbidden");
  rename();
  EXPECT_FALSE(given_up("t"));
  EXPECT_TRUE(world.sink.has("cannot be given up"));
  world.pass(31s);
  EXPECT_TRUE(given_up("t"));
}

TEST_F(RenameTest, AnEditBetweenIsSeenFirst) {
  world.kube.before(Method::patch, SyncWorld::secret("t"), [this] {
    world.kube.edit(SyncWorld::secret("t"), R"({"data":{"pass":"YnkgaGFuZA=="}})");
  });
  rename();
  world.pass(5s);
  EXPECT_TRUE(given_up("t"));
}

TEST_F(RenameTest, WhoeverReturnsKeepsIt) {
  world.kube.fault(Method::patch, SyncWorld::secret("t"), FakeKube::Fault::refuse, 403,
                   "Forbidden");
  rename();
  world.kube.edit(SyncWorld::binding("b"),
                  R"({"metadata":{"generation":3},"spec":{"targetSecretName":"t"}})");
  world.pass(2min, 1s);
  EXPECT_FALSE(given_up("t"));
  EXPECT_TRUE(given_up("new"));
  EXPECT_EQ(world.data("t", "pass"), "one");
}

TEST_F(RenameTest, AnotherBindingTakesItOver) {
  world.bind("heir", "db", "t");
  world.go();
  rename();
  world.pass(5s);
  EXPECT_FALSE(given_up("t"));
  EXPECT_EQ(world.reason("heir"), "Synced");
}

}  // namespace
}  // namespace edsm::sync
