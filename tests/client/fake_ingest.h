#ifndef PLUMBLINE_TESTS_CLIENT_FAKE_INGEST_H_
#define PLUMBLINE_TESTS_CLIENT_FAKE_INGEST_H_

#include <grpcpp/server.h>
#include <grpcpp/server_builder.h>

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/synchronization/mutex.h"
#include "plumbline/v1/ingest_service.grpc.pb.h"

namespace plumbline::client {

/// A server in the same process that counts each number once, like the real one, unless the test's
/// script decides otherwise.
class FakeIngest final : public v1::IngestService::Service {
 public:
  /// What to do with a request.
  struct Reply {
    v1::IngestResult result = v1::INGEST_RESULT_COUNTED;
    google::rpc::Status error = {};
    uint64_t rows_late = 0;                       ///< Of a batch that is counted.
    bool count_but_hang_up = false;               ///< Counted, but the answer never leaves.
    std::optional<grpc::Status> end_stream = {};  ///< The stream ends with this, without an answer.
  };
  /// `stream` counts from 1. Nullopt: count it, or say that it is a duplicate.
  using Script = std::function<std::optional<Reply>(int stream, const v1::IngestRequest& request)>;

  explicit FakeIngest(Script script = nullptr) : script_(std::move(script)) {}

  grpc::Status Ingest(
      grpc::ServerContext*,
      grpc::ServerReaderWriter<v1::IngestResponse, v1::IngestRequest>* stream) override {
    int number;
    {
      absl::MutexLock lock(&mutex_);
      number = ++streams_;
    }
    v1::IngestRequest request;
    for (uint64_t index = 1; stream->Read(&request); ++index) {
      std::optional<Reply> scripted;
      if (script_) scripted = script_(number, request);
      Reply reply = scripted.value_or(Reply{});
      if (reply.end_stream.has_value()) return *reply.end_stream;
      if (!scripted.has_value() || reply.count_but_hang_up) reply.result = Count(request);
      if (reply.count_but_hang_up) return grpc::Status(grpc::StatusCode::UNAVAILABLE, "crash");
      v1::IngestResponse response;
      response.set_request_index(index);
      response.set_result(reply.result);
      *response.mutable_error() = reply.error;
      if (request.has_batch()) {
        response.set_model(request.batch().model());
        *response.mutable_number() = request.batch().number();
        if (reply.result == v1::INGEST_RESULT_COUNTED) {
          response.set_rows_counted(request.batch().batch().row_count() - reply.rows_late);
          response.set_rows_late(reply.rows_late);
        }
      }
      stream->Write(response);
    }
    return grpc::Status::OK;
  }

  int streams() const {
    absl::MutexLock lock(&mutex_);
    return streams_;
  }
  uint64_t rows() const {
    absl::MutexLock lock(&mutex_);
    return rows_;
  }
  std::set<uint64_t> counted() const {
    absl::MutexLock lock(&mutex_);
    return counted_;
  }
  std::vector<v1::IngestRequest> controls() const {
    absl::MutexLock lock(&mutex_);
    return controls_;
  }

 private:
  v1::IngestResult Count(const v1::IngestRequest& request) {
    absl::MutexLock lock(&mutex_);
    if (!request.has_batch()) {
      controls_.push_back(request);
      return v1::INGEST_RESULT_COUNTED;
    }
    if (!counted_.insert(request.batch().number().sequence()).second) {
      return v1::INGEST_RESULT_DUPLICATE;
    }
    rows_ += request.batch().batch().row_count();
    return v1::INGEST_RESULT_COUNTED;
  }

  const Script script_;
  mutable absl::Mutex mutex_;
  int streams_ = 0;
  uint64_t rows_ = 0;
  std::set<uint64_t> counted_;
  std::vector<v1::IngestRequest> controls_;
};

/// A gRPC server on a free port of this machine, shut down with the object.
class FakeServer {
 public:
  /// `port` 0: any. Streams that are still open at the end are cancelled.
  explicit FakeServer(const std::vector<grpc::Service*>& services, int port = 0,
                      int max_message_bytes = 32 << 20) {
    grpc::ServerBuilder builder;
    builder.AddListeningPort("127.0.0.1:" + std::to_string(port), grpc::InsecureServerCredentials(),
                             &port_);
    builder.SetMaxReceiveMessageSize(max_message_bytes);
    for (grpc::Service* service : services) builder.RegisterService(service);
    server_ = builder.BuildAndStart();
  }
  ~FakeServer() { server_->Shutdown(std::chrono::system_clock::now()); }
  FakeServer(const FakeServer&) = delete;
  FakeServer& operator=(const FakeServer&) = delete;

  [[nodiscard]] int port() const { return port_; }
  [[nodiscard]] std::string address() const { return "127.0.0.1:" + std::to_string(port_); }

 private:
  int port_ = 0;
  std::unique_ptr<grpc::Server> server_;
};

}  // namespace plumbline::client

#endif  // PLUMBLINE_TESTS_CLIENT_FAKE_INGEST_H_
