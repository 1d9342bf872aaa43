#ifndef PLUMBLINE_SERVER_TRANSPORT_INGEST_REQUEST_H_
#define PLUMBLINE_SERVER_TRANSPORT_INGEST_REQUEST_H_

#include <memory>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "plumbline/v1/ingest_service.pb.h"
#include "server/base/clock.h"
#include "server/engine/engine.h"
#include "server/transport/request_split.h"

namespace plumbline::transport {

/// Validates a batch and hands it to the engine; a refused one is recorded there, so that its
/// number is not loss. `values` are of columns that are empty in the message. `owner` keeps both
/// alive. Never blocks.
void HandleBatch(const v1::NumberedBatch& batch, absl::Span<const ColumnBytes> values,
                 std::unique_ptr<engine::BatchOwner> owner, engine::Engine* engine,
                 const base::Clock* clock, engine::IngestDone answer);
/// Refuses a batch that could not be parsed, and records its number if that came before the broken
/// field: it is then not loss.
void HandleBroken(const v1::NumberedBatch& batch, engine::Engine* engine,
                  engine::IngestDone answer);
void HandleSkip(const v1::SkipRange& skip, engine::Engine* engine, engine::IngestDone answer);
void HandleEnd(const v1::EndEpoch& end, engine::Engine* engine, engine::IngestDone answer);

void HandleDeclaration(const v1::ProducerDeclaration& declaration, engine::Engine* engine,
                       engine::IngestDone answer);
/// The same, and waits until it is durable.
absl::StatusOr<v1::DeclareEnvironmentResponse> Declare(const v1::ProducerDeclaration& declaration,
                                                       engine::Engine* engine);

/// What is known of the load then; durable.
absl::StatusOr<v1::Load> BeginLoad(const v1::BeginLoadRequest& begin, engine::Engine* engine);
absl::StatusOr<v1::Load> EndLoad(const v1::EndLoadRequest& end, engine::Engine* engine);

v1::IngestResult ToWire(engine::IngestOutcome::Result result);

}  // namespace plumbline::transport

#endif  // PLUMBLINE_SERVER_TRANSPORT_INGEST_REQUEST_H_
