#include "cli/commands/secret_match.hpp"

#include <gtest/gtest.h>

namespace edsm::cli {
namespace {

TEST(MayMean, OnAwsByNameAndArn) {
  const std::string arn = "arn:aws:secretsmanager:eu-west-1:111122223333:secret:prod/db-a1B2c3";
  const auto same = [](const std::string& path, std::string_view wanted) {
    return may_mean("aws", {path, {}}, wanted);
  };
  EXPECT_TRUE(same("prod/db", "prod/db"));
  EXPECT_TRUE(same(arn, "prod/db"));
  EXPECT_TRUE(same("prod/db", arn));
  EXPECT_TRUE(same(arn, "arn:aws:secretsmanager:eu-west-1:111122223333:secret:prod/db"));
  EXPECT_FALSE(same(arn, "arn:aws:secretsmanager:us-east-1:111122223333:secret:prod/db"));
  EXPECT_FALSE(same(arn, "prod"));
}

TEST(MayMean, OnGoogleByNameIdAndNumber) {
  struct Row {
    std::string path;
    std::string project;
    std::string region;
    std::string_view wanted;
    bool same;
  };
  const Row rows[] = {
      {"db", "shop", "", "db", true},
      {"db", "", "", "projects/shop/secrets/db", true},
      {"db", "shop", "", "projects/shop/secrets/db", true},
      {"db", "shop", "", "projects/shop/secrets/db2", false},
      {"db", "shop", "", "projects/bank/secrets/db", false},
      {"db", "shop", "", "projects/5/secrets/db", true},
      {"projects/5/secrets/db", "", "", "projects/shop/secrets/db", true},
      {"projects/5/secrets/db", "", "", "projects/6/secrets/db", false},
      {"projects/shop/secrets/db", "", "",
       "//secretmanager.googleapis.com/projects/shop/secrets/db", true},
      {"db", "shop", "eu", "projects/shop/locations/eu/secrets/db", true},
      {"db", "shop", "eu", "projects/shop/secrets/db", false},
      {"db", "shop", "", "projects/shop/locations/eu/secrets/db", false},
      {"projects/shop/locations/eu/secrets/db", "", "", "db", true},
      {"db/versions/stable", "shop", "", "db", true},
      {"db/versions/7", "shop", "", "db", false},
      {"db/versions/7", "shop", "", "projects/shop/secrets/db/versions/7", true},
      {"db/versions/7", "shop", "", "projects/shop/secrets/db/versions/8", false},
      {"db", "shop", "", "db/versions/8", true},
      {"db", "shop", "", "arn:aws:secretsmanager:eu-west-1:111122223333:secret:db-a1B2c3", false},
      {"prod/db", "shop", "", "prod/db", false},
  };
  for (const auto& [path, project, region, wanted, same] : rows) {
    cloud::SecretQuery query{path, {}};
    if (!project.empty()) query.options["gcpProjectID"] = project;
    if (!region.empty()) query.options["region"] = region;
    EXPECT_EQ(may_mean("gcp", query, wanted), same) << path << " " << wanted;
  }
}

TEST(MayMean, OfAnUnknownCloudTheTextCounts) {
  EXPECT_TRUE(may_mean("other", {"a", {}}, "a"));
  EXPECT_FALSE(may_mean("other", {"a", {}}, "b"));
}

}  // namespace
}  // namespace edsm::cli
