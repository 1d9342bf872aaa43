#include "server/profile/baseline_builder.h"

#include <algorithm>
#include <cmath>
#include <random>
#include <utility>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "server/profile/pane.h"
#include "server/profile/statistics.h"
#include "tests/profile/batch_maker.h"

namespace plumbline::profile {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

TEST(BaselineBuilder, CountsExactlyWhateverTheBatches) {
  std::mt19937_64 random(5);
  std::lognormal_distribution<double> heavy(0, 2);
  std::vector<double> all;
  for (int i = 0; i < 50'000; ++i) all.push_back(heavy(random));
  std::vector<std::vector<double>> parts;
  for (size_t begin = 0; begin < all.size(); begin += 777) {
    parts.emplace_back(
        all.begin() + static_cast<std::ptrdiff_t>(begin),
        all.begin() + static_cast<std::ptrdiff_t>(std::min(all.size(), begin + 777)));
  }
  std::vector<BatchView> batches;
  for (const auto& part : parts) {
    batches.push_back(MakeBatch(static_cast<uint32_t>(part.size()), {NumberColumn("x", part)}));
  }
  const auto baseline = BuildBaseline(batches);
  ASSERT_TRUE(baseline.ok()) << baseline.status();
  const VariableBaseline& x = baseline->variables[0];
  EXPECT_EQ(x.counts.Coded(), all.size());
  EXPECT_EQ(x.counts.codes.front() + x.counts.codes.back(), 0u);
  EXPECT_GE(x.bins.size(), 235u);
  for (size_t bin = 1; bin + 1 < x.counts.codes.size(); ++bin) {
    // No bin is heavier than an equal share of the body, 1/224 or 223 rows, within the sketch's
    // error.
    EXPECT_LT(x.counts.codes[bin], 340u) << bin;
  }
  EXPECT_EQ(x.grouping.groups, 10u);
  // The chunks hold every row once.
  Pane sum(*baseline);
  for (const BaselineChunk& chunk : baseline->chunks) {
    const auto pane = DecodePane(*baseline, chunk.pane);
    ASSERT_TRUE(pane.ok());
    sum.Merge(*pane);
  }
  EXPECT_EQ(sum.variables[0].codes, x.counts.codes);
  EXPECT_EQ(baseline->chunks.size(), 64u);
  EXPECT_EQ(baseline->sample.rows, 10'000u);
  EXPECT_EQ(baseline->sample.numeric[0].size(), 10'000u);
}

TEST(BaselineBuilder, GivesMostlyZerosAnAtom) {
  std::mt19937_64 random(5);
  std::uniform_real_distribution<double> uniform(1, 2);
  std::vector<double> x;
  for (int i = 0; i < 10'000; ++i) x.push_back(i % 5 < 3 ? 0 : uniform(random));
  const auto baseline = BuildBaseline({MakeBatch(10'000, {NumberColumn("x", x)})});
  ASSERT_TRUE(baseline.ok());
  const VariableBaseline& variable = baseline->variables[0];
  ASSERT_TRUE(variable.bins.is_atom(0));
  EXPECT_EQ(variable.counts.codes[1], 6000u);
  EXPECT_GT(variable.bins.size(), 80u);
  EXPECT_GE(variable.grouping.groups, 4u);
}

TEST(BaselineBuilder, KnowsAConstant) {
  const std::vector<double> x(500, 0.422915);
  const auto baseline = BuildBaseline({MakeBatch(500, {NumberColumn("x", x)})});
  ASSERT_TRUE(baseline.ok());
  EXPECT_TRUE(baseline->variables[0].is_constant());
  EXPECT_EQ(baseline->variables[0].bins.size(), 1u);
  EXPECT_EQ(baseline->variables[0].distinct, 1);
}

TEST(BaselineBuilder, TakesAColumnWithoutAnyNumber) {
  const std::vector<double> x(100, NAN);
  const auto baseline = BuildBaseline({MakeBatch(100, {NumberColumn("x", x)})});
  ASSERT_TRUE(baseline.ok());
  EXPECT_EQ(baseline->variables[0].counts.nans, 100u);
  EXPECT_EQ(baseline->variables[0].bins.size(), 0u);
  EXPECT_FALSE(baseline->variables[0].is_constant());
  const std::vector<double> live = {1, 2};
  const Pane pane = CountBatch(*baseline, MakeBatch(2, {NumberColumn("x", live)}));
  EXPECT_FALSE(CompareToBaseline(baseline->variables[0], pane.variables[0]).psi.has_value());
}

TEST(BaselineBuilder, NeverCallsARareCategoryUnseen) {
  std::vector<std::string> values;
  for (int i = 0; i < 200'000; ++i) {
    values.push_back(i % 2 == 0 ? "common" : absl::StrCat("rare", i));
  }
  const auto baseline = BuildBaseline({MakeBatch(200'000, {TextColumn("k", values)})});
  ASSERT_TRUE(baseline.ok()) << baseline.status();
  const VariableBaseline& k = baseline->variables[0];
  EXPECT_LE(k.categories.size(), kMaxKeptCategories);
  EXPECT_EQ(k.categories.names()[0], "common");
  EXPECT_EQ(k.counts.codes[0], 100'000u);
  EXPECT_NEAR(k.distinct, 100'001, 2'000);
  EXPECT_NEAR(static_cast<double>(k.singletons), 100'000, 2'000);
  for (const std::string& value : values) {
    ASSERT_NE(k.categories.Code(value), k.categories.unseen_code()) << value;
  }
  int unseen = 0;
  for (int i = 0; i < 1000; ++i) {
    unseen += k.categories.Code(absl::StrCat("new", i)) == k.categories.unseen_code() ? 1 : 0;
  }
  EXPECT_GT(unseen, 980);
}

TEST(BaselineBuilder, KeepsCategoriesByCountAndTheirGaps) {
  const std::vector<std::string> k = {"b", "a", "a", "c", "a", "b"};
  BatchView batch = MakeBatch(6, {TextColumn("k", k)});
  const std::vector<int64_t> times = {0, 10, 20, 30, 100, 110};
  batch.row_event_micros = times;
  const auto baseline = BuildBaseline({batch});
  ASSERT_TRUE(baseline.ok());
  const VariableBaseline& variable = baseline->variables[0];
  EXPECT_THAT(variable.categories.names(), ElementsAre("a", "b", "c"));
  EXPECT_EQ(variable.singletons, 1u);
  EXPECT_THAT(variable.longest_category_gap_rows, ElementsAre(1, 4, 3));
  EXPECT_THAT(variable.longest_category_gap_micros, ElementsAre(80, 110, 80));
  EXPECT_EQ(absl::ToUnixMicros(*baseline->data_end), 110);
}

TEST(BaselineBuilder, HintsDecideKindAndRole) {
  const std::vector<int64_t> season = {1, 2, 1, 1};
  const auto baseline = BuildBaseline({MakeBatch(4, {NumberColumn("season", season)})},
                                      {{"season", Role::kPrediction, Kind::kCategorical}});
  ASSERT_TRUE(baseline.ok());
  EXPECT_EQ(baseline->variables[0].variable.role, Role::kPrediction);
  EXPECT_THAT(baseline->variables[0].categories.names(), ElementsAre("1", "2"));
}

TEST(BaselineBuilder, RefusesWhatDoesNotFit) {
  const std::vector<double> x = {1, 2};
  const std::vector<std::string> text = {"a", "b"};
  EXPECT_THAT(
      BuildBaseline({MakeBatch(2, {TextColumn("x", text)})}, {{"x", std::nullopt, Kind::kNumeric}})
          .status()
          .message(),
      HasSubstr("\"x\" is said to be numeric"));
  EXPECT_THAT(
      BuildBaseline({MakeBatch(2, {NumberColumn("x", x)})}, {{"y", {}, {}}}).status().message(),
      HasSubstr("\"y\" is described"));
  EXPECT_THAT(
      BuildBaseline({MakeBatch(2, {NumberColumn("x", x)}), MakeBatch(2, {TextColumn("x", text)})})
          .status()
          .message(),
      HasSubstr("of type string"));
  EXPECT_FALSE(BuildBaseline({}).ok());
  const std::vector<std::string> longest = {std::string(2000, 'x'), "b"};
  EXPECT_THAT(BuildBaseline({MakeBatch(2, {TextColumn("x", longest)})}).status().message(),
              HasSubstr("2000 bytes"));
}

TEST(BaselineBuilder, HoldsAMillionDistinctCategoriesInBoundedMemory) {
  // 500 categories that occur 200 times each, shuffled among 900,000 that occur once.
  constexpr int kBatches = 20;
  constexpr int kRows = 50'000;
  const auto row = [](int batch, int i) {
    return i % 10 == 0 ? absl::StrCat("often", i / 10 % 500)
                       : absl::StrCat("once", batch * kRows + i);
  };
  std::vector<std::vector<std::string>> values(kBatches);
  std::vector<BatchView> batches;
  for (int batch = 0; batch < kBatches; ++batch) {
    for (int i = 0; i < kRows; ++i) values[batch].push_back(row(batch, i));
    batches.push_back(MakeBatch(kRows, {TextColumn("k", values[batch])}));
  }
  const auto baseline = BuildBaseline(batches);
  ASSERT_TRUE(baseline.ok()) << baseline.status();
  const VariableBaseline& k = baseline->variables[0];
  ASSERT_EQ(k.categories.size(), kMaxKeptCategories);
  for (size_t code = 0; code < 500; ++code) {
    EXPECT_EQ(k.counts.codes[code], 200u);
    EXPECT_EQ(k.categories.names()[code].substr(0, 5), "often");
  }
  EXPECT_EQ(k.counts.Coded(), static_cast<uint64_t>(kBatches) * kRows);
  EXPECT_LE(k.categories.rest().bit_bytes(), 1u << 20);
  // Distinct sampling at 65,536: relative standard error 0.4% to 0.6%; five of them.
  EXPECT_NEAR(k.distinct, 900'500, 0.03 * 900'500);
  EXPECT_NEAR(static_cast<double>(k.singletons), 900'000, 0.03 * 900'000);
  int unseen_of_training = 0;
  for (const auto& part : values) {
    for (const std::string& value : part) {
      unseen_of_training += k.categories.Code(value) == k.categories.unseen_code() ? 1 : 0;
    }
  }
  EXPECT_EQ(unseen_of_training, 0);
  int unseen = 0;
  for (int i = 0; i < 10'000; ++i) {
    unseen += k.categories.Code(absl::StrCat("new", i)) == k.categories.unseen_code() ? 1 : 0;
  }
  // 9.3 bits a category: about 1.2% are taken for rare.
  EXPECT_GT(unseen, 9'700);
  size_t chunk_bytes = 0;
  for (const BaselineChunk& chunk : baseline->chunks) chunk_bytes += chunk.pane.size();
  EXPECT_LE(chunk_bytes, 8u << 20);
}

TEST(BaselineBuilder, KeepsNoMoreCategoriesThanItIsToldTo) {
  const std::vector<std::string> values = {"a", "b", "b", "c", "c", "c"};
  const auto baseline =
      BuildBaseline({MakeBatch(6, {TextColumn("k", values)})}, {}, {.max_categories = 2});
  ASSERT_TRUE(baseline.ok()) << baseline.status();
  const CategoryTable& kept = baseline->variables[0].categories;
  EXPECT_THAT(kept.names(), ElementsAre("c", "b"));
  EXPECT_EQ(kept.Code("a"), kept.rare_code());
}

TEST(BaselineBuilder, KeepsTheThousandMostFrequentByExactCount) {
  // Value i of the first 1,100 occurs 300 + i times, in no order; 70,000 others occur once.
  std::vector<std::string> values;
  for (int i = 0; i < 1'100; ++i) {
    for (int n = 0; n < 300 + i; ++n) values.push_back(absl::StrCat("v", i));
  }
  for (int i = 0; i < 70'000; ++i) values.push_back(absl::StrCat("once", i));
  std::shuffle(values.begin(), values.end(), std::mt19937_64(3));
  const auto baseline =
      BuildBaseline({MakeBatch(static_cast<uint32_t>(values.size()), {TextColumn("k", values)})});
  ASSERT_TRUE(baseline.ok());
  const VariableBaseline& k = baseline->variables[0];
  ASSERT_EQ(k.categories.size(), kMaxKeptCategories);
  for (size_t code = 0; code < kMaxKeptCategories; ++code) {
    EXPECT_EQ(k.categories.names()[code], absl::StrCat("v", 1'099 - code));
    EXPECT_EQ(k.counts.codes[code], 1'399 - code);
  }
  EXPECT_EQ(k.categories.Code("v99"), k.categories.rare_code());
  // The chunks speak of the same codes.
  Pane sum(*baseline);
  for (const BaselineChunk& chunk : baseline->chunks) {
    const auto pane = DecodePane(*baseline, chunk.pane);
    ASSERT_TRUE(pane.ok()) << pane.status();
    sum.Merge(*pane);
  }
  EXPECT_EQ(sum.variables[0].codes, k.counts.codes);
}

TEST(BaselineBuilder, GivesFewIntegersAtomsAndExactQuantiles) {
  std::vector<int64_t> x;
  for (int i = 0; i < 1'000'000; ++i) x.push_back(i % 10);
  const auto baseline = BuildBaseline({MakeBatch(1'000'000, {NumberColumn("x", x)})});
  ASSERT_TRUE(baseline.ok());
  const VariableBaseline& variable = baseline->variables[0];
  EXPECT_EQ(variable.distinct, 10);
  EXPECT_EQ(variable.bins.size(), 19u);  // and what lies between
  for (int value = 0; value < 10; ++value) {
    const uint32_t code = variable.bins.Code(static_cast<double>(value));
    EXPECT_TRUE(variable.bins.is_atom(code - 1));
    EXPECT_EQ(variable.counts.codes[code], 100'000u);
  }
  EXPECT_EQ(variable.grouping.groups, 10u);
  EXPECT_THAT(variable.quantiles, ElementsAre(0, 0, 0, 0, 2, 4, 7, 8, 9, 9, 9));
}

TEST(BaselineBuilder, IsTheSameHoweverTheRowsAreCut) {
  std::mt19937_64 random(5);
  std::cauchy_distribution<double> heavy(0, 1);
  std::vector<double> x;
  std::vector<std::string> k;
  for (int i = 0; i < 20'000; ++i) {
    x.push_back(heavy(random));
    k.push_back(absl::StrCat(random() % 3000));
  }
  const auto cut = [&](size_t size) {
    std::vector<BatchView> batches;
    std::vector<std::vector<double>> xs;
    std::vector<std::vector<std::string>> ks;
    for (size_t begin = 0; begin < x.size(); begin += size) {
      const size_t end = std::min(x.size(), begin + size);
      xs.emplace_back(&x[begin], &x[begin] + (end - begin));
      ks.emplace_back(&k[begin], &k[begin] + (end - begin));
    }
    for (size_t i = 0; i < xs.size(); ++i) {
      batches.push_back(MakeBatch(static_cast<uint32_t>(xs[i].size()),
                                  {NumberColumn("x", xs[i]), TextColumn("k", ks[i])}));
    }
    return *BuildBaseline(batches);
  };
  const Baseline whole = cut(20'000);
  const Baseline parts = cut(313);
  EXPECT_TRUE(whole.variables[0].bins.edges() == parts.variables[0].bins.edges());
  EXPECT_EQ(whole.variables[0].quantiles, parts.variables[0].quantiles);
  EXPECT_EQ(whole.variables[1].categories.names(), parts.variables[1].categories.names());
  EXPECT_EQ(whole.variables[1].longest_category_gap_rows,
            parts.variables[1].longest_category_gap_rows);
  EXPECT_EQ(whole.sample.numeric, parts.sample.numeric);
  EXPECT_EQ(whole.sample.categorical, parts.sample.categorical);
  ASSERT_EQ(whole.chunks.size(), parts.chunks.size());
  for (size_t i = 0; i < whole.chunks.size(); ++i) {
    const absl::StatusOr<Pane> one = DecodePane(whole, whole.chunks[i].pane);
    const absl::StatusOr<Pane> other = DecodePane(parts, parts.chunks[i].pane);
    ASSERT_TRUE(one.ok() && other.ok());
    EXPECT_EQ(one->rows, other->rows);
    for (size_t v = 0; v < 2; ++v) {
      EXPECT_EQ(one->variables[v].codes, other->variables[v].codes);
    }
    const stats::Moments& moments = one->variables[0].moments;
    EXPECT_DOUBLE_EQ(moments.Sum(), other->variables[0].moments.Sum());
    EXPECT_NEAR(moments.Variance() / other->variables[0].moments.Variance(), 1, 1e-13);
    EXPECT_EQ(moments.Max(), other->variables[0].moments.Max());
  }
}

TEST(BaselineBuilder, TakesADictionaryForTheStringsItStandsFor) {
  const std::vector<std::string> text = {"b", "a", "b", "", "b"};
  const std::vector<uint32_t> indices = {2, 1, 2, 3, 2};
  ColumnView dictionary;
  dictionary.name = "k";
  dictionary.values = DictionaryView{{"never used", "a", "b", ""}, indices};
  const auto plain = BuildBaseline({MakeBatch(5, {TextColumn("k", text)})});
  const auto coded = BuildBaseline({MakeBatch(5, {dictionary})});
  ASSERT_TRUE(plain.ok() && coded.ok());
  EXPECT_EQ(plain->variables[0].categories.names(), coded->variables[0].categories.names());
  EXPECT_EQ(plain->variables[0].counts.codes, coded->variables[0].counts.codes);
  EXPECT_THAT(coded->variables[0].categories.names(), ElementsAre("b", "", "a"));
  EXPECT_EQ(coded->variables[0].categories.Code("never used"),
            coded->variables[0].categories.unseen_code());
}

TEST(BaselineBuilder, CountsAnArrivalGapOverNullAndNan) {
  const std::vector<double> x = {1, NAN, 0, 2, 3};
  const std::vector<uint8_t> valid = {0b11011};
  ColumnView column = NumberColumn("x", x);
  column.validity = valid;
  const auto baseline = BuildBaseline({MakeBatch(5, {column})});
  ASSERT_TRUE(baseline.ok());
  EXPECT_EQ(baseline->variables[0].longest_gap_rows, 2u);
  EXPECT_EQ(baseline->variables[0].longest_gap_micros, 0);
  EXPECT_FALSE(baseline->data_start.has_value());
}

TEST(BaselineBuilder, HasTimesOnlyIfEveryRowHas) {
  const std::vector<double> x = {1, 2};
  BatchView timed = MakeBatch(2, {NumberColumn("x", x)});
  timed.event_micros = 77;
  const BatchView untimed = MakeBatch(2, {NumberColumn("x", x)});
  const auto all = BuildBaseline({timed, timed});
  ASSERT_TRUE(all.ok());
  EXPECT_EQ(absl::ToUnixMicros(*all->data_start), 77);
  const auto some = BuildBaseline({timed, untimed});
  ASSERT_TRUE(some.ok());
  EXPECT_FALSE(some->data_start.has_value());
  EXPECT_FALSE(some->chunks[0].start.has_value());
}

TEST(BaselineBuilder, KnowsWhetherRowsCameInTheOrderOfTheirTimes) {
  const std::vector<double> x = {1, 2, 3};
  BatchView batch = MakeBatch(3, {NumberColumn("x", x)});
  const auto in_order = [&](const std::vector<int64_t>& times) {
    batch.row_event_micros = times;
    BaselineBuilder builder({});
    EXPECT_TRUE(builder.Sketch(batch).ok() && builder.FinishSketch().ok());
    EXPECT_TRUE(builder.Count(batch).ok());
    return std::make_pair(builder.InTimeOrder(), builder.Finish()->in_time_order);
  };
  EXPECT_EQ(in_order({1, 1, 2}), std::make_pair(true, true));
  EXPECT_EQ(in_order({1, 3, 2}), std::make_pair(false, false));
  // Neither times that do not differ nor none tell an order; nothing is to be put in another.
  EXPECT_EQ(in_order({7, 7, 7}), std::make_pair(true, false));
  EXPECT_EQ(in_order({}), std::make_pair(true, false));
}

TEST(BaselineBuilder, RefusesASecondPassOverOtherRows) {
  const std::vector<double> x = {1, 2, 3};
  const std::vector<double> other = {1, 2, 9};
  const std::vector<double> missing = {1, NAN, 3};
  const std::vector<double> fewer = {1, 2};
  const std::vector<std::string> text = {"1", "2", "3"};
  const auto second = [&](const BatchView& batch) {
    BaselineBuilder builder({});
    EXPECT_TRUE(builder.Sketch(MakeBatch(3, {NumberColumn("x", x)})).ok());
    EXPECT_TRUE(builder.FinishSketch().ok());
    if (absl::Status counted = builder.Count(batch); !counted.ok()) return counted;
    return builder.Finish().status();
  };
  EXPECT_TRUE(second(MakeBatch(3, {NumberColumn("x", x)})).ok());
  for (const BatchView& batch :
       {MakeBatch(3, {NumberColumn("x", other)}), MakeBatch(3, {NumberColumn("x", missing)}),
        MakeBatch(2, {NumberColumn("x", fewer)}), MakeBatch(3, {TextColumn("x", text)}),
        MakeBatch(3, {NumberColumn("y", x)}), MakeBatch(3, {})}) {
    EXPECT_EQ(second(batch).code(), absl::StatusCode::kFailedPrecondition);
  }
  BaselineBuilder early({});
  EXPECT_FALSE(early.Count(MakeBatch(3, {NumberColumn("x", x)})).ok());
  EXPECT_FALSE(early.Finish().ok());
}

TEST(BaselineBuilder, RefusesFloatingPointCategories) {
  const std::vector<double> x = {1, 2};
  EXPECT_THAT(BuildBaseline({MakeBatch(2, {NumberColumn("x", x)})},
                            {{"x", std::nullopt, Kind::kCategorical}})
                  .status()
                  .message(),
              HasSubstr("\"x\" is said to be categorical"));
}

}  // namespace
}  // namespace plumbline::profile
