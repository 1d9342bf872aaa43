#ifndef PLUMBLINE_TESTS_PROFILE_BATCH_MAKER_H_
#define PLUMBLINE_TESTS_PROFILE_BATCH_MAKER_H_

#include <string>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "server/profile/baseline_builder.h"
#include "server/profile/batch.h"
#include "server/profile/pane.h"

namespace plumbline::profile {

/// A column over values that the test keeps alive.
template <class T>
ColumnView NumberColumn(absl::string_view name, const std::vector<T>& values) {
  ColumnView column;
  column.name = name;
  column.values = absl::MakeConstSpan(values);
  return column;
}

inline ColumnView TextColumn(absl::string_view name, const std::vector<std::string>& values) {
  ColumnView column;
  column.name = name;
  column.values = std::vector<absl::string_view>(values.begin(), values.end());
  return column;
}

inline BatchView MakeBatch(uint32_t rows, std::vector<ColumnView> columns) {
  BatchView batch;
  batch.rows = rows;
  batch.columns = std::move(columns);
  return batch;
}

/// A baseline of all batches; both passes.
inline absl::StatusOr<Baseline> BuildBaseline(const std::vector<BatchView>& batches,
                                              std::vector<VariableHint> hints = {},
                                              BaselineOptions options = {}) {
  BaselineBuilder builder(std::move(hints), options);
  for (const BatchView& batch : batches) {
    if (absl::Status status = builder.Sketch(batch); !status.ok()) return status;
  }
  if (absl::Status status = builder.FinishSketch(); !status.ok()) return status;
  for (const BatchView& batch : batches) {
    if (absl::Status status = builder.Count(batch); !status.ok()) return status;
  }
  return builder.Finish();
}

/// The pane of a whole batch.
inline Pane CountBatch(const Baseline& baseline, const BatchView& batch) {
  Pane pane(baseline);
  PreparedBatch(baseline, batch).Count(0, batch.rows, &pane);
  return pane;
}

}  // namespace plumbline::profile

#endif  // PLUMBLINE_TESTS_PROFILE_BATCH_MAKER_H_
