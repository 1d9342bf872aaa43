// More than the server takes at once: streams wait, single batches are told to retry, and nothing
// is lost. The disk is held, so that nothing in flight is answered until the test lets it.
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/transport/test_server.h"

namespace plumbline::transport {
namespace {

constexpr size_t kStreams = 8;
constexpr uint64_t kBatches = 5;
constexpr size_t kInFlight = 2;

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
    // Two batches are in flight, of one stream or of two; every stream has been read from, and
    // waits with its next one.
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

TEST_F(OverloadTest, ASingleBatchIsToldWhenToRetryAndNotEvenParsed) {
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
