#include "server/engine/engine.h"

#include <stdlib.h>

#include <atomic>
#include <filesystem>
#include <future>
#include <limits>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/synchronization/blocking_counter.h"
#include "absl/synchronization/notification.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "rocksdb/env.h"
#include "server/base/clock.h"
#include "server/engine/listening_time.h"
#include "tests/engine/rows.h"
#include "tests/storage/gated_env.h"

namespace plumbline::engine {
namespace {

using Result = IngestOutcome::Result;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

class EngineTest : public ::testing::Test {
 protected:
  explicit EngineTest(bool on_disk = false)
      : clock_(absl::FromUnixSeconds(1'700'000'040)),
        env_(on_disk ? nullptr : rocksdb::NewMemEnv(rocksdb::Env::Default())) {
    std::string path = ::testing::TempDir() + "plumbline-engine-XXXXXX";
    dir_ = mkdtemp(path.data());
    options_.data_dir = dir_;
    options_.evaluation_interval = absl::Milliseconds(2);
    Open();
  }
  ~EngineTest() override {
    Close();
    std::filesystem::remove_all(dir_);
  }

  void Open() {
    store_ = storage::Store::Open(env_ == nullptr ? dir_ : "/data", {env_.get()}).value();
    engine_ = Engine::Start(options_, store_.get(), &clock_).value();
  }
  void Close() {
    engine_.reset();
    store_.reset();
  }

  absl::StatusOr<BaselineInfo> MakeBaseline(const std::string& model,
                                            const std::string& version = "",
                                            bool keep_inactive = false) {
    BaselineRequest request;
    request.model = model;
    request.version = version;
    request.keep_inactive = keep_inactive;
    request.description = "first half";
    auto session = engine_->BeginBaseline(std::move(request));
    if (!session.ok()) return session.status();
    for (int i = 0; i < 4; ++i) {
      const Rows rows = RandomRows(&random_, 500);
      if (absl::Status added = (*session)->Add(rows.View()); !added.ok()) return added;
    }
    return engine_->CommitBaseline(*std::move(session), 2'000);
  }

  IngestOutcome Send(IngestBatch batch) {
    std::promise<IngestOutcome> done;
    batch.done = [&](const IngestOutcome& outcome) { done.set_value(outcome); };
    engine_->Ingest(std::move(batch));
    return done.get_future().get();
  }
  IngestOutcome Send(const std::string& model, uint64_t sequence, size_t rows = 10) {
    return Send(BatchOf({model, "default"}, {"p", 1, sequence}, RandomRows(&random_, rows)));
  }
  IngestOutcome SendNaN(const std::string& model, uint64_t sequence) {
    Rows rows = RandomRows(&random_, 10);
    rows.score[0] = kNaN;
    return Send(BatchOf({model, "default"}, {"p", 1, sequence}, std::move(rows)));
  }
  // The message of an error that must be a quota's.
  static std::string Refused(const absl::Status& status) {
    EXPECT_TRUE(absl::IsResourceExhausted(status)) << status;
    EXPECT_TRUE(IsQuotaError(status));
    return std::string(status.message());
  }
  uint64_t QuotaRefusals(Quota quota) {
    return engine_->ServiceState().quota_refusals[static_cast<size_t>(quota)];
  }
  uint64_t RowsOf(const std::string& model, const std::string& version = "") {
    const auto report = engine_->GetReport(model, version, "");
    EXPECT_TRUE(report.ok()) << report.status();
    return report.ok() ? report->rows : 0;
  }

  base::SimulatedClock clock_;
  const std::unique_ptr<rocksdb::Env> env_;
  std::string dir_;
  EngineOptions options_;
  std::mt19937_64 random_{3};
  std::unique_ptr<storage::Store> store_;
  std::unique_ptr<Engine> engine_;
};

class EngineOnDiskTest : public EngineTest {
 protected:
  EngineOnDiskTest() : EngineTest(/*on_disk=*/true) {}
};

// A disk whose syncs wait.
class EngineOnSlowDiskTest : public EngineTest {
 protected:
  EngineOnSlowDiskTest() : disk_(env_.get()) {
    Close();
    store_ = storage::Store::Open("/data", {&disk_}).value();
    engine_ = Engine::Start(options_, store_.get(), &clock_).value();
  }
  ~EngineOnSlowDiskTest() override {
    disk_.Open();
    Close();
  }

  storage::GatedEnv disk_;
};

TEST_F(EngineTest, CountsAgainstABaselineAndReports) {
  const auto info = MakeBaseline("m");
  ASSERT_TRUE(info.ok()) << info.status();
  EXPECT_EQ(info->key, (ModelKey{"m", "default"}));
  EXPECT_EQ(info->number, 1u);
  EXPECT_TRUE(info->active);
  EXPECT_EQ(info->head.rows(), 2'000u);
  EXPECT_EQ(info->head.description(), "first half");
  const IngestOutcome outcome = Send("m", 1, 120);
  EXPECT_EQ(outcome.result, Result::kCounted);
  EXPECT_EQ(outcome.rows_counted, 120u);
  const auto report = engine_->GetReport("m", "", "");
  ASSERT_TRUE(report.ok()) << report.status();
  EXPECT_EQ(report->rows, 120u);
  EXPECT_EQ(report->baseline_number, 1u);
  EXPECT_THAT(report->variables, SizeIs(3));
  const auto of_x = engine_->GetReport("m", "", "x");
  ASSERT_THAT(of_x->variables, SizeIs(1));
  EXPECT_EQ(of_x->variables[0].variable.name, "x");
  EXPECT_THAT(std::string(engine_->GetReport("m", "", "nope").status().message()),
              HasSubstr("\"nope\""));
}

TEST_F(EngineTest, RefusesWhatItDoesNotKnow) {
  ASSERT_TRUE(MakeBaseline("m").ok());
  const IngestOutcome outcome = Send("other", 1);
  EXPECT_EQ(outcome.result, Result::kRefused);
  EXPECT_EQ(outcome.error.code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(engine_->Resolve("other", "").status().code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(engine_->Resolve("m", "v9").status().code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(engine_->GetReport("other", "", "").status().code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(engine_->ActivateBaseline("m", "", 7).status().code(), absl::StatusCode::kNotFound);
}

TEST_F(EngineTest, ARoleThatContradictsTheBaselineIsRefusedAndItsNumberIsNoHole) {
  ASSERT_TRUE(MakeBaseline("m").ok());
  ASSERT_EQ(Send("m", 1).result, Result::kCounted);
  IngestBatch batch = BatchOf({"m", "default"}, {"p", 1, 2}, RandomRows(&random_, 10));
  batch.view.columns[2].role = profile::Role::kLabel;
  const IngestOutcome refused = Send(std::move(batch));
  EXPECT_EQ(refused.result, Result::kRefused);
  EXPECT_EQ(refused.error.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(refused.error.message()), HasSubstr("\"score\""));
  EXPECT_EQ(Send("m", 3).result, Result::kCounted);
  for (int i = 0; i < 12; ++i) {  // each report looks at the clock
    clock_.Advance(ListeningTime::kLongestStep);
    EXPECT_EQ(RowsOf("m"), 20u);
  }
  const auto report = engine_->GetReport("m", "", "");
  for (const checks::Finding& finding : report->findings) {
    if (finding.check == checks::CheckId::kRowsLost) {
      EXPECT_EQ(finding.value, 0.0);
    }
  }
}

TEST_F(EngineTest, AnotherBaselineStartsNewWindowsAndKeepsTheNumbers) {
  ASSERT_TRUE(MakeBaseline("m").ok());
  ASSERT_EQ(SendNaN("m", 1).result, Result::kCounted);
  while (engine_->ListAlerts("m", "", false).empty()) {
  }
  ASSERT_EQ(MakeBaseline("m", "", /*keep_inactive=*/true)->number, 2u);
  EXPECT_EQ(RowsOf("m"), 10u);
  ASSERT_TRUE(engine_->ActivateBaseline("m", "", 2).ok());
  EXPECT_EQ(RowsOf("m"), 0u);
  // What fired is over, and to be seen.
  EXPECT_THAT(engine_->ListAlerts("m", "", false), IsEmpty());
  const auto ended = engine_->ListAlerts("m", "", true);
  ASSERT_THAT(ended, SizeIs(1));
  EXPECT_EQ(ended[0].alert.state, checks::AlertState::kResolved);
  EXPECT_THAT(ended[0].alert.finding.reason, HasSubstr("; baseline 2 became active"));
  EXPECT_EQ(Send("m", 1).result, Result::kDuplicate);
  EXPECT_EQ(Send("m", 2).result, Result::kCounted);
  EXPECT_EQ(RowsOf("m"), 10u);
  EXPECT_EQ(engine_->GetReport("m", "", "")->baseline_number, 2u);
}

TEST_F(EngineTest, DeletesBaselinesThatAreNotActive) {
  ASSERT_TRUE(MakeBaseline("m").ok());
  ASSERT_TRUE(MakeBaseline("m", "", /*keep_inactive=*/true).ok());
  EXPECT_EQ(engine_->DeleteBaseline("m", "", 1).code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_TRUE(engine_->DeleteBaseline("m", "", 2).ok());
  EXPECT_EQ(engine_->DeleteBaseline("m", "", 2).code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(MakeBaseline("m")->number, 3u);  // a number is never used again
  EXPECT_THAT(*engine_->ListBaselines("m", ""), SizeIs(2));
}

TEST_F(EngineTest, VersionsLiveSideBySideAndGoAlone) {
  ASSERT_TRUE(MakeBaseline("m", "stable").ok());
  ASSERT_TRUE(MakeBaseline("m", "canary").ok());
  EXPECT_EQ(engine_->Resolve("m", "")->version, "stable");
  EXPECT_EQ(Send(BatchOf({"m", "canary"}, {"p", 1, 1}, RandomRows(&random_, 5))).rows_counted, 5u);
  EXPECT_EQ(RowsOf("m", "canary"), 5u);
  EXPECT_EQ(RowsOf("m"), 0u);
  EXPECT_EQ(engine_->DeleteModel("m", "stable").code(), absl::StatusCode::kFailedPrecondition);
  ASSERT_TRUE(engine_->SetDefaultVersion("m", "canary").ok());
  EXPECT_EQ(RowsOf("m"), 5u);
  ASSERT_TRUE(engine_->DeleteModel("m", "stable").ok());
  ASSERT_THAT(engine_->GetModel("m")->versions, SizeIs(1));
  ASSERT_TRUE(engine_->DeleteModel("m", "").ok());
  EXPECT_THAT(engine_->ListModels(), IsEmpty());
  EXPECT_EQ(Send(BatchOf({"m", "canary"}, {}, RandomRows(&random_, 5))).result, Result::kRefused);
  ASSERT_TRUE(MakeBaseline("m", "canary").ok());  // nothing of the old one is left
  EXPECT_EQ(RowsOf("m"), 0u);
  EXPECT_EQ(Send(BatchOf({"m", "canary"}, {"p", 1, 1}, RandomRows(&random_, 5))).rows_counted, 5u);
}

TEST_F(EngineTest, APolicyTakesEffectWhereItIsSet) {
  ASSERT_TRUE(MakeBaseline("m").ok());
  ASSERT_EQ(Send("m", 1).result, Result::kCounted);
  storage::v1::PolicyRecord record;
  record.set_max_future_skew_micros(7'000'000);
  const auto set = engine_->SetPolicy("m", "", record);
  ASSERT_TRUE(set.ok()) << set.status();
  EXPECT_EQ(engine_->MaxFutureSkew({"m", "default"}), absl::Seconds(7));
  EXPECT_EQ(engine_->GetPolicy("m", "")->pane, checks::DefaultPolicy().pane);
  EXPECT_FALSE(engine_->GetStoredPolicy("m", "")->has_pane_micros());
  EXPECT_EQ(RowsOf("m"), 10u);  // the same panes
  ASSERT_EQ(SendNaN("m", 100).result, Result::kCounted);
  while (engine_->ListAlerts("m", "", false).empty()) {
  }
  absl::Notification resolved;
  const uint64_t id = engine_->Watch([&](const ModelAlert& change) {
    if (change.alert.state == checks::AlertState::kResolved) resolved.Notify();
  });
  record.set_pane_micros(10'000'000);
  ASSERT_TRUE(engine_->SetPolicy("m", "", record).ok());
  EXPECT_TRUE(resolved.HasBeenNotified());
  engine_->Unwatch(id);
  EXPECT_THAT(engine_->ListAlerts("m", "", true)[0].alert.finding.reason,
              HasSubstr("; the policy changed: its panes are 10s long now"));
  EXPECT_EQ(RowsOf("m"), 0u);  // panes of another length start anew
  EXPECT_EQ(Send("m", 1).result, Result::kDuplicate);
  EXPECT_EQ(Send("m", 2).result, Result::kCounted);
  record.set_window_panes(0);
  EXPECT_EQ(engine_->SetPolicy("m", "", record).status().code(),
            absl::StatusCode::kInvalidArgument);
  record.set_window_panes(5);
  record.add_variables()->set_variable("nope");
  EXPECT_THAT(std::string(engine_->SetPolicy("m", "", record).status().message()),
              HasSubstr("\"nope\""));
  EXPECT_EQ(engine_->GetPolicy("m", "")->window_panes, checks::DefaultPolicy().window_panes);
}

TEST_F(EngineTest, ASeasonNeedsABaselineWithTimes) {
  // Four batches, one every `hours`; 0: without times.
  const auto make = [&](const std::string& model, int hours) {
    BaselineRequest request;
    request.model = model;
    auto session = engine_->BeginBaseline(std::move(request)).value();
    for (int i = 0; i < 4; ++i) {
      Rows rows = RandomRows(&random_, 500);
      if (hours > 0) rows.micros = absl::ToUnixMicros(clock_.Now() + i * absl::Hours(hours));
      EXPECT_TRUE(session->Add(rows.View()).ok());
    }
    return engine_->CommitBaseline(std::move(session), 2'000).status();
  };
  ASSERT_TRUE(make("m", 0).ok());
  storage::v1::PolicyRecord record;
  record.set_season("hour_of_day");
  absl::Status refused = engine_->SetPolicy("m", "", record).status();
  EXPECT_TRUE(absl::IsFailedPrecondition(refused)) << refused;
  EXPECT_THAT(std::string(refused.message()),
              HasSubstr("season: model \"m\" version \"default\", baseline 1 cannot be compared "
                        "with by hour_of_day: its rows have no times"));
  ASSERT_TRUE(make("m", 20).ok());
  ASSERT_TRUE(engine_->SetPolicy("m", "", record).ok());
  ASSERT_EQ(Send("m", 1).result, Result::kCounted);
  Close();
  Open();
  EXPECT_EQ(engine_->GetPolicy("m", "")->season, profile::Season::kHourOfDay);
  EXPECT_EQ(RowsOf("m"), 10u);
  // Nor does one become active that cannot be compared with so.
  refused = make("m", 0);
  EXPECT_TRUE(absl::IsFailedPrecondition(refused)) << refused;
  EXPECT_THAT(std::string(refused.message()), HasSubstr("set the season to none before"));
  record.set_season("hour_of_week");
  refused = engine_->SetPolicy("m", "", record).status();
  EXPECT_TRUE(absl::IsFailedPrecondition(refused)) << refused;
  EXPECT_THAT(std::string(refused.message()), HasSubstr("cover 2.5 days, and two weeks"));
  record.set_season("noon");
  EXPECT_TRUE(absl::IsInvalidArgument(engine_->SetPolicy("m", "", record).status()));
  record.set_season("hour_of_day");
  record.set_pane_micros(7 * 60 * int64_t{1'000'000});
  EXPECT_TRUE(absl::IsInvalidArgument(engine_->SetPolicy("m", "", record).status()));
  record.clear_pane_micros();
  record.set_season("none");
  ASSERT_TRUE(engine_->SetPolicy("m", "", record).ok());
  EXPECT_TRUE(make("m", 0).ok());
}

TEST_F(EngineTest, APolicyMeasuresWhatTheModelsTaskHas) {
  BaselineRequest request;
  request.model = "m";
  auto session = engine_->BeginBaseline(std::move(request));
  ASSERT_TRUE(session.ok()) << session.status();
  const Rows rows = RandomRows(&random_, 500);
  std::vector<double> truth;
  for (const double score : rows.score) truth.push_back(score > 0.5 ? 1 : 0);
  profile::BatchView view = rows.View();
  view.columns.push_back(profile::NumberColumn("truth", truth));
  view.columns.back().role = profile::Role::kLabel;
  ASSERT_TRUE((*session)->Add(view).ok());
  ASSERT_TRUE(engine_->CommitBaseline(*std::move(session), 500).ok());
  storage::v1::PolicyRecord record;
  record.set_performance_metric("f1");
  ASSERT_TRUE(engine_->SetPolicy("m", "", record).ok());
  record.set_performance_metric("mae");
  const absl::Status refused = engine_->SetPolicy("m", "", record).status();
  EXPECT_TRUE(absl::IsInvalidArgument(refused)) << refused;
  EXPECT_THAT(
      std::string(refused.message()),
      HasSubstr("performance_metric: model \"m\" version \"default\" has a binary task: mae "
                "does not fit, these do: accuracy, precision, recall, f1, roc_auc"));
  EXPECT_EQ(engine_->GetPolicy("m", "")->performance_metric, profile::PerformanceMetric::kF1);
  record.set_performance_metric("roc_auc");
  (*record.mutable_performance_limits())["rmse"] = 1;
  EXPECT_THAT(
      std::string(engine_->SetPolicy("m", "", record).status().message()),
      HasSubstr("performance_limits: model \"m\" version \"default\" has a binary task: rmse"));
}

TEST_F(EngineTest, TellsWatchersOfEveryChangeUntilTheyLeave) {
  ASSERT_TRUE(MakeBaseline("m").ok());
  absl::Notification fired, resolved;
  std::atomic<int> told{0};
  const uint64_t id = engine_->Watch([&](const ModelAlert& change) {
    ++told;
    EXPECT_EQ(change.key.model, "m");
    EXPECT_EQ(change.alert.key.check, checks::CheckId::kNanRate);
    if (change.alert.state == checks::AlertState::kFiring) fired.Notify();
    if (change.alert.state == checks::AlertState::kResolved) resolved.Notify();
  });
  ASSERT_EQ(SendNaN("m", 1).result, Result::kCounted);
  fired.WaitForNotification();
  ASSERT_TRUE(MakeBaseline("m").ok());  // another baseline closes the alerts
  resolved.WaitForNotification();
  engine_->Unwatch(id);
  EXPECT_EQ(told, 2);
}

TEST_F(EngineTest, PublishesWhatABatchJudgedThoughItWasCommittedBeforeTheTick) {
  Close();
  options_.evaluation_interval = absl::Milliseconds(100);
  Open();
  ASSERT_TRUE(MakeBaseline("m").ok());
  uint64_t sequence = 0;
  for (const int minute : {-30, -20, -10}) {  // each closes the pane before it, and is judged then
    Rows rows = RandomRows(&random_, 10);
    rows.micros = absl::ToUnixMicros(clock_.Now() + absl::Minutes(minute));
    ASSERT_EQ(Send(BatchOf({"m", "default"}, {"p", 1, ++sequence}, std::move(rows))).result,
              Result::kCounted);
    // Ends when it is published.
    while (engine_->ModelSnapshots().at(0)->rows != sequence * 10) {
    }
  }
}

TEST_F(EngineTest, AFullQueueSaysRetryBeforeAnythingIsCounted) {
  Close();
  options_.workers = 1;
  options_.queue_capacity = 4;
  Open();
  ASSERT_TRUE(MakeBaseline("m").ok());
  absl::Notification blocked, go_on;
  const uint64_t id = engine_->Watch([&](const ModelAlert&) {
    if (blocked.HasBeenNotified()) return;
    blocked.Notify();
    go_on.WaitForNotification();
  });
  std::promise<Result> first;
  Rows nan = RandomRows(&random_, 10);
  nan.score[0] = kNaN;
  IngestBatch batch = BatchOf({"m", "default"}, {"p", 1, 1}, std::move(nan));
  batch.done = [&](const IngestOutcome& outcome) { first.set_value(outcome.result); };
  engine_->Ingest(std::move(batch));
  blocked.WaitForNotification();  // the worker takes nothing from its queue now

  std::vector<uint64_t> retried;
  std::vector<std::future<IngestOutcome>> outcomes;
  for (uint64_t sequence = 2; sequence <= 9; ++sequence) {
    auto answer = std::make_shared<std::promise<IngestOutcome>>();
    outcomes.push_back(answer->get_future());
    batch = BatchOf({"m", "default"}, {"p", 1, sequence}, RandomRows(&random_, 10));
    batch.done = [answer](const IngestOutcome& outcome) { answer->set_value(outcome); };
    engine_->Ingest(std::move(batch));
  }
  EXPECT_EQ(engine_->ServiceState().queue_depth, 4u);
  go_on.Notify();
  EXPECT_EQ(first.get_future().get(), Result::kCounted);
  for (size_t i = 0; i < outcomes.size(); ++i) {
    const IngestOutcome outcome = outcomes[i].get();
    if (outcome.result == Result::kCounted) continue;
    EXPECT_EQ(outcome.result, Result::kRetry);
    EXPECT_EQ(outcome.error.code(), absl::StatusCode::kResourceExhausted);
    retried.push_back(i + 2);
  }
  // A place may be taken by the committer, which wakes the worker.
  ASSERT_THAT(retried, SizeIs(::testing::AllOf(::testing::Ge(4u), ::testing::Le(5u))));
  EXPECT_EQ(RowsOf("m"), (9 - retried.size()) * 10);
  for (const uint64_t sequence : retried) EXPECT_EQ(Send("m", sequence).result, Result::kCounted);
  EXPECT_EQ(RowsOf("m"), 90u);
  engine_->Unwatch(id);
}

TEST_F(EngineTest, CountsExactlyWhatManyProducersSendAtOnce) {
  constexpr int kThreads = 4, kModels = 3;
  constexpr uint64_t kBatches = 60;
  for (int model = 0; model < kModels; ++model) {
    ASSERT_TRUE(MakeBaseline(absl::StrCat("m", model)).ok());
  }
  // Each batch goes twice to each model.
  absl::BlockingCounter answered(kThreads * kModels * 2 * static_cast<int>(kBatches));
  std::atomic<uint64_t> counted{0}, duplicates{0}, other{0};
  std::vector<std::thread> threads;
  for (int thread = 0; thread < kThreads; ++thread) {
    threads.emplace_back([&, thread] {
      std::mt19937_64 random(static_cast<uint64_t>(thread));
      for (uint64_t sequence = 1; sequence <= kBatches; ++sequence) {
        for (int copy = 0; copy < 2 * kModels; ++copy) {
          const ModelKey key{absl::StrCat("m", copy % kModels), "default"};
          IngestBatch batch =
              BatchOf(key, {absl::StrCat("p", thread), 1, sequence}, RandomRows(&random, 7));
          batch.done = [&](const IngestOutcome& outcome) {
            (outcome.result == Result::kCounted     ? counted
             : outcome.result == Result::kDuplicate ? duplicates
                                                    : other) += 1;
            answered.DecrementCount();
          };
          engine_->Ingest(std::move(batch));
        }
        if (sequence % 20 == 0) (void)engine_->GetReport("m0", "", "");
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  answered.Wait();
  EXPECT_EQ(counted, kThreads * kModels * kBatches);
  EXPECT_EQ(duplicates, kThreads * kModels * kBatches);
  EXPECT_EQ(other, 0u);
  for (int model = 0; model < kModels; ++model) {
    EXPECT_EQ(RowsOf(absl::StrCat("m", model)), kThreads * kBatches * 7);
  }
}

TEST_F(EngineTest, AfterStopBatchesAreToldToRetry) {
  ASSERT_TRUE(MakeBaseline("m").ok());
  engine_->Stop();
  const IngestOutcome outcome = Send("m", 1);
  EXPECT_EQ(outcome.result, Result::kRetry);
  EXPECT_EQ(outcome.error.code(), absl::StatusCode::kUnavailable);
}

TEST_F(EngineTest, KnowsAtMostAsManyModelsAsAllowed) {
  Close();
  options_.quotas.max_models = 2;
  Open();
  ASSERT_TRUE(MakeBaseline("a").ok());
  ASSERT_TRUE(MakeBaseline("b").ok());
  EXPECT_EQ(Refused(MakeBaseline("c").status()),
            "there are 2 models and versions already (the setting max_models is 2)");
  EXPECT_EQ(Refused(MakeBaseline("a", "canary").status()),
            "there are 2 models and versions already (the setting max_models is 2)");
  EXPECT_TRUE(MakeBaseline("a").ok());
  EXPECT_EQ(QuotaRefusals(Quota::kModels), 2u);
}

TEST_F(EngineTest, ABaselineHasAtMostAsManyVariablesAsAllowed) {
  ASSERT_TRUE(MakeBaseline("m").ok());
  const auto made = engine_->GetWholeBaseline("m", "", 0);
  ASSERT_TRUE(made.ok());
  Close();
  options_.quotas.max_variables = made.value()->schema.size() - 1;
  Open();
  const std::string why =
      absl::StrCat("the baseline has ", made.value()->schema.size(),
                   " variables (the setting max_variables is ", options_.quotas.max_variables, ")");
  EXPECT_EQ(Refused(MakeBaseline("m").status()), why);
  EXPECT_EQ(Refused(engine_->ImportBaseline(**made, false).status()), why);
  EXPECT_EQ(QuotaRefusals(Quota::kVariables), 2u);
  EXPECT_EQ(Send("m", 1).result, Result::kCounted);  // what is there stays
}

TEST_F(EngineTest, ABaselinesRowsTakeNoMoreDiskThanAllowed) {
  Close();
  options_.quotas.max_spool_bytes = 20'000;
  Open();
  EXPECT_THAT(Refused(MakeBaseline("m").status()), HasSubstr("max_spool_gib"));
  EXPECT_EQ(QuotaRefusals(Quota::kSpool), 1u);
}

TEST_F(EngineTest, AsManyBaselinesAreMadeAtATimeAsAllowed) {
  Close();
  options_.quotas.max_baseline_sessions = 1;
  Open();
  BaselineRequest request;
  request.model = "m";
  auto session = engine_->BeginBaseline(request);
  ASSERT_TRUE(session.ok());
  EXPECT_EQ(Refused(MakeBaseline("other").status()),
            "1 baselines are being made already (the setting max_baseline_sessions is 1)");
  session->reset();
  EXPECT_TRUE(MakeBaseline("other").ok());
  EXPECT_TRUE(MakeBaseline("other").ok());
  EXPECT_EQ(QuotaRefusals(Quota::kBaselineSessions), 1u);
}

TEST_F(EngineOnSlowDiskTest, ARetryOfAnUncommittedBatchWaitsForItsCommit) {
  ASSERT_TRUE(MakeBaseline("m").ok());
  disk_.Close();
  std::atomic<bool> durable{false};
  std::atomic<int> too_early{0};
  std::vector<std::future<Result>> results;
  for (int copy = 0; copy < 3; ++copy) {
    auto answer = std::make_shared<std::promise<Result>>();
    results.push_back(answer->get_future());
    IngestBatch batch = BatchOf({"m", "default"}, {"p", 1, 1}, RandomRows(&random_, 10));
    batch.done = [&, answer](const IngestOutcome& outcome) {
      if (!durable) ++too_early;
      answer->set_value(outcome.result);
    };
    engine_->Ingest(std::move(batch));
  }
  // Ends when both copies have been recognised.
  while (engine_->ModelSnapshots().at(0)->batches.duplicate != 2) {
  }
  durable = true;
  disk_.Open();
  EXPECT_EQ(results[0].get(), Result::kCounted);
  EXPECT_EQ(results[1].get(), Result::kDuplicate);
  EXPECT_EQ(results[2].get(), Result::kDuplicate);
  EXPECT_EQ(too_early, 0);
}

TEST_F(EngineOnDiskTest, ARestartLosesNothing) {
  ASSERT_TRUE(MakeBaseline("m").ok());
  ASSERT_TRUE(MakeBaseline("m", "canary").ok());
  ASSERT_TRUE(engine_->SetDefaultVersion("m", "canary").ok());
  ASSERT_TRUE(MakeBaseline("m", "canary").ok());
  storage::v1::PolicyRecord policy;
  policy.set_window_panes(9);
  ASSERT_TRUE(engine_->SetPolicy("m", "canary", policy).ok());
  absl::Notification fired;
  engine_->Watch([&](const ModelAlert& change) {
    if (change.alert.state == checks::AlertState::kFiring) fired.Notify();
  });
  ASSERT_EQ(SendNaN("m", 1).result, Result::kCounted);
  fired.WaitForNotification();
  const absl::Time since = clock_.Now();
  for (uint64_t sequence = 2; sequence <= 30; ++sequence) {
    ASSERT_EQ(Send("m", sequence).result, Result::kCounted);
    clock_.Advance(absl::Seconds(1));
  }
  Close();
  clock_.Advance(absl::Minutes(1));
  Open();
  EXPECT_EQ(RowsOf("m", "default"), 300u);
  EXPECT_EQ(engine_->GetReport("m", "default", "")->baseline_number, 1u);
  EXPECT_EQ(engine_->Resolve("m", "")->version, "canary");
  EXPECT_EQ(engine_->GetReport("m", "", "")->baseline_number, 2u);
  EXPECT_EQ(engine_->GetPolicy("m", "canary")->window_panes, 9u);
  for (uint64_t sequence = 1; sequence <= 30; ++sequence) {
    EXPECT_EQ(Send("m", sequence).result, Result::kDuplicate);
  }
  EXPECT_EQ(Send("m", 31).result, Result::kCounted);
  EXPECT_EQ(RowsOf("m", "default"), 310u);
  const auto alerts = engine_->ListAlerts("m", "default", false);
  ASSERT_THAT(alerts, SizeIs(1));
  EXPECT_EQ(alerts[0].alert.key.check, checks::CheckId::kNanRate);
  EXPECT_EQ(alerts[0].alert.state, checks::AlertState::kFiring);
  EXPECT_EQ(alerts[0].alert.firing_since, since);
  EXPECT_THAT(*engine_->ListBaselines("m", ""), SizeIs(3));
}

TEST_F(EngineOnDiskTest, WhatPeopleSaySurvivesARestartAndEndsInTime) {
  ASSERT_TRUE(MakeBaseline("m").ok());
  ASSERT_EQ(SendNaN("m", 1).result, Result::kCounted);
  const auto firing = [&] {
    const auto alerts = engine_->ListAlerts("m", "", false);
    return alerts.empty() ? std::nullopt : std::make_optional(alerts[0].alert);
  };
  while (!firing().has_value()) {
  }
  const std::string incident = firing()->incident;
  EXPECT_NE(incident, "");
  checks::AlertFilter filter;
  filter.check = checks::CheckId::kNanRate;
  const checks::Signature anna{"anna", "looking", {}};
  EXPECT_THAT(*engine_->AcknowledgeAlerts("m", "", filter, anna), SizeIs(1));
  EXPECT_TRUE(firing()->fires());
  checks::Mute mute;
  mute.check = checks::CheckId::kNanRate;
  mute.variable = "score";
  mute.until = absl::InfinitePast();
  mute.set = anna;
  ASSERT_TRUE(engine_->MuteCheck("m", "", mute, absl::Hours(1)).ok());
  EXPECT_FALSE(firing()->fires());
  checks::ExpectedChange change;
  change.name = "v2";
  change.from = absl::InfinitePast();
  change.set = anna;
  ASSERT_TRUE(engine_->DeclareChange("m", "", change, absl::Hours(2)).ok());
  filter.variable = "nobody";
  EXPECT_THAT(engine_->AcknowledgeAlerts("m", "", filter, anna).status().message(),
              HasSubstr("no alert of check nan_rate on variable \"nobody\" is pending or fires; "
                        "these are: nan_rate of score"));
  mute.variable = "nobody";
  EXPECT_TRUE(absl::IsNotFound(engine_->MuteCheck("m", "", mute, absl::Hours(1)).status()));
  mute.check = checks::CheckId::kRowsLost;
  EXPECT_TRUE(absl::IsInvalidArgument(engine_->MuteCheck("m", "", mute, absl::Hours(1)).status()));
  mute.variable = "";
  mute.slice = "city=rome";
  EXPECT_TRUE(absl::IsInvalidArgument(engine_->MuteCheck("m", "", mute, absl::Hours(1)).status()));
  mute.check = checks::CheckId::kNanRate;
  const absl::Status no_slice = engine_->MuteCheck("m", "", mute, absl::Hours(1)).status();
  EXPECT_TRUE(absl::IsNotFound(no_slice));
  EXPECT_THAT(no_slice.message(),
              HasSubstr("no slice \"city=rome\" that is judged by itself; none is"));

  Close();
  Open();
  EXPECT_EQ(RowsOf("m"), 10u);
  ASSERT_TRUE(firing().has_value());
  EXPECT_FALSE(firing()->fires());
  EXPECT_EQ(firing()->incident, incident);
  EXPECT_EQ(firing()->acknowledged->by, "anna");
  EXPECT_EQ(engine_->ListOnCall("m", "")->at(0).book->changes_in_force(), 1u);
  EXPECT_THAT(engine_->ListIncidents("m", "")->at(0).incident.alerts, SizeIs(1));
  // Another baseline closes the alerts, and not what was said.
  clock_.Advance(absl::Minutes(30));
  ASSERT_TRUE(MakeBaseline("m").ok());
  ASSERT_EQ(SendNaN("m", 2).result, Result::kCounted);
  while (!firing().has_value()) {
  }
  EXPECT_FALSE(firing()->fires());
  EXPECT_EQ(firing()->acknowledged, std::nullopt);
  absl::Notification fires;
  engine_->Watch([&](const ModelAlert& told) {
    if (told.alert.fires() && !fires.HasBeenNotified()) fires.Notify();
  });
  clock_.Advance(absl::Minutes(30));
  fires.WaitForNotification();
  EXPECT_EQ(engine_->ListOnCall("m", "")->at(0).book->mutes_in_force(), 0u);
}

TEST_F(EngineOnDiskTest, WhatWasDeletedStaysAwayAfterARestart) {
  ASSERT_TRUE(MakeBaseline("gone").ok());
  ASSERT_TRUE(MakeBaseline("again").ok());
  ASSERT_TRUE(MakeBaseline("kept").ok());
  ASSERT_TRUE(MakeBaseline("kept", "old").ok());
  for (const std::string model : {"gone", "again", "kept"}) {
    ASSERT_EQ(SendNaN(model, 1).result, Result::kCounted);
  }
  ASSERT_TRUE(engine_->DeleteModel("gone", "").ok());
  ASSERT_TRUE(engine_->DeleteModel("again", "").ok());
  ASSERT_TRUE(engine_->DeleteModel("kept", "old").ok());
  ASSERT_TRUE(MakeBaseline("again").ok());
  Close();
  Open();
  EXPECT_EQ(engine_->GetModel("gone").status().code(), absl::StatusCode::kNotFound);
  EXPECT_THAT(engine_->GetModel("kept")->versions, SizeIs(1));
  EXPECT_EQ(RowsOf("kept"), 10u);
  EXPECT_EQ(RowsOf("again"), 0u);
  EXPECT_THAT(engine_->ListAlerts("again", "", true), IsEmpty());
  EXPECT_EQ(Send("again", 1).result, Result::kCounted);
  for (const std::string version : {"default", "old"}) {
    EXPECT_THAT(*store_->ListProducers("gone", version), IsEmpty());
    EXPECT_THAT(*store_->ListBaselineHeads("gone", version), IsEmpty());
  }
  EXPECT_THAT(*store_->ListBaselineHeads("kept", "old"), IsEmpty());
}

}  // namespace
}  // namespace plumbline::engine
