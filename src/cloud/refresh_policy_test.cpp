#include "cloud/refresh_policy.hpp"

#include <optional>
#include <vector>

#include <gtest/gtest.h>

namespace edsm::cloud {
namespace {

using Action = RefreshPolicy::Action;
using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

constexpr base::WallTime wall{hours(1000)};
constexpr base::Instant now{hours(1)};

struct Row {
  base::Duration lifetime;
  base::Duration age;
  Action action;
};

TEST(RefreshPolicy, ByAge) {
  const std::vector<Row> rows = {
      // An hour: renewed from 15 minutes before the end, served until 10 s before.
      {hours(1), minutes(0), Action::use},
      {hours(1), minutes(45) - seconds(1), Action::use},
      {hours(1), minutes(45), Action::renew},
      {hours(1), hours(1) - seconds(11), Action::renew},
      {hours(1), hours(1) - seconds(10), Action::must_renew},
      {hours(1), hours(9), Action::must_renew},
      // Short ones: a third of their life.
      {minutes(15), minutes(10) - seconds(1), Action::use},
      {minutes(15), minutes(10), Action::renew},
      {seconds(9), seconds(5), Action::use},
      {seconds(9), seconds(6), Action::must_renew},
  };
  for (const Row& row : rows) {
    RefreshPolicy policy;
    policy.renewed(wall + row.lifetime, wall, 0);
    EXPECT_EQ(policy.next(wall + row.age, now), row.action)
        << row.lifetime.count() << " " << row.age.count();
  }
}

TEST(RefreshPolicy, NothingHeldAndNeverExpiring) {
  RefreshPolicy policy;
  EXPECT_EQ(policy.next(wall, now), Action::must_renew);
  policy.renewed(std::nullopt, wall, 0);
  EXPECT_EQ(policy.next(wall + hours(100'000), now), Action::use);
  EXPECT_FALSE(policy.due());
}

TEST(RefreshPolicy, JitterIsEarlierByAFifthAtMost) {
  RefreshPolicy policy;
  policy.renewed(wall + hours(1), wall, base::Duration(minutes(3)).count());
  EXPECT_EQ(policy.due(), wall + minutes(42));
}

TEST(RefreshPolicy, AFailureWaitsBeforeTheNextTry) {
  RefreshPolicy policy;
  policy.renewed(wall + hours(1), wall, 0);
  policy.failed(now, 0);
  const auto late = wall + minutes(50);
  EXPECT_EQ(policy.next(late, now), Action::use);
  EXPECT_EQ(policy.next(late, now + milliseconds(499)), Action::use);
  EXPECT_EQ(policy.next(late, now + milliseconds(500)), Action::renew);
  EXPECT_EQ(policy.next(wall + hours(1), now), Action::must_renew);
}

TEST(RefreshPolicy, OneForcedRefreshIn30Seconds) {
  RefreshPolicy policy;
  policy.renewed(std::nullopt, wall, 0);
  EXPECT_TRUE(policy.reject(now));
  EXPECT_EQ(policy.next(wall, now), Action::must_renew);
  policy.renewed(std::nullopt, wall, 0);
  EXPECT_FALSE(policy.reject(now + seconds(29)));
  EXPECT_EQ(policy.next(wall, now), Action::use);
  EXPECT_TRUE(policy.reject(now + seconds(30)));
}

}  // namespace
}  // namespace edsm::cloud
