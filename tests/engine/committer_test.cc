#include "server/engine/committer.h"

#include <future>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/storage/failing_env.h"

namespace plumbline::engine {
namespace {

using storage::FailingEnv;
using Result = IngestOutcome::Result;

class CommitterTest : public ::testing::TestWithParam<FailingEnv::Fault> {
 protected:
  CommitterTest()
      : memory_(rocksdb::NewMemEnv(rocksdb::Env::Default())),
        env_(memory_.get()),
        store_(storage::Store::Open("/data", {&env_}).value()),
        committer_(std::make_unique<Committer>(store_.get(), Durability())) {}

  static storage::Store::Batch Model(const std::string& name) {
    storage::Store::Batch batch;
    batch.PutModel(name, storage::v1::ModelRecord());
    return batch;
  }
  size_t StoredModels() const { return store_->ListModels()->size(); }

  // What became of a job with one batch of three rows that waits for it, and of the job.
  struct Answer {
    IngestOutcome outcome;
    absl::Status then;
  };
  Answer Submit(storage::Store::Batch batch) {
    Answer answer;
    std::promise<void> done;
    CommitJob job;
    job.batch = std::move(batch);
    job.acks.push_back({[&](const IngestOutcome& outcome) { answer.outcome = outcome; },
                        {Result::kCounted, 3, 0, absl::OkStatus()}});
    job.then = [&](const absl::Status& status) {
      answer.then = status;
      done.set_value();
    };
    committer_->Submit(std::move(job));
    done.get_future().wait();
    return answer;
  }
  ServiceSnapshot Figures() const {
    ServiceSnapshot snapshot;
    committer_->Describe(&snapshot);
    return snapshot;
  }

  const std::unique_ptr<rocksdb::Env> memory_;
  FailingEnv env_;
  const std::unique_ptr<storage::Store> store_;
  std::unique_ptr<Committer> committer_;
};

TEST_F(CommitterTest, AcknowledgesWhatTheStoreHolds) {
  size_t stored_at_ack = 0;
  std::promise<void> done;
  CommitJob job;
  job.batch = Model("m");
  job.acks.push_back({[&](const IngestOutcome&) { stored_at_ack = StoredModels(); }, {}});
  job.then = [&](const absl::Status&) { done.set_value(); };
  committer_->Submit(std::move(job));
  done.get_future().wait();
  EXPECT_EQ(stored_at_ack, 1u);
  const Answer answer = Submit(Model("n"));
  EXPECT_EQ(answer.outcome.result, Result::kCounted);
  EXPECT_EQ(answer.outcome.rows_counted, 3u);
  EXPECT_TRUE(answer.then.ok());
  EXPECT_EQ(Figures().commits, 2u);
  EXPECT_GT(Figures().committed_bytes, 0u);
  EXPECT_TRUE(Figures().writable);
}

TEST_F(CommitterTest, AnswersJobsInTheirOrder) {
  std::vector<int> order;
  std::promise<void> done;
  for (int i = 0; i < 200; ++i) {
    CommitJob job;
    if (i % 3 != 0) job.batch = Model(absl::StrCat("m", i));
    job.acks.push_back({[&order, i](const IngestOutcome&) { order.push_back(i); }, {}});
    if (i == 199) job.then = [&](const absl::Status&) { done.set_value(); };
    committer_->Submit(std::move(job));
  }
  done.get_future().wait();
  std::vector<int> expected(200);
  for (int i = 0; i < 200; ++i) expected[static_cast<size_t>(i)] = i;
  EXPECT_EQ(order, expected);
}

TEST_P(CommitterTest, AfterAFailedWriteNothingIsAcknowledgedOrWrittenUntilItRecovers) {
  ASSERT_TRUE(Submit(Model("a")).then.ok());
  env_.set_fault(GetParam());
  const Answer failed = Submit(Model("b"));
  EXPECT_EQ(failed.outcome.result, Result::kRetry);
  EXPECT_EQ(failed.outcome.rows_counted, 0u);
  EXPECT_EQ(failed.outcome.error.code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(failed.then.code(), absl::StatusCode::kUnavailable);
  EXPECT_TRUE(committer_->failed());
  EXPECT_FALSE(Figures().writable);
  EXPECT_EQ(Figures().commit_failures, 1u);

  // The disk is well again, but what memory holds may not be what the disk holds.
  env_.set_fault(FailingEnv::Fault::kNone);
  EXPECT_EQ(Submit(Model("c")).outcome.result, Result::kRetry);
  EXPECT_EQ(Submit({}).outcome.result, Result::kRetry);
  EXPECT_EQ(committer_->Write(Model("d")).code(), absl::StatusCode::kUnavailable);

  ASSERT_TRUE(store_->Reopen().ok());
  committer_->Recover();
  EXPECT_EQ(Submit(Model("e")).outcome.result, Result::kCounted);
  EXPECT_FALSE(committer_->failed());
  std::vector<std::string> names;
  const auto models = store_->ListModels();
  for (const auto& [name, record] : *models) {
    if (name != "b") names.push_back(name);  // nobody knows whether it arrived
  }
  EXPECT_THAT(names, ::testing::ElementsAre("a", "e"));
}

TEST_P(CommitterTest, AWriteOfTheCallersOwnFailsTheSame) {
  env_.set_fault(GetParam());
  EXPECT_EQ(committer_->Write(Model("a")).code(), absl::StatusCode::kUnavailable);
  EXPECT_TRUE(committer_->failed());
  EXPECT_EQ(Submit(Model("b")).outcome.result, Result::kRetry);
}

INSTANTIATE_TEST_SUITE_P(Faults, CommitterTest,
                         ::testing::Values(FailingEnv::Fault::kAppend, FailingEnv::Fault::kSync,
                                           FailingEnv::Fault::kDiskFull));

TEST_F(CommitterTest, StopsAfterWhatIsQueuedAndAnswersWhatComesLater) {
  int counted = 0;
  for (int i = 0; i < 50; ++i) {
    CommitJob job;
    job.batch = Model(absl::StrCat("m", i));
    job.acks.push_back({[&](const IngestOutcome& outcome) {
                          counted += outcome.result == Result::kCounted ? 1 : 0;
                        },
                        {}});
    committer_->Submit(std::move(job));
  }
  committer_->Stop();
  EXPECT_EQ(counted, 50);
  EXPECT_EQ(StoredModels(), 50u);
  const Answer late = Submit(Model("late"));
  EXPECT_EQ(late.outcome.result, Result::kRetry);
  EXPECT_EQ(late.outcome.error.code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(late.then.code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(StoredModels(), 50u);
}

}  // namespace
}  // namespace plumbline::engine
