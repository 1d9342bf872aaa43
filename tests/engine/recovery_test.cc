#include <filesystem>
#include <future>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "server/base/clock.h"
#include "server/engine/engine.h"
#include "server/storage/store.h"
#include "tests/profile/batch_maker.h"
#include "tests/storage/failing_env.h"
#include "tests/storage/test_folder.h"

namespace plumbline::engine {
namespace {

using storage::FailingEnv;
using Result = IngestOutcome::Result;

constexpr uint32_t kRows = 50;

// A folder whose writes can be made to fail, and a service on it with the model "m".
class Recovery : public ::testing::Test {
 protected:
  Recovery() : clock_(absl::FromUnixSeconds(1'700'000'000)), env_(rocksdb::Env::Default()) {
    dir_ = storage::NewTestFolder("recovery");
    for (uint32_t i = 0; i < kRows; ++i) values_.push_back(i);
    Open();
  }
  ~Recovery() override {
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

class RecoveryTest : public Recovery, public ::testing::WithParamInterface<FailingEnv::Fault> {};

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

struct WriteError {
  FailingEnv::Fault fault;
  FailingEnv::Error error;
  std::string name;
};

// Every kind of write that the store makes, while batches and baselines come in: enough of them to
// fill a log, so that tables are written, files are made and closed, and the list of files grows.
class WriteErrors : public Recovery, public ::testing::WithParamInterface<WriteError> {
 protected:
  static constexpr int kMostCommits = 8;
  static constexpr size_t kDescriptionBytes = 3u << 20;  // stored twice; a log has 16 MiB

  void SetUp() override {
    ASSERT_TRUE(MakeBaseline("m").ok());
    big_ = **engine_->GetBaseline("m", "", 0);
    big_.description = std::string(kDescriptionBytes, 'd');
  }

  bool writable() const { return engine_->ServiceState().writable; }

  void SendSome() {
    for (int i = 0; i < 5; ++i) ASSERT_EQ(Send(++sequence_).result, Result::kCounted);
  }

  // Batches and large baselines, until a write fails or there were many.
  void WriteUntilItFails() {
    for (int i = 0; i < kMostCommits && writable(); ++i) {
      const IngestOutcome outcome = Send(++sequence_);
      if (outcome.result == Result::kCounted) {
        const auto stored = engine_->ImportBaseline(big_, /*keep_inactive=*/true);
        EXPECT_TRUE(stored.ok() || absl::IsUnavailable(stored.status())) << stored.status();
        continue;
      }
      ASSERT_NO_FATAL_FAILURE(ExpectRetry(outcome));
    }
  }

  // The batch that was sent last is to be sent again.
  void ExpectRetry(const IngestOutcome& outcome) {
    ASSERT_EQ(outcome.result, Result::kRetry);
    EXPECT_EQ(outcome.error.code(), absl::StatusCode::kUnavailable) << outcome.error;
    open_.push_back(sequence_);
  }

  void ExpectNothingIsAcknowledgedButAllIsShown() {
    const uint64_t acknowledged = sequence_ - open_.size();
    const IngestOutcome outcome = Send(++sequence_);
    // Some errors keep nobody from recovering.
    if (outcome.result != Result::kCounted) {
      ASSERT_NO_FATAL_FAILURE(ExpectRetry(outcome));
    }
    EXPECT_GE(RowsOfReport(), acknowledged * kRows);
    EXPECT_EQ(engine_->ModelSnapshots().size(), 1u);
  }

  void ExpectRecovery() {
    env_.set_fault(FailingEnv::Fault::kNone);
    for (const uint64_t sequence : open_) {
      // It may have reached the disk before the failure; then it is counted once.
      EXPECT_NE(SendUntilAcknowledged(sequence), Result::kRefused);
      EXPECT_EQ(SendUntilAcknowledged(sequence), Result::kDuplicate);
    }
    open_.clear();
    EXPECT_EQ(RowsOfReport(), sequence_ * kRows);
    EXPECT_TRUE(writable());
    ASSERT_NO_FATAL_FAILURE(SendSome());
  }

  void ExpectAllIsThereAfterAReopening() {
    Close();
    Open();
    EXPECT_EQ(store_->missing_commits(), 0u);
    EXPECT_EQ(RowsOfReport(), sequence_ * kRows);
    for (uint64_t sent = 1; sent <= sequence_; ++sent) {
      ASSERT_EQ(Send(sent).result, Result::kDuplicate);
    }
  }

  profile::Baseline big_;
  uint64_t sequence_ = 0;
  std::vector<uint64_t> open_;  // not acknowledged
};

TEST_P(WriteErrors, InTheMiddleOfWorkAreSurvived) {
  for (int round = 0; round < 2; ++round) {
    SCOPED_TRACE(round);
    ASSERT_NO_FATAL_FAILURE(SendSome());
    env_.set_fault(GetParam().fault, GetParam().error);
    ASSERT_NO_FATAL_FAILURE(WriteUntilItFails());
    ASSERT_NO_FATAL_FAILURE(ExpectNothingIsAcknowledgedButAllIsShown());
    ASSERT_NO_FATAL_FAILURE(ExpectRecovery());
  }
  // Files are renamed when the folder is opened only.
  EXPECT_TRUE(GetParam().fault == FailingEnv::Fault::kRename || env_.failures() > 0);
  ExpectAllIsThereAfterAReopening();
}

TEST_P(WriteErrors, WhileTheFolderIsOpenedAgainAreSurvived) {
  for (int round = 0; round < 2; ++round) {
    SCOPED_TRACE(round);
    ASSERT_NO_FATAL_FAILURE(SendSome());
    env_.set_fault(FailingEnv::Fault::kSync);
    ASSERT_NO_FATAL_FAILURE(ExpectRetry(Send(++sequence_)));
    const uint64_t failures = env_.failures();
    env_.set_fault(GetParam().fault, GetParam().error);
    while (!writable() && env_.failures() < failures + 5) std::this_thread::yield();
    ASSERT_NO_FATAL_FAILURE(ExpectNothingIsAcknowledgedButAllIsShown());
    ASSERT_NO_FATAL_FAILURE(ExpectRecovery());
  }
  ExpectAllIsThereAfterAReopening();
}

std::vector<WriteError> AllWriteErrors() {
  using Fault = FailingEnv::Fault;
  std::vector<WriteError> all;
  for (const auto& [fault, name] :
       std::vector<std::pair<Fault, std::string>>{{Fault::kAppend, "Append"},
                                                  {Fault::kSync, "Sync"},
                                                  {Fault::kFlush, "Flush"},
                                                  {Fault::kClose, "Close"},
                                                  {Fault::kNewFile, "NewFile"},
                                                  {Fault::kNewTable, "NewTable"},
                                                  {Fault::kRename, "Rename"},
                                                  {Fault::kManifest, "Manifest"},
                                                  {Fault::kDirectorySync, "DirectorySync"},
                                                  {Fault::kMark, "Mark"}}) {
    all.push_back({fault, FailingEnv::Error::kIo, name + "Eio"});
    all.push_back({fault, FailingEnv::Error::kNoSpace, name + "Enospc"});
  }
  return all;
}

INSTANTIATE_TEST_SUITE_P(All, WriteErrors, ::testing::ValuesIn(AllWriteErrors()),
                         [](const auto& info) { return info.param.name; });

}  // namespace
}  // namespace plumbline::engine
