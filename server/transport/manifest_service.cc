#include "server/transport/manifest_service.h"

#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "server/transport/convert_environment.h"
#include "server/transport/convert_split.h"
#include "server/transport/golden_replay.h"
#include "server/transport/status.h"
#include "server/transport/wire_batch.h"

namespace plumbline::transport {
namespace {

constexpr uint32_t kDifferences = 20;  // listed, unless asked for others
constexpr uint32_t kMostDifferences = 10'000;
constexpr size_t kNamed = 3;  // differences of environments in a reason

// Everything that breaks the contract in one batch of a stream.
std::vector<profile::FieldViolation> Violations(const v1::Batch& batch, uint64_t index,
                                                profile::BatchView* view) {
  std::vector<profile::FieldViolation> violations = ValidateWire(batch);
  if (violations.empty()) {
    *view = ViewOf(batch);
    violations = profile::ValidateBatch(*view);
  }
  for (profile::FieldViolation& violation : violations) {
    violation.field = absl::StrCat("batch number ", index, ": ", violation.field);
  }
  return violations;
}

v1::GoldenSummary ToWire(const engine::Engine::Golden& golden) {
  v1::GoldenSummary out;
  out.set_model(golden.key.model);
  out.set_version(golden.key.version);
  out.set_baseline_number(golden.number);
  const profile::GoldenRows& rows = golden.book->rows();
  out.set_rows(rows.rows);
  out.set_has_ids(!rows.ids.empty());
  for (const profile::GoldenColumn& column : rows.columns) {
    const bool is_prediction = column.role == profile::Role::kPrediction;
    *(is_prediction ? out.add_predictions() : out.add_features()) = column.name;
  }
  return out;
}

// Tolerances by prediction, and that of the others under "".
std::map<std::string, profile::Tolerance> TolerancesOf(const v1::RecordGoldenRowsHeader& header) {
  std::map<std::string, profile::Tolerance> tolerances;
  tolerances[""] = {};
  for (const v1::GoldenTolerance& tolerance : header.tolerances()) {
    profile::Tolerance& to = tolerances[tolerance.variable()];
    if (tolerance.has_absolute()) to.absolute = tolerance.absolute();
    if (tolerance.has_relative()) to.relative = tolerance.relative();
  }
  return tolerances;
}

}  // namespace

grpc::Status ManifestService::RecordSplit(grpc::ServerContext*,
                                          const v1::RecordSplitRequest* request,
                                          v1::RecordSplitResponse* response) {
  const auto record = ToRecord(request->split());
  if (!record.ok()) return ToGrpcStatus(record.status());
  const auto number =
      engine_->RecordSplit(request->model(), request->version(), request->number(), *record);
  if (!number.ok()) return ToGrpcStatus(number.status());
  response->set_number(*number);
  return grpc::Status::OK;
}

grpc::Status ManifestService::ListSplits(grpc::ServerContext*, const v1::ListSplitsRequest* request,
                                         v1::ListSplitsResponse* response) {
  const auto records = engine_->ListSplits(request->model(), request->version(), request->number());
  if (!records.ok()) return ToGrpcStatus(records.status());
  for (const storage::v1::SplitRecord& record : *records) {
    if (!request->name().empty() && record.name() != request->name()) continue;
    *response->add_splits() = ToWire(record);
  }
  return grpc::Status::OK;
}

grpc::Status ManifestService::DeleteSplit(grpc::ServerContext*,
                                          const v1::DeleteSplitRequest* request,
                                          v1::DeleteSplitResponse*) {
  return ToGrpcStatus(engine_->DeleteSplit(request->model(), request->version(), request->number(),
                                           request->name()));
}

grpc::Status ManifestService::RecordGoldenRows(
    grpc::ServerContext* context, grpc::ServerReader<v1::RecordGoldenRowsRequest>* reader,
    v1::RecordGoldenRowsResponse* response) {
  const OpenCall open(calls_);
  v1::RecordGoldenRowsRequest message;
  if (!reader->Read(&message) || !message.has_header()) {
    return ToGrpcStatus(absl::InvalidArgumentError("golden rows begin with their header"));
  }
  const v1::RecordGoldenRowsHeader header = message.header();
  const auto baseline = engine_->GetBaseline(header.model(), header.version(), header.number());
  if (!baseline.ok()) return ToGrpcStatus(baseline.status());
  auto tolerances = TolerancesOf(header);
  const profile::Tolerance otherwise = tolerances.extract("").mapped();
  profile::GoldenRowsBuilder builder((*baseline)->schema, std::move(tolerances), otherwise);
  uint64_t index = 0, rows = 0;
  while (reader->Read(&message)) {
    if (message.has_commit()) {
      if (message.commit().row_count() != 0 && message.commit().row_count() != rows) {
        return ToGrpcStatus(absl::InvalidArgumentError(
            absl::StrCat("the commit declares ", message.commit().row_count(), " rows, but ", rows,
                         " arrived")));
      }
      auto built = builder.Finish();
      if (!built.ok()) return ToGrpcStatus(built.status());
      const auto number = engine_->RecordGolden(header.model(), header.version(),
                                                (*baseline)->number, *std::move(built));
      if (!number.ok()) return ToGrpcStatus(number.status());
      const auto golden = engine_->GetGolden(header.model(), header.version(), *number);
      if (!golden.ok()) return ToGrpcStatus(golden.status());
      *response->mutable_summary() = ToWire(*golden);
      return grpc::Status::OK;
    }
    if (!message.has_batch()) {
      return ToGrpcStatus(
          absl::InvalidArgumentError("after the header come batches, and then one commit"));
    }
    profile::BatchView view;
    const auto violations = Violations(message.batch(), ++index, &view);
    if (!violations.empty()) return ToGrpcStatus(ViolationsStatus(violations), violations);
    rows += view.rows;
    if (absl::Status added = builder.Add(view); !added.ok()) return ToGrpcStatus(added);
  }
  return ToGrpcStatus(
      context->IsCancelled()
          ? absl::CancelledError("the client has gone; nothing was stored")
          : absl::InvalidArgumentError("the stream ended without a commit, or with a message that "
                                       "cannot be parsed (is all text UTF-8?); nothing was "
                                       "stored"));
}

grpc::Status ManifestService::CheckGoldenRows(
    grpc::ServerContext* context, grpc::ServerReader<v1::CheckGoldenRowsRequest>* reader,
    v1::CheckGoldenRowsResponse* response) {
  const OpenCall open(calls_);
  v1::CheckGoldenRowsRequest message;
  if (!reader->Read(&message) || !message.has_header()) {
    return ToGrpcStatus(absl::InvalidArgumentError("a replay begins with its header"));
  }
  const v1::CheckGoldenRowsHeader header = message.header();
  if (header.limit() > kMostDifferences) {
    return ToGrpcStatus(absl::InvalidArgumentError(
        absl::StrCat("limit is ", header.limit(), "; it is at most ", kMostDifferences)));
  }
  const auto golden = engine_->GetGolden(header.model(), header.version(), header.number());
  if (!golden.ok()) return ToGrpcStatus(golden.status());
  const auto baseline =
      engine_->GetBaseline(golden->key.model, golden->key.version, golden->number);
  if (!baseline.ok()) return ToGrpcStatus(baseline.status());
  std::string environment;
  if (header.has_environment() && !(*baseline)->environment.empty()) {
    const auto ran_in = FromWire(header.environment());
    if (!ran_in.ok()) return ToGrpcStatus(ran_in.status());
    const auto differences = CompareEnvironments((*baseline)->environment, *ran_in).differences;
    // A patch or an extra package explains nothing.
    if (!differences.empty() && differences[0].weight >= manifest::Weight::kWarning) {
      environment = InWords(differences, kNamed);
    }
  }
  GoldenReplay replay(golden->book);
  uint64_t index = 0, rows = 0;
  while (reader->Read(&message)) {
    if (message.has_end()) {
      if (message.end().row_count() != 0 && message.end().row_count() != rows) {
        return ToGrpcStatus(absl::InvalidArgumentError(absl::StrCat(
            "the end declares ", message.end().row_count(), " rows, but ", rows, " arrived")));
      }
      *response->mutable_check() =
          replay.Finish(environment, header.limit() == 0 ? kDifferences : header.limit());
      return grpc::Status::OK;
    }
    if (!message.has_batch()) {
      return ToGrpcStatus(
          absl::InvalidArgumentError("after the header come batches, and then one end"));
    }
    profile::BatchView view;
    const auto violations = Violations(message.batch(), ++index, &view);
    if (!violations.empty()) return ToGrpcStatus(ViolationsStatus(violations), violations);
    rows += view.rows;
    replay.Add(view);
  }
  return ToGrpcStatus(
      context->IsCancelled()
          ? absl::CancelledError("the client has gone")
          : absl::InvalidArgumentError("the stream ended without an end, or with a message that "
                                       "cannot be parsed (is all text UTF-8?)"));
}

grpc::Status ManifestService::GetGoldenRows(grpc::ServerContext*,
                                            const v1::GetGoldenRowsRequest* request,
                                            v1::GetGoldenRowsResponse* response) {
  const auto golden = engine_->GetGolden(request->model(), request->version(), request->number());
  if (!golden.ok()) return ToGrpcStatus(golden.status());
  *response->mutable_summary() = ToWire(*golden);
  return grpc::Status::OK;
}

grpc::Status ManifestService::DeleteGoldenRows(grpc::ServerContext*,
                                               const v1::DeleteGoldenRowsRequest* request,
                                               v1::DeleteGoldenRowsResponse*) {
  return ToGrpcStatus(
      engine_->DeleteGolden(request->model(), request->version(), request->number()));
}

}  // namespace plumbline::transport
