#include "cloud/aws/match.hpp"

#include <algorithm>
#include <string>

#include <gtest/gtest.h>

namespace edsm::cloud::aws {
namespace {

const std::string arn = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:";

TEST(SecretArn, RefusesWhatIsNone) {
  for (const std::string& text :
       {std::string(), std::string("prod/db"), std::string("arn:aws:secretsmanager"), arn,
        std::string("arn:aws:sqs:eu-west-1:123456789012:secret:db-abcdef"),
        std::string("arn:aws:secretsmanager:eu-west-1:123456789012:other:db-abcdef"),
        std::string("arn:aws:secretsmanager:eu-west-1:12345:secret:db"),
        std::string("arn:aws:secretsmanager:eu/west:123456789012:secret:db"),
        std::string("arn:evil:secretsmanager:eu-west-1:123456789012:secret:db"), arn + "a b",
        arn + "a:b", arn + std::string(2048, 'a')}) {
    EXPECT_FALSE(parse_secret_arn(text)) << text;
  }
}

TEST(SecretArn, HasItsParts) {
  const auto parsed = parse_secret_arn(
      "arn:aws-cn:secretsmanager:cn-north-1:123456789012:secret:rds!db-x/y-a1B2c3");
  ASSERT_TRUE(parsed);
  EXPECT_EQ(parsed->region, "cn-north-1");
  EXPECT_EQ(parsed->account, "123456789012");
  EXPECT_EQ(parsed->resource, "rds!db-x/y-a1B2c3");
}

TEST(SecretName, SuffixIsADashAndSixLettersOrDigits) {
  EXPECT_EQ(without_suffix("db-a1B2c3"), "db");
  EXPECT_EQ(without_suffix("a-b-a1B2c3"), "a-b");
  for (const std::string_view none : {"db", "-a1B2c3", "db-a1B2c", "db-a1B2c3d", "db-a1B_c3", ""}) {
    EXPECT_FALSE(without_suffix(none)) << none;
  }
}

TEST(SecretName, MeansByNameArnAndPartialArn) {
  const std::string full = arn + "db-a1B2c3";
  EXPECT_TRUE(means("db", full, "db"));
  EXPECT_TRUE(means(full, full, "db"));
  EXPECT_TRUE(means(arn + "db", full, "db"));
  EXPECT_FALSE(means("db-a1B2c3", full, "db"));
  EXPECT_FALSE(means(arn + "d", full, "db"));
  EXPECT_FALSE(means("", full, "db"));
}

struct Pair {
  std::string_view why;
  std::string binding;      ///< path of a binding in eu-west-1
  std::string hint;         ///< id in an event
  std::string_view region;  ///< of the event
  bool all_regions = false;
  bool match = true;
};

TEST(MatchKeys, HintsFindTheirBindings) {
  const std::string other_account = "arn:aws:secretsmanager:eu-west-1:999999999999:secret:";
  const std::string other_region = "arn:aws:secretsmanager:us-east-1:123456789012:secret:";
  const std::vector<Pair> pairs = {
      {"name, name", "prod/db", "prod/db", "eu-west-1"},
      {"name, full ARN", "prod/db", arn + "prod/db-a1B2c3", "eu-west-1"},
      {"name, partial ARN", "prod/db", arn + "prod/db", "eu-west-1"},
      {"name that looks suffixed, partial ARN", "db-abcdef", arn + "db-abcdef", "eu-west-1"},
      {"name that looks suffixed, full ARN", "db-abcdef", arn + "db-abcdef-a1B2c3", "eu-west-1"},
      {"full ARN, same", arn + "db-a1B2c3", arn + "db-a1B2c3", "eu-west-1"},
      {"full ARN, re-created", arn + "db-a1B2c3", arn + "db-zzzzzz", "eu-west-1"},
      {"full ARN, name", arn + "db-a1B2c3", "db", "eu-west-1"},
      {"full ARN, partial", arn + "db-a1B2c3", arn + "db", "eu-west-1"},
      {"partial ARN, full", arn + "db", arn + "db-a1B2c3", "eu-west-1"},
      {"partial ARN that looks full, full", arn + "db-abcdef", arn + "db-abcdef-a1B2c3",
       "eu-west-1"},
      {"unknown region", "db", "db", ""},
      {"replica, by name", "db", other_region + "db-a1B2c3", "us-east-1", true},
      {"replica, by ARN", arn + "db-a1B2c3", other_region + "db-a1B2c3", "us-east-1", true},
      {"an ARN's region counts, not the event's", "db", arn + "db-a1B2c3", "us-east-1"},

      {"other name", "db", "db2", "eu-west-1", false, false},
      {"other region", "db", "db", "us-east-1", false, false},
      {"other region by ARN", "db", other_region + "db-a1B2c3", "eu-west-1", false, false},
      {"other account", arn + "db-a1B2c3", other_account + "db-a1B2c3", "eu-west-1", false, false},
      {"longer name", "db", arn + "db-a1B2c3d", "eu-west-1", false, false},
      {"not an id", "db", "d b", "eu-west-1", false, false},
  };
  for (const Pair& pair : pairs) {
    HintKeys hint(pair.region, pair.all_regions);
    hint.add(pair.hint);
    const auto said = std::move(hint).take();
    const auto kept = binding_keys("eu-west-1", pair.binding);
    const bool match = std::ranges::any_of(
        said, [&](const auto& key) { return std::ranges::count(kept, key) != 0; });
    EXPECT_EQ(match, pair.match) << pair.why;
  }
}

TEST(MatchKeys, NamesBesideAnArnAreOfItsAccount) {
  HintKeys hint("eu-west-1");
  hint.add("db");
  hint.add("arn:aws:secretsmanager:eu-west-1:999999999999:secret:db-a1B2c3");
  const auto said = std::move(hint).take();
  for (const auto& key : binding_keys("eu-west-1", arn + "db-a1B2c3")) {
    EXPECT_EQ(std::ranges::count(said, key), 0) << key;
  }
}

TEST(MatchKeys, AreFew) {
  HintKeys flood("eu-west-1");
  for (int i = 0; i < 10'000; ++i) flood.add(arn + "db" + std::to_string(i));
  EXPECT_EQ(std::move(flood).take().size(), 2 * HintKeys::max_ids);
  EXPECT_EQ(binding_keys("eu-west-1", "prod/db").size(), 2U);
  EXPECT_EQ(binding_keys("eu-west-1", arn + "db-a1B2c3").size(), 6U);
}

}  // namespace
}  // namespace edsm::cloud::aws
