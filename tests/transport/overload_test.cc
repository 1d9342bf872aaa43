// More than the server takes at once: streams wait, single batches beyond their share are told to
// retry, and nothing is lost. The disk is held, so that nothing in flight is answered until the
// test lets it.
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/synchronization/notification.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/transport/test_server.h"

namespace plumbline::transport {
namespace {

constexpr size_t kStreams = 8;
constexpr uint64_t kBatches = 5;
constexpr size_t kInFlight = 4;  // one of them for single calls

using Stream = grpc::ClientReaderWriter<v1::IngestRequest, v1::IngestResponse>;

class OverloadTest : public ::testing::Test {
 protected:
  OverloadTest()
      : server_({.address = "127.0.0.1:0", .max_inflight_requests = kInFlight}),
        contexts_(kStreams) {
    MakeModel(&server_, "m");
    server_.disk.Close();
    for (size_t i = 0; i < kStreams; ++i) {
      contexts_[i] = std::make_unique<grpc::ClientContext>();
      streams_.push_back(server_.ingest->Ingest(contexts_[i].get()));
      for (uint64_t sequence = 1; sequence <= kBatches; ++sequence) {
        v1::IngestRequest request;
        *request.mutable_batch() =
            Numbered("m", sequence, MakeRows(10), absl::StrCat("stream ", i));
        EXPECT_TRUE(streams_[i]->Write(request));
      }
    }
    // Three batches are in flight; every stream has been read from, and waits with its next one.
    Await([](const engine::ServiceSnapshot& state) { return state.waiting_streams == kStreams; });
  }

  engine::ServiceSnapshot State() {
    engine::ServiceSnapshot state = server_.engine->ServiceState();
    server_.server->Describe(&state);
    return state;
  }

  void Await(const std::function<bool(const engine::ServiceSnapshot&)>& reached) {
    while (!reached(State())) std::this_thread::yield();
  }

  // Requests that were answered with `reason`.
  uint64_t Answered(engine::IngestReason reason) {
    return State().reasons[static_cast<size_t>(reason)];
  }

  TestServer server_;
  std::vector<std::unique_ptr<grpc::ClientContext>> contexts_;
  std::vector<std::unique_ptr<Stream>> streams_;
};

TEST_F(OverloadTest, StreamsWaitAndLoseNothing) {
  EXPECT_LE(State().inflight_bytes, kInFlight * (size_t{16} << 10));
  server_.disk.Open();
  for (const auto& stream : streams_) {
    for (uint64_t sequence = 1; sequence <= kBatches; ++sequence) {
      v1::IngestResponse response;
      ASSERT_TRUE(stream->Read(&response));
      EXPECT_EQ(response.number().sequence(), sequence);
      EXPECT_EQ(response.result(), v1::INGEST_RESULT_COUNTED);
    }
    stream->WritesDone();
    EXPECT_TRUE(stream->Finish().ok());
  }
  EXPECT_EQ(State().inflight_bytes, 0u);
  EXPECT_EQ(State().waiting_streams, 0u);
  EXPECT_EQ(Answered(engine::IngestReason::kQueueFull), 0u);
}

// A call of IngestBatch that is not over.
struct Call {
  Call(v1::IngestService::Stub* stub, const v1::NumberedBatch& batch) {
    *request.mutable_batch() = batch;
    stub->async()->IngestBatch(&context, &request, &response, [this](grpc::Status ended) {
      status = std::move(ended);
      done.Notify();
    });
  }
  grpc::ClientContext context;
  v1::IngestBatchRequest request;
  v1::IngestBatchResponse response;
  grpc::Status status;
  absl::Notification done;
};

TEST_F(OverloadTest, SingleBatchesHaveAShareOfTheirOwn) {
  const size_t streams = State().inflight_bytes;
  Call taken(server_.ingest.get(), Numbered("m", 1, MakeRows(10), "single"));
  Await([&](const engine::ServiceSnapshot& state) { return state.inflight_bytes > streams; });
  Call refused(server_.ingest.get(), Numbered("m", 1, MakeRows(10), "another"));
  refused.done.WaitForNotification();
  EXPECT_EQ(refused.status.error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED);
  EXPECT_FALSE(taken.done.HasBeenNotified());
  server_.disk.Open();
  taken.done.WaitForNotification();
  EXPECT_TRUE(taken.status.ok()) << taken.status.error_message();
  EXPECT_EQ(taken.response.result(), v1::INGEST_RESULT_COUNTED);
}

TEST_F(OverloadTest, ASingleBatchIsToldWhenToRetryAndNotEvenParsed) {
  const size_t streams = State().inflight_bytes;
  Call taken(server_.ingest.get(), Numbered("m", 1, MakeRows(10), "single"));
  Await([&](const engine::ServiceSnapshot& state) { return state.inflight_bytes > streams; });
  v1::IngestBatchRequest request;
  *request.mutable_batch() = Numbered("nobody", 1, MakeRows(10));
  v1::IngestBatchResponse response;
  grpc::ClientContext context;
  const grpc::Status status = server_.ingest->IngestBatch(&context, request, &response);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED) << status.error_message();
  google::rpc::Status details;
  ASSERT_TRUE(details.ParseFromString(status.error_details()));
  ASSERT_EQ(details.details_size(), 1);
  google::rpc::RetryInfo retry;
  ASSERT_TRUE(details.details(0).UnpackTo(&retry));
  EXPECT_GT(retry.retry_delay().nanos(), 0);
  EXPECT_EQ(Answered(engine::IngestReason::kInflightBytes), 1u);
  EXPECT_EQ(Answered(engine::IngestReason::kUnknownModel), 0u);

  server_.disk.Open();
  taken.done.WaitForNotification();
  Await([](const engine::ServiceSnapshot& state) { return state.inflight_bytes == 0; });
  grpc::ClientContext again;
  EXPECT_EQ(server_.ingest->IngestBatch(&again, request, &response).error_code(),
            grpc::StatusCode::NOT_FOUND);
}

TEST_F(OverloadTest, ClientsThatLeaveTakeNothingAlong) {
  for (const auto& context : contexts_) context->TryCancel();
  for (const auto& stream : streams_) EXPECT_FALSE(stream->Finish().ok());
  server_.disk.Open();
  Await([](const engine::ServiceSnapshot& state) {
    return state.inflight_bytes == 0 && state.waiting_streams == 0;
  });
  v1::IngestBatchRequest request;
  *request.mutable_batch() = Numbered("m", 1, MakeRows(10));
  v1::IngestBatchResponse response;
  grpc::ClientContext context;
  EXPECT_TRUE(server_.ingest->IngestBatch(&context, request, &response).ok());
}

// The messages of waiting streams have little memory: all but a few streams are told to come back.
TEST(Overload, StreamsBeyondWhatMayWaitAreToldWhenToComeBackAndLoseNothing) {
  constexpr uint32_t kRows = 4000;
  const size_t message = MakeRows(kRows).ByteSizeLong();
  TestServer server(
      {.address = "127.0.0.1:0", .max_inflight_requests = 4, .max_waiting_bytes = 4 * message});
  MakeModel(&server, "m");
  server.disk.Close();
  std::vector<std::unique_ptr<grpc::ClientContext>> contexts;
  std::vector<std::unique_ptr<Stream>> streams;
  for (size_t i = 0; i < 2 * kStreams; ++i) {
    contexts.push_back(std::make_unique<grpc::ClientContext>());
    streams.push_back(server.ingest->Ingest(contexts[i].get()));
    v1::IngestRequest request;
    *request.mutable_batch() = Numbered("m", 1, MakeRows(kRows), absl::StrCat("stream ", i));
    EXPECT_TRUE(streams[i]->Write(request));
    streams[i]->WritesDone();
  }
  const auto turned_away = [&] {
    const auto reason = static_cast<size_t>(engine::IngestReason::kReceivedBytes);
    return server.engine->ServiceState().reasons[reason];
  };
  while (turned_away() == 0) std::this_thread::yield();
  server.disk.Open();
  uint64_t counted = 0, told = 0;
  for (const auto& stream : streams) {
    v1::IngestResponse response;
    while (stream->Read(&response)) {
      EXPECT_EQ(response.result(), v1::INGEST_RESULT_COUNTED);
      ++counted;
    }
    const grpc::Status status = stream->Finish();
    if (status.ok()) continue;
    ++told;
    EXPECT_EQ(status.error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED);
    google::rpc::Status details;
    ASSERT_TRUE(details.ParseFromString(status.error_details()));
    ASSERT_EQ(details.details_size(), 1) << status.error_message();
    EXPECT_TRUE(details.details(0).Is<google::rpc::RetryInfo>());
  }
  EXPECT_EQ(counted + told, 2 * kStreams);
  EXPECT_EQ(told, turned_away());
  EXPECT_GE(counted, 4u);
}

TEST_F(OverloadTest, AStopAnswersWhatWaits) {
  std::thread stop([&] { server_.server->Shutdown(absl::Minutes(1)); });
  server_.disk.Open();
  for (const auto& stream : streams_) {
    v1::IngestResponse response;
    uint64_t sequence = 0;
    while (stream->Read(&response)) {
      EXPECT_EQ(response.number().sequence(), ++sequence);
      EXPECT_EQ(response.result(), v1::INGEST_RESULT_COUNTED);
    }
    EXPECT_GE(sequence, 1u);  // at least what it had read
    EXPECT_EQ(stream->Finish().error_code(), grpc::StatusCode::UNAVAILABLE);
  }
  stop.join();
}

}  // namespace
}  // namespace plumbline::transport
