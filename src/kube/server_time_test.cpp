#include "kube/server_time.hpp"

#include <gtest/gtest.h>

namespace edsm::kube {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

/// The server's clock shows `wall(0)` at `instant(0)`.
base::Instant instant(base::Duration since) {
  return base::Instant(std::chrono::hours(5) + since);
}
base::WallTime wall(base::Duration since) {
  return base::WallTime(std::chrono::hours(490'000) + since);
}

/// An answer to a request that left `sent` after the beginning, took 20 ms and is dated truly.
void answer(ServerTime& time, base::Duration sent) {
  const auto dated = std::chrono::floor<seconds>(wall(sent + milliseconds(10)));
  time.learn(dated, instant(sent), instant(sent + milliseconds(20)));
}

TEST(ServerTime, OurOwnWithoutAnAnswer) {
  const ServerTime time;
  EXPECT_EQ(time.at(instant({}), wall(seconds(77))), wall(seconds(77)));
}

TEST(ServerTime, AClockThatIsRightStaysExact) {
  ServerTime time;
  for (const auto sent : {milliseconds(0), milliseconds(1'990), milliseconds(70'500)}) {
    answer(time, sent);
    const auto later = sent + milliseconds(1'234);
    EXPECT_EQ(time.at(instant(later), wall(later)), wall(later));
  }
}

TEST(ServerTime, AWrongClockIsCorrectedToASecond) {
  for (const auto skew : {seconds(-3'600), seconds(-3), seconds(3), seconds(86'400)}) {
    ServerTime time;
    answer(time, milliseconds(300));
    const auto error = time.at(instant(seconds(40)), wall(seconds(40) + skew)) - wall(seconds(40));
    EXPECT_LE(std::chrono::abs(error), seconds(1)) << skew.count();
  }
}

TEST(ServerTime, EveryAnswerTellsMore) {
  ServerTime time;
  // Just before and just after the server's second turns over.
  answer(time, milliseconds(980));
  answer(time, milliseconds(4'995));
  for (const auto skew : {seconds(-60), seconds(60)}) {
    const auto error = time.at(instant(seconds(40)), wall(seconds(40) + skew)) - wall(seconds(40));
    EXPECT_LE(std::chrono::abs(error), milliseconds(40)) << skew.count();
  }
}

TEST(ServerTime, ASlowAnswerSaysLittleAndNothingWrong) {
  ServerTime time;
  time.learn(wall(seconds(30)), instant({}), instant(seconds(33)));
  EXPECT_EQ(time.at(instant(seconds(33)), wall(seconds(31))), wall(seconds(31)));
  EXPECT_EQ(time.at(instant(seconds(33)), wall(seconds(70))), wall(seconds(64)));
  EXPECT_EQ(time.at(instant(seconds(33)), wall(seconds(3))), wall(seconds(30)));
}

TEST(ServerTime, WhenTheServersClockIsSetTheLatestAnswerCounts) {
  ServerTime time;
  answer(time, seconds(1));
  time.learn(wall(seconds(502)), instant(seconds(2)), instant(seconds(2)));
  EXPECT_EQ(time.at(instant(seconds(3)), wall(seconds(3))), wall(seconds(503)));
}

}  // namespace
}  // namespace edsm::kube
