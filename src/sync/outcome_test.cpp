#include "sync/outcome.hpp"

#include <string_view>

#include <gtest/gtest.h>

namespace edsm::sync {
namespace {

using namespace std::chrono_literals;
using base::Failure;
using State = Report::State;
using Step = Outcome::Step;

base::Error error(Failure failure,
                  std::optional<std::chrono::milliseconds> retry_after = std::nullopt) {
  return {failure, "Code", "the text", retry_after};
}

TEST(RetryDelay, Table) {
  struct Row {
    base::Error what;
    std::optional<base::Duration> least;
  };
  const Row rows[] = {
      {error(Failure::transient), 0s},
      {error(Failure::conflict), 0s},
      {error(Failure::expired), 0s},
      {error(Failure::throttled), 0s},
      {error(Failure::throttled, 7s), 7s},
      {error(Failure::transient, 1500ms), 1500ms},
      {error(Failure::credentials), 3s},
      {error(Failure::absent), 5s},
      {error(Failure::refused), 1s},
      {error(Failure::invalid), std::nullopt},
      {error(Failure::cancelled), std::nullopt},
  };
  for (const auto& row : rows) {
    base::Backoff backoff(250ms, 5min);
    const auto least = retry_delay(row.what, backoff, 0);
    EXPECT_EQ(least, row.least) << base::to_string(row.what.failure);
    if (!row.least) continue;
    base::Backoff fresh(250ms, 5min);
    const auto drawn = retry_delay(row.what, fresh, 250'000);  // microseconds
    EXPECT_EQ(drawn, *row.least + 250ms) << base::to_string(row.what.failure);
  }
}

TEST(RetryDelay, ARefusalIsTriedAgainSoonThreeTimes) {
  base::Backoff backoff(250ms, 5min);
  for (const base::Duration least : {1s, 5s, 15s, 30s, 30s}) {
    EXPECT_EQ(retry_delay(error(Failure::refused), backoff, 0), least);
  }
}

TEST(RetryDelay, GrowsToItsCap) {
  base::Backoff backoff(250ms, 5min);
  const std::uint64_t most = 300'000'000;  // five minutes in microseconds
  for (int i = 0; i < 20; ++i) retry_delay(error(Failure::transient), backoff, most);
  EXPECT_EQ(retry_delay(error(Failure::transient), backoff, most), base::Duration(5min));
}

TEST(FailureReport, Table) {
  struct Row {
    Step step;
    Failure failure;
    State state;
    std::string_view reason;
  };
  const Row rows[] = {
      {Step::plan, Failure::invalid, State::stalled, "Code"},
      {Step::plan, Failure::refused, State::stalled, "Code"},
      {Step::plan, Failure::conflict, State::retrying, "Code"},
      {Step::shape, Failure::invalid, State::stalled, "Code"},
      {Step::fetch, Failure::refused, State::stalled, "AccessDenied"},
      {Step::fetch, Failure::absent, State::stalled, "SourceGone"},
      {Step::fetch, Failure::invalid, State::stalled, "SourceInvalid"},
      {Step::fetch, Failure::credentials, State::retrying, "CredentialsRejected"},
      {Step::fetch, Failure::throttled, State::retrying, "Throttled"},
      {Step::fetch, Failure::transient, State::retrying, "SourceUnavailable"},
      {Step::apply, Failure::refused, State::stalled, "Forbidden"},
      {Step::apply, Failure::invalid, State::stalled, "TargetRefused"},
      {Step::apply, Failure::absent, State::stalled, "NamespaceGone"},
      {Step::apply, Failure::conflict, State::retrying, "Conflict"},
      {Step::apply, Failure::credentials, State::retrying, "Unauthorized"},
      {Step::apply, Failure::throttled, State::retrying, "Throttled"},
      {Step::apply, Failure::transient, State::retrying, "KubernetesUnavailable"},
      {Step::inspect, Failure::refused, State::stalled, "Forbidden"},
      {Step::inspect, Failure::transient, State::retrying, "KubernetesUnavailable"},
  };
  for (const auto& row : rows) {
    const auto report = failure_report(failure(row.step, error(row.failure)));
    EXPECT_EQ(report.state, row.state) << row.reason;
    EXPECT_EQ(report.reason, row.reason);
    EXPECT_TRUE(report.message->starts_with("the text")) << row.reason;
  }
}

TEST(FailureReport, AGoneSourceSaysThatTheSecretStays) {
  const auto report = failure_report(failure(Step::fetch, error(Failure::absent)));
  EXPECT_NE(report.message->find("keeps its last value"), std::string::npos);
}

}  // namespace
}  // namespace edsm::sync
