#ifndef PLUMBLINE_SERVER_ENGINE_LABEL_ROWS_H_
#define PLUMBLINE_SERVER_ENGINE_LABEL_ROWS_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "absl/numeric/int128.h"
#include "server/profile/aliases.h"
#include "server/profile/baseline.h"
#include "server/profile/batch.h"
#include "server/profile/performance_task.h"

namespace plumbline::engine {

/// What a row of a batch says of its prediction, and of its label.
struct LabelRow {
  // Hash of the row id as NormalId has it; an integer's is that of its decimal text. nullopt: the
  // row has none, or an empty one, and stands for itself.
  std::optional<absl::uint128> id;
  std::optional<int64_t> event_micros;
  std::optional<profile::Outcome> outcome;
  std::optional<double> label;
};

/// Predictions and labels of a batch.
struct LabelRows {
  std::shared_ptr<const profile::Baseline> baseline;  // read against it
  uint32_t batch_rows = 0;
  /// The batch has labels and no feature: its rows are no new rows.
  bool labels_only = false;
  bool has_labels = false;
  bool has_ids = false;  // though some may be empty
  std::vector<LabelRow> rows;
  uint64_t unusable_predictions = 0;  // null, not finite, of another type
  uint64_t unusable_labels = 0;       // the same; a null label is none
};

/// True if the batch has a label and no feature of the baseline, which has others than labels.
bool IsLabelsOnly(const profile::Baseline& baseline, const profile::Aliases& aliases,
                  const profile::BatchView& batch);

/// What a sound batch says of performance; nullopt if nothing: its baseline has no task, or it has
/// neither row ids nor labels. Cost: O(columns), and O(rows) if it has. Any thread.
std::optional<LabelRows> ReadLabelRows(const std::shared_ptr<const profile::Baseline>& baseline,
                                       const profile::Aliases& aliases,
                                       const profile::BatchView& batch);

}  // namespace plumbline::engine

#endif  // PLUMBLINE_SERVER_ENGINE_LABEL_ROWS_H_
