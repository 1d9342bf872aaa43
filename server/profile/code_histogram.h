#ifndef PLUMBLINE_SERVER_PROFILE_CODE_HISTOGRAM_H_
#define PLUMBLINE_SERVER_PROFILE_CODE_HISTOGRAM_H_

#include <cstddef>
#include <cstdint>

#include "absl/types/span.h"
#include "server/profile/bins.h"
#include "server/profile/code_counts.h"
#include "server/stats/simd.h"

namespace plumbline::profile {

/// Counts codes of numeric values, of fewer than 2^32. Four counters a code, of which neighbouring
/// values use different ones: a counter need not wait for the one before to be written back. 8 KB;
/// no allocation. Not thread-safe.
class CodeHistogram {
 public:
  /// `bins` must outlive it. `narrow`: values are compared with the float32 edges, and are floats
  /// by value.
  CodeHistogram(const NumericBins& bins, bool narrow, stats::SimdLevel level);

  /// Values are as for NumericBins::Codes.
  void Add(absl::Span<const double> x);
  /// Only if narrow.
  void Add(absl::Span<const float> x);

  /// Adds a code that was found otherwise.
  void AddCode(uint32_t code, size_t times);

  /// Values below and above the bins so far.
  uint64_t below() const { return Sum(0); }
  uint64_t above() const { return Sum(bins_.size() + 1); }

  /// Adds the counts to `codes`, of which there are bins.size() + 2.
  void AddTo(CodeCounts* codes) const;

 private:
  static constexpr size_t kSides = 4;

  template <class Edge, class Value>
  void Count(const Edge* edges, absl::Span<const Value> x);
  uint32_t Sum(size_t code) const;

  const NumericBins& bins_;
  bool narrow_;
  stats::SimdLevel level_;
  uint64_t values_ = 0;
  uint32_t counts_[kSides][kMaxBins + 2];
};

}  // namespace plumbline::profile

#endif  // PLUMBLINE_SERVER_PROFILE_CODE_HISTOGRAM_H_
