#include "server/profile/prediction_faults.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <random>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "server/profile/byte_io.h"
#include "server/profile/fault_finder.h"
#include "server/profile/input_outcomes.h"
#include "server/profile/outcome_codec.h"
#include "server/profile/prediction_domain.h"
#include "tests/profile/batch_maker.h"

namespace plumbline::profile {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
constexpr double kInfinite = std::numeric_limits<double>::infinity();

// Features age and city, and predictions: the probabilities p_no and p_yes, a class, a name.
struct PredictionRows {
  explicit PredictionRows(int count, uint64_t seed = 1) : rows(count) {
    std::mt19937_64 random(seed);
    std::uniform_real_distribution<double> unit(0, 1);
    for (int row = 0; row < count; ++row) {
      age.push_back(20 + 60 * unit(random));
      city.push_back(unit(random) < 0.5 ? "bonn" : "ulm");
      p_yes.push_back(unit(random));
      p_no.push_back(1 - p_yes.back());
      grade.push_back(row % 3);
      name.push_back(row % 2 == 0 ? "good" : "bad");
    }
    validity.assign((rows + 7) / 8, 0xff);
  }
  void SetAgeNull(int row) { validity[row / 8] &= ~(1 << (row % 8)); }

  BatchView Batch() const {
    std::vector<ColumnView> columns = {NumberColumn("age", age),     TextColumn("city", city),
                                       NumberColumn("p_no", p_no),   NumberColumn("p_yes", p_yes),
                                       NumberColumn("grade", grade), TextColumn("name", name)};
    columns[0].validity = validity;
    return MakeBatch(rows, std::move(columns));
  }

  uint32_t rows;
  std::vector<double> age, p_no, p_yes;
  std::vector<int64_t> grade;
  std::vector<std::string> city, name;
  std::vector<uint8_t> validity;
};

std::vector<VariableHint> Predictions(const std::vector<std::string>& names) {
  std::vector<VariableHint> hints;
  for (const std::string& name : names) {
    VariableHint hint;
    hint.name = name;
    hint.role = Role::kPrediction;
    if (name == "grade") hint.kind = Kind::kNumeric;
    hints.push_back(hint);
  }
  return hints;
}

Baseline Trained() {
  const PredictionRows rows(3'000);
  auto baseline = BuildBaseline({rows.Batch()}, Predictions({"p_no", "p_yes", "grade", "name"}));
  EXPECT_TRUE(baseline.ok()) << baseline.status();
  return *std::move(baseline);
}

FaultyRows Fault(const Baseline& baseline, const Pane& pane, FaultKind kind,
                 absl::string_view prediction) {
  const size_t variable = *baseline.schema.Find(prediction);
  return pane.faults.Of(kind, NumberOfPrediction(baseline, variable));
}

uint64_t Inputs(const Baseline& baseline, const FaultyRows& fault, absl::string_view name,
                InputState state) {
  const auto found = fault.inputs.find({static_cast<uint32_t>(*baseline.schema.Find(name)), state});
  return found == fault.inputs.end() ? 0 : found->second;
}

PredictionDomain DomainOfPrediction(const std::vector<double>& values) {
  auto baseline = BuildBaseline(
      {MakeBatch(static_cast<uint32_t>(values.size()), {NumberColumn("score", values)})},
      Predictions({"score"}));
  EXPECT_TRUE(baseline.ok()) << baseline.status();
  return baseline->variables[0].domain;
}

TEST(PredictionDomain, IsWhatTrainingShows) {
  const Baseline baseline = Trained();
  EXPECT_EQ(baseline.variables[*baseline.schema.Find("age")].domain, PredictionDomain::kAny);
  EXPECT_EQ(baseline.variables[*baseline.schema.Find("p_yes")].domain,
            PredictionDomain::kProbability);
  EXPECT_EQ(baseline.variables[*baseline.schema.Find("grade")].domain, PredictionDomain::kClasses);
  EXPECT_EQ(DomainOfPrediction(PredictionRows(500).age), PredictionDomain::kAny);
  // A count has rare large values: those are no classes.
  std::mt19937_64 random(3);
  std::poisson_distribution<int> poisson(3);
  std::vector<double> counts;
  for (int i = 0; i < 5'000; ++i) counts.push_back(poisson(random));
  EXPECT_EQ(DomainOfPrediction(counts), PredictionDomain::kAny);
}

TEST(PredictionDomain, FindsProbabilitiesThatSumToOne) {
  const Baseline baseline = Trained();
  ASSERT_EQ(baseline.probability_groups.size(), 1u);
  EXPECT_THAT(baseline.probability_groups[0],
              ElementsAre(*baseline.schema.Find("p_no"), *baseline.schema.Find("p_yes")));
  // Another score beside them that is none of the group.
  const PredictionRows rows(500), others(500, 9);
  BatchView batch = rows.Batch();
  batch.columns.push_back(NumberColumn("score", others.p_yes));
  auto mixed = BuildBaseline({batch}, Predictions({"p_no", "p_yes", "score"}));
  ASSERT_TRUE(mixed.ok());
  ASSERT_EQ(mixed->probability_groups.size(), 1u);
  EXPECT_EQ(mixed->probability_groups[0].size(), 2u);
  auto apart = BuildBaseline({batch}, Predictions({"p_yes", "score"}));
  ASSERT_TRUE(apart.ok());
  EXPECT_THAT(apart->probability_groups, IsEmpty());
}

TEST(PredictionFaults, AreNotThereWhereAllIsWell) {
  const Baseline baseline = Trained();
  EXPECT_EQ(CountBatch(baseline, PredictionRows(2'000, 5).Batch()).faults, PredictionFaults());
}

TEST(PredictionFaults, CountRowsAndWhatIsWrongWithTheirInputs) {
  const Baseline baseline = Trained();
  PredictionRows rows(400, 5);
  for (int row = 0; row < 40; ++row) {
    rows.p_yes[row * 10] = kNan;
    rows.SetAgeNull(row * 10);
  }
  rows.city[0] = "rome";
  rows.age[10] = 300;
  rows.validity[1] |= 4;  // row 10 has an age
  const Pane pane = CountBatch(baseline, rows.Batch());
  EXPECT_EQ(pane.faults.rows, 40u);
  const FaultyRows nan = Fault(baseline, pane, FaultKind::kNan, "p_yes");
  EXPECT_EQ(nan.rows, 40u);
  EXPECT_EQ(nan.inspected, 40u);
  EXPECT_EQ(Inputs(baseline, nan, "age", InputState::kNull), 39u);
  EXPECT_EQ(Inputs(baseline, nan, "age", InputState::kOutOfRange), 1u);
  EXPECT_EQ(Inputs(baseline, nan, "city", InputState::kUnseen), 1u);
  EXPECT_EQ(Inputs(baseline, nan, "p_no", InputState::kNan), 0u);
}

// Many rows of one fault do not hide the inputs of another, nor are they taken for them.
TEST(PredictionFaults, AreToldApartByKindAndPrediction) {
  const Baseline baseline = Trained();
  PredictionRows rows(1'000, 5);
  for (int row = 0; row < 900; ++row) {
    rows.p_yes[row] = kNan;
    rows.SetAgeNull(row);
  }
  for (int row = 900; row < 910; ++row) {
    rows.p_yes[row] = -kInfinite;
    rows.city[row] = "rome";
  }
  for (int row = 905; row < 915; ++row) rows.p_no[row] = kNan;
  for (int row = 920; row < 925; ++row) rows.p_no[row] = rows.p_yes[row] = 0.4;
  for (int row = 930; row < 933; ++row) {
    rows.name[row] = "ugly";
    rows.age[row] = 300;
  }
  const Pane pane = CountBatch(baseline, rows.Batch());
  EXPECT_EQ(pane.faults.rows, 923u);
  const FaultyRows nan = Fault(baseline, pane, FaultKind::kNan, "p_yes");
  EXPECT_EQ(nan.rows, 900u);
  EXPECT_EQ(nan.inspected, 64u);
  EXPECT_EQ(Inputs(baseline, nan, "age", InputState::kNull), 64u);
  EXPECT_EQ(Inputs(baseline, nan, "city", InputState::kUnseen), 0u);
  const FaultyRows infinite = Fault(baseline, pane, FaultKind::kInfinite, "p_yes");
  EXPECT_EQ(infinite.inspected, 10u);
  EXPECT_EQ(Inputs(baseline, infinite, "age", InputState::kNull), 0u);
  EXPECT_EQ(Inputs(baseline, infinite, "city", InputState::kUnseen), 10u);
  const FaultyRows other = Fault(baseline, pane, FaultKind::kNan, "p_no");
  EXPECT_EQ(other.rows, 10u);
  EXPECT_EQ(Inputs(baseline, other, "city", InputState::kUnseen), 5u);
  const FaultyRows sums = pane.faults.Of(FaultKind::kWrongSum, 0);
  EXPECT_EQ(sums.rows, 5u);
  EXPECT_THAT(sums.inputs, IsEmpty());
  const FaultyRows outside = Fault(baseline, pane, FaultKind::kOutside, "name");
  EXPECT_EQ(outside.rows, 3u);
  EXPECT_EQ(Inputs(baseline, outside, "age", InputState::kOutOfRange), 3u);
}

TEST(PredictionFaults, AreOutsideTheirDomain) {
  const Baseline baseline = Trained();
  PredictionRows rows(400, 5);
  rows.p_yes[3] = 1.25, rows.p_no[3] = -0.25;
  rows.p_yes[4] = 1 + 1e-8, rows.p_no[4] = 0;
  rows.grade[7] = 3;
  rows.name[9] = "ugly";
  const Pane pane = CountBatch(baseline, rows.Batch());
  EXPECT_EQ(pane.faults.rows, 3u);
  EXPECT_EQ(pane.faults.outside[*baseline.schema.Find("p_yes")], 1u);
  EXPECT_EQ(pane.faults.outside[*baseline.schema.Find("p_no")], 1u);
  EXPECT_EQ(pane.faults.outside[*baseline.schema.Find("grade")], 1u);
  EXPECT_THAT(pane.faults.wrong_sums, ElementsAre());
}

TEST(PredictionFaults, AreClassesThatNoFloatHolds) {
  std::vector<float> trained;
  for (int row = 0; row < 300; ++row) trained.push_back(static_cast<float>(row % 3));
  auto baseline =
      BuildBaseline({MakeBatch(300, {NumberColumn("score", trained)})}, Predictions({"score"}));
  ASSERT_TRUE(baseline.ok());
  ASSERT_EQ(baseline->variables[0].domain, PredictionDomain::kClasses);
  const std::vector<double> live = {0, 1, 2, 1e300, -1e300, 1e38};
  const Pane pane = CountBatch(*baseline, MakeBatch(6, {NumberColumn("score", live)}));
  EXPECT_THAT(pane.faults.outside, ElementsAre(3));
}

TEST(PredictionFaults, AreSumsThatAreNotOne) {
  const Baseline baseline = Trained();
  PredictionRows rows(400, 5);
  rows.p_yes[3] = 0.5, rows.p_no[3] = 0.4;
  rows.p_yes[5] = kNan;  // no sum
  const Pane pane = CountBatch(baseline, rows.Batch());
  EXPECT_EQ(pane.faults.rows, 2u);
  EXPECT_THAT(pane.faults.wrong_sums, ElementsAre(1));
}

TEST(PredictionFaults, InspectABoundedNumberOfRowsEvenlySpread) {
  const Baseline baseline = Trained();
  PredictionRows rows(1'000, 5);
  for (double& p : rows.p_yes) p = kNan;
  for (int row = 500; row < 1'000; ++row) rows.SetAgeNull(row);
  const Pane pane = CountBatch(baseline, rows.Batch());
  EXPECT_EQ(pane.faults.rows, 1'000u);
  const FaultyRows nan = Fault(baseline, pane, FaultKind::kNan, "p_yes");
  EXPECT_EQ(nan.inspected, 64u);
  EXPECT_EQ(Inputs(baseline, nan, "age", InputState::kNull), 32u);
}

TEST(PredictionFaults, TellAbsentColumnsAndOtherTypesApart) {
  const Baseline baseline = Trained();
  PredictionRows rows(100, 5);
  rows.p_yes[0] = kNan;
  BatchView batch = rows.Batch();
  batch.columns.erase(batch.columns.begin());          // age
  batch.columns[0] = NumberColumn("city", rows.p_no);  // floating point
  const Pane pane = CountBatch(baseline, batch);
  const FaultyRows nan = Fault(baseline, pane, FaultKind::kNan, "p_yes");
  EXPECT_EQ(Inputs(baseline, nan, "age", InputState::kAbsent), 1u);
  EXPECT_EQ(Inputs(baseline, nan, "city", InputState::kWrongType), 1u);
}

TEST(PredictionFaults, MergeAndTravelWithTheirPane) {
  const Baseline baseline = Trained();
  PredictionRows first(100, 5), second(100, 6);
  first.p_yes[0] = kNan;
  first.SetAgeNull(0);
  second.p_yes[1] = 7;
  second.grade[2] = -1;
  Pane sum = CountBatch(baseline, first.Batch());
  sum.Merge(CountBatch(baseline, second.Batch()));
  EXPECT_EQ(sum.faults.rows, 3u);
  EXPECT_EQ(Fault(baseline, sum, FaultKind::kNan, "p_yes").inspected, 1u);
  EXPECT_EQ(Fault(baseline, sum, FaultKind::kOutside, "grade").inspected, 1u);
  auto read = DecodePane(baseline, EncodePane(sum));
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(read->faults.rows, 3u);
  EXPECT_EQ(read->faults.faults, sum.faults.faults);
  EXPECT_EQ(read->faults.outside, sum.faults.outside);
  EXPECT_THAT(read->faults.wrong_sums, ElementsAre(1));
  sum.Clear();
  EXPECT_TRUE(sum.faults.empty());
  const std::string none = EncodePane(CountBatch(baseline, PredictionRows(10).Batch()));
  EXPECT_TRUE(DecodePane(baseline, none)->faults.empty());
  EXPECT_FALSE(DecodePane(baseline, none + std::string(1, '\x7f')).ok());
}

TEST(PredictionFaults, AreReadFromPanesThatDidNotTellThemApart) {
  const Baseline baseline = Trained();
  PredictionRows before(100, 5);
  before.SetAgeNull(3);
  Pane now = CountBatch(baseline, before.Batch());
  const InputOutcomes outcomes = now.outcomes;
  now.outcomes = {};
  for (VariableCounts& counts : now.variables) counts.fineness = {};
  for (const char version : {2, 3}) {
    std::string bytes = EncodePane(now);
    bytes[0] = version;
    bytes.pop_back();  // no parts
    ByteWriter rest;
    const auto age_null =
        kInputStates * *baseline.schema.Find("age") + static_cast<size_t>(InputState::kNull);
    // Seven rows, six inspected; five of these have no age; nothing outside, two wrong sums.
    for (const uint64_t number : {7u, 6u, 1u, static_cast<unsigned>(age_null), 5u, 0u, 1u, 0u, 2u})
      rest.Varint(number);
    if (version == 3) WriteOutcomes(outcomes, &rest);
    bytes += rest.Take();
    auto read = DecodePane(baseline, bytes);
    ASSERT_TRUE(read.ok()) << read.status();
    EXPECT_EQ(read->faults.rows, 7u);
    EXPECT_THAT(read->faults.wrong_sums, ElementsAre(2));
    // It counts for every kind, together with what is known of it since.
    PredictionRows rows(100, 6);
    rows.p_yes[0] = kInfinite;
    rows.SetAgeNull(0);
    read->Merge(CountBatch(baseline, rows.Batch()));
    read = DecodePane(baseline, EncodePane(*read));
    ASSERT_TRUE(read.ok()) << read.status();
    const FaultyRows nan = Fault(baseline, *read, FaultKind::kNan, "p_no");
    EXPECT_EQ(nan.inspected, 6u);
    EXPECT_EQ(Inputs(baseline, nan, "age", InputState::kNull), 5u);
    const FaultyRows infinite = Fault(baseline, *read, FaultKind::kInfinite, "p_yes");
    EXPECT_EQ(infinite.inspected, 7u);
    EXPECT_EQ(Inputs(baseline, infinite, "age", InputState::kNull), 6u);
  }
}

// Rows in which every kind of thing is wrong with some inputs, and with some predictions.
PredictionRows FaultyRows(int count, uint64_t seed) {
  PredictionRows rows(count, seed);
  std::mt19937_64 random(seed + 100);
  for (int row = 0; row < count; ++row) {
    if (random() % 5 == 0) rows.SetAgeNull(row);
    switch (random() % 12) {
      case 0:
        rows.age[row] = kNan;
        break;
      case 1:
        rows.age[row] = -kInfinite;
        break;
      case 2:
        rows.age[row] = random() % 2 == 0 ? 300 : -5;
        break;
      case 3:
        rows.city[row] = "rome";
        break;
      case 4:
        rows.p_yes[row] = random() % 2 == 0 ? kNan : 3;
        break;
      default:
        break;
    }
  }
  return rows;
}

// The slow, obvious way, of one input and one prediction.
struct SlowOutcomes {
  uint64_t rows = 0;
  double sum = 0;
  std::vector<uint64_t> groups;

  SlowOutcomes(const Baseline& baseline, const PredictionRows& rows_of, InputState state) {
    const VariableBaseline& age = baseline.variables[*baseline.schema.Find("age")];
    const VariableBaseline& p_yes = baseline.variables[*baseline.schema.Find("p_yes")];
    groups.resize(OutcomeGroups(p_yes));
    for (uint32_t row = 0; row < rows_of.rows; ++row) {
      const double x = rows_of.age[row];
      const bool null = ((rows_of.validity[row / 8] >> (row % 8)) & 1) == 0;
      const bool outside = x < age.counts.moments.Min() || x > age.counts.moments.Max();
      const bool is = state == InputState::kUnseen       ? rows_of.city[row] == "rome"
                      : state == InputState::kNull       ? null
                      : null                             ? false
                      : state == InputState::kNan        ? std::isnan(x)
                      : state == InputState::kInfinite   ? std::isinf(x)
                      : state == InputState::kOutOfRange ? std::isfinite(x) && outside
                                                         : false;
      if (!is) continue;
      ++rows;
      const double y = rows_of.p_yes[row];
      if (!std::isfinite(y)) continue;
      sum += y;
      ++groups[OutcomeGroupOf(p_yes, p_yes.bins.Code(y))];
    }
  }
};

TEST(InputOutcomes, AreThoseOfTheObviousCount) {
  const Baseline baseline = Trained();
  const std::vector<uint32_t> watched = WatchedPredictions(baseline);
  ASSERT_EQ(watched.size(), 4u);
  const size_t at =
      std::find(watched.begin(), watched.end(), *baseline.schema.Find("p_yes")) - watched.begin();
  const PredictionRows rows = FaultyRows(3'000, 7);
  const BatchView batch = rows.Batch();
  const PreparedBatch prepared(baseline, batch);
  Pane whole(baseline), parts(baseline);
  prepared.Count(0, rows.rows, &whole);
  for (uint32_t begin = 0; begin < rows.rows;) {
    const uint32_t end = std::min(rows.rows, begin + 1 + begin % 97);
    Pane part(baseline);
    prepared.Count(begin, end, &part);
    parts.Merge(part);
    begin = end;
  }
  for (const InputState state : {InputState::kNull, InputState::kNan, InputState::kInfinite,
                                 InputState::kOutOfRange, InputState::kUnseen}) {
    const SlowOutcomes slow(baseline, rows, state);
    const size_t input = *baseline.schema.Find(state == InputState::kUnseen ? "city" : "age");
    for (const Pane* pane : {&whole, &parts}) {
      const StateOutcomes& found = pane->outcomes.states.at({static_cast<uint32_t>(input), state});
      EXPECT_GT(found.rows, 30u);
      EXPECT_EQ(found.rows, slow.rows);
      EXPECT_EQ(found.rows,
                RowsInState(state, pane->variables[input], baseline.variables[input].is_numeric()));
      EXPECT_EQ(found.predictions[at].groups.ToVector(), slow.groups);
      EXPECT_NEAR(found.predictions[at].moments.Sum(), slow.sum, 1e-9);
    }
  }
  EXPECT_EQ(whole.outcomes.states.size(), 5u);
  // What is taken out again leaves the rest.
  const size_t p_yes = *baseline.schema.Find("p_yes");
  const StateOutcomes& null = whole.outcomes.states.at(
      {static_cast<uint32_t>(*baseline.schema.Find("age")), InputState::kNull});
  const Outcomes all(baseline.variables[p_yes], whole.variables[p_yes]);
  const Outcomes rest = all.Without(null.predictions[at]);
  EXPECT_EQ(rest.rows() + null.predictions[at].rows(), all.rows());
  EXPECT_EQ(rest.moments.count(), rest.rows());
  EXPECT_NEAR(rest.moments.Sum() + null.predictions[at].moments.Sum(), all.moments.Sum(), 1e-9);
}

TEST(InputOutcomes, TakeNothingWhereAllIsWellOrNothingIsPredicted) {
  const Baseline baseline = Trained();
  EXPECT_TRUE(CountBatch(baseline, PredictionRows(2'000, 5).Batch()).outcomes.empty());
  auto silent = BuildBaseline({PredictionRows(3'000).Batch()});
  ASSERT_TRUE(silent.ok());
  EXPECT_TRUE(CountBatch(*silent, FaultyRows(500, 7).Batch()).outcomes.empty());
}

TEST(InputOutcomes, KnowAbsentColumnsOtherTypesAndBatchesWithoutPredictions) {
  const Baseline baseline = Trained();
  const PredictionRows rows(100, 5);
  BatchView batch = rows.Batch();
  batch.columns.erase(batch.columns.begin());          // age
  batch.columns[0] = NumberColumn("city", rows.p_no);  // floating point
  Pane pane = CountBatch(baseline, batch);
  const auto age = static_cast<uint32_t>(*baseline.schema.Find("age"));
  const auto city = static_cast<uint32_t>(*baseline.schema.Find("city"));
  const StateOutcomes& absent = pane.outcomes.states.at({age, InputState::kAbsent});
  EXPECT_EQ(absent.rows, 100u);
  for (const Outcomes& prediction : absent.predictions) EXPECT_EQ(prediction.rows(), 100u);
  EXPECT_EQ(pane.outcomes.states.at({city, InputState::kWrongType}).predictions[0].rows(), 100u);
  batch.columns.resize(1);
  pane.Merge(CountBatch(baseline, batch));
  EXPECT_EQ(absent.rows, 200u);
  EXPECT_EQ(absent.predictions[0].rows(), 100u);
}

TEST(InputOutcomes, TravelWithTheirPane) {
  const Baseline baseline = Trained();
  Pane pane = CountBatch(baseline, FaultyRows(2'000, 8).Batch());
  const std::string bytes = EncodePane(pane);
  auto read = DecodePane(baseline, bytes);
  ASSERT_TRUE(read.ok()) << read.status();
  ASSERT_EQ(read->outcomes.states.size(), pane.outcomes.states.size());
  for (const auto& [key, state] : pane.outcomes.states) {
    const StateOutcomes& other = read->outcomes.states.at(key);
    EXPECT_EQ(other.rows, state.rows);
    for (size_t i = 0; i < state.predictions.size(); ++i) {
      EXPECT_EQ(other.predictions[i].groups, state.predictions[i].groups);
      EXPECT_EQ(other.predictions[i].moments.count(), state.predictions[i].moments.count());
    }
  }
  EXPECT_EQ(EncodePane(*read), bytes);
  // Without faulty predictions too.
  PredictionRows nulls(200, 3);
  for (int row = 0; row < 50; ++row) nulls.SetAgeNull(row);
  const std::string other = EncodePane(CountBatch(baseline, nulls.Batch()));
  ASSERT_TRUE(DecodePane(baseline, other).ok());
  EXPECT_EQ(EncodePane(*DecodePane(baseline, other)), other);
  for (size_t size = 0; size < bytes.size(); ++size) {
    EXPECT_FALSE(DecodePane(baseline, absl::string_view(bytes).substr(0, size)).ok()) << size;
  }
  std::mt19937_64 random(3);
  for (int i = 0; i < 20'000; ++i) {
    std::string hostile = i % 2 == 0 ? bytes : other;
    for (int flips = 0; flips < 3; ++flips) {
      // Most of them in the part that is looked at here.
      const size_t from = random() % 4 == 0 ? 0 : hostile.size() / 2;
      hostile[from + random() % (hostile.size() - from)] = static_cast<char>(random());
    }
    const auto decoded = DecodePane(baseline, hostile);
    if (!decoded.ok()) continue;
    const std::string again = EncodePane(*decoded);
    const auto reread = DecodePane(baseline, again);
    ASSERT_TRUE(reread.ok()) << reread.status();
    EXPECT_EQ(EncodePane(*reread), again);
  }
  pane.Clear();
  EXPECT_TRUE(pane.outcomes.empty());
}

}  // namespace
}  // namespace plumbline::profile
