// The power fails under load, again and again: what was acknowledged under `sync` is there, and a
// retry counts once.
#include <stdlib.h>

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

namespace plumbline::engine {
namespace {

using Result = IngestOutcome::Result;

constexpr uint32_t kRows = 20;
constexpr int kCycles = 100;
constexpr uint64_t kBatchesPerCycle = 40;
constexpr int64_t kStartSeconds = 1'700'000'000;

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
  PowerLoss() : clock_(absl::FromUnixSeconds(kStartSeconds)), env_(rocksdb::Env::Default()) {
    std::string path = ::testing::TempDir() + "plumbline-power-XXXXXX";
    dir_ = mkdtemp(path.data());
  }
  ~PowerLoss() override {
    Close();
    std::filesystem::remove_all(dir_);
  }

  void Open() {
    auto store = storage::Store::Open(dir_, {&env_});
    ASSERT_TRUE(store.ok()) << store.status();
    store_ = *std::move(store);
    EngineOptions options;
    options.data_dir = dir_;
    options.evaluation_interval = absl::Milliseconds(2);
    auto engine = Engine::Start(options, store_.get(), &clock_);
    ASSERT_TRUE(engine.ok()) << engine.status();
    engine_ = *std::move(engine);
  }
  void Close() {
    engine_.reset();
    store_.reset();
  }

  // A second of event time a batch: panes open and close all the time.
  void Send(uint64_t sequence) {
    Rows rows = RandomRows(&random_, kRows);
    rows.micros = (kStartSeconds + static_cast<int64_t>(sequence)) * 1'000'000;
    IngestBatch batch = BatchOf({"m", "default"}, {"p", 1, sequence}, std::move(rows));
    batch.done = [this, sequence](const IngestOutcome& outcome) {
      oracle_.Answer(sequence, outcome);
    };
    engine_->Ingest(std::move(batch));
  }

  void MakeModel() {
    profile::Baseline baseline = *TrainedOnRows();
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
  storage::PowerLossEnv env_;
  std::string dir_;
  std::mt19937_64 random_{5};
  Oracle oracle_;
  std::unique_ptr<storage::Store> store_;
  std::unique_ptr<Engine> engine_;
};

TEST_F(PowerLoss, LosesNothingThatWasAcknowledgedUnderSync) {
  ASSERT_NO_FATAL_FAILURE(Open());
  ASSERT_NO_FATAL_FAILURE(MakeModel());
  uint64_t dropped = 0, sent = 0, newest = 0;
  for (int cycle = 0; cycle < kCycles; ++cycle) {
    clock_.Advance(absl::Seconds(kBatchesPerCycle));
    // What was not acknowledged goes again, with its number; then new batches.
    std::vector<uint64_t> batches;
    for (uint64_t sequence = 1; sequence <= newest; ++sequence) {
      if (!oracle_.Has(sequence)) batches.push_back(sequence);
    }
    for (uint64_t i = 0; i < kBatchesPerCycle; ++i) batches.push_back(++newest);
    const uint64_t cut_at = random_() % batches.size();
    for (uint64_t i = 0; i < batches.size(); ++i) {
      if (i == cut_at) {
        oracle_.Await(sent - std::min<uint64_t>(sent, random_() % 8));
        env_.CutAfter(random_() % 12);
      }
      Send(batches[i]);
      ++sent;
    }
    env_.CutAfter(random_() % 2);
    Close();
    oracle_.Await(sent);
    dropped += env_.Restore(&random_);
    ASSERT_NO_FATAL_FAILURE(Open());
    const uint64_t rows = engine_->GetReport("m", "", "")->rows;
    ASSERT_GE(rows, oracle_.size() * kRows) << "in cycle " << cycle;
    ASSERT_LE(rows, newest * kRows) << "in cycle " << cycle;
    ASSERT_EQ(store_->missing_commits(), 0u) << "in cycle " << cycle;
  }
  EXPECT_GT(dropped, 0u);
  for (uint64_t sequence = 1; sequence <= newest; ++sequence) {
    if (oracle_.Has(sequence)) continue;
    Send(sequence);
    ++sent;
  }
  oracle_.Await(sent);
  EXPECT_EQ(oracle_.size(), newest);
  EXPECT_EQ(engine_->GetReport("m", "", "")->rows, newest * kRows);
}

}  // namespace
}  // namespace plumbline::engine
