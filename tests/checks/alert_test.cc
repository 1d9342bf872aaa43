#include "server/checks/alert.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace plumbline::checks {
namespace {

const absl::Time kStart = absl::FromUnixSeconds(1'700'000'000);

Finding Found(CheckId check, Status status, bool below_leave = false) {
  Finding finding;
  finding.check = check;
  finding.variable = "x";
  finding.status = status;
  finding.below_leave = below_leave;
  return finding;
}

class AlertTest : public ::testing::Test {
 protected:
  std::vector<Alert> Advance(const Finding& finding, uint64_t block, int seconds = 0) {
    return book_.Advance({finding}, policy_, kStart + absl::Seconds(seconds), block);
  }
  AlertState State() const { return book_.alerts().at(0).state; }

  Policy policy_ = DefaultPolicy();
  AlertBook book_;
};

TEST_F(AlertTest, DriftFiresAfterTwoDisjointBlocks) {
  const Finding drift = Found(CheckId::kDrift, Status::kFiring);
  EXPECT_EQ(Advance(drift, 1).size(), 1u);
  EXPECT_EQ(State(), AlertState::kPending);
  EXPECT_TRUE(Advance(drift, 1, 1).empty());  // the same evidence again
  EXPECT_EQ(State(), AlertState::kPending);
  EXPECT_EQ(Advance(drift, 2, 60).size(), 1u);
  EXPECT_EQ(State(), AlertState::kFiring);
  EXPECT_EQ(book_.alerts()[0].pending_since, kStart);
  EXPECT_EQ(book_.alerts()[0].firing_since, kStart + absl::Seconds(60));
}

TEST_F(AlertTest, AChangeThatHasLastedForTwoBlocksFiresAtOnce) {
  Finding drift = Found(CheckId::kDrift, Status::kFiring);
  drift.blocks = 2;
  Advance(drift, 7);
  EXPECT_EQ(State(), AlertState::kFiring);
}

TEST_F(AlertTest, ADriftThatFiresKeepsItsCauseUntilItTurns) {
  Finding drift = Found(CheckId::kDrift, Status::kFiring);
  const auto cause_of = [&](const std::string& cause, uint64_t block) {
    drift.cause = cause;
    Advance(drift, block);
    return book_.alerts()[0].finding.cause;
  };
  EXPECT_EQ(cause_of("spread_changed", 1), "spread_changed");
  EXPECT_EQ(cause_of("shifted_up", 2), "shifted_up");  // it was pending
  EXPECT_EQ(State(), AlertState::kFiring);
  drift.value = 0.5;
  EXPECT_EQ(cause_of("spread_changed", 3), "shifted_up");
  EXPECT_EQ(book_.alerts()[0].finding.value, 0.5);
  EXPECT_EQ(cause_of("shape_changed", 4), "shifted_up");
  EXPECT_EQ(cause_of("shifted_down", 5), "shifted_down");
  Advance(Found(CheckId::kDrift, Status::kOk, /*below_leave=*/true), 6);
  EXPECT_EQ(State(), AlertState::kResolved);
  EXPECT_EQ(cause_of("spread_changed", 7), "spread_changed");  // another one
  Finding rate = Found(CheckId::kNanRate, Status::kFiring);
  rate.cause = "input_null";
  Advance(rate, 8);
  rate.cause = "input_nan";
  Advance(rate, 9);
  EXPECT_EQ(book_.alerts()[1].finding.cause, "input_nan");
}

TEST_F(AlertTest, AQuietBlockBetweenEndsThePendingAlert) {
  Advance(Found(CheckId::kDrift, Status::kFiring), 1);
  const auto changed = Advance(Found(CheckId::kDrift, Status::kOk), 2);
  ASSERT_EQ(changed.size(), 1u);
  EXPECT_EQ(changed[0].state, AlertState::kInactive);
  EXPECT_TRUE(book_.alerts().empty());
  Advance(Found(CheckId::kDrift, Status::kFiring), 3);
  EXPECT_EQ(State(), AlertState::kPending);
}

TEST_F(AlertTest, IntegrityChecksFireAtOnceAndForDurationWaits) {
  Advance(Found(CheckId::kAbsentVariable, Status::kFiring), 0);
  EXPECT_EQ(State(), AlertState::kFiring);
  book_.Restore({});
  policy_.checks[CheckId::kNullRate].for_duration = absl::Seconds(10);
  Advance(Found(CheckId::kNullRate, Status::kFiring), 0);
  EXPECT_EQ(State(), AlertState::kPending);
  Advance(Found(CheckId::kNullRate, Status::kFiring), 0, 10);
  EXPECT_EQ(State(), AlertState::kFiring);
}

TEST_F(AlertTest, ResolvesBelowTheLeaveThresholdOrAfterTwoCalmBlocks) {
  Advance(Found(CheckId::kNullRate, Status::kFiring), 1);
  Advance(Found(CheckId::kNullRate, Status::kInsufficientData), 2);
  EXPECT_EQ(State(), AlertState::kFiring);
  Advance(Found(CheckId::kNullRate, Status::kOk), 2);
  Advance(Found(CheckId::kNullRate, Status::kOk), 2);
  EXPECT_EQ(State(), AlertState::kFiring);
  Advance(Found(CheckId::kNullRate, Status::kOk), 3, 5);
  EXPECT_EQ(State(), AlertState::kResolved);
  EXPECT_EQ(book_.alerts()[0].resolved_at, kStart + absl::Seconds(5));
  Advance(Found(CheckId::kNullRate, Status::kFiring), 4, 6);
  EXPECT_EQ(State(), AlertState::kFiring);
  Advance(Found(CheckId::kNullRate, Status::kOk, true), 4, 7);
  EXPECT_EQ(State(), AlertState::kResolved);
}

TEST_F(AlertTest, AnEffectThatIsNoLongerProvenEndsItAsTwoCalmBlocksDo) {
  Finding unproven = Found(CheckId::kNullRate, Status::kInsufficientData);
  unproven.unproven = true;
  Advance(unproven, 1);
  EXPECT_THAT(book_.alerts(), ::testing::IsEmpty());
  Advance(Found(CheckId::kNullRate, Status::kFiring), 1);
  Advance(unproven, 2);
  EXPECT_EQ(State(), AlertState::kFiring);
  Advance(unproven, 3);
  EXPECT_EQ(State(), AlertState::kResolved);
}

TEST_F(AlertTest, MutedChecksNeverAlertAndEndWhatFires) {
  Advance(Found(CheckId::kNullRate, Status::kFiring), 1);
  policy_.variables["x"].checks[CheckId::kNullRate].muted = true;
  Advance(Found(CheckId::kNullRate, Status::kFiring), 1);
  EXPECT_EQ(State(), AlertState::kResolved);
  book_.Restore({});
  EXPECT_TRUE(Advance(Found(CheckId::kNullRate, Status::kFiring), 1).empty());
  EXPECT_TRUE(book_.alerts().empty());
}

TEST_F(AlertTest, WhatAnotherPolicyEndsSaysSo) {
  Finding firing = Found(CheckId::kNullRate, Status::kFiring);
  firing.reason = "x: 5% null";
  Finding lost = Found(CheckId::kRowsLost, Status::kFiring);
  lost.reason = "2 batches were lost";
  book_.Advance({firing, lost}, policy_, kStart, 1);
  policy_.variables["x"].checks[CheckId::kNullRate].muted = true;
  const auto changed = book_.Advance({firing, lost}, policy_, kStart, 1, "the policy changed");
  ASSERT_EQ(changed.size(), 1u);
  EXPECT_EQ(changed[0].finding.reason, "x: 5% null; the policy changed");
  const auto ended = book_.End(kStart, "the model was deleted", [](const Alert& alert) {
    return alert.key.check != CheckId::kNoData;
  });
  ASSERT_EQ(ended.size(), 1u);
  EXPECT_EQ(ended[0].finding.reason, "2 batches were lost; the model was deleted");
  EXPECT_FALSE(book_.AnyActive());
}

TEST_F(AlertTest, AFindingThatIsNoLongerMadeEndsItsAlert) {
  Advance(Found(CheckId::kUnknownVariable, Status::kFiring), 1);
  book_.Advance({}, policy_, kStart, 1);
  EXPECT_EQ(State(), AlertState::kResolved);
}

TEST_F(AlertTest, AFindingMaySayHowItEnded) {
  Finding lost = Found(CheckId::kRowsLost, Status::kFiring);
  lost.reason = "2 batches were lost";
  Advance(lost, 1);
  Finding calm = Found(CheckId::kRowsLost, Status::kOk, true);
  calm.resolution = "they have arrived since";
  const auto changed = Advance(calm, 1);
  ASSERT_EQ(changed.size(), 1u);
  EXPECT_EQ(changed[0].finding.reason, "2 batches were lost; they have arrived since");
  EXPECT_TRUE(Advance(calm, 1).empty());
  EXPECT_EQ(book_.alerts()[0].finding.reason, changed[0].finding.reason);
  Advance(lost, 2);
  EXPECT_EQ(book_.alerts()[0].finding.reason, "2 batches were lost");
}

TEST_F(AlertTest, AClockThatIsSetBackDoesNotMakeItWaitForLonger) {
  policy_.checks[CheckId::kNullRate].for_duration = absl::Seconds(10);
  Advance(Found(CheckId::kNullRate, Status::kFiring), 1);
  Advance(Found(CheckId::kNullRate, Status::kFiring), 1, -3600);
  EXPECT_EQ(State(), AlertState::kPending);
  Advance(Found(CheckId::kNullRate, Status::kFiring), 1, -3590);
  EXPECT_EQ(State(), AlertState::kFiring);
}

TEST_F(AlertTest, RestoreKeepsStartsAndStreaks) {
  Advance(Found(CheckId::kDrift, Status::kFiring), 1);
  AlertBook other;
  other.Restore(book_.alerts());
  other.Advance({Found(CheckId::kDrift, Status::kFiring)}, policy_, kStart + absl::Hours(1), 2);
  ASSERT_EQ(other.alerts().size(), 1u);
  EXPECT_EQ(other.alerts()[0].state, AlertState::kFiring);
  EXPECT_EQ(other.alerts()[0].pending_since, kStart);
}

}  // namespace
}  // namespace plumbline::checks
