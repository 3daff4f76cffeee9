// The controller as a whole, with two clouds: what each has of its own, and how it ends.

#include "sync/controller.hpp"

#include <memory>
#include <string>
#include <vector>

#include <boost/asio/co_spawn.hpp>
#include <gtest/gtest.h>

#include "support/sync_world.hpp"

namespace edsm::sync {
namespace {

using namespace std::chrono_literals;
using support::FakeInbox;
using support::FakeKube;
using support::SyncWorld;
using Names = std::vector<std::string>;

/// Beside single objects it lists those bindings that it is told of, and its watches say nothing.
class ListingKube final : public net::Http {
 public:
  explicit ListingKube(FakeKube& objects) : objects_(objects) {}

  base::Task<base::Result<net::Response>> send(net::Request request) override {
    const bool list =
        request.method == net::Method::get && request.url.find("/namespaces/") == std::string::npos;
    if (list) co_return answer(request.url);
    auto answer = co_await objects_.send(std::move(request));
    co_return answer;
  }
  base::Task<base::Result<std::unique_ptr<net::Stream>>> open(net::Request) override {
    co_await never_.wait();
    co_return base::fail(base::Failure::invalid, "Unscripted", "no watches here");
  }

  Names bindings;

 private:
  net::Response answer(const std::string& url) const {
    boost::json::array items;
    if (url.find("/eventdrivensecrets") != std::string::npos) {
      for (const auto& name : bindings)
        items.emplace_back(*objects_.find(SyncWorld::binding(name)));
    }
    const boost::json::value list = {
        {"kind", "List"}, {"metadata", {{"resourceVersion", "1000"}}}, {"items", items}};
    net::Response response;
    response.status = 200;
    response.body.append(boost::json::serialize(list));
    return response;
  }

  FakeKube& objects_;
  base::Gate never_;
};

/// Bindings "b0", "b1", … of one cloud and "o" of another, all in order.
class ControllerTest : public testing::Test {
 protected:
  ControllerTest() {
    clock.set_random(123'456'789'123);
    Settings settings;
    settings.workers = 4;
    settings.batches = 2;
    Outside outside{.clock = clock,
                    .log = log,
                    .metrics = metrics,
                    .health = health,
                    .api = api,
                    .events = events,
                    .providers = {{"aws", &provider}, {"other", &other}},
                    .inboxes = {&inbox, &other_inbox},
                    .may_write = [] { return true; }};
    controller = std::make_unique<Controller>(io.get_executor(), std::move(outside),
                                              std::move(settings), support::digester());
    provider.limit = 1;
    for (int i = 0; i < kMany; ++i) bind("b" + std::to_string(i), provider);
    bind("o", other);
    spawn(controller->observe());
    poll();
    controller->lead();
    pass(5s);
  }

  void bind(const std::string& name, support::FakeProvider& whose) {
    whose.set(name, "v1", "one");
    kube.put(
        SyncWorld::binding(name),
        {{"metadata", {{"generation", 1}}},
         {"spec",
          {{"cloudProvider", whose.name()}, {"secretPath", name}, {"targetSecretName", name}}}});
    http.bindings.push_back(name);
  }
  void change(const std::string& name, support::FakeProvider& whose, FakeInbox& queue,
              const std::string& version = "v2") {
    whose.set(name, version, "two");
    queue.hint("m-" + name, std::string(whose.name()) + "/r/" + name, version);
    poll();
  }
  std::string version_of(const std::string& name) const {
    const auto& data = kube.find(SyncWorld::secret(name))->at("data").as_object();
    const auto value = base::base64_decode(std::string_view(data.at("value").as_string()));
    return std::string(value->view());
  }
  bool reported(const std::string& name) const {
    return kube.count(net::Method::patch, SyncWorld::binding(name) + "/status") > 0;
  }

  void spawn(base::Task<void> task, bool* done = nullptr) {
    boost::asio::co_spawn(io, std::move(task), [done](const std::exception_ptr& error) {
      if (error) std::rethrow_exception(error);
      if (done != nullptr) *done = true;
    });
  }
  void stop() {
    spawn(controller->stop(clock.now() + 25s), &stopped);
    poll();
  }
  void poll() {
    io.restart();
    io.poll();
  }
  void pass(base::Duration time) {
    for (; time > base::Duration::zero(); time -= 100ms) {
      clock.advance(100ms);
      poll();
    }
  }

  static constexpr int kMany = 10;
  support::ManualClock clock;
  support::MemorySink sink;
  telemetry::Log log{clock, sink, telemetry::Level::debug, telemetry::Format::text};
  telemetry::Metrics metrics;
  telemetry::Health health;
  FakeKube kube;
  ListingKube http{kube};
  support::OpenAuthority authority;
  kube::Api api{http, http, authority, clock, metrics, "https://kube", "edsm"};
  kube::EventRecorder events{api, clock, log, metrics, "edsm.io/controller", "test"};
  support::FakeProvider provider;
  support::FakeProvider other{"other"};
  FakeInbox inbox;
  FakeInbox other_inbox{"other/queue"};
  base::Gate silence;
  base::Gate reads;
  bool stopped = false;
  std::unique_ptr<Controller> controller;
  boost::asio::io_context io{1};  ///< the first to go, with all coroutines
};

TEST_F(ControllerTest, ACloudThatDoesNotAnswerHoldsUpNothingOfTheOther) {
  provider.hold = &silence;
  inbox.silence = &silence;
  inbox.push(FakeInbox::message("irrelevant", cloud::Irrelevant{"Tagged"}));
  for (int i = 0; i < kMany; ++i) change("b" + std::to_string(i), provider, inbox);
  EXPECT_EQ(version_of("b0"), "one");
  change("o", other, other_inbox);
  EXPECT_EQ(version_of("o"), "two");
  EXPECT_EQ(other_inbox.acknowledged, Names{"m-o"});
  other.hold = &silence;
  change("o", other, other_inbox, "v3");
  pass(21s);
  EXPECT_EQ(other_inbox.held.size(), 1U);
}

TEST_F(ControllerTest, WhatIsUnderWayWhenItStopsIsFinishedForEachCloudByItself) {
  provider.hold = &silence;
  other.hold = &reads;
  change("b0", provider, inbox);
  change("o", other, other_inbox);
  kube.seen.clear();
  stop();
  reads.open();
  poll();
  pass(100ms);
  EXPECT_EQ(version_of("o"), "two");
  EXPECT_EQ(other_inbox.acknowledged, Names{"m-o"});
  EXPECT_TRUE(reported("o"));
  pass(24s);
  EXPECT_FALSE(stopped) << "the other read has until the deadline";
  pass(1s);
  EXPECT_TRUE(stopped);
}

TEST_F(ControllerTest, LastAcknowledgementsAndReportsDoNotWaitForEachOther) {
  inbox.silence = &silence;
  provider.hold = &reads;
  other.hold = &reads;
  change("b0", provider, inbox);
  change("o", other, other_inbox);
  kube.seen.clear();
  stop();
  reads.open();
  poll();
  EXPECT_EQ(inbox.acknowledgements, 1);
  EXPECT_EQ(other_inbox.acknowledged, Names{"m-o"});
  EXPECT_TRUE(reported("b0") && reported("o"));
  pass(24s);
  EXPECT_FALSE(stopped);
  silence.open();
  poll();
  EXPECT_TRUE(stopped) << "what was under way is done";
  EXPECT_EQ(inbox.acknowledged, Names{"m-b0"});
}

}  // namespace
}  // namespace edsm::sync
