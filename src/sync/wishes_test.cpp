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
    for (const auto& hint : row.hints) wishes.hint(hint);
    EXPECT_EQ(wishes.fetch, row.fetch) << row.what;
    Wishes later;
    later.hint("v9");
    later.join(wishes);
    EXPECT_TRUE(later.fetch) << row.what << ", and another since";
  }
}

}  // namespace
}  // namespace edsm::sync
