#ifndef PLUMBLINE_SERVER_ENGINE_INGEST_H_
#define PLUMBLINE_SERVER_ENGINE_INGEST_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "server/engine/label_rows.h"
#include "server/engine/model_key.h"
#include "server/engine/spare_panes.h"
#include "server/manifest/environment.h"
#include "server/manifest/row_set.h"
#include "server/profile/batch.h"
#include "server/profile/golden_rows.h"
#include "server/profile/pane.h"
#include "server/profile/slicing.h"
#include "server/profile/unknown_columns.h"

namespace plumbline::engine {

/// Numbers a batch; an empty producer means that it has no number.
struct BatchNumber {
  std::string producer;
  uint64_t epoch = 0;
  uint64_t sequence = 0;
};

/// Why a request was refused for good, or could not be taken now.
enum class IngestReason {
  kNone,
  // Refused.
  kUnreadable,    // the message cannot be parsed
  kBadContract,   // it breaks the contract of a batch
  kUnknownModel,  // the model or version does not exist
  kFutureTime,    // an event time is too far ahead
  kRole,          // a variable's role is not the baseline's
  kExpiredEpoch,  // the producer's epoch has expired
  kBadNumber,     // not a sequence number of the epoch
  // To be tried again.
  kQueueFull,      // the worker's queue
  kInflightBytes,  // the memory of requests in flight
  kReceivedBytes,  // the memory of messages that wait to be taken in flight
  kNotWritable,    // a write failed, or would
  kRecovering,     // memory is being loaded anew
  kReplaced,       // another baseline or pane length became active while it was on its way
  kShuttingDown,
};
inline constexpr size_t kIngestReasons = static_cast<size_t>(IngestReason::kShuttingDown) + 1;
inline constexpr IngestReason kFirstRetryReason = IngestReason::kQueueFull;

/// What became of a request.
struct IngestOutcome {
  enum class Result { kCounted, kDuplicate, kRefused, kRetry };
  Result result = Result::kCounted;
  uint64_t rows_counted = 0;
  uint64_t rows_late = 0;
  absl::Status error = {};                               // of kRefused and kRetry
  IngestReason reason = IngestReason::kNone;             // of the same
  std::vector<profile::FieldViolation> violations = {};  // of kRefused, if fields are at fault
};

/// Nothing was counted, and never will be.
inline IngestOutcome RefusedOutcome(IngestReason reason, absl::Status error,
                                    std::vector<profile::FieldViolation> violations = {}) {
  return {IngestOutcome::Result::kRefused, 0, 0, std::move(error), reason, std::move(violations)};
}

/// Of a model that does not exist.
inline IngestOutcome UnknownOutcome(const ModelKey& key) {
  return RefusedOutcome(IngestReason::kUnknownModel,
                        absl::NotFoundError(absl::StrCat(key.InWords(), " does not exist")));
}

/// Nothing was counted; the client should send it again. `error` is Unavailable or
/// ResourceExhausted.
inline IngestOutcome RetryOutcome(IngestReason reason, absl::Status error) {
  return {IngestOutcome::Result::kRetry, 0, 0, std::move(error), reason};
}

/// Called exactly once, from any thread; must not block.
using IngestDone = absl::AnyInvocable<void(const IngestOutcome&)>;

/// Keeps alive what a batch's view points into.
class BatchOwner {
 public:
  virtual ~BatchOwner() = default;
};

/// The rows of a batch that lie in one pane, counted by the thread that received them.
struct CountedRows {
  std::shared_ptr<const profile::Baseline> baseline;  // counted against it
  absl::Duration pane_length;                         // panes were told apart by it
  SparePanes::LentPane pane;                          // not nullptr
  std::optional<int64_t> event_micros;  // of the newest row; arrival time if there is none
  std::string source;
  profile::Aliases aliases = {};                 // counted with these
  profile::UnknownColumns unknown_columns = {};  // see there
  /// The rows of slices, by index in `slicing`; nullptr: there are none.
  std::shared_ptr<const profile::Slicing> slicing = nullptr;
  std::vector<std::pair<uint32_t, profile::Pane>> slices = {};
};

/// Rows of a batch that are golden rows of the baseline. Mostly none.
struct GoldenHits {
  std::shared_ptr<const profile::GoldenBook> book;
  std::vector<profile::GoldenHit> hits;
};

/// The declared load that the rows of a batch belong to.
struct LoadRows {
  std::string name;
  manifest::RowSet rows;                                        // by the thread that received them
  int64_t newest_micros = std::numeric_limits<int64_t>::min();  // event time; else: none
};

/// A batch on its way in. Its view has passed ValidateBatch.
struct IngestBatch {
  ModelKey key;  // with the version resolved
  BatchNumber number;
  profile::BatchView view;
  std::unique_ptr<BatchOwner> owner;
  /// If set, `view` and `owner` are empty.
  std::optional<CountedRows> counted;
  GoldenHits golden;
  std::optional<LoadRows> load;
  /// Read by the thread that received the batch; if it has labels only, `view` and `owner` are
  /// empty.
  std::optional<LabelRows> labels;
  IngestDone done;
};

/// A message about a producer, or its numbers, without rows.
struct IngestNote {
  enum class Kind { kRefused, kSkip, kEnd, kEnvironment };
  ModelKey key;
  Kind kind = Kind::kSkip;
  std::string producer;
  uint64_t epoch = 0;
  uint64_t first = 0;  // kEnd: unused
  uint64_t last = 0;   // kEnd: the last number used
  IngestDone done;
  // kRefused: `done` is called with these once it is recorded.
  absl::Status refusal;
  IngestReason reason = IngestReason::kNone;
  std::vector<profile::FieldViolation> violations = {};
  // kEnvironment: what the producer runs in, sound by CheckEnvironment, and its source.
  std::shared_ptr<const manifest::Environment> environment = nullptr;
  std::string source = {};
};

}  // namespace plumbline::engine

#endif  // PLUMBLINE_SERVER_ENGINE_INGEST_H_
