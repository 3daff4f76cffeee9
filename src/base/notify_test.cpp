#include "base/notify.hpp"

#include <optional>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <gtest/gtest.h>

#include "base/system_clock.hpp"
#include "support/manual_clock.hpp"
#include "support/run.hpp"

namespace edsm::base {
namespace {

using namespace std::chrono_literals;

class NotifyTest : public testing::Test {
 protected:
  /// Runs until nothing is left to do without outside help.
  void settle() {
    context.restart();
    while (context.poll() != 0) {
    }
  }
  void spawn(Task<void> task) {
    boost::asio::co_spawn(
        context, std::move(task),
        boost::asio::bind_cancellation_slot(signal.slot(), [this](std::exception_ptr error) {
          ++ended;
          thrown = error;
        }));
    settle();
  }
  void cancel() {
    signal.emit(boost::asio::cancellation_type::terminal);
    settle();
  }
  bool aborted() const {
    if (!thrown) return false;
    try {
      std::rethrow_exception(thrown);
    } catch (const boost::system::system_error& error) {
      return error.code() == boost::asio::error::operation_aborted;
    } catch (...) {
      return false;
    }
  }

  boost::asio::io_context context{1};
  boost::asio::cancellation_signal signal;
  support::ManualClock clock;
  Notify notify;
  int ended = 0;
  std::exception_ptr thrown;
};

TEST_F(NotifyTest, WaitsForANotification) {
  spawn(notify.wait());
  EXPECT_EQ(ended, 0);
  notify.notify();
  settle();
  EXPECT_EQ(ended, 1);
  EXPECT_FALSE(thrown);
}

TEST_F(NotifyTest, ANotificationBeforeTheWaitIsRememberedOnce) {
  notify.notify();
  notify.notify();
  spawn(notify.wait());
  EXPECT_EQ(ended, 1);
  spawn(notify.wait());
  EXPECT_EQ(ended, 1);
  notify.notify();
  notify.notify();
  settle();
  EXPECT_EQ(ended, 2);
  spawn(notify.wait());
  EXPECT_EQ(ended, 2);
}

TEST_F(NotifyTest, WaitIsCancellableAndUsableAfterwards) {
  spawn(notify.wait());
  cancel();
  EXPECT_EQ(ended, 1);
  EXPECT_TRUE(aborted());
  notify.notify();  // nobody waits: remembered
  spawn(notify.wait());
  EXPECT_EQ(ended, 2);
  EXPECT_FALSE(thrown);
}

TEST_F(NotifyTest, ANotificationThatMeetsACancellationIsNotLost) {
  spawn(notify.wait());
  notify.notify();
  cancel();
  EXPECT_EQ(ended, 1);
  const bool taken = !thrown;
  spawn(notify.wait());
  EXPECT_EQ(ended, taken ? 1 : 2);
}

TEST_F(NotifyTest, WaitUntilEndsByNotification) {
  spawn(notify.wait_until(clock, clock.now() + 1s));
  EXPECT_EQ(ended, 0);
  notify.notify();
  settle();
  EXPECT_EQ(ended, 1);
  EXPECT_FALSE(thrown);
  spawn(notify.wait());  // it was taken
  EXPECT_EQ(ended, 1);
}

TEST_F(NotifyTest, WaitUntilEndsByTime) {
  spawn(notify.wait_until(clock, clock.now() + 1s));
  clock.advance(999ms);
  settle();
  EXPECT_EQ(ended, 0);
  clock.advance(1ms);
  settle();
  EXPECT_EQ(ended, 1);
  EXPECT_FALSE(thrown);
  notify.notify();  // comes late: for the next wait
  spawn(notify.wait());
  EXPECT_EQ(ended, 2);
}

TEST_F(NotifyTest, WaitUntilDoesNotWaitForThePastOrWhatIsPending) {
  spawn(notify.wait_until(clock, clock.now()));
  EXPECT_EQ(ended, 1);
  notify.notify();
  spawn(notify.wait_until(clock, clock.now() + 1h));
  EXPECT_EQ(ended, 2);
}

TEST_F(NotifyTest, TimeAndNotificationAtOnceLoseNothing) {
  spawn(notify.wait_until(clock, clock.now() + 1s));
  clock.advance(1s);
  notify.notify();
  settle();
  EXPECT_EQ(ended, 1);
  EXPECT_FALSE(thrown);
}

TEST_F(NotifyTest, WaitUntilIsCancellable) {
  spawn(notify.wait_until(clock, clock.now() + 1s));
  cancel();
  EXPECT_EQ(ended, 1);
  EXPECT_TRUE(aborted());
}

TEST_F(NotifyTest, GatesHoldAllUntilOpened) {
  Gate gate;
  spawn(gate.wait());
  boost::asio::co_spawn(context, gate.wait(), [this](std::exception_ptr) { ++ended; });
  settle();
  EXPECT_EQ(ended, 0);
  EXPECT_FALSE(gate.is_open());
  gate.open();
  settle();
  EXPECT_EQ(ended, 2);
  spawn(gate.wait());
  EXPECT_EQ(ended, 3);
  EXPECT_TRUE(gate.is_open());
}

TEST_F(NotifyTest, GatesAreCancellable) {
  Gate gate;
  spawn(gate.wait());
  cancel();
  EXPECT_TRUE(aborted());
}

TEST(NotifyLifetime, TheContextMayGoWhileSomebodyWaits) {
  bool ended = false;
  support::ManualClock clock;
  Notify first, second;
  Gate gate;
  {
    boost::asio::io_context context(1);
    const auto end = [&](std::exception_ptr) { ended = true; };
    boost::asio::co_spawn(context, first.wait(), end);
    boost::asio::co_spawn(context, second.wait_until(clock, clock.now() + 1s), end);
    boost::asio::co_spawn(context, gate.wait(), end);
    context.poll();
  }
  EXPECT_FALSE(ended);
}

Task<int> forty_two() {
  co_return 42;
}
Task<int> failing() {
  throw std::runtime_error("on purpose");
  co_return 0;
}
TEST(RunTest, ReturnsThrowsAndCanBeRepeated) {
  EXPECT_EQ(support::run(forty_two()), 42);
  EXPECT_THROW(support::run(failing()), std::runtime_error);
  boost::asio::io_context context(1);
  EXPECT_EQ(support::run(context, forty_two()), 42);
  EXPECT_EQ(support::run(context, forty_two()), 42);
}

TEST(SystemClockTest, TimeGoesOnAndPastInstantsAreNotWaitedFor) {
  SystemClock clock;
  const Instant start = clock.now();
  boost::asio::io_context context(1);
  support::run(context, clock.sleep_until(start - 1h));
  support::run(context, clock.sleep_for(2ms));
  EXPECT_GE(clock.now() - start, 2ms);
  EXPECT_GT(clock.wall(), WallTime(std::chrono::sys_days(std::chrono::year(2024) / 1 / 1)));
  EXPECT_NE(clock.random(), clock.random());
}

}  // namespace
}  // namespace edsm::base
