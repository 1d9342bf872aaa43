#include "client/sender.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "absl/synchronization/notification.h"
#include "client/batch_builder.h"
#include "google/rpc/error_details.pb.h"
#include "tests/client/fake_ingest.h"

namespace plumbline::client {
namespace {

using ::testing::HasSubstr;
using Reply = FakeIngest::Reply;

// Long enough for any machine: nothing waits for it unless the test fails.
constexpr absl::Duration kPatience = absl::Minutes(2);

SenderOptions Options(const std::string& server) {
  SenderOptions options;
  options.server = server;
  options.model = "housing";
  options.producer = "test";
  options.epoch = 1;
  options.initial_backoff = absl::Milliseconds(1);
  options.max_backoff = absl::Milliseconds(20);
  return options;
}

std::unique_ptr<Sender> NewSender(SenderOptions options) {
  auto sender = Sender::Create(std::move(options));
  EXPECT_TRUE(sender.ok()) << sender.status();
  return sender.ok() ? *std::move(sender) : nullptr;
}

v1::Batch RowsOf(uint32_t rows) {
  BatchBuilder builder;
  builder.AddDoubles("x", std::vector<double>(rows, 1.5));
  return builder.Build().value();
}

uint64_t SequenceOf(const v1::IngestRequest& request) {
  return request.batch().number().sequence();
}

// What a busy server says: RESOURCE_EXHAUSTED, and when to try again.
google::rpc::Status Busy() {
  google::rpc::Status busy;
  busy.set_code(static_cast<int>(absl::StatusCode::kResourceExhausted));
  busy.set_message("busy");
  google::rpc::RetryInfo info;
  info.mutable_retry_delay()->set_nanos(1'000'000);
  busy.add_details()->PackFrom(info);
  return busy;
}

std::set<uint64_t> UpTo(uint64_t last) {
  std::set<uint64_t> numbers;
  for (uint64_t i = 1; i <= last; ++i) numbers.insert(i);
  return numbers;
}

TEST(Sender, DeliversEverythingAndEndsTheEpoch) {
  FakeIngest service;
  FakeServer server({&service});
  const auto sender = NewSender(Options(server.address()));
  for (int i = 0; i < 500; ++i) ASSERT_TRUE(sender->SendBlocking(RowsOf(3)).ok());
  const absl::Status status = sender->Finish(kPatience);
  ASSERT_TRUE(status.ok()) << status;
  EXPECT_EQ(service.counted(), UpTo(500));
  EXPECT_EQ(service.rows(), 1500u);
  ASSERT_EQ(service.controls().size(), 1u);
  EXPECT_EQ(service.controls()[0].end_epoch().last_sequence(), 500u);
  const SenderStats stats = sender->stats();
  EXPECT_EQ(stats.sent, 500u);
  EXPECT_EQ(stats.acknowledged, 500u);
  EXPECT_EQ(stats.rows_counted, 1500u);
  EXPECT_EQ(stats.waiting, 0u);
  EXPECT_EQ(stats.retries, 0u);
  EXPECT_EQ(service.streams(), 1);
}

TEST(Sender, DeclaresItsEnvironmentFirstAndTellsOfARefusal) {
  bool batch_came = false, was_first = false;
  FakeIngest service([&](int, const v1::IngestRequest& request) -> std::optional<Reply> {
    batch_came |= request.has_batch();
    if (!request.has_declaration()) return std::nullopt;
    was_first = !batch_came && request.declaration().environment().keys().at("git") == "abc" &&
                request.declaration().source() == "eu" && request.declaration().epoch() == 1;
    google::rpc::Status error;
    error.set_code(static_cast<int>(absl::StatusCode::kInvalidArgument));
    error.set_message("no");
    return Reply{.result = v1::INGEST_RESULT_REFUSED, .error = error};
  });
  FakeServer server({&service});
  SenderOptions options = Options(server.address());
  options.source = "eu";
  (*options.environment.emplace().mutable_keys())["git"] = "abc";
  absl::Mutex mutex;
  std::vector<Refusal> refusals;
  options.on_refused = [&](const Refusal& refusal) {
    absl::MutexLock lock(&mutex);
    refusals.push_back(refusal);
  };
  const auto sender = NewSender(options);
  ASSERT_TRUE(sender->SendBlocking(RowsOf(3)).ok());
  ASSERT_TRUE(sender->Finish(kPatience).ok());
  EXPECT_TRUE(was_first);
  EXPECT_EQ(sender->stats().refused, 0u);
  absl::MutexLock lock(&mutex);
  ASSERT_EQ(refusals.size(), 1u);
  EXPECT_EQ(refusals[0].sequence, 0u);
  EXPECT_EQ(refusals[0].reason, absl::InvalidArgumentError("no"));
  (*options.environment->mutable_keys())["git"] = std::string(5000, 'x');
  EXPECT_EQ(Sender::Create(options).status().code(), absl::StatusCode::kInvalidArgument);
}

TEST(Sender, CountsOnceWhenTheServerGoesAwayBeforeItAnswers) {
  // Every 7th batch of the first streams is counted, but its answer is lost.
  FakeIngest service([](int stream, const v1::IngestRequest& request) -> std::optional<Reply> {
    if (stream <= 5 && SequenceOf(request) % 7 == static_cast<uint64_t>(stream)) {
      return Reply{.count_but_hang_up = true};
    }
    return std::nullopt;
  });
  FakeServer server({&service});
  const auto sender = NewSender(Options(server.address()));
  for (int i = 0; i < 100; ++i) ASSERT_TRUE(sender->SendBlocking(RowsOf(2)).ok());
  const absl::Status status = sender->Finish(kPatience);
  ASSERT_TRUE(status.ok()) << status;
  EXPECT_EQ(service.counted(), UpTo(100));
  EXPECT_EQ(service.rows(), 200u);
  const SenderStats stats = sender->stats();
  EXPECT_EQ(stats.acknowledged, 100u);
  EXPECT_GE(stats.duplicates, 1u);
  EXPECT_GE(stats.retries, 1u);
  EXPECT_EQ(stats.last_error, absl::UnavailableError("crash"));
}

TEST(Sender, SendsAgainWhatTheServerCouldNotTakeNow) {
  absl::Mutex mutex;
  std::set<uint64_t> seen;
  FakeIngest service([&](int, const v1::IngestRequest& request) -> std::optional<Reply> {
    absl::MutexLock lock(&mutex);
    if (!request.has_batch() || !seen.insert(SequenceOf(request)).second) return std::nullopt;
    return Reply{.result = v1::INGEST_RESULT_RETRY, .error = Busy()};
  });
  FakeServer server({&service});
  const auto sender = NewSender(Options(server.address()));
  for (int i = 0; i < 20; ++i) ASSERT_TRUE(sender->SendBlocking(RowsOf(1)).ok());
  const absl::Status status = sender->Finish(kPatience);
  ASSERT_TRUE(status.ok()) << status;
  EXPECT_EQ(service.counted(), UpTo(20));
  EXPECT_EQ(sender->stats().retries, 20u);
  EXPECT_EQ(sender->stats().acknowledged, 20u);
  EXPECT_EQ(service.streams(), 1);
}

TEST(Sender, ComesBackWhenABusyServerEndsTheStreamAndKeepsTheNumbers) {
  FakeIngest service([](int stream, const v1::IngestRequest& request) -> std::optional<Reply> {
    if (stream > 4 || SequenceOf(request) % 5 != 0) return std::nullopt;
    return Reply{.end_stream = grpc::Status(grpc::StatusCode::RESOURCE_EXHAUSTED, "busy",
                                            Busy().SerializeAsString())};
  });
  FakeServer server({&service});
  SenderOptions options = Options(server.address());
  options.max_strikes = 1;
  const auto sender = NewSender(options);
  for (int i = 0; i < 100; ++i) ASSERT_TRUE(sender->SendBlocking(RowsOf(2)).ok());
  const absl::Status status = sender->Finish(kPatience);
  ASSERT_TRUE(status.ok()) << status;
  EXPECT_EQ(service.counted(), UpTo(100));
  EXPECT_EQ(service.rows(), 200u);
  EXPECT_EQ(service.streams(), 5);
  EXPECT_EQ(sender->stats().acknowledged, 100u);
  EXPECT_EQ(sender->stats().refused, 0u);
}

TEST(Sender, ABusyServerCostsTheOldestOfAFullQueueAndLeavesNoHole) {
  absl::Mutex mutex;
  std::set<uint64_t> seen;
  FakeIngest service([&](int, const v1::IngestRequest& request) -> std::optional<Reply> {
    absl::MutexLock lock(&mutex);
    if (!request.has_batch() || !seen.insert(SequenceOf(request)).second) return std::nullopt;
    return Reply{.result = v1::INGEST_RESULT_RETRY, .error = Busy()};
  });
  FakeServer server({&service});
  SenderOptions options = Options(server.address());
  options.max_queued_batches = 5;
  options.max_in_flight = 2;
  const auto sender = NewSender(options);
  for (int i = 0; i < 1000; ++i) sender->Send(RowsOf(1));
  const absl::Status status = sender->Finish(kPatience);
  ASSERT_TRUE(status.ok()) << status;
  const SenderStats stats = sender->stats();
  EXPECT_GT(stats.dropped, 0u);
  EXPECT_EQ(stats.acknowledged + stats.dropped, 1000u);
  EXPECT_EQ(stats.retries, stats.acknowledged);  // each was told once
  EXPECT_EQ(service.counted(), UpTo(stats.acknowledged));
  ASSERT_EQ(service.controls().size(), 1u);
  EXPECT_EQ(service.controls()[0].end_epoch().last_sequence(), stats.acknowledged);
}

TEST(Sender, ReportsRefusalsAndGoesOnOnTheSameStream) {
  FakeIngest service([](int, const v1::IngestRequest& request) -> std::optional<Reply> {
    if (SequenceOf(request) != 2) return std::nullopt;
    Reply reply{.result = v1::INGEST_RESULT_REFUSED};
    reply.error.set_code(3);
    reply.error.set_message("bad batch");
    return reply;
  });
  FakeServer server({&service});
  SenderOptions options = Options(server.address());
  absl::Mutex mutex;
  std::vector<Refusal> refusals;
  options.on_refused = [&](const Refusal& refusal) {
    absl::MutexLock lock(&mutex);
    refusals.push_back(refusal);
  };
  const auto sender = NewSender(options);
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(sender->SendBlocking(RowsOf(4)).ok());
  const absl::Status status = sender->Finish(kPatience);
  ASSERT_TRUE(status.ok()) << status;
  EXPECT_EQ(service.counted(), (std::set<uint64_t>{1, 3}));
  EXPECT_EQ(sender->stats().refused, 1u);
  EXPECT_EQ(sender->stats().rows_refused, 4u);
  EXPECT_EQ(service.streams(), 1);
  absl::MutexLock lock(&mutex);
  ASSERT_EQ(refusals.size(), 1u);
  EXPECT_EQ(refusals[0].sequence, 2u);
  EXPECT_EQ(refusals[0].reason, absl::InvalidArgumentError("bad batch"));
}

// What gRPC itself ends the stream for: a message over the server's limit.
TEST(Sender, GivesUpAMessageOverTheLimitAndGoesOn) {
  FakeIngest service;
  FakeServer server({&service}, 0, 64 << 10);
  const auto sender = NewSender(Options(server.address()));
  for (int i = 1; i <= 6; ++i) {
    ASSERT_TRUE(sender->SendBlocking(RowsOf(i == 3 ? 100'000 : 10)).ok());
  }
  const absl::Status status = sender->Finish(kPatience);
  ASSERT_TRUE(status.ok()) << status;
  EXPECT_EQ(service.counted(), (std::set<uint64_t>{1, 2, 4, 5, 6}));
  EXPECT_EQ(sender->stats().refused, 1u);
  ASSERT_EQ(service.controls().size(), 2u);
  EXPECT_EQ(service.controls()[0].skip_range().first_sequence(), 3u);
  EXPECT_EQ(service.controls()[0].skip_range().last_sequence(), 3u);
  EXPECT_EQ(service.controls()[1].end_epoch().last_sequence(), 6u);
  EXPECT_THAT(std::string(sender->stats().last_error.message()), HasSubstr("larger than max"));
}

TEST(Sender, GivesUpTextThatIsNotUtf8AndGoesOn) {
  FakeIngest service;
  FakeServer server({&service});
  const auto sender = NewSender(Options(server.address()));
  ASSERT_TRUE(sender->SendBlocking(RowsOf(1)).ok());
  v1::Batch latin1 = RowsOf(1);
  latin1.set_source("Z\xFCrich");
  ASSERT_TRUE(sender->SendBlocking(latin1).ok());
  ASSERT_TRUE(sender->SendBlocking(RowsOf(1)).ok());
  const absl::Status status = sender->Finish(kPatience);
  ASSERT_TRUE(status.ok()) << status;
  EXPECT_EQ(service.counted(), (std::set<uint64_t>{1, 3}));
  EXPECT_EQ(sender->stats().refused, 1u);
  EXPECT_EQ(service.controls()[0].skip_range().first_sequence(), 2u);
}

TEST(Sender, DropsTheOldestAndNeverBlocks) {
  // Nobody listens: everything stays in the queue.
  SenderOptions options = Options("127.0.0.1:1");
  options.max_queued_batches = 5;
  options.max_in_flight = 1;
  const auto sender = NewSender(options);
  for (int i = 0; i < 100; ++i) sender->Send(RowsOf(1));
  const SenderStats stats = sender->stats();
  EXPECT_LE(stats.waiting, 6u);
  EXPECT_EQ(stats.dropped + stats.waiting, 100u);
  EXPECT_EQ(stats.rows_dropped, stats.dropped);
}

TEST(Sender, DropsABatchLargerThanTheQueueAndKeepsTheOthers) {
  SenderOptions options = Options("127.0.0.1:1");
  options.max_queued_bytes = 1000;
  const auto sender = NewSender(options);
  EXPECT_TRUE(sender->Send(RowsOf(1)));
  EXPECT_FALSE(sender->Send(RowsOf(1000)));
  EXPECT_EQ(sender->stats().waiting, 1u);
  EXPECT_EQ(sender->stats().rows_dropped, 1000u);
}

TEST(Sender, DeliversAfterTheServerComesBack) {
  FakeIngest first;
  auto server = std::make_unique<FakeServer>(std::vector<grpc::Service*>{&first});
  const int port = server->port();
  const auto sender = NewSender(Options(server->address()));
  ASSERT_TRUE(sender->SendBlocking(RowsOf(1)).ok());
  ASSERT_TRUE(sender->Flush(kPatience).ok());
  server.reset();
  ASSERT_TRUE(sender->SendBlocking(RowsOf(1)).ok());
  FakeIngest second;
  server = std::make_unique<FakeServer>(std::vector<grpc::Service*>{&second}, port);
  const absl::Status status = sender->Finish(kPatience);
  ASSERT_TRUE(status.ok()) << status;
  EXPECT_EQ(first.counted(), (std::set<uint64_t>{1}));
  EXPECT_EQ(second.counted(), (std::set<uint64_t>{2}));
  server.reset();
}

TEST(Sender, FailsForGoodWhenNobodyAnswersForTooLong) {
  SenderOptions options = Options("127.0.0.1:1");
  options.give_up_after = absl::Milliseconds(50);
  options.max_queued_batches = 1;
  const auto sender = NewSender(options);
  sender->Send(RowsOf(1));
  const absl::Status status = sender->Flush(kPatience);
  EXPECT_EQ(status.code(), absl::StatusCode::kUnavailable) << status;
  EXPECT_THAT(std::string(status.message()), HasSubstr("1 batches undelivered"));
  EXPECT_EQ(sender->SendBlocking(RowsOf(1)), status);
  EXPECT_FALSE(sender->Send(RowsOf(1)));
  EXPECT_EQ(sender->Finish(kPatience), status);
  EXPECT_EQ(sender->stats().dropped, 2u);
}

TEST(Sender, OpensANewStreamWhenTheOldOneGoesSilent) {
  absl::Notification released;
  FakeIngest service([&](int stream, const v1::IngestRequest&) -> std::optional<Reply> {
    if (stream == 1) released.WaitForNotificationWithTimeout(kPatience);
    return std::nullopt;
  });
  FakeServer server({&service});
  SenderOptions options = Options(server.address());
  options.ack_timeout = absl::Milliseconds(20);
  const auto sender = NewSender(options);
  ASSERT_TRUE(sender->SendBlocking(RowsOf(1)).ok());
  const absl::Status status = sender->Flush(kPatience);
  EXPECT_TRUE(status.ok()) << status;
  EXPECT_GE(service.streams(), 2);
  EXPECT_EQ(service.rows(), 1u);
  released.Notify();
}

TEST(Sender, SaysWhatWaitsWhenTimeIsUp) {
  const auto sender = NewSender(Options("127.0.0.1:1"));
  sender->Send(RowsOf(1));
  const absl::Status status = sender->Flush(absl::Milliseconds(1));
  EXPECT_EQ(status.code(), absl::StatusCode::kDeadlineExceeded);
  EXPECT_THAT(std::string(status.message()), HasSubstr("1 batches still wait"));
}

TEST(Sender, TakesNothingAfterFinish) {
  FakeIngest service;
  FakeServer server({&service});
  const auto sender = NewSender(Options(server.address()));
  ASSERT_TRUE(sender->Finish(kPatience).ok());
  EXPECT_EQ(service.controls()[0].end_epoch().last_sequence(), 0u);
  EXPECT_FALSE(sender->Send(RowsOf(1)));
  EXPECT_EQ(sender->SendBlocking(RowsOf(1)).code(), absl::StatusCode::kFailedPrecondition);
}

TEST(Sender, StopsWhileTheServerIsSilent) {
  absl::Notification released;
  FakeIngest service([&](int, const v1::IngestRequest&) -> std::optional<Reply> {
    released.WaitForNotificationWithTimeout(kPatience);
    return std::nullopt;
  });
  FakeServer server({&service});
  auto sender = NewSender(Options(server.address()));
  for (int i = 0; i < 10; ++i) sender->Send(RowsOf(100'000));
  sender.reset();  // must come back although nothing was ever answered
  EXPECT_EQ(service.rows(), 0u);
  released.Notify();
}

TEST(Sender, IsSafeToUseFromManyThreads) {
  FakeIngest service;
  FakeServer server({&service});
  const auto sender = NewSender(Options(server.address()));
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 50; ++i) EXPECT_TRUE(sender->SendBlocking(RowsOf(1)).ok());
    });
  }
  for (std::thread& thread : threads) thread.join();
  ASSERT_TRUE(sender->Finish(kPatience).ok());
  EXPECT_EQ(service.counted(), UpTo(200));
}

TEST(Sender, ChecksItsOptions) {
  SenderOptions options = Options("127.0.0.1:1");
  options.model.clear();
  EXPECT_FALSE(Sender::Create(options).ok());
  options = Options("127.0.0.1:1");
  options.producer.assign(129, 'p');
  EXPECT_FALSE(Sender::Create(options).ok());
  options = Options("127.0.0.1:1");
  options.producer = "web-\xE9";  // Latin-1
  EXPECT_EQ(Sender::Create(options).status().message(),
            R"(producer: `web-\xe9` is not valid UTF-8)");
  options = Options("127.0.0.1:1");
  options.epoch = 0;
  EXPECT_FALSE(Sender::Create(options).ok());
  options = Options("127.0.0.1:1");
  options.max_in_flight = 0;
  EXPECT_FALSE(Sender::Create(options).ok());
}

}  // namespace
}  // namespace plumbline::client
