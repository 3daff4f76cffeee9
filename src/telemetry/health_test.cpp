#include "telemetry/health.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace edsm::telemetry {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::IsEmpty;

constexpr base::Instant start{1h};

TEST(HealthTest, ALoopThatBreaksItsPromiseIsStuckUntilItsNextBeat) {
  Health health;
  health.expect("queue sqs/eu-west-1/q", 60s, start);
  health.expect("watch", 1500ms, start);
  EXPECT_THAT(health.stuck(start + 1500ms), IsEmpty());
  EXPECT_THAT(health.stuck(start + 1600ms), ElementsAre("watch: silent for 1.6 s, limit 1.5 s"));
  health.beat("watch", start + 74s);
  EXPECT_THAT(health.stuck(start + 75s),
              ElementsAre("queue sqs/eu-west-1/q: silent for 75 s, limit 60 s"));
  health.beat("queue sqs/eu-west-1/q", start + 75s);
  EXPECT_THAT(health.stuck(start + 75s), IsEmpty());
}

TEST(HealthTest, ForgottenAndUnknownLoopsAreNotMissed) {
  Health health;
  health.expect("watch", 1s, start);
  health.forget("watch");
  health.forget("watch");
  health.beat("watch", start);
  health.beat("never expected", start);
  EXPECT_THAT(health.stuck(start + 1h), IsEmpty());
}

TEST(HealthTest, ExpectingAgainStartsAnew) {
  Health health;
  health.expect("watch", 1s, start);
  health.expect("watch", 10s, start + 1h);
  EXPECT_THAT(health.stuck(start + 1h + 10s), IsEmpty());
  EXPECT_THAT(health.stuck(start + 1h + 11s), ElementsAre("watch: silent for 11 s, limit 10 s"));
}

TEST(HealthTest, ReadyWhenEveryConditionIsFulfilled) {
  Health health;
  EXPECT_THAT(health.missing(), IsEmpty());
  health.require("targets listed");
  health.require("bindings listed");
  EXPECT_THAT(health.missing(), ElementsAre("bindings listed", "targets listed"));
  health.set("bindings listed", true);
  EXPECT_THAT(health.missing(), ElementsAre("targets listed"));
  health.set("targets listed", true);
  health.require("targets listed");  // said again: it stays fulfilled
  EXPECT_THAT(health.missing(), IsEmpty());
  health.set("bindings listed", false);
  EXPECT_THAT(health.missing(), ElementsAre("bindings listed"));
}

}  // namespace
}  // namespace edsm::telemetry
