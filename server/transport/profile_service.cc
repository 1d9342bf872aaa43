#include "server/transport/profile_service.h"

#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "server/transport/control_services.h"
#include "server/transport/convert.h"
#include "server/transport/convert_profile.h"
#include "server/transport/row_upload.h"
#include "server/transport/status.h"

namespace plumbline::transport {
namespace {

// Of a profile that is to be stored: a name, and the others if they are there.
absl::Status CheckKey(const v1::ProfileKey& key) {
  if (absl::Status name = CheckName("data set", key.name()); !name.ok()) return name;
  for (const auto& [field, text] :
       {std::make_pair("stage", key.stage()), std::make_pair("environment", key.environment()),
        std::make_pair("source", key.source())}) {
    if (text.empty()) continue;
    if (absl::Status checked = CheckName(field, text); !checked.ok()) return checked;
  }
  return absl::OkStatus();
}

absl::StatusOr<engine::ProfileRequest> RequestOf(const v1::CreateProfileHeader& header) {
  if (absl::Status key = CheckKey(header.key()); !key.ok()) return key;
  if (absl::Status text = CheckDescription(header.description()); !text.ok()) return text;
  engine::ProfileRequest request;
  request.key = FromWire(header.key());
  request.description = header.description();
  request.replace = header.replace();
  request.group_by.assign(header.group_by().begin(), header.group_by().end());
  for (const v1::VariableSpec& variable : header.variables()) {
    request.hints.push_back(
        {variable.name(), FromWire(variable.role()), FromWire(variable.kind())});
  }
  return request;
}

}  // namespace

grpc::Status ProfileService::CreateProfile(grpc::ServerContext* context,
                                           grpc::ServerReader<v1::CreateProfileRequest>* reader,
                                           v1::CreateProfileResponse* response) {
  const OpenCall open(calls_);
  v1::CreateProfileRequest message;
  if (!reader->Read(&message) || !message.has_header()) {
    return ToGrpcStatus(absl::InvalidArgumentError("a profile begins with its header"));
  }
  const auto header_violations = SpecViolations(message.header().variables());
  if (!header_violations.empty()) {
    return ToGrpcStatus(ViolationsStatus(header_violations), header_violations);
  }
  auto request = RequestOf(message.header());
  if (!request.ok()) return ToGrpcStatus(request.status());
  auto session = engine_->profiles().Begin(*std::move(request));
  if (!session.ok()) return ToGrpcStatus(session.status());
  return ReceiveRows(
      *context, reader, &message,
      [&](const profile::BatchView& view) { return (*session)->Add(view); },
      [&](uint64_t rows) {
        const auto info = engine_->profiles().Commit(*std::move(session), rows);
        if (!info.ok()) return ToGrpcStatus(info.status());
        *response->mutable_summary() = ToWire(*info);
        return grpc::Status::OK;
      });
}

grpc::Status ProfileService::ListProfiles(grpc::ServerContext*,
                                          const v1::ListProfilesRequest* request,
                                          v1::ListProfilesResponse* response) {
  const auto infos = engine_->profiles().List(FromWire(request->filter()));
  if (!infos.ok()) return ToGrpcStatus(infos.status());
  for (const engine::ProfileInfo& info : *infos) *response->add_profiles() = ToWire(info);
  return grpc::Status::OK;
}

grpc::Status ProfileService::GetProfile(grpc::ServerContext*, const v1::GetProfileRequest* request,
                                        v1::GetProfileResponse* response) {
  const OpenCall open(calls_);
  const auto info = engine_->profiles().Find(FromWire(request->filter()));
  if (!info.ok()) return ToGrpcStatus(info.status());
  const auto profile = engine_->profiles().Load(*info);
  if (!profile.ok()) return ToGrpcStatus(profile.status());
  *response->mutable_summary() = ToWire(*info);
  for (const profile::VariableProfile& variable : profile->variables) {
    *response->add_variables() = ToWire(variable);
  }
  return grpc::Status::OK;
}

grpc::Status ProfileService::DeleteProfile(grpc::ServerContext*,
                                           const v1::DeleteProfileRequest* request,
                                           v1::DeleteProfileResponse* response) {
  const auto info = engine_->profiles().Delete(FromWire(request->filter()));
  if (!info.ok()) return ToGrpcStatus(info.status());
  *response->mutable_summary() = ToWire(*info);
  return grpc::Status::OK;
}

grpc::Status ProfileService::MergeProfiles(grpc::ServerContext*,
                                           const v1::MergeProfilesRequest* request,
                                           v1::MergeProfilesResponse* response) {
  const OpenCall open(calls_);
  if (absl::Status key = CheckKey(request->into()); !key.ok()) return ToGrpcStatus(key);
  if (absl::Status text = CheckDescription(request->description()); !text.ok()) {
    return ToGrpcStatus(text);
  }
  std::vector<storage::ProfileKey> parts;
  for (const v1::ProfileKey& part : request->parts()) parts.push_back(FromWire(part));
  engine::ProfileRequest into;
  into.key = FromWire(request->into());
  into.description = request->description();
  into.replace = request->replace();
  const auto info = engine_->profiles().Merge(parts, into);
  if (!info.ok()) return ToGrpcStatus(info.status());
  *response->mutable_summary() = ToWire(*info);
  return grpc::Status::OK;
}

grpc::Status ProfileService::CompareProfiles(grpc::ServerContext*,
                                             const v1::CompareProfilesRequest* request,
                                             v1::CompareProfilesResponse* response) {
  const OpenCall open(calls_);
  const auto compare = FromWire(*request);
  if (!compare.ok()) return ToGrpcStatus(compare.status());
  const auto found = engine::CompareProfiles(engine_, *compare);
  if (!found.ok()) return ToGrpcStatus(found.status());
  *response = ToWire(*found, request->all_measures());
  return grpc::Status::OK;
}

}  // namespace plumbline::transport
