#include "cli/commands/doctor_admission.hpp"

#include <gtest/gtest.h>

#include "support/sync_values.hpp"

namespace edsm::cli {
namespace {

using Level = Finding::Level;

struct Row {
  std::string_view why;
  std::string_view policy;
  std::string_view binding;
  Level level;
};

TEST(JudgeGuard, Table) {
  constexpr std::string_view by_label =
      R"({"metadata":{"name":"g"},"spec":{"matchConstraints":{"resourceRules":[)"
      R"({"resources":["secrets"]}],"objectSelector":{"matchLabels":)"
      R"({"eventdrivensecretsmanaged":"true"}}}}})";
  constexpr std::string_view denying =
      R"({"spec":{"policyName":"g","validationActions":["Deny"]}})";
  const std::vector<Row> rows = {
      {"none", "", "", Level::notice},
      {"somebody else's", R"({"metadata":{"name":"g"},"spec":{}})", denying, Level::notice},
      {"by our label", by_label, denying, Level::good},
      {"not bound", by_label, "", Level::warning},
      {"another is bound", by_label, R"({"spec":{"policyName":"h","validationActions":["Deny"]}})",
       Level::warning},
      {"it only audits", by_label, R"({"spec":{"policyName":"g","validationActions":["Audit"]}})",
       Level::warning},
      {"by its part-of label",
       R"({"metadata":{"name":"g","labels":)"
       R"({"app.kubernetes.io/part-of":"k8s-event-driven-secrets"}}})",
       denying, Level::good},
      {"by an expression",
       R"({"metadata":{"name":"g"},"spec":{"matchConstraints":{"resourceRules":[)"
       R"({"resources":["secrets"]}],"objectSelector":{"matchExpressions":)"
       R"([{"key":"eventdrivensecretsmanaged","operator":"Exists"}]}}}})",
       denying, Level::good},
  };
  const auto list = [](std::string_view item) {
    return support::json(R"({"items":[)" + std::string(item) + "]}");
  };
  for (const Row& row : rows)
    EXPECT_EQ(judge_guard(list(row.policy), list(row.binding)).level, row.level) << row.why;
}

}  // namespace
}  // namespace edsm::cli
