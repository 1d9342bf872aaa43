// Every figure of tests/data/oracles/slices.json (numpy and scipy on real data), met by our own
// functions with that file's conventions as parameters.

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "server/stats/chi_square.h"
#include "server/stats/divergences.h"
#include "server/stats/ks.h"
#include "server/stats/moments.h"
#include "server/stats/psi.h"
#include "server/stats/wasserstein.h"
#include "tests/data_reader.h"
#include "tests/stats/numpy_histograms.h"

namespace plumbline::stats {
namespace {

using ::nlohmann::json;
using ::plumbline::testing::Numbers;
using ::plumbline::testing::ReadCsv;
using ::plumbline::testing::ReadTestData;
using ::plumbline::testing::Table;

// The file's PSI gives empty cells this probability, and leaves the others as they are.
constexpr double kEmptyShare = 1e-4;

using RowFilter = std::function<bool(const Table&, size_t)>;

struct Slice {
  std::string file;
  RowFilter reference;
  RowFilter live;
};

RowFilter RowRange(size_t first, size_t last) {
  return [=](const Table&, size_t row) { return row >= first && row <= last; };
}

RowFilter DatePrefix(const std::string& prefix) {
  return [=](const Table& table, size_t row) {
    return table.Column("dteday")[row].rfind(prefix, 0) == 0;
  };
}

RowFilter EducationIn(bool in) {
  return [=](const Table& table, size_t row) {
    static const std::set<std::string> kLive = {"Some-college", "HS-grad", "Bachelors"};
    return (kLive.count(table.Column("education")[row]) > 0) == in;
  };
}

// The reduced elec2 file leaves out rows 17424..17759: live rows follow the reference at once.
const std::map<std::string, Slice>& KnownSlices() {
  static const auto& slices = *new std::map<std::string, Slice>{
      {"elec2_before_after_vic",
       {"elec2/elec_reduced.csv.gz", RowRange(0, 17423), RowRange(17424, 34943)}},
      {"elec2_same_year_weeks_control",
       {"elec2/elec_reduced.csv.gz", RowRange(0, 8735), RowRange(8736, 17423)}},
      {"bike_jan_vs_jul_2011",
       {"bike_sharing/hour.csv.gz", DatePrefix("2011-01"), DatePrefix("2011-07")}},
      {"bike_jul2011_vs_jul2012",
       {"bike_sharing/hour.csv.gz", DatePrefix("2011-07"), DatePrefix("2012-07")}},
      {"bike_2011_vs_2012", {"bike_sharing/hour.csv.gz", DatePrefix("2011"), DatePrefix("2012")}},
      {"adult_education_slice", {"adult/adults.csv.gz", EducationIn(false), EducationIn(true)}},
      {"adult_control_halves", {"adult/adults.csv.gz", RowRange(0, 32560), RowRange(32561, 48841)}},
  };
  return slices;
}

const json& Oracles() {
  static const json& oracles = *new json(json::parse(ReadTestData("oracles/slices.json")));
  return oracles;
}

std::vector<std::string> Names() {
  std::vector<std::string> names;
  for (const auto& [name, slice] : Oracles().items()) names.push_back(name);
  return names;
}

const Table& CachedTable(const std::string& file) {
  static auto& tables = *new std::map<std::string, Table>;
  const auto found = tables.find(file);
  return found != tables.end() ? found->second : tables.emplace(file, ReadCsv(file)).first->second;
}

std::vector<std::string> Select(const Table& table, const std::string& column,
                                const RowFilter& filter) {
  std::vector<std::string> fields;
  const std::vector<std::string>& all = table.Column(column);
  for (size_t row = 0; row < all.size(); ++row) {
    if (filter(table, row)) fields.push_back(all[row]);
  }
  return fields;
}

// Relative, with an absolute part for values that are 0 up to rounding; 0 stands for an underflow.
void ExpectClose(double value, const json& expected, double relative, const std::string& what) {
  const double want = expected.get<double>();
  EXPECT_NEAR(value, want, std::max(relative * std::abs(want), 1e-12)) << what;
}

// A p-value by its logarithm.
void ExpectPValue(double value, const json& expected, double relative, const std::string& what) {
  const double want = expected.get<double>();
  if (want == 0) {
    EXPECT_LT(value, 1e-200) << what;
  } else {
    EXPECT_NEAR(value / want, 1, relative) << what;
  }
}

// Counts of both sides over the sorted union of their categories.
struct Categories {
  std::vector<std::string> names;
  std::vector<uint64_t> reference;
  std::vector<uint64_t> live;
};

Categories CountCategories(const std::vector<std::string>& reference,
                           const std::vector<std::string>& live) {
  std::map<std::string, std::pair<uint64_t, uint64_t>> counts;
  for (const std::string& name : reference) counts[name].first += name.empty() ? 0 : 1;
  for (const std::string& name : live) counts[name].second += name.empty() ? 0 : 1;
  counts.erase("");  // missing
  Categories result;
  for (const auto& [name, count] : counts) {
    result.names.push_back(name);
    result.reference.push_back(count.first);
    result.live.push_back(count.second);
  }
  return result;
}

std::vector<double> Shares(const std::vector<uint64_t>& counts) {
  double total = 0;
  for (const uint64_t count : counts) total += static_cast<double>(count);
  std::vector<double> shares;
  for (const uint64_t count : counts) shares.push_back(static_cast<double>(count) / total);
  return shares;
}

double PsiOfShares(std::vector<double> p, std::vector<double> q) {
  for (std::vector<double>* shares : {&p, &q}) {
    std::replace(shares->begin(), shares->end(), 0.0, kEmptyShare);
  }
  return PsiFromProbabilities(p, q, 0).value();
}

void CheckCategorical(const Categories& counts, const json& expected) {
  const auto& p = counts.reference;
  const auto& q = counts.live;
  const std::vector<double> p_shares = Shares(p);
  const std::vector<double> q_shares = Shares(q);
  const LInfinityResult l_infinity = LInfinity(p, q).value();
  ExpectClose(l_infinity.value, expected["l_infinity"], 1e-12, "l_infinity");
  // Ties up to rounding are named differently: the named cell must attain it.
  for (size_t i = 0; i < counts.names.size(); ++i) {
    if (counts.names[i] != expected["l_infinity_at"]) continue;
    EXPECT_NEAR(std::abs(p_shares[i] - q_shares[i]), l_infinity.value, 1e-15);
  }
  ExpectClose(TotalVariation(p, q).value(), expected["tvd"], 1e-11, "tvd");
  ExpectClose(JsDistance(p, q).value(), expected["js_distance_log2"], 1e-10, "js_distance");
  ExpectClose(Hellinger(p, q).value(), expected["hellinger"], 1e-10, "hellinger");
  ExpectClose(PsiOfShares(p_shares, q_shares), expected["psi_floor_1e_4"], 1e-10, "psi");
  const ChiSquareResult chi_square =
      ChiSquareHomogeneity(p, q, {.min_expected = 0, .yates_correction = true}).value();
  ExpectClose(chi_square.statistic, expected["chi2_contingency"], 1e-10, "chi_square");
  EXPECT_EQ(chi_square.degrees_of_freedom, expected["chi2_df"].get<uint64_t>());
  ExpectPValue(chi_square.p_value, expected["chi2_p"], 1e-9, "chi_square p");

  std::vector<std::string> unseen;
  std::vector<std::string> gone;
  for (size_t i = 0; i < counts.names.size(); ++i) {
    if (p[i] == 0) unseen.push_back(counts.names[i]);
    if (q[i] == 0) gone.push_back(counts.names[i]);
  }
  EXPECT_EQ(unseen, expected["unseen_in_live"].get<std::vector<std::string>>());
  EXPECT_EQ(gone, expected["gone_in_live"].get<std::vector<std::string>>());
}

void CheckDeciles(const std::vector<double>& reference, const std::vector<double>& live,
                  const json& expected) {
  std::vector<double> edges;
  for (int decile = 0; decile <= 10; ++decile) {
    const double edge = NumpyQuantile(reference, decile / 10.0);
    if (edges.empty() || edge > edges.back()) edges.push_back(edge);
  }
  ASSERT_EQ(edges.size(), expected["decile_edges"].size());
  for (size_t i = 0; i < edges.size(); ++i) {
    ExpectClose(edges[i], expected["decile_edges"][i], 1e-12, "decile edge");
  }
  if (expected["psi_ref_deciles_floor_1e_4"].is_null()) {
    EXPECT_LT(edges.size(), 4u) << "too few bins for a score";
    return;
  }
  edges = expected["decile_edges"].get<std::vector<double>>();
  edges.front() = -std::numeric_limits<double>::infinity();
  edges.back() = std::numeric_limits<double>::infinity();
  const double psi =
      PsiOfShares(Shares(NumpyHistogram(reference, edges)), Shares(NumpyHistogram(live, edges)));
  ExpectClose(psi, expected["psi_ref_deciles_floor_1e_4"], 1e-9, "psi over deciles");
}

void CheckNumeric(const std::vector<double>& reference, const std::vector<double>& live,
                  const json& expected) {
  Moments reference_moments(reference[0]);
  Moments live_moments(live[0]);
  reference_moments.AddAll(reference);
  live_moments.AddAll(live);
  ExpectClose(reference_moments.Mean(), expected["mean_ref"], 1e-12, "mean_ref");
  ExpectClose(live_moments.Mean(), expected["mean_live"], 1e-12, "mean_live");
  ExpectClose(reference_moments.StandardDeviation(), expected["std_ref"], 1e-12, "std_ref");

  const KsResult ks = KsFromSamples(reference, live).value();
  ExpectClose(ks.statistic, expected["ks"], 1e-12, "ks");
  // scipy's "asymptotic" two-sample p-value: the finite law at round(n_eff).
  const double n = static_cast<double>(reference.size());
  const double m = static_cast<double>(live.size());
  ExpectPValue(KolmogorovFinitePValue(std::nearbyint(n / (n + m) * m), ks.statistic),
               expected["ks_p_asymptotic"], 1e-5, "ks p");

  const double wasserstein = WassersteinFromSamples(reference, live).value();
  ExpectClose(wasserstein, expected["wasserstein"], 1e-10, "wasserstein");
  if (expected["wasserstein_over_ref_std"].is_null()) {
    EXPECT_EQ(reference_moments.StandardDeviation(), 0) << "a constant has no scale";
  } else {
    ExpectClose(wasserstein / reference_moments.StandardDeviation(),
                expected["wasserstein_over_ref_std"], 1e-10, "wasserstein over std");
  }
  CheckDeciles(reference, live, expected);
}

class Slices : public ::testing::TestWithParam<std::string> {};

TEST_P(Slices, EveryFigureIsMet) {
  const auto found = KnownSlices().find(GetParam());
  ASSERT_NE(found, KnownSlices().end()) << "a slice this test does not know";
  const Slice& slice = found->second;
  const json& oracle = Oracles()[GetParam()];
  const Table& table = CachedTable(slice.file);
  for (const auto& [name, expected] : oracle["columns"].items()) {
    SCOPED_TRACE(name);
    const std::vector<std::string> reference = Select(table, name, slice.reference);
    const std::vector<std::string> live = Select(table, name, slice.live);
    ASSERT_EQ(reference.size(), oracle["rows_ref"].get<size_t>());
    ASSERT_EQ(live.size(), oracle["rows_live"].get<size_t>());
    if (expected["type"] == "categorical") {
      CheckCategorical(CountCategories(reference, live), expected);
    } else {
      const std::vector<double> p = Numbers(reference);
      const std::vector<double> q = Numbers(live);
      ASSERT_EQ(p.size(), expected["n_ref"].get<size_t>());
      ASSERT_EQ(q.size(), expected["n_live"].get<size_t>());
      CheckNumeric(p, q, expected);
    }
  }
}

INSTANTIATE_TEST_SUITE_P(RealData, Slices, ::testing::ValuesIn(Names()),
                         [](const auto& info) { return info.param; });

}  // namespace
}  // namespace plumbline::stats
