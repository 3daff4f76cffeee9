#include "cloud/aws/inspect/trails.hpp"

#include <vector>

#include <boost/json/parse.hpp>
#include <gtest/gtest.h>

namespace edsm::cloud::aws {
namespace {

struct Row {
  std::string_view why;
  std::string_view answer;
  bool selected;
};

TEST(SelectsManagementWrites, Table) {
  const std::vector<Row> rows = {
      {"no selectors", "{}", true},
      {"all events",
       R"({"EventSelectors":[{"ReadWriteType":"All","IncludeManagementEvents":true}]})", true},
      {"writes", R"({"EventSelectors":[{"ReadWriteType":"WriteOnly"}]})", true},
      {"reads", R"({"EventSelectors":[{"ReadWriteType":"ReadOnly"}]})", false},
      {"data only", R"({"EventSelectors":[{"IncludeManagementEvents":false}]})", false},
      {"one of two", R"({"EventSelectors":[{"IncludeManagementEvents":false},{}]})", true},
      {"advanced: management",
       R"({"EventSelectors":[],"AdvancedEventSelectors":[{"FieldSelectors":[)"
       R"({"Field":"eventCategory","Equals":["Management"]}]}]})",
       true},
      {"advanced: management, writes",
       R"({"AdvancedEventSelectors":[{"FieldSelectors":[)"
       R"({"Field":"eventCategory","Equals":["Management"]},)"
       R"({"Field":"readOnly","Equals":["false"]}]}]})",
       true},
      {"advanced: management, reads",
       R"({"AdvancedEventSelectors":[{"FieldSelectors":[)"
       R"({"Field":"eventCategory","Equals":["Management"]},)"
       R"({"Field":"readOnly","Equals":["true"]}]}]})",
       false},
      {"advanced: without ours",
       R"({"AdvancedEventSelectors":[{"FieldSelectors":[)"
       R"({"Field":"eventCategory","Equals":["Management"]},)"
       R"({"Field":"eventSource","NotEquals":["secretsmanager.amazonaws.com"]}]}]})",
       false},
      {"advanced: without KMS",
       R"({"AdvancedEventSelectors":[{"FieldSelectors":[)"
       R"({"Field":"eventCategory","Equals":["Management"]},)"
       R"({"Field":"eventSource","NotEquals":["kms.amazonaws.com"]}]}]})",
       true},
      {"advanced: data",
       R"({"AdvancedEventSelectors":[{"FieldSelectors":[)"
       R"({"Field":"eventCategory","Equals":["Data"]}]}]})",
       false},
  };
  for (const Row& row : rows) {
    EXPECT_EQ(selects_management_writes(boost::json::parse({row.answer.data(), row.answer.size()})),
              row.selected)
        << row.why;
  }
}

}  // namespace
}  // namespace edsm::cloud::aws
