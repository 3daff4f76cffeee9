#include "base/time.hpp"

#include <gtest/gtest.h>

namespace edsm::base {
namespace {

using namespace std::chrono_literals;

WallTime at(std::int64_t microseconds) {
  return WallTime(Duration(microseconds));
}

TEST(Rfc3339, RefusesWhatItIsNot) {
  const std::string_view texts[] = {"",
                                    "2026",
                                    "2026-11-23",
                                    "2026-11-23T18:00:00",
                                    "2026-11-23T18:00Z",
                                    "2026-11-23T18:00:00.Z",
                                    "2026-11-23X18:00:00Z",
                                    "2026/11/23T18:00:00Z",
                                    "26-11-23T18:00:00Z",
                                    "2026-1-23T18:00:00Z",
                                    "2026-00-23T18:00:00Z",
                                    "2026-13-23T18:00:00Z",
                                    "2026-11-00T18:00:00Z",
                                    "2026-11-31T18:00:00Z",
                                    "2025-02-29T00:00:00Z",
                                    "2026-11-23T24:00:00Z",
                                    "2026-11-23T18:60:00Z",
                                    "2026-11-23T18:00:61Z",
                                    "2026-11-23T-0:00:00Z",
                                    "2026-11-23T18:-0:00Z",
                                    "2026-11-23T18:00: 1Z",
                                    "+026-11-23T18:00:00Z",
                                    "2026-11-23T18:00:00Zx",
                                    "2026-11-23T18:00:00+1:00",
                                    "2026-11-23T18:00:00+0100",
                                    "2026-11-23T18:00:00+24:00",
                                    "2026-11-23T18:00:00+01:60",
                                    "2026-11-23T18:00:00+01:00x",
                                    " 2026-11-23T18:00:00Z"};
  for (const auto text : texts) EXPECT_FALSE(parse_rfc3339(text)) << text;
}

TEST(Rfc3339, Reads) {
  const std::pair<std::string_view, std::int64_t> cases[] = {
      {"1970-01-01T00:00:00Z", 0},
      {"1970-01-01t00:00:00z", 0},
      {"1970-01-01 00:00:01Z", 1'000'000},
      {"1969-12-31T23:59:59.999999Z", -1},
      {"1970-01-01T00:00:00.5Z", 500'000},
      {"1970-01-01T00:00:00.123456789Z", 123'456},
      {"1970-01-01T00:00:00.000001Z", 1},
      {"1970-01-01T01:00:00+01:00", 0},
      {"1969-12-31T18:30:00-05:30", 0},
      {"1970-01-01T00:00:00-00:00", 0},
      {"2000-02-29T00:00:00Z", 951'782'400'000'000},
      {"2016-12-31T23:59:60Z", 1'483'228'800'000'000},  // a leap second is the next second
      {"2026-11-23T18:00:00Z", 1'795'456'800'000'000},
      {"9999-12-31T23:59:59Z", 253'402'300'799'000'000},
  };
  for (const auto& [text, expected] : cases) {
    const auto time = parse_rfc3339(text);
    ASSERT_TRUE(time) << text;
    EXPECT_EQ(time->time_since_epoch().count(), expected) << text;
  }
}

TEST(Rfc3339, Writes) {
  struct Case {
    std::int64_t time;
    std::string_view micro, milli, second;
  };
  const Case cases[] = {
      {0, "1970-01-01T00:00:00.000000Z", "1970-01-01T00:00:00.000Z", "1970-01-01T00:00:00Z"},
      {-1, "1969-12-31T23:59:59.999999Z", "1969-12-31T23:59:59.999Z", "1969-12-31T23:59:59Z"},
      {1'795'456'800'123'456, "2026-11-23T18:00:00.123456Z", "2026-11-23T18:00:00.123Z",
       "2026-11-23T18:00:00Z"},
      {951'868'799'000'001, "2000-02-29T23:59:59.000001Z", "2000-02-29T23:59:59.000Z",
       "2000-02-29T23:59:59Z"},
  };
  for (const Case& c : cases) {
    EXPECT_EQ(rfc3339_micro(at(c.time)), c.micro);
    EXPECT_EQ(rfc3339_milli(at(c.time)), c.milli);
    EXPECT_EQ(rfc3339(at(c.time)), c.second);
    EXPECT_EQ(parse_rfc3339(c.micro), at(c.time));
  }
}

TEST(HttpDate, Table) {
  const std::pair<std::string_view, std::optional<std::int64_t>> cases[] = {
      {"Thu, 01 Jan 1970 00:00:00 GMT", 0},
      {"Sun, 06 Nov 1994 08:49:37 GMT", 784'111'777},
      {"Mon, 23 Nov 2026 18:00:00 GMT", 1'795'456'800},
      {"Tue, 29 Feb 2000 23:59:59 GMT", 951'868'799},
      {"", {}},
      {"Sunday, 06-Nov-94 08:49:37 GMT", {}},
      {"Sun Nov  6 08:49:37 1994", {}},
      {"Sun, 6 Nov 1994 08:49:37 GMT", {}},
      {"Sun, 06 nov 1994 08:49:37 GMT", {}},
      {"Sun, 06 Nov 1994 08:49:37 UTC", {}},
      {"Sun, 06 Nov 1994 08:49:37", {}},
      {"Sun, 06 Nov 1994 25:49:37 GMT", {}},
      {"Sun, 31 Nov 1994 08:49:37 GMT", {}},
      {"Sun, 06 Nov 1994 08:49:37 GMT ", {}},
      {"06 Nov 1994 08:49:37 GMT", {}},
  };
  for (const auto& [text, expected] : cases) {
    const auto time = parse_http_date(text);
    ASSERT_EQ(time.has_value(), expected.has_value()) << text;
    if (time) EXPECT_EQ(*time, at(*expected * 1'000'000)) << text;
  }
}

}  // namespace
}  // namespace edsm::base
