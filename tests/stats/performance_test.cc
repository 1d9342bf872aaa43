// What performance is made of: score tables, sums of losses, intervals, detectors of change.

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>
#include <vector>

#include "server/stats/intervals.h"
#include "server/stats/loss_detectors.h"
#include "server/stats/loss_sums.h"
#include "server/stats/score_table.h"

namespace plumbline::stats {
namespace {

struct Row {
  double score;
  bool positive;
};

std::vector<Row> SomeRows(size_t rows, double round_to, uint64_t seed = 7) {
  std::mt19937_64 random(seed);
  std::normal_distribution<double> noise(0, 1);
  std::vector<Row> result;
  for (size_t i = 0; i < rows; ++i) {
    const bool positive = i % 3 == 0;
    const double score = 1 / (1 + std::exp(-(noise(random) + (positive ? 1.2 : 0))));
    result.push_back({round_to > 0 ? std::round(score / round_to) * round_to : score, positive});
  }
  return result;
}

void AddTo(const Row& row, ScoreTable* table) {
  table->Add(row.score, row.score >= 0.5, row.positive ? Truth::kPositive : Truth::kNegative);
}

ScoreTable TableOf(const std::vector<Row>& rows) {
  ScoreTable table;
  for (const Row& row : rows) AddTo(row, &table);
  return table;
}

std::vector<WeightedScore> ScoresOf(const ScoreTable& table) {
  std::vector<WeightedScore> scores;
  for (const auto& [score, cell] : table.cells()) {
    scores.push_back({score, static_cast<double>(cell.Of(Truth::kNegative)),
                      static_cast<double>(cell.Of(Truth::kPositive))});
  }
  return scores;
}

// By its definition, over all pairs.
double ObviousAuc(const std::vector<Row>& rows) {
  double wins = 0, pairs = 0;
  for (const Row& a : rows) {
    if (!a.positive) continue;
    for (const Row& b : rows) {
      if (b.positive) continue;
      ++pairs;
      wins += a.score > b.score ? 1 : a.score == b.score ? 0.5 : 0;
    }
  }
  return wins / pairs;
}

// The two examples of scikit-learn's documentation.
TEST(RocAuc, IsThatOfScikitLearn) {
  const ScoreTable table = TableOf({{0.1, false}, {0.4, false}, {0.35, true}, {0.8, true}});
  EXPECT_DOUBLE_EQ(RocAuc(ScoresOf(table))->value, 0.75);
  EXPECT_NEAR(AveragePrecision(ScoresOf(table))->value, 0.83333333, 1e-8);
}

TEST(RocAuc, IsExactWithAndWithoutTies) {
  for (const double round_to : {0.0, 0.05}) {
    const std::vector<Row> rows = SomeRows(900, round_to);
    EXPECT_NEAR(RocAuc(ScoresOf(TableOf(rows)))->value, ObviousAuc(rows), 1e-12);
  }
}

TEST(RocAuc, NeedsBothKinds) {
  EXPECT_FALSE(RocAuc(ScoresOf(TableOf({{0.1, true}, {0.2, true}}))).has_value());
  EXPECT_FALSE(RocAuc({}).has_value());
  EXPECT_FALSE(AveragePrecision(ScoresOf(TableOf({{0.1, false}}))).has_value());
}

// Of 400 samples of one distribution about 380 intervals hold what the others say on average.
TEST(RocAuc, IntervalsCoverWhatTheySay) {
  double mean = 0;
  std::vector<Estimate> estimates;
  for (uint64_t seed = 0; seed < 400; ++seed) {
    estimates.push_back(*RocAuc(ScoresOf(TableOf(SomeRows(300, 0.01, seed)))));
    mean += estimates.back().value / 400;
  }
  const auto holds = std::count_if(estimates.begin(), estimates.end(), [&](const Estimate& e) {
    return *e.lower <= mean && mean <= *e.upper;
  });
  EXPECT_GT(holds, 366);
  EXPECT_LT(holds, 395);
}

TEST(ScoreTable, MergesToTheSameInAnyOrder) {
  const std::vector<Row> rows = SomeRows(10'000, 0);
  const ScoreTable whole = TableOf(rows);
  ASSERT_TRUE(whole.grid().has_value());
  EXPECT_LE(whole.cells().size(), ScoreTable::kMaxCells);
  std::vector<ScoreTable> parts(7);
  for (size_t i = 0; i < rows.size(); ++i) AddTo(rows[i], &parts[i * i % 7]);
  ScoreTable forward, backward;
  for (const ScoreTable& part : parts) forward.Merge(part);
  for (auto part = parts.rbegin(); part != parts.rend(); ++part) backward.Merge(*part);
  EXPECT_EQ(forward, whole);
  EXPECT_EQ(backward, whole);
  EXPECT_NEAR(RocAuc(ScoresOf(whole))->value, ObviousAuc(rows), 2e-4);
}

TEST(ScoreTable, TakesOutWhatWasAdded) {
  const std::vector<Row> rows = SomeRows(500, 0.01);
  ScoreTable table = TableOf(rows);
  const ScoreTable before = table;
  table.Add(0.123456, true, Truth::kUnknown);
  table.Remove(0.123456, true, Truth::kUnknown);
  table.Remove(0.777777, true, Truth::kUnknown);  // never added
  EXPECT_EQ(table, before);
}

TEST(ScoreTable, KeepsScoresOfAnyScale) {
  ScoreTable table;
  for (int i = 0; i < 5'000; ++i) table.Add(std::ldexp(i - 2'500, i % 900), false, Truth::kUnknown);
  table.Add(std::numeric_limits<double>::infinity(), true, Truth::kPositive);
  table.Add(-std::numeric_limits<double>::max(), true, Truth::kPositive);
  EXPECT_LE(table.cells().size(), ScoreTable::kMaxCells);
  uint64_t rows = 0;
  for (const auto& [score, cell] : table.cells()) rows += cell.All();
  EXPECT_EQ(rows, 5'002u);
  ScoreTable restored;
  EXPECT_TRUE(restored.Restore(table.cells(), table.grid()));
  EXPECT_EQ(restored, table);
  EXPECT_FALSE(restored.Restore({{0.5, {}}}, std::nullopt)) << "an empty cell";
  EXPECT_FALSE(restored.Restore({{0.3, table.cells().begin()->second}}, 1)) << "not on the grid";
}

TEST(CalibrationError, WeighsTheBins) {
  // 0.25: 8 rows, half of them positive; 0.95: 2 rows, both positive.
  const std::vector<WeightedScore> scores = {{0.25, 4, 4}, {0.95, 0, 2}};
  EXPECT_NEAR(CalibrationError(scores)->value, 0.8 * 0.25 + 0.2 * 0.05, 1e-12);
  EXPECT_FALSE(CalibrationError({}).has_value());
}

TEST(Proportion, IsWilsons) {
  // Newcombe (1998), table I: 81 of 263, 15 of 148, 0 of 20.
  const Estimate first = Proportion(81, 263);
  EXPECT_NEAR(*first.lower, 0.2553, 5e-5);
  EXPECT_NEAR(*first.upper, 0.3662, 5e-5);
  const Estimate second = Proportion(15, 148);
  EXPECT_NEAR(*second.lower, 0.0624, 5e-5);
  EXPECT_NEAR(*second.upper, 0.1605, 5e-5);
  const Estimate none = Proportion(0, 20);
  EXPECT_EQ(*none.lower, 0);
  EXPECT_NEAR(*none.upper, 0.1611, 5e-5);
  EXPECT_GT(*none.standard_error, 0);
}

ErrorSums SumsOf(const std::vector<std::pair<double, double>>& rows, double shift) {
  ErrorSums sums;
  for (const auto& [prediction, label] : rows) {
    sums.Add(*ErrorFigures(prediction, label, shift));
  }
  return sums;
}

// scikit-learn's documentation: y_true = [3, -0.5, 2, 7], y_pred = [2.5, 0.0, 2, 8].
TEST(ErrorSums, AreThoseOfScikitLearn) {
  for (const double shift : {0.0, 2.9, 1e3}) {
    const ErrorSums sums = SumsOf({{2.5, 3}, {0, -0.5}, {2, 2}, {8, 7}}, shift);
    EXPECT_NEAR(MeanAbsoluteError(sums)->value, 0.5, 1e-12);
    EXPECT_NEAR(RootMeanSquaredError(sums)->value, 0.612372436, 1e-9);
    EXPECT_NEAR(MeanAbsolutePercentageError(sums)->value, 0.327380952, 1e-9);
    EXPECT_NEAR(RSquared(sums)->value, 0.948608137, 1e-9);
    EXPECT_NEAR(Bias(sums)->value, 0.25, 1e-12);
  }
}

TEST(ErrorSums, TakeOutWhatWasAdded) {
  ErrorSums sums = SumsOf({{2.5, 3}, {0, -0.5}, {2, 2}}, 0);
  const double before = RSquared(sums)->value;
  sums.Add(*ErrorFigures(1e9, 3e8, 0));
  sums.Remove(*ErrorFigures(1e9, 3e8, 0));
  EXPECT_NEAR(RSquared(sums)->value, before, 1e-9);
  EXPECT_FALSE(ErrorFigures(1e300, -1e300, 0).has_value());
  EXPECT_FALSE(RSquared(SumsOf({{1, 5}, {2, 5}}, 0)).has_value()) << "constant labels";
  EXPECT_FALSE(MeanAbsoluteError(ErrorSums()).has_value());
}

TEST(ErrorSums, IntervalsOfRSquaredCoverWhatTheySay) {
  std::mt19937_64 random(3);
  std::normal_distribution<double> normal(0, 1);
  int holds = 0;
  for (int sample = 0; sample < 400; ++sample) {
    ErrorSums sums;
    for (int i = 0; i < 200; ++i) {
      const double label = 5 + normal(random);
      sums.Add(*ErrorFigures(label + 0.5 * normal(random), label, 4));
    }
    const Estimate r2 = *RSquared(sums);
    holds += *r2.lower <= 0.75 && 0.75 <= *r2.upper ? 1 : 0;
  }
  EXPECT_GT(holds, 364);
}

std::vector<double> Losses(size_t rows, double before, double after, uint64_t seed) {
  std::mt19937_64 random(seed);
  std::vector<double> losses;
  for (size_t i = 0; i < rows; ++i) {
    std::bernoulli_distribution wrong(i < rows / 2 ? before : after);
    losses.push_back(wrong(random) ? 1 : 0);
  }
  return losses;
}

template <class Detector>
std::vector<size_t> AlarmsOf(const std::vector<double>& losses, Detector detector,
                             bool restart_everywhere) {
  std::vector<size_t> alarms;
  for (size_t i = 0; i < losses.size(); ++i) {
    if (restart_everywhere) {
      const std::vector<double> parts = detector.Parts();
      detector = Detector();
      EXPECT_TRUE(detector.Restore(parts).ok());
    }
    if (detector.Add(losses[i])) alarms.push_back(i);
  }
  return alarms;
}

TEST(Detectors, GoOnFromTheirParts) {
  const std::vector<double> losses = Losses(4'000, 0.1, 0.4, 5);
  const std::vector<size_t> adwin = AlarmsOf(losses, Adwin(), false);
  EXPECT_FALSE(adwin.empty());
  EXPECT_GT(adwin.front(), 2'000u);
  EXPECT_EQ(AlarmsOf(losses, Adwin(), true), adwin);
  const std::vector<size_t> page_hinkley = AlarmsOf(losses, PageHinkley(), false);
  EXPECT_FALSE(page_hinkley.empty());
  EXPECT_GT(page_hinkley.front(), 2'000u);
  EXPECT_EQ(AlarmsOf(losses, PageHinkley(), true), page_hinkley);
}

TEST(Detectors, AreQuietWhereNothingChanges) {
  size_t adwin = 0, page_hinkley = 0;
  for (uint64_t seed = 0; seed < 20; ++seed) {
    const std::vector<double> losses = Losses(5'000, 0.2, 0.2, seed);
    adwin += AlarmsOf(losses, Adwin(), false).size();
    page_hinkley += AlarmsOf(losses, PageHinkley(), false).size();
  }
  EXPECT_LE(adwin, 2u);
  EXPECT_EQ(page_hinkley, 0u);
}

TEST(Detectors, RefusePartsThatAreNone) {
  Adwin adwin;
  EXPECT_FALSE(adwin.Restore({}).ok());
  std::vector<double> parts = adwin.Parts();
  parts[2] = 5;  // a width without buckets
  EXPECT_FALSE(adwin.Restore(parts).ok());
  parts = adwin.Parts();
  parts.back() = 1e9;  // buckets that are not there
  EXPECT_FALSE(adwin.Restore(parts).ok());
  EXPECT_FALSE(PageHinkley().Restore(std::vector<double>{1, 2, std::nan(""), 0}).ok());
  EXPECT_FALSE(FadingMean().Restore(std::vector<double>{1}).ok());
}

}  // namespace
}  // namespace plumbline::stats
