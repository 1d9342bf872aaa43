#include "server/profile/code_histogram.h"

#include <algorithm>

#include "server/profile/bin_search.h"

namespace plumbline::profile {

CodeHistogram::CodeHistogram(const NumericBins& bins, bool narrow, stats::SimdLevel level)
    : bins_(bins), narrow_(narrow), level_(level) {
  for (auto& side : counts_) std::fill_n(side, bins.size() + 2, 0);
}

void CodeHistogram::Add(absl::Span<const double> x) {
  const auto count = [this](size_t i, uint32_t code) { ++counts_[i % kSides][code]; };
  if (narrow_) {
    ForEachCode(bins_.grid(), bins_.float_edges(), x, level_, count);
  } else {
    ForEachCode(bins_.grid(), bins_.search_edges(), x, level_, count);
  }
}

uint64_t CodeHistogram::outside() const {
  uint64_t sum = 0;
  for (const auto& side : counts_) sum += uint64_t{side[0]} + side[bins_.size() + 1];
  return sum;
}

void CodeHistogram::AddTo(std::vector<uint64_t>* codes) const {
  for (size_t code = 0; code < bins_.size() + 2; ++code) {
    (*codes)[code] += uint64_t{counts_[0][code]} + counts_[1][code] + counts_[2][code] +
                      uint64_t{counts_[3][code]};
  }
}

}  // namespace plumbline::profile
