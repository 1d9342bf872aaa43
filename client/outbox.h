#ifndef PLUMBLINE_CLIENT_OUTBOX_H_
#define PLUMBLINE_CLIENT_OUTBOX_H_

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "client/send_window.h"
#include "plumbline/v1/ingest_service.pb.h"

namespace plumbline::client {

/// A batch that will not be sent again; or the declaration of the environment, with sequence 0.
struct Refusal {
  uint64_t sequence = 0;
  uint32_t rows = 0;
  /// The server's reason, or why the sender gave the batch up.
  absl::Status reason;
};

/// What has become of the batches so far. Every batch handed over is in the end acknowledged,
/// refused or dropped, or still waits.
struct SenderStats {
  uint64_t sent = 0;          ///< Batches written to a stream at least once.
  uint64_t acknowledged = 0;  ///< Batches that are durable; duplicates among them.
  uint64_t duplicates = 0;    ///< Batches that the server had counted before.
  uint64_t refused = 0;       ///< Batches that the server will not take, and those given up.
  uint64_t dropped = 0;       ///< Batches dropped from a full queue; they never had a number.
  uint64_t retries = 0;       ///< Times that a batch had to be sent again.
  uint64_t rows_sent = 0;
  uint64_t rows_counted = 0;
  uint64_t rows_late = 0;  ///< Counted as late, not into statistics.
  uint64_t rows_duplicate = 0;
  uint64_t rows_refused = 0;
  uint64_t rows_dropped = 0;
  uint64_t waiting = 0;     ///< Batches queued or in flight now.
  absl::Status last_error;  ///< The latest error of a stream or a refusal.
};

struct OutboxOptions {
  std::string model;
  std::string version;
  std::string producer;
  uint64_t epoch = 0;
  std::string load;
  size_t max_queued_batches = 1024;
  size_t max_queued_bytes = 256 << 20;
  size_t max_in_flight = 64;
  size_t max_in_flight_bytes = 64 << 20;
  /// A batch is given up after it has ended this many streams that carried nothing else.
  int max_strikes = 3;
};

/// The bookkeeping of a Sender, without thread, clock or network: which batch waits, which is in
/// flight, which must be sent again, and with which number. A number is given when a batch is first
/// written, and kept: so a batch dropped from the queue never had one, and leaves no hole.
/// Not thread-safe.
class Outbox {
 public:
  /// What a response means to the connection.
  struct Outcome {
    bool settled = false;                       ///< Acknowledged or refused: there is progress.
    bool retry = false;                         ///< Must be sent again, after a pause.
    std::optional<absl::Duration> retry_delay;  ///< The server's wish.
    std::optional<Refusal> refusal;
  };

  explicit Outbox(OutboxOptions options);

  /// True if a batch of this size may be queued now. A batch larger than the whole queue may be if
  /// the queue is empty.
  [[nodiscard]] bool HasRoomFor(size_t bytes) const;
  void Push(v1::Batch batch);
  /// The oldest batch that was never sent goes, and is counted. Nothing if there is none.
  void DropOldest();
  /// Counts a batch that was dropped before it was queued.
  void CountDropped(const v1::Batch& batch);
  /// Declares what the producer runs in, before everything that waits.
  void PushDeclaration(const v1::Environment& environment, const std::string& source);
  /// Declares the end of the epoch, after everything that waits.
  void PushEndEpoch();

  /// The next request to write; null if nothing waits or enough is in flight. It stays valid until
  /// OnWritten() or OnStreamEnded(), of which one must come before the next call. `now` is of a
  /// clock that is never set.
  const v1::IngestRequest* TakeNext(absl::Duration now);
  void OnWritten();
  Outcome OnResponse(const v1::IngestResponse& response, absl::Duration now);
  /// What was in flight waits to be sent again. A stream that ended for a reason that lies in the
  /// message (not the network, not a server going down) counts against the batch if it was alone;
  /// if several were in flight, they are sent one by one until the guilty one is found.
  /// Returns the refusal of a batch that is given up now.
  std::optional<Refusal> OnStreamEnded(const absl::Status& status, bool server_asks_to_retry);

  /// True if something waits to be written.
  [[nodiscard]] bool HasUnwritten() const;
  [[nodiscard]] bool HasInFlight() const { return !in_flight_.empty(); }
  /// True if nothing waits and nothing is in flight.
  [[nodiscard]] bool IsIdle() const { return !HasUnwritten() && !HasInFlight(); }
  /// How the end of the epoch was answered; nullopt before that.
  [[nodiscard]] std::optional<absl::Status> end_epoch_answer() const { return end_epoch_answer_; }

  [[nodiscard]] SenderStats stats() const;
  void set_last_error(const absl::Status& error) { stats_.last_error = error; }

 private:
  struct Item {
    v1::IngestRequest request;
    uint64_t sequence = 0;  // 0: not a batch, or not numbered yet
    uint32_t rows = 0;
    size_t bytes = 0;
    int strikes = 0;
    absl::Duration taken = absl::ZeroDuration();  // when it was last taken to be written
  };
  using ItemPtr = std::unique_ptr<Item>;
  using InFlight = std::map<uint64_t, ItemPtr>;  // by position in the stream

  ItemPtr TakeWaiting();
  void Number(Item* item);
  InFlight::iterator Find(const v1::IngestResponse& response);
  void Requeue(ItemPtr item);
  void PushSkip(uint64_t sequence);
  Outcome Settle(ItemPtr item, const v1::IngestResponse& response);
  Refusal Refuse(const Item& item, absl::Status reason);

  const OutboxOptions options_;
  std::deque<ItemPtr> controls_;
  std::map<uint64_t, ItemPtr> resend_;
  std::deque<ItemPtr> queue_;
  size_t queued_bytes_ = 0;
  InFlight in_flight_;
  size_t in_flight_bytes_ = 0;
  SendWindow window_;
  uint64_t stream_position_ = 0;
  uint64_t last_sequence_ = 0;
  bool one_by_one_ = false;
  const Item* writing_ = nullptr;
  ItemPtr answered_while_writing_;  // kept for gRPC, which still reads it
  std::optional<absl::Status> end_epoch_answer_;
  SenderStats stats_;
};

}  // namespace plumbline::client

#endif  // PLUMBLINE_CLIENT_OUTBOX_H_
