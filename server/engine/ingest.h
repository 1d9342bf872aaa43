#ifndef PLUMBLINE_SERVER_ENGINE_INGEST_H_
#define PLUMBLINE_SERVER_ENGINE_INGEST_H_

#include <cstdint>
#include <memory>
#include <string>

#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "server/engine/model_key.h"
#include "server/profile/batch.h"

namespace plumbline::engine {

/// Numbers a batch; an empty producer means that it has no number.
struct BatchNumber {
  std::string producer;
  uint64_t epoch = 0;
  uint64_t sequence = 0;
};

/// What became of a request.
struct IngestOutcome {
  enum class Result { kCounted, kDuplicate, kRefused, kRetry };
  Result result = Result::kCounted;
  uint64_t rows_counted = 0;
  uint64_t rows_late = 0;
  absl::Status error;  // of kRefused and kRetry
};

/// Called exactly once, from any thread; must not block.
using IngestDone = absl::AnyInvocable<void(const IngestOutcome&)>;

/// Keeps alive what a batch's view points into.
class BatchOwner {
 public:
  virtual ~BatchOwner() = default;
};

/// A batch on its way in. Its view has passed ValidateBatch.
struct IngestBatch {
  ModelKey key;  // with the version resolved
  BatchNumber number;
  profile::BatchView view;
  std::unique_ptr<BatchOwner> owner;
  IngestDone done;
};

/// A message about a producer's numbers without rows.
struct IngestNote {
  enum class Kind { kRefused, kSkip, kEnd };
  ModelKey key;
  Kind kind = Kind::kSkip;
  std::string producer;
  uint64_t epoch = 0;
  uint64_t first = 0;  // kEnd: unused
  uint64_t last = 0;   // kEnd: the last number used
  IngestDone done;     // kRefused: called with the outcome below once it is recorded
  absl::Status refusal;
};

}  // namespace plumbline::engine

#endif  // PLUMBLINE_SERVER_ENGINE_INGEST_H_
