// Every vector of tests/data/oracles/vectors.json, met by our own functions with the parameters of
// the library it came from; or in the table of what is out of scope, with the reason.

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <map>
#include <nlohmann/json.hpp>
#include <random>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "server/stats/chi_square.h"
#include "server/stats/divergences.h"
#include "server/stats/hash.h"
#include "server/stats/ks.h"
#include "server/stats/loss_detectors.h"
#include "server/stats/membership_filter.h"
#include "server/stats/moments.h"
#include "server/stats/psi.h"
#include "server/stats/quantile_sketch.h"
#include "server/stats/rate_test.h"
#include "server/stats/wasserstein.h"
#include "tests/data_reader.h"
#include "tests/stats/infinity.h"
#include "tests/stats/numpy_histograms.h"

namespace plumbline::stats {
namespace {

using ::nlohmann::json;

// Methods that Plumbline does not report, and why.
const std::map<std::string, std::string>& OutOfScope() {
  static const std::string kRankTest =
      "another test of the same question: ks is the one that is reported";
  static const auto& reasons = *new std::map<std::string, std::string>{
      {"anderson_darling_ksamp_pvalue", kRankTest},
      {"epps_singleton_pvalue", "needs raw samples of both sides: Plumbline keeps binned counts"},
      {"cramer_von_mises_2samp_pvalue", kRankTest},
      {"mann_whitney_u_pvalue", kRankTest},
      {"energy_distance", "not reported: wasserstein is the distance in the variable's unit"},
      {"t_test_pvalue", "not reported: a p-value on means alone, which drift need not move"},
  };
  return reasons;
}

// ---- Inputs ----

using Weights = std::vector<double>;

// Both sides over the sorted union of their keys.
struct Aligned {
  std::vector<std::string> keys;
  Weights reference;
  Weights analysis;

  std::vector<uint64_t> ReferenceCounts() const { return Counts(reference); }
  std::vector<uint64_t> AnalysisCounts() const { return Counts(analysis); }

 private:
  static std::vector<uint64_t> Counts(const Weights& weights) {
    return std::vector<uint64_t>(weights.begin(), weights.end());
  }
};

std::map<std::string, double> CategoryWeights(const json& side) {
  std::map<std::string, double> weights;
  if (side.is_object()) {
    for (const auto& [key, weight] : side.items()) weights[key] = weight.get<double>();
  } else if (side.is_string()) {
    for (const auto& line : plumbline::testing::ReadLines("oracles/" + side.get<std::string>())) {
      ++weights[line];
    }
  } else {
    for (const json& key : side) ++weights[key.get<std::string>()];
  }
  return weights;
}

Aligned Align(const json& vector) {
  const std::map<std::string, double> reference = CategoryWeights(vector["reference"]);
  const std::map<std::string, double> analysis = CategoryWeights(vector["analysis"]);
  std::set<std::string> keys;
  for (const auto& [key, weight] : reference) keys.insert(key);
  for (const auto& [key, weight] : analysis) keys.insert(key);
  if (vector["params"].value("nan", "") == "dropped") keys.erase("NaN");
  Aligned aligned;
  for (const std::string& key : keys) {
    aligned.keys.push_back(key);
    aligned.reference.push_back(reference.count(key) > 0 ? reference.at(key) : 0);
    aligned.analysis.push_back(analysis.count(key) > 0 ? analysis.at(key) : 0);
  }
  return aligned;
}

// "integers 0..99", "1..10", "100 x 10.0", a file of inputs, or the numbers themselves.
std::vector<double> Samples(const json& side) {
  if (side.is_array()) return side.get<std::vector<double>>();
  std::string text = side.get<std::string>();
  if (text.rfind("inputs/", 0) == 0) return plumbline::testing::ReadNumbers("oracles/" + text);
  text.erase(std::remove(text.begin(), text.end(), ','), text.end());
  std::vector<double> values;
  if (const size_t dots = text.find(".."); dots != std::string::npos) {
    const size_t digits = text.find_first_of("0123456789");
    const int last = std::stoi(text.substr(dots + 2));
    for (int i = std::stoi(text.substr(digits)); i <= last; ++i) values.push_back(i);
    return values;
  }
  const size_t times = text.find(" x ");
  EXPECT_NE(times, std::string::npos) << text;
  values.assign(std::stoul(text), std::stod(text.substr(times + 3)));
  return values;
}

struct Histograms {
  std::vector<uint64_t> reference;
  std::vector<uint64_t> analysis;
};

// Counts of both sides under the convention that a vector states.
Histograms Bin(const json& vector) {
  const std::vector<double> reference = Samples(vector["reference"]);
  const std::vector<double> analysis = Samples(vector["analysis"]);
  std::vector<double> edges;
  if (vector["params"].value("bins", "").find("POOLED") != std::string::npos) {
    const auto [low_r, high_r] = std::minmax_element(reference.begin(), reference.end());
    const auto [low_a, high_a] = std::minmax_element(analysis.begin(), analysis.end());
    edges = Linspace(std::min(*low_r, *low_a), std::max(*high_r, *high_a), 11);
  } else {
    edges = DoaneEdges(reference);
  }
  Histograms bins = {NumpyHistogram(reference, edges), NumpyHistogram(analysis, edges)};
  uint64_t inside = 0;
  for (const uint64_t count : bins.analysis) inside += count;
  if (inside < analysis.size()) {  // one extra bin, that the reference has nothing in
    bins.reference.push_back(0);
    bins.analysis.push_back(analysis.size() - inside);
  }
  return bins;
}

// frouros: mass between 10 points over both ranges, read off the cdf of each side's own histogram.
std::pair<Weights, Weights> CdfDifferences(const json& vector) {
  const std::vector<double> sides[] = {Samples(vector["reference"]), Samples(vector["analysis"])};
  double low = kInfinity;
  double high = -kInfinity;
  for (const auto& side : sides) {
    low = std::min(low, *std::min_element(side.begin(), side.end()));
    high = std::max(high, *std::max_element(side.begin(), side.end()));
  }
  const std::vector<double> points = Linspace(low, high, 10);
  Weights masses[2];
  for (int s = 0; s < 2; ++s) {
    const std::vector<double> edges = AutoEdges(sides[s]);
    const std::vector<uint64_t> counts = NumpyHistogram(sides[s], edges);
    for (size_t i = 0; i + 1 < points.size(); ++i) {
      masses[s].push_back(HistogramCdf(edges, counts, points[i + 1]) -
                          HistogramCdf(edges, counts, points[i]));
    }
  }
  return {masses[0], masses[1]};
}

// ---- TensorFlow Data Validation's histograms: union of edges, mass spread evenly in a bucket ----

struct Bucket {
  double low;
  double high;
  double count;
};

double Edge(const json& edge) {
  if (!edge.is_string()) return edge.get<double>();
  return edge == "-inf" ? -kInfinity : kInfinity;
}

std::vector<Bucket> Buckets(const json& side) {
  std::vector<Bucket> buckets;
  for (const json& bucket : side.is_object() ? side["buckets"] : side) {
    buckets.push_back({Edge(bucket["low"]), Edge(bucket["high"]), bucket["count"].get<double>()});
  }
  return buckets;
}

// Mass of a side in [low, high), or in the point low == high. Finite buckets only.
double MassIn(const std::vector<Bucket>& buckets, double low, double high) {
  double mass = 0;
  for (const Bucket& bucket : buckets) {
    if (!std::isfinite(bucket.low) || !std::isfinite(bucket.high)) continue;
    if (bucket.low == bucket.high) {
      if (low == high && bucket.low == low) mass += bucket.count;
    } else if (low < high && low >= bucket.low && high <= bucket.high) {
      mass += bucket.count * (high - low) / (bucket.high - bucket.low);
    }
  }
  return mass;
}

// Infinite buckets and NaN never match, not even themselves: a cell of one side only.
double UnmatchedMass(const json& side) {
  double mass = side.is_object() ? side.value("num_nan", 0.0) : 0;
  for (const Bucket& bucket : Buckets(side)) {
    if (!std::isfinite(bucket.low) || !std::isfinite(bucket.high)) mass += bucket.count;
  }
  return mass;
}

double HistogramJsDivergence(const json& vector) {
  const std::vector<Bucket> p = Buckets(vector["reference"]);
  const std::vector<Bucket> q = Buckets(vector["analysis"]);
  std::set<double> edges;
  for (const auto* side : {&p, &q}) {
    for (const Bucket& bucket : *side) {
      if (std::isfinite(bucket.low)) edges.insert(bucket.low);
      if (std::isfinite(bucket.high)) edges.insert(bucket.high);
    }
  }
  Weights p_mass = {UnmatchedMass(vector["reference"]), 0};
  Weights q_mass = {0, UnmatchedMass(vector["analysis"])};
  for (auto edge = edges.begin(); edge != edges.end(); ++edge) {
    p_mass.push_back(MassIn(p, *edge, *edge));
    q_mass.push_back(MassIn(q, *edge, *edge));
    if (const auto next = std::next(edge); next != edges.end()) {
      p_mass.push_back(MassIn(p, *edge, *next));
      q_mass.push_back(MassIn(q, *edge, *next));
    }
  }
  return JsDivergence(p_mass, q_mass).value();
}

// ---- Methods ----

double HellingerDistance(const json& vector) {
  const Histograms bins = Bin(vector);
  return plumbline::stats::Hellinger(bins.reference, bins.analysis).value();
}

double JensenShannonDistance(const json& vector) {
  if (vector["params"].contains("density")) {
    const auto [p, q] = CdfDifferences(vector);
    EXPECT_EQ(vector["params"]["log_base"], "e");
    return JsDistance(p, q).value() * std::sqrt(std::log(2.0));
  }
  const Histograms bins = Bin(vector);
  return JsDistance(bins.reference, bins.analysis).value();
}

double KullbackLeibler(const json& vector) {
  if (vector["params"].contains("density")) {
    const auto [p, q] = CdfDifferences(vector);
    return KlDivergence(p, q).value();
  }
  return KlDivergence(vector["reference"].get<Weights>(), vector["analysis"].get<Weights>(),
                      vector["params"]["epsilon"].get<double>())
      .value();
}

double LInfinityCategorical(const json& vector) {
  const Aligned aligned = Align(vector);
  if (aligned.keys.empty()) return 0;  // their convention; ours is FailedPrecondition
  return LInfinity(aligned.reference, aligned.analysis).value().value;
}

double LInfinityAlert(const json& vector) {
  const Aligned aligned = Align(vector);
  const LInfinityResult result = LInfinity(aligned.reference, aligned.analysis).value();
  EXPECT_EQ(aligned.keys[result.at], "a") << "the value with the maximum difference";
  EXPECT_GT(result.value, vector["params"]["threshold"].get<double>());
  return result.value;
}

double UnseenFraction(const json& vector) {
  MembershipFilter seen(vector["reference"].size(), 1e-9, 1 << 10);
  for (const json& value : vector["reference"]) {
    const std::string text = value;
    seen.Insert(HashBytes({text.data(), text.size()}));
  }
  double unseen = 0;
  for (const json& value : vector["analysis"]) {
    const std::string text = value;
    unseen += seen.MayContain(HashBytes({text.data(), text.size()})) ? 0 : 1;
  }
  return unseen / static_cast<double>(vector["analysis"].size());
}

double Fisher(const json& vector) {
  const Aligned aligned = Align(vector);
  const auto p = aligned.ReferenceCounts();
  const auto q = aligned.AnalysisCounts();
  return FisherExactPValue(p[0], p[1], q[0], q[1]);
}

// G = 2 n KL(live | baseline), against the baseline's proportions.
double GTest(const json& vector) {
  const Aligned aligned = Align(vector);
  double n = 0;
  for (const double weight : aligned.analysis) n += weight;
  const double g = 2 * n * KlDivergence(aligned.analysis, aligned.reference).value();
  return ChiSquareSurvival(g, aligned.keys.size() - 1);
}

double TwoProportions(const json& vector) {
  const auto count = [](const json& side) {
    return static_cast<uint64_t>(std::count(side.begin(), side.end(), 1));
  };
  return TwoProportionZPValue(count(vector["analysis"]), vector["analysis"].size(),
                              count(vector["reference"]), vector["reference"].size());
}

ChiSquareResult TwoHistograms(const json& vector) {
  return ChiSquareHomogeneity(vector["reference"].get<std::vector<uint64_t>>(),
                              vector["analysis"].get<std::vector<uint64_t>>(), {.min_expected = 0})
      .value();
}

double CramersV(const json& vector) {
  const Aligned aligned = Align(vector);
  return ChiSquareHomogeneity(aligned.ReferenceCounts(), aligned.AnalysisCounts(),
                              {.min_expected = 0})
      .value()
      .cramers_v;
}

double MinMaxWasserstein(const json& vector) {
  const std::vector<double> p = Samples(vector["reference"]);
  const std::vector<double> q = Samples(vector["analysis"]);
  Moments pooled;
  pooled.AddAll(p);
  pooled.AddAll(q);
  return WassersteinFromSamples(p, q).value() / (pooled.Max() - pooled.Min());
}

// "normal(mean, sd, count)" within a text.
std::vector<double> Normal(const std::string& text, std::mt19937_64* random) {
  double mean = 0;
  double deviation = 0;
  int count = 0;
  const size_t at = text.find("normal(");
  EXPECT_EQ(std::sscanf(text.c_str() + at, "normal(%lf,%lf,%d)", &mean, &deviation, &count), 3);
  std::normal_distribution<double> normal(mean, deviation);
  std::vector<double> values;
  for (int i = 0; i < count; ++i) values.push_back(normal(*random));
  return values;
}

// numpy's draws are not ours, so the figure is met up to its sampling error: see kSampled.
double SampledWasserstein(const json& vector) {
  std::mt19937_64 random(1);
  const auto reference = Normal(vector["reference"].get<std::string>(), &random);
  const auto analysis = Normal(vector["analysis"].get<std::string>(), &random);
  return WassersteinFromSamples(reference, analysis).value();
}

double NormalizedError(const json& vector) {
  return NormalizedRankError(vector["params"]["k"].get<uint32_t>(),
                             vector["params"]["pmf"].get<bool>());
}

std::vector<double> InclusiveQuantiles(const json& vector) {
  QuantileSketch sketch(200);
  for (const double x : Samples(vector["reference"])) sketch.Add(x);
  return sketch.Quantiles(vector["params"]["ranks"].get<std::vector<double>>()).value();
}

// Means of the last `size` values, by merging one-value moments as panes merge into windows.
std::vector<double> SlidingMeans(const json& vector, size_t size) {
  const std::vector<double> values = Samples(vector["analysis"]);
  std::vector<double> means;
  for (size_t i = 0; i < values.size(); ++i) {
    Moments window;
    for (size_t j = i + 1 > size ? i + 1 - size : 0; j <= i; ++j) {
      Moments pane;
      pane.Add(values[j]);
      window.Merge(pane);
    }
    means.push_back(window.Mean());
  }
  return means;
}

Adwin AdwinOf(const json& params) {
  Adwin::Options options;
  options.delta = params["delta"];
  options.clock = params["clock"];
  options.max_buckets = params["max_buckets"];
  options.min_window = params["min_window_length"];
  options.grace_period = params["grace_period"];
  options.reset_after_alarm = params.value("reset_after_alarm", true);
  return Adwin(options);
}

PageHinkley PageHinkleyOf(const json& params) {
  EXPECT_TRUE(params["clamp_at_0"].get<bool>());
  PageHinkley::Options options;
  options.min_values = params["min_instances"];
  options.delta = params["delta"];
  options.threshold = params.contains("threshold") ? params["threshold"] : params["lambda"];
  options.alpha = params.value("alpha", 1.0);
  options.at_threshold = params.value("compare", ">") == ">=";
  return PageHinkley(options);
}

// Indices of the values at which the detector gives an alarm.
template <class Detector>
std::vector<double> Alarms(const json& vector, Detector detector) {
  std::vector<double> alarms;
  const std::vector<double> values = Samples(vector["analysis"]);
  for (size_t i = 0; i < values.size(); ++i) {
    if (detector.Add(values[i])) alarms.push_back(static_cast<double>(i));
  }
  return alarms;
}

std::vector<double> AdwinTotals(const json& vector) {
  Adwin adwin = AdwinOf(vector["params"]);
  for (const double value : Samples(vector["analysis"])) adwin.Add(value);
  return {adwin.total(), adwin.mean()};
}

double PrequentialError(const json& vector) {
  FadingMean error(vector["params"]["alpha"].get<double>());
  const std::vector<double> truth = Samples(vector["reference"]);
  const std::vector<double> predicted = Samples(vector["analysis"]);
  for (size_t i = 0; i < truth.size(); ++i) error.Add(truth[i] == predicted[i] ? 0 : 1);
  return error.Value();
}

using Method = std::function<std::vector<double>(const json&)>;

Method One(double (*method)(const json&)) {
  return [method](const json& vector) { return std::vector<double>{method(vector)}; };
}

// A method over both sides' weights by category.
template <class Function>
Method OverCategories(Function function) {
  return [function](const json& vector) {
    const Aligned aligned = Align(vector);
    return std::vector<double>{function(aligned)};
  };
}

template <class Function>
Method OverBins(Function function) {
  return [function](const json& vector) {
    const Histograms bins = Bin(vector);
    return std::vector<double>{function(bins)};
  };
}

const std::map<std::string, Method>& Methods() {
  static const auto& methods = *new std::map<std::string, Method>{
      {"l_infinity_categorical", One(LInfinityCategorical)},
      {"l_infinity_alert", One(LInfinityAlert)},
      {"normalized_absolute_difference", OverCategories([](const Aligned& a) {
         return NormalizedAbsoluteDifference(a.reference, a.analysis).value();
       })},
      {"jensen_shannon_divergence_histogram", One(HistogramJsDivergence)},
      {"jensen_shannon_divergence_categorical", OverCategories([](const Aligned& a) {
         return JsDivergence(a.reference, a.analysis).value();
       })},
      {"jensen_shannon_distance", One(JensenShannonDistance)},
      {"unseen_category_fraction", One(UnseenFraction)},
      {"hellinger_distance", One(HellingerDistance)},
      {"hellinger_distance_categorical", OverCategories([](const Aligned& a) {
         return plumbline::stats::Hellinger(a.reference, a.analysis).value();
       })},
      {"total_variation_distance", OverCategories([](const Aligned& a) {
         return TotalVariation(a.ReferenceCounts(), a.AnalysisCounts()).value();
       })},
      {"bhattacharyya_distance", OverBins([](const Histograms& bins) {
         return Bhattacharyya(bins.reference, bins.analysis).value();
       })},
      {"histogram_intersection_complement", OverBins([](const Histograms& bins) {
         return HistogramIntersectionComplement(bins.reference, bins.analysis).value();
       })},
      {"kl_divergence_nats", One(KullbackLeibler)},
      {"chi2_goodness_of_fit_pvalue", OverCategories([](const Aligned& a) {
         return ChiSquareGoodnessOfFit(a.ReferenceCounts(), a.AnalysisCounts()).value().p_value;
       })},
      {"chi2_two_histograms",
       [](const json& vector) { return std::vector<double>{TwoHistograms(vector).statistic}; }},
      {"chi2_two_histograms_pvalue",
       [](const json& vector) {
         const ChiSquareResult result = TwoHistograms(vector);
         EXPECT_EQ(result.degrees_of_freedom, vector["params"]["df"].get<uint64_t>());
         return std::vector<double>{result.p_value};
       }},
      {"g_test_pvalue", One(GTest)},
      {"cramers_v_bias_corrected", One(CramersV)},
      {"fisher_exact_pvalue", One(Fisher)},
      {"two_proportion_z_pvalue", One(TwoProportions)},
      {"kolmogorov_pvalue",
       [](const json& vector) {
         return std::vector<double>{KolmogorovPValue(vector["params"]["lambda"].get<double>())};
       }},
      {"ks_statistic",
       [](const json& vector) {
         return std::vector<double>{
             KsFromSamples(Samples(vector["reference"]), Samples(vector["analysis"]))
                 .value()
                 .statistic};
       }},
      {"wasserstein_1", One(SampledWasserstein)},
      {"wasserstein_1_minmax", One(MinMaxWasserstein)},
      {"psi",
       [](const json& vector) {
         return std::vector<double>{PsiFromProbabilities(vector["reference"].get<Weights>(),
                                                         vector["analysis"].get<Weights>(),
                                                         vector["params"]["epsilon"].get<double>())
                                        .value()};
       }},
      {"kll_normalized_rank_error", One(NormalizedError)},
      {"quantile_inclusive", InclusiveQuantiles},
      {"sliding_window_mean",
       [](const json& vector) {
         return SlidingMeans(vector, vector["params"]["size"].get<size_t>());
       }},
      {"adwin_alarm_indices",
       [](const json& vector) { return Alarms(vector, AdwinOf(vector["params"])); }},
      {"adwin_total_and_mean", AdwinTotals},
      {"page_hinkley_alarm_indices",
       [](const json& vector) { return Alarms(vector, PageHinkleyOf(vector["params"])); }},
      {"cusum_alarm_indices",
       [](const json& vector) { return Alarms(vector, PageHinkleyOf(vector["params"])); }},
      {"prequential_error", One(PrequentialError)},
      {"running_mean",
       [](const json& vector) { return SlidingMeans(vector, vector["analysis"].size()); }},
  };
  return methods;
}

// Sampling error of the two vectors whose inputs only numpy's generator can make: 4 standard errors
// of a mean of 1,000 values, and of the spread of 15,000 against 1,000,000.
const std::map<std::string, double>& Sampled() {
  static const auto& tolerances =
      *new std::map<std::string, double>{{"nml-w1-medium", 0.13}, {"nml-w1-wide", 0.05}};
  return tolerances;
}

double Number(const json& value) { return value.is_string() ? kInfinity : value.get<double>(); }

void ExpectMet(const json& vector, double value, double expected) {
  double tolerance = vector["tolerance"].get<double>();
  const std::string notes = vector["notes"];
  const std::string id = vector["id"];
  if (Sampled().count(id) > 0) {
    tolerance = Sampled().at(id);
  } else if (notes.find("rounded to 2 places") != std::string::npos ||
             id.rfind("nml-", 0) == 0) {  // all of NannyML's tests round
    value = std::round(value * 100) / 100;
  }
  if (std::isinf(expected) || tolerance == 0) {
    EXPECT_EQ(value, expected);
  } else {
    EXPECT_NEAR(value, expected, tolerance);
  }
}

const json& Vectors() {
  static const json& vectors =
      *new json(json::parse(plumbline::testing::ReadTestData("oracles/vectors.json"))["vectors"]);
  return vectors;
}

class OracleVectors : public ::testing::TestWithParam<size_t> {};

TEST_P(OracleVectors, IsMetOrOutOfScope) {
  const json& vector = Vectors()[GetParam()];
  const std::string method = vector["method"];
  if (OutOfScope().count(method) > 0) {
    ASSERT_EQ(Methods().count(method), 0u) << "both in scope and out of it";
    GTEST_SKIP() << method << ": " << OutOfScope().at(method);
  }
  const auto found = Methods().find(method);
  ASSERT_NE(found, Methods().end()) << method << " is neither computed nor out of scope";
  const std::vector<double> values = found->second(vector);
  const json& expected = vector["expected"];
  ASSERT_EQ(values.size(), expected.is_array() ? expected.size() : 1);
  for (size_t i = 0; i < values.size(); ++i) {
    ExpectMet(vector, values[i], Number(expected.is_array() ? expected[i] : expected));
  }
}

std::vector<size_t> Indices() {
  std::vector<size_t> indices(Vectors().size());
  for (size_t i = 0; i < indices.size(); ++i) indices[i] = i;
  return indices;
}

INSTANTIATE_TEST_SUITE_P(Vectors, OracleVectors, ::testing::ValuesIn(Indices()),
                         [](const auto& info) {
                           std::string name = Vectors()[info.param]["id"];
                           std::replace_if(
                               name.begin(), name.end(),
                               [](unsigned char c) { return std::isalnum(c) == 0; }, '_');
                           return name;
                         });

TEST(OracleVectorFile, HoldsAllVectors) { EXPECT_EQ(Vectors().size(), 77u); }

}  // namespace
}  // namespace plumbline::stats
