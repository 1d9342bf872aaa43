#include "server/checks/impact.h"

#include <algorithm>
#include <cmath>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "server/checks/evaluate.h"
#include "tests/data_reader.h"
#include "tests/profile/batch_maker.h"

namespace plumbline::checks {
namespace {

using plumbline::testing::Numbers;
using plumbline::testing::ReadCsv;
using plumbline::testing::Table;
using profile::NumberColumn;
using profile::TextColumn;
using ::testing::Each;
using ::testing::Field;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

// Columns of numbers (NaN: null) and of texts (empty: null), as a batch.
struct ScoredRows {
  std::vector<std::pair<std::string, std::vector<double>>> numbers;
  std::vector<std::pair<std::string, std::vector<std::string>>> texts;
  mutable std::vector<std::vector<uint8_t>> validity;

  uint32_t size() const {
    return static_cast<uint32_t>(numbers.empty() ? texts[0].second.size()
                                                 : numbers[0].second.size());
  }
  std::vector<double>& Number(const std::string& name) {
    return std::find_if(numbers.begin(), numbers.end(),
                        [&](const auto& column) { return column.first == name; })
        ->second;
  }
  std::vector<std::string>& Text(const std::string& name) {
    return std::find_if(texts.begin(), texts.end(),
                        [&](const auto& column) { return column.first == name; })
        ->second;
  }
  profile::BatchView Batch() const {
    std::vector<profile::ColumnView> columns;
    validity.assign(numbers.size() + texts.size(), std::vector<uint8_t>((size() + 7) / 8, 0xff));
    for (const auto& [name, values] : numbers) {
      columns.push_back(NumberColumn(name, values));
      Mark(columns.size() - 1, [&](uint32_t row) { return std::isnan(values[row]); });
      columns.back().validity = validity[columns.size() - 1];
    }
    for (const auto& [name, values] : texts) {
      columns.push_back(TextColumn(name, values));
      Mark(columns.size() - 1, [&](uint32_t row) { return values[row].empty(); });
      columns.back().validity = validity[columns.size() - 1];
    }
    return profile::MakeBatch(size(), std::move(columns));
  }
  // Rows [begin, end).
  ScoredRows Part(uint32_t begin, uint32_t end) const {
    ScoredRows part;
    for (const auto& [name, values] : numbers) {
      part.numbers.emplace_back(name, std::vector(values.begin() + begin, values.begin() + end));
    }
    for (const auto& [name, values] : texts) {
      part.texts.emplace_back(name, std::vector(values.begin() + begin, values.begin() + end));
    }
    return part;
  }

 private:
  template <class IsNull>
  void Mark(size_t column, const IsNull& is_null) const {
    for (uint32_t row = 0; row < size(); ++row) {
      if (is_null(row)) validity[column][row / 8] &= static_cast<uint8_t>(~(1u << (row % 8)));
    }
  }
};

constexpr double kNull = std::numeric_limits<double>::quiet_NaN();

profile::Baseline Trained(const ScoredRows& rows, const std::vector<std::string>& predictions) {
  std::vector<profile::VariableHint> hints;
  for (const std::string& name : predictions) {
    hints.emplace_back();
    hints.back().name = name;
    hints.back().role = profile::Role::kPrediction;
  }
  auto baseline = profile::BuildBaseline({rows.Batch()}, hints);
  EXPECT_TRUE(baseline.ok()) << baseline.status();
  return *std::move(baseline);
}

std::vector<Finding> Firing(const profile::Baseline& baseline, const profile::Pane& pane) {
  std::vector<profile::VariableStatistics> statistics;
  for (size_t i = 0; i < baseline.variables.size(); ++i) {
    statistics.push_back(profile::CompareToBaseline(baseline.variables[i], pane.variables[i]));
  }
  const EvaluationInput input{.window = pane, .now = absl::FromUnixSeconds(1000)};
  std::vector<Finding> findings = Evaluate(baseline, DefaultPolicy(), input, statistics);
  std::erase_if(findings, [](const Finding& f) { return f.status != Status::kFiring; });
  return findings;
}

std::optional<Impact> Find(const std::vector<Impact>& impacts, const std::string& variable,
                           const std::string& state, const std::string& prediction) {
  for (const Impact& impact : impacts) {
    if (impact.variable == variable && impact.state == state && impact.prediction == prediction) {
      return impact;
    }
  }
  return std::nullopt;
}

// A score that follows `x`, and a class that follows the score.
ScoredRows Scored(uint32_t count, uint64_t seed) {
  std::mt19937_64 random(seed);
  std::normal_distribution<double> normal(0, 1);
  ScoredRows rows{{{"x", {}}, {"z", {}}, {"score", {}}}, {{"verdict", {}}}, {}};
  for (uint32_t row = 0; row < count; ++row) {
    const double x = std::clamp(normal(random), -2.5, 2.5);
    rows.numbers[0].second.push_back(x);
    rows.numbers[1].second.push_back(std::clamp(normal(random), -2.5, 2.5));
    rows.numbers[2].second.push_back(100 + 5 * x + normal(random));
    rows.texts[0].second.push_back(x > 0.5 ? "high" : x > -1 ? "middle" : "low");
  }
  return rows;
}

std::vector<Impact> FindImpacts(const profile::Baseline& baseline, const Policy& policy,
                                const profile::Pane& window,
                                std::optional<size_t> only = std::nullopt) {
  return ImpactFinder(baseline, policy, window).Find(only);
}

class ImpactTest : public ::testing::Test {
 protected:
  std::vector<Impact> Impacts(const ScoredRows& rows) const {
    return FindImpacts(baseline_, policy_, profile::CountBatch(baseline_, rows.Batch()));
  }

  const profile::Baseline baseline_ = Trained(Scored(10'000, 1), {"score", "verdict"});
  const Policy policy_ = DefaultPolicy();
};

TEST_F(ImpactTest, RowsThatLackAnInputArePredictedOtherwise) {
  ScoredRows rows = Scored(4'000, 2);
  double sum = 0, of_rest = 0;
  uint64_t nulls = 0;
  for (uint32_t row = 0; row < 4'000; ++row) {
    const double score = rows.Number("score")[row];
    if (rows.Number("x")[row] > 0.5 && row % 3 == 0) {
      rows.Number("x")[row] = kNull;
      ++nulls;
      sum += score;
    } else {
      of_rest += score;
    }
  }
  const std::vector<Impact> impacts = Impacts(rows);
  ASSERT_EQ(impacts.size(), 2u);
  const Impact score = *Find(impacts, "x", "null", "score");
  EXPECT_EQ(score.verdict, ImpactVerdict::kDifferent);
  EXPECT_EQ(score.rows, nulls);
  EXPECT_EQ(score.without, nulls);
  EXPECT_EQ(score.with, 4'000 - nulls);
  EXPECT_FALSE(score.against_training);
  EXPECT_NEAR(*score.mean_without, sum / static_cast<double>(nulls), 1e-9);
  EXPECT_NEAR(*score.mean_with, of_rest / static_cast<double>(4'000 - nulls), 1e-9);
  EXPECT_NEAR(*score.difference, *score.mean_without - *score.mean_with, 1e-9);
  EXPECT_LT(*score.lower, *score.difference);
  EXPECT_GT(*score.lower, 0);
  EXPECT_GT(*score.effect, 0.8);
  EXPECT_THAT(score.reason, HasSubstr("`x` null: mean of `score` 105"));
  EXPECT_THAT(score.reason, HasSubstr(" in rows with it ("));
  EXPECT_THAT(score.reason, HasSubstr("association, not cause"));
  const Impact verdict = *Find(impacts, "x", "null", "verdict");
  EXPECT_EQ(verdict.verdict, ImpactVerdict::kDifferent);
  EXPECT_EQ(verdict.group, "high");
  EXPECT_EQ(*verdict.share_without, 1);
  EXPECT_FALSE(verdict.mean_without.has_value());
  EXPECT_EQ(verdict.effect, verdict.tvd);
  // On-call reads it in the alert.
  for (const Finding& finding : Firing(baseline_, CountBatch(baseline_, rows.Batch()))) {
    if (finding.check != CheckId::kNullRate) continue;
    EXPECT_THAT(finding.reason, HasSubstr("; predictions in these rows: "));
    EXPECT_THAT(finding.reason, HasSubstr("(association, not cause)"));
    ASSERT_EQ(finding.impacts.size(), 2u);
    EXPECT_EQ(finding.impacts[0].verdict, ImpactVerdict::kDifferent);
  }
}

TEST_F(ImpactTest, NoDifferenceIsShownWhereRowsLackItByChance) {
  std::mt19937_64 random(5);
  int different = 0;
  for (int trial = 0; trial < 300; ++trial) {
    ScoredRows rows = Scored(600, 100 + trial);
    for (double& x : rows.Number("x")) {
      if (random() % 5 == 0) x = kNull;
    }
    for (double& z : rows.Number("z")) {
      if (random() % 10 == 0) z = kNull;
    }
    const std::vector<Impact> impacts = Impacts(rows);
    ASSERT_EQ(impacts.size(), 4u);
    for (const Impact& impact : impacts) {
      different += impact.verdict >= ImpactVerdict::kSmall ? 1 : 0;
      if (impact.verdict == ImpactVerdict::kNotShown) {
        ASSERT_THAT(impact.reason, HasSubstr("no difference shown: "));
      }
    }
  }
  EXPECT_LE(different, 3);  // one in a thousand models, and some luck
}

TEST_F(ImpactTest, TooFewRowsAreNotJudged) {
  ScoredRows rows = Scored(1'000, 3);
  for (uint32_t row = 0; row < 29; ++row) rows.Number("x")[row] = kNull;
  const std::vector<Impact> impacts = Impacts(rows);
  ASSERT_EQ(impacts.size(), 2u);
  EXPECT_THAT(impacts, Each(Field(&Impact::verdict, ImpactVerdict::kInsufficientData)));
  EXPECT_THAT(impacts[0].reason, HasSubstr("too few rows with a `"));
}

TEST_F(ImpactTest, AnInputThatIsInNoRowIsComparedWithTraining) {
  ScoredRows rows = Scored(2'000, 4);
  for (double& score : rows.Number("score")) score += 5;
  profile::BatchView batch = rows.Batch();
  batch.columns.erase(batch.columns.begin());
  const profile::Pane pane = profile::CountBatch(baseline_, batch);
  const Impact score = *Find(FindImpacts(baseline_, policy_, pane), "x", "absent", "score");
  EXPECT_TRUE(score.against_training);
  EXPECT_EQ(score.with, 10'000u);
  EXPECT_EQ(score.verdict, ImpactVerdict::kDifferent);
  EXPECT_NEAR(*score.difference, 5, 0.5);
  EXPECT_THAT(score.reason, HasSubstr(" in training ("));
  EXPECT_THAT(FindImpacts(baseline_, policy_, pane, 1), IsEmpty());
}

TEST_F(ImpactTest, AnInputThatTrainingHardlyHadEitherIsComparedWithNothing) {
  ScoredRows training = Scored(2'000, 1);
  for (uint32_t row = 0; row < training.size(); ++row) {
    if (row % 5 == 0) training.Number("x")[row] = kNull;
  }
  const profile::Baseline baseline = Trained(training, {"score", "verdict"});
  ScoredRows live = Scored(500, 2);
  for (double& score : live.Number("score")) score += 50;
  live.Number("x").assign(live.size(), kNull);
  const auto impacts =
      FindImpacts(baseline, DefaultPolicy(), profile::CountBatch(baseline, live.Batch()));
  const std::optional<Impact> score = Find(impacts, "x", "null", "score");
  ASSERT_TRUE(score.has_value());
  EXPECT_EQ(score->verdict, ImpactVerdict::kInsufficientData);
  EXPECT_THAT(score->reason, HasSubstr("nothing to compare with"));
}

TEST_F(ImpactTest, AnUnseenCategoryAndValuesOutOfRangeAreStatesToo) {
  ScoredRows rows = Scored(2'000, 6);
  ScoredRows trained = Scored(5'000, 7);
  trained.texts.emplace_back("city", std::vector<std::string>(5'000, "oslo"));
  rows.texts.emplace_back("city", std::vector<std::string>(2'000, "oslo"));
  for (uint32_t row = 0; row < 2'000; ++row) {
    if (rows.Number("score")[row] > 103) rows.Text("city")[row] = "atlantis";
    if (rows.Number("score")[row] < 96) rows.Number("z")[row] = 1e6;
  }
  const profile::Baseline baseline = Trained(trained, {"score", "verdict"});
  const std::vector<Impact> impacts =
      FindImpacts(baseline, policy_, profile::CountBatch(baseline, rows.Batch()));
  EXPECT_GT(*Find(impacts, "city", "a category never seen in training", "score")->effect, 1);
  EXPECT_LT(*Find(impacts, "z", "out of range", "score")->effect, -1);
}

TEST_F(ImpactTest, RowsThatAnEarlierReleaseCountedAreNotTakenForRowsWithAValue) {
  ScoredRows rows = Scored(2'000, 8);
  for (uint32_t row = 0; row < 2'000; row += 4) rows.Number("x")[row] = kNull;
  profile::Pane pane = profile::CountBatch(baseline_, rows.Batch());
  profile::Pane before = pane;
  before.outcomes = {};
  pane.Merge(before);
  const std::vector<Impact> impacts = FindImpacts(baseline_, policy_, pane);
  EXPECT_THAT(impacts, Each(Field(&Impact::verdict, ImpactVerdict::kInsufficientData)));
  EXPECT_THAT(impacts[0].reason, HasSubstr("500 such rows were counted by an earlier release"));
}

TEST_F(ImpactTest, NothingIsSaidWherePredictionsAreNotNumbersOrMissing) {
  ScoredRows rows = Scored(500, 9);
  for (uint32_t row = 0; row < 200; ++row) {
    rows.Number("x")[row] = kNull;
    rows.Number("score")[row] = kNull;
  }
  const Impact score = *Find(Impacts(rows), "x", "null", "score");
  EXPECT_EQ(score.verdict, ImpactVerdict::kInsufficientData);
  EXPECT_EQ(score.rows, 200u);
  EXPECT_EQ(score.without, 0u);
  EXPECT_FALSE(score.effect.has_value());
}

// Adult: rows of which workclass is missing (5.7%), in training too, are predicted otherwise: an
// association that is there in the data as they came.
ScoredRows Adult() {
  const Table table = ReadCsv("adult/adults.csv.gz");
  ScoredRows rows;
  rows.numbers.emplace_back("age", Numbers(table.Column("age")));
  for (const std::string name : {"workclass", "education", "class"}) {
    rows.texts.emplace_back(name, table.Column(name));
  }
  return rows;
}

TEST(RealData, Row6cImpactOfWhatIsMissingInAdult) {
  ScoredRows rows = Adult();
  const profile::Baseline baseline = Trained(rows.Part(0, 32'561), {"class"});
  ScoredRows live = rows.Part(32'561, rows.size());
  const std::vector<std::string> whole = live.Text("class");
  const auto impacts = [&] {
    return FindImpacts(baseline, DefaultPolicy(), profile::CountBatch(baseline, live.Batch()));
  };
  const Impact workclass = *Find(impacts(), "workclass", "null", "class");
  EXPECT_EQ(workclass.verdict, ImpactVerdict::kDifferent);
  double rich = 0, rows_without = 0;
  for (uint32_t row = 0; row < live.size(); ++row) {
    if (!live.Text("workclass")[row].empty()) continue;
    ++rows_without;
    rich += whole[row] == "<=50K" ? 1 : 0;
  }
  EXPECT_EQ(static_cast<double>(workclass.without), rows_without);
  EXPECT_EQ(workclass.group, "<=50K");
  EXPECT_DOUBLE_EQ(*workclass.share_without, rich / rows_without);
  EXPECT_GT(*workclass.share_without - *workclass.share_with, 0.1);
  // The share is training's, so that nobody is alerted.
  EXPECT_THAT(Firing(baseline, profile::CountBatch(baseline, live.Batch())), IsEmpty());
  // The same predictions, dealt out anew.
  std::mt19937_64 random(1);
  std::shuffle(live.Text("class").begin(), live.Text("class").end(), random);
  EXPECT_EQ(Find(impacts(), "workclass", "null", "class")->verdict, ImpactVerdict::kNotShown);
  // Nothing is missing in `education`.
  EXPECT_FALSE(Find(impacts(), "education", "null", "class").has_value());
}

TEST(RealData, Row6cImpactOfACategoryThatIsSilent) {
  ScoredRows rows = Adult();
  const profile::Baseline baseline = Trained(rows.Part(0, 32'561), {"class"});
  const size_t education = *baseline.schema.Find("education");
  const profile::Pane live = profile::CountBatch(baseline, rows.Part(32'561, rows.size()).Batch());
  const size_t predicted = *baseline.schema.Find("class");
  const profile::Outcomes since(baseline.variables[predicted], live.variables[predicted]);
  const auto silent = [&](const std::string& category) {
    const auto impacts = ImpactsOfSilence(baseline, DefaultPolicy(), education,
                                          baseline.variables[education].categories.Code(category),
                                          live.rows, {since});
    EXPECT_EQ(impacts.size(), 1u);
    return impacts.at(0);
  };
  const Impact masters = silent("Masters");
  EXPECT_EQ(masters.verdict, ImpactVerdict::kDifferent);
  EXPECT_TRUE(masters.against_training);
  EXPECT_LT(*masters.share_without, *masters.share_with + 1);
  EXPECT_NEAR(std::abs(*masters.difference), 0.31, 0.05);  // 55% of them earn more, of all 24%
  EXPECT_THAT(masters.reason, HasSubstr("`education`: `Masters` silent: "));
  EXPECT_THAT(masters.reason, HasSubstr(" in training's rows with `Masters` ("));
  EXPECT_NE(silent("Assoc-voc").verdict, ImpactVerdict::kDifferent);  // as all others
}

TEST(RealData, Row6cImpactOfNullsInCaliforniaHousing) {
  const auto read = [](const std::string& file) {
    const Table table = ReadCsv("california_housing/" + file);
    ScoredRows rows;
    for (const std::string name : {"MedInc", "HouseAge", "y_pred_proba"}) {
      rows.numbers.emplace_back(name, Numbers(table.Column(name)));
    }
    rows.texts.emplace_back("y_pred", table.Column("y_pred"));
    return rows;
  };
  const ScoredRows trained = read("reference.csv.gz");
  const profile::Baseline baseline = Trained(trained, {"y_pred_proba", "y_pred"});
  const auto null_rate = [&](const ScoredRows& rows) -> std::optional<Finding> {
    for (Finding& finding : Firing(baseline, profile::CountBatch(baseline, rows.Batch()))) {
      if (finding.check == CheckId::kNullRate) return std::move(finding);
    }
    return std::nullopt;
  };
  // Untouched rows.
  EXPECT_FALSE(null_rate(trained).has_value());
  EXPECT_THAT(
      FindImpacts(baseline, DefaultPolicy(), profile::CountBatch(baseline, trained.Batch())),
      IsEmpty());
  // Every tenth row, whatever is predicted.
  ScoredRows rows = trained;
  for (uint32_t row = 0; row < rows.size(); row += 10) rows.Number("HouseAge")[row] = kNull;
  std::optional<Finding> finding = null_rate(rows);
  ASSERT_TRUE(finding.has_value());
  EXPECT_THAT(finding->reason, Not(HasSubstr("predictions")));
  ASSERT_EQ(finding->impacts.size(), 2u);
  EXPECT_THAT(finding->impacts, Each(Field(&Impact::verdict, ImpactVerdict::kNotShown)));
  // The rich districts.
  rows = trained;
  for (double& income : rows.Number("MedInc")) {
    if (income > 6) income = kNull;
  }
  finding = null_rate(rows);
  ASSERT_TRUE(finding.has_value());
  EXPECT_THAT(finding->reason, HasSubstr("; predictions in these rows: "));
  const Impact score = *Find(finding->impacts, "MedInc", "null", "y_pred_proba");
  EXPECT_EQ(score.verdict, ImpactVerdict::kDifferent);
  EXPECT_GT(*score.effect, 1);
}

}  // namespace
}  // namespace plumbline::checks
