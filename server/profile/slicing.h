#ifndef PLUMBLINE_SERVER_PROFILE_SLICING_H_
#define PLUMBLINE_SERVER_PROFILE_SLICING_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/types/span.h"
#include "server/profile/baseline.h"
#include "server/profile/batch.h"
#include "server/profile/pane.h"

namespace plumbline::profile {

/// One value of a categorical variable, whose rows are judged by themselves.
struct TrainedSlice {
  size_t variable = 0;  // index in the baseline
  uint32_t code = 0;    // of the category
  std::string name;     // `variable=category`
  std::string label;    // `variable:N`, by the category's place in training: never names a value
  /// Training's rows with this value, from the row sample; with the codes of the whole baseline.
  std::shared_ptr<const Baseline> trained;
};

/// Which rows of a model are judged by themselves. Immutable; any thread.
struct Slicing {
  static constexpr uint32_t kNone = ~uint32_t{0};

  std::vector<std::string> variables;  // as asked for
  std::vector<TrainedSlice> slices;    // those of one variable together
  /// By variable that has slices: its index, and the slice of each of its codes, or kNone.
  std::vector<std::pair<size_t, std::vector<uint32_t>>> slice_of_code;
  /// Categories that are not judged by themselves: beyond the bound, or with too few rows in the
  /// sample. And the rows of the sample.
  uint64_t categories_left_out = 0;
  uint64_t sample_rows = 0;
};

/// Training's rows of a category in the sample that a slice takes at least.
inline constexpr uint64_t kMinSliceSample = 100;

/// A slice for each category of `variables` with at least kMinSliceSample rows in the row sample of
/// `whole`, the largest first while there are no more than `max_slices`. A name that is not a
/// categorical feature or prediction of `whole` has none. Cost: the sample is counted once a
/// variable.
Slicing MakeSlicing(const Baseline& whole, absl::Span<const std::string> variables,
                    size_t max_slices);

/// Counts rows [first, second) of each range into the panes of the slices that they belong to, by
/// codes of `baseline`, which `slicing` was made of, and `prepared` of a batch against it.
/// `pane_of` is called once for a slice that has rows. Variables that the baseline does not know
/// are not counted. Cost: for each variable with slices the rows are copied in the order of its
/// values, and counted.
void CountSlices(const Baseline& baseline, const Slicing& slicing, const PreparedBatch& prepared,
                 absl::Span<const std::pair<uint32_t, uint32_t>> ranges,
                 absl::FunctionRef<Pane*(uint32_t slice)> pane_of);

}  // namespace plumbline::profile

#endif  // PLUMBLINE_SERVER_PROFILE_SLICING_H_
