#include "sync/dispatcher.hpp"

#include <algorithm>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "base/task_group.hpp"
#include "support/manual_clock.hpp"
#include "support/run.hpp"

namespace edsm::sync {
namespace {

using namespace std::chrono_literals;
using Names = std::vector<std::string>;

class DispatcherTest : public testing::Test {
 protected:
  ~DispatcherTest() override {
    for (auto& [key, gate] : gates) gate->open();
    group.cancel();
    poll();
    clock.advance(100h);
    poll();
  }
  void start() {
    group.spawn(dispatcher.run());
    poll();
  }
  void poll() {
    io.restart();
    io.poll();
  }
  void finish(const std::string& key) {
    gates.at(key)->open();
    poll();
  }

  static base::Task<void> work(DispatcherTest& test, WorkQueue::Taken taken) {
    test.begun.push_back(taken.key);
    const auto gate = std::make_shared<base::Gate>();
    test.gates[taken.key] = gate;
    co_await gate->wait();
    test.ended.push_back(taken.key);
  }

  boost::asio::io_context io{1};
  support::ManualClock clock;
  std::map<std::string, std::shared_ptr<base::Gate>> gates;
  Names begun;
  Names ended;
  Dispatcher dispatcher{clock, 2,
                        [this](WorkQueue::Taken taken) { return work(*this, std::move(taken)); }};
  base::TaskGroup group{io.get_executor()};
};

TEST_F(DispatcherTest, AtMostSoManyAtATime) {
  start();
  for (const auto* const key : {"a", "b", "c"}) dispatcher.add_now(key);
  poll();
  EXPECT_EQ(begun, (Names{"a", "b"}));
  finish("b");
  EXPECT_EQ(begun, (Names{"a", "b", "c"}));
  EXPECT_EQ(ended, Names{"b"});
}

TEST_F(DispatcherTest, WorkThatDoesNotEndTakesNoPlaceOfAnotherLane) {
  start();
  const auto add = [this](const std::string& key, std::size_t lane) {
    dispatcher.add(key, clock.now(), WorkQueue::Priority::live, lane);
    poll();
  };
  for (const auto* const key : {"a", "b", "c"}) add(key, 1);
  EXPECT_EQ(begun, (Names{"a", "b"}));
  add("other", 2);
  EXPECT_EQ(begun, (Names{"a", "b", "other"}));
  dispatcher.add("later", clock.now() + 1s, WorkQueue::Priority::live, 2);
  poll();
  clock.advance(1s);
  poll();
  EXPECT_EQ(begun, (Names{"a", "b", "other", "later"}));
  finish("a");
  EXPECT_EQ(begun.back(), "c");
}

TEST_F(DispatcherTest, NothingBeforeItsTime) {
  start();
  dispatcher.add("a", clock.now() + 10s);
  poll();
  EXPECT_EQ(begun, Names{});
  clock.advance(9s);
  poll();
  EXPECT_EQ(begun, Names{});
  dispatcher.add("b", clock.now() + 500ms);
  poll();
  clock.advance(500ms);
  poll();
  EXPECT_EQ(begun, Names{"b"});
  clock.advance(500ms);
  poll();
  EXPECT_EQ(begun, (Names{"b", "a"}));
}

TEST_F(DispatcherTest, AKeyAddedWhileItRunsRunsAgainAfterwards) {
  start();
  dispatcher.add_now("a");
  poll();
  dispatcher.add_now("a");
  dispatcher.add_now("a");
  poll();
  EXPECT_EQ(begun, Names{"a"});
  finish("a");
  EXPECT_EQ(begun, (Names{"a", "a"}));
  finish("a");
  EXPECT_EQ(begun.size(), 2U);
}

TEST_F(DispatcherTest, StopFinishesWhatRunsAndTakesNothingNew) {
  start();
  for (const auto* const key : {"a", "b", "c"}) dispatcher.add_now(key);
  poll();
  dispatcher.stop();
  dispatcher.add_now("d");
  finish("a");
  EXPECT_EQ(begun, (Names{"a", "b"}));
  EXPECT_EQ(group.size(), 1U) << "b still runs";
  finish("b");
  EXPECT_EQ(group.size(), 0U);
  support::run(io, dispatcher.drained());
  EXPECT_EQ(ended, (Names{"a", "b"}));
}

TEST_F(DispatcherTest, FinishWorksOffWhatWaitsAndTakesNothingNew) {
  start();
  dispatcher.add("soon", clock.now() + 1s);
  dispatcher.add("in an hour", clock.now() + 1h);
  dispatcher.finish();
  poll();
  EXPECT_EQ(begun, (Names{"soon", "in an hour"}));
  dispatcher.add_now("late");
  finish("soon");
  EXPECT_EQ(group.size(), 1U) << "one still runs";
  finish("in an hour");
  EXPECT_EQ(group.size(), 0U);
  support::run(io, dispatcher.drained());
  EXPECT_EQ(ended, (Names{"soon", "in an hour"}));
}

TEST_F(DispatcherTest, StoppingAnIdleOneEndsItAtOnce) {
  start();
  dispatcher.stop();
  poll();
  EXPECT_EQ(group.size(), 0U);
}

TEST_F(DispatcherTest, AnExceptionOutOfWorkIsNotSwallowed) {
  Dispatcher broken(clock, 1, [](WorkQueue::Taken) -> base::Task<void> {
    throw std::logic_error("a bug");
    co_return;
  });
  broken.add_now("a");
  group.spawn(broken.run());
  EXPECT_THROW(poll(), std::logic_error);
  group.cancel();
  poll();
}

}  // namespace
}  // namespace edsm::sync
