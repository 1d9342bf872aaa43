#include "server/engine/slice_book.h"

#include <limits>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "rocksdb/env.h"
#include "server/engine/arrival.h"
#include "server/engine/live_model.h"
#include "server/storage/keys.h"
#include "tests/engine/rows.h"

namespace plumbline::engine {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::IsSupersetOf;
using ::testing::Not;
using ::testing::StartsWith;

class SliceBookTest : public ::testing::Test {
 protected:
  SparePanes spare_panes_;  // outlives the batches

  SliceBookTest() : env_(rocksdb::NewMemEnv(rocksdb::Env::Default())) {
    policy_.allowed_lateness = absl::ZeroDuration();
    policy_.window_panes = 5;
    quotas_.max_judged_sources = 2;
    store_ = storage::Store::Open("/db", {.env = env_.get()}).value();
    model_ = std::make_unique<LiveModel>(kKey, baseline_, policy_, 1, kNow, store_.get(), quotas_);
  }

  void Send(const std::string& source, int minute, size_t count, double mean = 0) {
    Rows rows = RandomRows(&random_, count, mean);
    rows.source = source;
    rows.micros = absl::ToUnixMicros(kNow + absl::Minutes(minute));
    model_->Ingest(BatchOf(kKey, {}, std::move(rows)), kNow);
  }
  // Rows of which those of one city have another mean; counted at arrival if they are many.
  void SendCities(int minute, size_t count, const std::string& city, double mean) {
    Rows rows = RandomRows(&random_, count);
    for (size_t i = 0; i < count; ++i) {
      if (city == "all" || rows.city[i] == city) rows.x[i] += mean;
    }
    rows.micros = absl::ToUnixMicros(kNow + absl::Minutes(minute));
    IngestBatch batch = BatchOf(kKey, {}, std::move(rows));
    CountAtArrival(baseline_, {}, slicing_, policy_.pane, &spare_panes_, &batch);
    ASSERT_TRUE(!batch.counted.has_value() || model_->CanAdd(*batch.counted));
    model_->Ingest(batch, kNow);
  }
  std::vector<std::string> Slices() {
    std::vector<std::string> judged;
    for (const SliceSnapshot& slice : model_->Snapshot()->judged_slices) {
      judged.push_back(absl::StrCat(slice.name, " ", slice.label, " ", slice.window_rows));
    }
    return judged;
  }
  void CommitAndLoad() {
    storage::Store::Batch batch;
    model_->Commit(&batch);
    ASSERT_TRUE(store_->Write(std::move(batch), /*sync=*/false).ok());
    auto loaded = LiveModel::Load(kKey, baseline_, policy_, **store_->GetState("m", "v"), *store_,
                                  quotas_, nullptr, slicing_);
    ASSERT_TRUE(loaded.ok()) << loaded.status();
    model_ = *std::move(loaded);
  }
  std::vector<std::string> Firing() const {
    std::vector<std::string> firing;
    for (const checks::Alert& alert : model_->alerts()) {
      if (alert.state != checks::AlertState::kFiring) continue;
      firing.push_back(absl::StrCat(checks::CheckName(alert.key.check), " ", alert.key.variable,
                                    " ", alert.key.source, alert.key.slice));
    }
    return firing;
  }
  std::vector<std::string> Judged() {
    std::vector<std::string> judged;
    for (const auto& source : model_->Snapshot()->judged_sources) {
      judged.push_back(absl::StrCat(source->name, " ", source->window_rows));
    }
    return judged;
  }

  std::unique_ptr<rocksdb::Env> env_;
  std::unique_ptr<storage::Store> store_;
  std::shared_ptr<const profile::Baseline> baseline_ = TrainedOnRows();
  checks::Policy policy_ = checks::DefaultPolicy();
  Quotas quotas_;
  std::shared_ptr<const profile::Slicing> slicing_;
  std::mt19937_64 random_{7};
  std::unique_ptr<LiveModel> model_;
};

TEST_F(SliceBookTest, ASingleSourceIsAllRows) {
  Send("a", 0, 100);
  model_->Tick(kNow);
  EXPECT_THAT(Judged(), IsEmpty());
  Send("b", 0, 50);
  Send("a", 0, 10);
  model_->Tick(kNow);
  EXPECT_THAT(Judged(), ElementsAre("a 10", "b 50"));
  const Report report = model_->MakeReport(kNow, std::nullopt).value();
  EXPECT_EQ(report.rows, 160);
  EXPECT_EQ(report.rows_of_other_sources, 100);
  EXPECT_EQ(model_->MakeReport(kNow, std::nullopt, {"b", ""})->rows, 50);
  EXPECT_THAT(model_->MakeReport(kNow, std::nullopt, {"c", ""}).status().message(),
              HasSubstr("\"c\""));
}

TEST_F(SliceBookTest, TheAlertNamesTheSourceAndOutlivesARestart) {
  Send("a", 0, 1);
  for (int minute = 0; minute < 4; ++minute) {
    Send("b", minute, 400);
    Send("a", minute, 200, minute > 0 ? 3 : 0);
    if (minute % 2 == 1) CommitAndLoad();
  }
  Send("b", 4, 1);
  Send("a", 4, 1);
  EXPECT_THAT(Firing(), IsSupersetOf({"drift x ", "drift x a"}));
  EXPECT_THAT(Firing(), Not(Contains(EndsWith(" b"))));
  for (const checks::Alert& alert : model_->alerts()) {
    EXPECT_THAT(alert.finding.reason, HasSubstr("source a"));
  }
  const std::vector<std::string> judged = Judged();
  CommitAndLoad();
  EXPECT_THAT(Firing(), IsSupersetOf({"drift x ", "drift x a"}));
  EXPECT_THAT(Firing(), Not(Contains(EndsWith(" b"))));
  Send("a", 4, 1);
  model_->Tick(kNow);
  EXPECT_THAT(judged, ElementsAre("a 801", "b 1601"));
  EXPECT_THAT(Judged(), ElementsAre("a 802", "b 1601"));
}

TEST_F(SliceBookTest, ASourceThatIsSilentForAWindowMakesRoom) {
  Send("a", 0, 100);
  Send("b", 0, 100);
  Send("a", 0, 100, 9);
  Send("c", 0, 100);  // beyond the bound
  EXPECT_EQ(model_->Snapshot()->rows_not_judged_apart, 100u);
  CommitAndLoad();
  for (int minute = 1; minute < 8; ++minute) Send("b", minute, 100);
  // By then a and c have been silent for too long to hold the others back.
  model_->Tick(kNow + absl::Seconds(9));
  for (int i = 1; i < 60; ++i) model_->Tick(kNow + absl::Seconds(9 * i));
  Send("b", 8, 1);
  EXPECT_THAT(Firing(), IsEmpty());
  Send("c", 8, 30);
  model_->Tick(kNow + absl::Seconds(9 * 60));
  EXPECT_THAT(Judged(), ElementsAre("b 401", "c 30"));
  CommitAndLoad();
  Send("c", 8, 1);
  model_->Tick(kNow + absl::Seconds(9 * 60));
  EXPECT_THAT(Judged(), ElementsAre("b 401", "c 31"));
}

TEST_F(SliceBookTest, AnotherBaselineDeletesTheWindowsOfSources) {
  Send("a", 0, 100);
  Send("b", 0, 100);
  Send("a", 2, 100);
  Send("b", 2, 100);
  CommitAndLoad();
  Send("b", 3, 1);
  storage::Store::Batch batch;
  model_->Delete(&batch);
  ASSERT_TRUE(store_->Write(std::move(batch), /*sync=*/false).ok());
  for (uint64_t slice = 0; slice <= 2; ++slice) {
    EXPECT_TRUE(store_->ListPaneDeltas("m", "v", storage::SliceKey(1, slice))->empty());
    EXPECT_TRUE(store_->ListPanes("m", "v", storage::SliceKey(1, slice))->empty());
    EXPECT_FALSE(store_->GetWindow("m", "v", storage::SliceKey(1, slice))->has_value());
  }
}

TEST_F(SliceBookTest, AnAlertOfASourceEndsWithItsPanesAndBeginsAnew) {
  const auto spoilt = [&](int minute) {
    Send("a", minute, 300);
    Rows rows = RandomRows(&random_, 300);
    rows.source = "b";
    rows.score[0] = std::numeric_limits<double>::quiet_NaN();
    rows.micros = absl::ToUnixMicros(kNow + absl::Minutes(minute));
    model_->Ingest(BatchOf(kKey, {}, std::move(rows)), kNow);
    model_->Tick(kNow);
  };
  Send("a", 0, 1);
  Send("b", 0, 1);
  spoilt(0);
  ASSERT_THAT(Firing(), ElementsAre("nan_rate score ", "nan_rate score b"));
  CommitAndLoad();
  policy_.pane = absl::Minutes(2);
  storage::Store::Batch batch;
  auto fresh =
      std::make_unique<LiveModel>(kKey, baseline_, policy_, 2, kNow, store_.get(), quotas_);
  model_->Delete(&batch);
  fresh->InheritProducers(model_.get());
  fresh->InheritAlerts(model_.get(), kNow);
  ASSERT_TRUE(store_->Write(std::move(batch), /*sync=*/false).ok());
  model_ = std::move(fresh);
  EXPECT_EQ(model_->TakeChanges().size(), 2u);
  for (int look = 0; look < 2; ++look) {
    EXPECT_THAT(Firing(), IsEmpty());
    ASSERT_EQ(model_->alerts().size(), 2u);
    for (const checks::Alert& alert : model_->alerts()) {
      EXPECT_THAT(alert.finding.reason,
                  EndsWith("; the policy changed: its panes are 2m long now"));
    }
    CommitAndLoad();
  }
  spoilt(0);
  spoilt(1);
  EXPECT_THAT(Firing(), ElementsAre("nan_rate score ", "nan_rate score b"));
  EXPECT_EQ(model_->alerts().size(), 2u);  // in the place of those that ended
  CommitAndLoad();
  EXPECT_EQ(model_->alerts().size(), 2u);
  // A source is muted by its name.
  EXPECT_TRUE(model_->CheckSource(checks::CheckId::kNanRate, "b").ok());
  EXPECT_EQ(model_->CheckSource(checks::CheckId::kNanRate, "c").message(),
            "model \"m\" version \"v\" has no source \"c\" that is judged by itself; these are: a, "
            "b");
  EXPECT_TRUE(absl::IsInvalidArgument(model_->CheckSource(checks::CheckId::kRowsLost, "b")));
  EXPECT_TRUE(absl::IsNotFound(model_->CheckSource(checks::CheckId::kEnvironment, "b")));
}

TEST_F(SliceBookTest, DriftInOneValueIsToldOfItAndOutlivesARestart) {
  slicing_ = std::make_shared<const profile::Slicing>(
      profile::MakeSlicing(*baseline_, {{"city"}}, quotas_.max_judged_slices));
  model_->SetSlicing(slicing_);
  for (int minute = 0; minute < 5; ++minute) {
    // Small batches go another way than large ones.
    for (const size_t count : {size_t{2'000}, size_t{300}}) {
      SendCities(minute, count, "rome", minute > 0 ? 1 : 0);
    }
    if (minute % 2 == 1) CommitAndLoad();
  }
  SendCities(6, 1, "rome", 0);
  EXPECT_THAT(Firing(), ElementsAre("drift x city=rome"));
  const checks::Alert alert = model_->alerts().front();
  EXPECT_THAT(alert.finding.reason, HasSubstr("slice city=rome"));
  model_->Tick(kNow);
  const std::vector<std::string> slices = Slices();
  ASSERT_EQ(slices.size(), 3u);
  EXPECT_THAT(slices[2], StartsWith("city=rome city:3 "));
  const Report report = model_->MakeReport(kNow, std::nullopt, {"", "city=rome"}).value();
  const Report whole = model_->MakeReport(kNow, std::nullopt).value();
  EXPECT_NEAR(static_cast<double>(report.rows) / static_cast<double>(whole.rows), 0.1, 0.02);
  ASSERT_EQ(whole.slices.size(), 3u);
  EXPECT_EQ(whole.slices[0].rows + whole.slices[1].rows + whole.slices[2].rows, whole.rows);
  EXPECT_EQ(report.variables.front().variable.name, "x");
  EXPECT_THAT(model_->MakeReport(kNow, {}, {"", "city=bergen"}).status().message(),
              HasSubstr("\"city=bergen\""));
  CommitAndLoad();
  EXPECT_THAT(Firing(), ElementsAre("drift x city=rome"));

  model_->TakeChanges();
  slicing_ = nullptr;
  model_->SetSlicing(nullptr);
  ASSERT_EQ(model_->TakeChanges().size(), 1u);
  const auto remains = [&] {
    ASSERT_EQ(model_->alerts().size(), 1u);
    const checks::Alert ended = model_->alerts().front();
    EXPECT_EQ(ended.state, checks::AlertState::kResolved);
    EXPECT_EQ(ended.resolved_at, kNow);
    EXPECT_EQ(ended.incident, alert.incident);
    EXPECT_THAT(ended.finding.reason,
                EndsWith("slice city=rome; its variable, source or slice is no longer judged"));
  };
  remains();
  CommitAndLoad();
  remains();
  EXPECT_FALSE(store_->GetWindow("m", "v", storage::SliceKey(1, 3))->has_value());
  EXPECT_TRUE(model_->TakeChanges().empty());

  // Judged again it fires anew, in the place of what remained.
  slicing_ = std::make_shared<const profile::Slicing>(
      profile::MakeSlicing(*baseline_, {{"city"}}, quotas_.max_judged_slices));
  model_->SetSlicing(slicing_);
  remains();
  for (int minute = 7; minute < 11; ++minute) SendCities(minute, 2'000, "rome", 1);
  EXPECT_THAT(Firing(), ElementsAre("drift x city=rome"));
  EXPECT_EQ(model_->alerts().size(), 1u);
}

TEST_F(SliceBookTest, DriftOfAllRowsIsNotToldOfSlices) {
  slicing_ = std::make_shared<const profile::Slicing>(
      profile::MakeSlicing(*baseline_, {{"city"}}, quotas_.max_judged_slices));
  model_->SetSlicing(slicing_);
  for (int minute = 0; minute < 5; ++minute) SendCities(minute, 2'000, "all", 1);
  SendCities(6, 1, "all", 1);
  EXPECT_THAT(Firing(), ElementsAre("drift x "));
}

TEST_F(SliceBookTest, SlicesAreBoundedTheMostFrequentFirst) {
  const profile::Slicing slicing =
      profile::MakeSlicing(*baseline_, std::vector<std::string>{"city", "x"}, 2);
  ASSERT_EQ(slicing.slices.size(), 2u);
  EXPECT_EQ(slicing.slices[0].name, "city=oslo");
  EXPECT_EQ(slicing.slices[1].name, "city=lima");
  EXPECT_EQ(slicing.categories_left_out, 1u);
}

}  // namespace
}  // namespace plumbline::engine
