#include "cli/commands/timeline.hpp"

#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "base/time.hpp"
#include "support/sync_values.hpp"

namespace edsm::cli {
namespace {

base::WallTime at(const std::string& time) {
  return *base::parse_rfc3339("2026-11-28T" + time + "Z");
}

/// A Secret that took version v2 at 18:20:01.1, and one Deployment of two pods that was restarted.
Traces traces() {
  Traces made;
  auto& [binding, status] = made.reported;
  binding.key = {"shop", "db"};
  binding.query = cloud::SecretQuery{"prod/db", {}};
  binding.target.name = "db";
  status.applied_hash = "k:2";
  status.synced_version = "v2";
  status.last_synced_time = "2026-11-28T18:20:01Z";
  status.conditions = {{"Ready", "True", "Synced", "", "", 0}};
  made.target.emplace().changed_at = "2026-11-28T18:20:01.100000Z";
  made.events = {{"Created", "Secret db now holds version v1 of prod/db", {at("10:00:00")}},
                 {"Updated",
                  "Secret db now holds version v2 of prod/db (changed 2026-11-28T18:20:00Z, queued "
                  "2026-11-28T18:20:00.900Z, received 2026-11-28T18:20:01.050Z)",
                  {at("18:20:01.125")}}};
  TracedWorkload api;
  api.consumer.workload.key = {"shop", "api"};
  api.consumer.workload.created = at("09:00:00");
  api.consumer.workload.records["db"] = {"k:2", "2026-11-28T18:20:01.100000Z"};
  api.consumer.pods = 2;
  api.mark = "m2";
  api.events = {{"SecretChanged",
                 "restarted, because Secret db changed",
                 {at("10:00:02"), at("18:20:02.2")}}};
  api.revisions = {{"ReplicaSet", "api-1", "m1", at("10:00:02")},
                   {"ReplicaSet", "api-2", "m2", at("18:20:02")},
                   {"ReplicaSet", "api-3", "m2", at("18:40:00")}};
  api.pods = {{"m1", at("10:00:05")}, {"m2", at("18:20:04")}, {"m2", at("18:20:09")}};
  made.workloads = {api};
  return made;
}

/// "restart=waiting" for each step.
std::vector<std::string> states(const Traces& traces) {
  static const std::vector<std::string> words = {"done", "unknown", "waiting", "none"};
  std::vector<std::string> text;
  for (const auto& step : timeline_of(traces).steps) {
    text.push_back(step.name + "=" + words.at(static_cast<std::size_t>(step.state)));
  }
  return text;
}

TEST(Timeline, ATableOfAChangeThatReachedItsPods) {
  EXPECT_EQ(
      show_trace(traces(), at("18:25:01"), Output::table),
      "Secret shop/db holds version v2 of prod/db since 5m.\n"
      "\n"
      "TIME (UTC)               AFTER    STEP      WHAT\n"
      "2026-11-28 18:20:00      +0s      cloud     the value changed, says the event\n"
      "2026-11-28 18:20:00.900  +0.000s  queued    the event was in the queue\n"
      "2026-11-28 18:20:01.050  +0.150s  received  the controller had the event\n"
      "2026-11-28 18:20:01.100  +0.200s  fetched   the new value was at hand, its write began\n"
      "2026-11-28 18:20:01.125  +0.225s  written   the API server had answered the write\n"
      "2026-11-28 18:20:01      +1s      status    the version was noted in the status\n"
      "2026-11-28 18:20:02.200  +1.300s  restart   Deployment/api: its pod template was changed\n"
      "2026-11-28 18:20:02      +2s      new pods  Deployment/api: ReplicaSet api-2 was made\n"
      "2026-11-28 18:20:09      +9s      ready     Deployment/api: 2 of 2 pods are new and "
      "ready\n");
}

TEST(Timeline, WhatNoEventTold) {
  using Rows = std::vector<std::string>;
  const auto lines = [](std::string_view note) {
    auto made = traces();
    made.workloads.clear();
    if (note.empty()) made.events.clear();
    if (!note.empty()) made.events[1].note = note;
    std::vector<std::string> told;
    for (const auto& step : timeline_of(made).steps) {
      if (!step.at) told.push_back(step.name + ": " + step.detail);
    }
    return told;
  };
  const std::string held = "Secret db now holds version v2 of prod/db";
  const std::string none = "no event told of this value: it was read first, or by the sweep";
  const std::string gone = "no Event of it: Kubernetes keeps them for an hour";
  EXPECT_EQ(lines(held), (Rows{"cloud: " + none, "queued: " + none, "received: " + none}));
  EXPECT_EQ(lines(held + " (received 2026-11-28T18:20:01Z)"),
            (Rows{"cloud: the event did not say", "queued: the event did not say"}));
  EXPECT_EQ(lines(""),
            (Rows{"cloud: " + gone, "queued: " + gone, "received: " + gone, "written: " + gone}));
}

TEST(Timeline, TimesAreCountedFromTheFirstThatIsExact) {
  auto made = traces();
  made.events[1].note =
      "Secret db now holds version v2 of prod/db (changed 2026-11-28T18:19:58Z, "
      "queued 2026-11-28T18:20:00.900Z, received 2026-11-28T18:20:01.050Z)";
  const auto text = show_trace(made, at("18:25:01"), Output::table);
  EXPECT_TRUE(text.contains("2026-11-28 18:19:58      -2s      cloud ")) << text;
  EXPECT_TRUE(text.contains("2026-11-28 18:20:00.900  +0.000s  queued ")) << text;
}

TEST(Timeline, WhatIsMissingIsToldApart) {
  using Change = void (*)(Traces&);
  using Words = std::vector<std::string>;
  const auto with = [](Change change) {
    auto made = traces();
    change(made);
    auto all = states(made);
    return Words(all.begin() + 3, all.end());  // without cloud, queued and received
  };
  EXPECT_EQ(with([](Traces& t) { t.events.clear(); }),
            (Words{"fetched=done", "written=unknown", "status=done", "restart=done",
                   "new pods=done", "ready=done"}));
  EXPECT_EQ(with([](Traces& t) { t.target->changed_at = {}; }),
            (Words{"fetched=unknown", "written=unknown", "status=done", "restart=unknown"}));
  EXPECT_EQ(with([](Traces& t) { t.target.reset(); }),
            (Words{"fetched=done", "written=done", "status=done", "restart=done", "new pods=done",
                   "ready=done"}))
      << "the workload's record knows the time, too";
  EXPECT_EQ(with([](Traces& t) { t.workloads[0].consumer.workload.records["db"].digest = "k:1"; }),
            (Words{"fetched=done", "written=done", "status=done", "restart=waiting"}));
  EXPECT_EQ(with([](Traces& t) { t.workloads[0].pods.pop_back(); }).back(), "ready=waiting");
  EXPECT_EQ(with([](Traces& t) { t.workloads[0].consumer.pods = 0; }).back(), "ready=none");
  EXPECT_EQ(with([](Traces& t) { t.workloads[0].events.clear(); }),
            (Words{"fetched=done", "written=done", "status=done", "restart=unknown",
                   "new pods=done", "ready=done"}));
  EXPECT_EQ(with([](Traces& t) {
              t.workloads[0].events.clear();
              t.workloads[0].mark.clear();
            }).back(),
            "restart=none");
  EXPECT_EQ(with([](Traces& t) {
              t.workloads[0].revisions.clear();
              t.workloads[0].consumer.paused = true;
            }).back(),
            "new pods=waiting");
  EXPECT_EQ(with([](Traces& t) {
              t.workloads[0].revisions.clear();
              t.workloads[0].trouble = "may not list replicasets";
            }).back(),
            "new pods=unknown");
  EXPECT_EQ(
      with([](Traces& t) { t.workloads[0].consumer.workload.annotation_error = "bad"; }).back(),
      "restart=waiting");
}

TEST(Timeline, AnEventIsOfTheSecretsThatItNames) {
  const std::pair<std::string, bool> rows[] = {
      {"restarted, because Secret db changed", true},
      {"restarted, because Secret a, db changed; paused", true},
      {"restarted, because Secret db, a changed", true},
      {"restarted, because Secret db2 changed", false},
      {"restarted, because Secret my-db changed", false},
  };
  for (const auto& [note, ours] : rows) {
    auto made = traces();
    made.workloads[0].events[0].note = note;
    const auto steps = timeline_of(made).steps;
    ASSERT_EQ(steps.at(6).name, "restart");
    EXPECT_EQ(steps.at(6).at.has_value(), ours) << note;
  }
}

TEST(Timeline, BeforeTheFirstSync) {
  auto made = traces();
  made.reported.status = {};
  const auto text = show_trace(made, at("18:25:01"), Output::table);
  EXPECT_EQ(text,
            "shop/db was never in sync: there is nothing to trace.\n"
            "Ready is Unknown: NotObserved: the controller has not looked at it yet: is it "
            "running?\n");
}

TEST(Timeline, Json) {
  const auto object = support::json(show_trace(traces(), at("18:25:01"), Output::json));
  EXPECT_EQ(object.at("version"), "v2");
  const auto& steps = object.at("steps").as_array();
  ASSERT_EQ(steps.size(), 9U);
  EXPECT_EQ(steps[0].at("time"), "2026-11-28T18:20:00Z");
  EXPECT_EQ(steps[0].at("state"), "done");
  EXPECT_EQ(steps[3].at("time"), "2026-11-28T18:20:01.100000Z");
  EXPECT_EQ(steps[8].at("time"), "2026-11-28T18:20:09Z");
  EXPECT_EQ(steps[8].at("workload"), "Deployment/api");
  auto silent = traces();
  silent.events.clear();
  const auto unknown = support::json(show_trace(silent, at("18:25:01"), Output::json));
  EXPECT_TRUE(unknown.at("steps").as_array()[0].at("time").is_null());
  EXPECT_EQ(unknown.at("steps").as_array()[0].at("state"), "unknown");
}

TEST(SelectorText, OfEveryOperator) {
  EXPECT_EQ(selector_text(support::json(
                R"({"matchLabels":{"app":"a","tier":"b"},"matchExpressions":[
                {"key":"x","operator":"In","values":["1","2"]},
                {"key":"y","operator":"NotIn","values":["3"]},
                {"key":"z","operator":"Exists"},{"key":"w","operator":"DoesNotExist"}]})")),
            "app=a,tier=b,x in (1,2),y notin (3),z,!w");
  EXPECT_EQ(selector_text(support::json("{}")), "");
}

}  // namespace
}  // namespace edsm::cli
