#include "sync/status.hpp"

#include <initializer_list>
#include <optional>
#include <string>

#include <gtest/gtest.h>

#include "base/time.hpp"

namespace edsm::sync {
namespace {

using State = Report::State;

const base::WallTime kNow = *base::parse_rfc3339("2026-11-23T18:00:00.9Z");
const base::WallTime kLater = *base::parse_rfc3339("2026-11-23T19:00:00Z");
const std::string kNowText = "2026-11-23T18:00:00Z";
const std::string kLaterText = "2026-11-23T19:00:00Z";

Binding binding(BindingStatus status = {}, std::int64_t generation = 4) {
  Binding made;
  made.key = {"ns", "b"};
  made.uid = "u";
  made.generation = generation;
  made.status = std::move(status);
  return made;
}

const Applied kApplied{4, "k:h", "v1", "9", "monday", "sunday"};
const Report kSynced{State::synced, "Synced", std::string("fine")};
const Report kRetrying{State::retrying, "Throttled", std::string("slow")};
const Report kStalled{State::stalled, "AccessDenied", std::string("grant it")};

TEST(Status, NothingIsSaidBeforeAnythingIsKnown) {
  EXPECT_EQ(due_status(binding(), {}, kApplied, kNow), std::nullopt);
}

TEST(Status, ConditionsOfEachState) {
  struct Row {
    Report report;
    std::string ready;
    std::string stalled;
  };
  for (const auto& row : {Row{kSynced, "True", "False"}, Row{kRetrying, "False", "False"},
                          Row{kStalled, "False", "True"}}) {
    const auto status = wished_status(binding(), row.report, kApplied, kNow);
    ASSERT_EQ(status.conditions.size(), 3U);
    EXPECT_EQ(status.condition("Ready")->status, row.ready);
    EXPECT_EQ(status.condition("Synced")->status, row.ready);
    EXPECT_EQ(status.condition("Stalled")->status, row.stalled);
    EXPECT_EQ(status.condition("Other"), nullptr);
    EXPECT_EQ(status.reason, row.report.reason);
    EXPECT_EQ(status.message, *row.report.message);
    EXPECT_EQ(status.observed_generation, 4);
    for (const auto& condition : status.conditions) {
      EXPECT_EQ(condition.observed_generation, 4);
      EXPECT_EQ(condition.last_transition_time, kNowText);
    }
  }
}

TEST(Status, NoChangeGivesAnEqualStatus) {
  for (const auto& report : {kSynced, kRetrying, kStalled}) {
    const auto status = wished_status(binding(), report, kApplied, kNow);
    EXPECT_EQ(wished_status(binding(status), report, kApplied, kLater), status)
        << report.reason.view();
    EXPECT_EQ(due_status(binding(), report, kApplied, kNow), status) << report.reason.view();
    EXPECT_EQ(due_status(binding(status), report, kApplied, kLater), std::nullopt)
        << report.reason.view();
  }
}

TEST(Status, WhatWasShownIsNotSaidAgain) {
  Report shown = kStalled;
  shown.shown = true;
  shown.message = {};
  EXPECT_EQ(due_status(binding(), shown, kApplied, kNow), std::nullopt);
}

TEST(Status, EveryWordOfItCounts) {
  const auto shown = wished_status(binding(), kSynced, kApplied, kNow);
  const SeenStatus seen = shown;
  EXPECT_TRUE(seen.says(shown));
  using Change = void (*)(BindingStatus&);
  for (const Change change : std::initializer_list<Change>{
           [](BindingStatus& s) { s.observed_generation = 5; },
           [](BindingStatus& s) { s.applied_hash = "other"; },
           [](BindingStatus& s) { s.synced_version = "other"; },
           [](BindingStatus& s) { s.target_resource_version = "other"; },
           [](BindingStatus& s) { s.handled_sync_request = "other"; },
           [](BindingStatus& s) { s.last_synced_time = "other"; },
           [](BindingStatus& s) { s.last_changed_time = "other"; },
           [](BindingStatus& s) { s.reason = "other"; },
           [](BindingStatus& s) { s.message = "other"; },
           [](BindingStatus& s) { s.conditions.pop_back(); },
           [](BindingStatus& s) { s.conditions[0].type = "other"; },
           [](BindingStatus& s) { s.conditions[1].status = "other"; },
           [](BindingStatus& s) { s.conditions[2].reason = "other"; },
           [](BindingStatus& s) { s.conditions[0].message = "other"; },
           [](BindingStatus& s) { s.conditions[1].last_transition_time = "other"; },
           [](BindingStatus& s) { s.conditions[2].observed_generation = 5; }}) {
    auto other = shown;
    change(other);
    EXPECT_FALSE(seen.says(other));
  }
}

TEST(Status, TransitionTimesMoveOnlyWithTheStatus) {
  const auto synced = wished_status(binding(), kSynced, kApplied, kNow);
  const auto stalled = wished_status(binding(synced), kStalled, kApplied, kLater);
  EXPECT_EQ(stalled.condition("Ready")->last_transition_time, kLaterText);
  EXPECT_EQ(stalled.condition("Stalled")->last_transition_time, kLaterText);
  const Report other{State::stalled, "SourceGone", std::string("other words")};
  const auto still =
      wished_status(binding(stalled), other, kApplied, kLater + std::chrono::hours(1));
  EXPECT_EQ(still.condition("Ready")->last_transition_time, kLaterText)
      << "another reason is no transition";
  EXPECT_EQ(still.condition("Ready")->reason, "SourceGone");
  const auto retrying = wished_status(binding(synced), kRetrying, kApplied, kLater);
  EXPECT_EQ(retrying.condition("Stalled")->last_transition_time, kNowText);
}

TEST(Status, SyncTimeMovesOnlyWithTheVersion) {
  auto failing = wished_status(binding(), kRetrying, {}, kNow);
  EXPECT_EQ(failing.last_synced_time, "");
  auto status = wished_status(binding(failing), kSynced, kApplied, kNow);
  EXPECT_EQ(status.last_synced_time, kNowText);
  EXPECT_EQ(wished_status(binding(status), kSynced, kApplied, kLater).last_synced_time, kNowText);
  EXPECT_EQ(wished_status(binding(status), kRetrying, kApplied, kLater).last_synced_time, kNowText);
  Applied next = kApplied;
  next.version = "v2";
  EXPECT_EQ(wished_status(binding(status), kSynced, next, kLater).last_synced_time, kLaterText);
}

TEST(Status, ANewGenerationIsObserved) {
  const auto before = wished_status(binding(), kSynced, kApplied, kNow);
  const auto after = wished_status(binding(before, 5), kSynced, kApplied, kLater);
  EXPECT_EQ(after.observed_generation, 5);
  EXPECT_EQ(after.condition("Ready")->observed_generation, 5);
  EXPECT_EQ(after.condition("Ready")->last_transition_time, kNowText);
}

TEST(Status, AFailureKeepsWhatIsApplied) {
  const auto status = wished_status(binding(), kStalled, kApplied, kNow);
  EXPECT_EQ(status.applied_hash, "k:h");
  EXPECT_EQ(status.synced_version, "v1");
  EXPECT_EQ(status.target_resource_version, "9");
  EXPECT_EQ(status.handled_sync_request, "monday");
  EXPECT_EQ(status.last_changed_time, "sunday");
}

TEST(Status, LongMessagesAreCut) {
  const Report report{State::stalled, "X", std::string(5000, 'm')};
  const auto status = wished_status(binding(), report, {}, kNow);
  EXPECT_EQ(status.message.size(), 4096U);
  EXPECT_EQ(status.conditions.at(0).message.size(), 4096U);
}

TEST(Status, MessagesAreUtf8AlsoWhereTheyAreCut) {
  const std::pair<std::string, std::string> rows[] = {
      {std::string(4095, 'm') + "\xc3\xa4", std::string(4095, 'm')},
      {std::string(4094, 'm') + "\xc3\xa4x", std::string(4094, 'm') + "\xc3\xa4"},
      {"a\xff", "a?"}};
  for (const auto& [message, stored] : rows) {
    const auto status = wished_status(binding(), {State::stalled, "X", message}, {}, kNow);
    EXPECT_EQ(status.message, stored);
    EXPECT_EQ(status.conditions.at(0).message, stored);
  }
}

TEST(Status, PatchBody) {
  BindingStatus status;
  status.observed_generation = 4;
  status.applied_hash = "k:h";
  status.reason = "Synced";
  status.message = "a \"quoted\" word";
  status.conditions = {{"Ready", "True", "Synced", "m", kNowText, 4}};
  EXPECT_EQ(
      status_patch(binding(), status).view(),
      R"([{"op":"test","path":"/metadata/uid","value":"u"},{"op":"add","path":"/status","value":{"observedGeneration":4,"lastAppliedSecretHash":"k:h",)"
      R"("reason":"Synced","message":"a \"quoted\" word","conditions":[{"type":"Ready","status":"True",)"
      R"("reason":"Synced","message":"m","lastTransitionTime":"2026-11-23T18:00:00Z","observedGeneration":4}]}}])");
}

}  // namespace
}  // namespace edsm::sync
