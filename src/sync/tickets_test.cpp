#include "sync/tickets.hpp"

#include <algorithm>
#include <map>
#include <random>
#include <set>
#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace edsm::sync {
namespace {

using namespace std::chrono_literals;
using Names = std::vector<std::string>;

base::Instant at(int seconds) {
  return base::Instant(std::chrono::seconds(seconds));
}

TicketLedger::Ticket ticket(const std::string& id, std::size_t inbox = 0,
                            base::Instant received = at(0)) {
  return {inbox, "handle-" + id, id, received};
}

Names ids(const std::vector<TicketLedger::Ticket>& tickets) {
  Names names;
  for (const auto& each : tickets) names.push_back(each.id);
  std::ranges::sort(names);
  return names;
}

Names settled(TicketLedger& ledger, std::size_t inbox = 0) {
  return ids(ledger.take_settled(inbox));
}
Names returned(TicketLedger& ledger, std::size_t inbox = 0) {
  return ids(ledger.take_returned(inbox));
}

TEST(TicketLedger, AMessageThatConcernsNobodyIsSettledAtOnce) {
  TicketLedger ledger;
  ledger.open(ticket("m"), {}, 30s);
  EXPECT_EQ(settled(ledger), Names{"m"});
  EXPECT_EQ(settled(ledger), Names{}) << "told once";
  EXPECT_EQ(ledger.open_count(), 0U);
  EXPECT_EQ(ledger.next_extension(0), std::nullopt);
}

TEST(TicketLedger, EveryItemMustSettle) {
  TicketLedger ledger;
  ledger.open(ticket("m"), {"a", "b", "a"}, 30s);
  EXPECT_TRUE(ledger.awaited("a"));
  ledger.begin("a");
  ledger.settle("a");
  EXPECT_EQ(settled(ledger), Names{});
  EXPECT_FALSE(ledger.awaited("a"));
  EXPECT_TRUE(ledger.awaited("b"));
  ledger.begin("b");
  ledger.settle("b");
  EXPECT_EQ(settled(ledger), Names{"m"});
  EXPECT_EQ(ledger.open_count(), 0U);
}

TEST(TicketLedger, ARunThatBeganBeforeTheMessageDoesNotSettleIt) {
  TicketLedger ledger;
  ledger.begin("a");
  ledger.open(ticket("m"), {"a"}, 30s);
  ledger.settle("a");
  EXPECT_EQ(settled(ledger), Names{});
  EXPECT_TRUE(ledger.awaited("a"));
  ledger.begin("a");
  ledger.open(ticket("n"), {"a"}, 30s);
  ledger.settle("a");
  EXPECT_EQ(settled(ledger), Names{"m"});
  ledger.begin("a");
  ledger.settle("a");
  EXPECT_EQ(settled(ledger), Names{"n"});
}

TEST(TicketLedger, SettlingWithoutBeginningSettlesNothing) {
  TicketLedger ledger;
  ledger.open(ticket("m"), {"a"}, 30s);
  ledger.settle("a");
  ledger.settle("unknown");
  EXPECT_EQ(settled(ledger), Names{});
  EXPECT_EQ(ledger.open_count(), 1U);
}

TEST(TicketLedger, SuccessorsMustSettleToo) {
  TicketLedger ledger;
  ledger.open(ticket("m"), {"a"}, 30s);
  ledger.begin("w1");  // a rollout that runs already does not cover what comes now
  ledger.begin("a");
  ledger.settle("a", {"w1", "w2"});
  ledger.settle("w1");
  EXPECT_EQ(settled(ledger), Names{});
  ledger.begin("w2");
  ledger.settle("w2");
  EXPECT_EQ(settled(ledger), Names{});
  ledger.begin("w1");
  ledger.settle("w1");
  EXPECT_EQ(settled(ledger), Names{"m"});
}

TEST(TicketLedger, ASuccessorThatIsPassedOnWhileItRunsMustRunAgain) {
  TicketLedger ledger;
  ledger.open(ticket("m"), {"a", "b"}, 30s);
  ledger.begin("a");
  ledger.settle("a", {"w"});
  ledger.begin("w");  // rolls out the change of a …
  ledger.begin("b");
  ledger.settle("b", {"w"});  // … when b's change arrives
  ledger.settle("w");
  EXPECT_EQ(settled(ledger), Names{}) << "b's change is not rolled out yet";
  ledger.begin("w");
  ledger.settle("w");
  EXPECT_EQ(settled(ledger), Names{"m"});
  EXPECT_FALSE(ledger.awaited("w"));
}

TEST(TicketLedger, AgainKeepsTheMessages) {
  TicketLedger ledger;
  ledger.open(ticket("m"), {"a"}, 30s);
  ledger.begin("a");
  ledger.open(ticket("n"), {"a"}, 30s);
  ledger.again("a");
  ledger.again("unknown");
  EXPECT_EQ(settled(ledger), Names{});
  EXPECT_EQ(returned(ledger), Names{});
  ledger.begin("a");
  ledger.settle("a");
  EXPECT_EQ(settled(ledger), (Names{"m", "n"}));
}

TEST(TicketLedger, GivingUpReturnsWhatRunsAndWhatWaits) {
  TicketLedger ledger;
  ledger.open(ticket("m"), {"a", "b"}, 30s);
  ledger.open(ticket("other"), {"b"}, 30s);
  ledger.begin("a");
  ledger.open(ticket("n"), {"a"}, 30s);
  ledger.give_up("a");
  ledger.give_up("unknown");
  EXPECT_EQ(returned(ledger), (Names{"m", "n"}));
  EXPECT_FALSE(ledger.awaited("a"));
  EXPECT_TRUE(ledger.awaited("b")) << "by the other message";
  ledger.begin("b");
  ledger.settle("b");
  EXPECT_EQ(settled(ledger), Names{"other"});
  EXPECT_EQ(returned(ledger), Names{});
}

TEST(TicketLedger, AReturnedMessageIsNotSettledByARunUnderWay) {
  TicketLedger ledger;
  ledger.open(ticket("m"), {"a", "b"}, 30s);
  ledger.begin("a");
  ledger.begin("b");
  ledger.give_up("a");
  ledger.settle("b", {"w"});
  EXPECT_EQ(settled(ledger), Names{});
  EXPECT_EQ(returned(ledger), Names{"m"});
  EXPECT_FALSE(ledger.awaited("w"));
}

TEST(TicketLedger, ExtensionsComeAtTwoThirdsOfTheHoldTime) {
  TicketLedger ledger;
  ledger.open(ticket("m", 0, at(100)), {"a"}, 30s);
  ledger.open(ticket("n", 0, at(100)), {"a"}, 60s);
  EXPECT_EQ(ledger.next_extension(0), at(120));
  EXPECT_EQ(ledger.due_extensions(0, at(119)), Names{});
  EXPECT_EQ(ledger.due_extensions(0, at(125)), Names{"handle-m"});
  EXPECT_EQ(ledger.due_extensions(0, at(125)), Names{}) << "named once";
  EXPECT_EQ(ledger.next_extension(0), at(140));
  EXPECT_EQ(ledger.due_extensions(0, at(145)), (Names{"handle-n", "handle-m"}));
  EXPECT_EQ(ledger.next_extension(0), at(165));
  ledger.begin("a");
  ledger.settle("a");
  EXPECT_EQ(ledger.next_extension(0), std::nullopt);
  EXPECT_EQ(ledger.due_extensions(0, at(1000)), Names{});
}

TEST(TicketLedger, WithoutAHoldTimeEachIsNamedOnceAtATime) {
  TicketLedger ledger;
  ledger.open(ticket("m", 0, at(100)), {"a"}, 0s);
  EXPECT_EQ(ledger.due_extensions(0, at(100)), Names{"handle-m"});
  EXPECT_EQ(ledger.next_extension(0), at(100));
}

TEST(TicketLedger, EachQueueIsToldOfItsOwnMessagesOnly) {
  TicketLedger ledger;
  ledger.open(ticket("m", 0, at(100)), {"a"}, 30s);
  ledger.open(ticket("n", 1, at(100)), {"a", "b"}, 60s);
  ledger.open(ticket("o", 1, at(100)), {"b"}, 60s);
  EXPECT_EQ(ledger.next_extension(0), at(120));
  EXPECT_EQ(ledger.next_extension(1), at(140));
  EXPECT_EQ(ledger.next_extension(7), std::nullopt) << "nothing of it was ever open";
  EXPECT_EQ(ledger.due_extensions(0, at(150)), Names{"handle-m"});
  EXPECT_EQ(ledger.due_extensions(1, at(150)), (Names{"handle-n", "handle-o"}))
      << "the other one's round took nothing of it";
  ledger.begin("a");
  ledger.settle("a");
  EXPECT_EQ(ledger.settled_count(0), 1U);
  EXPECT_EQ(ledger.settled_count(1), 0U) << "b is still to come";
  ledger.begin("b");
  ledger.give_up("b");
  EXPECT_EQ(settled(ledger, 1), Names{});
  EXPECT_EQ(returned(ledger, 1), (Names{"n", "o"}));
  EXPECT_EQ(returned(ledger, 0), Names{});
  EXPECT_EQ(settled(ledger, 0), Names{"m"});
}

TEST(TicketLedger, CountsAndHoldTimesAreKeptPerInbox) {
  TicketLedger ledger;
  EXPECT_EQ(ledger.hold_time(7), base::Duration(30s)) << "SQS' own default";
  ledger.open(ticket("m", 0), {"a"}, 10s);
  ledger.open(ticket("n", 1), {"a"}, 20s);
  ledger.open(ticket("o", 1), {"a"}, 40s);
  EXPECT_EQ(ledger.open_count(), 3U);
  EXPECT_EQ(ledger.open_count(0), 1U);
  EXPECT_EQ(ledger.open_count(1), 2U);
  EXPECT_EQ(ledger.hold_time(0), base::Duration(10s));
  EXPECT_EQ(ledger.hold_time(1), base::Duration(40s));
}

/// Plays random work with the ledger as the controller does: items run, pass on to others, fail.
class Play {
 public:
  explicit Play(unsigned seed) : random_(seed) {}

  void step() {
    const std::string item(1, static_cast<char>('a' + below(8)));
    const bool is_workload = item >= "e";
    if (below(4) == 0) {
      open();
    } else if (!running_.contains(item)) {
      ledger_.begin(item);
      running_.insert(item);
    } else {
      running_.erase(item);
      finish(item, is_workload);
    }
    collect();
  }

  /// Everybody runs to a good end.
  void finish_all() {
    for (const auto& item : running_) ledger_.settle(item);
    running_.clear();
    for (char name = 'a'; name <= 'h'; ++name) {
      const std::string item(1, name);
      ledger_.begin(item);
      ledger_.settle(item);
    }
    collect();
  }

  void check() const {
    EXPECT_EQ(ledger_.open_count(), 0U);
    for (const std::size_t inbox : {0U, 1U}) {
      EXPECT_EQ(ledger_.open_count(inbox), 0U);
      EXPECT_EQ(ledger_.next_extension(inbox), std::nullopt);
    }
    for (char name = 'a'; name <= 'h'; ++name) EXPECT_FALSE(ledger_.awaited(std::string(1, name)));
    for (int id = 0; id < opened_; ++id) {
      const auto ended = ends_.find(std::to_string(id));
      ASSERT_NE(ended, ends_.end()) << "lost: " << id;
      EXPECT_EQ(ended->second, 1) << "ended more than once: " << id;
    }
  }

 private:
  unsigned below(unsigned limit) { return static_cast<unsigned>(random_() % limit); }

  void open() {
    std::vector<std::string> items;
    for (unsigned i = below(4); i > 0; --i)
      items.emplace_back(1, static_cast<char>('a' + below(4)));
    const std::size_t inbox = below(2);
    ledger_.open(ticket(std::to_string(opened_++), inbox), items, 30s);
  }

  void finish(const std::string& item, bool is_workload) {
    const auto how = below(6);
    if (how == 0) {
      ledger_.give_up(item);
    } else if (how == 1) {
      ledger_.again(item);
    } else {
      std::vector<std::string> successors;
      for (unsigned i = is_workload ? 0 : below(4); i > 0; --i) {
        successors.emplace_back(1, static_cast<char>('e' + below(4)));
      }
      ledger_.settle(item, successors);
    }
  }

  void collect() {
    for (const std::size_t inbox : {0U, 1U}) {
      for (const auto& each : ledger_.take_settled(inbox)) note(each, inbox);
      for (const auto& each : ledger_.take_returned(inbox)) note(each, inbox);
    }
  }
  void note(const TicketLedger::Ticket& each, std::size_t inbox) {
    EXPECT_EQ(each.inbox, inbox) << each.id;
    ++ends_[each.id];
  }

  std::mt19937 random_;
  TicketLedger ledger_;
  std::set<std::string> running_;
  std::map<std::string, int> ends_;
  int opened_ = 0;
};

TEST(TicketLedger, EveryMessageEndsExactlyOnce) {
  for (unsigned seed = 1; seed <= 50; ++seed) {
    Play play(seed);
    for (int i = 0; i < 500; ++i) play.step();
    play.finish_all();
    play.check();
    if (testing::Test::HasFailure()) FAIL() << "seed " << seed;
  }
}

}  // namespace
}  // namespace edsm::sync
