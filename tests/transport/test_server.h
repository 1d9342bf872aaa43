#ifndef PLUMBLINE_TESTS_TRANSPORT_TEST_SERVER_H_
#define PLUMBLINE_TESTS_TRANSPORT_TEST_SERVER_H_

#include <grpcpp/create_channel.h>
#include <grpcpp/security/credentials.h>
#include <stdlib.h>

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"
#include "gtest/gtest.h"
#include "plumbline/v1/baseline_service.grpc.pb.h"
#include "plumbline/v1/ingest_service.grpc.pb.h"
#include "plumbline/v1/model_service.grpc.pb.h"
#include "plumbline/v1/on_call_service.grpc.pb.h"
#include "plumbline/v1/report_service.grpc.pb.h"
#include "rocksdb/env.h"
#include "server/base/clock.h"
#include "server/engine/engine.h"
#include "server/storage/store.h"
#include "server/transport/grpc_server.h"
#include "tests/storage/gated_env.h"

namespace plumbline::transport {

inline constexpr int64_t kTestSeconds = 1'700'000'000;  // the clock of the test server

/// The real engine over a store in memory, behind a real gRPC server on a free port.
class TestServer {
 public:
  explicit TestServer(GrpcServerOptions options = {.address = "127.0.0.1:0"})
      : clock(absl::FromUnixSeconds(kTestSeconds)),
        memory(rocksdb::NewMemEnv(rocksdb::Env::Default())),
        disk(memory.get()) {
    std::string path = ::testing::TempDir() + "plumbline-transport-XXXXXX";
    dir_ = mkdtemp(path.data());
    store_ = storage::Store::Open("/data", {&disk}).value();
    engine::EngineOptions engine_options;
    engine_options.data_dir = dir_;
    engine_options.evaluation_interval = absl::Milliseconds(20);
    engine = engine::Engine::Start(engine_options, store_.get(), &clock).value();
    server = GrpcServer::Start(options, engine.get(), &clock).value();
    server->SetServing(true);
    channel = Connect(grpc::InsecureChannelCredentials());
    baselines = v1::BaselineService::NewStub(channel);
    models = v1::ModelService::NewStub(channel);
    reports = v1::ReportService::NewStub(channel);
    ingest = v1::IngestService::NewStub(channel);
    on_call = v1::OnCallService::NewStub(channel);
  }

  ~TestServer() {
    disk.Open();
    server.reset();
    engine.reset();
    store_.reset();
    std::filesystem::remove_all(dir_);
  }

  std::shared_ptr<grpc::Channel> Connect(
      const std::shared_ptr<grpc::ChannelCredentials>& credentials) const {
    grpc::ChannelArguments arguments;
    arguments.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);
    arguments.SetMaxReceiveMessageSize(-1);
    return grpc::CreateCustomChannel(absl::StrCat("localhost:", server->port()), credentials,
                                     arguments);
  }

  base::SimulatedClock clock;
  const std::unique_ptr<rocksdb::Env> memory;
  storage::GatedEnv disk;
  std::unique_ptr<engine::Engine> engine;
  std::unique_ptr<GrpcServer> server;
  std::shared_ptr<grpc::Channel> channel;
  std::unique_ptr<v1::BaselineService::Stub> baselines;
  std::unique_ptr<v1::ModelService::Stub> models;
  std::unique_ptr<v1::ReportService::Stub> reports;
  std::unique_ptr<v1::IngestService::Stub> ingest;
  std::unique_ptr<v1::OnCallService::Stub> on_call;

 private:
  std::string dir_;
  std::unique_ptr<storage::Store> store_;
};

/// `rows` rows of a feature `age` (first, first + 1, ...), a feature `city` and a prediction
/// `score` in [0, 1).
inline v1::Batch MakeRows(uint32_t rows, double first = 0) {
  v1::Batch batch;
  batch.set_row_count(rows);
  v1::Column* age = batch.add_columns();
  age->set_name("age");
  v1::Column* city = batch.add_columns();
  city->set_name("city");
  city->mutable_dictionary_values()->add_dictionary("oslo");
  city->mutable_dictionary_values()->add_dictionary("lima");
  v1::Column* score = batch.add_columns();
  score->set_name("score");
  score->set_role(v1::ROLE_PREDICTION);
  for (uint32_t row = 0; row < rows; ++row) {
    age->mutable_double_values()->add_values(first + row);
    city->mutable_dictionary_values()->add_indices(row % 2);
    score->mutable_double_values()->add_values((row * 7919) % 1000 / 1000.0);
  }
  return batch;
}

/// A header, `batches`, and a commit.
inline grpc::Status CreateBaseline(TestServer* server, const v1::CreateBaselineHeader& header,
                                   const std::vector<v1::Batch>& batches,
                                   v1::CreateBaselineResponse* response, uint64_t row_count = 0) {
  grpc::ClientContext context;
  const auto writer = server->baselines->CreateBaseline(&context, response);
  v1::CreateBaselineRequest request;
  *request.mutable_header() = header;
  bool open = writer->Write(request);
  for (const v1::Batch& batch : batches) {
    *request.mutable_batch() = batch;
    open = open && writer->Write(request);
  }
  request.mutable_commit()->set_row_count(row_count);
  if (open) writer->Write(request);
  writer->WritesDone();
  return writer->Finish();
}

/// A baseline of 2,000 rows for `model`.
inline v1::BaselineSummary MakeModel(TestServer* server, const std::string& model,
                                     const std::string& version = "") {
  v1::CreateBaselineHeader header;
  header.set_model(model);
  header.set_version(version);
  v1::CreateBaselineResponse response;
  const grpc::Status status =
      CreateBaseline(server, header, {MakeRows(1000), MakeRows(1000, 1000)}, &response);
  EXPECT_TRUE(status.ok()) << status.error_message();
  return response.summary();
}

inline v1::NumberedBatch Numbered(const std::string& model, uint64_t sequence, v1::Batch batch,
                                  const std::string& producer = "p", uint64_t epoch = 1) {
  v1::NumberedBatch numbered;
  numbered.set_model(model);
  numbered.mutable_number()->set_producer(producer);
  numbered.mutable_number()->set_epoch(epoch);
  numbered.mutable_number()->set_sequence(sequence);
  *numbered.mutable_batch() = std::move(batch);
  return numbered;
}

/// The fields that a refusal names.
inline std::vector<std::string> FieldsOf(const google::rpc::Status& status) {
  std::vector<std::string> fields;
  for (const auto& any : status.details()) {
    google::rpc::BadRequest details;
    if (!any.UnpackTo(&details)) continue;
    for (const auto& violation : details.field_violations()) fields.push_back(violation.field());
  }
  return fields;
}

inline std::vector<std::string> FieldsOf(const grpc::Status& status) {
  google::rpc::Status details;
  EXPECT_TRUE(details.ParseFromString(status.error_details()));
  return FieldsOf(details);
}

}  // namespace plumbline::transport

#endif  // PLUMBLINE_TESTS_TRANSPORT_TEST_SERVER_H_
