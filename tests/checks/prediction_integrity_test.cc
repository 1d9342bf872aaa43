#include <algorithm>
#include <cmath>
#include <limits>
#include <random>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "server/checks/checks.h"
#include "server/checks/evaluate.h"
#include "tests/profile/batch_maker.h"

namespace plumbline::checks {
namespace {

using profile::NumberColumn;
using profile::TextColumn;
using ::testing::ElementsAre;
using ::testing::Field;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

// A feature, two probabilities and a class.
struct PredictionRows {
  PredictionRows(uint32_t count, uint64_t seed) : rows(count) {
    std::mt19937_64 random(seed);
    std::normal_distribution<double> normal(40, 10);
    std::uniform_real_distribution<double> unit(0, 1);
    for (uint32_t row = 0; row < rows; ++row) {
      age.push_back(std::clamp(normal(random), 10.0, 70.0));
      yes.push_back(unit(random));
      no.push_back(1 - yes.back());
      label.push_back(yes.back() > 0.5 ? "good" : "bad");
    }
    validity.assign((rows + 7) / 8, 0xff);
  }
  void SetAgeNull(uint32_t row) { validity[row / 8] &= static_cast<uint8_t>(~(1u << (row % 8))); }
  profile::BatchView Batch() const {
    std::vector<profile::ColumnView> columns = {NumberColumn("age", age), NumberColumn("p_no", no),
                                                NumberColumn("p_yes", yes),
                                                TextColumn("label", label)};
    columns[0].validity = validity;
    return profile::MakeBatch(rows, std::move(columns));
  }

  uint32_t rows;
  std::vector<double> age, no, yes;
  std::vector<std::string> label;
  std::vector<uint8_t> validity;
};

class PredictionIntegrityTest : public ::testing::Test {
 protected:
  PredictionIntegrityTest() {
    std::vector<profile::VariableHint> hints(3);
    hints[0].name = "p_no", hints[1].name = "p_yes", hints[2].name = "label";
    for (profile::VariableHint& hint : hints) hint.role = profile::Role::kPrediction;
    auto baseline = profile::BuildBaseline({PredictionRows(5'000, 1).Batch()}, hints);
    EXPECT_TRUE(baseline.ok()) << baseline.status();
    baseline_ = *std::move(baseline);
  }

  std::vector<Finding> Firing(const PredictionRows& rows) const {
    const profile::Pane pane = profile::CountBatch(baseline_, rows.Batch());
    std::vector<profile::VariableStatistics> statistics;
    for (size_t i = 0; i < baseline_.variables.size(); ++i) {
      statistics.push_back(profile::CompareToBaseline(baseline_.variables[i], pane.variables[i]));
    }
    const EvaluationInput input{.window = pane, .now = absl::FromUnixSeconds(1000)};
    std::vector<Finding> findings = Evaluate(baseline_, policy_, input, statistics);
    std::erase_if(findings, [](const Finding& f) { return f.status != Status::kFiring; });
    return findings;
  }

  profile::Baseline baseline_;
  Policy policy_ = DefaultPolicy();
};

TEST_F(PredictionIntegrityTest, SaysNothingOfPredictionsLikeTraining) {
  EXPECT_THAT(Firing(PredictionRows(2'000, 2)), IsEmpty());
}

TEST_F(PredictionIntegrityTest, NamesWhatIsNullInTheSameRows) {
  PredictionRows rows(2'000, 2);
  for (uint32_t row = 0; row < 20; ++row) rows.yes[row] = kNan;
  for (uint32_t row = 0; row < 19; ++row) rows.SetAgeNull(row);
  const std::vector<Finding> findings = Firing(rows);
  ASSERT_EQ(findings.size(), 1u);
  const Finding& finding = findings[0];
  EXPECT_EQ(finding.check, CheckId::kNanRate);
  EXPECT_EQ(finding.severity, Severity::kCritical);
  EXPECT_EQ(finding.cause, "input_null");
  ASSERT_EQ(finding.causes.size(), 1u);
  EXPECT_EQ(finding.causes[0].variable, "age");
  EXPECT_DOUBLE_EQ(finding.causes[0].share, 0.95);
  EXPECT_DOUBLE_EQ(finding.causes[0].reference, 19.0 / 2'000);
  EXPECT_DOUBLE_EQ(finding.causes[0].lift, 100);
  EXPECT_THAT(finding.reason, HasSubstr("in the same rows: `age` null in 95% (0.95% of all rows)"));
}

TEST_F(PredictionIntegrityTest, NamesNoCauseOfRowsWithAnotherFault) {
  PredictionRows rows(2'000, 2);
  for (uint32_t row = 0; row < 19; ++row) {
    rows.yes[row] = kNan;
    rows.SetAgeNull(row);
  }
  for (uint32_t row = 100; row < 120; ++row) rows.yes[row] = HUGE_VAL;
  for (uint32_t row = 200; row < 220; ++row) rows.no[row] = kNan;
  const std::vector<Finding> findings = Firing(rows);
  ASSERT_EQ(findings.size(), 3u);
  EXPECT_EQ(findings[0].variable, "p_no");
  EXPECT_THAT(findings[0].causes, IsEmpty());
  EXPECT_EQ(findings[1].check, CheckId::kNanRate);
  EXPECT_EQ(findings[1].cause, "input_null");
  EXPECT_THAT(findings[1].reason, HasSubstr("`age` null in 100% (0.95% of all rows)"));
  EXPECT_EQ(findings[2].check, CheckId::kInfRate);
  EXPECT_THAT(findings[2].causes, IsEmpty());
  EXPECT_EQ(findings[2].cause, "rate_rose");
}

TEST_F(PredictionIntegrityTest, NamesNoCauseThatIsAsFrequentElsewhere) {
  PredictionRows rows(2'000, 2);
  for (uint32_t row = 0; row < 20; ++row) rows.yes[row] = kNan;
  for (uint32_t row = 0; row < rows.rows; row += 2) rows.SetAgeNull(row);
  for (const Finding& finding : Firing(rows)) EXPECT_THAT(finding.causes, IsEmpty());
}

TEST_F(PredictionIntegrityTest, AsksTrainingWhereNoPredictionIsRight) {
  PredictionRows rows(2'000, 2);
  for (uint32_t row = 0; row < rows.rows; ++row) {
    rows.yes[row] = kNan;
    rows.SetAgeNull(row);
  }
  for (const Finding& finding : Firing(rows)) {
    if (finding.check != CheckId::kNanRate) continue;
    ASSERT_EQ(finding.causes.size(), 1u);
    EXPECT_TRUE(finding.causes[0].against_training);
    EXPECT_THAT(finding.reason, HasSubstr("`age` null in 100% (0% in training)"));
  }
}

TEST_F(PredictionIntegrityTest, SeesOneProbabilityOutsideOfItsDomain) {
  PredictionRows rows(2'000, 2);
  rows.yes[5] = 1.5;
  rows.no[5] = -0.5;
  EXPECT_THAT(Firing(rows),
              ElementsAre(Field(&Finding::variable, "p_no"), Field(&Finding::variable, "p_yes")));
  const Finding finding = Firing(rows)[1];
  EXPECT_EQ(finding.check, CheckId::kPredictionDomain);
  EXPECT_EQ(finding.cause, "probability_outside");
  EXPECT_THAT(finding.reason,
              HasSubstr("1 of 2,000 predictions outside [0, 1], where all of training is"));
  EXPECT_THAT(finding.reason, HasSubstr(" to 1.5 now"));
}

TEST_F(PredictionIntegrityTest, SeesOneRowWhoseProbabilitiesDoNotSumToOne) {
  PredictionRows rows(2'000, 2);
  rows.yes[5] = 0.5;
  rows.no[5] = 0.51;
  const std::vector<Finding> findings = Firing(rows);
  ASSERT_EQ(findings.size(), 1u);
  EXPECT_EQ(findings[0].check, CheckId::kProbabilitySum);
  EXPECT_EQ(findings[0].reason,
            "p_no, p_yes: do not sum to 1 in 1 of 2,000 rows, always in training");
}

TEST_F(PredictionIntegrityTest, SeesOneRowOfAClassThatTrainingNeverHad) {
  PredictionRows rows(2'000, 2);
  rows.label[7] = "ugly";
  const std::vector<Finding> findings = Firing(rows);
  ASSERT_EQ(findings.size(), 1u);
  EXPECT_EQ(findings[0].check, CheckId::kUnseenCategory);
  EXPECT_EQ(findings[0].severity, Severity::kCritical);
  EXPECT_EQ(findings[0].cause, "class_unseen");
  EXPECT_THAT(findings[0].reason, HasSubstr("`ugly` 1"));
}

}  // namespace
}  // namespace plumbline::checks
