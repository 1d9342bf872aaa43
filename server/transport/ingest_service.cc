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
  return new IngestStream(engine_, clock_, &streams_);  // deletes itself in OnDone
}

grpc::ServerUnaryReactor* IngestService::IngestBatch(grpc::CallbackServerContext* context,
                                                     const grpc::ByteBuffer* request,
                                                     grpc::ByteBuffer* response) {
  grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
  auto parsed = std::make_unique<Message<v1::IngestBatchRequest>>(*request);
  const bool sound = parsed->sound();
  const v1::NumberedBatch& batch = parsed->get().batch();
  IngestAnswer answer = [reactor, response](
                            const engine::IngestOutcome& outcome,
                            const std::vector<profile::FieldViolation>& violations) {
    v1::IngestBatchResponse message;
    message.set_result(ToWire(outcome.result));
    message.set_rows_counted(outcome.rows_counted);
    message.set_rows_late(outcome.rows_late);
    *response = ToBytes(message);
    reactor->Finish(ToGrpcStatus(outcome.error, violations));
  };
  if (sound) {
    HandleBatch(batch, std::move(parsed), engine_, clock_, std::move(answer));
  } else {
    HandleBroken(batch, engine_, std::move(answer));
  }
  return reactor;
}

}  // namespace plumbline::transport
