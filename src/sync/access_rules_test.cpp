// Who may read what: policies, namespaces and a request go in, "by POLICY", "waiting" or the reason
// of the refusal comes out.

#include "sync/access_rules.hpp"

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "support/sync_values.hpp"

namespace edsm::sync {
namespace {

using support::json;

TEST(Pattern, IsTheWholeTextWithStarsAndQuestionMarks) {
  struct Row {
    std::string_view pattern, text;
    bool matches;
  };
  const Row rows[] = {
      {"prod/db", "prod/db", true},
      {"prod/db", "prod/db2", false},
      {"prod/db", "prod/d", false},
      {"prod/db", "", false},
      {"", "", true},
      {"", "a", false},
      {"*", "", true},
      {"*", "prod/shop/db", true},
      {"prod/*", "prod/shop/db", true},
      {"prod/*", "prod/", true},
      {"prod/*", "prod", false},
      {"prod/*", "xprod/db", false},
      {"*/db", "prod/shop/db", true},
      {"*/db", "prod/db/x", false},
      {"prod/*/db", "prod/a/b/db", true},
      {"prod/*/db", "prod/db", false},
      {"a*b*c", "aXbXbc", true},
      {"a*b*c", "aXbXb", false},
      {"a**c", "abc", true},
      {"*a*", "bab", true},
      {"db-?", "db-1", true},
      {"db-?", "db-", false},
      {"db-?", "db-12", false},
      {"db-??????", "db-a1B2c3", true},
      {"PROD/*", "prod/db", false},
      {"prod/[ab]", "prod/a", false},
      {"prod.db", "prodxdb", false},
      {"prod/\\*", "prod/a", false},
  };
  for (const auto& row : rows) {
    EXPECT_EQ(matches_pattern(row.pattern, row.text), row.matches)
        << row.pattern << " and " << row.text;
  }
}

TEST(Pattern, OfManyStarsTakesNoTimeToSpeakOf) {
  std::string pattern;
  for (int i = 0; i < 500; ++i) pattern += "*a";
  EXPECT_FALSE(matches_pattern(pattern + "b", std::string(2000, 'a')));
}

TEST(LabelSelector, SelectsAsKubernetesDoes) {
  const auto labels =
      decode_labels(json(R"({"metadata":{"labels":{"team":"shop","env":"prod"}}})"));
  struct Row {
    std::string_view selector;
    bool selects;
  };
  const Row rows[] = {
      {R"({})", true},
      {R"({"matchLabels":{"team":"shop"}})", true},
      {R"({"matchLabels":{"team":"shop","env":"test"}})", false},
      {R"({"matchLabels":{"team":"shop","env":"prod"}})", true},
      {R"({"matchLabels":{"team":"Shop"}})", false},
      {R"({"matchLabels":{"owner":""}})", false},
      {R"({"matchLabels":{"team":7}})", false},
      {R"({"matchExpressions":[{"key":"env","operator":"In","values":["test","prod"]}]})", true},
      {R"({"matchExpressions":[{"key":"env","operator":"In","values":["test"]}]})", false},
      {R"({"matchExpressions":[{"key":"owner","operator":"In","values":["me"]}]})", false},
      {R"({"matchExpressions":[{"key":"env","operator":"NotIn","values":["test"]}]})", true},
      {R"({"matchExpressions":[{"key":"env","operator":"NotIn","values":["prod"]}]})", false},
      {R"({"matchExpressions":[{"key":"owner","operator":"NotIn","values":["me"]}]})", true},
      {R"({"matchExpressions":[{"key":"env","operator":"Exists"}]})", true},
      {R"({"matchExpressions":[{"key":"owner","operator":"Exists"}]})", false},
      {R"({"matchExpressions":[{"key":"env","operator":"DoesNotExist"}]})", false},
      {R"({"matchExpressions":[{"key":"owner","operator":"DoesNotExist"}]})", true},
      {R"({"matchExpressions":[{"key":"env","operator":"Like","values":["prod"]}]})", false},
      {R"({"matchLabels":{"team":"shop"},
           "matchExpressions":[{"key":"env","operator":"Exists"}]})",
       true},
      {R"({"matchLabels":{"team":"shop"},
           "matchExpressions":[{"key":"env","operator":"DoesNotExist"}]})",
       false},
  };
  for (const auto& row : rows) {
    EXPECT_EQ(decode_label_selector(json(row.selector)).selects(labels), row.selects)
        << row.selector;
  }
}

/// A policy by its spec.
AccessPolicy policy(std::string_view name, std::string_view spec) {
  return decode_access_policy(json(R"({"metadata":{"name":")" + std::string(name) +
                                   R"("},"spec":)" + std::string(spec) + "}"));
}

const std::map<std::string_view, std::string_view> kPolicies = {
    {"by-name", R"({"namespaces":{"names":["shop","bar"]},"provider":"aws","paths":["prod/*"]})"},
    {"by-label", R"({"namespaces":{"selector":{"matchLabels":{"team":"shop"}}},
                     "provider":"aws","paths":["team/*"]})"},
    {"either", R"({"namespaces":{"names":["bar"],"selector":{"matchLabels":{"team":"shop"}}},
                   "provider":"aws","paths":["both/*"]})"},
    {"everybody", R"({"namespaces":{"selector":{}},"provider":"aws","paths":["public/*"]})"},
    {"nobody", R"({"namespaces":{},"provider":"aws","paths":["*"]})"},
    {"europe", R"({"namespaces":{"names":["shop"]},"provider":"aws","regions":["eu-*"],
                   "paths":["*"]})"},
    {"own", R"({"namespaces":{"names":["shop"]},"provider":"aws","accounts":["Own"],
                "paths":["*"]})"},
    {"foreign", R"({"namespaces":{"names":["shop"]},"provider":"aws",
                    "accounts":["111122223333"],"paths":["*"]})"},
    {"exact", R"({"namespaces":{"names":["shop"]},"provider":"aws","paths":["prod/db"]})"},
    {"exact-and-arn", R"({"namespaces":{"names":["shop"]},"provider":"aws",
                          "paths":["prod/db","prod/db-??????"]})"},
    {"suffixed", R"({"namespaces":{"names":["shop"]},"provider":"aws","paths":["shop-*"]})"},
    {"by-role", R"({"namespaces":{"names":["shop"]},"provider":"aws","paths":["*"],
                    "roles":["arn:aws:iam::111122223333:role/shop-*"]})"},
    {"by-role-or-itself", R"({"namespaces":{"names":["shop"]},"provider":"aws","paths":["*"],
                              "roles":["Own","arn:aws:iam::111122223333:role/shop"]})"},
    {"no-paths", R"({"namespaces":{"names":["shop"]},"provider":"aws"})"},
    {"azure", R"({"namespaces":{"names":["shop"]},"provider":"azure","paths":["*"]})"},
};

struct Row {
  std::vector<std::string_view> policies;
  std::string_view ns;
  std::vector<std::string> names;
  std::string_view expect;  ///< "by NAME", "waiting", or a part of the refusal
  std::string_view region = "eu-west-1";
  std::string_view account = {};
  std::string_view role = {};
};

/// Namespace "shop" has the label team=shop, "bar" has none, "new" was not seen yet.
Verdict judge(const Row& row) {
  AccessRules rules;
  for (const auto name : row.policies) rules.policies.put(name, policy(name, kPolicies.at(name)));
  rules.namespaces.put("shop", decode_labels(json(R"({"metadata":{"labels":{"team":"shop"}}})")));
  rules.namespaces.put("bar", {});
  return rules.judge({row.ns,
                      "aws",
                      {std::string(row.region), std::string(row.account), row.names},
                      std::string(row.role)});
}

TEST(AccessRules, Table) {
  const Row rows[] = {
      {{}, "shop", {"prod/db"}, "none is for namespace shop"},
      // whose
      {{"by-name"}, "shop", {"prod/db"}, "by by-name"},
      {{"by-name"}, "bar", {"prod/db"}, "by by-name"},
      {{"by-name"}, "sho", {"prod/db"}, "none is for namespace sho"},
      {{"by-name"}, "new", {"prod/db"}, "none is for namespace new"},
      {{"by-label"}, "shop", {"team/x"}, "by by-label"},
      {{"by-label"}, "bar", {"team/x"}, "none is for namespace bar"},
      {{"by-label"}, "new", {"team/x"}, "waiting"},
      {{"by-label"}, "new", {"other/x"}, "none is for namespace new"},
      {{"either"}, "shop", {"both/x"}, "by either"},
      {{"either"}, "bar", {"both/x"}, "by either"},
      {{"everybody"}, "bar", {"public/x"}, "by everybody"},
      {{"everybody"}, "new", {"public/x"}, "waiting"},
      {{"everybody", "nobody"}, "bar", {"prod/x"}, "(everybody does not by its spec.paths)"},
      // where
      {{"by-name"}, "shop", {"test/db"}, "(by-name does not by its spec.paths)"},
      {{"europe"}, "shop", {"x"}, "by europe"},
      {{"europe"}, "shop", {"x"}, "(europe does not by its spec.regions)", "us-east-1"},
      {{"azure"}, "shop", {"x"}, "(azure does not by its spec.provider)"},
      {{"own"}, "shop", {"x"}, "by own"},
      {{"own"}, "shop", {"x"}, "(own does not by its spec.accounts)", "eu-west-1", "111122223333"},
      {{"foreign"}, "shop", {"x"}, "(foreign does not by its spec.accounts)"},
      {{"foreign"}, "shop", {"x"}, "by foreign", "eu-west-1", "111122223333"},
      {{"foreign"}, "shop", {"x"}, "spec.accounts", "eu-west-1", "111122223334"},
      {{"by-name"}, "shop", {"prod/db"}, "by by-name", "us-east-1", "111122223333"},
      {{"no-paths"}, "shop", {"x"}, "(no-paths does not by its spec.paths)"},
      {{"by-name"}, "shop", {}, "spec.paths"},
      // an ARN that may mean two
      {{"exact"}, "shop", {"prod/db"}, "by exact"},
      {{"exact"}, "shop", {"prod/db-a1B2c3", "prod/db"}, "prod/db-a1B2c3 as well as prod/db"},
      {{"exact-and-arn"}, "shop", {"prod/db-a1B2c3", "prod/db"}, "by exact-and-arn"},
      {{"suffixed"}, "shop", {"shop-a1B2c3", "shop"}, "(suffixed does not by its spec.paths)"},
      {{"by-name"}, "shop", {"prod/db-a1B2c3", "prod/db"}, "by by-name"},
      // several add up, but not by halves
      {{"europe", "by-name"}, "shop", {"prod/x"}, "by by-name", "us-east-1"},
      {{"europe", "by-name"}, "shop", {"test/x"}, "by europe"},
      {{"europe", "by-name"},
       "shop",
       {"test/x"},
       "(by-name does not by its spec.paths, europe does not by its spec.regions)",
       "us-east-1"},
      {{"exact", "suffixed"}, "shop", {"shop-a1B2c3", "prod/db"}, "spec.paths"},
      {{"by-label", "by-name"}, "new", {"team/x"}, "waiting"},
      {{"azure", "exact", "foreign", "no-paths", "suffixed"}, "shop", {"x"}, ", nor do 2 more)"},
  };
  for (const auto& row : rows) {
    const auto verdict = judge(row);
    const bool refused = verdict.kind == Verdict::Kind::refused;
    const std::string said = verdict.kind == Verdict::Kind::allowed ? "by " + verdict.policy
                             : refused                              ? verdict.why
                                                                    : "waiting";
    const bool found = refused ? said.find(row.expect) != std::string::npos : said == row.expect;
    EXPECT_TRUE(found) << said << "\nand not: " << row.expect;
  }
}

TEST(AccessRules, ARoleMustBeListed) {
  const std::string account = "arn:aws:iam::111122223333:role/";
  struct Case {
    std::string_view policy;
    std::string role;  ///< empty: as the controller itself
    bool allowed;
  };
  const Case cases[] = {
      {"by-name", "", true},
      {"by-name", account + "shop", false},
      {"by-role", account + "shop-a", true},
      {"by-role", account + "shop-", true},
      {"by-role", account + "shop", false},
      {"by-role", account + "shopping", false},
      {"by-role", "arn:aws:iam::111122223334:role/shop-a", false},
      {"by-role", "", false},
      {"by-role-or-itself", "", true},
      {"by-role-or-itself", account + "shop", true},
      {"by-role-or-itself", account + "shop-a", false},
  };
  for (const auto& [name, role, allowed] : cases) {
    const auto verdict = judge({{name}, "shop", {"prod/db"}, "", "eu-west-1", "", role});
    EXPECT_EQ(verdict.kind, allowed ? Verdict::Kind::allowed : Verdict::Kind::refused)
        << name << " " << role;
    const auto said = fmt::format("({} does not by its spec.roles)", name);
    EXPECT_EQ(verdict.why.find(said) != std::string::npos, !allowed) << verdict.why;
  }
}

TEST(AccessRules, ARefusalSaysWhatToAskFor) {
  EXPECT_EQ(judge({{"europe"}, "shop", {"prod/db"}, "", "us-east-1", "111122223333"}).why,
            "no SecretAccessPolicy permits namespace shop to read prod/db (europe does not by its "
            "spec.regions): ask a cluster administrator for one with namespace shop, provider aws, "
            "region us-east-1, account 111122223333 and path prod/db");
  EXPECT_EQ(judge({{}, "bar", {"prod/db"}, ""}).why,
            "no SecretAccessPolicy permits namespace bar to read prod/db (none is for namespace "
            "bar): ask a cluster administrator for one with namespace bar, provider aws, region "
            "eu-west-1, account Own and path prod/db");
}

TEST(AccessRules, ARefusalOfARoleNamesIt) {
  EXPECT_EQ(
      judge({{"by-name"}, "shop", {"prod/db"}, "", "r", "111122223333", "arn:x"}).why,
      "no SecretAccessPolicy permits namespace shop to read prod/db as arn:x (by-name does not by "
      "its spec.roles): ask a cluster administrator for one with namespace shop, provider aws, "
      "region r, account 111122223333, role arn:x and path prod/db");
}

TEST(NamedStore, KnowsWhatIsNewsAndWhatARelistLeftOut) {
  NamedStore<int> store;
  EXPECT_TRUE(store.put("a", 1));
  EXPECT_TRUE(store.put("b", 1));
  EXPECT_FALSE(store.put("a", 1));
  EXPECT_TRUE(store.put("a", 2));
  store.list_begins();
  EXPECT_FALSE(store.put("a", 2));
  EXPECT_EQ(store.list_ends(), std::vector<base::Text>{"b"});
  EXPECT_TRUE(store.list_ends().empty());
  EXPECT_NE(store.find("b"), nullptr);
  store.erase("b");
  EXPECT_EQ(store.find("b"), nullptr);
}

}  // namespace
}  // namespace edsm::sync
