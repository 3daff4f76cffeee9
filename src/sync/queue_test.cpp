#include "sync/queue.hpp"

#include <algorithm>
#include <map>
#include <random>
#include <string>

#include <gtest/gtest.h>

namespace edsm::sync {
namespace {

using namespace std::chrono_literals;
using Priority = WorkQueue::Priority;

base::Instant at(int seconds) {
  return base::Instant(std::chrono::seconds(seconds));
}

/// The key that is taken at that time, "" if none.
std::string take(WorkQueue& queue, int seconds) {
  const auto taken = queue.take(at(seconds));
  return taken ? taken->key : "";
}

TEST(WorkQueue, NothingBeforeItIsDue) {
  WorkQueue queue;
  EXPECT_EQ(take(queue, 0), "");
  EXPECT_EQ(queue.next_due(), std::nullopt);
  queue.add("a", at(10));
  EXPECT_EQ(queue.next_due(), at(10));
  EXPECT_FALSE(queue.ready("a", at(9)));
  EXPECT_EQ(take(queue, 9), "");
  EXPECT_TRUE(queue.ready("a", at(10)));
  EXPECT_EQ(take(queue, 10), "a");
  EXPECT_EQ(take(queue, 100), "");
}

TEST(WorkQueue, AddingAgainCoalescesAndTheEarlierTimeWins) {
  WorkQueue queue;
  queue.add("a", at(10));
  queue.add("a", at(20));
  EXPECT_EQ(queue.next_due(), at(10));
  queue.add("a", at(5));
  EXPECT_EQ(queue.next_due(), at(5));
  EXPECT_EQ(queue.waiting_count(), 1U);
  const auto taken = queue.take(at(7));
  ASSERT_TRUE(taken);
  EXPECT_EQ(taken->due, at(5));
  EXPECT_EQ(queue.waiting_count(), 0U);
  queue.done("a");
  EXPECT_EQ(take(queue, 100), "");
}

TEST(WorkQueue, AKeyIsNeverWorkedOnTwiceAtATime) {
  WorkQueue queue;
  queue.add("a", at(0));
  EXPECT_EQ(take(queue, 0), "a");
  queue.add("a", at(1));
  queue.add("a", at(0));
  EXPECT_TRUE(queue.running("a"));
  EXPECT_TRUE(queue.ready("a", at(0)));
  EXPECT_EQ(queue.next_due(), std::nullopt) << "it counts once it is done";
  EXPECT_EQ(take(queue, 5), "");
  queue.done("a");
  EXPECT_EQ(queue.next_due(), at(0));
  EXPECT_EQ(take(queue, 5), "a");
  queue.done("a");
  EXPECT_EQ(take(queue, 5), "");
}

TEST(WorkQueue, LiveOvertakesBackgroundAndEachIsFirstInFirstOut) {
  WorkQueue queue;
  queue.add("b1", at(0), Priority::background);
  queue.add("b2", at(0), Priority::background);
  queue.add("l1", at(1));
  queue.add("l2", at(0));
  EXPECT_EQ(take(queue, 2), "l1");
  EXPECT_EQ(take(queue, 2), "l2");
  EXPECT_EQ(take(queue, 2), "b1");
  EXPECT_EQ(take(queue, 2), "b2");
}

TEST(WorkQueue, ABackgroundKeyBecomesLiveWhenAskedForLive) {
  WorkQueue queue;
  queue.add("first", at(0), Priority::background);
  queue.add("second", at(0), Priority::background);
  EXPECT_EQ(queue.next_due(), at(0));
  EXPECT_EQ(take(queue, 0), "first");  // both are ranked now
  queue.add("third", at(0), Priority::background);
  queue.add("third", at(50), Priority::live);
  EXPECT_EQ(take(queue, 0), "third") << "sooner in rank, not later in time";
  queue.add("second", at(50), Priority::background);
  EXPECT_EQ(take(queue, 0), "second");
}

TEST(WorkQueue, HastenMakesDueWhateverDoesNotRun) {
  WorkQueue queue;
  queue.add("runs", at(0));
  EXPECT_EQ(take(queue, 0), "runs");
  queue.add("runs", at(60));
  queue.add("later", at(50));
  queue.hasten();
  EXPECT_EQ(take(queue, 0), "later");
  EXPECT_EQ(take(queue, 0), "");
  queue.done("runs");
  queue.hasten();
  EXPECT_EQ(take(queue, 0), "runs");
}

TEST(WorkQueue, EachLaneHasPlacesOfItsOwn) {
  WorkQueue queue(2);
  for (const auto* const key : {"a1", "a2", "a3"}) queue.add(key, at(0), Priority::live, 1);
  queue.add("b1", at(0), Priority::background, 2);
  EXPECT_EQ(take(queue, 0), "a1");
  EXPECT_EQ(take(queue, 0), "a2");
  EXPECT_EQ(take(queue, 0), "b1") << "a3 comes first, but its lane is full";
  EXPECT_EQ(take(queue, 0), "");
  EXPECT_EQ(queue.next_due(), std::nullopt) << "time alone helps nobody";
  EXPECT_EQ(queue.running_count(), 3U);
  EXPECT_EQ(queue.running_count(1), 2U);
  EXPECT_EQ(queue.ready_count(1), 1U);
  EXPECT_EQ(queue.ready_count(2), 0U);
  EXPECT_EQ(queue.running_count(7), 0U) << "never named";
  queue.add("b2", at(9), Priority::live, 2);
  EXPECT_EQ(queue.next_due(), at(9));
  queue.done("a1");
  EXPECT_LE(queue.next_due(), at(0));
  EXPECT_EQ(take(queue, 0), "a3");
}

TEST(WorkQueue, InOneLaneAllPlacesAreUsable) {
  WorkQueue queue(3);
  for (const auto* const key : {"a", "b", "c", "d"}) queue.add(key, at(0), Priority::live, 5);
  EXPECT_EQ(take(queue, 0) + take(queue, 0) + take(queue, 0), "abc");
  EXPECT_EQ(take(queue, 0), "");
}

TEST(WorkQueue, OverLanesTheMostUrgentKeyGoesFirst) {
  WorkQueue queue(2);
  queue.add("b2", at(0), Priority::background, 2);
  queue.add("b1", at(0), Priority::background, 1);
  queue.add("l2", at(0), Priority::live, 2);
  EXPECT_EQ(take(queue, 0) + take(queue, 0) + take(queue, 0), "l2b2b1");
}

TEST(WorkQueue, AKeyWaitsInTheLaneThatWasNamedLast) {
  WorkQueue queue(1);
  queue.add("full", at(0), Priority::live, 1);
  EXPECT_EQ(take(queue, 0), "full");
  queue.add("k", at(0), Priority::live, 1);
  EXPECT_EQ(take(queue, 0), "");
  queue.add("k", at(50), Priority::background, 2);
  EXPECT_EQ(queue.waiting_count(), 1U);
  EXPECT_EQ(take(queue, 0), "k") << "as urgent as before";
  queue.add("k", at(0), Priority::live, 1);
  queue.done("k");
  EXPECT_EQ(queue.running_count(2), 0U);
  EXPECT_EQ(take(queue, 0), "") << "its new lane is full";
  queue.done("full");
  EXPECT_EQ(take(queue, 0), "k");
}

/// The contract once more, as simply as it can be said.
class Model {
 public:
  static constexpr std::size_t kPlaces = 2;

  struct Entry {
    base::Instant due;
    Priority priority;
    int order;
    std::size_t lane;
  };
  void add(const std::string& key, base::Instant due, Priority priority, std::size_t lane) {
    const auto [entry, fresh] = waiting.try_emplace(key, Entry{due, priority, next_, lane});
    if (fresh) ++next_;
    entry->second.lane = lane;
    entry->second.due = std::min(entry->second.due, due);
    entry->second.priority = std::min(entry->second.priority, priority);
  }
  std::optional<std::string> take(base::Instant now) {
    const std::string* best = nullptr;
    for (const auto& [key, entry] : waiting) {
      if (entry.due > now || running.contains(key) || full(entry)) continue;
      if (best == nullptr || rank(entry) < rank(waiting.at(*best))) best = &key;
    }
    if (best == nullptr) return std::nullopt;
    const std::string key = *best;
    running.emplace(key, waiting.at(key).lane);
    waiting.erase(key);
    return key;
  }
  std::optional<base::Instant> next_due() const {
    std::optional<base::Instant> next;
    for (const auto& [key, entry] : waiting) {
      if (running.contains(key) || full(entry)) continue;
      if (!next || entry.due < *next) next = entry.due;
    }
    return next;
  }

  std::map<std::string, Entry> waiting;
  std::map<std::string, std::size_t> running;

 private:
  bool full(const Entry& entry) const {
    const auto same = [&](const auto& each) { return each.second == entry.lane; };
    return static_cast<std::size_t>(std::ranges::count_if(running, same)) >= kPlaces;
  }
  static std::pair<Priority, int> rank(const Entry& entry) { return {entry.priority, entry.order}; }
  int next_ = 0;
};

TEST(WorkQueue, BehavesLikeTheModel) {
  std::mt19937 random(20261123);  // NOLINT: the same numbers in every run
  const auto below = [&](unsigned limit) { return random() % limit; };
  for (int round = 0; round < 40; ++round) {
    WorkQueue queue(Model::kPlaces);
    Model model;
    auto now = at(0);
    for (int step = 0; step < 400; ++step) {
      const std::string key(1, static_cast<char>('a' + below(6)));
      switch (below(5)) {
        case 0:
        case 1: {
          const auto due = now + std::chrono::seconds(below(10)) - 3s;
          const auto priority = below(2) == 0 ? Priority::live : Priority::background;
          const std::size_t lane = below(3);
          queue.add(key, due, priority, lane);
          model.add(key, due, priority, lane);
          break;
        }
        case 2: {
          const auto taken = queue.take(now);
          const auto expected = model.take(now);
          ASSERT_EQ(taken ? std::optional(taken->key) : std::nullopt, expected)
              << round << "/" << step;
          break;
        }
        case 3:
          if (!model.running.contains(key)) break;
          queue.done(key);
          model.running.erase(key);
          break;
        default:
          now += std::chrono::seconds(below(3));
      }
      ASSERT_EQ(queue.waiting_count(), model.waiting.size());
      ASSERT_EQ(queue.running_count(), model.running.size());
      const auto due = queue.next_due();
      const auto expected = model.next_due();
      ASSERT_EQ(due.has_value(), expected.has_value());
      // What is due already may be said to be due at any time in the past.
      if (due && *due > now) ASSERT_EQ(*due, *expected);
      if (due && *due <= now) ASSERT_LE(*expected, now);
    }
  }
}

}  // namespace
}  // namespace edsm::sync
