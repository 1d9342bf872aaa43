#include "server/transport/convert.h"

#include <limits>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace plumbline::transport {
namespace {

using ::testing::SizeIs;

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
constexpr double kInf = std::numeric_limits<double>::infinity();

TEST(ToWire, WritesTimesBeforeTheEpochWithPositiveNanos) {
  const google::protobuf::Timestamp time = ToWire(absl::FromUnixMicros(-1));
  EXPECT_EQ(time.seconds(), -1);
  EXPECT_EQ(time.nanos(), 999'999'000);
  EXPECT_EQ(ToWire(absl::FromUnixMicros(1'500'000)).nanos(), 500'000'000);
}

TEST(ToWire, LeavesOutWhatWasNotComputedOrIsNotFinite) {
  profile::VariableStatistics in;
  in.rows = 7;
  in.psi = 0;
  in.ks = kNan;
  in.wasserstein = kInf;
  in.min = -kInf;
  in.null_rate = 0.25;
  const v1::VariableStatistics out = ToWire("age", in);
  EXPECT_EQ(out.variable(), "age");
  EXPECT_EQ(out.rows(), 7u);
  EXPECT_TRUE(out.has_psi());
  EXPECT_EQ(out.psi(), 0);
  EXPECT_EQ(out.null_rate(), 0.25);
  EXPECT_FALSE(out.has_js_distance());
  EXPECT_FALSE(out.has_ks());
  EXPECT_FALSE(out.has_wasserstein());
  EXPECT_FALSE(out.has_min());
}

// Every optional number in its own field: a mix-up of two would show.
TEST(ToWire, PutsEveryStatisticIntoTheFieldOfItsName) {
  profile::VariableStatistics in;
  const std::vector<std::pair<stats::OptionalDouble*, const char*>> fields = {
      {&in.psi, "psi"},
      {&in.psi_corrected, "psi_corrected"},
      {&in.js_distance, "js_distance"},
      {&in.ks, "ks"},
      {&in.ks_p_value, "ks_p_value"},
      {&in.ks_resolution, "ks_resolution"},
      {&in.wasserstein, "wasserstein"},
      {&in.wasserstein_raw, "wasserstein_raw"},
      {&in.hellinger, "hellinger"},
      {&in.tvd, "tvd"},
      {&in.l_infinity, "l_infinity"},
      {&in.chi_square, "chi_square"},
      {&in.chi_square_p_value, "chi_square_p_value"},
      {&in.cramers_v, "cramers_v"},
      {&in.null_rate, "null_rate"},
      {&in.nan_rate, "nan_rate"},
      {&in.inf_rate, "inf_rate"},
      {&in.out_of_range_rate, "out_of_range_rate"},
      {&in.unseen_rate, "unseen_rate"},
      {&in.absent_rate, "absent_rate"},
      {&in.wrong_type_rate, "wrong_type_rate"},
      {&in.mean, "mean"},
      {&in.stddev, "stddev"},
      {&in.min, "min"},
      {&in.max, "max"},
      {&in.distinct, "distinct"}};
  double value = 1;
  for (const auto& [field, name] : fields) *field = value++;
  const v1::VariableStatistics out = ToWire("x", in);
  const auto* descriptor = v1::VariableStatistics::descriptor();
  const auto* reflection = v1::VariableStatistics::GetReflection();
  size_t optional_fields = 0;
  for (int i = 0; i < descriptor->field_count(); ++i) {
    optional_fields += descriptor->field(i)->has_optional_keyword() ? 1 : 0;
  }
  EXPECT_EQ(optional_fields, fields.size());
  for (const auto& [field, name] : fields) {
    const auto* wire = descriptor->FindFieldByName(name);
    ASSERT_NE(wire, nullptr) << name;
    EXPECT_EQ(reflection->GetDouble(out, wire), **field) << name;
  }
}

TEST(ToWire, PairsQuantilesWithTheirRanks) {
  profile::VariableStatistics in;
  for (const double rank : profile::kQuantileRanks) in.quantiles.push_back(100 * rank);
  const v1::VariableStatistics out = ToWire("x", in);
  ASSERT_THAT(out.quantiles(), SizeIs(std::size(profile::kQuantileRanks)));
  for (const v1::Quantile& quantile : out.quantiles()) {
    EXPECT_EQ(quantile.value(), 100 * quantile.rank());
  }
}

TEST(ToWire, WritesAFindingWithItsNames) {
  checks::Finding in;
  in.check = checks::CheckId::kNullRate;
  in.variable = "age";
  in.source = "eu";
  in.statistic = "null_rate";
  in.value = 0.34;
  in.threshold = 2;
  in.baseline = 0.001;
  in.p_value = kNan;
  in.status = checks::Status::kInsufficientData;
  in.severity = checks::Severity::kCritical;
  in.rows = 12;
  in.reason = "age: 34% null";
  in.cause = "nulls";
  const v1::Finding out = ToWire(in);
  EXPECT_EQ(out.check(), "null_rate");
  EXPECT_EQ(out.variable(), "age");
  EXPECT_EQ(out.source(), "eu");
  EXPECT_EQ(out.statistic(), "null_rate");
  EXPECT_EQ(out.value(), 0.34);
  EXPECT_EQ(out.threshold(), 2);
  EXPECT_EQ(out.baseline(), 0.001);
  EXPECT_FALSE(out.has_p_value());
  EXPECT_EQ(out.status(), "INSUFFICIENT_DATA");
  EXPECT_EQ(out.severity(), "critical");
  EXPECT_EQ(out.rows(), 12u);
  EXPECT_EQ(out.reason(), "age: 34% null");
  EXPECT_EQ(out.cause(), "nulls");
}

TEST(ToWire, WritesAnAlertWithItsHistory) {
  engine::ModelAlert in;
  in.key = {"m", "v2"};
  in.baseline_number = 3;
  in.alert.state = checks::AlertState::kFiring;
  in.alert.pending_since = absl::FromUnixSeconds(10);
  in.alert.firing_since = absl::FromUnixSeconds(20);
  in.alert.finding.variable = "age";
  const v1::Alert out = ToWire(in);
  EXPECT_EQ(out.model(), "m");
  EXPECT_EQ(out.version(), "v2");
  EXPECT_EQ(out.baseline_number(), 3u);
  EXPECT_EQ(out.state(), "FIRING");
  EXPECT_EQ(out.pending_since().seconds(), 10);
  EXPECT_EQ(out.firing_since().seconds(), 20);
  EXPECT_FALSE(out.has_resolved_at());
  EXPECT_EQ(out.finding().variable(), "age");
}

TEST(ToWire, WritesAReportWithBothSides) {
  engine::Report in;
  in.key = {"m", "v"};
  in.baseline_number = 2;
  in.rows = 9;
  in.late_rows = 1;
  in.start = absl::FromUnixSeconds(60);
  engine::VariableReport& variable = in.variables.emplace_back();
  variable.variable.name = "age";
  variable.variable.role = profile::Role::kPrediction;
  variable.variable.kind = profile::Kind::kNumeric;
  variable.live.mean = 2;
  variable.baseline.mean = 1;
  variable.natural_psi = 0.5;
  variable.left_out_share = 0.25;
  variable.distribution = {{"below 1", std::nullopt, 1.0, 4, 5}, {"above", 1.0, kInf, 6, 7}};
  const v1::Report out = ToWire(in);
  EXPECT_EQ(out.start().seconds(), 60);
  EXPECT_FALSE(out.has_end());
  EXPECT_EQ(out.rows(), 9u);
  EXPECT_EQ(out.late_rows(), 1u);
  ASSERT_THAT(out.variables(), SizeIs(1));
  EXPECT_EQ(out.variables(0).role(), v1::ROLE_PREDICTION);
  EXPECT_EQ(out.variables(0).kind(), v1::KIND_NUMERIC);
  EXPECT_EQ(out.variables(0).live().mean(), 2);
  EXPECT_EQ(out.variables(0).baseline().mean(), 1);
  EXPECT_EQ(out.variables(0).natural_psi(), 0.5);
  EXPECT_EQ(out.variables(0).left_out_share(), 0.25);
  ASSERT_THAT(out.variables(0).distribution(), SizeIs(2));
  EXPECT_FALSE(out.variables(0).distribution(0).has_lower());
  EXPECT_EQ(out.variables(0).distribution(0).upper(), 1);
  EXPECT_FALSE(out.variables(0).distribution(1).has_upper());
  EXPECT_EQ(out.variables(0).distribution(1).live_count(), 7u);
}

TEST(ToWire, WritesABacktestChunkWithoutTimes) {
  engine::BacktestChunk in;
  in.index = 4;
  in.rows = 100;
  in.findings.emplace_back();
  in.statistics.emplace_back("age", profile::VariableStatistics());
  const v1::BacktestChunk out = ToWire(in);
  EXPECT_EQ(out.chunk(), 4u);
  EXPECT_EQ(out.rows(), 100u);
  EXPECT_FALSE(out.has_start());
  EXPECT_THAT(out.findings(), SizeIs(1));
  EXPECT_EQ(out.statistics(0).variable(), "age");
}

TEST(ToWire, WritesABaselineInShort) {
  engine::BaselineInfo in{{"m", "v"}, 5, true, {}};
  in.head.set_rows(10);
  in.head.set_variables(2);
  in.head.set_created_at_micros(3'000'000);
  in.head.set_data_start_micros(-5'000'000);
  in.head.set_description("train of May");
  const v1::BaselineSummary out = ToWire(in);
  EXPECT_EQ(out.number(), 5u);
  EXPECT_TRUE(out.active());
  EXPECT_EQ(out.rows(), 10u);
  EXPECT_EQ(out.variables(), 2u);
  EXPECT_EQ(out.created_at().seconds(), 3);
  EXPECT_EQ(out.data_start().seconds(), -5);
  EXPECT_FALSE(out.has_data_end());
  EXPECT_EQ(out.description(), "train of May");
}

TEST(FromWire, TakesNoRoleOrKindThatIsNone) {
  EXPECT_EQ(FromWire(v1::ROLE_LABEL), profile::Role::kLabel);
  EXPECT_EQ(FromWire(v1::ROLE_UNSPECIFIED), std::nullopt);
  EXPECT_EQ(FromWire(static_cast<v1::Role>(42)), std::nullopt);
  EXPECT_EQ(FromWire(v1::KIND_CATEGORICAL), profile::Kind::kCategorical);
  EXPECT_EQ(FromWire(static_cast<v1::Kind>(42)), std::nullopt);
}

}  // namespace
}  // namespace plumbline::transport
