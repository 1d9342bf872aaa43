#include "server/telemetry/selection.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>
#include <string>

#include "tests/telemetry/snapshots.h"

namespace plumbline::telemetry {
namespace {

using checks::AlertState;
using checks::CheckId;
using checks::Severity;
using ::testing::ElementsAre;

constexpr size_t kPlenty = 1'000'000;

checks::Alert Of(const std::string& source, const std::string& variable,
                 AlertState state = AlertState::kFiring) {
  checks::Alert alert = MakeAlert(CheckId::kNanRate, variable, state);
  alert.key.source = source;
  return alert;
}

TEST(Select, ShowsAllThatFits) {
  engine::ModelSnapshot model = MakeModel("m");
  model.alerts = {MakeAlert(CheckId::kDrift, "a")};
  model.variables = {MakeVariable("a", 0.1), MakeVariable("b", 0)};
  const auto shown = Select(Share({model}), 10, 10 + kSeriesOfAlert + 2, 10 + kSeriesOfAlert + 2);
  ASSERT_EQ(shown.size(), 1u);
  EXPECT_THAT(shown[0].alerts, ElementsAre(true));
  EXPECT_THAT(shown[0].variables, ElementsAre(true, true));
  EXPECT_EQ(shown[0].dropped_series, 0u);
}

TEST(Select, PrefersAlertsToVariablesAndFiringToResolved) {
  engine::ModelSnapshot model = MakeModel("m");
  model.alerts = {MakeAlert(CheckId::kDrift, "a", AlertState::kResolved, Severity::kCritical),
                  MakeAlert(CheckId::kDrift, "b", AlertState::kFiring, Severity::kInfo),
                  MakeAlert(CheckId::kDrift, "c", AlertState::kFiring, Severity::kCritical)};
  model.variables = {MakeVariable("a", 9)};
  EXPECT_THAT(Select(Share({model}), 0, kSeriesOfAlert, kPlenty)[0].alerts,
              ElementsAre(false, false, true));
  EXPECT_THAT(Select(Share({model}), 0, 2 * kSeriesOfAlert, kPlenty)[0].alerts,
              ElementsAre(false, true, true));
  const Shown shown = Select(Share({model}), 0, 3 * kSeriesOfAlert, kPlenty)[0];
  EXPECT_THAT(shown.alerts, ElementsAre(false, true, true));
  EXPECT_THAT(shown.variables, ElementsAre(true));
  EXPECT_EQ(shown.dropped_series, kSeriesOfAlert);
  EXPECT_THAT(shown.rest.alerts, testing::Each(0u));  // that one is over
  EXPECT_THAT(Select(Share({model}), 0, 3 * kSeriesOfAlert + 1, kPlenty)[0].alerts,
              ElementsAre(true, true, true));
}

TEST(Select, AlertsOfManySourcesLeaveRoomForTheVariablesThatFire) {
  engine::ModelSnapshot model = MakeModel("m");
  model.variables = {MakeVariable("a", 0), MakeVariable("b", 1)};
  model.alerts = {Of("", "a"), Of("eu", "a"), Of("us", "a"), Of("asia", "a")};
  const auto select = [&](size_t room) { return Select(Share({model}), 0, room, kPlenty)[0]; };
  const Shown shown = select(3 * kSeriesOfAlert + 1);
  EXPECT_THAT(shown.alerts, ElementsAre(true, true, true, false));
  EXPECT_THAT(shown.variables, ElementsAre(true, false));
  EXPECT_EQ(shown.dropped_series, kSeriesOfAlert + 1);
  // An alert of all rows comes first, and its variable in half of the rest.
  EXPECT_THAT(select(kSeriesOfAlert + 1).alerts, ElementsAre(true, false, false, false));
  EXPECT_THAT(select(kSeriesOfAlert + 1).variables, ElementsAre(false, false));
  EXPECT_THAT(select(kSeriesOfAlert + 2).variables, ElementsAre(true, false));
}

TEST(Select, PrefersVariablesThatFireThenThoseThatLeanMost) {
  engine::ModelSnapshot model = MakeModel("m");
  model.alerts = {Of("", "calm"), Of("", "past", AlertState::kResolved)};
  engine::VariableSnapshot unknown = MakeVariable("unknown", 0);
  unknown.live.psi_corrected.reset();
  unknown.live.mean = 1;
  model.variables = {unknown, MakeVariable("past", -0.1), MakeVariable("leans", 0.3),
                     MakeVariable("calm", -0.2)};
  const auto variables = [&](size_t room) {
    return Select(Share({model}), 0, kSeriesOfAlert + room, kPlenty)[0].variables;
  };
  EXPECT_THAT(variables(0), ElementsAre(false, false, false, false));
  EXPECT_THAT(variables(1), ElementsAre(false, false, false, true));
  EXPECT_THAT(variables(2), ElementsAre(false, false, true, true));
  EXPECT_THAT(variables(3), ElementsAre(false, true, true, true));
  EXPECT_THAT(variables(4), ElementsAre(true, true, true, true));
}

TEST(Select, NothingLessBadTakesThePlaceOfWhatDidNotFit) {
  engine::ModelSnapshot model = MakeModel("m");
  engine::VariableSnapshot large = MakeFullVariable("large");
  large.live.psi_corrected = 1;
  model.variables = {MakeVariable("small", 0), large};
  const Shown shown = Select(Share({model}), 0, 5, kPlenty)[0];
  EXPECT_THAT(shown.variables, ElementsAre(false, false));
  EXPECT_EQ(shown.dropped_series, SeriesOf(large) + 1);
  EXPECT_EQ(shown.rest.variables, 2u);
  EXPECT_EQ(shown.rest.largest_psi, 1);
}

TEST(Select, BoundsAllModelsTogetherWorstFirst) {
  engine::ModelSnapshot calm = MakeModel("a"), drifts = MakeModel("b"), alerts = MakeModel("c");
  calm.variables = {MakeVariable("x", 0)};
  drifts.variables = {MakeVariable("x", 1)};
  alerts.alerts = {MakeAlert(CheckId::kDrift, "x")};
  const auto shown = Select(Share({calm, drifts, alerts}), 2, kPlenty, 3 * 2 + kSeriesOfAlert + 1);
  EXPECT_THAT(shown[0].variables, ElementsAre(false));
  EXPECT_EQ(shown[0].dropped_series, 1u);
  EXPECT_THAT(shown[1].variables, ElementsAre(true));
  EXPECT_THAT(shown[2].alerts, ElementsAre(true));
}

TEST(Select, AModelAtItsBoundTakesNothingFromTheOthers) {
  engine::ModelSnapshot full = MakeModel("a"), other = MakeModel("b");
  full.variables = {MakeVariable("x", 3), MakeVariable("y", 2)};
  other.variables = {MakeVariable("x", 1)};
  const auto shown = Select(Share({full, other}), 0, 1, kPlenty);
  EXPECT_THAT(shown[0].variables, ElementsAre(true, false));
  EXPECT_THAT(shown[1].variables, ElementsAre(true));
}

TEST(Select, WorksWithBoundsBelowWhatIsUsed) {
  engine::ModelSnapshot model = MakeModel("m");
  model.variables = {MakeVariable("x", 1)};
  EXPECT_THAT(Select(Share({model}), 14, 1, 1)[0].variables, ElementsAre(false));
  EXPECT_TRUE(Select({}, 14, 1, 1).empty());
}

TEST(SeriesOf, CountsFiniteStatistics) {
  engine::VariableSnapshot variable;
  EXPECT_EQ(SeriesOf(variable), 0u);
  variable.live.psi = 0;
  variable.live.mean = std::numeric_limits<double>::quiet_NaN();
  variable.live.max = std::numeric_limits<double>::infinity();
  EXPECT_EQ(SeriesOf(variable), 1u);
}

}  // namespace
}  // namespace plumbline::telemetry
