#include "sim/cluster/patch.hpp"

#include <string_view>
#include <vector>

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <gtest/gtest.h>

namespace edsm::sim {
namespace {

struct Case {
  std::string_view what;
  std::string_view before;
  std::string_view patch;
  std::string_view after;  ///< empty: refused
};

Value json(std::string_view text) {
  return boost::json::parse({text.data(), text.size()});
}

constexpr std::string_view kOwners =
    R"({"metadata":{"ownerReferences":[{"uid":"1","name":"a"},{"uid":"2","name":"b"}]}})";

TEST(StrategicMerge, Table) {
  const std::vector<Case> cases{
      {"maps merge", R"({"data":{"a":"1"}})", R"({"data":{"b":"2"}})",
       R"({"data":{"a":"1","b":"2"}})"},
      {"null deletes", R"({"data":{"a":"1","b":"2"}})", R"({"data":{"a":null,"c":null}})",
       R"({"data":{"b":"2"}})"},
      {"nulls of a new map are dropped", "{}", R"({"data":{"a":"1","b":null}})",
       R"({"data":{"a":"1"}})"},
      {"replace", R"({"data":{"a":"1"}})", R"({"data":{"$patch":"replace","b":"2"}})",
       R"({"data":{"b":"2"}})"},
      {"replace of nothing is lost", "{}", R"({"data":{"$patch":"replace","b":"2"}})", "{}"},
      {"replace by nothing", R"({"data":{"a":"1"}})", R"({"data":{"$patch":"replace"}})",
       R"({"data":{}})"},
      {"delete", R"({"data":{"a":"1"}})", R"({"data":{"$patch":"delete","b":"2"}})",
       R"({"data":{}})"},
      {"unknown directive", R"({"data":{"a":"1"}})", R"({"data":{"$patch":"x"}})", ""},
      {"owners merge by uid", kOwners,
       R"({"metadata":{"ownerReferences":[{"uid":"2","name":"c"},{"uid":"3"}]}})",
       R"({"metadata":{"ownerReferences":[{"uid":"1","name":"a"},{"uid":"2","name":"c"},{"uid":"3"}]}})"},
      {"an owner is deleted", kOwners,
       R"({"metadata":{"ownerReferences":[{"uid":"1","$patch":"delete"},{"uid":"9","$patch":"delete"}]}})",
       R"({"metadata":{"ownerReferences":[{"uid":"2","name":"b"}]}})"},
      {"owners are replaced", kOwners,
       R"({"metadata":{"ownerReferences":[{"$patch":"replace"},{"uid":"3"}]}})",
       R"({"metadata":{"ownerReferences":[{"uid":"3"}]}})"},
      {"an owner without uid", kOwners, R"({"metadata":{"ownerReferences":[{"name":"c"}]}})", ""},
      {"other lists are values", R"({"spec":{"list":[1,2]}})", R"({"spec":{"list":[3]}})",
       R"({"spec":{"list":[3]}})"},
      {"finalizers are a set", R"({"metadata":{"finalizers":["a"]}})",
       R"({"metadata":{"finalizers":["b","a"]}})", R"({"metadata":{"finalizers":["a","b"]}})"},
      {"another type", R"({"data":{"a":"1"}})", R"({"data":"x"})", R"({"data":"x"})"}};
  for (const auto& one : cases) {
    Value before = json(one.before);
    const auto merged = strategic_merge(before.as_object(), json(one.patch).as_object());
    EXPECT_EQ(merged.has_value(), !one.after.empty()) << one.what;
    if (merged && !one.after.empty()) {
      EXPECT_EQ(before, json(one.after)) << one.what << ": " << boost::json::serialize(before);
    }
  }
}

TEST(MergePatch, Table) {
  const std::vector<Case> cases{
      {"maps merge", R"({"a":{"b":1}})", R"({"a":{"c":2}})", R"({"a":{"b":1,"c":2}})"},
      {"null deletes", R"({"a":{"b":1}})", R"({"a":{"b":null},"c":null})", R"({"a":{}})"},
      {"lists are values", R"({"a":[1,2]})", R"({"a":[3]})", R"({"a":[3]})"},
      {"a map takes the place of a value", R"({"a":1})", R"({"a":{"b":null,"c":2}})",
       R"({"a":{"c":2}})"}};
  for (const auto& one : cases) {
    Value before = json(one.before);
    merge_patch(before, json(one.patch));
    EXPECT_EQ(before, json(one.after)) << one.what;
  }
}

TEST(JsonPatch, Table) {
  const std::vector<Case> cases{
      {"add", R"({"a":{}})", R"([{"op":"add","path":"/a/b~1c","value":1}])", R"({"a":{"b/c":1}})"},
      {"add to a list", R"({"a":[1,3]})", R"([{"op":"add","path":"/a/1","value":2}])",
       R"({"a":[1,2,3]})"},
      {"append", R"({"a":[1]})", R"([{"op":"add","path":"/a/-","value":2}])", R"({"a":[1,2]})"},
      {"replace", R"({"a":1})", R"([{"op":"replace","path":"/a","value":2}])", R"({"a":2})"},
      {"replace of nothing", R"({"a":1})", R"([{"op":"replace","path":"/b","value":2}])", ""},
      {"remove", R"({"a":1,"b":[1,2]})",
       R"([{"op":"remove","path":"/a"},{"op":"remove","path":"/b/0"}])", R"({"b":[2]})"},
      {"remove of nothing", R"({"a":1})", R"([{"op":"remove","path":"/b"}])", ""},
      {"test", R"({"a":1})", R"([{"op":"test","path":"/a","value":1}])", R"({"a":1})"},
      {"failed test", R"({"a":1})", R"([{"op":"test","path":"/a","value":2}])", ""},
      {"no list", R"({"a":1})", R"({"op":"test"})", ""}};
  for (const auto& one : cases) {
    Value before = json(one.before);
    const auto done = json_patch(before, json(one.patch));
    EXPECT_EQ(done.has_value(), !one.after.empty()) << one.what;
    if (done && !one.after.empty()) {
      EXPECT_EQ(before, json(one.after)) << one.what << ": " << boost::json::serialize(before);
    }
  }
}

}  // namespace
}  // namespace edsm::sim
