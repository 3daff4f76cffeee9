#include "cloud/azure/known_versions.hpp"

#include <gtest/gtest.h>

namespace edsm::cloud::azure {
namespace {

using std::chrono::seconds;

Listed listed(char digit, std::int64_t created, bool enabled = true) {
  Listed item;
  item.name.version = std::string(32, digit);
  item.attributes.created = created;
  item.attributes.updated = created;
  item.attributes.enabled = enabled;
  return item;
}

TEST(NewestVersion, IsTheOneCreatedLast) {
  struct Row {
    std::vector<Listed> versions;
    char newest;  ///< 0: nobody can tell
  };
  const Row rows[] = {
      {{}, 0},
      {{listed('1', 5)}, '1'},
      {{listed('2', 5), listed('1', 7), listed('3', 6)}, '1'},
      {{listed('1', 5), listed('2', 7, false)}, '2'},
      {{listed('1', 5), listed('2', 5)}, 0},
      {{listed('1', 5), listed('2', 5), listed('3', 6)}, '3'},
      {{listed('3', 6), listed('1', 5), listed('2', 5)}, '3'},
      {{listed('3', 6), listed('1', 5), listed('2', 6)}, 0},
  };
  for (const auto& [versions, newest] : rows) {
    const auto found = newest_of(versions);
    EXPECT_EQ(found ? found->name.version[0] : 0, newest);
  }
}

class KnownVersionsTest : public testing::Test {
 protected:
  static Attributes at(std::int64_t created, std::int64_t updated, bool enabled = true) {
    Attributes attributes;
    attributes.created = created;
    attributes.updated = updated;
    attributes.enabled = enabled;
    return attributes;
  }
  static base::WallTime wall(std::int64_t time) { return base::WallTime(seconds(time)); }
  KnownVersions known;
};

TEST_F(KnownVersionsTest, TheSameTimesAreTheSameVersion) {
  known.learn("db", "v1", at(1000, 2000), wall(10'000));
  EXPECT_EQ(known.version("db", at(1000, 2000)), "v1");
  EXPECT_EQ(known.version("db", at(1000, 2001)), std::nullopt);
  EXPECT_EQ(known.version("db", at(1001, 2000)), std::nullopt);
  EXPECT_EQ(known.version("other", at(1000, 2000)), std::nullopt);
}

TEST_F(KnownVersionsTest, WhatChangedAMomentAgoMayChangeInTheSameSecond) {
  known.learn("db", "v1", at(1000, 1000), wall(1000));
  EXPECT_FALSE(known.knows("db", wall(1000)));
  known.learn("db", "v1", at(1000, 1000), wall(4599));
  EXPECT_FALSE(known.knows("db", wall(4599)));
  known.learn("db", "v1", at(1000, 1000), wall(4600));
  EXPECT_TRUE(known.knows("db", wall(4600)));
  known.learn("db", "v2", at(1400, 1400), wall(1401));
  EXPECT_FALSE(known.knows("db", wall(1401))) << "nor is what was known before";
}

TEST_F(KnownVersionsTest, AFastClockDoesNotEndTheSecond) {
  known.learn("db", "v1", at(1000, 1000), wall(1000 + 22 * 60));
  EXPECT_FALSE(known.knows("db", wall(1000 + 22 * 60)));
}

TEST_F(KnownVersionsTest, NothingIsKnownWithoutTimesOrOfWhatIsDisabled) {
  known.learn("db", "v1", at(0, 0), wall(10'000));
  EXPECT_FALSE(known.knows("db", wall(10'000)));
  known.learn("db", "v1", at(1, 1, false), wall(10'000));
  EXPECT_FALSE(known.knows("db", wall(10'000)));
}

TEST_F(KnownVersionsTest, NothingIsKnownForEver) {
  known.learn("db", "v1", at(1, 1), wall(10'000));
  EXPECT_TRUE(known.knows("db", wall(10'000 + 43'199)));
  EXPECT_FALSE(known.knows("db", wall(10'000 + 43'200)));
}

TEST_F(KnownVersionsTest, KeepsWhatIsAskedForOnly) {
  known.learn("a", "v1", at(1, 1), wall(10'000));
  known.learn("b", "v1", at(1, 1), wall(10'000));
  known.keep({"b", "c"});
  EXPECT_EQ(known.size(), 1U);
  EXPECT_TRUE(known.knows("b", wall(10'000)));
}

}  // namespace
}  // namespace edsm::cloud::azure
