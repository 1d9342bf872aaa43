#ifndef PLUMBLINE_SERVER_PROFILE_LEFT_OUT_H_
#define PLUMBLINE_SERVER_PROFILE_LEFT_OUT_H_

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "absl/types/span.h"

namespace plumbline::profile {

// What training holds that it would not have known, had one run of its rows been left out: how much
// of that live rows may bring, and in what clumps. Cross-validation by blocks: what straddles two
// neighbouring runs is left out with both (Burman, Chow and Nolan 1994, Biometrika 81).

/// Where a category came in training: the chunks of its first and last row, and how many rows.
struct CategorySpan {
  uint64_t first = 0, last = 0, rows = 0;

  /// `count` more rows of it, in a chunk that is not before those seen.
  void See(uint64_t chunk, uint64_t count = 1) {
    if (rows == 0) first = chunk;
    last = std::max(last, chunk);
    rows += count;
  }
};

/// Spans of categories that the baseline does not keep by name: of one in `scale` of them.
struct SpanSample {
  std::vector<CategorySpan> spans;
  double scale = 1;
};

/// Rows that come with what no other run of rows has.
struct LeftOut {
  double share = 0;  // of the values
  /// Of their counts by run, see stats::DesignEffect; its upper limit where clumps are few.
  double design_effect = 1;
};

/// Of categories: those of which all rows lie in one run or two neighbouring ones, runs being one
/// chunk, and two where there are at least 48 chunks; whichever has more. Categories of more than
/// one row count only where they are together more than chance explains. `kept` and `rest` together
/// are all categories; `values`: by chunk, those that have one. Nothing is left out of fewer than
/// kFewChunks chunks, and where fewer than 100 categories would be more than half of the rows:
/// these were sorted by them. Cost: O(categories).
LeftOut LeaveOutCategories(absl::Span<const CategorySpan> kept, const SpanSample& rest,
                           absl::Span<const uint64_t> values);

}  // namespace plumbline::profile

#endif  // PLUMBLINE_SERVER_PROFILE_LEFT_OUT_H_
