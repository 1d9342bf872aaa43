#include "server/engine/loads.h"

#include <memory>
#include <optional>
#include <random>
#include <string>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "rocksdb/env.h"
#include "server/engine/arrival.h"
#include "server/engine/live_model.h"
#include "server/profile/row_set_of_batch.h"
#include "tests/engine/rows.h"

namespace plumbline::engine {
namespace {

using checks::AlertState;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::SizeIs;

class LoadsTest : public ::testing::Test {
 protected:
  SparePanes spare_panes_;  // outlives the batches

  LoadsTest() : env_(rocksdb::NewMemEnv(rocksdb::Env::Default())) {
    store_ = storage::Store::Open("/data", {env_.get()}).value();
    checks::Policy policy = checks::DefaultPolicy();
    policy.source_idle_timeout = policy.allowed_lateness = absl::ZeroDuration();
    model_ = std::make_unique<LiveModel>(kKey, TrainedOnRows(), policy, 1, now_, store_.get());
  }

  // What the rows are.
  manifest::RowSet Send(const std::string& load, uint64_t sequence, size_t rows, double mean = 0) {
    IngestBatch batch = BatchOf(kKey, {"p", 1, sequence}, RandomRows(&random_, rows, mean));
    const manifest::RowSet sent = profile::RowSetOf(batch.view);
    batch.load = LoadRows{.name = load, .rows = {}};
    CountAtArrival(model_->baseline(), {}, nullptr, model_->policy().pane, &spare_panes_, &batch);
    EXPECT_TRUE(model_->Ingest(batch, now_).error.ok());
    return sent;
  }
  DeclaredLoad End(const std::string& load, std::optional<uint64_t> rows,
                   std::optional<absl::uint128> digest = std::nullopt, bool ends = true) {
    const auto declared =
        model_->Declare({.name = load, .rows = rows, .digest = digest, .ends = ends}, now_);
    EXPECT_TRUE(declared.ok()) << declared.status();
    return declared.value_or(DeclaredLoad());
  }
  // Time passes, and the service listens.
  void Pass(absl::Duration time) {
    for (const absl::Time end = now_ + time; now_ < end;) {
      now_ = std::min(end, now_ + ListeningTime::kLongestStep);
      model_->Tick(now_);
    }
  }
  void Restart() {
    storage::Store::Batch batch;
    model_->Commit(&batch);
    ASSERT_TRUE(store_->Write(std::move(batch), true).ok());
    const auto state = store_->GetState(kKey.model, kKey.version).value();
    auto loaded = LiveModel::Load(kKey, model_->baseline(), model_->policy(), *state, *store_);
    ASSERT_TRUE(loaded.ok()) << loaded.status();
    model_ = *std::move(loaded);
  }
  std::optional<checks::Alert> Alert(checks::CheckId check = checks::CheckId::kLoadMismatch) const {
    for (const checks::Alert& alert : model_->alerts()) {
      if (alert.key.check == check) return alert;
    }
    return std::nullopt;
  }

  std::unique_ptr<rocksdb::Env> env_;
  std::unique_ptr<storage::Store> store_;
  absl::Time now_ = kNow;
  std::mt19937_64 random_{7};
  std::unique_ptr<LiveModel> model_;
};

TEST_F(LoadsTest, AllThatWasDeclaredCame) {
  manifest::RowSet sent = Send("monday", 1, 100);
  sent.Add(Send("monday", 2, 600));  // counted at arrival
  (void)Send("", 3, 10);
  const DeclaredLoad load = End("monday", 700, sent.digest);
  EXPECT_EQ(load.state, LoadState::kComplete);
  EXPECT_EQ(load.arrived, sent);
  EXPECT_EQ(load.batches, 2u);
  Pass(absl::Hours(1));
  EXPECT_EQ(Alert(), std::nullopt);
}

TEST_F(LoadsTest, WhatIsMissingFiresAfterTheGraceSurvivesARestartAndEndsWhenItComes) {
  manifest::RowSet declared = Send("monday", 1, 100);
  const DeclaredLoad load = End("monday", 150);
  EXPECT_EQ(load.state, LoadState::kWaiting);
  Pass(absl::Seconds(50));
  EXPECT_EQ(Alert(), std::nullopt);
  Restart();
  Pass(absl::Seconds(20));
  ASSERT_TRUE(Alert().has_value());
  EXPECT_EQ(Alert()->state, AlertState::kFiring);
  EXPECT_EQ(Alert()->finding.cause, "rows_missing");
  EXPECT_EQ(Alert()->finding.severity, checks::Severity::kCritical);
  EXPECT_EQ(Alert()->finding.reason,
            "1 load is not what was declared: `monday`: 100 rows came of 150");
  Restart();
  EXPECT_EQ(Alert()->state, AlertState::kFiring);
  ASSERT_THAT(model_->MakeReport(now_, std::nullopt).value().loads, SizeIs(1));
  EXPECT_EQ(model_->Snapshot()->loads->rows_missing, 50u);
  declared.Add(Send("monday", 2, 50));  // after all
  EXPECT_EQ(End("monday", 150, declared.digest).state, LoadState::kComplete);
  Pass(absl::Seconds(1));
  EXPECT_EQ(Alert()->state, AlertState::kResolved);
}

TEST_F(LoadsTest, ARetryIsCountedOnceAndASecondSendingIsTooMuch) {
  (void)Send("monday", 1, 100);
  (void)Send("monday", 1, 100);  // the same number again
  EXPECT_EQ(End("monday", 100).state, LoadState::kComplete);
  (void)Send("monday", 2, 100);
  EXPECT_EQ(End("monday", 100).state, LoadState::kRowsExtra);
  Pass(absl::Seconds(1));
  EXPECT_EQ(Alert()->finding.cause, "rows_extra");
}

TEST_F(LoadsTest, OtherRowsAreFoundByTheirDigest) {
  const manifest::RowSet sent = Send("monday", 1, 100);
  EXPECT_EQ(End("monday", 100, sent.digest + 1).state, LoadState::kContentDiffers);
  Pass(absl::Seconds(1));
  EXPECT_EQ(Alert()->finding.cause, "content_differs");
  EXPECT_THAT(Alert()->finding.reason, HasSubstr("its 100 rows are not those that were declared"));
  // Nobody needs to be told for ever.
  Pass(absl::Hours(25));
  EXPECT_EQ(Alert()->state, AlertState::kResolved);
}

TEST_F(LoadsTest, OneThatWasDeclaredAtItsBeginIsMissedWhenItFallsSilent) {
  EXPECT_EQ(End("monday", 100, std::nullopt, /*ends=*/false).state, LoadState::kOpen);
  (void)Send("monday", 1, 40);
  Pass(absl::Minutes(14));
  EXPECT_EQ(Alert(), std::nullopt);
  Pass(absl::Minutes(2));
  EXPECT_EQ(Alert()->finding.cause, "rows_missing");
  const auto unknown =
      model_->Declare({.name = "tuesday", .rows = {}, .digest = {}, .ends = true}, now_);
  EXPECT_TRUE(absl::IsFailedPrecondition(unknown.status()));
  EXPECT_THAT(std::string(unknown.status().message()), HasSubstr("\"tuesday\""));
}

TEST_F(LoadsTest, DriftSaysThatRowsAreMissing) {
  (void)Send("monday", 1, 1000, /*mean=*/2);
  Pass(absl::Minutes(2));
  (void)Send("monday", 2, 1000, /*mean=*/2);
  Pass(absl::Minutes(2));
  (void)Send("", 3, 1000, /*mean=*/2);  // closes the second pane: evidence needs two
  Pass(absl::Minutes(2));
  const auto drift = [&] { return Alert(checks::CheckId::kDrift)->finding.reason; };
  EXPECT_THAT(drift(), Not(HasSubstr("missing")));
  EXPECT_EQ(model_->Snapshot()->missing_rows_share, 0);
  EXPECT_FALSE(model_->Snapshot()->incomplete);
  (void)End("monday", 2500);
  (void)Send("", 4, 1000, /*mean=*/2);
  Pass(absl::Seconds(2));
  EXPECT_THAT(drift(),
              HasSubstr("but 11.1% of the window's rows are missing, and those that came "
                        "need not be like them (load `monday`: 2,000 rows came of 2,500)"));
  EXPECT_NEAR(model_->Snapshot()->missing_rows_share, 1.0 / 9, 1e-9);
  EXPECT_TRUE(model_->Snapshot()->incomplete);
  // A few do not matter.
  (void)End("monday", 2010);
  (void)Send("", 5, 1000, /*mean=*/2);
  Pass(absl::Seconds(2));
  EXPECT_THAT(drift(), Not(HasSubstr("missing")));
  EXPECT_NEAR(model_->Snapshot()->missing_rows_share, 10.0 / 5010, 1e-9);
  EXPECT_FALSE(model_->Snapshot()->incomplete);
  // Batches that are missing are rows too.
  (void)End("monday", 2000);
  (void)Send("", 7, 1000, /*mean=*/2);
  Pass(absl::Seconds(2));
  EXPECT_TRUE(model_->Snapshot()->incomplete);
  EXPECT_THAT(drift(), HasSubstr("1 missing batch of about 1000 rows"));
}

TEST_F(LoadsTest, PastTheBoundTheCompleteOnesMakeRoom) {
  Loads loads;
  const auto declare = [&](size_t i, uint64_t rows) {
    const Moment now{kNow + absl::Seconds(i), kNow + absl::Seconds(i)};
    ASSERT_TRUE(
        loads.Declare({.name = absl::StrCat(i), .rows = rows, .digest = {}, .ends = true}, now)
            .ok());
    loads.Advance(now.heard, model_->policy());
  };
  declare(0, 5);
  for (size_t i = 1; i <= Loads::kMaxLoads + 1; ++i) declare(i, 0);
  EXPECT_THAT(loads.List(), SizeIs(Loads::kMaxLoads));
  EXPECT_NE(loads.Find("0"), nullptr);  // waits for rows
  EXPECT_EQ(loads.Find("1"), nullptr);
  EXPECT_EQ(loads.Find("2"), nullptr);
}

}  // namespace
}  // namespace plumbline::engine
