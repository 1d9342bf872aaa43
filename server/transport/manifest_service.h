#ifndef PLUMBLINE_SERVER_TRANSPORT_MANIFEST_SERVICE_H_
#define PLUMBLINE_SERVER_TRANSPORT_MANIFEST_SERVICE_H_

#include "plumbline/v1/manifest_service.grpc.pb.h"
#include "server/engine/engine.h"
#include "server/transport/open_calls.h"

namespace plumbline::transport {

/// What lies beside a baseline. Thin handlers, as in control_services.h.
class ManifestService final : public v1::ManifestService::Service {
 public:
  ManifestService(engine::Engine* engine, OpenCalls* calls) : engine_(engine), calls_(calls) {}

  grpc::Status RecordSplit(grpc::ServerContext* context, const v1::RecordSplitRequest* request,
                           v1::RecordSplitResponse* response) override;
  grpc::Status ListSplits(grpc::ServerContext* context, const v1::ListSplitsRequest* request,
                          v1::ListSplitsResponse* response) override;
  grpc::Status DeleteSplit(grpc::ServerContext* context, const v1::DeleteSplitRequest* request,
                           v1::DeleteSplitResponse* response) override;
  grpc::Status RecordGoldenRows(grpc::ServerContext* context,
                                grpc::ServerReader<v1::RecordGoldenRowsRequest>* reader,
                                v1::RecordGoldenRowsResponse* response) override;
  grpc::Status CheckGoldenRows(grpc::ServerContext* context,
                               grpc::ServerReader<v1::CheckGoldenRowsRequest>* reader,
                               v1::CheckGoldenRowsResponse* response) override;
  grpc::Status GetGoldenRows(grpc::ServerContext* context, const v1::GetGoldenRowsRequest* request,
                             v1::GetGoldenRowsResponse* response) override;
  grpc::Status DeleteGoldenRows(grpc::ServerContext* context,
                                const v1::DeleteGoldenRowsRequest* request,
                                v1::DeleteGoldenRowsResponse* response) override;

 private:
  engine::Engine* const engine_;
  OpenCalls* const calls_;
};

}  // namespace plumbline::transport

#endif  // PLUMBLINE_SERVER_TRANSPORT_MANIFEST_SERVICE_H_
