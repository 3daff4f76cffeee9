#include "cli/commands/external_identity.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <gtest/gtest.h>

#include "support/sync_values.hpp"

namespace edsm::cli {
namespace {

StoreIdentity identity(std::string_view aws) {
  return read_identity(support::json(aws), "prod/db");
}

TEST(ExternalIdentity, NothingSpecialIsTheControllersOwn) {
  const auto found = identity(R"({"service": "SecretsManager", "region": "eu-west-1"})");
  EXPECT_EQ(found.role, "");
  EXPECT_TRUE(found.lost.empty());
}

TEST(ExternalIdentity, ARoleIsCarriedOver) {
  struct Row {
    std::string_view others;  ///< members beside the role
    std::string_view external_id;
    std::string_view lost;
  };
  const Row rows[] = {
      {"", "", ""},
      {R"(, "externalID": "a:b/c")", "a:b/c", ""},
      {R"(, "externalID": "a b")", "", "externalID a b: not one that AWS takes"},
      {R"(, "externalID": "a")", "", "externalID a: not one that AWS takes"},
      {R"(, "auth": {"jwt": {}})", "", "auth: EDSM assumes the role as itself"},
      {R"(, "additionalRoles": ["a"])", "",
       "additionalRoles: EDSM assumes the role at once, not by way of others"},
      {R"(, "sessionTags": [], "transitiveTagKeys": [])", "",
       "sessionTags, transitiveTagKeys: EDSM's own tags are edsm-namespace and edsm-name"},
  };
  for (const auto& row : rows) {
    const std::string role = "arn:aws:iam::123456789012:role/teams/shop";
    const auto found = identity(fmt::format(R"({{"role": "{}"{}}})", role, row.others));
    EXPECT_EQ(found.role, role);
    EXPECT_EQ(found.external_id, row.external_id) << row.others;
    EXPECT_EQ(fmt::format("{}", fmt::join(found.lost, "; ")), row.lost);
  }
}

TEST(ExternalIdentity, CredentialsOfItsOwnAreLost) {
  const std::pair<std::string_view, std::string_view> rows[] = {
      {R"({"auth": {"secretRef": {}}})", "auth"},
      {R"({"role": "shop", "auth": {}, "externalID": "abc"})", "role, auth, externalID"},
  };
  for (const auto& [aws, members] : rows) {
    const auto found = identity(aws);
    EXPECT_EQ(found.role, "");
    EXPECT_EQ(found.external_id, "");
    ASSERT_EQ(found.lost.size(), 1U);
    EXPECT_EQ(found.lost.front(),
              fmt::format("{}: EDSM reads with an identity of its own, which must be allowed to "
                          "read prod/db",
                          members));
  }
}

TEST(ExternalIdentity, OnlyWhatTheCrdTakesIsARole) {
  const std::pair<std::string_view, bool> rows[] = {
      {"arn:aws:iam::123456789012:role/shop", true},
      {"arn:aws-us-gov:iam::123456789012:role/a/b_+=,.@-", true},
      {"arn:aws:iam::123456789012:user/shop", false},
      {"arn:aws:iam::12345:role/shop", false},
      {"arn:aws:iam::12345678901x:role/shop", false},
      {"arn:aws:iam::123456789012:role", false},
      {"arn:aws:iam::123456789012:role/", false},
      {"arn:aws:iam::123456789012:role/a//b", false},
      {"arn:aws:iam::123456789012:role/a/", false},
      {"arn:aws:iam::123456789012:role/a b", false},
      {"arn:aws:sts::123456789012:role/a", false},
      {"arn:aws:iam:eu-west-1:123456789012:role/a", false},
      {"arn:other:iam::123456789012:role/a", false},
      {"arn:aws2:iam::123456789012:role/a", false},
      {"shop", false},
  };
  for (const auto& [role, taken] : rows) {
    const auto found = identity(fmt::format(R"({{"role": "{}"}})", role));
    EXPECT_EQ(found.role, taken ? role : "") << role;
    EXPECT_EQ(found.lost.empty(), taken) << role;
  }
}

}  // namespace
}  // namespace edsm::cli
