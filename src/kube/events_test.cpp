#include "kube/events.hpp"

#include <gtest/gtest.h>

#include "kube/test_support.hpp"

namespace edsm::kube {
namespace {

using support::ScriptedHttp;
using test::answer;
using test::Bench;
using test::status_json;

class EventsTest : public ::testing::Test {
 protected:
  void record(std::string text = "n") {
    recorder.record({"v1", "Secret", "shop", "db", "u"}, EventType::warning, "Drift", "Heal",
                    std::move(text));
  }
  /// Runs until the script says stop.
  void run() { EXPECT_TRUE(bench.stops(recorder.run())); }
  bool dropped(int count) const {
    return bench.metrics.text().contains("edsm_kubernetes_events_dropped_total " +
                                         std::to_string(count) + "\n");
  }

  Bench bench;
  EventRecorder recorder{bench.api,     bench.clock,          bench.log,
                         bench.metrics, "edsm.io/controller", "me"};
};

TEST_F(EventsTest, CreatesThenPatches) {
  bench.http.reply_with([this](const ScriptedHttp::Seen& seen) {
    record();  // the second, while the first is under way
    return answer(201, "{}")(seen);
  });
  bench.http.reply_with(answer(200, "{}"));
  record();
  bench.run(recorder.flush(base::Instant::max()));
  ASSERT_EQ(bench.http.seen.size(), 2U);
  EXPECT_EQ(bench.http.seen[0].method, net::Method::post);
  EXPECT_EQ(bench.http.seen[0].url,
            "https://k:6443/base/apis/events.k8s.io/v1/namespaces/shop/events?fieldManager=edsm");
  EXPECT_TRUE(bench.http.seen[1].body.contains(R"("count":2)"));
}

TEST_F(EventsTest, PatchOfASeries) {
  record();
  bench.http.reply_with(answer(201, "{}"));
  bench.run(recorder.flush(base::Instant::max()));
  record();
  bench.http.reply_with(answer(200, "{}"));
  bench.run(recorder.flush(base::Instant::max()));
  ASSERT_EQ(bench.http.seen.size(), 2U);
  const auto& patch = bench.http.seen[1];
  EXPECT_EQ(patch.method, net::Method::patch);
  EXPECT_TRUE(patch.url.contains("/namespaces/shop/events/db."));
  EXPECT_EQ(patch.headers.find("content-type"), "application/strategic-merge-patch+json");
  EXPECT_TRUE(patch.body.contains(R"("count":2)"));
}

TEST_F(EventsTest, TransientFailuresAreRetriedUnderTheSameName) {
  record();
  bench.http.reply_error(base::Failure::transient, "ConnectionLost");
  bench.http.reply_with(answer(429, "", {{"Retry-After", "20"}}));
  bench.http.reply_with(answer(409, status_json(409, "AlreadyExists")));
  bench.run(recorder.flush(base::Instant::max()));
  ASSERT_EQ(bench.http.seen.size(), 3U);
  EXPECT_EQ(bench.http.seen[0].body, bench.http.seen[2].body);
  EXPECT_EQ(bench.clock.slept(), std::chrono::seconds(20));
  EXPECT_TRUE(dropped(0)) << "it exists: the first attempt had arrived";
}

TEST_F(EventsTest, DroppedAfterAFewTries) {
  record();
  for (int i = 0; i < 9; ++i) bench.http.reply_with(answer(503));
  bench.run(recorder.flush(base::Instant::max()));
  EXPECT_EQ(bench.http.seen.size(), 5U);
  EXPECT_TRUE(dropped(1));
  EXPECT_EQ(bench.lines.count("an Event was dropped"), 1);
}

TEST_F(EventsTest, RejectionsAreNotRetried) {
  for (const int status : {400, 403, 404, 422}) {
    Bench fresh;
    EventRecorder one(fresh.api, fresh.clock, fresh.log, fresh.metrics, "edsm.io/controller", "me");
    one.record({"v1", "Secret", "shop", "db", "u"}, EventType::normal, "R", "A", "n");
    fresh.http.reply_with(answer(status));
    fresh.run(one.flush(base::Instant::max()));
    EXPECT_EQ(fresh.http.seen.size(), 1U) << status;
    EXPECT_TRUE(fresh.metrics.text().contains("edsm_kubernetes_events_dropped_total 1\n"));
  }
}

TEST_F(EventsTest, TerminatingNamespaceIsNoNews) {
  record();
  bench.http.reply_with(answer(
      403,
      status_json(403, "Forbidden", "m", R"({"causes":[{"reason":"NamespaceTerminating"}]})")));
  bench.run(recorder.flush(base::Instant::max()));
  EXPECT_TRUE(dropped(1));
  EXPECT_TRUE(bench.lines.all.empty());
}

TEST_F(EventsTest, RefusalsAreSaidOnce) {
  for (int i = 0; i < 3; ++i) {
    record(std::to_string(i));
    bench.http.reply_with(answer(403, status_json(403, "Forbidden")));
  }
  bench.run(recorder.flush(base::Instant::max()));
  EXPECT_TRUE(dropped(3));
  EXPECT_EQ(bench.lines.count("an Event was dropped"), 1);
}

TEST_F(EventsTest, ExpiredEventOfASeriesIsCreatedAnew) {
  record();
  bench.http.reply_with(answer(201, "{}"));
  bench.run(recorder.flush(base::Instant::max()));
  record();
  bench.http.reply_with(answer(404, status_json(404, "NotFound"))).reply_with(answer(201, "{}"));
  bench.run(recorder.flush(base::Instant::max()));
  EXPECT_EQ(bench.http.seen[2].method, net::Method::post);
  EXPECT_TRUE(dropped(0));
}

TEST_F(EventsTest, FlushEndsInTime) {
  record("a");
  record("b");
  for (int i = 0; i < 9; ++i) bench.http.reply_with(answer(503, "", {{"Retry-After", "2"}}));
  const auto start = bench.clock.now();
  bench.run(recorder.flush(start + std::chrono::seconds(3)));
  EXPECT_LE(bench.clock.now() - start, std::chrono::seconds(3));
  EXPECT_LE(bench.http.seen.back().timeout, std::chrono::seconds(3));
}

TEST_F(EventsTest, RunWritesInOrder) {
  record("a");
  record("b");
  bench.http.reply_with(answer(201, "{}")).reply_with(&Bench::stop);
  run();
  EXPECT_TRUE(bench.http.seen[0].body.contains(R"("note":"a")"));
  EXPECT_TRUE(bench.http.seen[1].body.contains(R"("note":"b")"));
}

}  // namespace
}  // namespace edsm::kube
