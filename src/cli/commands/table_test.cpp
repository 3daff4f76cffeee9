#include "cli/commands/table.hpp"

#include <fmt/format.h>
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

TEST(Table, VersionsAreShort) {
  EXPECT_EQ(short_version("8de474a3a6f7fd390eaacdd3192a8b54"), "8de474a3");
  EXPECT_EQ(short_version("12@2026-11-29T10:00:00.123456Z"), "12");
  EXPECT_EQ(short_version("7"), "7");
  EXPECT_EQ(short_version(""), "");
}

TEST(Table, WhatFitsIsWhole) {
  const Row head = {"NAME", "SOURCE", "N"};
  const std::vector<Row> rows = {{"database", "prod/shop/database", "1"}};
  const auto whole = table(head, rows);
  EXPECT_EQ(table(head, rows, {31, {"N"}}), whole);
  EXPECT_NE(table(head, rows, {30, {"N"}}), whole);
}

TEST(Table, LongCellsAreCutFirstThenColumnsLeftOutThenShortOnesCut) {
  const Row head = {"NAME", "SOURCE", "N"};
  const std::vector<Row> rows = {
      {"database", "prod/shop/" + std::string(20, 'x') + "/pässword", "1"}};
  struct Case {
    std::size_t width;
    std::string_view line;
  };
  const Case cases[] = {
      {60, "database  prod/shop/xxxxxxxxxxxxxxxxxxxx/pässword  1"},
      {40, "database  prod/shop/xxx…xxxx/pässword  1"},
      {37, "database  prod/shop/xx…xx/pässword  1"},
      {35, "database  prod/shop/xx…xxx/pässword"},
      {30, "database  prod/shop/…/pässword"},
      {1, "database  prod…word"},
  };
  for (const auto& [width, line] : cases) {
    const auto text = table(head, rows, {width, {"N", "NO SUCH COLUMN"}});
    EXPECT_EQ(text.substr(text.find('\n') + 1), fmt::format("{}\n", line)) << width;
  }
}

TEST(Table, ProseGoesOnBelow) {
  const Row head = {"STEP", "AFTER", "WHAT"};
  const std::vector<Row> rows = {
      {"new pods", "+2s", "Deployment/api: ReplicaSet api-5d9f8c7b6 was made"}, {"none", "", ""}};
  EXPECT_EQ(table(head, rows, {45, {"AFTER"}, true}),
            "STEP      AFTER  WHAT\n"
            "new pods  +2s    Deployment/api: ReplicaSet\n"
            "                 api-5d9f8c7b6 was made\n"
            "none      -      -\n");
  EXPECT_EQ(table(head, {{"ready", "+9s", std::string(50, 'x')}}, {28, {"AFTER"}, true}),
            "STEP   WHAT\n"
            "ready  xxxxxxxxxxxxxxxxxxxxx\n"
            "       xxxxxxxxxxxxxxxxxxxxx\n"
            "       xxxxxxxx\n");
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
