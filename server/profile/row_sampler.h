#ifndef PLUMBLINE_SERVER_PROFILE_ROW_SAMPLER_H_
#define PLUMBLINE_SERVER_PROFILE_ROW_SAMPLER_H_

#include <cstddef>
#include <cstdint>
#include <random>
#include <vector>

#include "absl/types/span.h"
#include "server/profile/baseline.h"
#include "server/profile/batch.h"

namespace plumbline::profile {

/// Chooses `wanted` of `population` things one by one as they pass; each has the same chance
/// (Knuth, TAOCP volume 2, 3.4.2, algorithm S). The seed is fixed: the choice is the same every
/// time.
class Selection {
 public:
  Selection(uint64_t population, uint64_t wanted);
  bool Next();

 private:
  uint64_t left_;
  uint64_t wanted_;
  std::mt19937_64 random_;
};

/// A uniform sample of whole rows, of a number of rows known beforehand. Not thread-safe.
class RowSampler {
 public:
  /// `expected_row_bytes`, as the bytes are counted below, keeps the sample near `max_bytes` while
  /// it grows; what is over in the end is thinned out, evenly.
  RowSampler(std::vector<Kind> kinds, uint64_t rows, double expected_row_bytes, size_t max_rows,
             size_t max_bytes);

  /// `columns` are the batch's, by variable.
  void Add(absl::Span<const ColumnView* const> columns, uint32_t rows);

  /// At most max_rows rows and max_bytes bytes: 9 for a number or a null, 8 and its length for a
  /// category.
  RowSample Finish() &&;

 private:
  size_t Bytes() const;
  void Thin(uint64_t wanted);

  std::vector<Kind> kinds_;
  size_t max_bytes_;
  Selection selection_;
  RowSample sample_;
};

}  // namespace plumbline::profile

#endif  // PLUMBLINE_SERVER_PROFILE_ROW_SAMPLER_H_
