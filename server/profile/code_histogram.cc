#include "server/profile/code_histogram.h"

#include <algorithm>

namespace plumbline::profile {

CodeHistogram::CodeHistogram(const NumericBins& bins, bool narrow, stats::SimdLevel level)
    : bins_(bins), narrow_(narrow), level_(level) {
  for (auto& side : counts_) std::fill_n(side, bins.size() + 2, 0);
}

void CodeHistogram::Add(absl::Span<const double> x) {
  values_ += x.size();
  constexpr size_t kBlock = 256;
  uint32_t codes[kBlock];
  for (size_t begin = 0; begin < x.size(); begin += kBlock) {
    const absl::Span<const double> block = x.subspan(begin, kBlock);
    bins_.Codes(block, narrow_, codes, level_);
    size_t i = 0;
    for (; i + kSides <= block.size(); i += kSides) {
      for (size_t side = 0; side < kSides; ++side) ++counts_[side][codes[i + side]];
    }
    for (; i < block.size(); ++i) ++counts_[0][codes[i]];
  }
}

uint64_t CodeHistogram::outside() const {
  uint64_t sum = 0;
  for (const auto& side : counts_) sum += uint64_t{side[0]} + side[bins_.size() + 1];
  return sum;
}

void CodeHistogram::AddTo(CodeCounts* codes) const {
  uint32_t sums[kMaxBins + 2];
  const size_t size = bins_.size() + 2;
  for (size_t code = 0; code < size; ++code) {
    sums[code] = counts_[0][code] + counts_[1][code] + counts_[2][code] + counts_[3][code];
  }
  codes->AddEach(absl::MakeConstSpan(sums, size), values_);
}

}  // namespace plumbline::profile
