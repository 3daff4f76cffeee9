#include "sim/cluster/managed_fields.hpp"

#include <string>
#include <string_view>

#include <boost/json/parse.hpp>
#include <gtest/gtest.h>

namespace edsm::sim {
namespace {

/// The managers of one object through its life.
struct Life {
  void write(std::string_view who, std::string_view next, std::string_view subresource = {}) {
    const Object after = boost::json::parse({next.data(), next.size()}).as_object();
    Manager manager;
    manager.name = who;
    manager.subresource = subresource;
    manager.time = std::to_string(++writes);
    managers = managers_after(kind_of(kube::kBindings), std::move(managers),
                              writes == 1 ? nullptr : &now, after, manager);
    now = after;
  }
  /// "edsm 3, user 1"
  std::string brief() const {
    std::string text;
    for (const Manager& manager : managers) {
      if (!text.empty()) text += ", ";
      text += manager.name + manager.subresource + " " + manager.time;
    }
    return text;
  }
  Managers managers;
  Object now;
  int writes = 0;
};

TEST(ManagedFields, FollowTheFields) {
  Life life;
  life.write("edsm", R"({"metadata":{"name":"n"},"data":{"a":"1","b":"2"}})");
  EXPECT_EQ(life.brief(), "edsm 1");
  life.write("user", R"({"metadata":{"name":"n"},"data":{"a":"x","b":"2"}})");
  EXPECT_EQ(life.brief(), "edsm 1, user 2");
  life.write("edsm", R"({"metadata":{"name":"n"},"data":{"a":"1","b":"2"}})");
  EXPECT_EQ(life.brief(), "edsm 3") << "a manager without fields has no entry";
}

TEST(ManagedFields, RemovalLeavesNoTrace) {
  Life life;
  life.write("edsm", R"({"data":{"a":"1","b":"2"}})");
  life.write("user", R"({"data":{"b":"2"}})");
  EXPECT_EQ(life.brief(), "edsm 1");
  life.write("user", R"({})");
  EXPECT_EQ(life.brief(), "");
}

TEST(ManagedFields, StatusIsApart) {
  Life life;
  life.write("edsm", R"({"spec":{"a":1}})");
  life.write("edsm", R"({"spec":{"a":1},"status":{"b":1}})", "status");
  EXPECT_EQ(life.brief(), "edsm 1, edsmstatus 2");
}

TEST(ManagedFields, WhatTheServerSetsIsNobodys) {
  Life life;
  life.write("user", R"({"metadata":{"name":"n","uid":"u","generation":1,"resourceVersion":"1"}})");
  EXPECT_EQ(life.brief(), "");
}

TEST(ManagedFields, AreWrittenAsATree) {
  Life life;
  life.write(
      "edsm",
      R"({"metadata":{"labels":{"l":"1"},"ownerReferences":[{"uid":"u","name":"n"}]},"type":"T"})");
  const Value json = to_json(life.managers);
  const Value wanted = boost::json::parse(
      R"({"f:metadata":{"f:labels":{".":{},"f:l":{}},
          "f:ownerReferences":{".":{},"k:{\"uid\":\"u\"}":{}}},"f:type":{}})");
  EXPECT_EQ(json.at(0).at("fieldsV1"), wanted);
}

}  // namespace
}  // namespace edsm::sim
