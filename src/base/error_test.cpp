#include "base/error.hpp"

#include <gtest/gtest.h>

namespace edsm::base {
namespace {

TEST(ErrorTest, WhichFailuresAreWorthARetry) {
  const std::pair<Failure, bool> cases[] = {
      {Failure::transient, true}, {Failure::throttled, true},   {Failure::conflict, true},
      {Failure::expired, true},   {Failure::credentials, true}, {Failure::refused, false},
      {Failure::absent, false},   {Failure::invalid, false},    {Failure::cancelled, false},
  };
  for (const auto& [failure, retryable] : cases) {
    EXPECT_EQ((Error{failure, "", ""}.retryable()), retryable) << to_string(failure);
  }
}

TEST(ErrorTest, Texts) {
  EXPECT_EQ(describe({Failure::absent, "NotFound", "no such secret"}), "NotFound: no such secret");
  EXPECT_EQ(describe({Failure::absent, "", "no such secret"}), "no such secret");
  const auto error =
      fail({Failure::throttled, "SlowDown", "wait", std::chrono::seconds(3)}, "fetch a/b");
  EXPECT_EQ(error.error().text, "fetch a/b: wait");
  EXPECT_EQ(error.error().code, "SlowDown");
  EXPECT_EQ(error.error().failure, Failure::throttled);
  EXPECT_EQ(error.error().retry_after, std::chrono::seconds(3));
}

}  // namespace
}  // namespace edsm::base
