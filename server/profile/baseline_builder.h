#ifndef PLUMBLINE_SERVER_PROFILE_BASELINE_BUILDER_H_
#define PLUMBLINE_SERVER_PROFILE_BASELINE_BUILDER_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "server/profile/baseline.h"
#include "server/profile/batch.h"

namespace plumbline::profile {

/// What the creator of a baseline says of a variable.
struct VariableHint {
  std::string name;
  std::optional<Role> role;
  std::optional<Kind> kind;
};

struct BaselineOptions {
  size_t max_chunks = 64;
  size_t max_chunk_bytes = 8u << 20;  // of all encoded chunks; fewer and longer ones if more
  size_t max_sample_rows = 10'000;
  size_t max_sample_bytes = 4u << 20;
  size_t max_filter_bytes = 1u << 20;  // per variable
  size_t distinct_sample_capacity = 65'536;
  /// Of all variables' distinct samples together; each has an equal share, at least 1,024.
  size_t max_distinct_entries = 4u << 20;
  size_t max_category_bytes = 1024;            // longer names are refused
  size_t max_categories = kMaxKeptCategories;  // kept by name; not more than that
};

/// Builds a baseline from any number of rows in bounded memory, in two passes over the same rows:
/// the first finds edges, atoms and categories, the second counts exactly, and learns what lies in
/// the order of rows: chunks and gaps. So rows with times that come in another order should be put
/// in theirs in between (InTimeOrder).
/// Batches must have passed ValidateBatch. A variable's role is what a hint says, or else the first
/// batch's column; its kind is what a hint says, or else categorical for strings and bool. Int64
/// may be categorical by hint (its decimal text). Deterministic: the same rows give the same
/// baseline, whatever the batches, but for the seeds of sketches that see them in another order.
///
/// Categories kept by name are the max_categories most frequent by exact count (equal counts by
/// name): of all, while there are no more distinct ones than the distinct sample holds exactly,
/// else of the heavy hitters, among which is every one with more than 1/4,096 of the values. All
/// others go into the membership filter. After an error the builder is of no use. Not thread-safe.
class BaselineBuilder {
 public:
  explicit BaselineBuilder(std::vector<VariableHint> hints, BaselineOptions options = {});
  ~BaselineBuilder();

  /// First pass. Errors: InvalidArgument if the columns or types differ from the first batch's, a
  /// hint contradicts a type (strings cannot be numeric, floating point cannot be categorical), or
  /// a category is too long.
  absl::Status Sketch(const BatchView& batch);
  /// Between the passes. Errors: InvalidArgument if there were no rows, or a hint names no column.
  absl::Status FinishSketch();
  /// Second pass. Errors: FailedPrecondition if columns or the number of rows differ from the
  /// first.
  absl::Status Count(const BatchView& batch);
  /// The baseline; model, version, number, created_at and description are the caller's to fill.
  /// Errors: FailedPrecondition if the second pass did not see what the first saw.
  absl::StatusOr<Baseline> Finish();

  /// After the first pass: false if every row has a time, and one of them comes before that of an
  /// earlier row.
  bool InTimeOrder() const;
  /// Rows of the first pass.
  uint64_t rows() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace plumbline::profile

#endif  // PLUMBLINE_SERVER_PROFILE_BASELINE_BUILDER_H_
