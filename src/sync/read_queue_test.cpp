#include "sync/read_queue.hpp"

#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace edsm::sync {
namespace {

using Batch = std::vector<int>;
using std::chrono::milliseconds;

constexpr base::Instant kStart{std::chrono::hours(1)};
constexpr std::size_t kLimit = 3;

class ReadQueueTest : public testing::Test {
 protected:
  void add(int read, const std::string& scope = "s") { queue.add(scope, kLimit, read, now); }
  Batch take() { return queue.take(now); }

  ReadQueue<int> queue;
  base::Instant now = kStart;
};

TEST_F(ReadQueueTest, NothingWaits) {
  EXPECT_FALSE(queue.due());
  EXPECT_EQ(take(), Batch{});
}

TEST_F(ReadQueueTest, ALoneReadLeavesAtOnce) {
  add(1);
  EXPECT_EQ(queue.due(), now);
  EXPECT_EQ(take(), Batch{1});
  EXPECT_FALSE(queue.due());
}

TEST_F(ReadQueueTest, WhileOneIsUnderWayOthersGather) {
  add(1);
  take();
  add(2);
  EXPECT_EQ(take(), Batch{});
  add(3);
  queue.returned("s");
  EXPECT_EQ(take(), (Batch{2, 3}));
}

TEST_F(ReadQueueTest, AFullBatchWaitsForNothing) {
  add(1);
  take();
  for (const int read : {2, 3, 4, 5}) add(read);
  EXPECT_EQ(queue.due(), now);
  EXPECT_EQ(take(), (Batch{2, 3, 4}));
  EXPECT_EQ(take(), Batch{}) << "the rest gathers again";
}

TEST_F(ReadQueueTest, InACrowdABatchIsFilled) {
  add(1);
  EXPECT_EQ(queue.take(now, 2), Batch{}) << "two more are coming";
  EXPECT_EQ(queue.due(2), now + milliseconds(500));
  EXPECT_EQ(queue.due(1), now) << "too few to fill it";
  add(2);
  add(3);
  EXPECT_EQ(queue.take(now, 100), (Batch{1, 2, 3}));
  add(4);
  now += milliseconds(500);
  EXPECT_EQ(queue.take(now, 100), Batch{4}) << "they do not come";
}

TEST_F(ReadQueueTest, AStuckReadHoldsOthersUpForAMomentOnly) {
  add(1);
  take();
  add(2);
  EXPECT_EQ(queue.due(), kStart + ReadQueue<int>::kPatience);
  now += ReadQueue<int>::kPatience - milliseconds(1);
  add(3);
  EXPECT_EQ(take(), Batch{});
  now += milliseconds(1);
  EXPECT_EQ(take(), (Batch{2, 3}));
}

TEST_F(ReadQueueTest, ScopesDoNotWaitForEachOther) {
  add(1, "a");
  take();
  add(2, "b");
  EXPECT_EQ(take(), Batch{2});
}

TEST_F(ReadQueueTest, TheScopeThatWaitsLongestGoesFirst) {
  add(1, "b");
  now += milliseconds(1);
  add(2, "a");
  EXPECT_EQ(take(), Batch{1});
  EXPECT_EQ(take(), Batch{2});
}

TEST_F(ReadQueueTest, AScopeIsForgottenWithItsLastRead) {
  add(1);
  take();
  queue.returned("s");
  add(2);
  EXPECT_EQ(take(), Batch{2});
}

}  // namespace
}  // namespace edsm::sync
