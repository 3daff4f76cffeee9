#include "cloud/aws/retry.hpp"

#include <gtest/gtest.h>

#include "support/aws_bench.hpp"

namespace edsm::cloud::aws {
namespace {

using base::Failure;
using std::chrono::milliseconds;
using std::chrono::seconds;
constexpr std::uint64_t one_second = 1'000'000;

base::Error error(Failure failure, std::string code = "X") {
  return {failure, std::move(code), "text", {}};
}

TEST(RetryPolicy, OnlyWhatMayPassByItself) {
  for (const auto failure :
       {Failure::conflict, Failure::expired, Failure::credentials, Failure::refused,
        Failure::absent, Failure::invalid, Failure::cancelled}) {
    RetryQuota quota;
    EXPECT_FALSE(RetryPolicy(quota, 3).next(error(failure), 0)) << to_string(failure);
    EXPECT_EQ(quota.available(), RetryQuota::capacity);
  }
}

TEST(RetryPolicy, FullJitterThatDoublesUpTo20Seconds) {
  RetryQuota quota;
  RetryPolicy policy(quota, 100);
  const std::vector<int> ceilings = {1, 2, 4, 8, 16, 20, 20, 20, 20, 20, 20, 20, 20};
  for (const int ceiling : ceilings) {
    RetryPolicy low = policy;
    EXPECT_EQ(low.next(error(Failure::transient), 0), base::Duration(0));
    const auto span = static_cast<std::uint64_t>(ceiling) * one_second;
    EXPECT_EQ(policy.next(error(Failure::transient), span), base::Duration(seconds(ceiling)));
  }
}

TEST(RetryPolicy, GivesUpAfterItsAttempts) {
  RetryQuota quota;
  RetryPolicy policy(quota, 2);
  EXPECT_TRUE(policy.next(error(Failure::throttled), 0));
  EXPECT_FALSE(policy.next(error(Failure::throttled), 0));
  EXPECT_EQ(policy.attempts(), 2);
  EXPECT_FALSE(RetryPolicy(quota, 1).next(error(Failure::transient), 0));
}

TEST(RetryPolicy, FollowsTheServersWishWithinFiveSeconds) {
  const std::vector<std::pair<milliseconds, base::Duration>> rows = {
      {milliseconds(0), milliseconds(500)},
      {milliseconds(2000), milliseconds(2000)},
      {std::chrono::hours(1), milliseconds(5500)}};
  for (const auto& [wish, wait] : rows) {
    RetryQuota quota;
    auto wishing = error(Failure::throttled);
    wishing.retry_after = wish;
    EXPECT_EQ(RetryPolicy(quota, 3).next(wishing, one_second / 2), wait);
  }
}

TEST(RetryQuota, RetriesCostAndSuccessGivesBack) {
  RetryQuota quota;
  RetryPolicy policy(quota, 3);
  EXPECT_TRUE(policy.next(error(Failure::transient), 0));
  EXPECT_EQ(quota.available(), 495);
  EXPECT_TRUE(policy.next(error(Failure::transient, "Timeout"), 0));
  EXPECT_EQ(quota.available(), 485);
  policy.succeeded();
  EXPECT_EQ(quota.available(), 495) << "the cost of the last retry";
  RetryPolicy(quota, 3).succeeded();
  EXPECT_EQ(quota.available(), 496) << "a first-try success";
  for (int i = 0; i < 10; ++i) RetryPolicy(quota, 3).succeeded();
  EXPECT_EQ(quota.available(), RetryQuota::capacity);
}

TEST(RetryQuota, AnEmptyBucketEndsRetries) {
  RetryQuota quota;
  int retries = 0;
  while (RetryPolicy(quota, 3).next(error(Failure::transient), 0)) ++retries;
  EXPECT_EQ(retries, 100);
}

TEST(RetrySettings, FromEnvironmentThenProfile) {
  SharedConfig config;
  config.profiles["default"] = {{"max_attempts", "7"}, {"retry_mode", "adaptive"}};
  test::Strings env;
  EXPECT_EQ(load_retry_settings(test::env_of(env), config)->max_attempts, 7);
  env["AWS_MAX_ATTEMPTS"] = "2";
  env["AWS_RETRY_MODE"] = "standard";
  EXPECT_EQ(load_retry_settings(test::env_of(env), config)->max_attempts, 2);
  for (const std::string_view wrong : {"0", "-1", "many", "1000"}) {
    env["AWS_MAX_ATTEMPTS"] = wrong;
    EXPECT_FALSE(load_retry_settings(test::env_of(env), config)) << wrong;
  }
  env = {{"AWS_RETRY_MODE", "eager"}};
  EXPECT_FALSE(load_retry_settings(test::env_of(env), config));
}

}  // namespace
}  // namespace edsm::cloud::aws
