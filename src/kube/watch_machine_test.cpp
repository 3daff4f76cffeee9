#include "kube/watch_machine.hpp"

#include <vector>

#include <gtest/gtest.h>

namespace edsm::kube {
namespace {

using base::Duration;
using base::Failure;
using base::Instant;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;
using Deliver = WatchMachine::Deliver;
using Event = WatchMachine::Event;
using Step = WatchMachine::Step;

constexpr Instant kStart{std::chrono::hours(1)};
/// The largest draw of every backoff up to its cap, give or take a microsecond.
constexpr std::uint64_t kNoChance = 0;

base::Error error(Failure failure, std::string code = "X",
                  std::optional<milliseconds> retry_after = std::nullopt) {
  return {failure, std::move(code), "text", retry_after};
}

class WatchMachineTest : public ::testing::Test {
 protected:
  /// Through a list of one page at version 100 to an open watch.
  void open_watch() {
    EXPECT_EQ(machine.next(0).step, Step::list);
    EXPECT_TRUE(machine.page("100", ""));
    reopen();
  }
  void reopen() {
    EXPECT_EQ(machine.next(0).step, Step::watch);
    machine.opened(now);
  }
  Duration wait() { return machine.next(0).not_before - now; }

  WatchMachine machine{"edsm=true", ""};
  Instant now = kStart;
};

TEST_F(WatchMachineTest, FirstListIsConsistentAndPaged) {
  const auto action = machine.next(0);
  EXPECT_EQ(action.step, Step::list);
  EXPECT_TRUE(action.first_page);
  EXPECT_EQ(action.query, "labelSelector=edsm%3Dtrue&limit=500");
  EXPECT_LE(action.not_before, kStart);
}

TEST_F(WatchMachineTest, PagesGoOnByToken) {
  machine.next(0);
  EXPECT_FALSE(machine.page("100", "a/b="));
  const auto second = machine.next(0);
  EXPECT_FALSE(second.first_page);
  EXPECT_EQ(second.query, "labelSelector=edsm%3Dtrue&limit=500&continue=a%2Fb%3D");
  EXPECT_TRUE(machine.page("105", ""));
  EXPECT_EQ(machine.resource_version(), "100") << "the first page's snapshot loses nothing";
}

TEST_F(WatchMachineTest, NoSelectorsNoAmpersand) {
  WatchMachine all("", "");
  EXPECT_EQ(all.next(0).query, "limit=500");
}

TEST_F(WatchMachineTest, WatchGoesOnFromTheList) {
  machine.next(0);
  machine.page("100", "");
  const auto action = machine.next(7);
  EXPECT_EQ(action.step, Step::watch);
  EXPECT_EQ(action.query,
            "watch=true&allowWatchBookmarks=true&resourceVersion=100&timeoutSeconds=307"
            "&labelSelector=edsm%3Dtrue");
  EXPECT_EQ(action.timeout, seconds(312));
  EXPECT_EQ(machine.next(300).timeout, seconds(605));
  EXPECT_EQ(machine.next(301).timeout, seconds(305));
}

TEST_F(WatchMachineTest, ExpiredPageStartsAnUnpagedList) {
  machine.next(0);
  machine.page("100", "t");
  machine.next(0);
  const auto outcome = machine.failed(error(Failure::expired), now, kNoChance);
  EXPECT_EQ(outcome.cause, "expired");
  const auto again = machine.next(0);
  EXPECT_TRUE(again.first_page);
  EXPECT_EQ(again.query, "labelSelector=edsm%3Dtrue");
  machine.page("200", "");
  machine.next(0);
  machine.failed(error(Failure::expired), now, kNoChance);
  EXPECT_TRUE(machine.next(0).query.contains("limit=500")) << "only that once";
}

TEST_F(WatchMachineTest, TornPageIsAskedAgain) {
  machine.next(0);
  machine.page("100", "t");
  machine.next(0);
  machine.failed(error(Failure::transient, "ConnectionLost"), now, kNoChance);
  EXPECT_TRUE(machine.next(0).query.contains("continue=t"));
}

TEST_F(WatchMachineTest, RefusedTokenStartsOver) {
  machine.next(0);
  machine.page("100", "t");
  machine.next(0);
  machine.failed(error(Failure::invalid), now, kNoChance);
  EXPECT_TRUE(machine.next(0).first_page);
}

TEST_F(WatchMachineTest, EventsMoveTheVersion) {
  open_watch();
  EXPECT_EQ(machine.event(Event::added, "101"), Deliver::applied);
  EXPECT_EQ(machine.event(Event::modified, "102"), Deliver::applied);
  EXPECT_EQ(machine.event(Event::deleted, "103"), Deliver::removed);
  EXPECT_EQ(machine.event(Event::bookmark, "110"), Deliver::nothing);
  EXPECT_EQ(machine.event(Event::bookmark, "110"), Deliver::nothing) << "equal is not older";
  EXPECT_EQ(machine.resource_version(), "110");
  EXPECT_EQ(machine.ended(now + minutes(5), kNoChance).cause, "end");
  EXPECT_TRUE(machine.next(0).query.contains("resourceVersion=110&"));
}

TEST_F(WatchMachineTest, StopsAtWhatMakesNoSense) {
  const std::vector<std::pair<Event, std::string>> events = {{Event::modified, "99"},
                                                             {Event::bookmark, "9"},
                                                             {Event::added, ""},
                                                             {Event::unknown, "101"},
                                                             {Event::error, "101"}};
  for (const auto& [type, version] : events) {
    WatchMachine fresh("", "");
    fresh.next(0);
    fresh.page("100", "");
    fresh.next(0);
    fresh.opened(now);
    EXPECT_EQ(fresh.event(type, version), Deliver::stop) << version;
    EXPECT_TRUE(fresh.nonsense("regressed", now, kNoChance).worth_saying);
    EXPECT_EQ(fresh.next(0).step, Step::list);
  }
}

TEST_F(WatchMachineTest, OpaqueVersionsAreNotCompared) {
  open_watch();
  EXPECT_EQ(machine.event(Event::added, "abc"), Deliver::applied);
  EXPECT_EQ(machine.event(Event::added, "5"), Deliver::applied);
}

TEST_F(WatchMachineTest, ProperEndGoesOnAtOnce) {
  open_watch();
  machine.event(Event::added, "101");
  const auto outcome = machine.ended(now + milliseconds(1), kNoChance);
  EXPECT_EQ(outcome.failures, 0U);
  const auto action = machine.next(0);
  EXPECT_EQ(action.step, Step::watch);
  EXPECT_LE(action.not_before, now + milliseconds(1));
}

TEST_F(WatchMachineTest, VeryShortWatchBacksOff) {
  open_watch();
  now += milliseconds(999);
  EXPECT_EQ(machine.ended(now, 800'000).cause, "short");
  EXPECT_EQ(wait(), milliseconds(800));
  EXPECT_TRUE(machine.next(0).query.contains("resourceVersion=100&"));
}

TEST_F(WatchMachineTest, SilentWatchMustProveItsVersion) {
  open_watch();
  now += minutes(5);
  EXPECT_EQ(machine.ended(now, kNoChance).cause, "end");
  const auto action = machine.next(0);
  EXPECT_EQ(action.step, Step::prove);
  EXPECT_EQ(action.query,
            "fieldSelector=metadata.name%3Dnone&limit=1&resourceVersion=100"
            "&resourceVersionMatch=NotOlderThan");
  machine.proved();
  EXPECT_EQ(machine.next(0).step, Step::watch);
}

TEST_F(WatchMachineTest, UnprovenVersionIsListedAnew) {
  open_watch();
  machine.ended(now + minutes(5), kNoChance);
  machine.next(0);
  const auto outcome =
      machine.failed(error(Failure::transient, "ResourceVersionTooLarge"), now, kNoChance);
  EXPECT_EQ(outcome.cause, "expired");
  EXPECT_EQ(machine.next(0).step, Step::list);
}

TEST_F(WatchMachineTest, ProofKeepsTheFieldSelector) {
  WatchMachine one("", "metadata.name=lease");
  one.next(0);
  one.page("1", "");
  one.next(0);
  one.opened(now);
  one.ended(now + minutes(5), kNoChance);
  EXPECT_TRUE(one.next(0).query.starts_with("fieldSelector=metadata.name%3Dlease&"));
}

TEST_F(WatchMachineTest, TornWatchProvesThenGoesOnAtItsVersion) {
  open_watch();
  machine.event(Event::modified, "150");
  machine.failed(error(Failure::transient, "ConnectionLost"), now, 800'000);
  const auto action = machine.next(0);
  EXPECT_EQ(action.step, Step::prove);
  EXPECT_EQ(action.not_before, now + milliseconds(800));
  machine.proved();
  EXPECT_TRUE(machine.next(0).query.contains("resourceVersion=150&"));
}

TEST_F(WatchMachineTest, ExpiredWatchListsAtOnceTheFirstTime) {
  open_watch();
  EXPECT_EQ(machine.failed(error(Failure::expired), now, 800'000).cause, "expired");
  EXPECT_EQ(machine.next(0).step, Step::list);
  EXPECT_EQ(wait(), Duration::zero());
  machine.page("200", "");
  reopen();
  EXPECT_EQ(machine.error_event(410, std::nullopt, now, 800'000).cause, "expired");
  EXPECT_EQ(machine.next(0).step, Step::list);
  EXPECT_EQ(wait(), milliseconds(800)) << "a second one soon after costs time";
}

TEST_F(WatchMachineTest, ExpiryIsFreeAgainAfterTwoHealthyMinutes) {
  open_watch();
  machine.error_event(410, std::nullopt, now, 800'000);
  machine.next(0);
  machine.page("200", "");
  reopen();
  now += minutes(2);
  machine.error_event(410, std::nullopt, now, 800'000);
  EXPECT_EQ(wait(), Duration::zero());
}

TEST_F(WatchMachineTest, ErrorEvents) {
  struct Case {
    std::int64_t code;
    std::string_view cause;
    Step next;
  };
  for (const Case& each : {Case{410, "expired", Step::list}, Case{429, "throttled", Step::watch},
                           Case{500, "error", Step::list}, Case{504, "error", Step::list},
                           Case{0, "error", Step::list}}) {
    WatchMachine fresh("", "");
    fresh.next(0);
    fresh.page("100", "");
    fresh.next(0);
    fresh.opened(now);
    EXPECT_EQ(fresh.error_event(each.code, std::nullopt, now, kNoChance).cause, each.cause);
    EXPECT_EQ(fresh.next(0).step, each.next) << each.code;
  }
}

TEST_F(WatchMachineTest, ThrottlingHonoursRetryAfter) {
  open_watch();
  machine.error_event(429, seconds(7), now, 100);
  EXPECT_EQ(wait(), seconds(7));
  EXPECT_EQ(machine.next(0).step, Step::watch) << "same version, no relist";
  machine.failed(error(Failure::throttled, "HTTP429", milliseconds(9000)), now, 100);
  EXPECT_EQ(wait(), seconds(9));
}

TEST_F(WatchMachineTest, BackoffGrowsToItsCapAndIsReset) {
  open_watch();
  const std::vector<std::int64_t> ceilings = {800, 1600, 3200, 6400, 12800, 25600, 30000, 30000};
  for (const std::int64_t ceiling : ceilings) {
    machine.failed(error(Failure::transient, "HTTP503"), now,
                   static_cast<std::uint64_t>(ceiling * 1000));
    EXPECT_EQ(wait(), milliseconds(ceiling));
    now += milliseconds(ceiling);
  }
  now += minutes(2);
  machine.failed(error(Failure::transient, "HTTP503"), now, 800'000);
  EXPECT_EQ(wait(), milliseconds(800));
}

TEST_F(WatchMachineTest, RefusalsAreAskedSlowly) {
  for (const Failure failure :
       {Failure::refused, Failure::credentials, Failure::absent, Failure::invalid}) {
    WatchMachine fresh("", "");
    for (int i = 0; i < 20; ++i) {
      const auto action = fresh.next(0);
      now = std::max(now, action.not_before);
      fresh.failed(error(failure), now, 1'000'000'000);
      const Duration delay = fresh.next(0).not_before - now;
      EXPECT_GE(delay, seconds(10));
      EXPECT_LE(delay, seconds(130));
    }
  }
}

TEST_F(WatchMachineTest, RefusalsAreSaidAtGrowingIntervals) {
  std::vector<unsigned> said;
  for (int i = 0; i < 20; ++i) {
    machine.next(0);
    const auto outcome = machine.failed(error(Failure::refused), now, kNoChance);
    if (outcome.worth_saying) said.push_back(outcome.failures);
  }
  EXPECT_EQ(said, (std::vector<unsigned>{1, 2, 4, 8, 16}));
  EXPECT_EQ(machine.recovered(), 0U);
  machine.next(0);
  machine.page("1", "");
  EXPECT_EQ(machine.recovered(), 20U);
  EXPECT_EQ(machine.recovered(), 0U) << "said once";
}

TEST_F(WatchMachineTest, ASingleHitchIsNotSaid) {
  open_watch();
  EXPECT_FALSE(machine.failed(error(Failure::transient), now, kNoChance).worth_saying);
  machine.next(0);
  machine.proved();
  reopen();
  machine.event(Event::added, "101");
  EXPECT_EQ(machine.recovered(), 0U);
}

TEST_F(WatchMachineTest, ListsThatWorkDoNotHideWatchesThatDoNot) {
  unsigned failures = 0;
  for (int i = 0; i < 4; ++i) {
    EXPECT_EQ(machine.next(0).step, Step::list);
    machine.page("100", "");
    reopen();
    failures = machine.error_event(410, std::nullopt, now, kNoChance).failures;
  }
  EXPECT_EQ(failures, 4U);
}

TEST_F(WatchMachineTest, InternalErrorsAtOneVersionEndInAList) {
  open_watch();
  machine.event(Event::added, "101");
  machine.ended(now + minutes(5), kNoChance);
  std::vector<Step> steps;
  for (int i = 0; i < 6; ++i) {
    const auto action = machine.next(0);
    steps.push_back(action.step);
    if (action.step == Step::prove) {
      machine.proved();
    } else {
      machine.failed(error(Failure::transient, "HTTP500"), now, kNoChance);
    }
  }
  EXPECT_EQ(steps, (std::vector<Step>{Step::watch, Step::prove, Step::watch, Step::prove,
                                      Step::watch, Step::list}));
}

TEST_F(WatchMachineTest, RemovedKindIsListedAnew) {
  open_watch();
  machine.ended(now + minutes(5), kNoChance);
  machine.next(0);
  machine.failed(error(Failure::absent, "HTTP404"), now, kNoChance);
  EXPECT_EQ(machine.next(0).step, Step::list);
}

TEST_F(WatchMachineTest, DeadPeerIsSilent) {
  open_watch();
  EXPECT_EQ(machine.failed(error(Failure::transient, "Timeout"), now, kNoChance).cause, "silent");
  EXPECT_EQ(machine.next(0).step, Step::prove);
}

}  // namespace
}  // namespace edsm::kube
