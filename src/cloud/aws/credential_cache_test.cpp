#include "cloud/aws/credential_cache.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/aws_bench.hpp"

namespace edsm::cloud::aws {
namespace {

using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;
using testing::HasSubstr;

class CacheTest : public testing::Test, protected test::Bench {
 protected:
  CacheTest() { keys->clock = &clock; }
  std::string get() {
    const auto got = support::run(context, credentials->get());
    return got ? (*got)->access_key_id : got.error().code;
  }
  boost::asio::io_context context{1};
};

TEST_F(CacheTest, ServesWhatItHolds) {
  EXPECT_EQ(get(), "AK1");
  EXPECT_EQ(get(), "AK1");
  EXPECT_THAT(metrics.text(),
              HasSubstr("edsm_credential_expiry_timestamp_seconds{source=\"numbered\"}"));
  clock.advance(minutes(45));
  EXPECT_EQ(get(), "AK2");
}

TEST_F(CacheTest, AFailedRefreshServesTheOldWhileValid) {
  EXPECT_EQ(get(), "AK1");
  keys->failing = true;
  clock.advance(minutes(50));
  EXPECT_EQ(get(), "AK1");
  EXPECT_EQ(get(), "AK1");
  EXPECT_EQ(keys->gets, 2) << "the second try waits";
  EXPECT_THAT(logged(), HasSubstr("could not be renewed"));
  clock.advance(minutes(10));
  EXPECT_EQ(get(), "Scripted");
  keys->failing = false;
  clock.advance(seconds(5));
  EXPECT_EQ(get(), "AK4");
}

TEST_F(CacheTest, AFailingSourceIsNotAskedInATightLoop) {
  keys->failing = true;
  for (int i = 0; i < 5; ++i) EXPECT_EQ(get(), "Scripted");
  EXPECT_EQ(keys->gets, 1);
  clock.advance(milliseconds(500));
  EXPECT_EQ(get(), "Scripted");
  EXPECT_EQ(keys->gets, 2);
}

TEST_F(CacheTest, WhateverIsFinalIsAMatterOfCredentials) {
  for (const auto failure :
       {base::Failure::refused, base::Failure::invalid, base::Failure::absent}) {
    keys->failure = failure;
    keys->failing = true;
    clock.advance(minutes(5));
    const auto got = support::run(context, credentials->get());
    ASSERT_FALSE(got);
    EXPECT_EQ(got.error().failure, base::Failure::credentials);
  }
  keys->failure = base::Failure::transient;
  clock.advance(minutes(5));
  EXPECT_EQ(support::run(context, credentials->get()).error().failure, base::Failure::transient);
}

TEST_F(CacheTest, OfABindingARefusalStaysOneAndNothingIsSaidOfItsExpiry) {
  auto provider = std::make_unique<test::NumberedCredentials>();
  auto* const source = provider.get();
  source->clock = &clock;
  CredentialCache cache(std::move(provider), clock, log, metrics, CredentialCache::For::binding);
  source->failing = true;
  source->failure = base::Failure::refused;
  EXPECT_EQ(support::run(context, cache.get()).error().failure, base::Failure::refused);
  source->failing = false;
  clock.advance(minutes(5));
  EXPECT_TRUE(support::run(context, cache.get()));
  EXPECT_EQ(metrics.text().find("edsm_credential_expiry"), std::string::npos);
}

TEST_F(CacheTest, ExpiredOnArrivalIsAnError) {
  keys->lifetime = seconds(-1);
  EXPECT_EQ(get(), "ExpiredCredentials");
}

TEST_F(CacheTest, SingleFlight) {
  base::Gate gate;
  keys->wait_on = &gate;
  std::vector<std::string> got;
  const auto ask = [](CredentialCache& cache, std::vector<std::string>& out) -> base::Task<void> {
    const auto result = co_await cache.get();
    out.push_back(result ? (*result)->access_key_id : result.error().code);
  };
  for (int i = 0; i < 3; ++i)
    boost::asio::co_spawn(context, ask(*credentials, got), boost::asio::detached);
  context.poll();
  EXPECT_EQ(keys->gets, 1);
  gate.open();
  context.restart();
  context.run();
  EXPECT_THAT(got, testing::ElementsAre("AK1", "AK1", "AK1"));
  EXPECT_EQ(keys->gets, 1);
}

TEST_F(CacheTest, WhileOneRenewsTheOthersUseTheOld) {
  EXPECT_EQ(get(), "AK1");
  clock.advance(minutes(50));
  base::Gate gate;
  keys->wait_on = &gate;
  const auto ask = [](CredentialCache& cache) -> base::Task<void> { co_await cache.get(); };
  boost::asio::co_spawn(context, ask(*credentials), boost::asio::detached);
  context.restart();
  context.poll();
  EXPECT_EQ(get(), "AK1");
  EXPECT_EQ(keys->gets, 2);
  gate.open();
  context.restart();
  context.run();
  EXPECT_EQ(get(), "AK2");
}

TEST_F(CacheTest, ACancelledRefreshIsTakenOver) {
  base::Gate gate;
  keys->wait_on = &gate;
  boost::asio::cancellation_signal cancel;
  const auto ask = [](CredentialCache& cache, std::string& out) -> base::Task<void> {
    const auto result = co_await cache.get();
    out = result ? (*result)->access_key_id : result.error().code;
  };
  std::string first;
  std::string second;
  boost::asio::co_spawn(context, ask(*credentials, first),
                        boost::asio::bind_cancellation_slot(cancel.slot(), boost::asio::detached));
  boost::asio::co_spawn(context, ask(*credentials, second), boost::asio::detached);
  context.poll();
  cancel.emit(boost::asio::cancellation_type::terminal);
  context.restart();
  context.poll();
  gate.open();
  context.restart();
  context.run();
  EXPECT_EQ(first, "");
  EXPECT_EQ(second, "AK2");
}

TEST_F(CacheTest, KeepFreshRenewsAheadOfNeed) {
  support::ManualClock stepped;
  auto provider = std::make_unique<test::NumberedCredentials>();
  auto* const numbered = provider.get();
  numbered->clock = &stepped;
  CredentialCache cache(std::move(provider), stepped, log, metrics);
  boost::asio::co_spawn(context, cache.keep_fresh(), boost::asio::detached);
  const auto pass = [&](base::Duration time) {
    stepped.advance(time);
    context.restart();
    context.poll();
  };
  pass(seconds(0));
  EXPECT_EQ(numbered->gets, 1);
  pass(minutes(44));
  EXPECT_EQ(numbered->gets, 1);
  numbered->failing = true;
  pass(minutes(1));
  EXPECT_EQ(numbered->gets, 2);
  numbered->failing = false;
  pass(minutes(1));
  EXPECT_EQ(numbered->gets, 3);
  EXPECT_EQ(support::run(context, cache.get()).value()->access_key_id, "AK3");
}

TEST_F(CacheTest, RejectionsOfOldOnesDoNotCount) {
  const auto old = support::run(context, credentials->get()).value();
  EXPECT_TRUE(credentials->reject(old));
  EXPECT_EQ(get(), "AK2");
  EXPECT_TRUE(credentials->reject(old)) << "they have been renewed meanwhile";
  EXPECT_EQ(get(), "AK2");
}

}  // namespace
}  // namespace edsm::cloud::aws
