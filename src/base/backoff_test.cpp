#include "base/backoff.hpp"

#include <limits>

#include <gtest/gtest.h>

namespace edsm::base {
namespace {

using namespace std::chrono_literals;

/// The largest wait that the next call can draw: the draw that equals the ceiling.
Duration draw(Backoff backoff, Duration wanted) {
  return backoff.next(static_cast<std::uint64_t>(wanted.count()));
}

TEST(BackoffTest, CeilingDoublesUpToTheCap) {
  Backoff backoff(100ms, 1s);
  for (const Duration ceiling : {100ms, 200ms, 400ms, 800ms, 1000ms, 1000ms, 1000ms}) {
    EXPECT_EQ(draw(backoff, ceiling), ceiling);
    EXPECT_EQ(draw(backoff, ceiling + 1us), 0us);  // one more wraps around
    backoff.next(0);
  }
  EXPECT_EQ(backoff.failures(), 7U);
  backoff.reset();
  EXPECT_EQ(backoff.failures(), 0U);
  EXPECT_EQ(draw(backoff, 101ms), 1ms - 1us);
}

TEST(BackoffTest, StaysWithinBoundsForAnyChanceAndCount) {
  Backoff backoff(1ms, 5min);
  for (int i = 0; i < 1000; ++i) {
    for (const std::uint64_t random : {std::uint64_t{0}, std::uint64_t{0x9E3779B97F4A7C15},
                                       std::numeric_limits<std::uint64_t>::max()}) {
      const Duration wait = Backoff(backoff).next(random);
      EXPECT_GE(wait, 0us);
      EXPECT_LE(wait, 5min);
    }
    backoff.next(0);
  }
}

TEST(BackoffTest, LongFirstWaitsDoNotOverflow) {
  Backoff backoff(24h, std::chrono::hours(24 * 365));
  for (int i = 0; i < 100; ++i) {
    const Duration wait = backoff.next(std::numeric_limits<std::uint64_t>::max());
    EXPECT_GE(wait, 0us);
    EXPECT_LE(wait, std::chrono::hours(24 * 365));
  }
}

TEST(BackoffTest, AFirstWaitAboveTheCapIsCapped) {
  EXPECT_EQ(draw(Backoff(10s, 1s), 1s), 1s);
  EXPECT_EQ(draw(Backoff(10s, 1s), 1s + 1us), 0us);
}

}  // namespace
}  // namespace edsm::base
