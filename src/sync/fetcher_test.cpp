#include "sync/fetcher.hpp"

#include <memory>
#include <set>
#include <string>
#include <vector>

#include <boost/asio/co_spawn.hpp>
#include <gtest/gtest.h>

#include "base/task_group.hpp"
#include "support/fake_cloud.hpp"
#include "support/manual_clock.hpp"

namespace edsm::sync {
namespace {

using base::Failure;
using Paths = std::vector<std::string>;

class FetcherTest : public testing::Test {
 protected:
  FetcherTest() {
    for (const auto* const path : {"a", "b", "c"})
      provider.set(path, "v1", std::string("value of ") + path);
    provider.hold = &gate;
  }
  ~FetcherTest() override {
    gate.open();
    senders.cancel();
    poll();
  }

  struct Asked {
    bool done = false;
    base::Result<Fetcher::Shared> result = nullptr;
  };
  static base::Task<void> ask_into(Fetcher& fetcher, cloud::Provider& provider,
                                   cloud::Source source, std::uint64_t since, std::string consumer,
                                   std::shared_ptr<Asked> asked) {
    asked->result = co_await fetcher.fetch(provider, std::move(source), since, std::move(consumer));
    asked->done = true;
  }
  std::shared_ptr<Asked> ask(const std::string& path, std::string consumer,
                             const std::string& scope = "s") {
    return ask_of(provider, path, std::move(consumer), scope);
  }
  std::shared_ptr<Asked> ask_of(cloud::Provider& whom, const std::string& path,
                                std::string consumer, const std::string& scope) {
    auto asked = std::make_shared<Asked>();
    cloud::Source source{scope + "/" + path, scope};
    boost::asio::co_spawn(
        io, ask_into(fetcher, whom, source, fetcher.tick(), std::move(consumer), asked),
        [](const std::exception_ptr&) {});
    return asked;
  }
  void send(int senders_count = 1) {
    for (int i = 0; i < senders_count; ++i) senders.spawn(fetcher.run(provider));
    poll();
  }
  void poll() {
    io.restart();
    io.poll();
  }

  boost::asio::io_context io{1};
  support::ManualClock clock;
  telemetry::Metrics metrics;
  support::FakeProvider provider;
  base::Gate gate;
  Paths expected;
  std::size_t soon = 0;
  std::set<std::string> refused;  ///< consumers
  Fetcher fetcher{clock, metrics, [this](const base::Text&) { return expected; },
                  [this](const cloud::Provider&) { return soon; },
                  [this](const std::string& consumer) { return !refused.contains(consumer); }};
  base::TaskGroup senders{io.get_executor()};
};

TEST_F(FetcherTest, OneReadForAllWhoAskedBeforeItWasSent) {
  const auto one = ask("a", "x");
  const auto two = ask("a", "y");
  send();
  gate.open();
  poll();
  ASSERT_TRUE(one->done && two->done);
  EXPECT_EQ(provider.batches, std::vector<Paths>{{"a"}});
  EXPECT_EQ(one->result->get(), two->result->get());
  EXPECT_EQ(one->result->get()->bytes.view(), "value of a");
}

TEST_F(FetcherTest, WhoAsksAfterTheSendGetsANewRead) {
  const auto one = ask("a", "x");
  send(2);
  ASSERT_EQ(provider.batches.size(), 1U);
  provider.set("a", "v2", "newer");
  const auto two = ask("a", "y");
  poll();
  EXPECT_EQ(provider.batches.size(), 1U) << "it waits for company first";
  clock.advance(std::chrono::milliseconds(20));
  poll();
  EXPECT_EQ(provider.batches.size(), 2U);
  gate.open();
  poll();
  EXPECT_EQ(one->result->get()->version, "v1");
  EXPECT_EQ(two->result->get()->version, "v2");
}

TEST_F(FetcherTest, WhoWasTriggeredBeforeTheSendSharesTheReadEvenWhenItIsDone) {
  expected = {"late"};
  const auto since = fetcher.tick();
  gate.open();
  const auto one = ask("a", "x");
  send();
  fetcher.finished("s/a", "x");
  EXPECT_EQ(fetcher.held(), 1U) << "for the one that is expected";
  auto late = std::make_shared<Asked>();
  boost::asio::co_spawn(io,
                        ask_into(fetcher, provider, cloud::Source{"s/a", "s"}, since, "late", late),
                        [](const std::exception_ptr&) {});
  poll();
  EXPECT_EQ(provider.batches.size(), 1U);
  EXPECT_EQ(late->result->get(), one->result->get());
  fetcher.finished("s/a", "late");
  EXPECT_EQ(fetcher.held(), 0U);
}

TEST_F(FetcherTest, TheValueIsGoneWhenEverybodyHasFinished) {
  expected = {"never asks"};
  gate.open();
  const auto one = ask("a", "x");
  send();
  const std::weak_ptr<const cloud::Value> value = *one->result;
  one->result = nullptr;
  fetcher.finished("s/a", "x");
  EXPECT_FALSE(value.expired());
  fetcher.finished("s/a", "somebody else");
  EXPECT_FALSE(value.expired());
  fetcher.finished("s/a", "never asks");
  EXPECT_TRUE(value.expired());
  EXPECT_EQ(fetcher.held(), 0U);
  fetcher.finished("s/a", "x");
}

TEST_F(FetcherTest, AReadWhoseConsumersWentAwayIsNotKept) {
  const auto one = ask("a", "x");
  send();
  fetcher.finished("s/a", "x");
  EXPECT_EQ(fetcher.held(), 1U) << "still on its way";
  gate.open();
  poll();
  EXPECT_EQ(fetcher.held(), 0U);
}

TEST_F(FetcherTest, WhatWaitsTogetherGoesTogetherByScopeAndLimit) {
  provider.limit = 2;
  for (const auto* const path : {"a", "b", "c"}) ask(path, "x");
  ask("a", "x", "other");
  gate.open();
  send();
  // Of scopes that wait equally long, by name.
  EXPECT_EQ(provider.batches, (std::vector<Paths>{{"a"}, {"a", "b"}, {"c"}}));
}

TEST_F(FetcherTest, WhatComesOneByOneWhileAReadIsUnderWayGoesTogether) {
  ask("a", "x");
  send(2);
  ask("b", "x");
  poll();
  ask("c", "x");
  poll();
  gate.open();
  poll();
  EXPECT_EQ(provider.batches, (std::vector<Paths>{{"a"}, {"b", "c"}}));
}

TEST_F(FetcherTest, AsManyBatchesAreInFlightAsThereAreSenders) {
  provider.limit = 1;
  send(2);
  for (const auto* const path : {"a", "b", "c"}) ask(path, "x");
  poll();
  EXPECT_EQ(provider.batches.size(), 2U);
  gate.open();
  poll();
  EXPECT_EQ(provider.batches.size(), 3U);
}

TEST_F(FetcherTest, AProviderThatDoesNotAnswerTakesNoSenderOfAnother) {
  support::FakeProvider other("other");
  other.set("a", "v1", "of the other");
  provider.limit = 1;
  send(2);
  senders.spawn(fetcher.run(other));
  for (const auto* const path : {"a", "b", "c"}) ask(path, "x");
  poll();
  EXPECT_EQ(provider.batches.size(), 2U) << "as many as it has senders";
  const auto asked = ask_of(other, "a", "x", "other");
  poll();
  ASSERT_TRUE(asked->done);
  EXPECT_EQ(asked->result->get()->bytes.view(), "of the other");
}

TEST_F(FetcherTest, ACrowdThatWantsSomethingElseFillsTheBatch) {
  provider.limit = 2;
  soon = 5;
  ask("a", "x");
  send();
  EXPECT_EQ(provider.batches, std::vector<Paths>{});
  ask("b", "y");
  poll();
  EXPECT_EQ(provider.batches, (std::vector<Paths>{{"a", "b"}}));
}

TEST_F(FetcherTest, ACrowdThatWantsTheSameIsNotWaitedFor) {
  provider.limit = 2;
  soon = 5;
  expected = {"x", "1", "2", "3", "4", "5"};
  ask("a", "x");
  send();
  EXPECT_EQ(provider.batches, std::vector<Paths>{{"a"}});
}

TEST_F(FetcherTest, NorOneThatWantsWhatIsReadAlready) {
  provider.limit = 2;
  soon = 5;
  expected = {"x", "1", "2", "3", "4", "5"};
  ask("a", "x");
  send(2);
  expected = {"y"};
  ask("b", "y");
  poll();
  clock.advance(ReadQueue<int>::kPatience);
  poll();
  EXPECT_EQ(provider.batches, (std::vector<Paths>{{"a"}, {"b"}}));
}

TEST_F(FetcherTest, WhatNobodyMayHaveAnyMoreIsNotSent) {
  const auto lost = ask("a", "x");
  const auto shared = ask("b", "x");
  const auto kept = ask("b", "y");
  refused = {"x"};
  gate.open();
  send();
  EXPECT_EQ(provider.batches, std::vector<Paths>{{"b"}});
  ASSERT_TRUE(lost->done && shared->done && kept->done);
  EXPECT_EQ(lost->result.error().code, Fetcher::kWithdrawn);
  EXPECT_TRUE(kept->result);
  refused.clear();
  const auto again = ask("a", "x");
  poll();
  EXPECT_TRUE(again->result) << "the refusal is not remembered";
}

TEST_F(FetcherTest, ErrorsAreSharedAndConcernOnlyTheirSource) {
  provider.fail("a", Failure::refused, "AccessDeniedException");
  const auto one = ask("a", "x");
  const auto two = ask("a", "y");
  const auto good = ask("b", "x");
  gate.open();
  send();
  for (const auto& asked : {one, two}) {
    ASSERT_TRUE(asked->done);
    ASSERT_FALSE(asked->result);
    EXPECT_EQ(asked->result.error().failure, Failure::refused);
  }
  EXPECT_TRUE(good->result);
  EXPECT_EQ(provider.batches.size(), 1U);
}

TEST_F(FetcherTest, AnErrorIsNotRemembered) {
  provider.fail("a", Failure::transient);
  gate.open();
  ask("a", "x");
  send();
  provider.heal("a");
  const auto again = ask("a", "x");
  poll();
  EXPECT_TRUE(again->result);
}

TEST_F(FetcherTest, AskingAfterTheSendersWereCancelledIsHarmless) {
  send(2);
  senders.cancel();
  poll();
  const auto asked = ask("a", "x");
  poll();
  EXPECT_FALSE(asked->done);
  send();
  gate.open();
  poll();
  EXPECT_TRUE(asked->done);
}

}  // namespace
}  // namespace edsm::sync
