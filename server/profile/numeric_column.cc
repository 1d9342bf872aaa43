#include <algorithm>
#include <bit>
#include <limits>
#include <type_traits>
#include <variant>

#include "server/profile/code_histogram.h"
#include "server/profile/column_counter.h"
#include "server/profile/finite_values.h"
#include "server/profile/validity.h"
#include "server/stats/block_sums.h"

namespace plumbline::profile {
namespace {

constexpr size_t kBlock = stats::kMaxSumBlock;
// For fewer values a histogram of its own costs more than it saves.
constexpr size_t kFewRows = 64;

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
  NumericColumn(const VariableBaseline& baseline, const ColumnView& column,
                absl::Span<const T> values, stats::SimdLevel level, VariableCounts* counts)
      : bins_(baseline.bins),
        narrow_(std::is_same_v<T, float> || baseline.variable.type == ValueType::kFloat),
        column_(column),
        values_(values),
        level_(level),
        counts_(counts) {}

  void Count(size_t begin, size_t end) {
    if (end - begin < kFewRows) {
      Block(begin, end, nullptr);
      return;
    }
    CodeHistogram histogram(bins_, narrow_, level_);
    for (size_t from = begin; from < end; from += kBlock) {
      Block(from, std::min(end, from + kBlock), &histogram);
    }
    histogram.AddTo(&counts_->codes);
  }

 private:
  void Block(size_t begin, size_t end, CodeHistogram* histogram) {
    const absl::Span<const double> x = AddToMoments(begin, end);
    absl::Span<const double> compared = x;
    if (narrow_ && !std::is_same_v<T, float>) {
      RoundToFloat(x, rounded_);
      compared = absl::MakeConstSpan(rounded_, x.size());
    }
    bool outside;
    if (histogram != nullptr) {
      const uint64_t before = histogram->outside();
      histogram->Add(compared);
      outside = histogram->outside() != before;
    } else {
      outside = CountFew(compared);
    }
    if (outside) AddToTails(x, compared);
  }

  // The block as doubles; those of an integer column are made here.
  absl::Span<const double> Widen(size_t begin, size_t end) {
    if constexpr (std::is_same_v<T, double>) {
      return values_.subspan(begin, end - begin);
    } else {
      for (size_t i = begin; i < end; ++i) own_[i - begin] = static_cast<double>(values_[i]);
      return absl::MakeConstSpan(own_, end - begin);
    }
  }

  // Returns the finite values of valid rows.
  absl::Span<const double> AddToMoments(size_t begin, size_t end) {
    const absl::Span<const double> x = Widen(begin, end);
    if (!gaps_before_ && CountNullRows(column_.validity, begin, end) == 0 &&
        counts_->moments.AddBlockIfFinite(x, level_)) {
      return x;
    }
    const FiniteValues found = KeepFinite(x, column_.validity, begin, own_, level_);
    counts_->nulls += found.nulls;
    counts_->nans += found.nans;
    counts_->positive_infinities += found.positive_infinities;
    counts_->negative_infinities += found.negative_infinities;
    gaps_before_ = found.kept != x.size();
    const absl::Span<const double> kept(own_, found.kept);
    counts_->moments.AddAll(kept, level_);
    return kept;
  }

  // Returns whether a value lies outside the bins.
  bool CountFew(absl::Span<const double> compared) {
    uint32_t codes[kFewRows];
    bins_.Codes(compared, narrow_, codes, level_);
    counts_->codes.AddCodes(absl::MakeConstSpan(codes, compared.size()));
    bool outside = false;
    for (size_t i = 0; i < compared.size(); ++i) {
      outside |= codes[i] == 0 || codes[i] == bins_.size() + 1;
    }
    return outside;
  }

  void AddToTails(absl::Span<const double> x, absl::Span<const double> compared) {
    double below[kBlock], above[kBlock];
    size_t below_size = 0, above_size = 0;
    const bool none = bins_.size() == 0;
    const double first = none ? 0 : bins_.SearchEdge(0, narrow_);
    const double last = none ? 0 : bins_.SearchEdge(bins_.size(), narrow_);
    for (size_t i = 0; i < x.size(); ++i) {
      below[below_size] = x[i];
      above[above_size] = x[i];
      below_size += !none && compared[i] < first ? 1 : 0;
      above_size += none || compared[i] >= last ? 1 : 0;
    }
    stats::AddEach(absl::MakeConstSpan(below, below_size), level_, &counts_->below_sum);
    stats::AddEach(absl::MakeConstSpan(above, above_size), level_, &counts_->above_sum);
  }

  const NumericBins& bins_;
  const bool narrow_;
  const ColumnView& column_;
  const absl::Span<const T> values_;
  const stats::SimdLevel level_;
  VariableCounts* const counts_;
  bool gaps_before_ = false;  // where one block has nulls or NaN, the next is likely to
  double own_[kBlock];
  double rounded_[kBlock];
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

}  // namespace

void CountNumericColumn(const VariableBaseline& baseline, const ColumnView& column, uint32_t begin,
                        uint32_t end, VariableCounts* counts, stats::SimdLevel level) {
  const auto count = [&](auto values) {
    using T = std::remove_const_t<typename decltype(values)::element_type>;
    NumericColumn<T>(baseline, column, values, level, counts).Count(begin, end);
  };
  if (const auto* doubles = std::get_if<absl::Span<const double>>(&column.values)) {
    count(*doubles);
  } else if (const auto* floats = std::get_if<absl::Span<const float>>(&column.values)) {
    count(*floats);
  } else if (const auto* ints = std::get_if<absl::Span<const int64_t>>(&column.values)) {
    count(*ints);
  } else if (const auto* bools = std::get_if<absl::Span<const bool>>(&column.values)) {
    CountBools(baseline, column, *bools, begin, end, counts);
  }
}

}  // namespace plumbline::profile
