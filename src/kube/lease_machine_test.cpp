#include "kube/lease_machine.hpp"

#include <algorithm>

#include <gtest/gtest.h>

#include "base/json.hpp"
#include "base/time.hpp"
#include "kube/leader.hpp"

namespace edsm::kube {
namespace {

using base::Failure;
using base::Instant;
using std::chrono::milliseconds;
using std::chrono::seconds;
using Step = LeaseMachine::Step;

LeaseSettings settings() {
  LeaseSettings result;
  result.ns = "edsm";
  result.name = "lock";
  result.identity = "me";
  return result;
}

LeaseRecord held_by(std::string holder, std::string renewed = "r1") {
  LeaseRecord record;
  record.holder = std::move(holder);
  record.duration_seconds = 15;
  record.acquire_time = "a1";
  record.renew_time = std::move(renewed);
  record.transitions = 4;
  record.metadata = R"({"resourceVersion":"1"})";
  return record;
}

base::Error error(Failure failure) {
  return {failure, "", "", std::nullopt};
}

class LeaseMachineTest : public ::testing::Test {
 protected:
  /// Takes a free lease at `now`.
  void win() {
    EXPECT_EQ(machine.begin(now, wall), Step::get);
    EXPECT_EQ(machine.read(held_by(""), now, wall), Step::replace);
    machine.written(machine.proposal(), now);
    EXPECT_TRUE(machine.leads(now));
  }

  LeaseMachine machine{settings()};
  Instant now{std::chrono::hours(1)};
  base::WallTime wall{std::chrono::hours(100)};
};

TEST_F(LeaseMachineTest, NobodyLeadsBeforeAWriteSucceeded) {
  EXPECT_FALSE(machine.leads(now));
  machine.begin(now, wall);
  machine.read(held_by("me"), now, wall);
  EXPECT_TRUE(machine.holds());
  EXPECT_FALSE(machine.leads(now)) << "the same identity on record proves nothing";
}

TEST_F(LeaseMachineTest, CreatesAnAbsentLease) {
  EXPECT_EQ(machine.begin(now, wall), Step::get);
  EXPECT_EQ(machine.read_absent(wall), Step::create);
  const LeaseRecord& lease = machine.proposal();
  EXPECT_EQ(lease.holder, "me");
  EXPECT_EQ(lease.duration_seconds, 15);
  EXPECT_EQ(lease.transitions, 0);
  EXPECT_EQ(lease.acquire_time, base::rfc3339_micro(wall));
  EXPECT_EQ(lease.renew_time, lease.acquire_time);
}

TEST_F(LeaseMachineTest, ReleasedLeaseIsTakenAtOnce) {
  EXPECT_EQ(machine.read(held_by(""), now, wall), Step::replace);
  EXPECT_EQ(machine.proposal().holder, "me");
  EXPECT_EQ(machine.proposal().transitions, 5);
  EXPECT_EQ(machine.proposal().metadata, R"({"resourceVersion":"1"})") << "the precondition";
}

TEST_F(LeaseMachineTest, AnothersLeaseIsTakenWhenItDidNotChangeForItsDuration) {
  EXPECT_EQ(machine.read(held_by("them"), now, wall), Step::rest);
  EXPECT_EQ(machine.read(held_by("them"), now + seconds(15) - milliseconds(1), wall), Step::rest);
  EXPECT_EQ(machine.read(held_by("them"), now + seconds(15), wall), Step::replace);
  EXPECT_EQ(machine.proposal().transitions, 5);
}

TEST_F(LeaseMachineTest, EveryRenewalStartsTheWaitAgain) {
  machine.read(held_by("them", "r1"), now, wall);
  EXPECT_EQ(machine.read(held_by("them", "r2"), now + seconds(14), wall), Step::rest);
  EXPECT_EQ(machine.read(held_by("them", "r2"), now + seconds(28), wall), Step::rest);
  EXPECT_EQ(machine.read(held_by("them", "r2"), now + seconds(29), wall), Step::replace);
}

TEST_F(LeaseMachineTest, AnAnnotationIsNoRenewal) {
  machine.read(held_by("them"), now, wall);
  LeaseRecord annotated = held_by("them");
  annotated.metadata = R"({"resourceVersion":"2","annotations":{"a":"b"}})";
  EXPECT_EQ(machine.read(annotated, now + seconds(15), wall), Step::replace);
  EXPECT_EQ(machine.proposal().metadata, annotated.metadata);
}

TEST_F(LeaseMachineTest, ItIsTheirDurationThatCounts) {
  LeaseRecord theirs = held_by("them");
  theirs.duration_seconds = 60;
  machine.read(theirs, now, wall);
  EXPECT_EQ(machine.read(theirs, now + seconds(59), wall), Step::rest);
  EXPECT_EQ(machine.read(theirs, now + seconds(60), wall), Step::replace);
}

TEST_F(LeaseMachineTest, JumpsOfTheWallClockChangeNothing) {
  machine.read(held_by("them"), now, wall);
  EXPECT_EQ(machine.read(held_by("them"), now + seconds(1), wall + std::chrono::hours(9000)),
            Step::rest);
  win();
  EXPECT_EQ(machine.begin(now + seconds(2), wall - std::chrono::hours(50)), Step::replace);
  EXPECT_TRUE(machine.leads(now + seconds(2)));
}

TEST_F(LeaseMachineTest, HolderRenewsWithoutReading) {
  win();
  EXPECT_EQ(machine.begin(now + seconds(2), wall + seconds(2)), Step::replace);
  const LeaseRecord& lease = machine.proposal();
  EXPECT_EQ(lease.transitions, 5) << "kept";
  EXPECT_EQ(lease.acquire_time, base::rfc3339_micro(wall)) << "kept";
  EXPECT_EQ(lease.renew_time, base::rfc3339_micro(wall + seconds(2)));
}

TEST_F(LeaseMachineTest, LeadershipCountsFromTheStartOfTheRenewal) {
  win();
  EXPECT_TRUE(machine.leads(now + seconds(13) - milliseconds(1)));
  EXPECT_FALSE(machine.leads(now + seconds(13)));
  const Instant started = now + seconds(5);
  machine.begin(started, wall);
  machine.written(machine.proposal(), started);  // however long the answer took
  EXPECT_TRUE(machine.leads(started + seconds(12)));
  EXPECT_FALSE(machine.leads(started + seconds(13)));
  EXPECT_EQ(machine.give_up(), started + seconds(10));
}

TEST_F(LeaseMachineTest, ConflictOfTheOptimisticWriteIsReadInTheSameRound) {
  win();
  machine.begin(now + seconds(2), wall);
  EXPECT_EQ(machine.failed(error(Failure::conflict)), Step::get);
  EXPECT_EQ(machine.read(held_by("me"), now + seconds(2), wall), Step::replace);
  EXPECT_EQ(machine.failed(error(Failure::conflict)), Step::rest) << "but not for ever";
}

TEST_F(LeaseMachineTest, AfterAnUnknownOutcomeItReads) {
  win();
  machine.begin(now + seconds(2), wall);
  EXPECT_EQ(machine.failed(error(Failure::transient)), Step::rest);
  EXPECT_TRUE(machine.leads(now + seconds(2))) << "still within the old renewal";
  EXPECT_EQ(machine.begin(now + seconds(4), wall), Step::get);
}

TEST_F(LeaseMachineTest, SeeingAnotherHolderDeposesAtOnce) {
  win();
  machine.begin(now + seconds(2), wall);
  machine.failed(error(Failure::conflict));
  EXPECT_EQ(machine.read(held_by("them"), now + seconds(2), wall), Step::rest);
  EXPECT_FALSE(machine.holds());
  EXPECT_FALSE(machine.leads(now + seconds(2)));
}

TEST_F(LeaseMachineTest, ADeletedLeaseIsCreatedAgain) {
  win();
  machine.begin(now + seconds(2), wall);
  EXPECT_EQ(machine.failed(error(Failure::absent)), Step::rest);
  EXPECT_EQ(machine.begin(now + seconds(4), wall), Step::get);
  EXPECT_EQ(machine.read_absent(wall), Step::create);
  EXPECT_FALSE(machine.leads(now + seconds(4))) << "somebody else may create it first";
}

TEST_F(LeaseMachineTest, CandidatesAreSpreadAndLookOftenHoldersAreNot) {
  EXPECT_EQ(machine.next_round(now, 0), now + seconds(1));
  const Instant latest = machine.next_round(now, 1023);
  EXPECT_GT(latest, now + milliseconds(1490));
  EXPECT_LT(latest, now + milliseconds(1500)) << "a lease handed back is taken within two seconds";
  win();
  EXPECT_EQ(machine.next_round(now, 1023), now + seconds(2));
}

TEST_F(LeaseMachineTest, CandidatesLookWhenTheClaimRunsOut) {
  machine.read(held_by("them"), now, wall);
  const Instant end = now + seconds(15);
  EXPECT_EQ(machine.next_round(end - milliseconds(200), 0), end);
  EXPECT_EQ(machine.next_round(end - seconds(1), 512), end);
  EXPECT_EQ(machine.next_round(end - seconds(2), 0), end - seconds(1));
  EXPECT_EQ(machine.next_round(end, 0), end + seconds(1)) << "somebody else was faster";
}

TEST_F(LeaseMachineTest, SurrenderEndsLeadership) {
  win();
  machine.surrender();
  EXPECT_FALSE(machine.leads(now));
}

TEST_F(LeaseMachineTest, Release) {
  win();
  machine.begin_release();
  EXPECT_FALSE(machine.leads(now));
  EXPECT_EQ(machine.release_read(held_by("me"), wall + seconds(3)), Step::replace);
  const LeaseRecord& lease = machine.proposal();
  EXPECT_EQ(lease.holder, "");
  EXPECT_EQ(lease.duration_seconds, 1);
  EXPECT_EQ(lease.transitions, 4);
  EXPECT_EQ(lease.renew_time, base::rfc3339_micro(wall + seconds(3)));
  EXPECT_EQ(lease.acquire_time, lease.renew_time);
  EXPECT_EQ(machine.release_read(held_by("them"), wall), Step::rest);
}

TEST(LeaseRecordTest, KeepsForeignMetadata) {
  const auto document = base::JsonDocument::parse(
      R"({"metadata":{"name":"lock","labels":{"team":"x"},"resourceVersion":"9","managedFields":[1]},
          "spec":{"holderIdentity":"them","leaseDurationSeconds":15,"acquireTime":"A","renewTime":"R",
                  "leaseTransitions":3}})");
  ASSERT_TRUE(document);
  const LeaseRecord record = LeaseRecord::decode(document->root());
  EXPECT_EQ(record.encode(settings()).view(),
            R"({"apiVersion":"coordination.k8s.io/v1","kind":"Lease",)"
            R"("metadata":{"name":"lock","labels":{"team":"x"},"resourceVersion":"9"},)"
            R"("spec":{"holderIdentity":"them","leaseDurationSeconds":15,"acquireTime":"A",)"
            R"("renewTime":"R","leaseTransitions":3}})");
  const LeaseRecord fresh;
  EXPECT_TRUE(
      fresh.encode(settings()).view().contains(R"("metadata":{"name":"lock","namespace":"edsm"})"));
}

TEST(LeaseRecordTest, EmptySpecIsFree) {
  const auto document = base::JsonDocument::parse(R"({"metadata":{"resourceVersion":"1"}})");
  ASSERT_TRUE(document);
  LeaseMachine machine(settings());
  const Step step =
      machine.read(LeaseRecord::decode(document->root()), Instant(), base::WallTime());
  EXPECT_EQ(step, Step::replace);
}

}  // namespace
}  // namespace edsm::kube
