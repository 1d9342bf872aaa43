#ifndef PLUMBLINE_TESTS_BENCH_LOAD_STREAM_H_
#define PLUMBLINE_TESTS_BENCH_LOAD_STREAM_H_

#include <grpcpp/channel.h>
#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/support/byte_buffer.h>
#include <grpcpp/support/client_callback.h>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "plumbline/v1/ingest_service.pb.h"

namespace plumbline::bench {

using SteadyTime = std::chrono::steady_clock::time_point;

/// Batches that were serialised beforehand, so that sending one costs a client little more than a
/// header: the bytes are shared, not copied.
struct EncodedBatches {
  std::vector<grpc::Slice> batches;
  size_t rows = 0;  // of each
};

/// How batches may be sent, by all streams together. Thread-safe.
class Budget {
 public:
  /// Unlimited until the first Add.
  bool Take();
  void Give() { left_.fetch_add(1); }
  void Limit() { limited_ = true; }
  void Add(int64_t batches) { left_.fetch_add(batches); }

 private:
  std::atomic<bool> limited_{false};
  std::atomic<int64_t> left_{0};
};

/// What a stream has seen so far.
struct StreamCounts {
  uint64_t counted = 0;  // batches acknowledged as durable
  uint64_t rows = 0;     // in them
  uint64_t bytes = 0;    // of them, as sent
  uint64_t duplicate = 0;
  uint64_t refused = 0;
  uint64_t retries = 0;  // answers that asked to send again
  std::string error;     // the first refusal
};

/// Who a stream sends as, and what.
struct StreamPlan {
  std::vector<std::string> models;  // in turn
  std::string producer;
  uint64_t epoch = 0;
  std::string load;          // that every batch belongs to; empty: none
  size_t in_flight = 64;     // batches unanswered at a time
  size_t first_batch = 0;    // then the next ones, in turn
  uint64_t max_batches = 0;  // 0: until Stop
  /// Event time of each model's first batch, and how much later each next one is. Absent: the
  /// batches have none.
  std::optional<absl::Time> event_start = {};
  absl::Duration event_step = {};
};

/// One Ingest stream that keeps a number of batches unanswered. A batch that the server could not
/// take is sent again with its number, at the next Poke; nothing else is sent before. Thread-safe;
/// must outlive its call (Await).
class LoadStream final : public grpc::ClientBidiReactor<grpc::ByteBuffer, grpc::ByteBuffer> {
 public:
  LoadStream(std::shared_ptr<grpc::Channel> channel, StreamPlan plan, const EncodedBatches* batches,
             Budget* budget);

  /// Sends what the budget allows. Call it every millisecond or so.
  void Poke();
  /// Keeps the latency of each answer from now on; or stops keeping.
  void Record(bool on);
  /// Sends no new batches, and ends the stream once all are answered.
  void Stop();
  /// Until the call is over. The reason if the server ended it.
  grpc::Status Await();
  bool over() const;

  StreamCounts counts() const;
  /// Seconds from handing a batch to gRPC to its acknowledgement.
  std::vector<float> latencies() const;

  void OnWriteDone(bool ok) override;
  void OnReadDone(bool ok) override;
  void OnDone(const grpc::Status& status) override;

 private:
  struct Sent {
    size_t model = 0;
    uint64_t sequence = 0;
    size_t batch = 0;
    SteadyTime time;
  };

  void MaybeWrite() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  Sent NextSent() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  grpc::ByteBuffer Encode(const Sent& sent) const;
  void Take(const v1::IngestResponse& response) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const StreamPlan plan_;
  const EncodedBatches* const batches_;
  Budget* const budget_;
  grpc::GenericStub stub_;
  grpc::ClientContext context_;

  mutable absl::Mutex mutex_;
  grpc::ByteBuffer writing_ ABSL_GUARDED_BY(mutex_);
  grpc::ByteBuffer reading_;  // gRPC's while a read is under way, then OnReadDone's
  std::vector<uint64_t> sequences_ ABSL_GUARDED_BY(mutex_);  // the last used, by model
  size_t next_model_ ABSL_GUARDED_BY(mutex_) = 0;
  size_t next_batch_ ABSL_GUARDED_BY(mutex_);
  uint64_t request_index_ ABSL_GUARDED_BY(mutex_) = 0;
  absl::flat_hash_map<uint64_t, Sent> unanswered_ ABSL_GUARDED_BY(mutex_);  // by request index
  uint64_t fresh_ ABSL_GUARDED_BY(mutex_) = 0;      // batches sent, not counting retries
  std::deque<Sent> later_ ABSL_GUARDED_BY(mutex_);  // to send again at the next Poke
  std::deque<Sent> again_ ABSL_GUARDED_BY(mutex_);  // to send again now
  StreamCounts counts_ ABSL_GUARDED_BY(mutex_);
  std::vector<float> latencies_ ABSL_GUARDED_BY(mutex_);
  bool record_ ABSL_GUARDED_BY(mutex_) = false;
  bool write_under_way_ ABSL_GUARDED_BY(mutex_) = false;
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  bool writes_done_ ABSL_GUARDED_BY(mutex_) = false;
  bool broken_ ABSL_GUARDED_BY(mutex_) = false;
  bool over_ ABSL_GUARDED_BY(mutex_) = false;
  grpc::Status status_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace plumbline::bench

#endif  // PLUMBLINE_TESTS_BENCH_LOAD_STREAM_H_
