#ifndef PLUMBLINE_SERVER_PROFILE_PANE_H_
#define PLUMBLINE_SERVER_PROFILE_PANE_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/container/btree_map.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "server/profile/aliases.h"
#include "server/profile/baseline.h"
#include "server/profile/batch.h"
#include "server/profile/counts.h"
#include "server/profile/fault_finder.h"
#include "server/profile/input_outcomes.h"
#include "server/profile/prediction_faults.h"

namespace plumbline::profile {

inline constexpr size_t kMaxUnknownVariables = 100;

/// Counts of the rows of a slice of event time, relative to a baseline. Adding is exact (Merge in
/// any order gives the same counts, up to the bound on unknown variables), so panes merge into
/// windows. A value; not thread-safe.
struct Pane {
  uint64_t rows = 0;
  std::vector<VariableCounts> variables;  // in the baseline's order
  /// Rows that came with a variable the baseline does not know; bounded, the rest under
  /// `unknown_overflow`.
  absl::btree_map<std::string, uint64_t> unknown_variables;
  uint64_t unknown_overflow = 0;
  PredictionFaults faults;
  InputOutcomes outcomes;  // of features

  Pane() = default;
  /// An empty pane with zeroed counts for every variable.
  explicit Pane(const Baseline& baseline);

  bool empty() const { return rows == 0; }
  /// Adds the other's counts; it is of the same baseline, or default-constructed.
  void Merge(const Pane& other);
  /// Back to empty, keeping the memory.
  void Clear();
};

/// A batch against one baseline: each column's variable, dictionaries mapped to codes once. Points
/// into the batch and the baseline, which must outlive it.
class PreparedBatch {
 public:
  /// The batch must have passed ValidateBatch. A column under an alias counts as its variable,
  /// unless the batch has the variable itself.
  PreparedBatch(const Baseline& baseline, const BatchView& batch, const Aliases& aliases = {});

  /// Codes and counts rows [begin, end) into `pane`, which was made for the same baseline. NaN,
  /// infinities, nulls, values of a wrong type and absent columns are counted apart. A label that
  /// is absent is normal and still counted as absent.
  ///
  /// A numeric variable takes double, float, int64 and bool (0 and 1). A categorical one takes
  /// strings, dictionary, bool (`true`, `false`) and int64 (its decimal text). Anything else is a
  /// wrong type. If the baseline's values came as float32, doubles are rounded to float32 before
  /// they are coded; moments and tail sums are always of the values as they came. Cost: O(rows), no
  /// allocation but for an unknown variable's first rows.
  void Count(uint32_t begin, uint32_t end, Pane* pane) const;

  /// The columns that are variables of the baseline, by variable.
  const std::vector<PreparedColumn>& columns() const { return columns_; }

 private:
  const Baseline& baseline_;
  std::vector<PreparedColumn> columns_;  // by baseline variable
  std::vector<uint32_t> predictions_;    // those that the batch has
  std::vector<absl::string_view> unknown_;

  void Bind(size_t index, const ColumnView& view);
  // Of the predictions; more of them after a slice was counted means that some are wrong.
  uint64_t SuspiciousRows(const Pane& pane) const;
};

/// Compact bytes of a pane (varints, sparse), for the store. Sums travel in full precision; one
/// that overflowed comes back as an infinity.
std::string EncodePane(const Pane& pane);
/// The pane of EncodePane, under a baseline with the same numbers of codes. Errors: DataLoss if the
/// bytes are not a pane of this baseline, or a variable's counters do not add up to the rows.
/// Hostile bytes are safe: lengths are checked before use, and memory is bounded by the baseline
/// and the length of the bytes.
absl::StatusOr<Pane> DecodePane(const Baseline& baseline, absl::string_view bytes);

}  // namespace plumbline::profile

#endif  // PLUMBLINE_SERVER_PROFILE_PANE_H_
