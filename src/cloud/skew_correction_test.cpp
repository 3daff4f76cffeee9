#include "cloud/skew_correction.hpp"

#include <gtest/gtest.h>

namespace edsm::cloud {
namespace {

using std::chrono::seconds;

TEST(SkewCorrection, LearnsLargeDifferencesOnly) {
  const base::WallTime now{seconds(1'000'000)};
  SkewCorrection skew;
  EXPECT_FALSE(skew.learn(now + seconds(239), now));
  EXPECT_EQ(skew.offset(), base::Duration(0));
  EXPECT_TRUE(skew.learn(now - seconds(1000), now));
  EXPECT_EQ(skew.offset(), base::Duration(seconds(-1000)));
  EXPECT_FALSE(skew.learn(now - seconds(1010), now)) << "it was signed with that offset already";
  EXPECT_TRUE(skew.learn(now + seconds(3), now)) << "somebody set our clock right";
  EXPECT_EQ(skew.offset(), base::Duration(0));
}

}  // namespace
}  // namespace edsm::cloud
