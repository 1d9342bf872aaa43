#include "server/profile/performance.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "server/profile/performance_metrics.h"
#include "tests/data_reader.h"
#include "tests/profile/batch_maker.h"

namespace plumbline::profile {
namespace {

using ::plumbline::testing::Numbers;
using ::plumbline::testing::ReadCsv;
using ::plumbline::testing::Table;
using ::testing::ElementsAre;

using Hints = std::vector<VariableHint>;

const Hints kRoles = {{"truth", Role::kLabel, {}},
                      {"class", Role::kPrediction, {}},
                      {"score", Role::kPrediction, {}}};

// Rows of a feature, a label, a class and a score.
struct PerformanceRows {
  std::vector<double> x, truth, predicted, score;
  BatchView View() const {
    return MakeBatch(static_cast<uint32_t>(x.size()),
                     {NumberColumn("x", x), NumberColumn("truth", truth),
                      NumberColumn("class", predicted), NumberColumn("score", score)});
  }
};

// Calibrated: a score is the chance of 1.
PerformanceRows CalibratedRows(size_t count, uint64_t seed) {
  std::mt19937_64 random(seed);
  std::uniform_real_distribution<double> uniform(0, 1);
  PerformanceRows rows;
  for (size_t i = 0; i < count; ++i) {
    const double score = std::round(uniform(random) * 1000) / 1000;
    rows.x.push_back(uniform(random));
    rows.score.push_back(score);
    rows.truth.push_back(uniform(random) < score ? 1 : 0);
    rows.predicted.push_back(score >= 0.5 ? 1 : 0);
  }
  return rows;
}

Baseline Trained(const BatchView& batch, const Hints& hints) {
  Baseline baseline = BuildBaseline({batch}, hints).value();
  baseline.task = FindTask(baseline);
  return baseline;
}

double ValueOf(const std::vector<MetricValue>& metrics, PerformanceMetric metric) {
  const MetricValue* found = FindMetric(metrics, metric);
  return found == nullptr ? std::nan("") : found->estimate.value;
}

TEST(FindTask, TakesTheClassAndTheScoreOfABinaryLabel) {
  const PerformanceRows rows = CalibratedRows(2'000, 1);
  const Baseline baseline = Trained(rows.View(), kRoles);
  ASSERT_TRUE(baseline.task.has_value());
  EXPECT_EQ(baseline.task->kind, TaskKind::kBinary);
  EXPECT_EQ(baseline.task->label, 1u);
  EXPECT_EQ(baseline.task->prediction, 2u);
  EXPECT_EQ(baseline.task->score, 3u);
  EXPECT_TRUE(baseline.task->probability);
  EXPECT_THAT(baseline.task->classes, ElementsAre("0", "1"));
}

TEST(FindTask, TakesTheClassWithTheHigherScoresForPositive) {
  PerformanceRows rows = CalibratedRows(2'000, 1);
  std::vector<std::string> names;
  for (const double truth : rows.truth) names.emplace_back(truth == 1 ? "bad" : "good");
  const BatchView batch = MakeBatch(2'000, {NumberColumn("x", rows.x), TextColumn("truth", names),
                                            NumberColumn("score", rows.score)});
  const Baseline baseline =
      Trained(batch, {{"truth", Role::kLabel, {}}, {"score", Role::kPrediction, {}}});
  ASSERT_TRUE(baseline.task.has_value());
  EXPECT_THAT(baseline.task->classes, ElementsAre("good", "bad"));
  EXPECT_FALSE(baseline.task->prediction.has_value());
}

TEST(FindTask, ReadsSeveralClassesAndTheirProbabilities) {
  std::mt19937_64 random(3);
  std::vector<std::string> truth, predicted;
  std::vector<double> a, b, c;
  const std::vector<std::string> names = {"a", "b", "c"};
  for (int i = 0; i < 900; ++i) {
    const size_t is = random() % 3, said = random() % 4 == 0 ? random() % 3 : is;
    truth.push_back(names[is]);
    predicted.push_back(names[said]);
    a.push_back(said == 0 ? 0.5 : 0.25);
    b.push_back(said == 1 ? 0.5 : 0.25);
    c.push_back(said == 2 ? 0.5 : 0.25);
  }
  const BatchView batch =
      MakeBatch(900, {TextColumn("truth", truth), TextColumn("class", predicted),
                      NumberColumn("p_c", c), NumberColumn("p_a", a), NumberColumn("p_b", b)});
  const Baseline baseline = Trained(batch, {{"truth", Role::kLabel, {}},
                                            {"class", Role::kPrediction, {}},
                                            {"p_a", Role::kPrediction, {}},
                                            {"p_b", Role::kPrediction, {}},
                                            {"p_c", Role::kPrediction, {}}});
  ASSERT_TRUE(baseline.task.has_value());
  EXPECT_EQ(baseline.task->kind, TaskKind::kMultiClass);
  EXPECT_THAT(baseline.task->class_scores, ElementsAre(3, 4, 2));

  PerformanceCounts counts;
  CountPerformance(baseline, *baseline.task, {}, batch, 0, 900, &counts);
  const auto metrics = MeasurePerformance(*baseline.task, counts);
  double right = 0, log_loss = 0;
  for (size_t i = 0; i < truth.size(); ++i) {
    right += truth[i] == predicted[i] ? 1 : 0;
    log_loss -= std::log(truth[i] == predicted[i] ? 0.5 : 0.25);
  }
  EXPECT_NEAR(ValueOf(metrics, PerformanceMetric::kAccuracy), right / 900, 1e-12);
  EXPECT_NEAR(ValueOf(metrics, PerformanceMetric::kLogLoss), log_loss / 900, 1e-12);
  // Each prediction counts once, by what is known of its label; and can be taken out.
  const OutcomeReader reader(baseline, *baseline.task, {}, batch);
  const PerformanceCounter counter(baseline, *baseline.task);
  PerformanceCounts changed = counts;
  counter.RemoveLabel(*reader.OutcomeAt(5), *reader.LabelAt(5), &changed);
  EXPECT_NE(changed.class_scores, counts.class_scores);
  counter.AddLabel(*reader.OutcomeAt(5), *reader.LabelAt(5), &changed);
  EXPECT_EQ(changed.class_scores, counts.class_scores);
  EXPECT_GT(ValueOf(metrics, PerformanceMetric::kRocAuc), 0.8);
  const auto decoded = DecodePerformance(baseline, *baseline.task, EncodePerformance(counts));
  ASSERT_TRUE(decoded.ok()) << decoded.status();
  EXPECT_EQ(EncodePerformance(*decoded), EncodePerformance(counts));
}

TEST(FindTask, TakesNumbersForARegression) {
  std::mt19937_64 random(3);
  std::normal_distribution<double> normal(0, 1);
  std::vector<double> truth, said;
  for (int i = 0; i < 500; ++i) {
    truth.push_back(10 + 3 * normal(random));
    said.push_back(truth.back() + normal(random) + 0.5);
  }
  const BatchView batch =
      MakeBatch(500, {NumberColumn("truth", truth), NumberColumn("said", said)});
  const Baseline baseline =
      Trained(batch, {{"truth", Role::kLabel, {}}, {"said", Role::kPrediction, {}}});
  ASSERT_TRUE(baseline.task.has_value());
  EXPECT_EQ(baseline.task->kind, TaskKind::kRegression);
  PerformanceCounts counts;
  CountPerformance(baseline, *baseline.task, {}, batch, 0, 500, &counts);
  const auto metrics = MeasurePerformance(*baseline.task, counts);
  EXPECT_NEAR(ValueOf(metrics, PerformanceMetric::kBias), 0.5, 0.15);
  EXPECT_NEAR(ValueOf(metrics, PerformanceMetric::kR2), 1 - 1.25 / 9, 0.04);
}

TEST(FindTask, FindsNoneWithoutLabelOrPrediction) {
  const PerformanceRows rows = CalibratedRows(200, 1);
  EXPECT_FALSE(Trained(rows.View(), {{"truth", Role::kLabel, {}}}).task.has_value());
  EXPECT_FALSE(Trained(rows.View(), {{"score", Role::kPrediction, {}}}).task.has_value());
}

TEST(OutcomeReader, LeavesOutWhatCannotBeCompared) {
  const PerformanceRows trained = CalibratedRows(2'000, 1);
  const Baseline baseline = Trained(trained.View(), kRoles);
  PerformanceRows rows;
  rows.x = {0, 0, 0, 0};
  rows.truth = {1, 7, std::nan(""), 0};
  rows.predicted = {1, 1, 0, 0};
  rows.score = {0.9, 0.2, 0.1, std::nan("")};
  const BatchView batch = rows.View();
  const OutcomeReader reader(baseline, *baseline.task, {}, batch);
  EXPECT_EQ(reader.OutcomeAt(0)->score, 0.9);
  EXPECT_EQ(reader.LabelAt(0), 1);
  EXPECT_EQ(reader.LabelAt(1), 2) << "no class of training's";
  EXPECT_EQ(reader.LabelAt(2), std::nullopt);
  EXPECT_EQ(reader.OutcomeAt(3), std::nullopt);
  const PerformanceCounter counter(baseline, *baseline.task);
  EXPECT_FALSE(counter.IsUsable(*reader.OutcomeAt(1), 2));

  const std::vector<std::string> words = {"1.0", "True", "0", "yes"};
  const BatchView in_words = MakeBatch(4, {TextColumn("truth", words)});
  const OutcomeReader of_words(baseline, *baseline.task, {}, in_words);
  EXPECT_FALSE(of_words.has_predictions());
  EXPECT_EQ(of_words.LabelAt(0), 1);
  EXPECT_EQ(of_words.LabelAt(1), 1);
  EXPECT_EQ(of_words.LabelAt(2), 0);
  EXPECT_EQ(of_words.LabelAt(3), 2);
}

TEST(PerformanceCounts, AddMergeAndTakeOut) {
  const PerformanceRows rows = CalibratedRows(3'000, 4);
  const Baseline baseline = Trained(rows.View(), kRoles);
  const PerformanceTask& task = *baseline.task;
  PerformanceCounts whole, first, second;
  CountPerformance(baseline, task, {}, rows.View(), 0, 3'000, &whole);
  CountPerformance(baseline, task, {}, rows.View(), 0, 1'234, &first);
  CountPerformance(baseline, task, {}, rows.View(), 1'234, 3'000, &second);
  first.Merge(second);
  EXPECT_EQ(first.scores, whole.scores);
  const auto a = MeasurePerformance(task, whole), b = MeasurePerformance(task, first);
  ASSERT_EQ(a.size(), 9u);
  for (size_t i = 0; i < a.size(); ++i) {
    EXPECT_NEAR(a[i].estimate.value, b[i].estimate.value, 1e-12) << MetricName(a[i].metric);
    EXPECT_LE(*a[i].estimate.lower, a[i].estimate.value);
    EXPECT_GE(*a[i].estimate.upper, a[i].estimate.value);
  }
  // A label that changes, and changes back.
  const PerformanceCounter counter(baseline, task);
  const BatchView batch = rows.View();
  const OutcomeReader reader(baseline, task, {}, batch);
  const Outcome outcome = *reader.OutcomeAt(17);
  const double label = *reader.LabelAt(17);
  PerformanceCounts changed = whole;
  counter.RemoveLabel(outcome, label, &changed);
  counter.AddLabel(outcome, 1 - label, &changed);
  EXPECT_NE(EncodePerformance(changed), EncodePerformance(whole));
  counter.RemoveLabel(outcome, 1 - label, &changed);
  counter.AddLabel(outcome, label, &changed);
  EXPECT_EQ(changed.scores, whole.scores);
  EXPECT_EQ(changed.label_codes, whole.label_codes);
  EXPECT_NEAR(ValueOf(MeasurePerformance(task, changed), PerformanceMetric::kLogLoss),
              ValueOf(a, PerformanceMetric::kLogLoss), 1e-12);
}

TEST(PerformanceCodec, RefusesHostileBytes) {
  const PerformanceRows rows = CalibratedRows(300, 4);
  const Baseline baseline = Trained(rows.View(), kRoles);
  PerformanceCounts counts;
  CountPerformance(baseline, *baseline.task, {}, rows.View(), 0, 300, &counts);
  counts.delays.Add(3600);
  const std::string bytes = EncodePerformance(counts);
  ASSERT_TRUE(DecodePerformance(baseline, *baseline.task, bytes).ok());
  for (size_t size = 0; size < bytes.size(); ++size) {
    EXPECT_FALSE(DecodePerformance(baseline, *baseline.task, bytes.substr(0, size)).ok());
  }
  std::mt19937_64 random(1);
  for (int i = 0; i < 2'000; ++i) {
    std::string damaged = bytes;
    for (int j = 0; j < 3; ++j) damaged[random() % bytes.size()] = static_cast<char>(random());
    const auto decoded = DecodePerformance(baseline, *baseline.task, damaged);
    if (decoded.ok()) MeasurePerformance(*baseline.task, *decoded);
  }
}

TEST(DelayHistogram, GivesQuantilesWithinItsResolution) {
  DelayHistogram delays;
  for (int hours = 1; hours <= 100; ++hours) delays.Add(3600.0 * hours);
  // Where delays are spread it is close; the upper edge of the bucket would be 46% more.
  EXPECT_NEAR(delays.Quantile(0.5), 3600 * 50, 3600 * 5);
  EXPECT_NEAR(delays.Quantile(0.9), 3600 * 90, 3600 * 9);
  // One delay for all, as when a file of labels is sent: 1,665 days.
  DelayHistogram same;
  for (int i = 0; i < 648; ++i) same.Add(86'400.0 * 1'665);
  EXPECT_NEAR(same.Quantile(0.5), 86'400.0 * 1'665, 0.19 * 86'400 * 1'665);
  EXPECT_LE(same.Quantile(0.5), same.Quantile(0.9));
  delays.Add(-5);
  EXPECT_EQ(delays.Quantile(0), 0);
  EXPECT_EQ(DelayHistogram().Quantile(0.5), 0);
}

TEST(EstimatePerformance, SaysWhatLabelsSayWhereScoresAreCalibrated) {
  const PerformanceRows rows = CalibratedRows(20'000, 5);
  const Baseline baseline = Trained(rows.View(), kRoles);
  const PerformanceTask& task = *baseline.task;
  PerformanceCounts trained;
  CountPerformance(baseline, task, {}, rows.View(), 0, 20'000, &trained);
  const Calibration calibration = *Calibration::Of(trained.scores);
  EXPECT_NEAR(calibration.At(0.25), 0.25, 0.05);
  EXPECT_EQ(calibration.At(-3), calibration.At(0));
  std::map<PerformanceMetric, int> covered;
  constexpr int kWindows = 60;
  for (uint64_t seed = 0; seed < kWindows; ++seed) {
    const PerformanceRows live = CalibratedRows(400, 100 + seed);
    PerformanceCounts counts;
    CountPerformance(baseline, task, {}, live.View(), 0, 400, &counts);
    const auto realised = MeasurePerformance(task, counts);
    for (const MetricValue& estimated : EstimatePerformance(task, {calibration}, {counts.scores})) {
      const double value = ValueOf(realised, estimated.metric);
      covered[estimated.metric] +=
          *estimated.estimate.lower <= value && value <= *estimated.estimate.upper ? 1 : 0;
    }
  }
  EXPECT_EQ(covered.size(), 5u);
  for (const auto& [metric, times] : covered) {
    EXPECT_GE(times, kWindows * 85 / 100) << MetricName(metric);
  }
}

// Rows of three classes whose probabilities are those that the labels are drawn by.
struct ClassRows {
  std::vector<std::string> truth, predicted;
  std::vector<double> a, b, c;
  BatchView View() const {
    return MakeBatch(static_cast<uint32_t>(truth.size()),
                     {TextColumn("truth", truth), TextColumn("class", predicted),
                      NumberColumn("p_a", a), NumberColumn("p_b", b), NumberColumn("p_c", c)});
  }
};

// The larger `sure`, the more one class stands out.
ClassRows CalibratedClasses(size_t count, double sure, uint64_t seed) {
  std::mt19937_64 random(seed);
  std::uniform_real_distribution<double> uniform(0, 1);
  ClassRows rows;
  for (size_t i = 0; i < count; ++i) {
    double weights[3], sum = 0;
    for (double& weight : weights) sum += weight = std::pow(uniform(random), sure);
    std::vector<double>* const columns[] = {&rows.a, &rows.b, &rows.c};
    for (int k = 0; k < 3; ++k) columns[k]->push_back(weights[k] / sum);
    const double at = uniform(random) * sum;
    rows.truth.emplace_back(at < weights[0] ? "a" : at < weights[0] + weights[1] ? "b" : "c");
    const auto most = std::max_element(weights, weights + 3) - weights;
    rows.predicted.emplace_back(1, static_cast<char>('a' + most));
  }
  return rows;
}

TEST(EstimatePerformance, SaysWhatLabelsOfSeveralClassesSay) {
  const ClassRows rows = CalibratedClasses(20'000, 2, 6);
  const Baseline baseline = Trained(rows.View(), {{"truth", Role::kLabel, {}},
                                                  {"class", Role::kPrediction, {}},
                                                  {"p_a", Role::kPrediction, {}},
                                                  {"p_b", Role::kPrediction, {}},
                                                  {"p_c", Role::kPrediction, {}}});
  const PerformanceTask& task = *baseline.task;
  ASSERT_EQ(task.kind, TaskKind::kMultiClass);
  PerformanceCounts trained;
  CountPerformance(baseline, task, {}, rows.View(), 0, 20'000, &trained);
  std::vector<std::optional<Calibration>> calibrations;
  for (const auto& table : trained.class_scores) calibrations.push_back(Calibration::Of(table));
  // The inputs move, and with them performance; the relation stays.
  std::map<PerformanceMetric, int> covered;
  constexpr int kWindows = 60;
  double least = 1, most = 0;
  for (uint64_t seed = 0; seed < kWindows; ++seed) {
    const ClassRows live = CalibratedClasses(400, seed % 2 == 0 ? 1 : 4, 100 + seed);
    PerformanceCounts labelled, unlabelled;
    CountPerformance(baseline, task, {}, live.View(), 0, 400, &labelled);
    BatchView without = live.View();
    without.columns.erase(without.columns.begin());
    CountPerformance(baseline, task, {}, without, 0, 400, &unlabelled);
    EXPECT_EQ(unlabelled.labelled, 0u);
    const auto realised = MeasurePerformance(task, labelled);
    const auto guessed = EstimatePerformance(task, calibrations, unlabelled.class_scores);
    ASSERT_EQ(guessed.size(), 5u);
    for (const MetricValue& one : guessed) {
      const double value = ValueOf(realised, one.metric);
      covered[one.metric] += *one.estimate.lower <= value && value <= *one.estimate.upper ? 1 : 0;
      EXPECT_EQ(
          one.estimate.value,
          ValueOf(EstimatePerformance(task, calibrations, labelled.class_scores), one.metric));
    }
    const double accuracy = ValueOf(guessed, PerformanceMetric::kAccuracy);
    least = std::min(least, accuracy);
    most = std::max(most, accuracy);
  }
  for (const auto& [metric, times] : covered) {
    EXPECT_GE(times, kWindows * 85 / 100) << MetricName(metric);
  }
  EXPECT_LT(least, 0.6);
  EXPECT_GT(most, 0.7);
}

// NannyML's published figures, and realised ones computed directly: tests/data/oracles.
TEST(Row5cWithoutLabels, MonthsOfCaliforniaHousingAreThoseOfNannyMl) {
  const Table reference = ReadCsv("california_housing/reference.csv.gz");
  const Table analysis = ReadCsv("california_housing/analysis.csv.gz");
  const Table labels = ReadCsv("california_housing/analysis_gt.csv");
  const auto rows_of = [](const Table& table, const std::vector<std::string>& truth) {
    PerformanceRows rows;
    rows.x = Numbers(table.Column("MedInc"));
    rows.truth = Numbers(truth);
    rows.predicted = Numbers(table.Column("y_pred"));
    rows.score = Numbers(table.Column("y_pred_proba"));
    return rows;
  };
  const PerformanceRows trained = rows_of(reference, reference.Column("clf_target"));
  ASSERT_EQ(analysis.Column("id"), labels.Column("id"));
  const PerformanceRows live = rows_of(analysis, labels.Column("clf_target"));
  const Baseline baseline = Trained(trained.View(), kRoles);
  ASSERT_TRUE(baseline.task.has_value());
  PerformanceCounts counts;
  CountPerformance(baseline, *baseline.task, {}, trained.View(), 0,
                   static_cast<uint32_t>(trained.x.size()), &counts);
  EXPECT_NEAR(ValueOf(MeasurePerformance(*baseline.task, counts), PerformanceMetric::kRocAuc),
              0.907942, 1e-6);
  const Calibration calibration = *Calibration::Of(counts.scores);

  const std::map<std::string, double> realised = {
      {"2021-06", 0.8842}, {"2021-07", 0.7601}, {"2021-08", 0.7043}, {"2021-09", 0.6698},
      {"2021-10", 0.8335}, {"2021-11", 0.7315}, {"2021-12", 0.9339}, {"2022-01", 0.8694},
      {"2022-02", 0.9335}, {"2022-03", 0.7049}, {"2022-04", 0.9754}, {"2022-05", 0.9509}};
  const std::map<std::string, double> estimated = {{"2022-03", 0.829077}, {"2022-04", 0.910661}};
  const std::vector<std::string>& times = analysis.Column("timestamp");
  size_t months = 0;
  for (size_t begin = 0; begin < times.size(); ++months) {
    const std::string month = times[begin].substr(0, 7);
    size_t end = begin;
    while (end < times.size() && times[end].substr(0, 7) == month) ++end;
    PerformanceCounts chunk;
    CountPerformance(baseline, *baseline.task, {}, live.View(), static_cast<uint32_t>(begin),
                     static_cast<uint32_t>(end), &chunk);
    const auto real = MeasurePerformance(*baseline.task, chunk);
    EXPECT_NEAR(ValueOf(real, PerformanceMetric::kRocAuc), realised.at(month), 5e-5) << month;
    const auto guess = EstimatePerformance(*baseline.task, {calibration}, {chunk.scores});
    if (estimated.contains(month)) {
      EXPECT_NEAR(ValueOf(guess, PerformanceMetric::kRocAuc), estimated.at(month), 1e-6) << month;
    }
    begin = end;
  }
  EXPECT_EQ(months, realised.size());
}

}  // namespace
}  // namespace plumbline::profile
