#include "server/profile/code_histogram.h"

#include <algorithm>

#include "server/profile/bin_search.h"

namespace plumbline::profile {

CodeHistogram::CodeHistogram(const NumericBins& bins, bool narrow, stats::SimdLevel level)
    : bins_(bins), narrow_(narrow), level_(level) {
  for (auto& side : counts_) std::fill_n(side, bins.size() + 2, 0);
}

// First all codes of a block, then their counters: where to write is known early then, and no read
// behind it is held up.
template <class Edge, class Value>
void CodeHistogram::Count(const Edge* edges, absl::Span<const Value> x) {
  values_ += x.size();
  constexpr size_t kBlock = 256;
  uint32_t codes[kBlock];
  for (size_t begin = 0; begin < x.size(); begin += kBlock) {
    const absl::Span<const Value> block = x.subspan(begin, kBlock);
    FindCodes(bins_.grid(), edges, block, codes, level_);
    size_t i = 0;
    for (; i + kSides <= block.size(); i += kSides) {
      for (size_t side = 0; side < kSides; ++side) ++counts_[side][codes[i + side]];
    }
    for (; i < block.size(); ++i) ++counts_[0][codes[i]];
  }
}

void CodeHistogram::Add(absl::Span<const double> x) {
  if (narrow_) {
    Count(bins_.float_edges(), x);
  } else {
    Count(bins_.search_edges(), x);
  }
}

void CodeHistogram::Add(absl::Span<const float> x) { Count(bins_.float_edges(), x); }

void CodeHistogram::AddCode(uint32_t code, size_t times) {
  values_ += times;
  counts_[0][code] += static_cast<uint32_t>(times);
}

uint32_t CodeHistogram::Sum(size_t code) const {
  return counts_[0][code] + counts_[1][code] + counts_[2][code] + counts_[3][code];
}

void CodeHistogram::AddTo(CodeCounts* codes) const {
  uint32_t sums[kMaxBins + 2];
  const size_t size = bins_.size() + 2;
  for (size_t code = 0; code < size; ++code) sums[code] = Sum(code);
  codes->AddEach(absl::MakeConstSpan(sums, size), values_);
}

}  // namespace plumbline::profile
