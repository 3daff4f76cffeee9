#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include "sync/plan.hpp"

namespace edsm::sync {
namespace {

TEST(Wishes, NoEventHidesAnother) {
  struct Row {
    std::string_view what;
    std::vector<std::string> hints;
    bool fetch;
  };
  const Row rows[] = {
      {"one", {"v2"}, false},
      {"the same again", {"v2", "v2"}, false},
      {"without a version", {""}, true},
      {"a new one, then a late one", {"v2", "v1"}, true},
      {"with a version after one without", {"", "v1"}, true},
  };
  for (const auto& row : rows) {
    Wishes wishes;
    for (const auto& hint : row.hints) wishes.hint(Hinted{hint});
    EXPECT_EQ(wishes.fetch, row.fetch) << row.what;
    Wishes later;
    later.hint(Hinted{"v9"});
    later.join(wishes);
    EXPECT_TRUE(later.fetch) << row.what << ", and another since";
  }
}

TEST(Wishes, TheFirstEventOfAChangeTellsItsTimes) {
  const auto event = [](std::string_view version, int second) {
    Hinted hinted{version};
    hinted.received = base::WallTime(std::chrono::seconds(second));
    return hinted;
  };
  struct Row {
    std::string_view what;
    std::vector<Hinted> hints;
    Hinted kept;
  };
  const Row rows[] = {
      {"the same again", {event("v2", 1), event("v2", 2)}, event("v2", 1)},
      {"one that says less", {event("v2", 1), event("", 2)}, event("v2", 1)},
      {"one that says more", {event("", 1), event("v2", 2)}, event("v2", 2)},
      {"the next change", {event("v2", 1), event("v3", 2)}, event("v3", 2)},
  };
  for (const auto& row : rows) {
    Wishes wishes;
    Wishes joined;
    for (const auto& hint : row.hints) {
      wishes.hint(hint);
      Wishes since;
      since.hint(hint);
      since.join(joined);
      joined = since;
    }
    EXPECT_EQ(*wishes.hinted, row.kept) << row.what;
    EXPECT_EQ(*joined.hinted, row.kept) << row.what << ", in runs that failed";
    EXPECT_EQ(wishes.fetch, joined.fetch) << row.what;
  }
}

}  // namespace
}  // namespace edsm::sync
