#include <string>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "server/transport/control_services.h"
#include "server/transport/convert.h"
#include "server/transport/convert_environment.h"
#include "server/transport/portable_baseline.h"
#include "server/transport/row_upload.h"
#include "server/transport/status.h"
#include "server/transport/wire_batch.h"

namespace plumbline::transport {
namespace {

constexpr size_t kMaxNameBytes = 128;
constexpr size_t kMaxViolations = 20;

absl::StatusOr<engine::BaselineRequest> RequestOf(const v1::CreateBaselineHeader& header) {
  if (absl::Status name = CheckName("model", header.model()); !name.ok()) return name;
  if (!header.version().empty()) {
    if (absl::Status name = CheckName("version", header.version()); !name.ok()) return name;
  }
  if (absl::Status checked = CheckDescription(header.description()); !checked.ok()) return checked;
  engine::BaselineRequest request;
  request.model = header.model();
  request.version = header.version();
  request.description = header.description();
  request.keep_inactive = header.keep_inactive();
  for (const v1::VariableSpec& variable : header.variables()) {
    request.hints.push_back(
        {variable.name(), FromWire(variable.role()), FromWire(variable.kind())});
  }
  auto environment = FromWire(header.environment());
  if (!environment.ok()) return environment.status();
  request.environment = *std::move(environment);
  return request;
}

}  // namespace

absl::Status CheckName(absl::string_view field, absl::string_view name) {
  if (name.empty()) return absl::InvalidArgumentError(absl::StrCat("the ", field, " has no name"));
  if (name.size() > kMaxNameBytes) {
    return absl::InvalidArgumentError(absl::StrCat("the ", field, "'s name has ", name.size(),
                                                   " bytes; at most ", kMaxNameBytes));
  }
  for (const char c : name) {
    if (absl::ascii_iscntrl(static_cast<unsigned char>(c))) {
      return absl::InvalidArgumentError(
          absl::StrCat("the ", field, "'s name has a control character"));
    }
  }
  return absl::OkStatus();
}

std::vector<profile::FieldViolation> SpecViolations(
    const google::protobuf::RepeatedPtrField<v1::VariableSpec>& variables) {
  std::vector<profile::FieldViolation> violations;
  for (int i = 0; i < variables.size() && violations.size() < kMaxViolations; ++i) {
    const v1::VariableSpec& variable = variables[i];
    const std::string path = absl::StrCat("header.variables[", i, "]");
    if (variable.name().empty()) violations.push_back({path + ".name", "it has no name"});
    if (!v1::Role_IsValid(variable.role())) {
      violations.push_back({path + ".role", absl::StrCat("variable \"", variable.name(),
                                                         "\": ", static_cast<int>(variable.role()),
                                                         " is not a role")});
    }
    if (!v1::Kind_IsValid(variable.kind())) {
      violations.push_back({path + ".kind", absl::StrCat("variable \"", variable.name(),
                                                         "\": ", static_cast<int>(variable.kind()),
                                                         " is not a kind")});
    }
  }
  return violations;
}

std::vector<profile::FieldViolation> BatchViolations(const v1::Batch& batch, uint64_t index,
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

absl::Status CheckDescription(absl::string_view description) {
  constexpr size_t kMaxDescriptionBytes = 1024;
  if (description.size() <= kMaxDescriptionBytes) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat("the description has ", description.size(),
                                                 " bytes; at most ", kMaxDescriptionBytes));
}

grpc::Status BaselineService::CreateBaseline(grpc::ServerContext* context,
                                             grpc::ServerReader<v1::CreateBaselineRequest>* reader,
                                             v1::CreateBaselineResponse* response) {
  const OpenCall open(calls_);
  v1::CreateBaselineRequest message;
  if (!reader->Read(&message) || !message.has_header()) {
    return ToGrpcStatus(absl::InvalidArgumentError("a baseline begins with its header"));
  }
  const auto header_violations = SpecViolations(message.header().variables());
  if (!header_violations.empty()) {
    return ToGrpcStatus(ViolationsStatus(header_violations), header_violations);
  }
  auto request = RequestOf(message.header());
  if (!request.ok()) return ToGrpcStatus(request.status());
  auto session = engine_->BeginBaseline(*std::move(request));
  if (!session.ok()) return ToGrpcStatus(session.status());
  return ReceiveRows(
      *context, reader, &message,
      [&](const profile::BatchView& view) { return (*session)->Add(view); },
      [&](uint64_t rows) {
        const auto info = engine_->CommitBaseline(*std::move(session), rows);
        if (!info.ok()) return ToGrpcStatus(info.status());
        *response->mutable_summary() = ToWire(*info);
        return grpc::Status::OK;
      });
}

grpc::Status BaselineService::GetBaseline(grpc::ServerContext*,
                                          const v1::GetBaselineRequest* request,
                                          v1::GetBaselineResponse* response) {
  const auto baseline =
      engine_->GetBaseline(request->model(), request->version(), request->number());
  if (!baseline.ok()) return ToGrpcStatus(baseline.status());
  const auto info =
      engine_->GetBaselineInfo({(*baseline)->model, (*baseline)->version}, (*baseline)->number);
  if (!info.ok()) return ToGrpcStatus(info.status());
  *response->mutable_baseline() = ToWire(*info, **baseline);
  return grpc::Status::OK;
}

grpc::Status BaselineService::ListBaselines(grpc::ServerContext*,
                                            const v1::ListBaselinesRequest* request,
                                            v1::ListBaselinesResponse* response) {
  const auto infos = engine_->ListBaselines(request->model(), request->version());
  if (!infos.ok()) return ToGrpcStatus(infos.status());
  for (const engine::BaselineInfo& info : *infos) *response->add_baselines() = ToWire(info);
  return grpc::Status::OK;
}

grpc::Status BaselineService::ActivateBaseline(grpc::ServerContext*,
                                               const v1::ActivateBaselineRequest* request,
                                               v1::ActivateBaselineResponse* response) {
  const auto info =
      engine_->ActivateBaseline(request->model(), request->version(), request->number());
  if (!info.ok()) return ToGrpcStatus(info.status());
  *response->mutable_summary() = ToWire(*info);
  return grpc::Status::OK;
}

grpc::Status BaselineService::DeleteBaseline(grpc::ServerContext*,
                                             const v1::DeleteBaselineRequest* request,
                                             v1::DeleteBaselineResponse*) {
  return ToGrpcStatus(
      engine_->DeleteBaseline(request->model(), request->version(), request->number()));
}

grpc::Status BaselineService::ExportBaseline(grpc::ServerContext*,
                                             const v1::ExportBaselineRequest* request,
                                             v1::ExportBaselineResponse* response) {
  const OpenCall open(calls_);
  const auto baseline =
      engine_->GetWholeBaseline(request->model(), request->version(), request->number());
  if (!baseline.ok()) return ToGrpcStatus(baseline.status());
  *response->mutable_baseline() = ToPortable(**baseline);
  return grpc::Status::OK;
}

grpc::Status BaselineService::ImportBaseline(grpc::ServerContext*,
                                             const v1::ImportBaselineRequest* request,
                                             v1::ImportBaselineResponse* response) {
  const OpenCall open(calls_);
  auto baseline = FromPortable(request->baseline());
  if (!baseline.ok()) return ToGrpcStatus(baseline.status());
  if (!request->model().empty()) baseline->model = request->model();
  if (!request->version().empty()) baseline->version = request->version();
  for (const auto& [field, name] :
       {std::make_pair("model", baseline->model), std::make_pair("version", baseline->version)}) {
    if (absl::Status checked = CheckName(field, name); !checked.ok()) return ToGrpcStatus(checked);
  }
  const auto info = engine_->ImportBaseline(*std::move(baseline), request->keep_inactive());
  if (!info.ok()) return ToGrpcStatus(info.status());
  *response->mutable_summary() = ToWire(*info);
  return grpc::Status::OK;
}

grpc::Status BaselineService::CreateBaselineFromWindow(
    grpc::ServerContext*, const v1::CreateBaselineFromWindowRequest* request,
    v1::CreateBaselineFromWindowResponse* response) {
  const OpenCall open(calls_);
  if (absl::Status checked = CheckDescription(request->description()); !checked.ok()) {
    return ToGrpcStatus(checked);
  }
  const auto info = engine_->BaselineFromWindow(request->model(), request->version(),
                                                request->description(), request->keep_inactive());
  if (!info.ok()) return ToGrpcStatus(info.status());
  *response->mutable_summary() = ToWire(*info);
  return grpc::Status::OK;
}

}  // namespace plumbline::transport
