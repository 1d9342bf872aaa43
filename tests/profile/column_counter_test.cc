// Differential tests of the fast path against the obvious one.

#include "server/profile/column_counter.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>
#include <random>
#include <string>
#include <type_traits>
#include <vector>

#include "gtest/gtest.h"
#include "tests/profile/batch_maker.h"
#include "tests/profile/obvious_counts.h"
#include "tests/stats/exact_sum.h"

namespace plumbline::profile {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr double kMax = std::numeric_limits<double>::max();
constexpr double kTiny = std::numeric_limits<double>::denorm_min();
constexpr uint32_t kColumnRows = 1'301;

using Draw = double (*)(std::mt19937_64&);

double Normal(std::mt19937_64& random) { return std::normal_distribution<double>(3, 2)(random); }
double Lognormal(std::mt19937_64& random) {
  return std::lognormal_distribution<double>(0, 2)(random);
}
double Pareto(std::mt19937_64& random) {
  return std::pow(1 - std::uniform_real_distribution<double>(0, 1)(random), -1.0);
}
double Cauchy(std::mt19937_64& random) { return std::cauchy_distribution<double>(0, 1)(random); }
double Integer(std::mt19937_64& random) { return static_cast<double>(random() % 30) - 10; }
double TwoScales(std::mt19937_64& random) {
  return random() % 2 == 0 ? Normal(random) * 1e-9 : 1e6 + Normal(random) * 1e-3;
}
// Any bits: all magnitudes, but neither NaN nor infinite.
double AnyFinite(std::mt19937_64& random) {
  for (;;) {
    const double x = std::bit_cast<double>(random());
    if (std::isfinite(x)) return x;
  }
}
double Denormal(std::mt19937_64& random) {
  return kTiny * static_cast<double>(static_cast<int64_t>(random() % 1000) - 500);
}
double Special(std::mt19937_64& random) {
  const double values[] = {NAN, kInfinity, -kInfinity, -0.0, 0.0,    kTiny, -kTiny,
                           1,   kMax,      -kMax,      1e39, 3.5e38, 2};
  return random() % 3 == 0 ? Normal(random) : values[random() % std::size(values)];
}
double Constant(std::mt19937_64&) { return 0.1; }

constexpr Draw kDraws[] = {Normal,    Lognormal, Pareto,   Cauchy,  Integer,
                           TwoScales, AnyFinite, Denormal, Special, Constant};

std::vector<double> Make(Draw draw, size_t size, uint64_t seed) {
  std::mt19937_64 random(seed);
  std::vector<double> values(size);
  for (double& x : values) x = draw(random);
  return values;
}

// Bins of equal mass of what a distribution gives, as a baseline has them; few distinct values get
// bins of their own.
NumericBins BinsOf(Draw draw, uint64_t seed) {
  std::vector<double> values = Make(draw, 4'000, seed);
  std::erase_if(values, [](double x) { return !std::isfinite(x); });
  std::sort(values.begin(), values.end());
  std::vector<double> distinct = values;
  distinct.erase(std::unique(distinct.begin(), distinct.end()), distinct.end());
  if (distinct.size() <= kMaxAtoms) return ChooseBins(distinct, {}, {});
  std::vector<double> quantiles;
  for (size_t i = 0; i <= 224; ++i) quantiles.push_back(values[i * (values.size() - 1) / 224]);
  return ChooseBins({}, quantiles, {quantiles[10], quantiles[100]});
}

std::vector<NumericBins> AllBins() {
  std::vector<NumericBins> all = {NumericBins(),
                                  ChooseBins({42}, {}, {}),
                                  ChooseBins({-kMax, 0, kMax}, {}, {}),
                                  ChooseBins({-kTiny, 0, kTiny}, {}, {}),
                                  ChooseBins({0, 1}, {}, {}),
                                  ChooseBins({1e-300, 1, 1e300}, {}, {})};
  for (const Draw draw : kDraws) all.push_back(BinsOf(draw, 11));
  // As many edges as there may be, over all magnitudes: the grid is of little use.
  std::vector<double> edges = Make(AnyFinite, kMaxBins + 1, 5);
  std::sort(edges.begin(), edges.end());
  all.push_back(*NumericBins::Create(edges, std::vector<bool>(kMaxBins, false)));
  return all;
}

// Bins over so many decades, of equal width in the logarithm.
NumericBins BinsOverDecades(double lowest, double highest) {
  std::vector<double> edges;
  for (int i = 0; i <= 224; ++i)
    edges.push_back(std::pow(10, lowest + (highest - lowest) * i / 224));
  return *NumericBins::Create(edges, std::vector<bool>(224, false));
}

// Those at the limits of what float32 arithmetic can place.
std::vector<NumericBins> FloatBins() {
  std::vector<NumericBins> all = {BinsOverDecades(-15, 15),  BinsOverDecades(-20, 20),
                                  BinsOverDecades(-25, 25),  BinsOverDecades(-38, 38),
                                  BinsOverDecades(-44, -30), BinsOverDecades(30, 38.6)};
  // Far on both sides, dense on one.
  std::vector<double> far;
  for (int i = 0; i < 100; ++i) far.push_back(-2.2e38 + i * 1e34);
  for (int i = 1; i <= 100; ++i) far.push_back(-2e38 + i * 5e36);
  all.push_back(*NumericBins::Create(far, std::vector<bool>(far.size() - 1, false)));
  // Dense around a centre that float32 rounds.
  std::vector<double> dense;
  for (int i = 0; i <= 200; ++i) dense.push_back(1e6 + 1e-3 * i);
  all.push_back(*NumericBins::Create(dense, std::vector<bool>(200, false)));
  return all;
}

// The edges and their neighbours, also as floats, in random order.
std::vector<double> AroundEdges(const NumericBins& bins, size_t size) {
  std::vector<double> around = {0.0, -0.0};
  for (const double edge : bins.edges()) {
    for (const double x :
         {std::nextafter(edge, -kInfinity), edge, std::nextafter(edge, kInfinity),
          static_cast<double>(static_cast<float>(std::clamp(edge, -3e38, 3e38)))}) {
      around.push_back(x);
    }
  }
  std::mt19937_64 random(7);
  std::vector<double> values;
  for (size_t i = 0; i < size; ++i) values.push_back(around[random() % around.size()]);
  return values;
}

// |found - expected| within what rounding to a double and n 2^-104 of the magnitudes make.
void ExpectSum(const std::vector<double>& values, double shift, double found) {
  double largest = 0;
  for (const double x : values) largest = std::max(largest, std::abs(x));
  const double scale = largest > 1e300 ? 0x1p-12 : 1;  // so that the exact sum does not overflow
  stats::ExactSum exact;
  double magnitude = 0;
  for (const double x : values) {
    exact.Add(x * scale);
    magnitude += (std::abs(x) + std::abs(shift)) * scale;
  }
  if (magnitude > kMax / 1e5) return;  // the sums of the counts may have overflowed
  EXPECT_NEAR(found * scale, exact.Value(),
              0x1p-52 * std::abs(exact.Value()) + 0x1p-92 * magnitude);
}

void ExpectMoments(const std::vector<double>& values, const stats::Moments& moments) {
  ASSERT_EQ(moments.count(), values.size());
  if (values.empty()) return;
  EXPECT_EQ(moments.Min(), *std::min_element(values.begin(), values.end()));
  EXPECT_EQ(moments.Max(), *std::max_element(values.begin(), values.end()));
  ExpectSum(values, moments.shift(), moments.Sum());
  long double squares = 0;
  for (const double x : values) {
    const long double d = x - moments.shift();
    squares += d * d;
  }
  const double expected = static_cast<double>(squares);
  if (!std::isfinite(expected)) {
    EXPECT_FALSE(std::isfinite(moments.ToParts().sum_squares));
  } else {
    EXPECT_NEAR(moments.ToParts().sum_squares, expected, 0x1p-45 * expected + kTiny * 2000);
  }
}

template <class T>
void Check(const VariableBaseline& baseline, const std::vector<T>& values,
           const std::vector<uint8_t>& validity, uint32_t begin, uint32_t end) {
  std::vector<char> flags;  // std::vector<bool> has no data()
  absl::Span<const T> span;
  if constexpr (std::is_same_v<T, bool>) {
    flags.assign(values.begin(), values.end());
    span = absl::MakeConstSpan(reinterpret_cast<const bool*>(flags.data()), flags.size());
  } else {
    span = values;
  }
  ColumnView column;
  column.values = span;
  column.validity = validity;
  ObviousCounter expected(baseline);
  expected.Count(span, column, begin, end);
  for (const stats::SimdLevel level : stats::SimdLevelsHere()) {
    VariableCounts counts;
    counts.codes = CodeCounts(baseline.bins.size() + 2);
    counts.moments = stats::Moments(baseline.counts.moments.shift());
    CountNumericColumn(baseline, column, begin, end, &counts, level);
    ASSERT_EQ(counts.codes, expected.counts.codes);
    ASSERT_EQ(counts.nulls, expected.counts.nulls);
    ASSERT_EQ(counts.nans, expected.counts.nans);
    ASSERT_EQ(counts.positive_infinities, expected.counts.positive_infinities);
    ASSERT_EQ(counts.negative_infinities, expected.counts.negative_infinities);
    ExpectMoments(expected.finite, counts.moments);
    ExpectSum(expected.below, 0, counts.below_sum.Value());
    ExpectSum(expected.above, 0, counts.above_sum.Value());
  }
}

template <class T>
void CheckAllRanges(const VariableBaseline& baseline, const std::vector<T>& values) {
  std::mt19937_64 random(29);
  std::vector<uint8_t> some((kColumnRows + 7) / 8), most((kColumnRows + 7) / 8, 0xff),
      none((kColumnRows + 7) / 8);
  for (uint8_t& byte : some) byte = static_cast<uint8_t>(random());
  most[90] = 0x7f;
  for (const auto& validity : {std::vector<uint8_t>(), some, most, none}) {
    Check(baseline, values, validity, 0, kColumnRows);
  }
  const auto begin = static_cast<uint32_t>(1 + random() % 100);
  Check(baseline, values, {}, begin, begin + 1);
  Check(baseline, values, some, begin, begin + 63);
  Check(baseline, values, some, begin, begin + 64 + static_cast<uint32_t>(random() % 1000));
  Check(baseline, values, {}, begin, begin);
}

template <class T>
std::vector<T> Converted(const std::vector<double>& values) {
  std::vector<T> converted;
  for (const double x : values) {
    if constexpr (std::is_same_v<T, int64_t>) {
      converted.push_back(std::abs(x) < 9e18 ? static_cast<int64_t>(x) : 3);
    } else if constexpr (std::is_same_v<T, bool>) {
      converted.push_back(x > 0.5);
    } else if constexpr (std::is_same_v<T, float>) {
      const bool fits = std::abs(x) <= std::numeric_limits<float>::max() || !std::isfinite(x);
      converted.push_back(fits ? static_cast<float>(x) : x > 0 ? 3e38f : -3e38f);
    } else {
      converted.push_back(x);
    }
  }
  return converted;
}

template <class T>
void CheckAllValues(ValueType baseline_type) {
  for (const NumericBins& bins : AllBins()) {
    VariableBaseline baseline;
    baseline.variable.type = baseline_type;
    baseline.bins = bins;
    baseline.counts.moments = stats::Moments(
        bins.size() == 0 ? 0 : std::clamp(bins.edges()[bins.size() / 2], -1e300, 1e300));
    CheckAllRanges(baseline, Converted<T>(AroundEdges(bins, kColumnRows)));
    for (const Draw draw : kDraws) {
      std::vector<double> values = Make(draw, kColumnRows, 3);
      CheckAllRanges(baseline, Converted<T>(values));
    }
    std::vector<double> sorted = Make(Normal, kColumnRows, 4);
    std::sort(sorted.begin(), sorted.end());
    CheckAllRanges(baseline, Converted<T>(sorted));
    if (::testing::Test::HasFailure()) return;
  }
}

TEST(CountNumericColumn, CodesDoublesAsTheObviousVersion) {
  CheckAllValues<double>(ValueType::kDouble);
}
TEST(CountNumericColumn, CodesDoublesOfAFloatBaselineAsTheObviousVersion) {
  CheckAllValues<double>(ValueType::kFloat);
}
TEST(CountNumericColumn, CodesFloatsAsTheObviousVersion) {
  CheckAllValues<float>(ValueType::kDouble);
  CheckAllValues<float>(ValueType::kFloat);
}
TEST(CountNumericColumn, CodesIntegersAsTheObviousVersion) {
  CheckAllValues<int64_t>(ValueType::kInt64);
  CheckAllValues<int64_t>(ValueType::kFloat);
}
TEST(CountNumericColumn, CodesBooleansAsTheObviousVersion) {
  CheckAllValues<bool>(ValueType::kBool);
  CheckAllValues<bool>(ValueType::kFloat);
}

TEST(CountNulls, IsOneByOne) {
  std::mt19937_64 random(2);
  std::vector<uint8_t> bits(40);
  for (uint8_t& byte : bits) byte = static_cast<uint8_t>(random());
  ColumnView column;
  column.validity = bits;
  for (uint32_t begin = 0; begin < 150; ++begin) {
    for (uint32_t end = begin; end <= 320; end += 7) {
      uint64_t nulls = 0;
      for (uint32_t row = begin; row < end; ++row) nulls += column.IsValid(row) ? 0 : 1;
      ASSERT_EQ(CountNulls(column, begin, end), nulls) << begin << " " << end;
    }
  }
}

TEST(BinGrid, SuitsCommonDistributions) {
  for (const Draw draw : {Normal, Lognormal, Pareto, Cauchy, Integer, Constant}) {
    const NumericBins bins = BinsOf(draw, 19);
    EXPECT_LE(bins.grid().window(), kEdgesAtOnce);
    EXPECT_LT(bins.grid().key().last_cell, 1024u);
  }
  for (const Draw draw : {Normal, Lognormal, Integer}) {
    const NumericBins bins = BinsOf(draw, 19);
    EXPECT_EQ(bins.grid().window(), kFewEdges);
    EXPECT_TRUE(bins.grid().key().suits_float32);
  }
}

TEST(BinGrid, LeavesToDoublesWhatFloatsCannotPlace) {
  const std::vector<NumericBins> all = FloatBins();
  for (size_t i = 0; i + 2 < all.size(); ++i) {
    EXPECT_LE(all[i].grid().window(), kEdgesAtOnce) << i;
  }
  EXPECT_TRUE(all[0].grid().key().suits_float32);
  EXPECT_FALSE(all[3].grid().key().suits_float32);
  EXPECT_FALSE(all.back().grid().key().suits_float32);
}

TEST(BinGrid, IsNeverWrongThoughItMaySuitBadly) {
  std::vector<NumericBins> all = AllBins();
  EXPECT_GT(all.back().grid().window(), Reach(1));
  for (NumericBins& bins : FloatBins()) all.push_back(std::move(bins));
  for (const NumericBins& bins : all) {
    const std::vector<double> x = AroundEdges(bins, 5'000);
    const absl::Span<const float> float_edges =
        absl::MakeConstSpan(bins.float_edges(), bins.size() == 0 ? 0 : bins.size() + 1);
    for (const stats::SimdLevel level : stats::SimdLevelsHere()) {
      std::vector<uint32_t> codes(x.size()), cells(x.size());
      bins.Codes(absl::MakeConstSpan(x), codes.data(), level);
      for (size_t i = 0; i < x.size(); ++i) {
        EXPECT_EQ(codes[i], bins.size() == 0 ? 1 : bins.Code(x[i]));
      }
      const std::vector<float> floats = Converted<float>(x);
      bins.Codes(absl::MakeConstSpan(floats), codes.data(), level);
      for (size_t i = 0; i < x.size(); ++i) {
        const auto after = std::upper_bound(float_edges.begin(), float_edges.end(), floats[i]);
        ASSERT_EQ(codes[i], bins.size() == 0 ? 1 : after - float_edges.begin()) << floats[i];
      }
      std::vector<double> sorted = x;
      std::sort(sorted.begin(), sorted.end());
      FindCells(bins.grid().key(), sorted, cells.data(), level);
      EXPECT_TRUE(std::is_sorted(cells.begin(), cells.end()));

      std::vector<float> narrow = Converted<float>(sorted);
      std::sort(narrow.begin(), narrow.end());
      const std::vector<double> widened(narrow.begin(), narrow.end());
      std::vector<uint32_t> of_widened(x.size()), one_by_one(x.size());
      FindFloatCells(bins.grid().key(), narrow, cells.data(), level);
      FindFloatCells(bins.grid().key(), widened, of_widened.data(), level);
      FindFloatCells(bins.grid().key(), narrow, one_by_one.data(), stats::SimdLevel::kPortable);
      EXPECT_TRUE(std::is_sorted(cells.begin(), cells.end()));
      EXPECT_EQ(cells, of_widened);
      EXPECT_EQ(cells, one_by_one);
    }
  }
}

}  // namespace
}  // namespace plumbline::profile
