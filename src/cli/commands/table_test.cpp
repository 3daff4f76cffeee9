#include "cli/commands/table.hpp"

#include <gtest/gtest.h>

namespace edsm::cli {
namespace {

using namespace std::chrono_literals;

TEST(Table, ColumnsAreAsWideAsTheirWidestCell) {
  EXPECT_EQ(table({"NAME", "N"}, {{"a", "1"}, {"longer", ""}, {"ü", "3"}}),
            "NAME    N\n"
            "a       1\n"
            "longer  -\n"
            "ü       3\n");
}

TEST(Age, Table) {
  const std::pair<base::Duration, std::string_view> rows[] = {
      {-5s, "0s"},      {0s, "0s"},     {59s, "59s"}, {119s, "119s"}, {120s, "2m"},
      {119min, "119m"}, {120min, "2h"}, {47h, "47h"}, {48h, "2d"},    {24h * 400, "400d"}};
  for (const auto& [time, text] : rows) EXPECT_EQ(age(time), text);
}

TEST(Counted, OneAndMany) {
  EXPECT_EQ(counted(0, "pod"), "0 pods");
  EXPECT_EQ(counted(1, "pod"), "1 pod");
  EXPECT_EQ(counted(2, "pod"), "2 pods");
}

}  // namespace
}  // namespace edsm::cli
