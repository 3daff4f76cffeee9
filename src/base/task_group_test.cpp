#include "base/task_group.hpp"

#include <stdexcept>

#include <boost/asio/io_context.hpp>
#include <gtest/gtest.h>

#include "support/run.hpp"

namespace edsm::base {
namespace {

Task<void> wait_for(Notify& notify, int& ended) {
  co_await notify.wait();
  ++ended;
}

Task<void> fail() {
  throw std::runtime_error("a bug");
  co_return;
}

class TaskGroupTest : public testing::Test {
 protected:
  void settle() {
    context.restart();
    while (context.poll() != 0) {
    }
  }
  boost::asio::io_context context{1};
  TaskGroup group{context.get_executor()};
  Notify one, two;
  int ended = 0;
};

TEST_F(TaskGroupTest, AnExceptionIsNotSwallowed) {
  group.spawn(fail());
  EXPECT_THROW(context.run(), std::runtime_error);
}

TEST_F(TaskGroupTest, CancelEndsAllAndIsNoError) {
  group.spawn(wait_for(one, ended));
  group.spawn(wait_for(two, ended));
  settle();
  EXPECT_EQ(group.size(), 2U);
  group.cancel();
  support::run(context, group.wait());
  EXPECT_EQ(group.size(), 0U);
  EXPECT_EQ(ended, 0);
}

TEST_F(TaskGroupTest, WaitReturnsWhenTheLastHasEnded) {
  support::run(context, group.wait());  // nobody: at once
  group.spawn(wait_for(one, ended));
  group.spawn(wait_for(two, ended));
  one.notify();
  settle();
  EXPECT_EQ(group.size(), 1U);
  two.notify();
  support::run(context, group.wait());
  EXPECT_EQ(ended, 2);
}

}  // namespace
}  // namespace edsm::base
