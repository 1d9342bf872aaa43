// The power fails under load, again and again: what was acknowledged under `sync` is there, a retry
// counts once, and the window holds just these rows.
#include <algorithm>
#include <atomic>
#include <filesystem>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "server/base/clock.h"
#include "server/base/mutex.h"
#include "server/engine/engine.h"
#include "server/storage/store.h"
#include "tests/engine/rows.h"
#include "tests/storage/power_loss_env.h"
#include "tests/storage/test_folder.h"

namespace plumbline::engine {
namespace {

using Result = IngestOutcome::Result;

constexpr uint32_t kBatchRows = 100;
constexpr int kCycles = 100;
constexpr uint64_t kBatchesPerCycle = 40;
constexpr int64_t kStartSeconds = 1'700'000'000;

// A second of event time a batch: panes open and close all the time. A retry has the same rows.
Rows RowsOf(uint64_t sequence) {
  std::mt19937_64 random(sequence);
  Rows rows = RandomRows(&random, kBatchRows);
  rows.micros = (kStartSeconds + static_cast<int64_t>(sequence)) * 1'000'000;
  return rows;
}

// What the outside knows: which batches were acknowledged.
struct Oracle {
  base::Mutex mutex;
  std::map<uint64_t, Result> acknowledged ABSL_GUARDED_BY(mutex);
  std::atomic<uint64_t> answers{0};

  void Answer(uint64_t sequence, const IngestOutcome& outcome) {
    if (outcome.result != Result::kRetry) {
      base::MutexLock lock(&mutex);
      acknowledged[sequence] = outcome.result;
    }
    answers.fetch_add(1);
    answers.notify_all();
  }
  size_t size() {
    base::MutexLock lock(&mutex);
    return acknowledged.size();
  }
  bool Has(uint64_t sequence) {
    base::MutexLock lock(&mutex);
    return acknowledged.contains(sequence);
  }
  void Await(uint64_t count) {
    for (uint64_t seen = answers.load(); seen < count; seen = answers.load()) answers.wait(seen);
  }
};

class PowerLoss : public ::testing::Test {
 protected:
  PowerLoss()
      : clock_(absl::FromUnixSeconds(kStartSeconds)),
        root_(storage::NewTestFolder("power")),
        env_(rocksdb::Env::Default(), root_),
        baseline_(TrainedOnRows()),
        expected_(*baseline_) {}
  ~PowerLoss() override {
    Close();
    std::filesystem::remove_all(root_);
  }

  std::string dir() const { return root_ + "/data"; }

  absl::Status TryOpen() {
    auto store = storage::Store::Open(dir(), {&env_});
    if (!store.ok()) return store.status();
    store_ = *std::move(store);
    EngineOptions options;
    options.data_dir = dir();
    options.evaluation_interval = absl::Milliseconds(2);
    auto engine = Engine::Start(options, store_.get(), &clock_);
    if (!engine.ok()) return engine.status();
    engine_ = *std::move(engine);
    return absl::OkStatus();
  }
  void Open() {
    const absl::Status opened = TryOpen();
    ASSERT_TRUE(opened.ok()) << opened;
  }
  void Close() {
    engine_.reset();
    store_.reset();
  }

  void Send(uint64_t sequence) {
    IngestBatch batch = BatchOf({"m", "default"}, {"p", 1, sequence}, RowsOf(sequence));
    batch.done = [this, sequence](const IngestOutcome& outcome) {
      oracle_.Answer(sequence, outcome);
    };
    engine_->Ingest(std::move(batch));
    ++sent_;
  }

  std::vector<uint64_t> Unacknowledged() {
    std::vector<uint64_t> sequences;
    for (uint64_t sequence = 1; sequence <= newest_; ++sequence) {
      if (!oracle_.Has(sequence)) sequences.push_back(sequence);
    }
    return sequences;
  }

  // Batches under load, in which the power fails.
  void SendUntilItFails(const std::vector<uint64_t>& sequences) {
    const uint64_t cut_at = random_() % sequences.size();
    for (uint64_t i = 0; i < sequences.size(); ++i) {
      if (i == cut_at) {
        oracle_.Await(sent_ - std::min<uint64_t>(sent_, random_() % 8));
        env_.CutAfter(random_() % 12);
      }
      Send(sequences[i]);
    }
    env_.CutAfter(random_() % 2);
    Close();
    oracle_.Await(sent_);
    dropped_ += env_.Restore(&random_);
  }

  // Opens the folder; the power fails now and then while that is done.
  void OpenAgain() {
    if (random_() % 3 == 0) {
      env_.CutAfter(random_() % 25);
      const absl::Status opened = TryOpen();
      env_.CutAfter(0);
      Close();
      dropped_ += env_.Restore(&random_);
      // It is no damage.
      ASSERT_TRUE(opened.ok() || absl::IsUnavailable(opened)) << opened;
    }
    ASSERT_NO_FATAL_FAILURE(Open());
  }

  // Everything is acknowledged; the window then holds every batch once.
  void ExpectAllCounted() {
    for (const uint64_t sequence : Unacknowledged()) Send(sequence);
    oracle_.Await(sent_);
    ASSERT_EQ(oracle_.size(), newest_);
    for (; counted_ < newest_; ++counted_) {
      const Rows rows = RowsOf(counted_ + 1);
      profile::PreparedBatch(*baseline_, rows.View()).Count(0, kBatchRows, &expected_);
    }
    const Report report = engine_->GetReport("m", "", "").value();
    ASSERT_EQ(report.rows, newest_ * kBatchRows);
    for (const VariableReport& variable : report.variables) {
      const size_t index = *baseline_->schema.Find(variable.variable.name);
      const auto expected =
          profile::SideBySide(baseline_->variables[index], expected_.variables[index]);
      ASSERT_EQ(variable.distribution.size(), expected.size());
      for (size_t i = 0; i < expected.size(); ++i) {
        ASSERT_EQ(variable.distribution[i].live_count, expected[i].live_count)
            << variable.variable.name << " " << expected[i].label;
      }
    }
  }

  void MakeModel() {
    profile::Baseline baseline = *baseline_;
    baseline.model = "m";
    baseline.version = "default";
    ASSERT_TRUE(engine_->ImportBaseline(std::move(baseline), false).ok());
    storage::v1::PolicyRecord policy;
    policy.set_pane_micros(10'000'000);
    policy.set_window_panes(1'000'000);
    policy.set_allowed_lateness_micros(60'000'000);
    ASSERT_TRUE(engine_->SetPolicy("m", "", policy).ok());
  }

  base::SimulatedClock clock_;
  const std::string root_;
  storage::PowerLossEnv env_;
  const std::shared_ptr<const profile::Baseline> baseline_;
  std::mt19937_64 random_{5};
  Oracle oracle_;
  uint64_t sent_ = 0, newest_ = 0, dropped_ = 0;
  uint64_t counted_ = 0;    // batches in expected_
  profile::Pane expected_;  // of the first counted_ batches
  std::unique_ptr<storage::Store> store_;
  std::unique_ptr<Engine> engine_;
};

TEST_F(PowerLoss, LosesNothingThatWasAcknowledgedUnderSync) {
  ASSERT_NO_FATAL_FAILURE(Open());
  ASSERT_NO_FATAL_FAILURE(MakeModel());
  for (int cycle = 0; cycle < kCycles; ++cycle) {
    SCOPED_TRACE(cycle);
    clock_.Advance(absl::Seconds(kBatchesPerCycle));
    // What was not acknowledged goes again, with its number; then new batches.
    std::vector<uint64_t> batches = Unacknowledged();
    for (uint64_t i = 0; i < kBatchesPerCycle; ++i) batches.push_back(++newest_);
    SendUntilItFails(batches);
    ASSERT_NO_FATAL_FAILURE(OpenAgain());
    ASSERT_EQ(store_->missing_commits(), 0u);
    const uint64_t rows = engine_->GetReport("m", "", "")->rows;
    ASSERT_GE(rows, oracle_.size() * kBatchRows);
    ASSERT_LE(rows, newest_ * kBatchRows);
    if (cycle % 2 == 1) {
      ASSERT_NO_FATAL_FAILURE(ExpectAllCounted());
    }
  }
  EXPECT_GT(dropped_, 0u);
  EXPECT_GT(env_.torn_pages(), 0u);
  ASSERT_NO_FATAL_FAILURE(ExpectAllCounted());
}

// At every operation of the first start: the folder is then a new one, or whole.
TEST_F(PowerLoss, WhileAFolderIsMadeLeavesOneThatCanBeOpened) {
  for (uint64_t cut = 0;; ++cut) {
    SCOPED_TRACE(cut);
    env_.CutAfter(cut);
    const absl::Status opened = TryOpen();
    env_.CutAfter(0);
    Close();
    env_.Restore(&random_);
    ASSERT_NO_FATAL_FAILURE(Open());
    ASSERT_NO_FATAL_FAILURE(MakeModel());
    Close();
    env_.Restore(&random_);
    std::filesystem::remove_all(dir());
    if (opened.ok()) {
      EXPECT_GT(cut, 10u);
      return;
    }
  }
}

}  // namespace
}  // namespace plumbline::engine
