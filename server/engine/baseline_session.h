#ifndef PLUMBLINE_SERVER_ENGINE_BASELINE_SESSION_H_
#define PLUMBLINE_SERVER_ENGINE_BASELINE_SESSION_H_

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "server/engine/quotas.h"
#include "server/manifest/environment.h"
#include "server/profile/baseline.h"
#include "server/profile/baseline_builder.h"
#include "server/profile/batch.h"
#include "server/storage/spool.h"

namespace plumbline::engine {

/// What the creator of a baseline asks for.
struct BaselineRequest {
  std::string model;
  std::string version;  // empty: the default version
  std::vector<profile::VariableHint> hints;
  std::string description;
  bool keep_inactive = false;
  manifest::Environment environment = {};  // what the training job ran in; may be empty
};

/// A baseline under way: its rows go to the spool and the first pass as they arrive. Destroyed
/// without Build, it leaves nothing behind. Not thread-safe.
class BaselineSession {
 public:
  /// After a BeginSession of `quota_book`, which must outlive it.
  BaselineSession(BaselineRequest request, std::unique_ptr<storage::Spool> spool,
                  const Quotas& quotas, QuotaBook* quota_book);
  ~BaselineSession();
  BaselineSession(const BaselineSession&) = delete;
  BaselineSession& operator=(const BaselineSession&) = delete;

  /// The batch must have passed ValidateBatch. Errors: InvalidArgument (see
  /// BaselineBuilder::Sketch), ResourceExhausted for more variables than a baseline may have or
  /// more rows than the spool holds, Unavailable for a failed write.
  absl::Status Add(const profile::BatchView& batch);
  /// The second pass, one more where there are predictions with labels, and one where rows have
  /// times; where they have and came in another order, they are put in theirs before (SortByTime).
  /// `expected_rows` 0: any number. Errors: also InvalidArgument for another number of rows.
  absl::StatusOr<profile::Baseline> Build(uint64_t expected_rows);

  const BaselineRequest& request() const { return request_; }
  uint64_t rows() const { return builder_.rows(); }

 private:
  absl::Status SortSpool();
  absl::Status ReadSpool(absl::FunctionRef<absl::Status(const profile::BatchView&)> use);

  const Quotas quotas_;
  QuotaBook* const quota_book_;
  BaselineRequest request_;
  std::unique_ptr<storage::Spool> spool_;
  profile::BaselineBuilder builder_;
};

}  // namespace plumbline::engine

#endif  // PLUMBLINE_SERVER_ENGINE_BASELINE_SESSION_H_
