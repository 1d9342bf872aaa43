#include "tests/bench/models.h"

#include <grpcpp/client_context.h>

#include <algorithm>
#include <memory>
#include <random>
#include <utility>

#include "absl/strings/str_cat.h"
#include "client/channel.h"
#include "plumbline/v1/baseline_service.grpc.pb.h"
#include "plumbline/v1/model_service.grpc.pb.h"

namespace plumbline::bench {
namespace {

constexpr uint64_t kSeed = 1;
constexpr size_t kBatches = 32;  // different ones, sent in turn for a large baseline
constexpr uint64_t kBatchRows = 8192;
constexpr uint64_t kBatchValues = 2'000'000;  // at most

absl::Status ToAbsl(const std::string& what, const grpc::Status& status) {
  if (status.ok()) return absl::OkStatus();
  return absl::InternalError(absl::StrCat(what, ": ", status.error_message()));
}

std::unique_ptr<v1::BaselineService::Stub> NewStub(const std::string& server) {
  return v1::BaselineService::NewStub(client::NewChannel(server, nullptr));
}

}  // namespace

std::vector<std::string> ModelNames(size_t count) {
  std::vector<std::string> names;
  for (size_t i = 0; i < count; ++i) names.push_back(absl::StrCat("bench-", i));
  return names;
}

absl::Status CreateModel(const std::string& server, const std::string& model, const Shape& shape,
                         uint64_t rows) {
  const auto stub = NewStub(server);
  grpc::ClientContext context;
  v1::CreateBaselineResponse response;
  const auto writer = stub->CreateBaseline(&context, &response);
  v1::CreateBaselineRequest header, commit;
  header.mutable_header()->set_model(model);
  commit.mutable_commit()->set_row_count(rows);
  bool open = writer->Write(header);
  std::mt19937_64 random(kSeed);
  std::vector<v1::CreateBaselineRequest> batches;
  const size_t columns =
      shape.doubles + shape.floats + shape.int64s + shape.dictionaries + shape.strings;
  const uint64_t batch_rows = std::min(kBatchRows, kBatchValues / columns);
  for (uint64_t sent = 0, i = 0; open && sent < rows; ++i) {
    const uint64_t count = std::min(batch_rows, rows - sent);
    if (batches.size() < kBatches || count < batch_rows) {
      v1::CreateBaselineRequest request;
      *request.mutable_batch() = MakeBatch(shape, count, &random);
      open = writer->Write(request);
      batches.push_back(std::move(request));
    } else {
      open = writer->Write(batches[i % kBatches]);
    }
    sent += count;
  }
  if (open) writer->Write(commit);
  writer->WritesDone();
  return ToAbsl(model, writer->Finish());
}

absl::Status CopyModel(const std::string& server, const std::vector<std::string>& models) {
  const auto stub = NewStub(server);
  v1::ExportBaselineRequest from;
  v1::ExportBaselineResponse exported;
  from.set_model(models.front());
  grpc::ClientContext export_context;
  absl::Status status =
      ToAbsl(models.front(), stub->ExportBaseline(&export_context, from, &exported));
  v1::ImportBaselineRequest to;
  *to.mutable_baseline() = exported.baseline();
  for (size_t i = 1; status.ok() && i < models.size(); ++i) {
    to.set_model(models[i]);
    grpc::ClientContext context;
    v1::ImportBaselineResponse response;
    status = ToAbsl(models[i], stub->ImportBaseline(&context, to, &response));
  }
  return status;
}

absl::Status SetLateness(const std::string& server, const std::vector<std::string>& models,
                         absl::Duration lateness) {
  const auto stub = v1::ModelService::NewStub(client::NewChannel(server, nullptr));
  v1::SetPolicyRequest request;
  request.mutable_policy()->mutable_allowed_lateness()->set_seconds(absl::ToInt64Seconds(lateness));
  absl::Status status;
  for (size_t i = 0; status.ok() && i < models.size(); ++i) {
    request.set_model(models[i]);
    grpc::ClientContext context;
    v1::SetPolicyResponse response;
    status = ToAbsl(models[i], stub->SetPolicy(&context, request, &response));
  }
  return status;
}

}  // namespace plumbline::bench
