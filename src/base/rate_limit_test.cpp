#include "base/rate_limit.hpp"

#include <gtest/gtest.h>

namespace edsm::base {
namespace {

using namespace std::chrono_literals;

Instant at(Duration time) {
  return Instant(time);
}

TEST(RateLimit, ABurstIsImmediateAndTheRestIsSpread) {
  RateLimit limit(2, 3);  // two a second, three at once
  const auto now = at(100s);
  for (int i = 0; i < 3; ++i) EXPECT_EQ(limit.take(now), now);
  EXPECT_EQ(limit.take(now), now + 500ms);
  EXPECT_EQ(limit.take(now), now + 1s);
  EXPECT_EQ(limit.take(now + 1s), now + 1500ms);
}

TEST(RateLimit, IdleTimeFillsTheBurstAndNoMore) {
  RateLimit limit(1, 2);
  const auto now = at(1h);
  EXPECT_EQ(limit.take(now), now);
  const auto later = now + 24h;
  EXPECT_EQ(limit.take(later), later);
  EXPECT_EQ(limit.take(later), later);
  EXPECT_EQ(limit.take(later), later + 1s);
}

TEST(RateLimit, AClockThatStandsStillGivesNothingBack) {
  RateLimit limit(1, 1);
  EXPECT_EQ(limit.take(at(10s)), at(10s));
  EXPECT_EQ(limit.take(at(10s)), at(11s));
  EXPECT_EQ(limit.take(at(10s)), at(12s));
}

TEST(RateLimit, WhoDoesNotWaitTakesOnlyWhatIsThere) {
  RateLimit limit(1, 2);
  const auto now = at(10s);
  EXPECT_TRUE(limit.take_now(now));
  EXPECT_TRUE(limit.take_now(now));
  EXPECT_FALSE(limit.take_now(now));
  EXPECT_FALSE(limit.take_now(now + 500ms)) << "and leaves no debt:";
  EXPECT_TRUE(limit.take_now(now + 1s));
  EXPECT_EQ(limit.take(now + 1s), now + 2s);
}

}  // namespace
}  // namespace edsm::base
