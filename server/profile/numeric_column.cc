#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>
#include <type_traits>
#include <variant>

#include "server/profile/bin_search.h"
#include "server/profile/code_histogram.h"
#include "server/profile/column_counter.h"
#include "server/profile/finite_values.h"
#include "server/profile/validity.h"
#include "server/profile/widen.h"
#include "server/stats/block_sums.h"

namespace plumbline::profile {
namespace {

constexpr size_t kSumBlock = stats::kMaxSumBlock;
// For fewer values a histogram of its own costs more than it saves.
constexpr size_t kFewValues = 64;

// To float32 and back: what values are compared as where the edges are float32.
void RoundToFloat(absl::Span<const double> x, double* rounded) {
  constexpr double kLargest = std::numeric_limits<float>::max();
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  for (size_t i = 0; i < x.size(); ++i) {
    const double inside = std::clamp(x[i], -kLargest, kLargest);
    const double value = static_cast<double>(static_cast<float>(inside));
    rounded[i] = x[i] > kLargest ? kInfinity : x[i] < -kLargest ? -kInfinity : value;
  }
}

// Counts a column of numbers, a block at a time.
template <class T>
class NumericColumn {
 public:
  NumericColumn(const VariableBaseline& baseline, const ColumnView& column, Packed<T> values,
                stats::SimdLevel level, VariableCounts* counts)
      : bins_(baseline.bins),
        narrow_(std::is_same_v<T, float> || baseline.variable.type == ValueType::kFloat),
        column_(column),
        values_(values),
        level_(level),
        counts_(counts) {}

  void Count(size_t begin, size_t end) {
    if (begin == end) return;
    if (end - begin < stats::kLeastSumBlock) {
      OneByOne(begin, end);
      return;
    }
    if (end - begin < kFewValues) {
      Block(begin, end, nullptr);
      return;
    }
    CodeHistogram histogram(bins_, narrow_, level_);
    for (size_t from = begin; from < end; from += kSumBlock) {
      Block(from, std::min(end, from + kSumBlock), &histogram);
    }
    histogram.AddTo(&counts_->codes);
  }

 private:
  // Fewer than kLeastSumBlock values.
  void OneByOne(size_t begin, size_t end) {
    size_t kept = 0;
    for (size_t row = begin; row < end; ++row) {
      if (!column_.IsValid(row)) {
        ++counts_->nulls;
        continue;
      }
      const auto x = static_cast<double>(values_[row]);
      if (std::isfinite(x)) {
        own_[kept++] = x;
        counts_->moments.Add(x);
      } else if (std::isnan(x)) {
        ++counts_->nans;
      } else {
        ++(x > 0 ? counts_->positive_infinities : counts_->negative_infinities);
      }
    }
    const absl::Span<const double> x(own_, kept);
    if (kept > 0) CountFew(x, Compared(x));
  }

  void Block(size_t begin, size_t end, CodeHistogram* histogram) {
    const auto x = Numbers(begin, end);
    if (!gaps_before_ && CountNullRows(column_.validity, begin, end) == 0) {
      const auto sums = counts_->moments.AddBlockIfFinite(x, level_);
      if (sums.has_value()) return AddCodes(x, &*sums, histogram);
    }
    const FiniteValues found = KeepFinite(Widened(x), column_.validity, begin, own_, level_);
    counts_->nulls += found.nulls;
    counts_->nans += found.nans;
    counts_->positive_infinities += found.positive_infinities;
    counts_->negative_infinities += found.negative_infinities;
    gaps_before_ = found.kept != x.size();
    const absl::Span<const double> kept(own_, found.kept);
    if (kept.empty()) return;
    const auto sums = counts_->moments.AddBlockIfFinite(kept, level_);
    if (!sums.has_value()) counts_->moments.AddAll(kept, level_);
    AddCodes(kept, sums.has_value() ? &*sums : nullptr, histogram);
  }

  // The block as floats if it is, else as doubles; those of an integer column are made here.
  auto Numbers(size_t begin, size_t end) {
    const absl::Span<const T> block = Aligned(values_.subspan(begin, end - begin));
    if constexpr (std::is_floating_point_v<T>) {
      return block;
    } else {
      Widen(block, own_, level_);
      return absl::MakeConstSpan(own_, block.size());
    }
  }

  absl::Span<const T> Aligned(Packed<T> block) {
    if (block.is_aligned()) return block.span();
    block.CopyTo(copied_);
    return absl::MakeConstSpan(copied_, block.size());
  }

  absl::Span<const double> Widened(absl::Span<const double> x) { return x; }
  absl::Span<const double> Widened(absl::Span<const float> x) {
    std::copy(x.begin(), x.end(), own_);
    return absl::MakeConstSpan(own_, x.size());
  }

  // What values of a column are compared as.
  absl::Span<const float> Compared(absl::Span<const float> x) { return x; }
  absl::Span<const double> Compared(absl::Span<const double> x) {
    if (!narrow_ || std::is_same_v<T, float>) return x;
    RoundToFloat(x, rounded_);
    return absl::MakeConstSpan(rounded_, x.size());
  }

  // `sums` are of the values, if they are known. At least one value.
  template <class Number>
  void AddCodes(absl::Span<const Number> x, const stats::BlockSums* sums,
                CodeHistogram* histogram) {
    if (histogram == nullptr) return CountFew(x, Compared(x));
    if (sums != nullptr && AddAsOneCode(x.size(), *sums, histogram)) return;
    const auto compared = Compared(x);
    const uint64_t below = histogram->below(), above = histogram->above();
    histogram->Add(compared);
    if (histogram->below() != below) AddToTail<false>(x, compared);
    if (histogram->above() != above) AddToTail<true>(x, compared);
  }

  // A constant, or all on one side of the bins: needs no look at each value. Returns false if the
  // block is neither.
  bool AddAsOneCode(size_t rows, const stats::BlockSums& sums, CodeHistogram* histogram) {
    const double ends[] = {sums.min, sums.max};
    double compared[] = {sums.min, sums.max};
    if (narrow_) RoundToFloat(ends, compared);
    const bool below = bins_.size() > 0 && compared[1] < First();
    const bool above = bins_.size() == 0 || compared[0] >= Last();
    if (below || above) {
      stats::CompensatedSum& tail = below ? counts_->below_sum : counts_->above_sum;
      tail.AddWithError(sums.sum, sums.sum_error);
      histogram->AddCode(below ? 0 : static_cast<uint32_t>(bins_.size()) + 1, rows);
      return true;
    }
    if (compared[0] != compared[1]) return false;
    histogram->AddCode(
        narrow_ ? bins_.Code(static_cast<float>(compared[0])) : bins_.Code(compared[0]), rows);
    return true;
  }

  double First() const { return bins_.SearchEdge(0, narrow_); }
  double Last() const { return bins_.SearchEdge(bins_.size(), narrow_); }

  template <class Number>
  void CountFew(absl::Span<const Number> x, absl::Span<const Number> compared) {
    uint32_t codes[kFewValues];
    if constexpr (std::is_same_v<Number, float>) {
      bins_.Codes(compared, codes, level_);
    } else if (narrow_) {
      FindCodes(bins_.grid(), bins_.float_edges(), compared, codes, level_);
    } else {
      bins_.Codes(compared, codes, level_);
    }
    counts_->codes.AddCodes(absl::MakeConstSpan(codes, compared.size()));
    bool below = false, above = false;
    for (size_t i = 0; i < compared.size(); ++i) {
      below |= codes[i] == 0;
      above |= codes[i] == bins_.size() + 1;
    }
    if (below) AddToTail<false>(x, compared);
    if (above) AddToTail<true>(x, compared);
  }

  template <bool kAbove, class Number>
  void AddToTail(absl::Span<const Number> x, absl::Span<const Number> compared) {
    double outside[kSumBlock];
    size_t size = 0;
    const bool none = bins_.size() == 0;
    const double edge = none ? 0 : kAbove ? Last() : First();
    for (size_t i = 0; i < x.size(); ++i) {
      outside[size] = x[i];
      size += none || (kAbove ? compared[i] >= edge : compared[i] < edge) ? 1 : 0;
    }
    stats::AddEach(absl::MakeConstSpan(outside, size), level_,
                   kAbove ? &counts_->above_sum : &counts_->below_sum);
  }

  const NumericBins& bins_;
  const bool narrow_;
  const ColumnView& column_;
  const Packed<T> values_;
  const stats::SimdLevel level_;
  VariableCounts* const counts_;
  bool gaps_before_ = false;  // where one block has nulls or NaN, the next is likely to
  double own_[kSumBlock];
  double rounded_[kSumBlock];
  T copied_[kSumBlock];
};

// Two values only: counts them, and adds each as often as it occurs.
void CountBools(const VariableBaseline& baseline, const ColumnView& column,
                absl::Span<const bool> values, uint32_t begin, uint32_t end,
                VariableCounts* counts) {
  const NumericBins& bins = baseline.bins;
  const bool narrow = baseline.variable.type == ValueType::kFloat;
  const BoolCounts found = CountBoolRows(column, values, begin, end);
  counts->nulls += found.nulls;
  for (const bool value : {false, true}) {
    const uint64_t times = value ? found.trues : found.falses;
    if (times == 0) continue;
    const double x = value ? 1 : 0;
    const uint32_t code = narrow ? bins.Code(static_cast<float>(x)) : bins.Code(x);
    counts->codes.Add(code, times);
    counts->moments.AddRepeated(x, times);
    const double sum = x * static_cast<double>(times);
    if (code == 0) {
      counts->below_sum.Add(sum);
    } else if (code == bins.size() + 1) {
      counts->above_sum.Add(sum);
    }
  }
}

// See SampleFineness.
template <class T>
void SampleValues(const ColumnView& column, Packed<T> values, uint32_t begin, uint32_t end,
                  uint32_t offset, Fineness* fineness) {
  constexpr uint32_t kStride = Fineness::kStride;
  for (uint32_t block = begin / kStride; block * kStride < end; ++block) {
    const uint32_t row = block * kStride + (Fineness::RowOf(block) + offset) % kStride;
    if (row < begin || row >= end || !column.IsValid(row)) continue;
    const auto value = static_cast<double>(values[row]);
    if (std::isfinite(value)) fineness->Add(value);
  }
}

}  // namespace

void SampleFineness(const ColumnView& column, uint32_t begin, uint32_t end, uint32_t offset,
                    Fineness* fineness) {
  if (const auto* doubles = std::get_if<Packed<double>>(&column.values)) {
    SampleValues(column, *doubles, begin, end, offset, fineness);
  } else if (const auto* ints = std::get_if<Packed<int64_t>>(&column.values)) {
    SampleValues(column, *ints, begin, end, offset, fineness);
  }
}

void CountNumericColumn(const VariableBaseline& baseline, const ColumnView& column, uint32_t begin,
                        uint32_t end, VariableCounts* counts, stats::SimdLevel level) {
  const auto count = [&](auto values) {
    using T = typename decltype(values)::value_type;
    NumericColumn<T>(baseline, column, values, level, counts).Count(begin, end);
  };
  if (const auto* doubles = std::get_if<Packed<double>>(&column.values)) {
    count(*doubles);
  } else if (const auto* floats = std::get_if<Packed<float>>(&column.values)) {
    count(*floats);
  } else if (const auto* ints = std::get_if<Packed<int64_t>>(&column.values)) {
    count(*ints);
  } else if (const auto* bools = std::get_if<absl::Span<const bool>>(&column.values)) {
    CountBools(baseline, column, *bools, begin, end, counts);
  }
}

}  // namespace plumbline::profile
