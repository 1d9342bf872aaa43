#include "server/checks/evaluate.h"

#include <cmath>
#include <map>
#include <random>
#include <set>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "server/checks/alert.h"
#include "server/checks/checks.h"
#include "tests/profile/batch_maker.h"

namespace plumbline::checks {
namespace {

using profile::Baseline;
using profile::MakeBatch;
using profile::NumberColumn;
using profile::Pane;
using profile::TextColumn;
using ::testing::HasSubstr;

constexpr int kRows = 10'000;

constexpr double kEvidence = 9.2;  // ln of 10,000 blocks

std::vector<double> Normal(int rows, double mean, uint64_t seed) {
  std::mt19937_64 random(seed);
  std::normal_distribution<double> normal(mean, 1);
  std::vector<double> values(rows);
  for (double& value : values) value = normal(random);
  return values;
}

// a (70%), b (30%), shuffled.
std::vector<std::string> Cities(int rows, double share_of_a, uint64_t seed) {
  std::mt19937_64 random(seed);
  std::bernoulli_distribution is_a(share_of_a);
  std::vector<std::string> values(rows);
  for (std::string& value : values) value = is_a(random) ? "a" : "b";
  return values;
}

// Live columns as in training, for a test to spoil.
struct Live {
  explicit Live(int row_count, uint64_t seed = 2)
      : rows(row_count),
        x(Normal(rows, 0, seed)),
        score(Normal(rows, 5, seed + 100)),
        fixed(rows, 0.42),
        city(Cities(rows, 0.7, seed)) {}
  int rows;
  std::vector<double> x, score, fixed;
  std::vector<std::string> city;
  std::vector<uint8_t> x_validity;
};

class EvaluateTest : public ::testing::Test {
 protected:
  EvaluateTest() {
    const Live training(kRows, 1);
    profile::VariableHint hint;
    hint.name = "score";
    hint.role = profile::Role::kPrediction;
    auto baseline = profile::BuildBaseline({MakeBatch(kRows, Columns(training))}, {hint});
    EXPECT_TRUE(baseline.ok()) << baseline.status();
    baseline_ = *std::move(baseline);
  }

  static std::vector<profile::ColumnView> Columns(const Live& live) {
    std::vector<profile::ColumnView> columns = {
        NumberColumn("x", live.x), NumberColumn("score", live.score),
        NumberColumn("fixed", live.fixed), TextColumn("city", live.city)};
    columns[0].validity = live.x_validity;
    return columns;
  }

  // All findings, or those for `alerts`.
  std::vector<Finding> Judge(const Pane& pane, const AlertBook* alerts = nullptr) const {
    std::vector<profile::VariableStatistics> statistics;
    for (size_t i = 0; i < baseline_.variables.size(); ++i) {
      statistics.push_back(profile::CompareToBaseline(baseline_.variables[i], pane.variables[i]));
    }
    // The rows are two blocks.
    ChangeWatch watch(&baseline_);
    for (int block = 0; block < 2; ++block) watch.Observe(pane);
    const std::vector<VariableEvidence> changes = watch.Weigh(kEvidence);
    const EvaluationInput input{.window = pane,
                                .changes = &changes,
                                .now = absl::FromUnixSeconds(1000),
                                .last_batch = last_batch_,
                                .lost_batches = lost_batches_,
                                .unended_epochs = unended_epochs_};
    if (alerts == nullptr) return Evaluate(baseline_, policy_, input, statistics);
    return EvaluateForAlerts(baseline_, policy_, input, statistics, *alerts);
  }

  // `check variable` of all that fires.
  std::vector<std::string> Firing(const Live& live) const {
    return Firing(Judge(profile::CountBatch(baseline_, MakeBatch(live.rows, Columns(live)))));
  }
  static std::vector<std::string> Firing(const std::vector<Finding>& findings) {
    std::vector<std::string> firing;
    for (const Finding& finding : findings) {
      if (finding.status != Status::kFiring) continue;
      EXPECT_FALSE(finding.reason.empty());
      EXPECT_FALSE(finding.cause.empty());
      firing.push_back(absl::StrCat(CheckName(finding.check), " ", finding.variable));
    }
    return firing;
  }

  Baseline baseline_;
  Policy policy_ = DefaultPolicy();
  std::optional<absl::Time> last_batch_ = absl::FromUnixSeconds(999);
  uint64_t lost_batches_ = 0;
  uint64_t unended_epochs_ = 0;
};

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Not;

TEST_F(EvaluateTest, SaysNothingOfDataLikeTraining) { EXPECT_THAT(Firing(Live(1000)), IsEmpty()); }

TEST_F(EvaluateTest, AShiftIsDriftAndNamesItsCause) {
  Live live(1000);
  live.x = Normal(1000, 1, 7);
  const auto findings = Judge(profile::CountBatch(baseline_, MakeBatch(1000, Columns(live))));
  EXPECT_THAT(Firing(findings), Contains("drift x"));
  for (const Finding& finding : findings) {
    if (finding.check != CheckId::kDrift || finding.variable != "x") continue;
    EXPECT_EQ(finding.cause, "shifted_up");
    EXPECT_THAT(finding.reason, HasSubstr("in training"));
  }
}

TEST_F(EvaluateTest, AChangedShareIsDriftOfTheCategory) {
  Live live(1000);
  live.city = Cities(1000, 0.3, 7);
  EXPECT_THAT(Firing(live), ElementsAre("drift city"));
}

TEST_F(EvaluateTest, NumbersThatAreWrittenLessFinely) {
  Live live(5'000);
  for (double& x : live.x) x = static_cast<double>(static_cast<float>(x));
  for (double& score : live.score) score = std::round(score * 100) / 100;
  const auto findings = Judge(profile::CountBatch(baseline_, MakeBatch(5'000, Columns(live))));
  EXPECT_THAT(Firing(findings), ElementsAre("precision x", "precision score"));
  for (const Finding& finding : findings) {
    if (finding.check != CheckId::kPrecision || finding.status != Status::kFiring) continue;
    EXPECT_EQ(finding.cause, finding.variable == "x" ? "rounded_to_float32" : "decimals_cut");
    EXPECT_NEAR(static_cast<double>(finding.rows), 5'000 / 64.0, 1);
  }
}

TEST_F(EvaluateTest, FewRowsAreInsufficientNotDrift) {
  Live live(50);
  live.x = Normal(50, 1, 7);
  EXPECT_THAT(Firing(live), Not(Contains("drift x")));
}

TEST_F(EvaluateTest, NullsNanAndRangeAreFindingsOfTheirOwn) {
  Live live(1000);
  live.x_validity.assign(125, 0b0111'1111);  // 12.5% null
  EXPECT_THAT(Firing(live), ElementsAre("null_rate x"));
  live.x_validity.clear();
  for (int i = 0; i < 100; ++i) live.x[i] = NAN;
  EXPECT_THAT(Firing(live), ElementsAre("nan_rate x"));
  for (int i = 0; i < 100; ++i) live.x[i] = INFINITY;
  EXPECT_THAT(Firing(live), ElementsAre("inf_rate x"));
  for (int i = 0; i < 50; ++i) live.x[i] = 100;
  for (int i = 50; i < 100; ++i) live.x[i] = 0;
  EXPECT_THAT(Firing(live), Contains("out_of_range x"));
}

// The rate of a name is one number: in the reason, the alert, the report's table and the metric.
TEST_F(EvaluateTest, RatesAreOverAllRows) {
  Live live(1000);
  live.x_validity.assign(125, 0b0000'1111);
  for (int i = 0; i < 100; ++i) live.x[i] = 100;  // 52 of them are not null
  for (int i = 0; i < 150; ++i) live.city[i] = "new";
  std::vector<profile::ColumnView> without = Columns(live);
  without.pop_back();  // city
  Pane pane = profile::CountBatch(baseline_, MakeBatch(1000, Columns(live)));
  pane.Merge(profile::CountBatch(baseline_, MakeBatch(1000, std::move(without))));
  for (const Finding& finding : Judge(pane)) {
    if (finding.status != Status::kFiring) continue;
    const size_t index = *baseline_.schema.Find(finding.variable);
    const auto table =
        profile::CompareToBaseline(baseline_.variables[index], pane.variables[index]);
    if (finding.check == CheckId::kOutOfRange) {
      EXPECT_EQ(finding.value, table.out_of_range_rate);
      EXPECT_NEAR(*finding.baseline, 1e-4, 1e-7);  // 2 of 10,001, half of the rows have one
      EXPECT_THAT(finding.reason, HasSubstr("% out of range, at most 0.01% expected (2,000 rows)"));
    } else if (finding.check == CheckId::kUnseenCategory) {
      EXPECT_EQ(finding.value, table.unseen_rate);
      EXPECT_THAT(finding.reason, HasSubstr("150 of 2,000 rows"));
    } else if (finding.check == CheckId::kNullRate) {
      EXPECT_EQ(finding.value, table.null_rate);
    }
  }
  EXPECT_THAT(Firing(Judge(pane)),
              testing::IsSupersetOf({"out_of_range x", "unseen_category city", "null_rate x"}));
}

TEST_F(EvaluateTest, AMeanThatOverflowsIsNotCalledInfinite) {
  Live live(1000);
  for (int i = 0; i < 600; ++i) live.x[i] = 1e308;
  for (const Finding& finding :
       Judge(profile::CountBatch(baseline_, MakeBatch(1000, Columns(live))))) {
    if (finding.check != CheckId::kDrift || finding.variable != "x") continue;
    EXPECT_EQ(finding.status, Status::kFiring);
    EXPECT_THAT(finding.reason, HasSubstr(" to 1e+308 against -"));
    EXPECT_THAT(finding.reason, Not(HasSubstr("inf")));
  }
}

TEST_F(EvaluateTest, OneNanPredictionIsCritical) {
  Live live(1000);
  live.score[3] = NAN;
  for (const Finding& finding :
       Judge(profile::CountBatch(baseline_, MakeBatch(1000, Columns(live))))) {
    if (finding.status == Status::kFiring) {
      EXPECT_EQ(finding.check, CheckId::kNanRate);
      EXPECT_EQ(finding.severity, Severity::kCritical);
    }
  }
  EXPECT_THAT(Firing(live), ElementsAre("nan_rate score"));
  live.x[3] = NAN;  // in a feature it is not
  EXPECT_THAT(Firing(live), ElementsAre("nan_rate score"));
}

TEST_F(EvaluateTest, UnseenAndVanishedCategories) {
  Live live(1000);
  live.city[0] = "new";
  EXPECT_THAT(Firing(live), IsEmpty());
  for (int i = 0; i < 150; ++i) live.city[i] = "new";
  EXPECT_THAT(Firing(live), Contains("unseen_category city"));
  live.city.assign(1000, "a");
  EXPECT_THAT(Firing(live), Contains("vanished_category city"));
  EXPECT_THAT(Firing(live), Contains("became_constant city"));
}

TEST_F(EvaluateTest, ConstantsComeAliveAndVariablesBecomeConstant) {
  Live live(1000);
  live.fixed[0] = 1;
  EXPECT_THAT(Firing(live), Not(Contains("came_alive fixed")));
  for (int i = 0; i < 100; ++i) live.fixed[i] = i;
  EXPECT_THAT(Firing(live), Contains("came_alive fixed"));
  live = Live(1000);
  live.x.assign(1000, 0.5);
  EXPECT_THAT(Firing(live), Contains("became_constant x"));
}

TEST_F(EvaluateTest, AbsentUnknownAndWronglyTypedColumns) {
  const Live live(1000);
  auto columns = Columns(live);
  columns[0].name = "renamed";
  EXPECT_THAT(Firing(Judge(profile::CountBatch(baseline_, MakeBatch(1000, columns)))),
              ElementsAre("unknown_variable renamed", "absent_variable x"));
  columns = Columns(live);
  columns[0] = TextColumn("x", live.city);
  EXPECT_THAT(Firing(Judge(profile::CountBatch(baseline_, MakeBatch(1000, columns)))),
              ElementsAre("wrong_type x"));
}

TEST_F(EvaluateTest, SilenceAndLostBatchesAreOfTheModel) {
  lost_batches_ = 2;
  last_batch_ = absl::FromUnixSeconds(1000) - policy_.no_data_after;
  EXPECT_THAT(Firing(Live(1000)), ElementsAre("rows_lost "));
  last_batch_ = *last_batch_ - absl::Seconds(1);
  EXPECT_THAT(Firing(Live(1000)), ElementsAre("no_data ", "rows_lost "));
  last_batch_.reset();
  lost_batches_ = 0;
  EXPECT_THAT(Firing(Live(1000)), IsEmpty());
  unended_epochs_ = 1;
  EXPECT_THAT(Firing(Live(1000)), ElementsAre("tail_unknown "));
}

TEST(RowsLost, SaysHowItEnded) {
  const Pane window;
  EvaluationInput input{.window = window, .now = absl::FromUnixSeconds(1000)};
  input.lost_batches = 1'200;
  input.lost_detail = "producer \"p\" epoch 1: 1200 of 5000";
  const Finding lost = CheckRowsLost(DefaultPolicy(), input);
  EXPECT_EQ(lost.reason, "1,200 batches were lost: producer \"p\" epoch 1: 1200 of 5000");
  input.lost_batches = 0;
  EXPECT_THAT(CheckRowsLost(DefaultPolicy(), input).resolution, HasSubstr("arrived since"));
  input.abandoned_batches = 1'000;
  EXPECT_EQ(CheckRowsLost(DefaultPolicy(), input).resolution,
            "1,000 never came: the epoch expired, or 24h have passed");
}

TEST(TailUnknown, ClaimsNoLossAndPagesNobody) {
  const Pane window;
  EvaluationInput input{.window = window, .now = absl::FromUnixSeconds(1000)};
  input.unended_epochs = 1;
  input.unended_detail = "producer \"p\" epoch 1: nothing after batch 7";
  const Finding finding = CheckTailUnknown(DefaultPolicy(), input);
  EXPECT_EQ(finding.severity, Severity::kInfo);
  EXPECT_EQ(finding.status, Status::kFiring);
  EXPECT_EQ(finding.reason,
            "1 epoch did not end, so batches may be missing after the last that came: producer "
            "\"p\" epoch 1: nothing after batch 7");
}

// checks.md: with thresholds alone, half of such windows would drift.
TEST(EvaluateNoDrift, TwentyVariablesInTwoHundredWindowsNeverAlert) {
  constexpr int kVariables = 20;
  constexpr int kBlock = 100;
  const auto batch_of = [](int rows, uint64_t seed, std::vector<std::vector<double>>* values) {
    values->clear();
    for (int i = 0; i < kVariables; ++i) values->push_back(Normal(rows, 0, seed * 100 + i));
    std::vector<profile::ColumnView> columns;
    static const std::string kNames = "abcdefghijklmnopqrst";
    for (int i = 0; i < kVariables; ++i) {
      columns.push_back(NumberColumn(absl::string_view(kNames).substr(i, 1), (*values)[i]));
    }
    return MakeBatch(rows, columns);
  };
  std::vector<std::vector<double>> values;
  const auto baseline = profile::BuildBaseline({batch_of(kRows, 1, &values)});
  ASSERT_TRUE(baseline.ok());
  const Policy policy = DefaultPolicy();
  for (uint64_t window = 0; window < 200; ++window) {
    AlertBook book;
    ChangeWatch watch(&*baseline);
    Pane merged(*baseline);
    for (uint64_t block = 1; block <= 2; ++block) {
      const Pane pane =
          profile::CountBatch(*baseline, batch_of(kBlock, 10 + 2 * window + block, &values));
      merged.Merge(pane);
      std::vector<profile::VariableStatistics> statistics;
      for (int i = 0; i < kVariables; ++i) {
        statistics.push_back(
            profile::CompareToBaseline(baseline->variables[i], merged.variables[i]));
      }
      watch.Observe(pane);
      const std::vector<VariableEvidence> changes = watch.Weigh(kEvidence);
      const EvaluationInput input{.window = merged,
                                  .changes = &changes,
                                  .now = absl::FromUnixSeconds(60 * static_cast<int64_t>(block)),
                                  .last_batch = std::nullopt};
      book.Advance(Evaluate(*baseline, policy, input, statistics), policy, input.now, block);
    }
    for (const Alert& alert : book.alerts()) {
      EXPECT_NE(alert.state, AlertState::kFiring) << alert.finding.reason;
    }
  }
}

TEST_F(EvaluateTest, AlertsAreTheSameWithoutTheFindingsThatNobodyReads) {
  std::vector<Live> story(8, Live(1000));
  story[1].x = story[2].x = Normal(1000, 1, 7);
  story[2].score[5] = NAN;
  story[2].fixed.assign(1000, 0.5);
  for (int i = 0; i < 400; ++i) story[3].city[i] = "elsewhere";
  story[3].x_validity.assign(125, 0x0f);
  story[4].city.assign(1000, "a");
  story[5] = Live(20);
  std::set<std::string> seen;
  AlertBook whole, brief;
  for (size_t step = 0; step < story.size(); ++step) {
    const Live& live = story[step];
    const Pane pane = profile::CountBatch(baseline_, MakeBatch(live.rows, Columns(live)));
    unended_epochs_ = step == 3 ? 1 : 0;
    const absl::Time now = absl::FromUnixSeconds(1000 + static_cast<int64_t>(step));
    whole.Advance(Judge(pane), policy_, now, step);
    brief.Advance(Judge(pane, &brief), policy_, now, step);
    const std::vector<Alert> expected = whole.alerts(), got = brief.alerts();
    ASSERT_EQ(got.size(), expected.size()) << step;
    for (size_t i = 0; i < got.size(); ++i) {
      seen.insert(absl::StrCat(CheckName(got[i].key.check), " ", got[i].key.variable));
      EXPECT_EQ(got[i].key, expected[i].key);
      EXPECT_EQ(got[i].state, expected[i].state);
      EXPECT_EQ(got[i].finding.reason, expected[i].finding.reason);
      EXPECT_EQ(got[i].finding.cause, expected[i].finding.cause);
      EXPECT_EQ(got[i].finding.value, expected[i].finding.value);
      EXPECT_EQ(got[i].finding.p_value, expected[i].finding.p_value);
      EXPECT_EQ(got[i].finding.threshold, expected[i].finding.threshold);
    }
  }
  EXPECT_THAT(seen, testing::IsSupersetOf({"drift x", "nan_rate score", "came_alive fixed",
                                           "unseen_category city", "null_rate x",
                                           "became_constant city", "tail_unknown "}));
}

// Spoils of every kind, from too little to tell to all rows.
TEST_F(EvaluateTest, WhatIsNotAskedWouldNotHaveFired) {
  std::mt19937_64 random(11);
  std::map<CheckId, int> fired, not_asked;
  const profile::VariableStatistics none;
  for (int round = 0; round < 400; ++round) {
    const int rows = round % 5 == 0 ? 40 : round % 10 == 4 ? 4'000 : 1'000;
    Live live(rows, 20 + static_cast<uint64_t>(round));
    const double share =
        std::pow(10.0, -3.0 * std::uniform_real_distribution<double>(0, 1)(random));
    std::bernoulli_distribution hit(round % 7 == 0 ? 1 : share);
    const auto spoil = [&](auto* values, const auto& by) {
      for (auto& value : *values) {
        if (hit(random)) value = by(value);
      }
    };
    const auto nan = [](double) { return static_cast<double>(NAN); };
    const auto far = [](double) { return 1e6; };
    const auto narrow = [](double x) { return static_cast<double>(static_cast<float>(x)); };
    switch (round % 10) {
      case 0:
        spoil(&live.x, nan);
        break;
      case 1:
        spoil(&live.score, nan);
        break;
      case 2:
        spoil(&live.x, [](double) { return static_cast<double>(INFINITY); });
        break;
      case 3:
        spoil(&live.x, far);
        break;
      case 4:
        spoil(&live.x, narrow);
        break;
      case 5:
        spoil(&live.score, [](double x) { return std::round(x); });
        break;
      case 6:
        spoil(&live.city, [](const std::string&) { return std::string("new"); });
        break;
      case 7:
        spoil(&live.city, [](const std::string&) { return std::string("a"); });
        break;
      case 8:
        spoil(&live.fixed, far);
        break;
      default:
        spoil(&live.x, [](double) { return 0.5; });
    }
    std::vector<profile::ColumnView> columns = Columns(live);
    if (round % 11 == 0) {
      live.x_validity.assign(static_cast<size_t>(live.rows + 7) / 8, hit(random) ? 0x0f : 0xfe);
      columns = Columns(live);
    }
    if (round % 13 == 0) columns[0] = TextColumn("x", live.city);
    if (round % 17 == 0) columns.pop_back();
    const Pane pane = profile::CountBatch(baseline_, MakeBatch(live.rows, columns));
    ChangeWatch watch(&baseline_);
    for (int block = 0; block < 2; ++block) watch.Observe(pane);
    const std::vector<VariableEvidence> changes = watch.Weigh(kEvidence);
    for (const Finding& finding : Judge(pane)) {
      const std::optional<size_t> index = baseline_.schema.Find(finding.variable);
      if (!index.has_value()) continue;
      const bool asked = MayFire(finding.check, {.baseline = baseline_.variables[*index],
                                                 .window = pane.variables[*index],
                                                 .evidence = EvidenceOn(&changes, *index),
                                                 .statistics = none,
                                                 .policy = policy_,
                                                 .variables = baseline_.variables.size()});
      if (finding.status == Status::kFiring) {
        ++fired[finding.check];
        EXPECT_TRUE(asked) << finding.reason;
      } else if (!asked) {
        ++not_asked[finding.check];
      }
    }
  }
  for (const CheckId check : {CheckId::kNullRate, CheckId::kNanRate, CheckId::kInfRate,
                              CheckId::kOutOfRange, CheckId::kPrecision, CheckId::kUnseenCategory,
                              CheckId::kVanishedCategory, CheckId::kDrift, CheckId::kBecameConstant,
                              CheckId::kCameAlive, CheckId::kAbsentVariable, CheckId::kWrongType}) {
    EXPECT_GT(fired[check], 0) << CheckName(check);
    EXPECT_GT(not_asked[check], 0) << CheckName(check);
  }
}

TEST_F(EvaluateTest, NullsThatComeInRunsInTrainingCountForFewer) {
  profile::VariableBaseline trained = baseline_.variables[0];
  trained.counts.nulls = kRows / 50;
  profile::VariableCounts live = trained.counts;
  live.rows = 600;
  const profile::VariableStatistics none;
  const auto fires = [&](uint64_t nulls, double effect) {
    live.nulls = nulls;
    trained.natural.nulls = effect;
    const Finding finding = CheckRate(CheckId::kNullRate, {.baseline = trained,
                                                           .window = live,
                                                           .statistics = none,
                                                           .policy = policy_,
                                                           .variables = 20});
    return finding.status == Status::kFiring;
  };
  EXPECT_FALSE(fires(30, 1));
  EXPECT_TRUE(fires(60, 1));
  EXPECT_FALSE(fires(60, 20));  // as 3 of 30 are
  EXPECT_TRUE(fires(300, 20));
  EXPECT_TRUE(fires(600, 20));  // where p is less than a number can hold, too
  EXPECT_FALSE(fires(600, 200));
}

// What fires of 600 rows of which so many have a category that training never had.
class RunsInTraining : public EvaluateTest {
 protected:
  Finding Judge(uint64_t unknown, double effect, double share) const {
    profile::VariableBaseline trained = baseline_.variables[3];
    trained.natural.outside = effect;
    trained.natural.outside_share = share;
    profile::VariableCounts live;
    live.rows = 600;
    std::vector<uint64_t> codes(trained.counts.codes.size());
    codes[1] = live.rows - unknown;
    codes.back() = unknown;
    live.codes = profile::CodeCounts::Of(codes);
    const profile::VariableStatistics none;
    const VariableInput input{.baseline = trained,
                              .window = live,
                              .statistics = none,
                              .policy = policy_,
                              .variables = 20};
    return CheckUnseenCategory(input);
  }
  bool Fires(uint64_t unknown, double effect, double share = 0) const {
    return Judge(unknown, effect, share).status == Status::kFiring;
  }
};

TEST_F(RunsInTraining, LetExpectRunsOfUnseenCategories) {
  EXPECT_TRUE(Fires(60, 1));
  EXPECT_FALSE(Fires(60, 50));  // as if it were one of twelve
  EXPECT_FALSE(Fires(60, 1, 0.08));
  EXPECT_FALSE(Fires(150, 50, 0.05));
  EXPECT_TRUE(Fires(600, 50, 0.05));
  const std::string by_chance = Judge(60, 1, 0).reason;
  EXPECT_THAT(by_chance, testing::EndsWith(" expected"));
  EXPECT_THAT(Judge(600, 50, 0.05).reason,
              testing::EndsWith(", at most 5% expected as it comes in runs in training"));
}

}  // namespace
}  // namespace plumbline::checks
