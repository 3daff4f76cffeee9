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

TEST(MayMean, OnAzureByNameVaultAndIdentifier) {
  const std::string url = "https://shop-kv.vault.azure.net/secrets/";
  const std::string one(32, '1');
  const std::string two(32, '2');
  struct Row {
    std::string path;
    std::string vault;
    std::string wanted;
    bool same;
  };
  const Row rows[] = {
      {"db", "https://shop-kv.vault.azure.net", "db", true},
      {"db", "shop-kv", "DB", true},
      {"db", "shop-kv", url + "db", true},
      {"DB", "SHOP-KV", "HTTPS://Shop-KV.vault.azure.net/secrets/Db", true},
      {"db", "shop-kv", "https://shop-kv.vault.azure.net:443/secrets/db/", true},
      {"db", "shop-kv", url + "db2", false},
      {"db", "bank-kv", url + "db", false},
      {"db", "", url + "db", true},
      {url + "db", "", "db", true},
      {url + "db", "", "shop-kv/db", true},
      {url + "db", "", "bank-kv/db", false},
      {"db", "shop-kv", "shop-kv/db/" + two, true},
      {"db", "shop-kv", "https://shop-kv.vault.azure.net/certificates/db", true},
      {"db", "shop-kv", "https://shop-kv.vault.azure.net/keys/db", false},
      {"db", "shop-kv", "https://shop-kv.example.com/secrets/db", false},
      {"db", "shop-kv", url + "db/" + two, true},
      {"db/" + one, "shop-kv", url + "db", false},
      {"db/" + one, "shop-kv", url + "db/" + one, true},
      {"db/" + one, "shop-kv", "db/" + two, false},
      {url + "db/" + one, "", "db/" + one, true},
      {"https://shop-kv.vault.usgovcloudapi.net/secrets/db", "", "shop-kv/db", true},
      {"db", "shop-kv", "projects/shop/secrets/db", false},
  };
  for (const auto& [path, vault, wanted, same] : rows) {
    cloud::SecretQuery query{path, {}};
    if (!vault.empty()) query.options["azureVaultURL"] = vault;
    EXPECT_EQ(may_mean("azure", query, wanted), same) << path << " " << vault << " " << wanted;
  }
}

TEST(MayMean, OfAnUnknownCloudTheTextCounts) {
  EXPECT_TRUE(may_mean("other", {"a", {}}, "a"));
  EXPECT_FALSE(may_mean("other", {"a", {}}, "b"));
}

}  // namespace
}  // namespace edsm::cli
