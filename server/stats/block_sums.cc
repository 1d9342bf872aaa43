#include "server/stats/block_sums.h"

#include <algorithm>
#include <cmath>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace plumbline::stats {
namespace {

constexpr size_t kLanes = 8;

// Sums side by side: value i goes to lane i % kLanes.
struct Lanes {
  double sum[kLanes];
  double error[kLanes];
  double squares[kLanes];
  double min[kLanes];
  double max[kLanes];
};

void AddToLane(double x, double shift, size_t lane, Lanes* lanes) {
  const double before = lanes->sum[lane];
  const double after = before + x;
  const double part = after - before;
  lanes->error[lane] += (before - (after - part)) + (x - part);
  lanes->sum[lane] = after;
  const double d = x - shift;
  lanes->squares[lane] += d * d;
  lanes->min[lane] = x < lanes->min[lane] ? x : lanes->min[lane];
  lanes->max[lane] = x > lanes->max[lane] ? x : lanes->max[lane];
}

template <class T>
void AddPortable(absl::Span<const T> values, double shift, Lanes* lanes) {
  Lanes local = *lanes;  // nothing else can point here, so that it may stay in registers
  for (size_t i = 0; i < values.size(); i += kLanes) {
    for (size_t lane = 0; lane < kLanes; ++lane) AddToLane(values[i + lane], shift, lane, &local);
  }
  *lanes = local;
}

#if defined(__x86_64__)
// Four lanes.
struct Vectors {
  __m256d sum, error, squares, min, max;
};

// a - b, by a multiplier: where these are apart from the adders, additions alone would wait for the
// adders. Rounds the same. (clang makes a plain subtraction of it again.)
__attribute__((target("avx2,fma"), always_inline)) inline __m256d Minus(__m256d a, __m256d b) {
  return _mm256_fmsub_pd(a, _mm256_set1_pd(1.0), b);
}

__attribute__((target("avx2,fma"), always_inline)) inline void AddVector(__m256d x, __m256d shift,
                                                                         Vectors* v) {
  const __m256d before = v->sum;
  const __m256d after = _mm256_add_pd(before, x);
  const __m256d part = _mm256_sub_pd(after, before);
  const __m256d error = _mm256_add_pd(Minus(before, Minus(after, part)), Minus(x, part));
  v->error = _mm256_add_pd(v->error, error);
  v->sum = after;
  const __m256d d = Minus(x, shift);
  v->squares = _mm256_fmadd_pd(d, d, v->squares);
  v->min = _mm256_min_pd(x, v->min);
  v->max = _mm256_max_pd(x, v->max);
}

__attribute__((target("avx2"), always_inline)) inline __m256d Load(const double* x) {
  return _mm256_loadu_pd(x);
}

__attribute__((target("avx2"), always_inline)) inline __m256d Load(const float* x) {
  return _mm256_cvtps_pd(_mm_loadu_ps(x));
}

__attribute__((target("avx2,fma"))) Vectors Load(const Lanes& lanes, size_t lane) {
  return {_mm256_loadu_pd(lanes.sum + lane), _mm256_loadu_pd(lanes.error + lane),
          _mm256_loadu_pd(lanes.squares + lane), _mm256_loadu_pd(lanes.min + lane),
          _mm256_loadu_pd(lanes.max + lane)};
}

__attribute__((target("avx2,fma"))) void Save(const Vectors& v, size_t lane, Lanes* lanes) {
  _mm256_storeu_pd(lanes->sum + lane, v.sum);
  _mm256_storeu_pd(lanes->error + lane, v.error);
  _mm256_storeu_pd(lanes->squares + lane, v.squares);
  _mm256_storeu_pd(lanes->min + lane, v.min);
  _mm256_storeu_pd(lanes->max + lane, v.max);
}

template <class T>
__attribute__((target("avx2,fma"))) void AddAvx2(absl::Span<const T> values, double shift,
                                                 Lanes* lanes) {
  const __m256d shifts = _mm256_set1_pd(shift);
  Vectors low = Load(*lanes, 0);
  Vectors high = Load(*lanes, 4);
  for (size_t i = 0; i < values.size(); i += kLanes) {
    AddVector(Load(values.data() + i), shifts, &low);
    AddVector(Load(values.data() + i + 4), shifts, &high);
  }
  Save(low, 0, lanes);
  Save(high, 4, lanes);
}
#endif

BlockSums Fold(const Lanes& lanes) {
  CompensatedSum sum;
  BlockSums result;
  result.min = lanes.min[0];
  result.max = lanes.max[0];
  for (size_t lane = 0; lane < kLanes; ++lane) {
    sum.AddWithError(lanes.sum[lane], lanes.error[lane]);
    result.squares += lanes.squares[lane];
    result.min = std::min(result.min, lanes.min[lane]);
    result.max = std::max(result.max, lanes.max[lane]);
  }
  result.sum = sum.sum();
  result.sum_error = sum.compensation();
  return result;
}

template <class T>
BlockSums Sums(absl::Span<const T> values, double shift, SimdLevel level) {
  Lanes lanes = {};
  std::fill_n(lanes.min, kLanes, static_cast<double>(values[0]));
  std::fill_n(lanes.max, kLanes, static_cast<double>(values[0]));
  const size_t whole = values.size() / kLanes * kLanes;
#if defined(__x86_64__)
  if (level == SimdLevel::kAvx2) {
    AddAvx2(values.subspan(0, whole), shift, &lanes);
  } else {
    AddPortable(values.subspan(0, whole), shift, &lanes);
  }
#else
  static_cast<void>(level);
  AddPortable(values.subspan(0, whole), shift, &lanes);
#endif
  for (size_t i = whole; i < values.size(); ++i) AddToLane(values[i], shift, i - whole, &lanes);
  return Fold(lanes);
}

}  // namespace

bool BlockSums::IsFinite() const { return std::isfinite(sum + sum_error + squares); }

BlockSums SumBlock(absl::Span<const double> values, double shift, SimdLevel level) {
  return Sums(values, shift, level);
}

BlockSums SumBlock(absl::Span<const float> values, double shift, SimdLevel level) {
  return Sums(values, shift, level);
}

void AddEach(absl::Span<const double> values, SimdLevel level, CompensatedSum* sum) {
  for (size_t i = 0; i < values.size(); i += kMaxSumBlock) {
    const absl::Span<const double> rest = values.subspan(i, kMaxSumBlock);
    if (rest.size() >= kLeastSumBlock) {
      const BlockSums block = SumBlock(rest, 0, level);
      if (block.IsFinite()) {
        sum->AddWithError(block.sum, block.sum_error);
        continue;
      }
    }
    for (const double value : rest) sum->Add(value);
  }
}

}  // namespace plumbline::stats
