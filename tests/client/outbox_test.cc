#include "client/outbox.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <vector>

#include "google/rpc/error_details.pb.h"

namespace plumbline::client {
namespace {

using ::testing::HasSubstr;

constexpr absl::Duration kNow = absl::Seconds(7);

OutboxOptions Options() {
  OutboxOptions options;
  options.model = "housing";
  options.version = "v1";
  options.producer = "p";
  options.epoch = 7;
  options.max_queued_batches = 3;
  options.max_in_flight = 2;
  return options;
}

v1::Batch BatchOf(uint32_t rows) {
  v1::Batch batch;
  batch.set_row_count(rows);
  return batch;
}

// Writes what may be written; the sequence number, 0 if nothing may (or it is no batch).
uint64_t Write(Outbox* outbox) {
  const v1::IngestRequest* request = outbox->TakeNext(kNow);
  if (request == nullptr) return 0;
  const uint64_t sequence = request->batch().number().sequence();
  outbox->OnWritten();
  return sequence;
}

v1::IngestResponse Answer(uint64_t sequence, v1::IngestResult result, uint64_t rows = 0) {
  v1::IngestResponse response;
  response.mutable_number()->set_sequence(sequence);
  response.set_result(result);
  response.set_rows_counted(rows);
  return response;
}

TEST(Outbox, NumbersBatchesWhenTheyAreWritten) {
  Outbox outbox(Options());
  outbox.Push(BatchOf(5));
  const v1::IngestRequest* request = outbox.TakeNext(kNow);
  ASSERT_NE(request, nullptr);
  EXPECT_EQ(request->batch().model(), "housing");
  EXPECT_EQ(request->batch().version(), "v1");
  EXPECT_EQ(request->batch().number().producer(), "p");
  EXPECT_EQ(request->batch().number().epoch(), 7u);
  EXPECT_EQ(request->batch().number().sequence(), 1u);
  EXPECT_EQ(request->batch().batch().row_count(), 5u);
}

TEST(Outbox, LeavesNoHoleWhereItDropped) {
  Outbox outbox(Options());
  for (uint32_t rows = 1; rows <= 3; ++rows) outbox.Push(BatchOf(rows));
  EXPECT_FALSE(outbox.HasRoomFor(1));
  outbox.DropOldest();
  EXPECT_TRUE(outbox.HasRoomFor(1));
  const v1::IngestRequest* request = outbox.TakeNext(kNow);
  EXPECT_EQ(request->batch().number().sequence(), 1u);
  EXPECT_EQ(request->batch().batch().row_count(), 2u);
  EXPECT_EQ(outbox.stats().dropped, 1u);
  EXPECT_EQ(outbox.stats().rows_dropped, 1u);
}

TEST(Outbox, BoundsBytesToo) {
  OutboxOptions options = Options();
  options.max_queued_bytes = 100;
  Outbox outbox(options);
  EXPECT_TRUE(outbox.HasRoomFor(1000));  // alone
  outbox.Push(BatchOf(1));
  EXPECT_FALSE(outbox.HasRoomFor(100));
  EXPECT_TRUE(outbox.HasRoomFor(50));
}

TEST(Outbox, HoldsBackBeyondWhatMayBeInFlight) {
  Outbox outbox(Options());
  for (int i = 0; i < 3; ++i) outbox.Push(BatchOf(1));
  EXPECT_EQ(Write(&outbox), 1u);
  EXPECT_EQ(Write(&outbox), 2u);
  EXPECT_EQ(Write(&outbox), 0u);
  EXPECT_TRUE(outbox.OnResponse(Answer(2, v1::INGEST_RESULT_COUNTED), kNow).settled);
  EXPECT_EQ(Write(&outbox), 3u);
}

// Hands over as many requests as may be in flight, and lets them all be answered `later`.
size_t Round(absl::Duration later, Outbox* outbox) {
  std::vector<uint64_t> sequences;
  while (outbox->HasUnwritten()) {
    const uint64_t sequence = Write(outbox);
    if (sequence == 0) break;
    sequences.push_back(sequence);
  }
  for (const uint64_t sequence : sequences) {
    outbox->OnResponse(Answer(sequence, v1::INGEST_RESULT_COUNTED), kNow + later);
  }
  return sequences.size();
}

TEST(Outbox, KeepsBackWhatASlowServerWouldOnlyHold) {
  OutboxOptions options = Options();
  options.max_in_flight = 20;
  Outbox outbox(options);
  for (int i = 0; i < 200; ++i) outbox.Push(BatchOf(1));
  const absl::Duration way = absl::Seconds(1), slow = way + 2 * SendWindow::kSoon;
  // A long way alone is no reason.
  EXPECT_EQ(Round(way, &outbox), SendWindow::kFirst);
  EXPECT_EQ(Round(way, &outbox), 2 * SendWindow::kFirst);
  EXPECT_EQ(Round(slow, &outbox), 20u);
  EXPECT_EQ(Round(slow, &outbox), 10u);
  EXPECT_EQ(Round(slow, &outbox), 5u);
  EXPECT_EQ(Round(slow, &outbox), SendWindow::kLeast);
  EXPECT_EQ(Round(way, &outbox), SendWindow::kLeast);
  EXPECT_EQ(Round(way, &outbox), SendWindow::kLeast + 1);
  for (int i = 0; i < 10; ++i) Round(way, &outbox);
  EXPECT_GT(Round(way, &outbox), 10u);
}

TEST(Outbox, CountsWhatTheServerAnswers) {
  OutboxOptions options = Options();
  options.max_in_flight = 10;
  options.max_queued_batches = 10;
  Outbox outbox(options);
  for (int i = 0; i < 3; ++i) outbox.Push(BatchOf(10));
  for (int i = 0; i < 3; ++i) Write(&outbox);
  v1::IngestResponse counted = Answer(1, v1::INGEST_RESULT_COUNTED, 8);
  counted.set_rows_late(2);
  outbox.OnResponse(counted, kNow);
  outbox.OnResponse(Answer(2, v1::INGEST_RESULT_DUPLICATE), kNow);
  v1::IngestResponse refused = Answer(3, v1::INGEST_RESULT_REFUSED);
  refused.mutable_error()->set_code(3);
  refused.mutable_error()->set_message("no such column");
  const Outbox::Outcome outcome = outbox.OnResponse(refused, kNow);
  ASSERT_TRUE(outcome.refusal.has_value());
  EXPECT_EQ(outcome.refusal->sequence, 3u);
  EXPECT_EQ(outcome.refusal->reason, absl::InvalidArgumentError("no such column"));
  const SenderStats stats = outbox.stats();
  EXPECT_EQ(stats.sent, 3u);
  EXPECT_EQ(stats.rows_sent, 30u);
  EXPECT_EQ(stats.acknowledged, 2u);
  EXPECT_EQ(stats.rows_counted, 8u);
  EXPECT_EQ(stats.rows_late, 2u);
  EXPECT_EQ(stats.duplicates, 1u);
  EXPECT_EQ(stats.rows_duplicate, 10u);
  EXPECT_EQ(stats.refused, 1u);
  EXPECT_EQ(stats.rows_refused, 10u);
  EXPECT_EQ(stats.last_error, absl::InvalidArgumentError("no such column"));
  EXPECT_TRUE(outbox.IsIdle());
}

TEST(Outbox, SendsAgainWithTheSameNumberAndFirst) {
  Outbox outbox(Options());
  outbox.Push(BatchOf(1));
  outbox.Push(BatchOf(2));
  Write(&outbox);
  v1::IngestResponse retry = Answer(1, v1::INGEST_RESULT_RETRY);
  google::rpc::RetryInfo info;
  info.mutable_retry_delay()->set_seconds(3);
  retry.mutable_error()->add_details()->PackFrom(info);
  const Outbox::Outcome outcome = outbox.OnResponse(retry, kNow);
  EXPECT_TRUE(outcome.retry);
  EXPECT_FALSE(outcome.settled);
  EXPECT_EQ(outcome.retry_delay, absl::Seconds(3));
  EXPECT_EQ(Write(&outbox), 1u);
  EXPECT_EQ(outbox.stats().retries, 1u);
  EXPECT_EQ(outbox.stats().sent, 1u);
}

TEST(Outbox, SendsAgainWhatWasInFlightInOrder) {
  Outbox outbox(Options());
  for (int i = 0; i < 3; ++i) outbox.Push(BatchOf(1));
  Write(&outbox);
  Write(&outbox);
  EXPECT_FALSE(outbox.OnStreamEnded(absl::UnavailableError("gone"), false).has_value());
  EXPECT_FALSE(outbox.HasInFlight());
  EXPECT_EQ(Write(&outbox), 1u);
  EXPECT_EQ(Write(&outbox), 2u);
  EXPECT_EQ(outbox.stats().retries, 2u);
  EXPECT_EQ(outbox.stats().last_error, absl::UnavailableError("gone"));
}

TEST(Outbox, IgnoresAnAnswerToNothing) {
  Outbox outbox(Options());
  outbox.Push(BatchOf(1));
  Write(&outbox);
  EXPECT_FALSE(outbox.OnResponse(Answer(9, v1::INGEST_RESULT_COUNTED), kNow).settled);
  EXPECT_TRUE(outbox.OnResponse(Answer(1, v1::INGEST_RESULT_COUNTED), kNow).settled);
  EXPECT_FALSE(outbox.OnResponse(Answer(1, v1::INGEST_RESULT_COUNTED), kNow).settled);
  EXPECT_EQ(outbox.stats().acknowledged, 1u);
}

TEST(Outbox, KeepsARequestThatIsAnsweredWhileItIsWritten) {
  Outbox outbox(Options());
  outbox.Push(BatchOf(5));
  const v1::IngestRequest* request = outbox.TakeNext(kNow);
  outbox.OnResponse(Answer(1, v1::INGEST_RESULT_COUNTED, 5), kNow);
  EXPECT_EQ(request->batch().batch().row_count(), 5u);  // ASAN tells if it was freed
  outbox.OnWritten();
  EXPECT_TRUE(outbox.IsIdle());
}

TEST(Outbox, FindsTheBatchThatEndsStreamsAndGivesItUp) {
  OutboxOptions options = Options();
  options.max_strikes = 2;
  Outbox outbox(options);
  for (int i = 0; i < 3; ++i) outbox.Push(BatchOf(1));
  const absl::Status too_large = absl::ResourceExhaustedError("message larger than max");
  Write(&outbox);
  Write(&outbox);
  EXPECT_FALSE(outbox.OnStreamEnded(too_large, false).has_value());  // one of two
  EXPECT_EQ(Write(&outbox), 1u);
  EXPECT_EQ(Write(&outbox), 0u);  // one by one now
  EXPECT_FALSE(outbox.OnStreamEnded(too_large, false).has_value());
  EXPECT_EQ(Write(&outbox), 1u);
  const std::optional<Refusal> refusal = outbox.OnStreamEnded(too_large, false);
  ASSERT_TRUE(refusal.has_value());
  EXPECT_EQ(refusal->sequence, 1u);
  EXPECT_THAT(std::string(refusal->reason.message()), HasSubstr("message larger than max"));
  EXPECT_EQ(outbox.stats().refused, 1u);

  const v1::IngestRequest* skip = outbox.TakeNext(kNow);
  ASSERT_TRUE(skip != nullptr && skip->has_skip_range());
  EXPECT_EQ(skip->skip_range().model(), "housing");
  EXPECT_EQ(skip->skip_range().producer(), "p");
  EXPECT_EQ(skip->skip_range().epoch(), 7u);
  EXPECT_EQ(skip->skip_range().first_sequence(), 1u);
  EXPECT_EQ(skip->skip_range().last_sequence(), 1u);
  outbox.OnWritten();
  v1::IngestResponse answer = Answer(0, v1::INGEST_RESULT_COUNTED);
  answer.set_request_index(1);
  EXPECT_TRUE(outbox.OnResponse(answer, kNow).settled);
  EXPECT_EQ(Write(&outbox), 2u);
  outbox.OnResponse(Answer(2, v1::INGEST_RESULT_COUNTED), kNow);
  EXPECT_EQ(Write(&outbox), 3u);
}

TEST(Outbox, DoesNotBlameABatchForTheNetworkOrABusyServer) {
  OutboxOptions options = Options();
  options.max_strikes = 1;
  Outbox outbox(options);
  outbox.Push(BatchOf(1));
  for (const absl::Status& status :
       {absl::UnavailableError(""), absl::CancelledError(""), absl::PermissionDeniedError(""),
        absl::ResourceExhaustedError("Received RST_STREAM with error code 11")}) {
    EXPECT_EQ(Write(&outbox), 1u);
    EXPECT_FALSE(outbox.OnStreamEnded(status, false).has_value());
  }
  EXPECT_EQ(Write(&outbox), 1u);
  EXPECT_FALSE(outbox.OnStreamEnded(absl::ResourceExhaustedError("busy"), true).has_value());
  EXPECT_EQ(Write(&outbox), 1u);
}

TEST(Outbox, EndsTheEpochWithTheLastNumberUsed) {
  Outbox outbox(Options());
  outbox.Push(BatchOf(1));
  Write(&outbox);
  outbox.OnResponse(Answer(1, v1::INGEST_RESULT_COUNTED), kNow);
  outbox.PushEndEpoch();
  const v1::IngestRequest* request = outbox.TakeNext(kNow);
  ASSERT_TRUE(request != nullptr && request->has_end_epoch());
  EXPECT_EQ(request->end_epoch().epoch(), 7u);
  EXPECT_EQ(request->end_epoch().last_sequence(), 1u);
  outbox.OnWritten();
  EXPECT_FALSE(outbox.end_epoch_answer().has_value());
  v1::IngestResponse answer = Answer(0, v1::INGEST_RESULT_COUNTED);
  answer.set_request_index(2);
  outbox.OnResponse(answer, kNow);
  EXPECT_EQ(outbox.end_epoch_answer(), absl::OkStatus());
}

TEST(Outbox, SaysWhatStillWaits) {
  Outbox outbox(Options());
  for (int i = 0; i < 3; ++i) outbox.Push(BatchOf(1));
  Write(&outbox);
  Write(&outbox);
  EXPECT_EQ(outbox.stats().waiting, 3u);
  outbox.OnResponse(Answer(1, v1::INGEST_RESULT_RETRY), kNow);
  EXPECT_EQ(outbox.stats().waiting, 3u);
  outbox.OnResponse(Answer(2, v1::INGEST_RESULT_COUNTED), kNow);
  EXPECT_EQ(outbox.stats().waiting, 2u);
}

}  // namespace
}  // namespace plumbline::client
