// Two clouds, one of which does not answer: a change of the other takes its way as if it were
// alone.

#include <string>
#include <vector>

#include <boost/asio/co_spawn.hpp>
#include <gtest/gtest.h>

#include "support/sync_world.hpp"

namespace edsm::sync {
namespace {

using namespace std::chrono_literals;
using support::Clouds;
using support::FakeInbox;
using support::SyncWorld;
using Names = std::vector<std::string>;

/// Bindings "b0", "b1", … of the first cloud, and "o" of the other one, all in order.
class Lanes : public testing::Test {
 protected:
  explicit Lanes(Settings settings = {}) : world(std::move(settings), Clouds::two) {
    for (int i = 0; i < kMany; ++i) {
      const auto name = std::to_string(i);
      world.provider.set(name, "v1", "one");
      world.bind("b" + name, name, "t" + name);
    }
    world.other.set("db", "v1", "one");
    world.bind_other("o", "db", "to");
    world.start();
    world.go();
    world.pass(5s);
    world.kube.seen.clear();
  }

  /// All secrets of the first cloud change, and it says nothing more.
  void change_all_in_silence() {
    world.provider.hold = &silence;
    for (int i = 0; i < kMany; ++i) {
      const auto name = std::to_string(i);
      world.provider.set(name, "v2", "two");
      world.inbox.hint("m" + name, "aws/r/" + name, "v2");
    }
    world.go();
    ASSERT_EQ(world.data("t0", "value"), "one");
  }
  void change_other() {
    world.other.set("db", "v2", "two");
    world.other_inbox.hint("m", "other/r/db", "v2");
    world.go();
  }
  void expect_other_done() {
    EXPECT_EQ(world.data("to", "value"), "two");
    EXPECT_EQ(world.other_inbox.acknowledged, Names{"m"});
  }

  static constexpr int kMany = 30;
  SyncWorld world;
  base::Gate silence;  ///< never opened
};

TEST_F(Lanes, SendersThatWaitAreNotTheOthers) {
  world.provider.limit = 1;
  change_all_in_silence();
  change_other();
  expect_other_done();
}

TEST_F(Lanes, ReportsOfTheOtherAreNotTakenForPartOfABurst) {
  change_all_in_silence();
  change_other();
  world.pass(200ms, 100ms);
  EXPECT_EQ(world.kube.count(net::Method::patch, SyncWorld::binding("o") + "/status"), 1U);
}

TEST_F(Lanes, AcknowledgementsThatWaitHoldUpTheirOwnQueueOnly) {
  world.inbox.silence = &silence;
  world.provider.set("0", "v2", "two");
  world.inbox.hint("lost", "aws/r/0", "v2");
  world.go();
  EXPECT_EQ(world.data("t0", "value"), "two");
  EXPECT_EQ(world.inbox.acknowledgements, 1);
  change_other();
  expect_other_done();
}

TEST_F(Lanes, TheOthersMessagesAreHeldOnAllTheSame) {
  world.inbox.silence = &silence;
  world.inbox.push(FakeInbox::message("lost", cloud::Irrelevant{"Tagged"}));
  world.other.hold = &silence;
  change_other();
  world.pass(61s);
  ASSERT_EQ(world.other_inbox.held.size(), 3U) << "one each twenty seconds";
  EXPECT_EQ(world.other_inbox.held[0], std::pair(std::string("m"), base::Duration(30s)));
  EXPECT_EQ(world.other_inbox.acknowledged, Names{});
}

TEST_F(Lanes, ACrowdOfOneQueueDoesNotMakeAnotherGather) {
  change_all_in_silence();
  ASSERT_GE(world.shared.ledger.open_count(0), 10U);
  change_other();
  expect_other_done();
}

TEST_F(Lanes, WhoAsksOneCloudIsNoCompanyForTheOthersReads) {
  world.other.limit = 10;
  std::vector<cloud::Message> full_answer;
  for (int i = 0; i < 10; ++i) {
    const auto name = std::to_string(i);
    full_answer.push_back(
        FakeInbox::message("m" + name, cloud::Hint{{"aws/r/" + name}, "v2", "PutSecretValue"}));
  }
  world.inbox.push(FakeInbox::Batch(std::move(full_answer)));
  change_other();
  expect_other_done();
}

TEST_F(Lanes, AtTheEndEachQueueIsToldByItself) {
  world.inbox.silence = &silence;
  world.inbox.push(FakeInbox::message("first", cloud::Irrelevant{"Tagged"}));
  world.go();
  world.inbox.push(FakeInbox::message("meanwhile", cloud::Irrelevant{"Tagged"}));
  world.go();
  bool done = false;
  bool other_done = false;
  const auto finish = [&](Acknowledger& one, bool& ended) {
    boost::asio::co_spawn(world.io, one.finish(),
                          [&ended](const std::exception_ptr& error) { ended = !error; });
  };
  world.other_inbox.push(FakeInbox::message("m", cloud::Irrelevant{"Tagged"}));
  finish(world.acknowledger, done);
  finish(world.other_acknowledger, other_done);
  world.go();
  EXPECT_TRUE(other_done);
  EXPECT_EQ(world.other_inbox.acknowledged, Names{"m"});
  EXPECT_FALSE(done) << "an acknowledgement is under way";
  silence.open();
  world.go();
  EXPECT_TRUE(done);
  EXPECT_EQ(world.inbox.acknowledged, (Names{"first", "meanwhile"}));
}

TEST_F(Lanes, ABindingThatChangesItsCloudGoesOverToItsLane) {
  change_all_in_silence();
  world.other.set("0", "v1", "of the other");
  world.kube.edit(SyncWorld::binding("b0"),
                  R"({"metadata":{"generation":2},"spec":{"cloudProvider":"other"}})");
  world.go();
  EXPECT_EQ(world.data("t0", "value"), "one") << "its run is still under way";
  silence.open();
  world.provider.hold = nullptr;
  world.go();
  EXPECT_EQ(world.data("t0", "value"), "of the other");
}

class FewPlaces : public Lanes {
 protected:
  static Settings few() {
    Settings settings;
    settings.workers = 4;
    return settings;
  }
  FewPlaces() : Lanes(few()) {}
};

TEST_F(FewPlaces, PlacesThatAreTakenAreNotTheOthers) {
  change_all_in_silence();
  EXPECT_EQ(world.shared.binding_work.queue().running_count(), 4U);
  EXPECT_EQ(world.shared.binding_work.queue().waiting_count(), 26U);
  change_other();
  expect_other_done();
}

TEST_F(FewPlaces, WhoWaitsForOneCloudIsNoCompanyForTheOthersReads) {
  world.other.limit = 10;
  change_all_in_silence();
  change_other();
  expect_other_done();
}

TEST_F(FewPlaces, ABindingWithoutACloudWaitsForNone) {
  change_all_in_silence();
  world.bind("nowhere", "", "t");
  world.kube.erase(SyncWorld::binding("b29"));
  world.go();
  world.pass(2s, 100ms);
  EXPECT_EQ(world.reason("nowhere"), "MissingPath");
  EXPECT_EQ(world.inbox.acknowledged, Names{"m29"}) << "nobody is left who wants it";
}

TEST_F(FewPlaces, WhatWaitsForOneCloudGoesOverToTheOther) {
  change_all_in_silence();
  ASSERT_TRUE(world.shared.binding_work.queue().waiting("ns/b29"));
  world.other.set("29", "v1", "of the other");
  world.kube.edit(SyncWorld::binding("b29"),
                  R"({"metadata":{"generation":2},"spec":{"cloudProvider":"other"}})");
  world.go();
  EXPECT_EQ(world.data("t29", "value"), "of the other");
}

}  // namespace
}  // namespace edsm::sync
