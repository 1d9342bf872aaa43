#include "server/checks/source.h"

#include <optional>
#include <random>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "server/checks/evaluate.h"
#include "tests/profile/batch_maker.h"

namespace plumbline::checks {
namespace {

using profile::Pane;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;

// What one source sends: x is normal, y is null at a rate, place tells the source.
struct Sent {
  int rows = 0;
  double mean = 0;
  double null_rate = 0;
  std::string place;
  bool with_y = true;
};

class EvaluateSourceTest : public ::testing::Test {
 protected:
  // Training: a third of the rows each from north, south and east, which differ by nature. They
  // take turns: one after the other they would be training's own variation.
  EvaluateSourceTest() {
    for (int turn = 0; turn < 400; ++turn) {
      Add({10, -2, 0.3, "north"});
      Add({10, 2, 0, "south"});
      Add({10, 0, 0, "east"});
    }
    baseline_ = profile::BuildBaseline({Batch(0, x_.size())}).value();
  }

  void Add(const Sent& sent) {
    std::normal_distribution<double> normal(sent.mean, 1);
    std::bernoulli_distribution is_null(sent.null_rate);
    for (int i = 0; i < sent.rows; ++i) {
      x_.push_back(normal(random_));
      y_.push_back(static_cast<double>(random_() % 1000));
      place_.push_back(sent.place);
      null_.push_back(is_null(random_));
    }
  }

  profile::BatchView Batch(size_t begin, size_t rows, bool with_y = true) {
    const auto part = [&](auto& all) { return absl::MakeConstSpan(all).subspan(begin, rows); };
    profile::ColumnView x, y, place;
    x.name = "x";
    x.values = absl::Span<const double>(part(x_));
    y.name = "y";
    y.values = absl::Span<const double>(part(y_));
    validity_.assign((rows + 7) / 8, 0xff);
    for (size_t i = 0; i < rows; ++i) {
      if (null_[begin + i]) validity_[i / 8] &= static_cast<uint8_t>(~(1u << (i % 8)));
    }
    y.validity = validity_;
    place.name = "place";
    const auto places = part(place_);
    place.values = std::vector<absl::string_view>(places.begin(), places.end());
    return with_y ? profile::MakeBatch(static_cast<uint32_t>(rows), {x, y, place})
                  : profile::MakeBatch(static_cast<uint32_t>(rows), {x, place});
  }

  Pane Count(const Sent& sent) {
    const size_t begin = x_.size();
    Add(sent);
    return profile::CountBatch(baseline_, Batch(begin, x_.size() - begin, sent.with_y));
  }

  // `check variable` of what fires of source `index`.
  std::vector<std::string> Firing(const std::vector<Pane>& sources, size_t index,
                                  std::optional<Pane> first = std::nullopt) {
    Pane all(baseline_);
    for (const Pane& source : sources) all.Merge(source);
    const auto changes_of_all = Changes(all);
    const std::vector<Finding> of_all = Evaluate(
        baseline_, policy_, {.window = all, .changes = &changes_of_all, .now = absl::UnixEpoch()},
        Statistics(all));
    const auto changes = Changes(sources[index]);
    const auto statistics = Statistics(sources[index]);
    const std::vector<Finding> findings = EvaluateSource(baseline_, policy_,
                                                         {.source = "it",
                                                          .window = sources[index],
                                                          .changes = &changes,
                                                          .statistics = statistics,
                                                          .all = all,
                                                          .of_all = of_all,
                                                          .first = [&] { return first; },
                                                          .sets = 1 + sources.size()},
                                                         nullptr);
    std::vector<std::string> firing;
    for (const Finding& finding : findings) {
      EXPECT_EQ(finding.source, "it");
      if (finding.status != Status::kFiring) continue;
      EXPECT_THAT(finding.reason, HasSubstr("source it"));
      firing.push_back(absl::StrCat(CheckName(finding.check), " ", finding.variable));
    }
    return firing;
  }

  // The rows are two blocks.
  std::vector<VariableEvidence> Changes(const Pane& pane) {
    ChangeWatch watch(&baseline_);
    for (int block = 0; block < 2; ++block) watch.Observe(pane);
    return watch.Weigh(std::log(policy_.BlocksPerFalseAlarm(policy_.pane)));
  }

  std::vector<profile::VariableStatistics> Statistics(const Pane& pane) {
    std::vector<profile::VariableStatistics> statistics;
    for (size_t i = 0; i < baseline_.variables.size(); ++i) {
      statistics.push_back(profile::CompareToBaseline(baseline_.variables[i], pane.variables[i]));
    }
    return statistics;
  }

  std::mt19937_64 random_{1};
  std::vector<double> x_, y_;
  std::vector<std::string> place_;
  std::vector<bool> null_;
  std::vector<uint8_t> validity_;
  profile::Baseline baseline_;
  Policy policy_ = DefaultPolicy();
};

TEST_F(EvaluateSourceTest, SourcesThatDifferByNatureAreFine) {
  for (const int rows : {300, 1000, 4000}) {
    const std::vector<Pane> panes = {Count({rows, -2, 0.3, "north"}), Count({rows, 2, 0, "south"}),
                                     Count({rows, 0, 0, "east"})};
    for (size_t i = 0; i < panes.size(); ++i) EXPECT_THAT(Firing(panes, i), IsEmpty()) << i;
  }
}

TEST_F(EvaluateSourceTest, TheOneThatMovesTheWholeIsNamedAndNotTheOthers) {
  const std::vector<Pane> panes = {Count({1000, -2, 0.3, "north"}), Count({1000, 6, 0, "south"}),
                                   Count({1000, 0, 0.6, "east"})};
  EXPECT_THAT(Firing(panes, 0), IsEmpty());
  EXPECT_THAT(Firing(panes, 1), UnorderedElementsAre("drift x", "out_of_range x"));
  EXPECT_THAT(Firing(panes, 2), ElementsAre("null_rate y"));
}

TEST_F(EvaluateSourceTest, ASmallSourceIsNamedWhereTheWholeShowsNothing) {
  // Of all rows 0.5% more are null, 2% lie where training has hardly any.
  const std::vector<Pane> panes = {Count({4000, -2, 0.3, "north"}), Count({4000, 2, 0, "south"}),
                                   Count({4000, 0, 0, "east"}), Count({250, 5.5, 0, "east"}),
                                   Count({250, 0, 1, "east"})};
  EXPECT_THAT(Firing(panes, 2), IsEmpty());
  EXPECT_THAT(Firing(panes, 3), ::testing::Contains("drift x"));
}

TEST_F(EvaluateSourceTest, AChangeAgainstTheOwnFirstRowsIsNamed) {
  // South becomes as north is: a mixture of two norths and an east, each as it may be.
  const Pane first = Count({1000, 2, 0, "south"});
  const std::vector<Pane> panes = {Count({9000, -2, 0.3, "north"}), Count({9000, 2, 0, "south"}),
                                   Count({9000, 0, 0, "east"}), Count({1000, 0, 0, "south"})};
  EXPECT_THAT(Firing(panes, 3), IsEmpty());
  EXPECT_THAT(Firing(panes, 3, first), ElementsAre("drift x"));
}

TEST_F(EvaluateSourceTest, WhatAllDoIsTheWholesAlone) {
  const std::vector<Pane> panes = {Count({1000, 5, 0.8, "north"}), Count({1000, 5, 0.8, "north"}),
                                   Count({1000, 5, 0.8, "north"})};
  for (size_t i = 0; i < panes.size(); ++i) {
    EXPECT_THAT(Firing(panes, i), ::testing::Not(::testing::Contains("null_rate y"))) << i;
    EXPECT_THAT(Firing(panes, i), ::testing::Not(::testing::Contains("drift x"))) << i;
  }
}

TEST_F(EvaluateSourceTest, AnAbsentColumnNeedsNoFurtherReason) {
  std::vector<Pane> panes = {Count({2000, -2, 0.3, "north"}), Count({2000, 2, 0, "south"}),
                             Count({40, 0, 0, "east", false})};
  EXPECT_THAT(Firing(panes, 2), UnorderedElementsAre("absent_variable y"));
  // But if all lack it, it is not the source.
  panes = {Count({500, -2, 0.3, "north", false}), Count({500, 2, 0, "south", false}),
           Count({500, 0, 0, "east", false})};
  EXPECT_THAT(Firing(panes, 2), IsEmpty());
}

}  // namespace
}  // namespace plumbline::checks
