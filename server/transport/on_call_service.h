#ifndef PLUMBLINE_SERVER_TRANSPORT_ON_CALL_SERVICE_H_
#define PLUMBLINE_SERVER_TRANSPORT_ON_CALL_SERVICE_H_

#include "plumbline/v1/on_call_service.grpc.pb.h"
#include "server/engine/engine.h"

namespace plumbline::transport {

/// What people on call say of alerts. Thin handlers, as in control_services.h.
class OnCallService final : public v1::OnCallService::Service {
 public:
  explicit OnCallService(engine::Engine* engine) : engine_(engine) {}

  grpc::Status AcknowledgeAlerts(grpc::ServerContext* context,
                                 const v1::AcknowledgeAlertsRequest* request,
                                 v1::AcknowledgeAlertsResponse* response) override;
  grpc::Status UnacknowledgeAlerts(grpc::ServerContext* context,
                                   const v1::UnacknowledgeAlertsRequest* request,
                                   v1::UnacknowledgeAlertsResponse* response) override;
  grpc::Status MuteCheck(grpc::ServerContext* context, const v1::MuteCheckRequest* request,
                         v1::MuteCheckResponse* response) override;
  grpc::Status UnmuteCheck(grpc::ServerContext* context, const v1::UnmuteCheckRequest* request,
                           v1::UnmuteCheckResponse* response) override;
  grpc::Status ListMutes(grpc::ServerContext* context, const v1::ListMutesRequest* request,
                         v1::ListMutesResponse* response) override;
  grpc::Status DeclareChange(grpc::ServerContext* context, const v1::DeclareChangeRequest* request,
                             v1::DeclareChangeResponse* response) override;
  grpc::Status WithdrawChange(grpc::ServerContext* context,
                              const v1::WithdrawChangeRequest* request,
                              v1::WithdrawChangeResponse* response) override;
  grpc::Status ListChanges(grpc::ServerContext* context, const v1::ListChangesRequest* request,
                           v1::ListChangesResponse* response) override;
  grpc::Status ListIncidents(grpc::ServerContext* context, const v1::ListIncidentsRequest* request,
                             v1::ListIncidentsResponse* response) override;

 private:
  engine::Engine* const engine_;
};

}  // namespace plumbline::transport

#endif  // PLUMBLINE_SERVER_TRANSPORT_ON_CALL_SERVICE_H_
