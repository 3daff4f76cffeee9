#include "kube/leader.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "base/json.hpp"
#include "kube/test_support.hpp"

namespace edsm::kube {
namespace {

using std::chrono::seconds;
using support::ScriptedHttp;
using test::answer;
using test::Bench;
using test::status_json;

std::string lease(std::string_view holder, int version,
                  std::string_view renewed = "2026-01-01T00:00:00.000000Z") {
  return fmt::format(
      R"({{"metadata":{{"name":"lock","resourceVersion":"{}"}},"spec":{{"holderIdentity":"{}",)"
      R"("leaseDurationSeconds":15,"acquireTime":"x","renewTime":"{}","leaseTransitions":1}}}})",
      version, holder, renewed);
}

/// The server's answer to a good PUT or POST: what was sent.
base::Result<net::Response> stored(const ScriptedHttp::Seen& seen) {
  net::Response response;
  response.status = 200;
  response.body.append(seen.body);
  return response;
}

class LeaderTest : public ::testing::Test {
 protected:
  LeaderTest() {
    LeaseSettings settings;
    settings.ns = "edsm";
    settings.name = "lock";
    settings.identity = "me";
    elector.emplace(bench.api, bench.clock, bench.log, settings);
  }
  void win() {
    bench.http.reply_with(answer(200, lease("", 1))).reply_with(&stored);
    bench.run(elector->acquire());
    ASSERT_TRUE(elector->leads(bench.clock.now()));
    bench.http.seen.clear();
  }

  Bench bench;
  std::optional<LeaderElector> elector;
};

TEST_F(LeaderTest, CreatesTheLease) {
  bench.http.reply_with(answer(404, status_json(404, "NotFound"))).reply_with(&stored);
  bench.run(elector->acquire());
  EXPECT_TRUE(elector->leads(bench.clock.now()));
  EXPECT_EQ(elector->holder(), "me");
  const auto& post = bench.http.seen.at(1);
  EXPECT_EQ(post.method, net::Method::post);
  const auto body = base::JsonDocument::parse(post.body);
  ASSERT_TRUE(body);
  EXPECT_EQ(base::string_at(body->root(), "spec.renewTime"), "2026-11-23T01:00:00.000000Z");
  EXPECT_EQ(post.timeout, seconds(5)) << "half the renew deadline";
}

TEST_F(LeaderTest, WaitsForAnotherToFallSilent) {
  for (int i = 0; i <= 15; ++i) bench.http.reply_with(answer(200, lease("them", 7)));
  bench.http.reply_with(&stored);
  const auto start = bench.clock.now();
  bench.run(elector->acquire());
  EXPECT_EQ(bench.clock.now() - start, seconds(15)) << "looked for every second";
  EXPECT_EQ(bench.lines.count("another replica leads"), 1) << "said once";
  EXPECT_EQ(bench.lines.count("this replica leads"), 1);
}

TEST_F(LeaderTest, LosesARaceAndWaitsOn) {
  bench.http.reply_with(answer(200, lease("", 1)))
      .reply_with(answer(409, status_json(409, "Conflict")));
  bench.http.reply_with(answer(200, lease("them", 2)));
  bench.http.reply_with(&Bench::stop);
  EXPECT_TRUE(bench.stops(elector->acquire()));
  EXPECT_FALSE(elector->leads(bench.clock.now()));
  EXPECT_EQ(elector->holder(), "them");
}

TEST_F(LeaderTest, RenewsEveryRetryPeriodByOnePut) {
  win();
  for (int i = 0; i < 5; ++i) bench.http.reply_with(&stored);
  bench.http.reply_with(&Bench::stop);
  const auto start = bench.clock.now();
  EXPECT_TRUE(bench.stops(elector->hold()));
  EXPECT_EQ(bench.clock.now() - start, seconds(12));
  for (const auto& seen : bench.http.seen) EXPECT_EQ(seen.method, net::Method::put);
  EXPECT_TRUE(elector->leads(bench.clock.now()));
}

TEST_F(LeaderTest, ServerDownPastTheDeadlineEndsLeadership) {
  win();
  for (int i = 0; i < 20; ++i) bench.http.reply_error(base::Failure::transient, "ConnectionFailed");
  const auto start = bench.clock.now();
  bench.run(elector->hold());
  EXPECT_EQ(bench.clock.now() - start, seconds(10));
  EXPECT_FALSE(elector->leads(bench.clock.now()));
  EXPECT_EQ(bench.lines.count("not renewed in time"), 1);
  EXPECT_EQ(bench.http.seen.size(), 4U) << "2, 4, 6, 8 s";
}

TEST_F(LeaderTest, NoRequestOutlivesTheDeadline) {
  win();
  bench.http.reply_error(base::Failure::transient, "Timeout");  // 2 s: as long as is usual
  bench.http.reply_with([this](const ScriptedHttp::Seen& seen) -> base::Result<net::Response> {
    EXPECT_EQ(seen.timeout, seconds(5));
    bench.clock.advance(seconds(5));
    return base::fail(base::Failure::transient, "Timeout", "");
  });
  bench.run(elector->hold());
  ASSERT_EQ(bench.http.seen.size(), 2U) << "4 s + 5 s + 2 s is beyond";
  EXPECT_FALSE(elector->leads(bench.clock.now()));
}

TEST_F(LeaderTest, ABlipIsSurvived) {
  win();
  bench.http.reply_error(base::Failure::transient, "Timeout");
  bench.http.reply_with(answer(200, lease("me", 5))).reply_with(&stored).reply_with(&Bench::stop);
  EXPECT_TRUE(bench.stops(elector->hold()));
  EXPECT_TRUE(elector->leads(bench.clock.now()));
}

TEST_F(LeaderTest, DeposedBehindItsBack) {
  win();
  bench.http.reply_with(answer(409, status_json(409, "Conflict")));
  bench.http.reply_with(answer(200, lease("them", 9)));
  bench.run(elector->hold());
  EXPECT_FALSE(elector->leads(bench.clock.now()));
  EXPECT_EQ(elector->holder(), "them");
  EXPECT_EQ(bench.lines.count("taken by another"), 1);
}

TEST_F(LeaderTest, StoppedProcessNoticesThatItsTimeIsOver) {
  win();
  bench.clock.advance(seconds(60));  // SIGSTOP, suspend
  EXPECT_FALSE(elector->leads(bench.clock.now()));
  bench.run(elector->hold());
  EXPECT_TRUE(bench.http.seen.empty()) << "not a single late write";
}

TEST_F(LeaderTest, WallClockJumpsDoNotMatter) {
  win();
  bench.clock.set_wall_offset(-std::chrono::hours(1000));
  bench.http.reply_with(&stored).reply_with(&stored).reply_with(&Bench::stop);
  EXPECT_TRUE(bench.stops(elector->hold()));
  EXPECT_TRUE(elector->leads(bench.clock.now()));
}

TEST_F(LeaderTest, ReleaseHandsBack) {
  win();
  bench.http.reply_with(answer(200, lease("me", 3))).reply_with(&stored);
  bench.run(elector->release());
  EXPECT_FALSE(elector->leads(bench.clock.now()));
  const auto body = base::JsonDocument::parse(bench.http.seen.at(1).body);
  ASSERT_TRUE(body);
  EXPECT_EQ(base::string_at(body->root(), "spec.holderIdentity"), "");
  EXPECT_EQ(base::string_at(body->root(), "metadata.resourceVersion"), "3");
  EXPECT_EQ(bench.lines.count("handed back"), 1);
}

TEST_F(LeaderTest, ReleaseOfAnothersLeaseWritesNothing) {
  win();
  bench.http.reply_with(answer(200, lease("them", 3)));
  bench.run(elector->release());
  EXPECT_EQ(bench.http.seen.size(), 1U);
}

TEST_F(LeaderTest, ReleaseRepeatsAfterAConflict) {
  win();
  bench.http.reply_with(answer(200, lease("me", 3)))
      .reply_with(answer(409, status_json(409, "Conflict")));
  bench.http.reply_with(answer(200, lease("me", 4))).reply_with(&stored);
  bench.run(elector->release());
  EXPECT_TRUE(bench.http.exhausted());
}

TEST_F(LeaderTest, ReleaseGivesUpInTime) {
  win();
  for (int i = 0; i < 100; ++i) {
    bench.http.reply_error(base::Failure::transient, "ConnectionFailed");
  }
  const auto start = bench.clock.now();
  bench.run(elector->release());
  EXPECT_EQ(bench.clock.now() - start, seconds(10));
  EXPECT_EQ(bench.lines.count("could not be handed back"), 1);
}

TEST_F(LeaderTest, ReleaseWithoutALeaseDoesNothing) {
  bench.run(elector->release());
  EXPECT_TRUE(bench.http.seen.empty());
}

}  // namespace
}  // namespace edsm::kube
