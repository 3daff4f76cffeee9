#include "base/slots.hpp"

#include <memory>
#include <string>
#include <vector>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <gtest/gtest.h>

namespace edsm::base {
namespace {

/// Workers that take a slot and keep it until they are told to end.
class SlotsTest : public testing::Test {
 protected:
  struct Worker {
    Notify end;
    boost::asio::cancellation_signal cancel;
  };

  Worker& start(const std::string& name) {
    auto& worker = *workers_.emplace_back(std::make_unique<Worker>());
    boost::asio::co_spawn(context_, work(worker, name),
                          boost::asio::bind_cancellation_slot(worker.cancel.slot(),
                                                              [](const std::exception_ptr&) {}));
    settle();
    return worker;
  }
  void end(Worker& worker) {
    worker.end.notify();
    settle();
  }
  void cancel(Worker& worker) {
    worker.cancel.emit(boost::asio::cancellation_type::terminal);
    settle();
  }

  std::vector<std::string> began;

 private:
  Task<void> work(Worker& worker, std::string name) {
    const auto slot = co_await slots_.take();
    began.push_back(std::move(name));
    co_await worker.end.wait();
  }
  void settle() {
    context_.restart();
    context_.poll();
  }

  Slots slots_{2};
  std::vector<std::unique_ptr<Worker>> workers_;
  boost::asio::io_context context_;
};

using Names = std::vector<std::string>;

TEST_F(SlotsTest, SoManyAtATimeInOrder) {
  auto& a = start("a");
  auto& b = start("b");
  start("c");
  start("d");
  EXPECT_EQ(began, (Names{"a", "b"}));
  end(b);
  EXPECT_EQ(began, (Names{"a", "b", "c"}));
  end(a);
  EXPECT_EQ(began, (Names{"a", "b", "c", "d"}));
}

TEST_F(SlotsTest, WhoeverIsCancelledInTheLineLeavesIt) {
  auto& a = start("a");
  start("b");
  auto& c = start("c");
  start("d");
  cancel(c);
  EXPECT_EQ(began, (Names{"a", "b"}));
  end(a);
  EXPECT_EQ(began, (Names{"a", "b", "d"}));
}

TEST_F(SlotsTest, WhoeverIsCancelledAtWorkMakesRoom) {
  auto& a = start("a");
  start("b");
  start("c");
  cancel(a);
  EXPECT_EQ(began, (Names{"a", "b", "c"}));
}

TEST_F(SlotsTest, WhatIsGivenBackIsThereForTheNext) {
  end(start("a"));
  end(start("b"));
  start("c");
  start("d");
  EXPECT_EQ(began, (Names{"a", "b", "c", "d"}));
}

}  // namespace
}  // namespace edsm::base
