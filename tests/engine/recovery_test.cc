#include <stdlib.h>

#include <filesystem>
#include <future>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "server/base/clock.h"
#include "server/engine/engine.h"
#include "server/storage/store.h"
#include "tests/profile/batch_maker.h"
#include "tests/storage/failing_env.h"

namespace plumbline::engine {
namespace {

using storage::FailingEnv;
using Result = IngestOutcome::Result;

constexpr uint32_t kRows = 50;

class RecoveryTest : public ::testing::TestWithParam<FailingEnv::Fault> {
 protected:
  RecoveryTest() : clock_(absl::FromUnixSeconds(1'700'000'000)), env_(rocksdb::Env::Default()) {
    std::string path = ::testing::TempDir() + "plumbline-recovery-XXXXXX";
    dir_ = mkdtemp(path.data());
    for (uint32_t i = 0; i < kRows; ++i) values_.push_back(i);
    Open();
  }
  ~RecoveryTest() override {
    Close();
    std::filesystem::remove_all(dir_);
  }

  void Open() {
    store_ = storage::Store::Open(dir_, {&env_}).value();
    EngineOptions options;
    options.data_dir = dir_;
    options.evaluation_interval = absl::Milliseconds(5);
    options.recovery_interval = absl::Milliseconds(5);
    engine_ = Engine::Start(options, store_.get(), &clock_).value();
  }
  void Close() {
    engine_.reset();
    store_.reset();
  }

  absl::StatusOr<BaselineInfo> MakeBaseline(const std::string& model) {
    BaselineRequest request;
    request.model = model;
    auto session = engine_->BeginBaseline(std::move(request));
    if (!session.ok()) return session.status();
    absl::Status added = (*session)->Add(View());
    if (!added.ok()) return added;
    return engine_->CommitBaseline(*std::move(session), 0);
  }

  IngestOutcome Send(uint64_t sequence) {
    std::promise<IngestOutcome> done;
    IngestBatch batch;
    batch.key = {"m", "default"};
    batch.number = {"p", 1, sequence};
    batch.view = View();
    batch.done = [&](const IngestOutcome& outcome) { done.set_value(outcome); };
    engine_->Ingest(std::move(batch));
    return done.get_future().get();
  }

  // What a client does: the same batch until it is acknowledged.
  Result SendUntilAcknowledged(uint64_t sequence) {
    while (true) {
      const IngestOutcome outcome = Send(sequence);
      if (outcome.result != Result::kRetry) return outcome.result;
    }
  }

  uint64_t RowsOfReport() { return engine_->GetReport("m", "", "").value().rows; }

  profile::BatchView View() {
    return profile::MakeBatch(kRows, {profile::NumberColumn("x", values_)});
  }

  base::SimulatedClock clock_;
  FailingEnv env_;
  std::string dir_;
  std::vector<double> values_;
  std::unique_ptr<storage::Store> store_;
  std::unique_ptr<Engine> engine_;
};

TEST_P(RecoveryTest, NothingIsAcknowledgedUntilWritesSucceedAgainAndThenAllCountsAreRight) {
  ASSERT_TRUE(MakeBaseline("m").ok());
  uint64_t sequence = 0;
  for (int round = 0; round < 5; ++round) {
    for (int i = 0; i < 10; ++i) ASSERT_EQ(Send(++sequence).result, Result::kCounted);

    env_.set_fault(GetParam());
    const IngestOutcome failed = Send(++sequence);
    EXPECT_EQ(failed.result, Result::kRetry);
    EXPECT_EQ(failed.error.code(), absl::StatusCode::kUnavailable) << failed.error;
    EXPECT_EQ(Send(sequence + 1).result, Result::kRetry);
    EXPECT_GE(RowsOfReport(), (sequence - 1) * kRows);
    const ServiceSnapshot state = engine_->ServiceState();
    EXPECT_FALSE(state.writable);
    EXPECT_NE(state.write_error, "");
    EXPECT_EQ(MakeBaseline("other").status().code(), absl::StatusCode::kUnavailable);

    env_.set_fault(FailingEnv::Fault::kNone);
    // It may have reached the disk before the failure; then it is a duplicate, and counted once.
    EXPECT_NE(SendUntilAcknowledged(sequence), Result::kRefused);
    EXPECT_EQ(SendUntilAcknowledged(sequence), Result::kDuplicate);
    EXPECT_EQ(RowsOfReport(), sequence * kRows);
    EXPECT_TRUE(engine_->ServiceState().writable);
  }
  EXPECT_EQ(engine_->ServiceState().recoveries, 5u);
  EXPECT_GT(env_.failures(), 0u);

  Close();
  Open();
  EXPECT_EQ(RowsOfReport(), sequence * kRows);
  for (uint64_t sent = 1; sent <= sequence; ++sent) {
    EXPECT_EQ(Send(sent).result, Result::kDuplicate);
  }
}

TEST_P(RecoveryTest, StopsInOrderWhileItCannotWrite) {
  ASSERT_TRUE(MakeBaseline("m").ok());
  ASSERT_EQ(Send(1).result, Result::kCounted);
  env_.set_fault(GetParam());
  EXPECT_EQ(Send(2).result, Result::kRetry);
  engine_->Stop();
  env_.set_fault(FailingEnv::Fault::kNone);
  Close();
  Open();
  EXPECT_EQ(Send(1).result, Result::kDuplicate);
  EXPECT_NE(Send(2).result, Result::kRetry);
  EXPECT_EQ(RowsOfReport(), 2 * kRows);
}

INSTANTIATE_TEST_SUITE_P(Faults, RecoveryTest,
                         ::testing::Values(FailingEnv::Fault::kAppend, FailingEnv::Fault::kSync,
                                           FailingEnv::Fault::kDiskFull));

}  // namespace
}  // namespace plumbline::engine
