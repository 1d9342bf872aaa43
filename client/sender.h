#ifndef PLUMBLINE_CLIENT_SENDER_H_
#define PLUMBLINE_CLIENT_SENDER_H_

#include <grpcpp/security/credentials.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <thread>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "client/backoff.h"
#include "client/outbox.h"
#include "plumbline/v1/ingest_service.grpc.pb.h"

namespace plumbline::client {

struct SenderOptions {
  /// host:port of the server.
  std::string server = "127.0.0.1:7700";
  /// Null: plain text.
  std::shared_ptr<grpc::ChannelCredentials> credentials;

  /// The model, 1 to 128 bytes, and its version; empty: the model's default version.
  std::string model;
  std::string version;
  /// Unique among the senders of the model, 1 to 128 bytes: host and process, say.
  std::string producer;
  /// Larger than the producer's epochs before; NewEpoch() is. The same epoch again makes a second
  /// run that sends the same batches a retry of the first.
  uint64_t epoch = 0;

  /// The load that everything sent belongs to, up to 128 bytes; empty: none. Declare it with
  /// IngestService.EndLoad once all of it is acknowledged: RowSetOf gives what to declare.
  std::string load;

  /// What this process runs in, declared before the first batch, and where its data comes from. The
  /// server compares it with what the model was trained in. Unset: nothing is declared.
  std::optional<v1::Environment> environment;
  std::string source;

  /// What may wait without having been sent. Beyond it Send() drops and SendBlocking() waits.
  size_t max_queued_batches = 1024;
  size_t max_queued_bytes = 256 << 20;
  /// What may wait for its acknowledgement, at most: less while the server takes long to answer
  /// (SendWindow).
  size_t max_in_flight = 64;
  size_t max_in_flight_bytes = 64 << 20;

  /// Pauses between tries; see Backoff. A longer pause that the server asks for
  /// (google.rpc.RetryInfo) is kept, up to five minutes, and stretched by up to half at random.
  absl::Duration initial_backoff = absl::Milliseconds(100);
  absl::Duration max_backoff = absl::Seconds(10);
  /// A stream on which nothing is answered for this long is given up and opened anew.
  absl::Duration ack_timeout = absl::Seconds(60);
  /// If nothing is acknowledged or refused for this long while batches wait, the sender fails for
  /// good. Infinite: it never does.
  absl::Duration give_up_after = absl::InfiniteDuration();
  /// See OutboxOptions.
  int max_strikes = 3;

  /// Called for each refused batch, and for a refused environment, from a thread of gRPC or of the
  /// sender, without any lock held: it may call stats() and Send(), but must not block and must not
  /// destroy the sender.
  std::function<void(const Refusal&)> on_refused;
};

/// The present time in microseconds: an epoch larger than every one before.
uint64_t NewEpoch();

/// Sends batches of one model in the background, over one stream, many in flight, in order of their
/// numbers. A batch is counted exactly once by the server, whatever happens to the connection:
/// what is not acknowledged is sent again with its number, on a new stream if need be, after
/// UNAVAILABLE, RETRY answers, a lost connection or a stream that gRPC ended. Batches that wait
/// are lost with the process: the sequence numbers let the server see that they are missing.
///
/// Thread-safe. One thread of its own, beside gRPC's; connects when there is something to send.
class Sender {
 public:
  /// InvalidArgument if model or producer is empty or too long, a name not UTF-8, the epoch 0, a
  /// limit 0, or the environment not sound.
  static absl::StatusOr<std::unique_ptr<Sender>> Create(SenderOptions options);

  /// Stops at once: cancels the stream, drops what waits, joins its thread. Call Finish() before
  /// it to have everything delivered.
  ~Sender();
  Sender(const Sender&) = delete;
  Sender& operator=(const Sender&) = delete;

  /// Queues `batch` and returns at once. If the queue is full, the oldest batches that were never
  /// sent are dropped and counted; a batch larger than the whole queue is itself dropped, and so is
  /// every batch after Finish() or a failure. False if anything was dropped.
  bool Send(v1::Batch batch);

  /// Queues `batch`, waiting for room. The error if the sender has failed for good (see
  /// give_up_after) or has been finished; `batch` is then dropped and counted.
  absl::Status SendBlocking(v1::Batch batch);

  /// Waits until every batch is acknowledged or refused. DeadlineExceeded after `timeout`; the
  /// error if the sender has failed.
  absl::Status Flush(absl::Duration timeout);

  /// Flush, then tells the server that this was the last batch of the epoch (so that a lost tail is
  /// seen) and waits for the answer. Nothing can be sent afterwards, even after an error. Calling
  /// it again waits again.
  absl::Status Finish(absl::Duration timeout);

  [[nodiscard]] SenderStats stats() const;

 private:
  class Stream;

  explicit Sender(SenderOptions options);
  void Run();
  bool HasTask() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void Pause() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void RunStream() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void Drive(Stream* stream) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void Close(Stream* stream) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void AfterStream(const grpc::Status& status) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void CheckGiveUp() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void PauseFor(absl::Duration delay) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void OnResponse(const v1::IngestResponse& response) ABSL_LOCKS_EXCLUDED(mutex_);
  void Enqueue(v1::Batch batch) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  absl::Status AwaitIdle(absl::Duration timeout) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const SenderOptions options_;
  const std::unique_ptr<v1::IngestService::Stub> stub_;

  mutable absl::Mutex mutex_;
  absl::CondVar changed_;  // anything below
  Outbox outbox_ ABSL_GUARDED_BY(mutex_);
  Backoff backoff_ ABSL_GUARDED_BY(mutex_);
  bool stop_ ABSL_GUARDED_BY(mutex_) = false;
  bool finished_ ABSL_GUARDED_BY(mutex_) = false;
  bool end_epoch_pushed_ ABSL_GUARDED_BY(mutex_) = false;
  absl::Status failure_ ABSL_GUARDED_BY(mutex_);
  // Times are of the steady clock, since some moment.
  absl::Duration pause_until_ ABSL_GUARDED_BY(mutex_) = -absl::InfiniteDuration();
  absl::Duration last_progress_ ABSL_GUARDED_BY(mutex_);
  absl::Duration last_response_ ABSL_GUARDED_BY(mutex_);

  std::thread thread_;  // last: it uses all of the above
};

}  // namespace plumbline::client

#endif  // PLUMBLINE_CLIENT_SENDER_H_
