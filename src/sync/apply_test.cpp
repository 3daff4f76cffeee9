#include "sync/apply.hpp"

#include <functional>
#include <string>

#include <gtest/gtest.h>

#include "support/sync_values.hpp"

namespace edsm::sync {
namespace {

struct World {
  World() : data(support::shaped({{"a", "1"}, {"b", ""}})), desired(binding, data) {
    binding.key = {"ns", "b"};
    binding.uid = "bu";
    binding.target.name = "t";
    desired.digest = "k1:d";
    desired.version = "v1";
    desired.source = "aws/r/p";
    desired.changed_at = "2026-11-23T18:00:00.000001Z";
    current.uid = "tu";
    current.resource_version = "7";
    current.owner_uid = "bu";
    current.labelled = true;
    current.digest = "k1:d";
    current.version = "v1";
    current.source = "aws/r/p";
    current.binding = "b";
    current.changed_at = desired.changed_at;
  }
  std::string create() const { return std::string(create_body(desired).view()); }
  std::string update(bool with_data = true) const {
    return std::string(update_body(desired, current, with_data).view());
  }

  Binding binding;
  ShapedData data;
  Desired desired;
  Target current;
};

const std::string kMarks =
    R"("labels":{"eventdrivensecretsmanaged":"true"},)"
    R"("annotations":{"secrets.edsm.io/version":"v1","secrets.edsm.io/digest":"k1:d",)"
    R"("secrets.edsm.io/source":"aws/r/p","secrets.edsm.io/binding":"ns/b",)"
    R"("secrets.edsm.io/changed-at":"2026-11-23T18:00:00.000001Z")";
const std::string kOwner =
    R"("ownerReferences":[{"apiVersion":"secrets.edsm.io/v1alpha1","kind":"EventDrivenSecret","name":"b","uid":"bu","controller":true}])";
const std::string kPrecondition = R"({"metadata":{"uid":"tu","resourceVersion":"7",)";

TEST(Apply, CreateOfAnOwnedTarget) {
  const World world;
  EXPECT_EQ(
      world.create(),
      R"({"apiVersion":"v1","kind":"Secret","type":"Opaque","metadata":{"name":"t","namespace":"ns",)" +
          kMarks + "}," + kOwner + R"(},"data":{"a":"MQ==","b":""}})");
}

TEST(Apply, CreateWithoutOwnerAndForMerge) {
  World world;
  const std::string head =
      R"({"apiVersion":"v1","kind":"Secret","type":"Opaque","metadata":{"name":"t","namespace":"ns",)";
  world.binding.target.creation = CreationPolicy::orphan;
  EXPECT_EQ(world.create(), head + kMarks + R"(}},"data":{"a":"MQ==","b":""}})");
  world.binding.target.creation = CreationPolicy::merge;
  EXPECT_EQ(
      world.create(),
      head + kMarks + R"(,"secrets.edsm.io/keys":"[\"a\",\"b\"]"}},"data":{"a":"MQ==","b":""}})");
}

TEST(Apply, UpdateReplacesTheWholeDataOfAnOwnedTarget) {
  const World world;
  EXPECT_EQ(world.update(), kPrecondition + kMarks + "}," + kOwner +
                                R"(},"data":{"$patch":"replace","a":"MQ==","b":""}})");
}

TEST(Apply, OntoATargetWithoutDataNothingIsReplaced) {
  World world;
  world.desired.onto_nothing = true;
  EXPECT_EQ(world.update(),
            kPrecondition + kMarks + "}," + kOwner + R"(},"data":{"a":"MQ==","b":""}})");
}

TEST(Apply, UpdateOfMetadataOnlyCarriesNoData) {
  const World world;
  EXPECT_EQ(world.update(false), kPrecondition + kMarks + "}," + kOwner + "}}");
}

TEST(Apply, OrphanLetsGoOfItsOwnReferenceOnly) {
  World world;
  world.binding.target.creation = CreationPolicy::orphan;
  EXPECT_EQ(
      world.update(),
      kPrecondition + kMarks +
          R"(},"ownerReferences":[{"$patch":"delete","uid":"bu"}]},"data":{"$patch":"replace","a":"MQ==","b":""}})");
  world.current.owner_uid = "";
  EXPECT_EQ(world.update(),
            kPrecondition + kMarks + R"(}},"data":{"$patch":"replace","a":"MQ==","b":""}})");
}

TEST(Apply, MergeTouchesOnlyItsOwnKeys) {
  World world;
  world.binding.target.creation = CreationPolicy::merge;
  world.current.owner_uid = "";
  world.current.keys = std::vector<std::string>{"a", "gone", "went"};
  EXPECT_EQ(
      world.update(),
      kPrecondition + kMarks +
          R"(,"secrets.edsm.io/keys":"[\"a\",\"b\"]"}},"data":{"gone":null,"went":null,"a":"MQ==","b":""}})");
}

TEST(Apply, OneThatIsSharedNoMoreForgetsWhichKeysWereOurs) {
  World world;
  world.binding.target.creation = CreationPolicy::orphan;
  world.current.owner_uid = "";
  world.current.keys = std::vector<std::string>{"a", "gone"};
  EXPECT_EQ(world.update(),
            kPrecondition + kMarks +
                R"(,"secrets.edsm.io/keys":null}},"data":{"$patch":"replace","a":"MQ==","b":""}})");
}

TEST(Apply, AnEmptyChangeTimeIsNotWritten) {
  World world;
  world.desired.changed_at = "";
  EXPECT_EQ(world.update().find("changed-at"), std::string::npos);
  EXPECT_EQ(world.create().find("changed-at"), std::string::npos);
}

TEST(Apply, WishedLabelsAndAnnotationsComeAlongButNeverReplaceOurs) {
  World world;
  world.binding.target.labels = StringMap{{"team", "a\"b"}};
  world.binding.target.annotations = StringMap{{"note", "x"}};
  const auto body = world.update();
  EXPECT_NE(body.find(R"("labels":{"team":"a\"b","eventdrivensecretsmanaged":"true"})"),
            std::string::npos)
      << body;
  EXPECT_NE(body.find(R"("annotations":{"note":"x","secrets.edsm.io/version")"), std::string::npos)
      << body;
}

TEST(Apply, ValuesOfAnyBytesAreBase64) {
  World world;
  world.data = support::shaped({{"bin", std::string("\0\xff\"", 3)}});
  EXPECT_NE(world.update().find(R"("bin":"AP8i")"), std::string::npos);
}

TEST(Apply, MetadataOutdated) {
  struct Row {
    std::string_view what;
    std::function<void(World&)> change;
    bool outdated;
  };
  const Row rows[] = {
      {"all right", [](World&) {}, false},
      {"label gone", [](World& w) { w.current.labelled = false; }, true},
      {"other version", [](World& w) { w.current.version = "v0"; }, true},
      {"other digest", [](World& w) { w.current.digest = "k1:x"; }, true},
      {"other source", [](World& w) { w.current.source = "aws/r/q"; }, true},
      {"other binding", [](World& w) { w.current.binding = "c"; }, true},
      {"other change time", [](World& w) { w.current.changed_at = ""; }, true},
      {"owner missing", [](World& w) { w.current.owner_uid = ""; }, true},
      {"owner missing, none wanted",
       [](World& w) {
         w.current.owner_uid = "";
         w.binding.target.creation = CreationPolicy::orphan;
       },
       false},
      {"owner there, none wanted",
       [](World& w) { w.binding.target.creation = CreationPolicy::orphan; }, true},
      {"other owner of a shared one",
       [](World& w) {
         w.current.owner_uid = "x";
         w.binding.target.creation = CreationPolicy::merge;
       },
       false},
      {"keys of a shared one",
       [](World& w) {
         w.current.owner_uid = "";
         w.current.keys = std::vector<std::string>{"a"};
         w.binding.target.creation = CreationPolicy::merge;
       },
       false},
      {"keys of one that is shared no more",
       [](World& w) { w.current.keys = std::vector<std::string>{"a"}; }, true},
  };
  for (const auto& row : rows) {
    World world;
    row.change(world);
    EXPECT_EQ(metadata_outdated(world.desired, world.current, nullptr), row.outdated) << row.what;
  }
}

TEST(Apply, MetadataOutdatedByWishedLabelsIfTheyAreKnown) {
  World world;
  world.binding.target.labels = StringMap{{"team", "a"}};
  world.binding.target.annotations = StringMap{{"note", "x"}};
  EXPECT_FALSE(metadata_outdated(world.desired, world.current, nullptr))
      << "not known: taken to be right";
  Inspection seen;
  EXPECT_TRUE(metadata_outdated(world.desired, world.current, &seen));
  seen.labels = {{"team", "a"}, {"more", "1"}};
  EXPECT_TRUE(metadata_outdated(world.desired, world.current, &seen));
  seen.annotations = {{"note", "y"}};
  EXPECT_TRUE(metadata_outdated(world.desired, world.current, &seen));
  seen.annotations["note"] = "x";
  EXPECT_FALSE(metadata_outdated(world.desired, world.current, &seen));
}

}  // namespace
}  // namespace edsm::sync
