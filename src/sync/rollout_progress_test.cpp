#include "sync/rollout_progress.hpp"

#include <string_view>

#include <boost/json/parse.hpp>
#include <gtest/gtest.h>

namespace edsm::sync {
namespace {

struct Row {
  std::string_view what;
  std::string_view kind;
  std::string_view object;
  bool out;
};

// clang-format off
const Row kRows[] = {
    {"no status yet", "Deployment", R"({"metadata":{"generation":2}})", false},
    {"the status is of the old template", "Deployment",
     R"({"metadata":{"generation":2},"spec":{"replicas":1},
         "status":{"observedGeneration":1,"replicas":1,"updatedReplicas":1,"availableReplicas":1}})", false},
    {"one of two is new", "Deployment",
     R"({"metadata":{"generation":2},"spec":{"replicas":2},
         "status":{"observedGeneration":2,"replicas":3,"updatedReplicas":1,"availableReplicas":3}})", false},
    {"an old one still ends", "Deployment",
     R"({"metadata":{"generation":2},"spec":{"replicas":2},
         "status":{"observedGeneration":2,"replicas":3,"updatedReplicas":2,"availableReplicas":3}})", false},
    {"a new one is not available", "Deployment",
     R"({"metadata":{"generation":2},"spec":{"replicas":2},
         "status":{"observedGeneration":2,"replicas":2,"updatedReplicas":2,"availableReplicas":1}})", false},
    {"all are new", "Deployment",
     R"({"metadata":{"generation":2},"spec":{"replicas":2},
         "status":{"observedGeneration":2,"replicas":2,"updatedReplicas":2,"availableReplicas":2}})", true},
    {"without a number it is one", "Deployment",
     R"({"metadata":{"generation":1},"spec":{},"status":{"observedGeneration":1}})", false},
    {"of none, all are new", "Deployment",
     R"({"metadata":{"generation":2},"spec":{"replicas":0},"status":{"observedGeneration":2}})", true},

    {"the last is old", "StatefulSet",
     R"({"metadata":{"generation":2},"spec":{"replicas":3},
         "status":{"observedGeneration":2,"replicas":3,"updatedReplicas":2,"readyReplicas":3}})", false},
    {"the last is not ready", "StatefulSet",
     R"({"metadata":{"generation":2},"spec":{"replicas":3},
         "status":{"observedGeneration":2,"replicas":3,"updatedReplicas":3,"readyReplicas":2}})", false},
    {"all are new", "StatefulSet",
     R"({"metadata":{"generation":2},"spec":{"replicas":3},
         "status":{"observedGeneration":2,"replicas":3,"updatedReplicas":3,"readyReplicas":3}})", true},
    {"those below the partition stay", "StatefulSet",
     R"({"metadata":{"generation":2},"spec":{"replicas":3,"updateStrategy":{"rollingUpdate":{"partition":2}}},
         "status":{"observedGeneration":2,"replicas":3,"updatedReplicas":1,"readyReplicas":3}})", true},
    {"a partition above all", "StatefulSet",
     R"({"metadata":{"generation":2},"spec":{"replicas":3,"updateStrategy":{"rollingUpdate":{"partition":9}}},
         "status":{"observedGeneration":2,"replicas":3,"readyReplicas":3}})", true},

    {"one node is old", "DaemonSet",
     R"({"metadata":{"generation":2},
         "status":{"observedGeneration":2,"desiredNumberScheduled":2,"updatedNumberScheduled":1,"numberAvailable":2}})", false},
    {"one node is not available", "DaemonSet",
     R"({"metadata":{"generation":2},
         "status":{"observedGeneration":2,"desiredNumberScheduled":2,"updatedNumberScheduled":2,"numberAvailable":1}})", false},
    {"all are new", "DaemonSet",
     R"({"metadata":{"generation":2},
         "status":{"observedGeneration":2,"desiredNumberScheduled":2,"updatedNumberScheduled":2,"numberAvailable":2}})", true},

    {"numbers that are none", "Deployment",
     R"({"metadata":{"generation":"2"},"spec":{"replicas":"x"},"status":{"observedGeneration":2,"updatedReplicas":null}})", false},
};
// clang-format on

TEST(RolloutProgress, Table) {
  for (const auto& row : kRows) {
    EXPECT_EQ(rolled_out(row.kind, boost::json::parse(row.object)), row.out)
        << row.kind << ": " << row.what;
  }
}

}  // namespace
}  // namespace edsm::sync
