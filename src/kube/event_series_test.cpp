#include "kube/event_series.hpp"

#include <set>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "base/json.hpp"

namespace edsm::kube {
namespace {

using base::Instant;
using std::chrono::minutes;
using std::chrono::seconds;
using Verdict = EventSeries::Verdict;

EventNote note(std::string text = "n", std::string object = "db", std::string reason = "Updated") {
  return {{"v1", "Secret", "shop", std::move(object), "u1"},
          EventType::normal,
          std::move(reason),
          "Apply",
          std::move(text)};
}

class EventSeriesTest : public ::testing::Test {
 protected:
  Verdict add(EventNote each) { return series.add(std::move(each), now, wall()); }
  base::WallTime wall() const { return base::WallTime(now.time_since_epoch()); }
  /// Writes everything that is due; how many.
  int write_all() {
    int count = 0;
    for (; series.next(now); ++count) series.done(now);
    return count;
  }
  base::JsonDocument body() {
    const auto write = series.next(now);
    auto document = base::JsonDocument::parse(write ? write->body.view() : "null");
    return std::move(*document);
  }

  EventSeries series{"edsm.io/controller", "pod-1"};
  Instant now{std::chrono::hours(1)};
};

TEST_F(EventSeriesTest, BodyOfANewEvent) {
  EXPECT_EQ(add(note()), Verdict::queued);
  const auto write = series.next(now);
  ASSERT_TRUE(write);
  EXPECT_TRUE(write->create);
  EXPECT_EQ(write->ns, "shop");
  EXPECT_EQ(write->body.view(),
            fmt::format(R"({{"apiVersion":"events.k8s.io/v1","kind":"Event",)"
                        R"("metadata":{{"name":"{}","namespace":"shop"}},)"
                        R"("eventTime":"1970-01-01T01:00:00.000000Z",)"
                        R"("reportingController":"edsm.io/controller","reportingInstance":"pod-1",)"
                        R"("action":"Apply","reason":"Updated",)"
                        R"("regarding":{{"apiVersion":"v1","kind":"Secret","namespace":"shop",)"
                        R"("name":"db","uid":"u1"}},"note":"n","type":"Normal"}})",
                        write->name));
  EXPECT_TRUE(write->name.starts_with("db."));
}

TEST_F(EventSeriesTest, ClusterScopedObjectsAreToldInDefault) {
  EventNote each = note();
  each.about.ns.clear();
  add(each);
  const auto write = series.next(now);
  EXPECT_EQ(write->ns, "default");
  EXPECT_TRUE(write->body.view().contains(R"("namespace":"default"})"));
  EXPECT_FALSE(write->body.view().contains(R"("kind":"Secret","namespace")"));
}

TEST_F(EventSeriesTest, AWriteStaysUntilItsFateIsKnown) {
  add(note());
  const std::string name = series.next(now)->name;
  EXPECT_EQ(series.next(now)->name, name);
  series.done(now);
  EXPECT_FALSE(series.next(now));
  EXPECT_EQ(series.waiting(), 0U);
}

TEST_F(EventSeriesTest, TheSecondMakesASeriesAtOnce) {
  add(note());
  const std::string name = series.next(now)->name;
  series.done(now);
  now += seconds(1);
  EXPECT_EQ(add(note()), Verdict::counted);
  const auto write = series.next(now);
  ASSERT_TRUE(write);
  EXPECT_FALSE(write->create);
  EXPECT_EQ(write->name, name);
  EXPECT_EQ(write->body.view(),
            R"({"series":{"count":2,"lastObservedTime":"1970-01-01T01:00:01.000000Z"}})");
}

TEST_F(EventSeriesTest, LaterOnesAreWrittenEveryFiveMinutes) {
  add(note());
  write_all();
  add(note());
  EXPECT_EQ(write_all(), 1);
  const Instant written = now;
  for (int i = 0; i < 50; ++i) {
    now += seconds(4);
    EXPECT_EQ(add(note()), Verdict::counted);
    EXPECT_EQ(write_all(), 0);
  }
  EXPECT_EQ(series.due(), written + minutes(5));
  now = written + minutes(5);
  EXPECT_EQ(base::int_at(body().root(), "series.count"), 52);
  EXPECT_EQ(write_all(), 1);
  EXPECT_EQ(series.due(), std::nullopt);
}

TEST_F(EventSeriesTest, OnesThatComeDuringTheFirstWriteAreNotLost) {
  add(note());
  ASSERT_TRUE(series.next(now));
  add(note());
  add(note());
  series.done(now);
  EXPECT_EQ(series.due(), now);
  EXPECT_EQ(base::int_at(body().root(), "series.count"), 3);
}

TEST_F(EventSeriesTest, OnesThatComeBeforeTheFirstWriteAreInIt) {
  add(note());
  add(note());
  EXPECT_EQ(base::int_at(body().root(), "series.count"), 2);
  EXPECT_EQ(write_all(), 1);
}

TEST_F(EventSeriesTest, SixMinutesOfSilenceEndASeries) {
  add(note());
  const std::string name = series.next(now)->name;
  write_all();
  now += minutes(6);
  EXPECT_EQ(add(note()), Verdict::queued);
  const auto write = series.next(now);
  EXPECT_TRUE(write->create);
  EXPECT_NE(write->name, name);
}

TEST_F(EventSeriesTest, WhatMakesThemDifferent) {
  EventNote warning = note();
  warning.type = EventType::warning;
  EventNote other_uid = note();
  other_uid.about.uid = "u2";
  EventNote other_action = note();
  other_action.action = "Roll";
  add(note());
  for (const EventNote& each : {note("another text"), note("n", "db2"), note("n", "db", "Failed"),
                                warning, other_uid, other_action}) {
    EXPECT_EQ(add(each), Verdict::queued);
  }
  EXPECT_EQ(write_all(), 7);
}

TEST_F(EventSeriesTest, AnObjectMaySayTwentyFiveThenOneInFiveMinutes) {
  for (int i = 0; i < 25; ++i) EXPECT_EQ(add(note(std::to_string(i))), Verdict::queued);
  EXPECT_EQ(add(note("x")), Verdict::limited);
  EXPECT_EQ(add(note("0")), Verdict::counted) << "series cost nothing";
  EXPECT_EQ(add(note("x", "other")), Verdict::queued) << "others are not concerned";
  now += seconds(299);
  EXPECT_EQ(add(note("x")), Verdict::limited);
  now += seconds(1);
  EXPECT_EQ(add(note("x")), Verdict::queued);
  EXPECT_EQ(add(note("y")), Verdict::limited);
}

TEST_F(EventSeriesTest, TokensDoNotPileUp) {
  add(note("0"));
  now += std::chrono::hours(1000);
  int queued = 0;
  for (int i = 1; i < 100; ++i) queued += add(note(std::to_string(i))) == Verdict::queued ? 1 : 0;
  EXPECT_EQ(queued, 25);
}

TEST_F(EventSeriesTest, QueueIsBounded) {
  for (int i = 0; i < 1000; ++i)
    EXPECT_EQ(add(note("n", "o" + std::to_string(i))), Verdict::queued);
  EXPECT_EQ(add(note("n", "one-more")), Verdict::full);
  EXPECT_EQ(series.waiting(), 1000U);
  EXPECT_EQ(write_all(), 1000);
  EXPECT_EQ(add(note("n", "one-more")), Verdict::queued);
}

TEST_F(EventSeriesTest, OnlyTheLatest1024AreRemembered) {
  for (int i = 0; i < 1025; ++i) {
    EXPECT_EQ(add(note("n", "o" + std::to_string(i))), Verdict::queued);
    write_all();
  }
  EXPECT_EQ(add(note("n", "o1024")), Verdict::counted);
  EXPECT_EQ(add(note("n", "o0")), Verdict::queued) << "forgotten: a new Event";
}

TEST_F(EventSeriesTest, ExpiredEventIsCreatedAnew) {
  add(note());
  const std::string name = series.next(now)->name;
  write_all();
  add(note());
  ASSERT_FALSE(series.next(now)->create);
  series.again_as_new(wall());
  const auto write = series.next(now);
  EXPECT_TRUE(write->create);
  EXPECT_NE(write->name, name);
  EXPECT_EQ(base::int_at(body().root(), "series.count"), 2);
}

TEST_F(EventSeriesTest, DroppedOnesAreForgotten) {
  add(note());
  series.next(now);
  series.drop();
  EXPECT_EQ(series.waiting(), 0U);
  EXPECT_EQ(add(note()), Verdict::queued);
  series.next(now);
  series.done(now);
  series.done(now);  // nothing is in flight: no harm
  series.drop();
}

TEST_F(EventSeriesTest, NamesAreUniqueAndValid) {
  std::set<std::string> names;
  for (int i = 0; i < 25; ++i) {
    add(note(std::to_string(i), std::string(236, 'a') + "." + std::string(16, 'b')));
    const auto write = series.next(now);
    EXPECT_LE(write->name.size(), 253U);
    EXPECT_FALSE(write->name.contains(".."));
    names.insert(write->name);
    series.done(now);
  }
  EXPECT_EQ(names.size(), 25U);
}

TEST(CleanText, IsCutOnCharactersAndMadeUtf8) {
  EXPECT_EQ(clean_text("abc", 1024), "abc");
  EXPECT_EQ(clean_text(std::string(1025, 'x'), 1024).size(), 1024U);
  EXPECT_EQ(clean_text("a\xE2\x82\xAC", 3), "a");
  EXPECT_EQ(clean_text("a\xE2\x82\xAC", 4), "a\xE2\x82\xAC");
  EXPECT_EQ(clean_text("\xF0\x9F\x94\x91", 4), "\xF0\x9F\x94\x91");
  EXPECT_EQ(clean_text("a\xFF"
                       "b\xE2\x82",
                       1024),
            "a?b??");
  EXPECT_EQ(clean_text("\xC0\x80", 1024), "??") << "overlong";
  EXPECT_EQ(clean_text("\xED\xA0\x80", 1024), "???") << "surrogate";
  EXPECT_EQ(clean_text("\xF4\x90\x80\x80", 1024), "????") << "beyond Unicode";
}

}  // namespace
}  // namespace edsm::kube
