#ifndef PLUMBLINE_SERVER_TRANSPORT_INGEST_SERVICE_H_
#define PLUMBLINE_SERVER_TRANSPORT_INGEST_SERVICE_H_

#include <atomic>

#include "plumbline/v1/ingest_service.grpc.pb.h"
#include "server/base/clock.h"
#include "server/engine/engine.h"
#include "server/transport/inflight_budget.h"
#include "server/transport/ingest_stream.h"
#include "server/transport/open_calls.h"

namespace plumbline::transport {

/// The methods take bytes, so that a message that cannot be parsed gets a clear answer: gRPC itself
/// would end the call as if the client had (stream), or as unimplemented (unary).
using RawIngestService = v1::IngestService::WithRawCallbackMethod_Ingest<
    v1::IngestService::WithRawCallbackMethod_IngestBatch<v1::IngestService::Service>>;

/// The data plane: reactions validate and hand over; they never block and never touch the disk.
class IngestService final : public RawIngestService {
 public:
  /// What is in flight at once is bounded by `limits`: streams then wait, single batches are told
  /// to retry.
  IngestService(engine::Engine* engine, const base::Clock* clock,
                const InflightBudget::Limits& limits, OpenCalls* calls)
      : engine_(engine), clock_(clock), calls_(calls), budget_(limits) {}

  grpc::ServerBidiReactor<grpc::ByteBuffer, grpc::ByteBuffer>* Ingest(
      grpc::CallbackServerContext* context) override;
  grpc::ServerUnaryReactor* IngestBatch(grpc::CallbackServerContext* context,
                                        const grpc::ByteBuffer* request,
                                        grpc::ByteBuffer* response) override;

  /// Waits for the commit, on a thread of gRPC's own that may block.
  grpc::Status DeclareEnvironment(grpc::ServerContext* context,
                                  const v1::DeclareEnvironmentRequest* request,
                                  v1::DeclareEnvironmentResponse* response) override;

  /// Likewise.
  grpc::Status BeginLoad(grpc::ServerContext* context, const v1::BeginLoadRequest* request,
                         v1::BeginLoadResponse* response) override;
  grpc::Status EndLoad(grpc::ServerContext* context, const v1::EndLoadRequest* request,
                       v1::EndLoadResponse* response) override;

  /// Ends the open streams once what is in flight has been answered, and refuses new calls.
  void Drain();
  /// Fills in what is in flight.
  void Describe(engine::ServiceSnapshot* snapshot) const;

 private:
  engine::Engine* const engine_;
  const base::Clock* const clock_;
  OpenCalls* const calls_;
  std::atomic<bool> draining_{false};
  InflightBudget budget_;
  StreamRegistry streams_;
};

}  // namespace plumbline::transport

#endif  // PLUMBLINE_SERVER_TRANSPORT_INGEST_SERVICE_H_
