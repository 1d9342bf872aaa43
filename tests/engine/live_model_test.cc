#include "server/engine/live_model.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/engine/rows.h"

namespace plumbline::engine {
namespace {

using checks::AlertState;
using checks::CheckId;
using ::testing::EndsWith;
using Result = IngestOutcome::Result;

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

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
  // Time passes, and the service listens.
  void Tick(absl::Duration passed = absl::Seconds(1)) {
    for (const absl::Time end = now_ + passed; now_ < end;) {
      now_ = std::min(end, now_ + ListeningTime::kLongestStep);
      model_->Tick(now_);
    }
  }
  // The clock is set, or the service was frozen.
  void JumpBy(absl::Duration step) {
    now_ += step;
    model_->Tick(now_);
  }
  IngestOutcome Note(IngestNote::Kind kind, uint64_t first, uint64_t last) {
    IngestNote note;
    note.key = kKey;
    note.kind = kind;
    note.producer = "p";
    note.epoch = 1;
    note.first = first;
    note.last = last;
    if (kind == IngestNote::Kind::kRefused) note.refusal = absl::InvalidArgumentError("bad");
    return model_->Note(note, now_);
  }
  IngestOutcome SendNumber(uint64_t sequence, uint64_t epoch = 1) {
    return Send(RandomRows(&random_, 10), {"p", epoch, sequence});
  }
  void ChangePolicy() { model_->ChangePolicy(policy_, nullptr, nullptr, now_); }
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
  // The report does not call in order what nothing is known of.
  const auto told = [&] {
    const Report report = model_->MakeReport(now_, {}).value();
    for (const checks::Finding& finding : report.findings) {
      if (finding.check != CheckId::kDrift || finding.variable != "x") continue;
      EXPECT_EQ(finding.status, checks::Status::kInsufficientData);
      EXPECT_GT(finding.value, finding.threshold);
      return finding.reason;
    }
    return std::string();
  };
  EXPECT_THAT(told(), ::testing::ContainsRegex(
                          "^x: psi .*, 4,000 rows; drift is told once panes with at least "
                          "100 rows together have closed$"));
  for (int i = 0; i < 20; ++i) {
    SendMinute(1, 200, 1.5);
    Tick();
  }
  EXPECT_EQ(State(CheckId::kDrift, "x"), AlertState::kInactive);  // one block tells nothing
  EXPECT_THAT(told(), ::testing::HasSubstr("; closed panes do not show it beyond chance yet"));
  SendMinute(2, 1, 1.5);
  const auto firing = Find(*model_, CheckId::kDrift, "x");
  ASSERT_TRUE(firing.has_value());
  EXPECT_EQ(firing->state, AlertState::kFiring);
  EXPECT_EQ(firing->streak, 2u);
  EXPECT_THAT(firing->finding.reason, ::testing::HasSubstr("x: psi"));
  EXPECT_EQ(State(CheckId::kDrift, "city"), AlertState::kInactive);
  EXPECT_EQ(State(CheckId::kDrift, "score"), AlertState::kInactive);
}

TEST_F(LiveModelTest, SparsePanesTogetherMakeABlock) {
  // 40 rows a pane and at least 100 a block: three panes, twice.
  for (int minute = 0; minute < 6; ++minute) {
    SendMinute(minute, 40, 1.5);
    Tick();
    EXPECT_EQ(State(CheckId::kDrift, "x"), AlertState::kInactive) << minute;
  }
  SendMinute(6, 1, 1.5);
  EXPECT_EQ(State(CheckId::kDrift, "x"), AlertState::kFiring);
}

TEST_F(LiveModelTest, OneStrangePaneIsNoDriftAndDriftThatEndsResolves) {
  policy_.window_panes = 3;
  Start();
  SendMinute(0, 200, 3);
  SendMinute(1, 200, 0);
  EXPECT_EQ(State(CheckId::kDrift, "x"), AlertState::kInactive);
  SendMinute(2, 200, 0);
  EXPECT_EQ(State(CheckId::kDrift, "x"), AlertState::kInactive);
  for (int minute = 3; minute < 6; ++minute) SendMinute(minute, 200, 3);
  EXPECT_EQ(State(CheckId::kDrift, "x"), AlertState::kFiring);
  for (int minute = 6; minute < 12; ++minute) SendMinute(minute, 200, 0);
  EXPECT_EQ(State(CheckId::kDrift, "x"), AlertState::kResolved);
}

TEST_F(LiveModelTest, AnotherPolicyFiresWithTheNextBlockAndNotByItself) {
  policy_.drift_thresholds[checks::DriftStatistic::kPsi] = 3;
  Start();
  for (int minute = 0; minute < 5; ++minute) SendMinute(minute, 200, 0.7);
  EXPECT_EQ(State(CheckId::kDrift, "x"), AlertState::kInactive);
  policy_.drift_thresholds[checks::DriftStatistic::kPsi] = 0.2;
  model_->SetPolicy(policy_);
  Tick();
  EXPECT_EQ(State(CheckId::kDrift, "x"), AlertState::kInactive);
  SendMinute(5, 200, 0.7);
  EXPECT_EQ(State(CheckId::kDrift, "x"), AlertState::kFiring);
  // Neither a budget of less nor another window ends what fires.
  const auto since = Find(*model_, CheckId::kDrift, "x")->firing_since;
  policy_.false_page_budget = 1e-3;
  policy_.window_panes = 30;
  ChangePolicy();
  Tick();
  EXPECT_EQ(State(CheckId::kDrift, "x"), AlertState::kFiring);
  EXPECT_EQ(Find(*model_, CheckId::kDrift, "x")->firing_since, since);
  // A threshold beyond it does, and says so at once.
  model_->TakeChanges();
  policy_.drift_thresholds[checks::DriftStatistic::kPsi] = 3;
  ChangePolicy();
  const std::vector<ModelAlert> told = model_->TakeChanges();
  ASSERT_EQ(told.size(), 1u);
  EXPECT_EQ(told[0].alert.state, AlertState::kResolved);
  EXPECT_THAT(told[0].alert.finding.reason, EndsWith("rows; the policy changed"));
}

TEST_F(LiveModelTest, ADriftOfTheLatestPanesIsNotHiddenByTheWindow) {
  for (int minute = 0; minute < 50; ++minute) SendMinute(minute, 200, 0);
  for (int minute = 50; minute < 54; ++minute) SendMinute(minute, 200, 0.8);
  SendMinute(54, 1, 0.8);
  const auto alert = Find(*model_, CheckId::kDrift, "x");
  ASSERT_TRUE(alert.has_value());
  EXPECT_EQ(alert->state, AlertState::kFiring);
  EXPECT_THAT(alert->finding.reason, ::testing::HasSubstr(" in the latest "));
  const Report report = model_->MakeReport(now_, {}).value();
  EXPECT_TRUE(report.natural_variation_unknown);  // independent rows
  for (const VariableReport& variable : report.variables) EXPECT_LT(variable.natural_psi, 0.2);
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

TEST_F(LiveModelTest, ShowsTheDistributionOfVariablesInTroubleAndNoCategory) {
  Rows rows = RandomRows(&random_, 200);
  rows.score[3] = kNaN;
  for (size_t i = 0; i < 200; i += 2) rows.city[i] = "mars";
  Send(std::move(rows));
  Tick();
  const auto snapshot = model_->Snapshot();
  std::map<std::string, std::vector<std::string>> edges;
  for (const VariableSnapshot& variable : snapshot->variables) {
    double training = 0, live = 0;
    for (const DistributionShare& share : variable.distribution) {
      edges[variable.name].push_back(share.edge);
      training += share.training;
      live += share.live;
    }
    if (variable.distribution.empty()) continue;
    EXPECT_NEAR(training, 1, 1e-12) << variable.name;
    EXPECT_NEAR(live, 1, 1e-12) << variable.name;
  }
  EXPECT_THAT(edges["city"], ::testing::ElementsAre("0", "1", "2", "unseen"));
  ASSERT_GE(edges["score"].size(), 10u);
  EXPECT_TRUE(std::is_sorted(
      edges["score"].begin(), edges["score"].end(),
      [](const std::string& a, const std::string& b) { return std::stod(a) < std::stod(b); }));
  EXPECT_THAT(edges["x"], ::testing::IsEmpty());
  EXPECT_EQ(snapshot->variables.size(), 3u);
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
  for (const uint64_t sequence : {1u, 2u, 5u}) SendNumber(sequence);
  Tick(policy_.hole_grace - absl::Seconds(1));
  EXPECT_EQ(State(CheckId::kRowsLost), AlertState::kInactive);
  model_->MakeReport(now_ + absl::Seconds(1), {})
      .IgnoreError();  // who asks first takes nothing from the alert
  Tick();
  const auto alert = Find(*model_, CheckId::kRowsLost, "");
  ASSERT_TRUE(alert.has_value());
  EXPECT_EQ(alert->state, AlertState::kFiring);
  EXPECT_EQ(alert->finding.severity, checks::Severity::kCritical);
  EXPECT_EQ(alert->finding.reason, "2 batches were lost: producer \"p\" epoch 1: 2 of 5");
  EXPECT_EQ(model_->Snapshot()->losses.lost, 2u);
  SendNumber(3);
  SendNumber(4);
  Tick();
  EXPECT_EQ(State(CheckId::kRowsLost), AlertState::kResolved);
  EXPECT_THAT(Find(*model_, CheckId::kRowsLost, "")->finding.reason,
              ::testing::HasSubstr("2 of 5; they have arrived since"));
  EXPECT_EQ(model_->Snapshot()->losses.lost, 0u);
  EXPECT_EQ(model_->Snapshot()->losses.called_lost, 2u);
  EXPECT_EQ(model_->Snapshot()->losses.cleared, 2u);
}

TEST_F(LiveModelTest, WhatNeverCameIsSaidWhenTheEpochExpires) {
  SendNumber(3);
  Tick(policy_.hole_grace / 2);
  SendNumber(4);
  Tick(policy_.epoch_expiry);
  EXPECT_EQ(State(CheckId::kRowsLost), AlertState::kFiring);
  Tick();
  const auto alert = Find(*model_, CheckId::kRowsLost, "");
  EXPECT_EQ(alert->state, AlertState::kResolved);
  EXPECT_EQ(alert->finding.reason,
            "2 batches were lost: producer \"p\" epoch 1: 2 of 4; "
            "2 never came: the epoch expired, or 24h have passed");
  EXPECT_EQ(model_->Snapshot()->losses.lost, 0u);
  EXPECT_EQ(model_->Snapshot()->losses.called_lost, 2u);
  EXPECT_EQ(model_->Snapshot()->losses.cleared, 0u);
}

TEST_F(LiveModelTest, RefusedAndSkippedNumbersAreNoLossAndAMissingTailIs) {
  using Kind = IngestNote::Kind;
  SendNumber(1);
  const IngestOutcome refused = Note(Kind::kRefused, 2, 2);
  EXPECT_EQ(refused.result, Result::kRefused);
  EXPECT_EQ(refused.error, absl::InvalidArgumentError("bad"));
  EXPECT_EQ(Note(Kind::kSkip, 3, 6).result, Result::kCounted);
  EXPECT_EQ(Note(Kind::kSkip, 6, 3).result, Result::kRefused);
  SendNumber(7);
  Tick(absl::Minutes(5));
  EXPECT_EQ(State(CheckId::kRowsLost), AlertState::kInactive);
  EXPECT_EQ(model_->Snapshot()->batches.refused, 1u);
  const IngestOutcome wrong = Note(Kind::kEnd, 0, 6);
  EXPECT_EQ(wrong.result, Result::kRefused);
  EXPECT_EQ(wrong.error.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(Note(Kind::kEnd, 0, 9).result, Result::kCounted);
  Tick(policy_.hole_grace);
  EXPECT_EQ(State(CheckId::kRowsLost), AlertState::kFiring);
  EXPECT_EQ(model_->Snapshot()->losses.lost, 2u);
  const Report report = model_->MakeReport(now_, {}).value();
  ASSERT_EQ(report.losses.size(), 1u);
  EXPECT_EQ(report.losses[0].producer, "p");
  EXPECT_EQ(report.losses[0].highest, 9u);
  EXPECT_EQ(report.losses[0].lost, 2u);
  EXPECT_TRUE(report.losses[0].ended);
  EXPECT_TRUE(model_->MakeReport(now_, 0).value().losses.empty());
}

TEST_F(LiveModelTest, AnEpochThatDidNotEndIsInformationUntilItGoesOn) {
  policy_.no_data_after = absl::Hours(1);
  Start();
  SendNumber(1);
  Tick(policy_.no_data_after - absl::Seconds(1));
  EXPECT_EQ(State(CheckId::kTailUnknown), AlertState::kInactive);
  Tick();
  const auto alert = Find(*model_, CheckId::kTailUnknown, "");
  ASSERT_TRUE(alert.has_value());
  EXPECT_EQ(alert->state, AlertState::kFiring);
  EXPECT_EQ(alert->finding.severity, checks::Severity::kInfo);
  EXPECT_EQ(alert->finding.cause, "epoch_not_ended");
  EXPECT_EQ(State(CheckId::kRowsLost), AlertState::kInactive);
  EXPECT_EQ(model_->Snapshot()->losses.unended_epochs, 1u);
  SendNumber(2);  // it had paused
  Tick();
  EXPECT_EQ(State(CheckId::kTailUnknown), AlertState::kResolved);
  SendNumber(1, 2);  // it died, and began anew
  Tick(policy_.hole_grace);
  EXPECT_EQ(State(CheckId::kTailUnknown), AlertState::kFiring);
  EXPECT_EQ(Note(IngestNote::Kind::kEnd, 0, 2).result, Result::kCounted);  // or it says so late
  Tick();
  EXPECT_EQ(State(CheckId::kTailUnknown), AlertState::kResolved);
  EXPECT_EQ(State(CheckId::kRowsLost), AlertState::kInactive);
}

TEST_F(LiveModelTest, AClockSetForwardMakesNobodySilentAndNothingLost) {
  SendNumber(3);
  Tick();
  JumpBy(absl::Hours(24 * 30));
  Tick(policy_.hole_grace - ListeningTime::kLongestStep - absl::Seconds(3));
  for (const checks::Alert& alert : model_->alerts()) ADD_FAILURE() << alert.finding.reason;
  EXPECT_EQ(SendNumber(2).result, Result::kCounted);  // the epoch lives
  Tick(absl::Seconds(1));
  EXPECT_EQ(State(CheckId::kRowsLost), AlertState::kInactive);
  Tick(absl::Seconds(1));
  EXPECT_EQ(State(CheckId::kRowsLost), AlertState::kFiring);
  EXPECT_EQ(Find(*model_, CheckId::kRowsLost, "")->firing_since, now_);
}

TEST_F(LiveModelTest, AClockSetBackHidesNoSilenceAndNoLoss) {
  SendNumber(3);
  JumpBy(-absl::Hours(24 * 30));
  Tick(policy_.hole_grace);
  EXPECT_EQ(State(CheckId::kRowsLost), AlertState::kFiring);
  Tick(policy_.no_data_after);
  EXPECT_EQ(State(CheckId::kNoData), AlertState::kFiring);
  EXPECT_EQ(State(CheckId::kTailUnknown), AlertState::kFiring);
  Tick(policy_.epoch_expiry);
  EXPECT_EQ(SendNumber(1).error.code(), absl::StatusCode::kFailedPrecondition);
}

TEST_F(LiveModelTest, RowsWithoutTimesAreNotLateThoughTheClockIsSetBack) {
  JumpBy(absl::Hours(1));
  EXPECT_EQ(SendNumber(1).rows_counted, 10u);
  Tick(absl::Minutes(2));  // panes close by the clock
  JumpBy(-absl::Hours(1));
  const IngestOutcome outcome = SendNumber(2);
  EXPECT_EQ(outcome.rows_counted, 10u);
  EXPECT_EQ(outcome.rows_late, 0u);
  EXPECT_EQ(model_->MakeReport(now_, {}).value().rows, 20u);
}

TEST_F(LiveModelTest, AFrozenServiceBlamesNobody) {
  SendNumber(2);
  Tick();
  JumpBy(absl::Hours(3));
  EXPECT_TRUE(model_->alerts().empty());
  EXPECT_EQ(SendNumber(1).result, Result::kCounted);
  Tick(policy_.hole_grace);
  EXPECT_TRUE(model_->alerts().empty());
}

TEST_F(LiveModelTest, ABatchIsCountedOnceAndAnExpiredEpochNotAnew) {
  const Rows rows = RandomRows(&random_, 10);
  EXPECT_EQ(Send(rows, {"p", 1, 1}).result, Result::kCounted);
  EXPECT_EQ(Send(rows, {"p", 1, 1}).result, Result::kDuplicate);
  EXPECT_EQ(Send(rows, {"p", 1, 0}).result, Result::kRefused);
  EXPECT_EQ(model_->MakeReport(now_, {}).value().rows, 10u);
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
  EXPECT_EQ(model_->MakeReport(now_, {}).value().rows, 62u);
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
  EXPECT_EQ(model_->MakeReport(now_, {}).value().rows, 51u);
  EXPECT_EQ(State(CheckId::kNanRate, "score"), AlertState::kFiring);
  policy_.window_panes = 2;
  policy_.checks[CheckId::kNanRate].muted = true;
  ChangePolicy();
  EXPECT_EQ(model_->MakeReport(now_, {}).value().rows, 21u);
  const auto muted = Find(*model_, CheckId::kNanRate, "score");
  ASSERT_TRUE(muted.has_value());
  EXPECT_EQ(muted->state, AlertState::kResolved);
  EXPECT_THAT(muted->finding.reason, EndsWith("none in training; the policy changed"));
}

// A NaN prediction and a lost batch fire, and somebody looks after both.
class LiveModelChangeTest : public LiveModelTest {
 protected:
  LiveModelChangeTest() {
    Rows rows = RandomRows(&random_, 20);
    rows.score[0] = kNaN;
    Send(std::move(rows), {"p", 1, 1});
    SendNumber(3);
    Tick(absl::Minutes(2));
    model_->Acknowledge({}, checks::Signature{"anna", "looking", now_});
    before_ = Find(*model_, CheckId::kRowsLost, "").value();
    model_->TakeChanges();
  }
  // As the engine does.
  void Replace(std::shared_ptr<const profile::Baseline> baseline) {
    auto fresh = std::make_unique<LiveModel>(kKey, std::move(baseline), policy_, 2, now_, nullptr);
    fresh->InheritProducers(model_.get());
    fresh->InheritAlerts(model_.get(), now_);
    model_ = std::move(fresh);
  }
  // The one on NaN is over, and says why; the one on lost rows goes on.
  void ExpectEnd(const std::string& why) {
    for (const bool later : {false, true}) {
      const auto ended = Find(*model_, CheckId::kNanRate, "score");
      ASSERT_TRUE(ended.has_value());
      EXPECT_EQ(ended->state, AlertState::kResolved);
      EXPECT_EQ(ended->resolved_at, later ? now_ - absl::Seconds(1) : now_);
      EXPECT_EQ(ended->incident, before_.incident);
      EXPECT_THAT(ended->finding.reason, EndsWith(why));
      const auto lost = Find(*model_, CheckId::kRowsLost, "");
      ASSERT_TRUE(lost.has_value());
      EXPECT_EQ(lost->state, AlertState::kFiring);
      EXPECT_EQ(lost->firing_since, before_.firing_since);
      EXPECT_EQ(lost->incident, before_.incident);
      EXPECT_EQ(lost->acknowledged->by, "anna");
      std::vector<CheckId> told;
      for (const ModelAlert& change : model_->TakeChanges()) told.push_back(change.alert.key.check);
      EXPECT_THAT(told, later ? std::vector<CheckId>() : std::vector<CheckId>{CheckId::kNanRate});
      Tick();
    }
  }

  checks::Alert before_;
};

TEST_F(LiveModelChangeTest, PanesOfAnotherLengthEndWhatGoesByWindowsAndSaySo) {
  policy_.pane = absl::Minutes(2);
  Replace(baseline_);
  ExpectEnd("none in training; the policy changed: its panes are 2m long now");
  // It begins anew when it is seen anew.
  Rows rows = RandomRows(&random_, 20);
  rows.score[0] = kNaN;
  Send(std::move(rows));
  Tick();
  EXPECT_EQ(State(CheckId::kNanRate, "score"), AlertState::kFiring);
  EXPECT_EQ(model_->alerts().size(), 2u);
  EXPECT_EQ(Find(*model_, CheckId::kNanRate, "score")->acknowledged, std::nullopt);
}

TEST_F(LiveModelChangeTest, AnotherBaselineEndsWhatWasHeldAgainstTheLastAndSaysSo) {
  profile::Baseline next = *baseline_;
  next.number = 2;
  Replace(std::make_shared<const profile::Baseline>(std::move(next)));
  ExpectEnd("none in training; baseline 2 became active");
  // Silence goes on as well.
  Tick(absl::Minutes(16));
  EXPECT_EQ(State(CheckId::kNoData), AlertState::kFiring);
  Replace(baseline_);
  EXPECT_EQ(State(CheckId::kNoData), AlertState::kFiring);
}

TEST_F(LiveModelChangeTest, AVariableThatLeavesTheBaselineEndsItsAlerts) {
  const Rows rows = RandomRows(&random_, 5'000);
  profile::Baseline without =
      profile::BuildBaseline({profile::MakeBatch(5'000, {profile::NumberColumn("x", rows.x)})})
          .value();
  without.number = 2;
  Replace(std::make_shared<const profile::Baseline>(std::move(without)));
  ExpectEnd("none in training; baseline 2 became active");
  model_->EndAlerts(now_, "the model was deleted");
  EXPECT_EQ(State(CheckId::kRowsLost), AlertState::kResolved);
  EXPECT_EQ(model_->TakeChanges().size(), 1u);
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
