#include "server/transport/control_services.h"
#include "server/transport/convert.h"
#include "server/transport/convert_policy.h"
#include "server/transport/status.h"

namespace plumbline::transport {

grpc::Status ModelService::ListModels(grpc::ServerContext*, const v1::ListModelsRequest*,
                                      v1::ListModelsResponse* response) {
  for (const engine::ModelInfo& model : engine_->ListModels()) {
    *response->add_models() = ToWire(model);
  }
  return grpc::Status::OK;
}

grpc::Status ModelService::GetModel(grpc::ServerContext*, const v1::GetModelRequest* request,
                                    v1::GetModelResponse* response) {
  const auto model = engine_->GetModel(request->model());
  if (!model.ok()) return ToGrpcStatus(model.status());
  *response->mutable_model() = ToWire(*model);
  return grpc::Status::OK;
}

grpc::Status ModelService::DeleteModel(grpc::ServerContext*, const v1::DeleteModelRequest* request,
                                       v1::DeleteModelResponse*) {
  return ToGrpcStatus(engine_->DeleteModel(request->model(), request->version()));
}

grpc::Status ModelService::SetDefaultVersion(grpc::ServerContext*,
                                             const v1::SetDefaultVersionRequest* request,
                                             v1::SetDefaultVersionResponse*) {
  return ToGrpcStatus(engine_->SetDefaultVersion(request->model(), request->version()));
}

grpc::Status ModelService::GetPolicy(grpc::ServerContext*, const v1::GetPolicyRequest* request,
                                     v1::GetPolicyResponse* response) {
  const auto stored = engine_->GetStoredPolicy(request->model(), request->version());
  if (!stored.ok()) return ToGrpcStatus(stored.status());
  const auto effective = engine_->GetPolicy(request->model(), request->version());
  if (!effective.ok()) return ToGrpcStatus(effective.status());
  *response->mutable_stored() = ToWire(*stored);
  *response->mutable_effective() = ToWire(*effective);
  return grpc::Status::OK;
}

grpc::Status ModelService::SetPolicy(grpc::ServerContext*, const v1::SetPolicyRequest* request,
                                     v1::SetPolicyResponse* response) {
  const auto record = ToRecord(request->policy());
  if (!record.ok()) return ToGrpcStatus(record.status());
  const auto effective = engine_->SetPolicy(request->model(), request->version(), *record);
  if (!effective.ok()) return ToGrpcStatus(effective.status());
  *response->mutable_effective() = ToWire(*effective);
  return grpc::Status::OK;
}

}  // namespace plumbline::transport
