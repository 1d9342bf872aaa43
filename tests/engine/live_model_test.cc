#include "server/engine/live_model.h"

#include <cmath>
#include <limits>
#include <memory>
#include <optional>
#include <random>
#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/engine/rows.h"

namespace plumbline::engine {
namespace {

using checks::AlertState;
using checks::CheckId;
using Result = IngestOutcome::Result;

const absl::Time kNow = absl::FromUnixSeconds(1'700'000'040);  // a pane starts
constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
const ModelKey kKey{"m", "v"};

std::optional<checks::Alert> Find(const LiveModel& model, CheckId check,
                                  const std::string& variable) {
  for (const checks::Alert& alert : model.alerts()) {
    if (alert.key.check == check && alert.key.variable == variable) return alert;
  }
  return std::nullopt;
}

AlertState StateOf(const LiveModel& model, CheckId check, const std::string& variable) {
  const auto alert = Find(model, check, variable);
  return alert.has_value() ? alert->state : AlertState::kInactive;
}

class LiveModelTest : public ::testing::Test {
 protected:
  explicit LiveModelTest(checks::Policy policy = checks::DefaultPolicy())
      : baseline_(TrainedOnRows()), policy_(std::move(policy)) {
    policy_.allowed_lateness = absl::ZeroDuration();
    Start();
  }

  void Start() {
    model_ = std::make_unique<LiveModel>(kKey, baseline_, policy_, 1, kNow, nullptr);
    now_ = kNow;
  }
  IngestOutcome Send(Rows rows, BatchNumber number = {}) {
    return model_->Ingest(BatchOf(kKey, std::move(number), std::move(rows)), now_);
  }
  // `count` rows of the pane that starts `minute` minutes after kNow.
  IngestOutcome SendMinute(int minute, size_t count, double mean) {
    Rows rows = RandomRows(&random_, count, mean);
    rows.micros = absl::ToUnixMicros(kNow + absl::Minutes(minute));
    return Send(std::move(rows));
  }
  void Tick(absl::Duration step = absl::Seconds(1)) {
    now_ += step;
    model_->Tick(now_);
  }
  AlertState State(CheckId check, const std::string& variable = "") const {
    return StateOf(*model_, check, variable);
  }

  const std::shared_ptr<const profile::Baseline> baseline_;
  checks::Policy policy_;
  std::mt19937_64 random_{7};
  std::unique_ptr<LiveModel> model_;
  absl::Time now_;
};

TEST_F(LiveModelTest, DriftFiresAtTheSecondBlockOfClosedPanesAndNotBefore) {
  for (int i = 0; i < 20; ++i) {
    SendMinute(0, 200, 1.5);
    Tick();
  }
  EXPECT_EQ(State(CheckId::kDrift, "x"), AlertState::kInactive);  // no pane has closed
  for (int i = 0; i < 20; ++i) {
    SendMinute(1, 200, 1.5);
    Tick();
  }
  const auto pending = Find(*model_, CheckId::kDrift, "x");
  ASSERT_TRUE(pending.has_value());
  EXPECT_EQ(pending->state, AlertState::kPending);
  EXPECT_EQ(pending->streak, 1u);  // many looks at one block are one
  SendMinute(2, 1, 1.5);
  const auto firing = Find(*model_, CheckId::kDrift, "x");
  EXPECT_EQ(firing->state, AlertState::kFiring);
  EXPECT_EQ(firing->pending_since, pending->pending_since);
  EXPECT_THAT(firing->finding.reason, ::testing::HasSubstr("x: psi"));
  EXPECT_EQ(State(CheckId::kDrift, "city"), AlertState::kInactive);
  EXPECT_EQ(State(CheckId::kDrift, "score"), AlertState::kInactive);
}

TEST_F(LiveModelTest, SparsePanesTogetherMakeABlock) {
  // 40 rows a pane and at least 100 a block: three panes, twice.
  for (int minute = 0; minute < 6; ++minute) {
    SendMinute(minute, 40, 1.5);
    Tick();
    EXPECT_EQ(State(CheckId::kDrift, "x"),
              minute < 3 ? AlertState::kInactive : AlertState::kPending)
        << minute;
  }
  SendMinute(6, 1, 1.5);
  EXPECT_EQ(State(CheckId::kDrift, "x"), AlertState::kFiring);
}

TEST_F(LiveModelTest, OneStrangePaneIsNoDriftAndDriftThatEndsResolves) {
  policy_.window_panes = 3;
  Start();
  SendMinute(0, 200, 3);
  SendMinute(1, 200, 0);
  EXPECT_EQ(State(CheckId::kDrift, "x"), AlertState::kPending);
  SendMinute(2, 200, 0);
  EXPECT_EQ(State(CheckId::kDrift, "x"), AlertState::kInactive);
  for (int minute = 3; minute < 6; ++minute) SendMinute(minute, 200, 3);
  EXPECT_EQ(State(CheckId::kDrift, "x"), AlertState::kFiring);
  for (int minute = 6; minute < 12; ++minute) SendMinute(minute, 200, 0);
  EXPECT_EQ(State(CheckId::kDrift, "x"), AlertState::kResolved);
}

TEST_F(LiveModelTest, IsSilentWhileNothingDrifts) {
  for (uint32_t seed = 1; seed <= 10; ++seed) {
    random_.seed(seed);
    Start();
    for (int minute = 0; minute < 200; ++minute) {
      SendMinute(minute, 60, 0);
      SendMinute(minute, 60, 0);
      Tick(absl::Minutes(1));
      for (const ModelAlert& change : model_->TakeChanges()) {
        EXPECT_NE(change.alert.state, AlertState::kFiring)
            << "seed " << seed << " minute " << minute << ": " << change.alert.finding.reason;
      }
    }
    EXPECT_EQ(model_->Snapshot()->rows, 200u * 120);
    EXPECT_EQ(model_->Snapshot()->window_rows, 60u * 120);
  }
}

TEST_F(LiveModelTest, ASinglePredictionOfNaNFiresAtOnce) {
  Rows rows = RandomRows(&random_, 20);
  rows.score[3] = kNaN;
  Send(std::move(rows));
  EXPECT_EQ(State(CheckId::kNanRate, "score"), AlertState::kInactive);  // not judged yet
  Tick();
  const auto alert = Find(*model_, CheckId::kNanRate, "score");
  ASSERT_TRUE(alert.has_value());
  EXPECT_EQ(alert->state, AlertState::kFiring);
  EXPECT_EQ(alert->finding.severity, checks::Severity::kCritical);
  EXPECT_EQ(alert->firing_since, now_);
}

TEST_F(LiveModelTest, NoDataFiresByTheServersClockAndResolves) {
  SendMinute(-9'999, 50, 0);  // event time says nothing about silence
  Tick(policy_.no_data_after);
  EXPECT_EQ(State(CheckId::kNoData), AlertState::kInactive);
  Tick();
  EXPECT_EQ(State(CheckId::kNoData), AlertState::kFiring);
  EXPECT_EQ(Find(*model_, CheckId::kNoData, "")->firing_since, now_);
  SendMinute(-9'999, 50, 0);
  Tick();
  EXPECT_EQ(State(CheckId::kNoData), AlertState::kResolved);
  EXPECT_EQ(Find(*model_, CheckId::kNoData, "")->resolved_at, now_);
}

TEST_F(LiveModelTest, AModelThatNeverHadDataIsNotSilent) {
  Tick(absl::Hours(100));
  EXPECT_EQ(State(CheckId::kNoData), AlertState::kInactive);
}

TEST_F(LiveModelTest, LostRowsFireAfterTheGraceAndResolveWhenTheyArrive) {
  for (const uint64_t sequence : {1u, 2u, 5u}) {
    Send(RandomRows(&random_, 10), {"p", 1, sequence});
  }
  Tick(policy_.hole_grace - absl::Seconds(1));
  EXPECT_EQ(State(CheckId::kRowsLost), AlertState::kInactive);
  Tick();
  const auto alert = Find(*model_, CheckId::kRowsLost, "");
  ASSERT_TRUE(alert.has_value());
  EXPECT_EQ(alert->state, AlertState::kFiring);
  EXPECT_EQ(alert->finding.severity, checks::Severity::kCritical);
  EXPECT_THAT(alert->finding.reason, ::testing::HasSubstr("2 batches were lost"));
  EXPECT_EQ(model_->Snapshot()->lost_batches, 2u);
  Send(RandomRows(&random_, 10), {"p", 1, 3});
  Send(RandomRows(&random_, 10), {"p", 1, 4});
  Tick();
  EXPECT_EQ(State(CheckId::kRowsLost), AlertState::kResolved);
}

TEST_F(LiveModelTest, RefusedAndSkippedNumbersAreNoLossAndAMissingTailIs) {
  Send(RandomRows(&random_, 10), {"p", 1, 1});
  const auto note = [](IngestNote::Kind kind, uint64_t first, uint64_t last) {
    IngestNote result;
    result.key = kKey;
    result.kind = kind;
    result.producer = "p";
    result.epoch = 1;
    result.first = first;
    result.last = last;
    if (kind == IngestNote::Kind::kRefused) result.refusal = absl::InvalidArgumentError("bad");
    return result;
  };
  const IngestOutcome refused = model_->Note(note(IngestNote::Kind::kRefused, 2, 2), now_);
  EXPECT_EQ(refused.result, Result::kRefused);
  EXPECT_EQ(refused.error, absl::InvalidArgumentError("bad"));
  EXPECT_EQ(model_->Note(note(IngestNote::Kind::kSkip, 3, 6), now_).result, Result::kCounted);
  EXPECT_EQ(model_->Note(note(IngestNote::Kind::kSkip, 6, 3), now_).result, Result::kRefused);
  Send(RandomRows(&random_, 10), {"p", 1, 7});
  Tick(absl::Minutes(5));
  EXPECT_EQ(State(CheckId::kRowsLost), AlertState::kInactive);
  EXPECT_EQ(model_->Snapshot()->batches.refused, 1u);
  EXPECT_EQ(model_->Note(note(IngestNote::Kind::kEnd, 0, 9), now_).result, Result::kCounted);
  Tick(policy_.hole_grace);
  EXPECT_EQ(State(CheckId::kRowsLost), AlertState::kFiring);
  EXPECT_EQ(model_->Snapshot()->lost_batches, 2u);
}

TEST_F(LiveModelTest, ABatchIsCountedOnceAndAnExpiredEpochNotAnew) {
  const Rows rows = RandomRows(&random_, 10);
  EXPECT_EQ(Send(rows, {"p", 1, 1}).result, Result::kCounted);
  EXPECT_EQ(Send(rows, {"p", 1, 1}).result, Result::kDuplicate);
  EXPECT_EQ(Send(rows, {"p", 1, 0}).result, Result::kRefused);
  EXPECT_EQ(model_->MakeReport(now_, {}).rows, 10u);
  Tick(policy_.epoch_expiry + absl::Seconds(1));
  const IngestOutcome late = Send(rows, {"p", 1, 2});
  EXPECT_EQ(late.result, Result::kRefused);
  EXPECT_EQ(late.error.code(), absl::StatusCode::kFailedPrecondition);
  const auto snapshot = model_->Snapshot();
  EXPECT_EQ(snapshot->rows, 10u);
  EXPECT_EQ(snapshot->batches.counted, 1u);
  EXPECT_EQ(snapshot->batches.duplicate, 1u);
  EXPECT_EQ(snapshot->batches.refused, 2u);
}

TEST_F(LiveModelTest, RowsOfAClosedPaneAreLateAndCountedApart) {
  SendMinute(0, 30, 0);
  SendMinute(1, 30, 0);
  const IngestOutcome outcome = SendMinute(0, 30, 0);
  EXPECT_EQ(outcome.result, Result::kCounted);
  EXPECT_EQ(outcome.rows_late, 30u);
  EXPECT_EQ(outcome.rows_counted, 0u);
  Rows rows = RandomRows(&random_, 3);
  IngestBatch mixed = BatchOf(kKey, {}, std::move(rows));
  const int64_t start = absl::ToUnixMicros(kNow);
  const std::vector<int64_t> times = {start + 60'000'000, start, start + 125'000'000};
  mixed.view.event_micros.reset();
  mixed.view.row_event_micros = times;
  const IngestOutcome split = model_->Ingest(mixed, now_);
  EXPECT_EQ(split.rows_late, 1u);
  EXPECT_EQ(split.rows_counted, 2u);
  EXPECT_EQ(model_->Snapshot()->rows, 62u);
  EXPECT_EQ(model_->Snapshot()->late_rows, 31u);
  EXPECT_EQ(model_->MakeReport(now_, {}).rows, 62u);
}

TEST_F(LiveModelTest, RowsOfOneBatchMakeNoneOfItsOwnLate) {
  IngestBatch batch = BatchOf(kKey, {}, RandomRows(&random_, 4));
  const int64_t start = absl::ToUnixMicros(kNow);
  const std::vector<int64_t> times = {start + 600'000'000, start, start + 300'000'000, start};
  batch.view.row_event_micros = times;
  const IngestOutcome outcome = model_->Ingest(batch, now_);
  EXPECT_EQ(outcome.rows_counted, 4u);
  EXPECT_EQ(outcome.rows_late, 0u);
  EXPECT_EQ(model_->Snapshot()->watermark, kNow + absl::Minutes(10));
}

TEST_F(LiveModelTest, AnotherPolicyTakesEffectOnWhatIsThere) {
  for (int minute = 0; minute < 5; ++minute) SendMinute(minute, 10, 0);
  Rows rows = RandomRows(&random_, 1);
  rows.score[0] = kNaN;
  rows.micros = absl::ToUnixMicros(kNow + absl::Minutes(4));
  Send(std::move(rows));
  Tick();
  EXPECT_EQ(model_->MakeReport(now_, {}).rows, 51u);
  EXPECT_EQ(State(CheckId::kNanRate, "score"), AlertState::kFiring);
  policy_.window_panes = 2;
  policy_.checks[CheckId::kNanRate].muted = true;
  model_->SetPolicy(policy_);
  Tick();
  EXPECT_EQ(model_->MakeReport(now_, {}).rows, 21u);
  EXPECT_EQ(State(CheckId::kNanRate, "score"), AlertState::kResolved);
}

TEST_F(LiveModelTest, AnAlertThatWaitsFiresByTimeAlone) {
  policy_.checks[CheckId::kNanRate].for_duration = absl::Minutes(5);
  Start();
  Rows rows = RandomRows(&random_, 20);
  rows.score[0] = kNaN;
  Send(std::move(rows));
  Tick();
  EXPECT_EQ(State(CheckId::kNanRate, "score"), AlertState::kPending);
  Tick(absl::Minutes(5) - absl::Seconds(1));
  EXPECT_EQ(State(CheckId::kNanRate, "score"), AlertState::kPending);
  Tick();
  EXPECT_EQ(State(CheckId::kNanRate, "score"), AlertState::kFiring);
}

TEST_F(LiveModelTest, AQuietModelIsNotJudgedAgain) {
  SendMinute(0, 50, 0);
  Tick();
  const uint64_t evaluations = model_->evaluations();
  for (int i = 0; i < 100; ++i) Tick();
  EXPECT_EQ(model_->evaluations(), evaluations);
}

}  // namespace
}  // namespace plumbline::engine
