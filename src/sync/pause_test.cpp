#include "sync/pause.hpp"

#include <gtest/gtest.h>

#include "base/time.hpp"
#include "support/sync_values.hpp"
#include "sync/plan.hpp"

namespace edsm::sync {
namespace {

using State = Pause::State;

const base::WallTime kNow = *base::parse_rfc3339("2026-12-01T12:00:00Z");

TEST(Pause, Table) {
  struct Row {
    std::string_view annotation;
    State state;
    std::string_view until = "1970-01-01T00:00:00.000000Z";
  };
  const Row rows[] = {
      {"", State::none},
      {"2026-12-01T12:00:01Z", State::holds, "2026-12-01T12:00:01.000000Z"},
      {"2026-12-01T12:00:00.000001Z", State::holds, "2026-12-01T12:00:00.000001Z"},
      {"2026-12-01T12:00:00Z", State::over, "2026-12-01T12:00:00.000000Z"},
      {"2026-12-01T11:59:59Z", State::over, "2026-12-01T11:59:59.000000Z"},
      {"1970-01-01T00:00:00Z", State::over, "1970-01-01T00:00:00.000000Z"},
      {"9999-12-31T23:59:59Z", State::holds, "9999-12-31T23:59:59.000000Z"},
      // A zone counts: the same hour is another time elsewhere.
      {"2026-12-01T13:30:00+02:00", State::over, "2026-12-01T11:30:00.000000Z"},
      {"2026-12-01T07:30:00-05:00", State::holds, "2026-12-01T12:30:00.000000Z"},
      {"2026-12-02T00:00:00", State::malformed},
      {"2026-12-02", State::malformed},
      {"2026-02-30T00:00:00Z", State::malformed},
      {"2026-12-02T25:00:00Z", State::malformed},
      {"tomorrow", State::malformed},
      {"true", State::malformed},
      {"2h", State::malformed},
      {" 2026-12-02T00:00:00Z", State::malformed},
      {"1796126400", State::malformed},
  };
  for (const auto& row : rows) {
    const auto pause = judge_pause(row.annotation, kNow);
    EXPECT_EQ(pause.state, row.state) << row.annotation;
    EXPECT_EQ(pause.holds(), row.state == State::holds) << row.annotation;
    EXPECT_EQ(base::rfc3339_micro(pause.until), row.until) << row.annotation;
  }
}

TEST(Pause, SaysUntilWhenAndHowItEnds) {
  const std::string_view annotation = "2026-12-01T14:00:00+01:00";
  EXPECT_EQ(describe_pause(judge_pause(annotation, kNow), annotation),
            "paused until 2026-12-01T13:00:00Z by the annotation secrets.edsm.io/paused-until: "
            "until then nothing is read, written or restarted for it; removing the annotation ends "
            "the pause");
}

TEST(Pause, WhatIsNoTimeIsNamedWithTheRemedyAndCutShort) {
  const std::string annotation(5000, 'x');
  const auto text = describe_pause(judge_pause(annotation, kNow), annotation);
  EXPECT_LT(text.size(), 300U);
  EXPECT_NE(text.find("\"xxxx"), std::string::npos) << text;
  EXPECT_NE(text.find("such as 2026-12-01T12:00:00Z, or remove it"), std::string::npos) << text;
}

TEST(Plan, APauseComesBeforeEverythingButADeletion) {
  const auto digester = support::digester();
  Binding binding;
  binding.key = {"ns", "b"};
  Facts facts(binding, digester);
  facts.spec_error = base::Error{base::Failure::invalid, "UnknownProvider", "", std::nullopt};
  facts.rival = base::ObjectKey{"ns", "older"};
  facts.wishes.fetch = true;
  struct Row {
    State state;
    bool deleting;
    Plan::Action action;
  };
  for (const auto& row :
       {Row{State::holds, false, Plan::Action::rest}, Row{State::holds, true, Plan::Action::forget},
        Row{State::over, false, Plan::Action::stop},
        Row{State::malformed, false, Plan::Action::stop},
        Row{State::none, false, Plan::Action::stop}}) {
    facts.pause.state = row.state;
    binding.deleting = row.deleting;
    EXPECT_EQ(plan(facts).action, row.action) << static_cast<int>(row.state);
  }
}

}  // namespace
}  // namespace edsm::sync
