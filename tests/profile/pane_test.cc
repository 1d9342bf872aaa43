#include "server/profile/pane.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <memory>
#include <random>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "server/profile/byte_io.h"
#include "server/profile/slicing.h"
#include "server/profile/statistics.h"
#include "tests/profile/batch_maker.h"

namespace plumbline::profile {
namespace {

using ::testing::ElementsAre;
using ::testing::Pair;

const double kInf = std::numeric_limits<double>::infinity();

// x: 0 .. 999 with 60% zeros; city: a (70%), b (29%), c (1%).
class PaneTest : public ::testing::Test {
 protected:
  PaneTest() {
    for (int i = 0; i < 1000; ++i) {
      x_.push_back(i < 600 ? 0 : i);
      city_.push_back(i < 700 ? "a" : i < 990 ? "b" : "c");
    }
    auto baseline =
        BuildBaseline({MakeBatch(1000, {NumberColumn("x", x_), TextColumn("city", city_)})});
    EXPECT_TRUE(baseline.ok()) << baseline.status();
    baseline_ = *std::move(baseline);
  }

  std::vector<double> x_;
  std::vector<std::string> city_;
  Baseline baseline_;
};

TEST_F(PaneTest, KeepsNullNanInfinitiesAndRangesApart) {
  const std::vector<double> x = {0, NAN, kInf, -kInf, -5, 5000, 1};
  const std::vector<uint8_t> valid = {0b0111'1110};
  ColumnView column = NumberColumn("x", x);
  column.validity = valid;
  const Pane pane = CountBatch(baseline_, MakeBatch(7, {column}));
  const VariableCounts& counts = pane.variables[0];
  EXPECT_EQ(counts.rows, 7u);
  EXPECT_EQ(counts.nulls, 1u);
  EXPECT_EQ(counts.nans, 1u);
  EXPECT_EQ(counts.positive_infinities, 1u);
  EXPECT_EQ(counts.negative_infinities, 1u);
  EXPECT_EQ(counts.codes.front(), 1u);
  EXPECT_EQ(counts.codes.back(), 1u);
  EXPECT_EQ(counts.Coded(), 3u);
  EXPECT_EQ(counts.below_sum.Value(), -5);
  EXPECT_EQ(counts.above_sum.Value(), 5000);
  EXPECT_EQ(counts.moments.count(), 3u);
  EXPECT_EQ(pane.variables[1].absent, 7u);
}

TEST_F(PaneTest, CountsAnotherTypeAsWrongAndNothingElse) {
  const std::vector<std::string> text = {"0", "1"};
  const std::vector<double> numbers = {0, 1};
  const Pane pane =
      CountBatch(baseline_, MakeBatch(2, {TextColumn("x", text), NumberColumn("city", numbers)}));
  for (const VariableCounts& counts : pane.variables) {
    EXPECT_EQ(counts.wrong_type, 2u);
    EXPECT_EQ(counts.Coded(), 0u);
  }
}

TEST_F(PaneTest, CodesStringsAndDictionariesAlike) {
  const std::vector<std::string> text = {"b", "zebra", "a", "c", "b"};
  const std::vector<uint32_t> indices = {1, 2, 0, 3, 1};
  ColumnView dictionary;
  dictionary.name = "city";
  dictionary.values = DictionaryView{{"a", "b", "zebra", "c"}, indices};
  const Pane plain = CountBatch(baseline_, MakeBatch(5, {TextColumn("city", text)}));
  const Pane coded = CountBatch(baseline_, MakeBatch(5, {dictionary}));
  EXPECT_EQ(plain.variables[1].codes, coded.variables[1].codes);
  EXPECT_THAT(plain.variables[1].codes, ElementsAre(1, 2, 1, 0, 1));
}

TEST_F(PaneTest, ComparesFloatsInFloat) {
  std::vector<double> wide;
  std::vector<float> narrow;
  for (int i = 0; i < 500; ++i) wide.push_back(i % 5 * 0.1);
  for (const double value : wide) narrow.push_back(static_cast<float>(value));
  const auto baseline = BuildBaseline({MakeBatch(500, {NumberColumn("x", wide)})});
  ASSERT_TRUE(baseline.ok());
  const Pane pane = CountBatch(*baseline, MakeBatch(500, {NumberColumn("x", narrow)}));
  EXPECT_EQ(pane.variables[0].codes, baseline->variables[0].counts.codes);
}

TEST_F(PaneTest, TakesIntegersAndBooleansForCategories) {
  const std::vector<std::string> trained = {"1", "2", "true", "false"};
  const auto baseline = BuildBaseline({MakeBatch(4, {TextColumn("k", trained)})});
  ASSERT_TRUE(baseline.ok());
  const std::vector<int64_t> ints = {1, 2, 3};
  const Pane pane = CountBatch(*baseline, MakeBatch(3, {NumberColumn("k", ints)}));
  EXPECT_EQ(pane.variables[0].codes.back(), 1u);
  EXPECT_EQ(pane.variables[0].Coded(), 3u);
  const bool flags[] = {true, false};
  ColumnView column;
  column.name = "k";
  column.values = absl::Span<const bool>(flags);
  EXPECT_EQ(CountBatch(*baseline, MakeBatch(2, {column})).variables[0].codes.back(), 0u);
}

TEST_F(PaneTest, BoundsUnknownVariables) {
  std::vector<std::string> names;
  for (int i = 0; i < 150; ++i) names.push_back(absl::StrCat("new", i));
  std::vector<ColumnView> columns;
  for (const std::string& name : names) columns.push_back(NumberColumn(name, x_));
  const Pane pane = CountBatch(baseline_, MakeBatch(1000, columns));
  EXPECT_EQ(pane.unknown_variables.size(), kMaxUnknownVariables);
  EXPECT_EQ(pane.unknown_overflow, 50'000u);
}

TEST_F(PaneTest, MergesToTheSameAsOneCount) {
  const BatchView batch = MakeBatch(1000, {NumberColumn("x", x_), TextColumn("city", city_)});
  const PreparedBatch prepared(baseline_, batch);
  Pane whole(baseline_), front(baseline_), back(baseline_);
  prepared.Count(0, 1000, &whole);
  prepared.Count(0, 333, &front);
  prepared.Count(333, 1000, &back);
  Pane forward = front, backward = back;
  forward.Merge(back);
  backward.Merge(front);
  for (const Pane* merged : {&forward, &backward}) {
    EXPECT_EQ(merged->rows, whole.rows);
    for (size_t i = 0; i < 2; ++i) {
      EXPECT_EQ(merged->variables[i].codes, whole.variables[i].codes);
      EXPECT_EQ(merged->variables[i].moments.count(), whole.variables[i].moments.count());
    }
    EXPECT_DOUBLE_EQ(merged->variables[0].moments.Mean(), whole.variables[0].moments.Mean());
    EXPECT_DOUBLE_EQ(merged->variables[0].moments.Variance(),
                     whole.variables[0].moments.Variance());
  }
  whole.Clear();
  EXPECT_TRUE(whole.empty());
  EXPECT_EQ(whole.variables[0].Coded(), 0u);
}

TEST_F(PaneTest, SurvivesEncoding) {
  const std::vector<double> x = {0, NAN, -1e300, 1e300, 700.5, 0, kInf};
  const std::vector<std::string> city = {"a", "b", "x", "", "c", "a", "a"};
  Pane pane = CountBatch(baseline_, MakeBatch(7, {NumberColumn("x", x), TextColumn("city", city),
                                                  NumberColumn("extra", x)}));
  pane.variables[0].fineness = {};
  pane.variables[0].fineness.Add(0.25);
  const auto decoded = DecodePane(baseline_, EncodePane(pane));
  ASSERT_TRUE(decoded.ok()) << decoded.status();
  EXPECT_EQ(EncodePane(*decoded), EncodePane(pane));
  EXPECT_EQ(decoded->variables[0].codes, pane.variables[0].codes);
  EXPECT_EQ(decoded->variables[0].fineness.values, 1u);
  EXPECT_EQ(decoded->variables[0].fineness, pane.variables[0].fineness);
  EXPECT_EQ(decoded->variables[0].above_sum.Value(), 1e300);
  EXPECT_THAT(decoded->unknown_variables, ElementsAre(Pair("extra", 7)));
  EXPECT_EQ(decoded->variables[0].moments.Max(), 1e300);
  EXPECT_THAT(decoded->variables[1].unseen_names.MostFrequent(5),
              ElementsAre(Pair("", 1), Pair("x", 1)));
}

TEST_F(PaneTest, SurvivesEncodingWhenItsSumsOverflow) {
  const std::vector<double> x = {1.7e308, 1.7e308, -1.7e308, -1.7e308, -1.7e308};
  const Pane pane = CountBatch(baseline_, MakeBatch(5, {NumberColumn("x", x)}));
  const auto decoded = DecodePane(baseline_, EncodePane(pane));
  ASSERT_TRUE(decoded.ok()) << decoded.status();
  EXPECT_EQ(decoded->variables[0].codes, pane.variables[0].codes);
  EXPECT_FALSE(CompareToBaseline(baseline_.variables[0], decoded->variables[0]).stddev.has_value());
}

// As the first version of the format had it.
std::string EncodeAsBefore(const Pane& pane) {
  ByteWriter out;
  out.Byte(1);
  out.Varint(pane.rows);
  out.Varint(pane.variables.size());
  for (const VariableCounts& counts : pane.variables) {
    for (const uint64_t counter :
         {counts.rows, counts.nulls, counts.nans, counts.positive_infinities,
          counts.negative_infinities, counts.wrong_type, counts.absent}) {
      out.Varint(counter);
    }
    const auto is_used = [](uint64_t count) { return count > 0; };
    out.Varint(
        static_cast<uint64_t>(std::count_if(counts.codes.begin(), counts.codes.end(), is_used)));
    size_t next = 0;
    for (size_t code = 0; code < counts.codes.size(); ++code) {
      if (counts.codes[code] == 0) continue;
      out.Varint(code - next);
      out.Varint(counts.codes[code]);
      next = code + 1;
    }
    const bool moments = counts.moments.count() > 0;
    const bool names = !counts.unseen_names.empty();
    out.Byte(static_cast<uint8_t>((moments ? 7 : 0) + (names ? 8 : 0)));
    if (moments) {
      const stats::MomentsParts parts = counts.moments.ToParts();
      out.Varint(parts.count);
      for (const double part : {parts.shift, parts.sum, parts.sum_compensation, parts.sum_squares,
                                parts.sum_squares_compensation, parts.min, parts.max,
                                counts.below_sum.sum(), counts.below_sum.compensation(),
                                counts.above_sum.sum(), counts.above_sum.compensation()}) {
        out.Double(part);
      }
    }
    if (!names) continue;
    out.Varint(counts.unseen_names.rows().size());
    for (const auto& [name, rows] : counts.unseen_names.rows()) {
      out.Text(name);
      out.Varint(rows);
    }
  }
  out.Varint(0);
  out.Varint(0);
  return out.Take();
}

TEST_F(PaneTest, ReadsTheFirstVersionOfTheFormat) {
  const std::vector<double> x = {0, NAN, -1e300, 1e300, 700.5, 0, kInf};
  const std::vector<std::string> city = {"a", "b", "x", "", "c", "a", "a"};
  Pane pane = CountBatch(baseline_, MakeBatch(7, {NumberColumn("x", x), TextColumn("city", city)}));
  pane.variables[0].fineness = {};  // it knew nothing of that
  const std::string bytes = EncodeAsBefore(pane);
  const auto decoded = DecodePane(baseline_, bytes);
  ASSERT_TRUE(decoded.ok()) << decoded.status();
  EXPECT_EQ(EncodePane(*decoded), EncodePane(pane));
  for (size_t size = 0; size < bytes.size(); ++size) {
    EXPECT_FALSE(DecodePane(baseline_, absl::string_view(bytes).substr(0, size)).ok()) << size;
  }
}

TEST_F(PaneTest, HostileBytesAreRefusedOrRead) {
  const std::string good = EncodePane(
      CountBatch(baseline_, MakeBatch(1000, {NumberColumn("x", x_), TextColumn("city", city_)})));
  for (size_t size = 0; size < good.size(); ++size) {
    EXPECT_FALSE(DecodePane(baseline_, absl::string_view(good).substr(0, size)).ok()) << size;
  }
  std::mt19937_64 random(3);
  for (int i = 0; i < 20'000; ++i) {
    std::string bytes = good;
    for (int flips = 0; flips < 3; ++flips) {
      bytes[random() % bytes.size()] = static_cast<char>(random());
    }
    const auto pane = DecodePane(baseline_, bytes);
    if (!pane.ok()) continue;
    const std::string again = EncodePane(*pane);
    const auto reread = DecodePane(baseline_, again);
    ASSERT_TRUE(reread.ok()) << reread.status();
    EXPECT_EQ(EncodePane(*reread), again);
  }
}

// The slow, obvious count of one numeric column.
template <class T>
VariableCounts SlowCount(const Baseline& baseline, const std::vector<T>& values,
                         const std::vector<uint8_t>& valid, uint32_t begin, uint32_t end) {
  const VariableBaseline& variable = baseline.variables[0];
  VariableCounts counts = Pane(baseline).variables[0];
  for (uint32_t row = begin; row < end; ++row) {
    ++counts.rows;
    const double x = static_cast<double>(values[row]);
    if (!valid.empty() && ((valid[row / 8] >> (row % 8)) & 1) == 0) {
      ++counts.nulls;
    } else if (std::isnan(x)) {
      ++counts.nans;
    } else if (std::isinf(x)) {
      ++(x > 0 ? counts.positive_infinities : counts.negative_infinities);
    } else {
      const bool narrow = std::is_same_v<T, float> || variable.variable.type == ValueType::kFloat;
      const uint32_t code =
          narrow ? variable.bins.Code(static_cast<float>(x)) : variable.bins.Code(x);
      counts.codes.Add(code);
      counts.moments.Add(x);
      if (code == 0) counts.below_sum.Add(x);
      if (code == variable.bins.size() + 1) counts.above_sum.Add(x);
    }
  }
  return counts;
}

void ExpectSame(const VariableCounts& found, const VariableCounts& expected) {
  EXPECT_EQ(found.rows, expected.rows);
  EXPECT_EQ(found.nulls, expected.nulls);
  EXPECT_EQ(found.nans, expected.nans);
  EXPECT_EQ(found.positive_infinities, expected.positive_infinities);
  EXPECT_EQ(found.negative_infinities, expected.negative_infinities);
  EXPECT_EQ(found.codes, expected.codes);
  EXPECT_EQ(found.moments.count(), expected.moments.count());
  if (expected.moments.count() > 0) {
    EXPECT_EQ(found.moments.Sum(), expected.moments.Sum());
    EXPECT_EQ(found.moments.Min(), expected.moments.Min());
    EXPECT_EQ(found.moments.Max(), expected.moments.Max());
  }
  EXPECT_EQ(found.below_sum.Value(), expected.below_sum.Value());
  EXPECT_EQ(found.above_sum.Value(), expected.above_sum.Value());
}

// Data of all sorts, seeded: random, sorted, heavy-tailed, special values, all equal.
std::vector<std::vector<double>> Shapes(size_t size) {
  std::mt19937_64 random(31);
  std::normal_distribution<double> normal(0, 1);
  std::cauchy_distribution<double> heavy(0, 1);
  std::vector<std::vector<double>> shapes(5);
  const double special[] = {NAN, kInf, -kInf, -0.0, 0.0, 5e-324, -5e-324, 1e-310, 1, -1};
  for (size_t i = 0; i < size; ++i) {
    shapes[0].push_back(normal(random));
    shapes[2].push_back(heavy(random));
    shapes[3].push_back(random() % 2 == 0 ? special[random() % 10] : normal(random));
    shapes[4].push_back(0.1);
  }
  shapes[1] = shapes[0];
  std::sort(shapes[1].begin(), shapes[1].end());
  return shapes;
}

template <class T>
void CheckAgainstSlowCount(bool float_baseline) {
  constexpr uint32_t kRows = 1'300;  // several blocks and a rest
  std::mt19937_64 random(17);
  std::vector<uint8_t> some((kRows + 7) / 8);
  for (uint8_t& byte : some) byte = static_cast<uint8_t>(random());
  for (const std::vector<double>& trained : Shapes(2'000)) {
    const std::vector<float> narrow(trained.begin(), trained.end());
    const auto baseline = BuildBaseline({MakeBatch(
        2'000, {float_baseline ? NumberColumn("x", narrow) : NumberColumn("x", trained)})});
    ASSERT_TRUE(baseline.ok()) << baseline.status();
    for (const std::vector<double>& shape : Shapes(kRows)) {
      std::vector<T> values;
      for (const double x : shape) {
        values.push_back(std::is_integral_v<T> && !std::isfinite(x) ? T{3} : static_cast<T>(x));
      }
      for (const std::vector<uint8_t>& valid : {std::vector<uint8_t>(), some}) {
        ColumnView column = NumberColumn("x", values);
        column.validity = valid;
        const BatchView batch = MakeBatch(kRows, {column});
        Pane pane(*baseline);
        PreparedBatch(*baseline, batch).Count(3, kRows - 1, &pane);
        ExpectSame(pane.variables[0], SlowCount(*baseline, values, valid, 3, kRows - 1));
        const auto decoded = DecodePane(*baseline, EncodePane(pane));
        ASSERT_TRUE(decoded.ok()) << decoded.status();
        ExpectSame(decoded->variables[0], pane.variables[0]);
      }
    }
  }
}

TEST(NumericCounts, AreThoseOfTheObviousVersion) {
  CheckAgainstSlowCount<double>(false);
  CheckAgainstSlowCount<float>(false);
  CheckAgainstSlowCount<int64_t>(false);
}

TEST(NumericCounts, AreThoseOfTheObviousVersionOnAFloatBaseline) {
  CheckAgainstSlowCount<double>(true);
  CheckAgainstSlowCount<float>(true);
}

TEST(NumericCounts, HitTheAtomsOfAFloatBaselineWithDoubles) {
  std::vector<float> narrow;
  std::vector<double> wide;
  for (int i = 0; i < 500; ++i) {
    wide.push_back(i % 5 * 0.1);
    narrow.push_back(static_cast<float>(wide.back()));
  }
  const auto baseline = BuildBaseline({MakeBatch(500, {NumberColumn("x", narrow)})});
  ASSERT_TRUE(baseline.ok());
  EXPECT_EQ(baseline->variables[0].variable.type, ValueType::kFloat);
  EXPECT_EQ(baseline->variables[0].counts.moments.Max(), static_cast<double>(0.4f));
  const Pane pane = CountBatch(*baseline, MakeBatch(500, {NumberColumn("x", wide)}));
  EXPECT_EQ(pane.variables[0].codes, baseline->variables[0].counts.codes);
  const std::vector<double> huge = {1e300, -1e300};  // infinite as float
  const Pane outside = CountBatch(*baseline, MakeBatch(2, {NumberColumn("x", huge)}));
  EXPECT_EQ(outside.variables[0].codes.front(), 1u);
  EXPECT_EQ(outside.variables[0].codes.back(), 1u);
}

TEST(NumericCounts, TakeBooleansForZeroAndOne) {
  const std::vector<double> trained = {0, 1, 1, 0};
  const auto baseline = BuildBaseline({MakeBatch(4, {NumberColumn("x", trained)})});
  ASSERT_TRUE(baseline.ok());
  const bool flags[] = {true, false, true, false};
  ColumnView column;
  column.name = "x";
  column.values = absl::Span<const bool>(flags);
  EXPECT_EQ(CountBatch(*baseline, MakeBatch(4, {column})).variables[0].codes,
            baseline->variables[0].counts.codes);
}

TEST_F(PaneTest, MergesIntoAnEmptyOneAsItIs) {
  const Pane pane = CountBatch(baseline_, MakeBatch(1000, {NumberColumn("x", x_)}));
  Pane empty;
  empty.Merge(pane);
  EXPECT_EQ(EncodePane(empty), EncodePane(pane));
  Pane zeroed(baseline_);
  zeroed.Merge(pane);
  EXPECT_EQ(EncodePane(zeroed), EncodePane(pane));
}

TEST_F(PaneTest, MergesTheSameInAnyOrder) {
  std::mt19937_64 random(5);
  std::vector<Pane> parts;
  const BatchView batch = MakeBatch(1000, {NumberColumn("x", x_), TextColumn("city", city_)});
  const PreparedBatch prepared(baseline_, batch);
  for (uint32_t begin = 0; begin < 1000; begin += 50) {
    parts.emplace_back(baseline_);
    prepared.Count(begin, begin + 50, &parts.back());
  }
  Pane whole(baseline_);
  prepared.Count(0, 1000, &whole);
  for (int round = 0; round < 20; ++round) {
    std::shuffle(parts.begin(), parts.end(), random);
    Pane sum;
    for (const Pane& part : parts) sum.Merge(part);
    for (size_t i = 0; i < 2; ++i) ExpectSame(sum.variables[i], whole.variables[i]);
  }
}

TEST_F(PaneTest, RefusesBytesWhoseCountersDoNotAddUp) {
  Pane pane = CountBatch(baseline_, MakeBatch(1000, {NumberColumn("x", x_)}));
  ++pane.variables[0].nulls;
  EXPECT_FALSE(DecodePane(baseline_, EncodePane(pane)).ok());
  --pane.variables[0].nulls;
  EXPECT_TRUE(DecodePane(baseline_, EncodePane(pane)).ok());
  ++pane.rows;
  EXPECT_FALSE(DecodePane(baseline_, EncodePane(pane)).ok());
  EXPECT_FALSE(DecodePane(baseline_, "").ok());
  EXPECT_FALSE(DecodePane(baseline_, EncodePane(Pane())).ok());
  EXPECT_FALSE(DecodePane(baseline_, EncodePane(Pane(baseline_)) + "x").ok());
  EXPECT_TRUE(DecodePane(baseline_, EncodePane(Pane(baseline_))).ok());
}

// Every type of column, with nulls, in ranges of rows that leave some out.
TEST(Slices, CountWhatTheirRowsCountAlone) {
  std::mt19937_64 random(11);
  constexpr uint32_t kRows = 2'000;
  const std::vector<std::string> names = {"a", "b", "c", "rare", "new"};
  std::discrete_distribution<uint32_t> choose({50, 30, 15, 1, 4});
  std::vector<std::string> city;
  std::vector<double> x;
  std::vector<float> y;
  std::vector<int64_t> n;
  std::vector<uint32_t> codes;
  const auto flags = std::make_unique<bool[]>(kRows);
  std::vector<uint8_t> valid(kRows / 8);
  for (uint32_t i = 0; i < kRows; ++i) {
    city.push_back(names[choose(random)]);
    x.push_back(static_cast<double>(random() % 1'000));
    y.push_back(static_cast<float>(random() % 100) / 7);
    n.push_back(static_cast<int64_t>(random() % 50));
    codes.push_back(choose(random));
    flags[i] = random() % 3 == 0;
    if (random() % 5 > 0) valid[i >> 3] |= static_cast<uint8_t>(1u << (i & 7));
  }
  ColumnView dictionary{"kind", {}, DictionaryView{{"p", "q", "r", "s", "t"}, codes}, valid};
  ColumnView flag{"flag", {}, absl::Span<const bool>(flags.get(), kRows), {}};
  ColumnView numbers = NumberColumn("x", x);
  numbers.validity = valid;
  const BatchView batch = MakeBatch(kRows, {numbers, TextColumn("city", city), NumberColumn("y", y),
                                            NumberColumn("n", n), dictionary, flag});
  const Baseline baseline = BuildBaseline({batch}).value();
  const Slicing slicing = MakeSlicing(baseline, {{"city", "kind", "nope"}}, 100);
  ASSERT_GE(slicing.slices.size(), 5u);
  EXPECT_GT(slicing.categories_left_out, 0u);

  const std::vector<std::pair<uint32_t, uint32_t>> ranges = {{3, 700}, {701, 1'990}};
  std::vector<Pane> panes(slicing.slices.size(), Pane(baseline));
  const PreparedBatch prepared(baseline, batch);
  CountSlices(baseline, slicing, prepared, ranges, [&](uint32_t slice) { return &panes[slice]; });
  for (size_t i = 0; i < slicing.slices.size(); ++i) {
    SCOPED_TRACE(slicing.slices[i].name);
    const bool of_city = absl::StartsWith(slicing.slices[i].name, "city=");
    Pane alone(baseline);
    for (const auto& [begin, end] : ranges) {
      for (uint32_t row = begin; row < end; ++row) {
        const bool is_null = !of_city && ((valid[row >> 3] >> (row & 7)) & 1) == 0;
        const std::string value = of_city
                                      ? absl::StrCat("city=", city[row])
                                      : absl::StrCat("kind=", std::string(1, "pqrst"[codes[row]]));
        if (is_null || value != slicing.slices[i].name) continue;
        prepared.Count(row, row + 1, &alone);
      }
    }
    EXPECT_GT(alone.rows, 0u);
    EXPECT_EQ(panes[i].rows, alone.rows);
    for (size_t v = 0; v < alone.variables.size(); ++v) {
      EXPECT_EQ(panes[i].variables[v].codes.ToVector(), alone.variables[v].codes.ToVector());
      EXPECT_EQ(panes[i].variables[v].nulls, alone.variables[v].nulls);
      EXPECT_EQ(panes[i].variables[v].moments.count(), alone.variables[v].moments.count());
    }
  }
}

}  // namespace
}  // namespace plumbline::profile
