#include "server/engine/arrival.h"

#include <limits>
#include <memory>
#include <optional>
#include <random>
#include <utility>
#include <vector>

#include "gtest/gtest.h"
#include "rocksdb/env.h"
#include "server/engine/live_model.h"
#include "server/profile/pane.h"
#include "server/storage/store.h"
#include "tests/engine/rows.h"

namespace plumbline::engine {
namespace {

constexpr absl::Duration kMinute = absl::Minutes(1);
constexpr int64_t kMinuteStart = int64_t{1'700'000'040} * 1'000'000;  // of a minute

class ArrivalTest : public ::testing::Test {
 protected:
  SparePanes spare_panes_;  // outlives the batches

  IngestBatch Batch(uint64_t sequence, Rows rows) {
    return BatchOf(key_, {"p", 1, sequence}, std::move(rows));
  }
  std::unique_ptr<LiveModel> Model(checks::Policy policy = {}) {
    return std::make_unique<LiveModel>(key_, baseline_, std::move(policy), 1,
                                       absl::FromUnixMicros(kMinuteStart), store_.get());
  }

  const ModelKey key_{"m", "default"};
  const std::shared_ptr<const profile::Baseline> baseline_ = TrainedOnRows();
  const std::unique_ptr<rocksdb::Env> env_{rocksdb::NewMemEnv(rocksdb::Env::Default())};
  const std::unique_ptr<storage::Store> store_ =
      storage::Store::Open("/data", {env_.get()}).value();
  std::mt19937_64 random_{7};
  const absl::Time now_ = absl::FromUnixMicros(kMinuteStart) + absl::Seconds(50);
};

TEST_F(ArrivalTest, CountsWhatTheWorkerWouldAndGivesTheRowsBack) {
  Rows rows = RandomRows(&random_, 3'000, 0.3);
  rows.micros = kMinuteStart + 7'000'000;
  rows.source = "eu-west";
  rows.x[5] = std::numeric_limits<double>::quiet_NaN();
  rows.x[6] = std::numeric_limits<double>::infinity();
  rows.city[7] = "atlantis";
  const std::unique_ptr<LiveModel> here = Model(), there = Model();
  IngestBatch batch = Batch(1, rows);
  CountAtArrival(baseline_, {}, nullptr, kMinute, &spare_panes_, &batch);
  ASSERT_TRUE(batch.counted.has_value());
  EXPECT_EQ(batch.owner, nullptr);
  EXPECT_EQ(batch.counted->source, "eu-west");
  EXPECT_EQ(batch.counted->event_micros, rows.micros);
  ASSERT_TRUE(there->CanAdd(*batch.counted));
  const IngestOutcome added = there->Ingest(batch, now_);
  const IngestOutcome counted = here->Ingest(Batch(1, rows), now_);
  EXPECT_EQ(added.rows_counted, 3'000u);
  EXPECT_EQ(counted.rows_counted, 3'000u);
  const Report one = here->MakeReport(now_, std::nullopt).value();
  const Report other = there->MakeReport(now_, std::nullopt).value();
  EXPECT_EQ(one.rows, other.rows);
  EXPECT_EQ(one.start, other.start);
  ASSERT_EQ(one.variables.size(), other.variables.size());
  for (size_t i = 0; i < one.variables.size(); ++i) {
    const profile::VariableStatistics& a = one.variables[i].live;
    const profile::VariableStatistics& b = other.variables[i].live;
    EXPECT_EQ(a.psi_corrected, b.psi_corrected);
    EXPECT_EQ(a.nan_rate, b.nan_rate);
    EXPECT_EQ(a.inf_rate, b.inf_rate);
    EXPECT_EQ(a.unseen_rate, b.unseen_rate);
    EXPECT_EQ(a.mean, b.mean);
  }
  // A second time it is a duplicate.
  IngestBatch again = Batch(1, rows);
  CountAtArrival(baseline_, {}, nullptr, kMinute, &spare_panes_, &again);
  EXPECT_EQ(there->Ingest(again, now_).result, IngestOutcome::Result::kDuplicate);
  EXPECT_EQ(there->MakeReport(now_, std::nullopt).value().rows, 3'000u);
}

TEST_F(ArrivalTest, LeavesSmallBatchesToTheWorker) {
  IngestBatch batch = Batch(1, RandomRows(&random_, 100));
  CountAtArrival(baseline_, {}, nullptr, kMinute, &spare_panes_, &batch);
  EXPECT_FALSE(batch.counted.has_value());
  EXPECT_EQ(batch.view.rows, 100u);
}

TEST_F(ArrivalTest, CountsRowsWithTimesIfTheyLieInOnePane) {
  std::vector<int64_t> micros(1'000, kMinuteStart + 1);
  micros[400] = kMinuteStart + 59'999'999;
  IngestBatch one_pane = Batch(1, RandomRows(&random_, 1'000));
  one_pane.view.row_event_micros = micros;
  CountAtArrival(baseline_, {}, nullptr, kMinute, &spare_panes_, &one_pane);
  ASSERT_TRUE(one_pane.counted.has_value());
  EXPECT_EQ(one_pane.counted->event_micros, kMinuteStart + 59'999'999);

  micros[400] = kMinuteStart + 60'000'000;
  IngestBatch two_panes = Batch(2, RandomRows(&random_, 1'000));
  two_panes.view.row_event_micros = micros;
  CountAtArrival(baseline_, {}, nullptr, kMinute, &spare_panes_, &two_panes);
  EXPECT_FALSE(two_panes.counted.has_value());
}

TEST_F(ArrivalTest, RowsOfAClosedPaneAreLate) {
  const std::unique_ptr<LiveModel> model = Model();
  Rows early = RandomRows(&random_, 10);
  early.micros = kMinuteStart - int64_t{7'200'000'000};
  model->Ingest(Batch(1, early), now_);
  Rows fresh = RandomRows(&random_, 10);
  fresh.micros = kMinuteStart;
  model->Ingest(Batch(2, fresh), now_);  // closes the first pane
  Rows late = RandomRows(&random_, 1'000);
  late.micros = early.micros;
  IngestBatch batch = Batch(3, late);
  CountAtArrival(baseline_, {}, nullptr, kMinute, &spare_panes_, &batch);
  const IngestOutcome outcome = model->Ingest(batch, now_);
  EXPECT_EQ(outcome.rows_late, 1'000u);
  EXPECT_EQ(outcome.rows_counted, 0u);
}

TEST_F(ArrivalTest, WhatWasCountedAgainstAnotherBaselineOrPaneIsNotAdded) {
  const std::unique_ptr<LiveModel> model = Model();
  IngestBatch batch = Batch(1, RandomRows(&random_, 1'000));
  CountAtArrival(TrainedOnRows(), {}, nullptr, kMinute, &spare_panes_, &batch);
  ASSERT_TRUE(batch.counted.has_value());
  EXPECT_FALSE(model->CanAdd(*batch.counted));
  IngestBatch hourly = Batch(1, RandomRows(&random_, 1'000));
  CountAtArrival(baseline_, {}, nullptr, absl::Hours(1), &spare_panes_, &hourly);
  EXPECT_FALSE(model->CanAdd(*hourly.counted));
}

}  // namespace
}  // namespace plumbline::engine
