#include "server/transport/ingest_service.h"

#include <memory>
#include <utility>
#include <vector>

#include "server/transport/ingest_request.h"
#include "server/transport/message.h"
#include "server/transport/status.h"

namespace plumbline::transport {

grpc::ServerBidiReactor<grpc::ByteBuffer, grpc::ByteBuffer>* IngestService::Ingest(
    grpc::CallbackServerContext*) {
  return new IngestStream(engine_, clock_, &budget_, &streams_, calls_);  // deletes itself
}

grpc::ServerUnaryReactor* IngestService::IngestBatch(grpc::CallbackServerContext* context,
                                                     const grpc::ByteBuffer* request,
                                                     grpc::ByteBuffer* response) {
  grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
  if (draining_.load()) {
    reactor->Finish(ToGrpcStatus(absl::UnavailableError("the server is shutting down")));
    return reactor;
  }
  // gRPC keeps the message as it came until the call is over.
  size_t footprint = ExpectedFootprint(request->Length()) + request->Length();
  if (!budget_.TryTake(footprint)) {
    const auto outcome = engine::RetryOutcome(
        engine::IngestReason::kInflightBytes,
        absl::ResourceExhaustedError("too many bytes are in flight (max_inflight_mib)"));
    engine_->CountAnswer(outcome);
    reactor->Finish(ToGrpcStatus(outcome.error));
    return reactor;
  }
  calls_->Enter();
  auto parsed = std::make_unique<Message<v1::IngestBatchRequest>>(*request);
  if (const size_t needed = parsed->footprint() + request->Length(); needed > footprint) {
    budget_.TakeMore(InflightBudget::Kind::kSingle, needed - footprint);
    footprint = needed;
  }
  const bool sound = parsed->sound();
  const v1::NumberedBatch& batch = parsed->get().batch();
  engine::IngestDone answer = [this, footprint, reactor,
                               response](const engine::IngestOutcome& outcome) {
    budget_.Give(InflightBudget::Kind::kSingle, footprint);
    engine_->CountAnswer(outcome);
    v1::IngestBatchResponse message;
    message.set_result(ToWire(outcome.result));
    message.set_rows_counted(outcome.rows_counted);
    message.set_rows_late(outcome.rows_late);
    *response = ToBytes(message);
    calls_->Leave();  // not after Finish: nothing may be left by then
    reactor->Finish(ToGrpcStatus(outcome.error, outcome.violations));
  };
  if (sound) {
    HandleBatch(batch, /*values=*/{}, std::move(parsed), engine_, clock_, std::move(answer));
  } else {
    HandleBroken(batch, engine_, std::move(answer));
  }
  return reactor;
}

grpc::Status IngestService::DeclareEnvironment(grpc::ServerContext*,
                                               const v1::DeclareEnvironmentRequest* request,
                                               v1::DeclareEnvironmentResponse* response) {
  const OpenCall open(calls_);
  auto declared = Declare(request->declaration(), engine_);
  if (!declared.ok()) return ToGrpcStatus(declared.status());
  *response = *std::move(declared);
  return grpc::Status::OK;
}

grpc::Status IngestService::BeginLoad(grpc::ServerContext*, const v1::BeginLoadRequest* request,
                                      v1::BeginLoadResponse* response) {
  const OpenCall open(calls_);
  auto load = transport::BeginLoad(*request, engine_);
  if (!load.ok()) return ToGrpcStatus(load.status());
  *response->mutable_load() = *std::move(load);
  return grpc::Status::OK;
}

grpc::Status IngestService::EndLoad(grpc::ServerContext*, const v1::EndLoadRequest* request,
                                    v1::EndLoadResponse* response) {
  const OpenCall open(calls_);
  auto load = transport::EndLoad(*request, engine_);
  if (!load.ok()) return ToGrpcStatus(load.status());
  *response->mutable_load() = *std::move(load);
  return grpc::Status::OK;
}

void IngestService::Drain() {
  draining_.store(true);
  streams_.Drain();
}

void IngestService::Describe(engine::ServiceSnapshot* snapshot) const {
  snapshot->inflight_bytes = budget_.used_bytes();
  snapshot->inflight_limit_bytes = budget_.limits().bytes;
  snapshot->waiting_streams = budget_.waiting();
  snapshot->waiting_bytes = budget_.waiting_bytes();
}

}  // namespace plumbline::transport
