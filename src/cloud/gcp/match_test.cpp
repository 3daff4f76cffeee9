#include "cloud/gcp/match.hpp"

#include <algorithm>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace edsm::cloud::gcp {
namespace {

constexpr std::string_view number = "827585297303";
constexpr std::string_view other_number = "111111111111";

SecretName named(std::string_view text) {
  return parse_secret_name(text).value();
}
bool match(const SecretName& binding, const SecretName& event, Change change,
           const Projects& projects) {
  const auto said = hint_keys(event, change, projects);
  const auto kept = binding_keys(binding);
  return std::ranges::any_of(said,
                             [&](const auto& key) { return std::ranges::count(kept, key) != 0; });
}

struct Pair {
  std::string_view why;
  std::string binding;
  std::string event;
  bool before;  ///< matches, as long as nothing is known of the projects
  bool after;   ///< and when shop is known to be 827585297303, and bank 111111111111
};

TEST(GoogleMatchKeys, AProjectIsItsIdAndItsNumber) {
  const Pair pairs[] = {
      {"ID, number", "projects/shop/secrets/db", "projects/827585297303/secrets/db", true, true},
      {"number, number", "projects/827585297303/secrets/db", "projects/827585297303/secrets/db",
       true, true},
      {"ID, ID", "projects/shop/secrets/db", "projects/shop/secrets/db", true, true},
      {"number, ID", "projects/827585297303/secrets/db", "projects/shop/secrets/db", true, true},
      {"ID, another's number", "projects/shop/secrets/db", "projects/111111111111/secrets/db", true,
       false},
      {"number, another's ID", "projects/827585297303/secrets/db", "projects/bank/secrets/db", true,
       false},
      {"ID, a number of nobody", "projects/shop/secrets/db", "projects/5/secrets/db", true, true},
      {"number, another number", "projects/827585297303/secrets/db", "projects/5/secrets/db", false,
       false},
      {"ID, another ID", "projects/shop/secrets/db", "projects/bank/secrets/db", false, false},
      {"another name", "projects/shop/secrets/db", "projects/827585297303/secrets/db2", false,
       false},
      {"regional, the same region", "projects/shop/locations/eu/secrets/db",
       "projects/827585297303/locations/eu/secrets/db", true, true},
      {"regional, global", "projects/shop/locations/eu/secrets/db",
       "projects/827585297303/secrets/db", false, false},
      {"global, regional", "projects/shop/secrets/db",
       "projects/827585297303/locations/eu/secrets/db", false, false},
  };
  const Projects nothing;
  Projects known;
  known.learn("shop", number);
  known.learn("bank", other_number);
  for (const auto& [why, binding, event, before, after] : pairs) {
    EXPECT_EQ(match(named(binding), named(event), Change::secret, nothing), before) << why;
    EXPECT_EQ(match(named(binding), named(event), Change::secret, known), after) << why;
  }
}

TEST(GoogleMatchKeys, EachBindingHearsOfWhatCanChangeItsValue) {
  struct Row {
    std::string version;  ///< of the binding
    bool secret, metadata, version_7, version_8, some_version;
  };
  const Row rows[] = {
      {"", true, false, true, true, true},
      {"latest", true, false, true, true, true},
      {"7", true, false, true, false, true},
      {"stable", true, true, true, true, true},
  };
  const Projects projects;
  const SecretName db{"1", "global", "db", ""};
  for (const auto& row : rows) {
    auto binding = db;
    binding.version = row.version;
    auto event = db;
    EXPECT_EQ(match(binding, event, Change::secret, projects), row.secret) << row.version;
    EXPECT_EQ(match(binding, event, Change::metadata, projects), row.metadata) << row.version;
    EXPECT_EQ(match(binding, event, Change::version, projects), row.some_version) << row.version;
    event.version = "7";
    EXPECT_EQ(match(binding, event, Change::version, projects), row.version_7) << row.version;
    event.version = "8";
    EXPECT_EQ(match(binding, event, Change::version, projects), row.version_8) << row.version;
  }
}

TEST(GoogleMatchKeys, AreFewAndTheFirstIsForPeople) {
  const Projects projects;
  const auto keys =
      hint_keys({std::string(number), "global", "db", "7"}, Change::version, projects);
  EXPECT_EQ(keys.front(), "gcp/827585297303/global/db/latest");
  EXPECT_EQ(keys.size(), 6U);
  EXPECT_EQ(binding_keys({"shop", "global", "db", ""}).size(), 4U);
}

TEST(GoogleProjects, LearnsPairsOfAnIdAndANumberOnceAndForAll) {
  Projects projects;
  EXPECT_EQ(projects.other_name("shop"), "");
  projects.learn("shop", "shop");
  projects.learn(number, number);
  projects.learn("shop", "bank");
  EXPECT_EQ(projects.other_name("shop"), "") << "neither tells anything";
  projects.learn("shop", number);
  EXPECT_EQ(projects.other_name("shop"), number);
  EXPECT_EQ(projects.other_name(number), "shop");
  projects.learn("shop", other_number);
  projects.learn(number, "bank");
  EXPECT_EQ(projects.other_name("shop"), number);
  EXPECT_EQ(projects.other_name("bank"), "");
}

TEST(GoogleProjects, AreBounded) {
  Projects projects;
  for (std::size_t i = 1; i <= Projects::limit + 1; ++i)
    projects.learn("p" + std::to_string(i), std::to_string(i));
  EXPECT_EQ(projects.other_name("p1000"), "1000");
  EXPECT_EQ(projects.other_name("p1001"), "") << "then any project may be meant";
}

TEST(GoogleMatchKeys, WhatNamesNoProjectIsTheControllersOwn) {
  SecretName own = named("projects/x/secrets/db");
  own.project = own_project;
  const auto hears = [&](std::string_view event, const Projects& projects) {
    return match(own, named(event), Change::version, projects);
  };
  const std::string shop = "projects/827585297303/secrets/db/versions/1";
  const std::string bank = "projects/111111111111/secrets/db/versions/1";
  Projects projects;
  EXPECT_FALSE(hears(shop, projects)) << "nobody needs it";
  projects.expect_own();
  EXPECT_TRUE(hears(shop, projects));
  EXPECT_TRUE(hears(bank, projects));
  EXPECT_FALSE(hears("projects/827585297303/secrets/db2/versions/1", projects));
  projects.own_is("shop");
  EXPECT_TRUE(hears(shop, projects));
  EXPECT_TRUE(hears(bank, projects)) << "its number is not known yet";
  EXPECT_FALSE(hears("projects/bank/secrets/db/versions/1", projects));
  EXPECT_TRUE(hears("projects/shop/secrets/db/versions/1", projects));
  projects.learn("shop", number);
  EXPECT_TRUE(hears(shop, projects));
  EXPECT_FALSE(hears(bank, projects));
}

}  // namespace
}  // namespace edsm::cloud::gcp
