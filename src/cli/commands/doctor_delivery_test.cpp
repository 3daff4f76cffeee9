#include "cli/commands/doctor_delivery.hpp"

#include <gtest/gtest.h>

namespace edsm::cli {
namespace {

using cloud::aws::EventKind;
using cloud::aws::Rule;
using cloud::aws::Trail;
using Level = Finding::Level;

const std::string native =
    R"({"source":["aws.secretsmanager"],"detail-type":["Secret Label Updated"],)"
    R"("detail":{"labelUpdated":["AWSCURRENT"]}})";
const std::string only_prod =
    R"({"detail-type":["Secret Label Updated"],"detail":{"name":[{"prefix":"prod/"}]}})";
const std::string lifecycle =
    R"({"detail-type":["AWS API Call via CloudTrail"],)"
    R"("detail":{"eventName":["CreateSecret","DeleteSecret","RestoreSecret"]}})";
const std::string all_calls =
    R"({"source":["aws.secretsmanager"],"detail-type":["AWS API Call via CloudTrail"]})";

Rule rule(std::string name, std::string pattern, bool enabled = true) {
  const auto arn = "arn:aws:events:eu-west-1:1:rule/" + name;
  return {std::move(name), arn, std::move(pattern), enabled};
}
Route route(Rule rule, std::string input_path = "", bool rewritten = false) {
  return {std::move(rule), {"t", "arn:aws:sqs:eu-west-1:1:q", std::move(input_path), rewritten}};
}
Delivery delivery(std::vector<Route> routes, std::vector<Rule> others = {}) {
  Delivery result{
      "q", {"eu-west-1", "1"}, {}, std::move(routes), std::move(others), {"prod/db", "test/db"}};
  result.facts.arn = "arn:aws:sqs:eu-west-1:1:q";
  return result;
}
Passage passage() {
  return Passage({"eu-west-1", "1"});
}

/// "FAIL: text" of the worst of them, and its remedy.
struct Worst {
  Level level = Level::good;
  std::string what;
  std::string remedy;
};
Worst worst(const Findings& findings) {
  Worst result;
  for (const auto& finding : findings) {
    if (finding.level > result.level) result = {finding.level, finding.what, finding.remedy};
  }
  return result;
}

struct Row {
  std::string why;
  Delivery delivery;
  Level level;
  std::string what;    ///< part of the worst finding
  std::string remedy;  ///< part of its remedy
};

TEST(JudgeRules, Table) {
  const std::vector<Row> rows = {
      {"both rules", delivery({route(rule("a", native)), route(rule("b", lifecycle))}), Level::good,
       "", ""},
      {"only new values", delivery({route(rule("a", native))}), Level::notice,
       "no rule brings CreateSecret, DeleteSecret, RestoreSecret", "the second rule"},
      {"no rule", delivery({}), Level::failure, "prod/db, test/db do not reach the queue: no rule",
       "aws events put-rule --region eu-west-1 --name q-label-updated"},
      {"a rule without the target", delivery({}, {rule("x", lifecycle), rule("y", native)}),
       Level::failure, "rule y lets them through, but the queue is none of its targets",
       "aws events put-targets --region eu-west-1 --rule y --targets "
       "Id=edsm,Arn=arn:aws:sqs:eu-west-1:1:q"},
      {"disabled", delivery({route(rule("a", native, false))}), Level::failure,
       "rule a is disabled", "aws events enable-rule --region eu-west-1 --name a"},
      {"another pattern", delivery({route(rule("a", R"({"source":["aws.s3"]})"))}), Level::failure,
       "the pattern of no rule matches their events (a)", "put-rule"},
      {"some secrets only", delivery({route(rule("a", only_prod))}), Level::failure,
       "new values of test/db do not", "put-rule"},
      {"an input transformer", delivery({route(rule("a", native), "", true)}), Level::failure,
       "rule a sends something else", "--rule a --targets Id=t,Arn="},
      {"an input path that hides the event", delivery({route(rule("a", native), "$.account")}),
       Level::failure, "rule a sends something else", "put-targets"},
      {"the detail is enough",
       delivery({route(rule("a", native), "$.detail"), route(rule("b", lifecycle))}), Level::good,
       "", ""},
      {"calls instead of the event", delivery({route(rule("a", all_calls))}), Level::warning,
       "rule a lets reads of values through", "detail.eventName"},
      {"one of two is disabled",
       delivery({route(rule("a", native)), route(rule("b", lifecycle, false))}), Level::warning,
       "rule b is disabled", "enable-rule --region eu-west-1 --name b"},
      {"one of two matches nothing",
       delivery({route(rule("a", native)), route(rule("b", R"({"source":["x"]})"))}),
       Level::warning, "rule b matches no event", R"({"source":["x"]})"},
      {"a pattern of the future",
       delivery({route(rule("a", native)), route(rule("b", R"({"source":[{"like":"x"}]})"))}),
       Level::unknown, "", ""},
  };
  for (const Row& row : rows) {
    SCOPED_TRACE(row.why);
    const auto found = worst(judge_rules(row.delivery, passage()));
    if (row.level == Level::unknown) {
      EXPECT_EQ(found.level, Level::unknown) << found.what;
      continue;
    }
    EXPECT_EQ(found.level, row.level) << found.what;
    EXPECT_NE(found.what.find(row.what), std::string::npos) << found.what;
    EXPECT_NE(found.remedy.find(row.remedy), std::string::npos) << found.remedy;
  }
}

TEST(Passage, WhatAwsSaysCounts) {
  auto known = passage();
  const auto a = rule("a", native);
  EXPECT_TRUE(known.passes(a, EventKind::label_updated, "prod/db"));
  EXPECT_FALSE(known.learn(a, EventKind::label_updated, "prod/db", true));
  EXPECT_TRUE(known.learn(a, EventKind::label_updated, "prod/db", false));
  EXPECT_FALSE(known.passes(a, EventKind::label_updated, "prod/db"));
  EXPECT_TRUE(known.passes(a, EventKind::label_updated, "test/db"));
}

TEST(JudgeAdmission, EachRuleThatMattersHasToBeLetIn) {
  auto seen = delivery({route(rule("a", native)), route(rule("x", R"({"source":["x"]})"))});
  const auto refused = judge_admission(seen, passage());
  ASSERT_EQ(refused.size(), 1U);
  EXPECT_EQ(refused.front().level, Level::failure);
  EXPECT_NE(refused.front().remedy.find(R"("aws:SourceArn":"arn:aws:events:eu-west-1:1:rule/a")"),
            std::string::npos)
      << refused.front().remedy;
  seen.facts.policy =
      R"({"Statement":{"Effect":"Allow","Principal":"*","Action":"sqs:*","Resource":"*"}})";
  EXPECT_EQ(worst(judge_admission(seen, passage())).level, Level::good);
  seen.facts.kms_key = "alias/aws/sqs";
  EXPECT_EQ(worst(judge_admission(seen, passage())).level, Level::failure);
  seen.facts.kms_key = "arn:aws:kms:eu-west-1:1:key/k";
  EXPECT_EQ(worst(judge_admission(seen, passage())).level, Level::notice);
}

TEST(JudgeTrails, Table) {
  const auto both = delivery({route(rule("a", native)), route(rule("b", lifecycle))});
  const auto calls = delivery({route(rule("a", all_calls))});
  EXPECT_TRUE(wants_trail(both, passage()));
  EXPECT_FALSE(wants_trail(delivery({route(rule("a", native))}), passage()));
  struct Case {
    std::string why;
    std::vector<Trail> trails;
    Level level;
    std::string remedy;
  };
  const std::vector<Case> cases = {
      {"one in order", {{"t", "arn:t", true, true}}, Level::good, ""},
      {"one of two in order",
       {{"s", "arn:s", false, true}, {"t", "arn:t", true, true}},
       Level::good,
       ""},
      {"none", {}, Level::warning, "create-trail"},
      {"stopped", {{"t", "arn:t", false, true}}, Level::warning, "start-logging"},
      {"reads only", {{"t", "arn:t", true, false}}, Level::warning, "put-event-selectors"},
  };
  for (const auto& row : cases) {
    const auto found = worst(judge_trails(both, passage(), row.trails));
    EXPECT_EQ(found.level, row.level) << row.why;
    EXPECT_NE(found.remedy.find(row.remedy), std::string::npos) << row.why;
  }
  EXPECT_EQ(worst(judge_trails(calls, passage(), {})).level, Level::failure)
      << "nothing but CloudTrail tells of new values";
}

}  // namespace
}  // namespace edsm::cli
