// Small pure policies: drift_guard.hpp, resource_version.hpp.

#include <string_view>

#include <gtest/gtest.h>

#include "sync/drift_guard.hpp"
#include "sync/resource_version.hpp"

namespace edsm::sync {
namespace {

using namespace std::chrono_literals;

base::Instant at(base::Duration time) {
  return base::Instant(time);
}

TEST(DriftGuard, TheFirstHealsAreFreeThenTheWaitDoubles) {
  DriftGuard guard;
  auto now = at(1h);
  EXPECT_LE(guard.allowed_at(), now);
  const base::Duration waits[] = {0s,  0s,  0s,  0s,   2s,   4s,   8s,
                                  16s, 32s, 64s, 128s, 256s, 5min, 5min};
  int heals = 0;
  for (const auto wait : waits) {
    guard.healed(now);
    ++heals;
    EXPECT_EQ(guard.allowed_at() - now, wait) << heals;
    EXPECT_EQ(guard.fighting(), heals > 5) << heals;
    now += wait + 1s;
  }
}

TEST(DriftGuard, TenQuietMinutesAreForgiven) {
  DriftGuard guard;
  auto now = at(1h);
  for (int i = 0; i < 8; ++i) guard.healed(now);
  EXPECT_TRUE(guard.fighting());
  now += 10min;
  guard.healed(now);
  EXPECT_EQ(guard.allowed_at(), now);
  EXPECT_FALSE(guard.fighting());
}

TEST(DriftGuard, TheFirstHealOfAFreshClockIsFree) {
  DriftGuard guard;
  guard.healed(base::Instant());
  EXPECT_EQ(guard.allowed_at(), base::Instant());
}

TEST(ResourceVersion, OnlyGrowingIntegersHaveAnOrder) {
  struct Row {
    std::string_view a;
    std::string_view b;
    bool older;
  };
  const Row rows[] = {
      {"1", "2", true},    {"2", "1", false},
      {"2", "2", false},   {"9", "10", true},
      {"10", "9", false},  {"99999999999999999999", "100000000000000000000", true},
      {"", "1", false},    {"1", "", false},
      {"", "", false},     {"a1", "2", false},
      {"1", "2x", false},  {"-1", "2", false},
      {"1.0", "2", false}, {" 1", "2", false},
  };
  for (const auto& row : rows)
    EXPECT_EQ(certainly_older(row.a, row.b), row.older) << row.a << " " << row.b;
}

}  // namespace
}  // namespace edsm::sync
