// The profile room on real data: what the bins make of it, beside the exact figures.

#include <algorithm>
#include <cmath>
#include <map>
#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "server/profile/similarity.h"
#include "server/profile/statistics.h"
#include "server/stats/ks.h"
#include "server/stats/wasserstein.h"
#include "tests/data_reader.h"
#include "tests/profile/batch_maker.h"

namespace plumbline::profile {
namespace {

using ::plumbline::testing::Numbers;
using ::plumbline::testing::ReadCsv;
using ::plumbline::testing::Table;

// Training and live values of one numeric column, and what the profile says of them.
struct Comparison {
  VariableStatistics statistics;
  double exact_ks = 0;
  double exact_wasserstein = 0;
};

Comparison Compare(const std::vector<double>& trained, const std::vector<double>& live) {
  const auto baseline = BuildBaseline(
      {MakeBatch(static_cast<uint32_t>(trained.size()), {NumberColumn("x", trained)})});
  EXPECT_TRUE(baseline.ok()) << baseline.status();
  const Pane pane = CountBatch(
      *baseline, MakeBatch(static_cast<uint32_t>(live.size()), {NumberColumn("x", live)}));
  return {CompareToBaseline(baseline->variables[0], pane.variables[0]),
          stats::KsFromSamples(trained, live)->statistic,
          *stats::WassersteinFromSamples(trained, live)};
}

// Bins resolve a distribution function to the largest mass of a bin that is not an atom.
void ExpectCloseToExact(const Comparison& found, const std::string& name) {
  ASSERT_TRUE(found.statistics.ks.has_value()) << name;
  EXPECT_LE(*found.statistics.ks, found.exact_ks + 1e-12) << name;
  EXPECT_NEAR(*found.statistics.ks, found.exact_ks, *found.statistics.ks_resolution + 1e-12)
      << name;
  EXPECT_LT(*found.statistics.ks_resolution, 0.01) << name;
  // In-bin mass is spread evenly; the outermost bins are wide: 5% plus a hundredth of the spread.
  const double spread = *found.statistics.wasserstein_raw / *found.statistics.wasserstein;
  EXPECT_NEAR(*found.statistics.wasserstein_raw, found.exact_wasserstein,
              0.05 * found.exact_wasserstein + 0.01 * spread)
      << name;
}

TEST(RealData, CaliforniaHousingIsNearTheExactDistances) {
  const Table trained = ReadCsv("california_housing/reference.csv.gz");
  const Table live = ReadCsv("california_housing/analysis.csv.gz");
  for (const std::string name : {"MedInc", "HouseAge", "AveRooms", "AveBedrms", "Population",
                                 "AveOccup", "Latitude", "Longitude", "y_pred_proba"}) {
    ExpectCloseToExact(Compare(Numbers(trained.Column(name)), Numbers(live.Column(name))), name);
  }
}

TEST(RealData, CaliforniaHousingByMonthMeetsThePublishedMeans) {
  // NannyML publishes the mean over 20 months of the exact statistic of each month against the
  // whole reference; ours falls short by less than the mass of a bin.
  const std::string json = plumbline::testing::ReadTestData("oracles/california_housing.json");
  const auto published = [&](const std::string& name) {
    const size_t means = json.find("published_mean_over_20_chunks");
    const std::string key = "\"" + name + "\": ";
    return std::stod(json.substr(json.find(key, means) + key.size()));
  };
  const Table trained = ReadCsv("california_housing/reference.csv.gz");
  const Table live = ReadCsv("california_housing/analysis.csv.gz");
  for (const std::string name : {"id", "Longitude", "Latitude", "HouseAge", "MedInc", "AveOccup",
                                 "AveRooms", "AveBedrms", "Population"}) {
    const std::vector<double> all = Numbers(trained.Column(name));
    const auto baseline =
        BuildBaseline({MakeBatch(static_cast<uint32_t>(all.size()), {NumberColumn("x", all)})});
    ASSERT_TRUE(baseline.ok());
    std::map<std::string, std::vector<double>> months;
    for (const Table* table : {&trained, &live}) {
      const std::vector<double> values = Numbers(table->Column(name));
      for (size_t row = 0; row < values.size(); ++row) {
        months[table->Column("timestamp")[row].substr(0, 7)].push_back(values[row]);
      }
    }
    ASSERT_EQ(months.size(), 20u);
    double mean = 0;
    for (const auto& [month, values] : months) {
      const Pane pane = CountBatch(
          *baseline, MakeBatch(static_cast<uint32_t>(values.size()), {NumberColumn("x", values)}));
      mean += *CompareToBaseline(baseline->variables[0], pane.variables[0]).ks / 20;
    }
    EXPECT_NEAR(mean, published(name), 0.01) << name;
  }
}

TEST(RealData, AdultHalvesDoNotDifferInNumbersEither) {
  const Table table = ReadCsv("adult/adults.csv.gz");
  constexpr size_t kTrained = 32'561;
  for (const std::string name :
       {"age", "fnlwgt", "education-num", "capital-gain", "capital-loss", "hours-per-week"}) {
    const std::vector<double> all = Numbers(table.Column(name));
    const Comparison found =
        Compare({all.begin(), all.begin() + kTrained}, {all.begin() + kTrained, all.end()});
    EXPECT_LT(*found.statistics.psi, 0.05) << name;
    EXPECT_NEAR(*found.statistics.ks, found.exact_ks, *found.statistics.ks_resolution) << name;
  }
}

TEST(RealData, BikeSharingJanuaryAgainstJulyMovesInTemperature) {
  const Table table = ReadCsv("bike_sharing/hour.csv.gz");
  const auto month = [&](const std::string& column, const std::string& prefix) {
    std::vector<std::string> fields;
    for (size_t row = 0; row < table.rows(); ++row) {
      if (table.Column("dteday")[row].starts_with(prefix)) {
        fields.push_back(table.Column(column)[row]);
      }
    }
    return Numbers(fields);
  };
  const Comparison temp = Compare(month("temp", "2011-01"), month("temp", "2011-07"));
  EXPECT_DOUBLE_EQ(*temp.statistics.ks, 1.0);
  EXPECT_GT(*temp.statistics.psi_corrected, 1.0);
  const Comparison hour = Compare(month("hr", "2011-01"), month("hr", "2011-07"));
  EXPECT_NEAR(*hour.statistics.ks, hour.exact_ks, 1e-12);
  EXPECT_LT(*hour.statistics.psi_corrected, 0.01);
}

TEST(RealData, Row6aTheBestSubstituteOfAVariableIsNamed) {
  const Table table = ReadCsv("bike_sharing/hour.csv.gz");
  const std::vector<std::string> numeric = {"atemp", "hr", "hum", "temp", "windspeed", "cnt"};
  std::vector<std::vector<double>> numbers;
  for (const std::string& name : numeric) numbers.push_back(Numbers(table.Column(name)));
  const std::vector<std::string>& season = table.Column("season");
  std::vector<ColumnView> columns = {TextColumn("season", season)};
  for (size_t i = 0; i < numeric.size(); ++i)
    columns.push_back(NumberColumn(numeric[i], numbers[i]));
  const auto baseline = BuildBaseline({MakeBatch(static_cast<uint32_t>(table.rows()), columns)});
  ASSERT_TRUE(baseline.ok()) << baseline.status();
  const auto similar = MostSimilar(*baseline, *baseline->schema.Find("atemp"), 3);
  ASSERT_EQ(similar.size(), 3u);
  EXPECT_EQ(baseline->variables[similar[0].variable].variable.name, "temp");
  EXPECT_EQ(similar[0].association, Association::kSpearman);
  EXPECT_GT(similar[0].value, 0.95);
  EXPECT_EQ(baseline->variables[similar[1].variable].variable.name, "season");
  EXPECT_EQ(similar[1].association, Association::kCorrelationRatio);
}

TEST(RealData, AdultHalvesDoNotDiffer) {
  const Table table = ReadCsv("adult/adults.csv.gz");
  constexpr size_t kTrained = 32'561;
  for (const std::string& name : table.names) {
    const std::vector<std::string>& column = table.Column(name);
    const std::vector<std::string> trained(column.begin(), column.begin() + kTrained);
    const std::vector<std::string> live(column.begin() + kTrained, column.end());
    const auto baseline = BuildBaseline({MakeBatch(kTrained, {TextColumn("x", trained)})});
    ASSERT_TRUE(baseline.ok()) << baseline.status();
    const Pane pane = CountBatch(
        *baseline, MakeBatch(static_cast<uint32_t>(live.size()), {TextColumn("x", live)}));
    const auto statistics = CompareToBaseline(baseline->variables[0], pane.variables[0]);
    EXPECT_LT(*statistics.psi_corrected, 0.01) << name;
    if (name == "native-country") {
      EXPECT_EQ(pane.variables[0].codes.back(), 1u);
    }
  }
}

TEST(RealData, AConstantThatComesAliveDividesByNothing) {
  const std::vector<double> trained(2'000, 0.003467);
  std::vector<double> live;
  for (int i = 0; i < 500; ++i) live.push_back(0.003467 - 1e-5 * (i % 50));
  const Comparison found = Compare(trained, live);
  EXPECT_FALSE(found.statistics.psi.has_value());
  EXPECT_FALSE(found.statistics.wasserstein.has_value());
  EXPECT_NEAR(*found.statistics.ks, found.exact_ks, 1e-12);
  EXPECT_NEAR(*found.statistics.wasserstein_raw, found.exact_wasserstein,
              1e-9 * found.exact_wasserstein);
}

}  // namespace
}  // namespace plumbline::profile
