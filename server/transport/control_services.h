#ifndef PLUMBLINE_SERVER_TRANSPORT_CONTROL_SERVICES_H_
#define PLUMBLINE_SERVER_TRANSPORT_CONTROL_SERVICES_H_

#include <grpcpp/support/byte_buffer.h>

#include <atomic>
#include <cstdint>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "plumbline/v1/baseline_service.grpc.pb.h"
#include "plumbline/v1/model_service.grpc.pb.h"
#include "plumbline/v1/report_service.grpc.pb.h"
#include "server/engine/engine.h"
#include "server/profile/batch.h"
#include "server/transport/open_calls.h"

namespace plumbline::transport {

// The control plane: thin handlers on gRPC's own threads, which may block. Convert, call the
// engine, map the status. Those that may take long are open calls.

/// A model's or version's name: 1 to 128 bytes without control characters. Errors: InvalidArgument
/// naming the field.
absl::Status CheckName(absl::string_view field, absl::string_view name);

/// Free text. Errors: InvalidArgument for more than 1,024 bytes.
absl::Status CheckDescription(absl::string_view description);
/// Roles and kinds of a header that are none; a newer client may know more of them than this
/// server.
std::vector<profile::FieldViolation> SpecViolations(
    const google::protobuf::RepeatedPtrField<v1::VariableSpec>& variables);
/// Everything that breaks the contract in batch number `index` of a stream; its view, if it is
/// sound.
std::vector<profile::FieldViolation> BatchViolations(const v1::Batch& batch, uint64_t index,
                                                     profile::BatchView* view);

class BaselineService final : public v1::BaselineService::Service {
 public:
  BaselineService(engine::Engine* engine, OpenCalls* calls) : engine_(engine), calls_(calls) {}

  grpc::Status CreateBaseline(grpc::ServerContext* context,
                              grpc::ServerReader<v1::CreateBaselineRequest>* reader,
                              v1::CreateBaselineResponse* response) override;
  grpc::Status GetBaseline(grpc::ServerContext* context, const v1::GetBaselineRequest* request,
                           v1::GetBaselineResponse* response) override;
  grpc::Status ListBaselines(grpc::ServerContext* context, const v1::ListBaselinesRequest* request,
                             v1::ListBaselinesResponse* response) override;
  grpc::Status ActivateBaseline(grpc::ServerContext* context,
                                const v1::ActivateBaselineRequest* request,
                                v1::ActivateBaselineResponse* response) override;
  grpc::Status DeleteBaseline(grpc::ServerContext* context,
                              const v1::DeleteBaselineRequest* request,
                              v1::DeleteBaselineResponse* response) override;
  grpc::Status ExportBaseline(grpc::ServerContext* context,
                              const v1::ExportBaselineRequest* request,
                              v1::ExportBaselineResponse* response) override;
  grpc::Status ImportBaseline(grpc::ServerContext* context,
                              const v1::ImportBaselineRequest* request,
                              v1::ImportBaselineResponse* response) override;
  grpc::Status CreateBaselineFromWindow(grpc::ServerContext* context,
                                        const v1::CreateBaselineFromWindowRequest* request,
                                        v1::CreateBaselineFromWindowResponse* response) override;

 private:
  engine::Engine* const engine_;
  OpenCalls* const calls_;
};

class ModelService final : public v1::ModelService::Service {
 public:
  explicit ModelService(engine::Engine* engine) : engine_(engine) {}

  grpc::Status ListModels(grpc::ServerContext* context, const v1::ListModelsRequest* request,
                          v1::ListModelsResponse* response) override;
  grpc::Status GetModel(grpc::ServerContext* context, const v1::GetModelRequest* request,
                        v1::GetModelResponse* response) override;
  grpc::Status DeleteModel(grpc::ServerContext* context, const v1::DeleteModelRequest* request,
                           v1::DeleteModelResponse* response) override;
  grpc::Status SetDefaultVersion(grpc::ServerContext* context,
                                 const v1::SetDefaultVersionRequest* request,
                                 v1::SetDefaultVersionResponse* response) override;
  grpc::Status GetPolicy(grpc::ServerContext* context, const v1::GetPolicyRequest* request,
                         v1::GetPolicyResponse* response) override;
  grpc::Status SetPolicy(grpc::ServerContext* context, const v1::SetPolicyRequest* request,
                         v1::SetPolicyResponse* response) override;

 private:
  engine::Engine* const engine_;
};

class ReportService final : public v1::ReportService::Service {
 public:
  /// Each watcher holds a thread.
  ReportService(engine::Engine* engine, int max_watchers, OpenCalls* calls);

  grpc::Status GetReport(grpc::ServerContext* context, const v1::GetReportRequest* request,
                         v1::GetReportResponse* response) override;
  grpc::Status ListSimilarVariables(grpc::ServerContext* context,
                                    const v1::ListSimilarVariablesRequest* request,
                                    v1::ListSimilarVariablesResponse* response) override;
  grpc::Status GetImpact(grpc::ServerContext* context, const v1::GetImpactRequest* request,
                         v1::GetImpactResponse* response) override;
  grpc::Status GetPerformance(grpc::ServerContext* context,
                              const v1::GetPerformanceRequest* request,
                              v1::GetPerformanceResponse* response) override;
  grpc::Status ListAlerts(grpc::ServerContext* context, const v1::ListAlertsRequest* request,
                          v1::ListAlertsResponse* response) override;
  grpc::Status WatchAlerts(grpc::ServerContext* context, const v1::WatchAlertsRequest* request,
                           grpc::ServerWriter<v1::WatchAlertsResponse>* writer) override;
  /// Ends the watchers.
  void Drain() { draining_.store(true); }

 private:
  // Backtest on bytes: gRPC would end the stream in silence at a message that cannot be parsed, as
  // if there were no more rows.
  grpc::Status BacktestBytes(grpc::ServerContext* context,
                             grpc::ServerReaderWriter<grpc::ByteBuffer, grpc::ByteBuffer>* stream);

  engine::Engine* const engine_;
  const int max_watchers_;
  OpenCalls* const calls_;
  std::atomic<int> watchers_{0};
  std::atomic<bool> draining_{false};
};

}  // namespace plumbline::transport

#endif  // PLUMBLINE_SERVER_TRANSPORT_CONTROL_SERVICES_H_
