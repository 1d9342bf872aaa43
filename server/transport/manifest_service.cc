#include "server/transport/manifest_service.h"

#include "server/transport/convert_split.h"
#include "server/transport/status.h"

namespace plumbline::transport {

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

}  // namespace plumbline::transport
