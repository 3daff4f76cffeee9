#include "cloud/gcp/names.hpp"

#include <gtest/gtest.h>

namespace edsm::cloud::gcp {
namespace {

TEST(GoogleSecretName, HasItsParts) {
  struct Row {
    std::string text;
    SecretName name;
    std::string resource;
  };
  const Row rows[] = {
      {"projects/shop-123/secrets/db",
       {"shop-123", "global", "db", ""},
       "projects/shop-123/secrets/db"},
      {"projects/827585297303/secrets/db/versions/2",
       {"827585297303", "global", "db", "2"},
       "projects/827585297303/secrets/db"},
      {"projects/1/locations/europe-west3/secrets/A_b-9",
       {"1", "europe-west3", "A_b-9", ""},
       "projects/1/locations/europe-west3/secrets/A_b-9"},
      {"projects/1/locations/us-east1/secrets/db/versions/latest",
       {"1", "us-east1", "db", "latest"},
       "projects/1/locations/us-east1/secrets/db"},
      {"projects/example.com:shop/secrets/db/versions/stable_1",
       {"example.com:shop", "global", "db", "stable_1"},
       "projects/example.com:shop/secrets/db"},
      {"//secretmanager.googleapis.com/projects/1/secrets/db",
       {"1", "global", "db", ""},
       "projects/1/secrets/db"},
  };
  for (const auto& [text, name, resource] : rows) {
    const auto parsed = parse_secret_name(text);
    ASSERT_TRUE(parsed) << text;
    EXPECT_EQ(*parsed, name) << text;
    EXPECT_EQ(parsed->resource(), resource);
  }
}

TEST(GoogleSecretName, RefusesWhatIsNone) {
  for (const std::string& text : {std::string(),
                                  std::string("db"),
                                  std::string("projects/1/secrets"),
                                  std::string("projects/1/secrets/"),
                                  std::string("projects//secrets/db"),
                                  std::string("projects/1/secrets/db/"),
                                  std::string("projects/1/secrets/db/versions"),
                                  std::string("projects/1/secrets/db/versions/"),
                                  std::string("projects/1/secrets/db/versions/0"),
                                  std::string("projects/1/secrets/db/versions/1/x"),
                                  std::string("projects/1/secrets/a b"),
                                  std::string("projects/1/secrets/a/b"),
                                  std::string("projects/Shop/secrets/db"),
                                  std::string("projects/1a/secrets/db"),
                                  std::string("projects/1/locations/evil.example/secrets/db"),
                                  std::string("projects/1/locations/-a/secrets/db"),
                                  std::string("projects/1/locations/eu/db"),
                                  std::string("projects/1/topics/db"),
                                  std::string("folders/1/secrets/db"),
                                  "projects/1/secrets/" + std::string(256, 'a'),
                                  "projects/" + std::string(64, 'a') + "/secrets/db",
                                  "projects/" + std::string(21, '1') + "/secrets/db"}) {
    EXPECT_FALSE(parse_secret_name(text)) << text;
  }
}

TEST(GoogleSecretName, ShortOnesHaveNoProject) {
  EXPECT_EQ(parse_short_name("db"), (SecretName{"", "global", "db", ""}));
  EXPECT_EQ(parse_short_name("db/versions/7"), (SecretName{"", "global", "db", "7"}));
  for (const std::string_view text : {"", "a b", "a/b", "db/versions", "db/versions/", "a.b"}) {
    EXPECT_FALSE(parse_short_name(text)) << text;
  }
}

TEST(GoogleSecretName, VersionsAreNumbersOrAliases) {
  for (const std::string_view good : {"1", "9223372036854775807", "latest", "a", "prod-1_x"}) {
    EXPECT_TRUE(valid_version(good)) << good;
  }
  for (const std::string& bad :
       {std::string(), std::string("0"), std::string("01"), std::string("-1"), std::string("1a"),
        std::string("_a"), std::string("a b"), std::string(20, '1'), std::string(64, 'a')}) {
    EXPECT_FALSE(valid_version(bad)) << bad;
  }
}

}  // namespace
}  // namespace edsm::cloud::gcp
