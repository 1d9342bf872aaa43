#ifndef PLUMBLINE_SERVER_TRANSPORT_INGEST_STREAM_H_
#define PLUMBLINE_SERVER_TRANSPORT_INGEST_STREAM_H_

#include <grpcpp/alarm.h>
#include <grpcpp/support/byte_buffer.h>
#include <grpcpp/support/server_callback.h>

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_set.h"
#include "plumbline/v1/ingest_service.pb.h"
#include "server/base/clock.h"
#include "server/base/mutex.h"
#include "server/engine/engine.h"
#include "server/transport/inflight_budget.h"
#include "server/transport/ingest_message.h"
#include "server/transport/ingest_request.h"
#include "server/transport/message.h"
#include "server/transport/open_calls.h"

namespace plumbline::transport {

class IngestStream;

/// The open streams, so that a server that drains can end them. Thread-safe.
class StreamRegistry {
 public:
  void Add(IngestStream* stream);
  void Remove(IngestStream* stream);
  /// Ends every stream with UNAVAILABLE once it has no batch in flight; new ones at once.
  void Drain();
  bool draining() const;

 private:
  mutable base::Mutex mutex_;
  bool draining_ ABSL_GUARDED_BY(mutex_) = false;
  absl::flat_hash_set<IngestStream*> streams_ ABSL_GUARDED_BY(mutex_);
};

/// One Ingest stream: batches up, acknowledgements down. Reading stops while too much is in flight
/// or unread by the client, and while a request waits unparsed for the budget that all streams
/// share, which slows a fast sender through gRPC's flow control. Where too much waits already, the
/// stream ends: its client is told to come back. Deletes itself when gRPC is done with it and every
/// answer has come.
class IngestStream final : public grpc::ServerBidiReactor<grpc::ByteBuffer, grpc::ByteBuffer> {
 public:
  static constexpr size_t kMaxInFlight = 256;
  static constexpr size_t kMaxBytesInFlight = size_t{64} << 20;

  IngestStream(engine::Engine* engine, const base::Clock* clock, InflightBudget* budget,
               StreamRegistry* registry, OpenCalls* calls);

  void OnReadDone(bool ok) override;
  void OnWriteDone(bool ok) override;
  void OnDone() override;

  /// Ends the stream when nothing is in flight.
  void Drain();

 private:
  using Request = IngestMessage;

  ~IngestStream() override = default;

  // Admits arrived_ on a thread of gRPC's: for callers that must not be kept.
  void AdmitSoon();
  void Admit();
  // Ends the stream once what is in flight is answered; arrived_ was never counted.
  void TurnAway(size_t bytes);
  void Handle(const grpc::ByteBuffer& bytes, uint64_t index);
  void Dispatch(std::unique_ptr<Request> request, engine::IngestDone answer);
  void Answer(const v1::IngestResponse& response, size_t bytes);
  // Each starts what may start now.
  void MaybeRead() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void MaybeWrite() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void MaybeFinish() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  engine::Engine* const engine_;
  const base::Clock* const clock_;
  InflightBudget* const budget_;
  StreamRegistry* const registry_;
  const OpenCall open_;

  std::unique_ptr<grpc::Alarm> alarm_;  // of one request at a time: while handling_ is true

  base::Mutex mutex_;
  grpc::ByteBuffer reading_ ABSL_GUARDED_BY(mutex_);
  std::deque<grpc::ByteBuffer> answers_ ABSL_GUARDED_BY(mutex_);
  grpc::ByteBuffer arrived_ ABSL_GUARDED_BY(mutex_);  // waits for its admission
  uint64_t next_index_ ABSL_GUARDED_BY(mutex_) = 1;
  size_t in_flight_ ABSL_GUARDED_BY(mutex_) = 0;
  size_t bytes_in_flight_ ABSL_GUARDED_BY(mutex_) = 0;
  bool handling_ ABSL_GUARDED_BY(mutex_) = false;  // a request has arrived, the engine has it not
  bool read_under_way_ ABSL_GUARDED_BY(mutex_) = false;
  bool write_under_way_ ABSL_GUARDED_BY(mutex_) = false;
  bool reads_over_ ABSL_GUARDED_BY(mutex_) = false;
  bool writes_over_ ABSL_GUARDED_BY(mutex_) = false;  // the client has gone
  bool draining_ ABSL_GUARDED_BY(mutex_) = false;
  bool turned_away_ ABSL_GUARDED_BY(mutex_) = false;
  bool finished_ ABSL_GUARDED_BY(mutex_) = false;
};

}  // namespace plumbline::transport

#endif  // PLUMBLINE_SERVER_TRANSPORT_INGEST_STREAM_H_
