#include "server/transport/convert_policy.h"

#include <google/protobuf/text_format.h>
#include <google/protobuf/util/message_differencer.h>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "server/engine/records.h"

namespace plumbline::transport {
namespace {

using google::protobuf::util::MessageDifferencer;
using ::testing::AllOf;
using ::testing::HasSubstr;

v1::Policy Parse(const std::string& text) {
  v1::Policy policy;
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(text, &policy));
  return policy;
}

// As SetPolicy sees it.
absl::Status Check(const v1::Policy& policy) {
  const auto record = ToRecord(policy);
  return record.ok() ? engine::EffectivePolicy(*record).status() : record.status();
}

constexpr char kFull[] = R"pb(
  pane { seconds: 30 }
  window_panes: 10
  allowed_lateness { seconds: 1 nanos: 500000000 }
  max_future_skew {}
  source_idle_timeout { seconds: 2 }
  no_data_after { seconds: 3 }
  hole_grace { seconds: 4 }
  epoch_expiry { seconds: 5 }
  min_rows_drift: 6
  min_rows_rate: 7
  drift_significance: 0.25
  rate_significance: 0.125
  min_rate_change: 0.5
  max_missing_share: 0.25
  slice_variables: "plan"
  season: "hour_of_week"
  false_page_budget: 0.5
  drift_statistic: "ks"
  drift_thresholds { key: "ks" value: 0.75 }
  checks {
    check: "null_rate"
    severity: "critical"
    threshold: 3
    leave_threshold: 2
    for { seconds: 60 }
    for_panes: 2
    muted: false
  }
  variables {
    variable: "age"
    drift_statistic: "psi"
    checks { check: "drift" muted: true }
  }
  label_wait { seconds: 8 }
  performance_rows: 9
  performance_window { seconds: 3600 }
  performance_metric: "f1"
  performance_limits { key: "roc_auc" value: 0.5 }
)pb";

TEST(PolicyToRecord, AndBackIsTheSame) {
  for (const std::string& text : {std::string(kFull), std::string()}) {
    const v1::Policy policy = Parse(text);
    const auto record = ToRecord(policy);
    ASSERT_TRUE(record.ok()) << record.status();
    const v1::Policy back = ToWire(*record);
    EXPECT_TRUE(MessageDifferencer::Equals(policy, back)) << back.DebugString();
  }
}

TEST(PolicyToRecord, KnowsEveryField) {
  const v1::Policy policy = Parse(kFull);
  const auto* reflection = v1::Policy::GetReflection();
  std::vector<const google::protobuf::FieldDescriptor*> set;
  reflection->ListFields(policy, &set);
  EXPECT_EQ(static_cast<int>(set.size()), v1::Policy::descriptor()->field_count());
}

TEST(PolicyToRecord, RefusesBadDurationsAndNamesThem) {
  for (const auto& [text, field] : std::vector<std::pair<std::string, std::string>>{
           {"pane { seconds: -1 }", "pane"},
           {"pane { nanos: 999999999 }", "pane"},
           {"pane {}", "pane"},
           {"allowed_lateness { nanos: -1 }", "allowed_lateness"},
           {"no_data_after { seconds: 9000000000000000000 }", "no_data_after"},
           {"hole_grace { nanos: 1000000000 }", "hole_grace"},
           {"window_panes: 10001", "window_panes"},
           {"checks { check: 'drift' for { seconds: -5 } }", "checks[drift].for"},
           {"variables { variable: 'a' checks { check: 'drift' for { seconds: -5 } } }",
            "drift"}}) {
    const auto record = ToRecord(Parse(text));
    EXPECT_TRUE(absl::IsInvalidArgument(record.status())) << text;
    EXPECT_THAT(std::string(record.status().message()), HasSubstr(field)) << text;
  }
}

TEST(PolicyToRecord, NamesAndThresholdsAreRefusedWhereTheyTakeEffect) {
  for (const auto& [text, field, value] :
       std::vector<std::tuple<std::string, std::string, std::string>>{
           {"drift_statistic: 'psy'", "drift_statistic", "psy"},
           {"drift_thresholds { key: 'emd' value: 1 }", "drift_thresholds", "emd"},
           {"drift_thresholds { key: 'ks' value: nan }", "drift_thresholds.ks", "nan"},
           {"checks { check: 'nulls' }", "checks", "nulls"},
           {"checks { check: 'drift' severity: 'page' }", "severity", "page"},
           {"checks { check: 'null_rate' threshold: -3 }", "null_rate", "-3"},
           {"variables { variable: 'age' drift_statistic: 'x' }", "age", "x"},
           {"variables { variable: 'age' checks { check: 'y' } }", "age", "y"},
           {"drift_significance: 2", "drift_significance", "2"},
           {"max_missing_share: 1", "max_missing_share", "1"},
           {"false_page_budget: 0", "false_page_budget", "0"},
           {"false_page_budget: 1001", "false_page_budget", "1001"},
           {"performance_metric: 'auc'", "performance_metric", "auc"},
           {"performance_limits { key: 'gini' value: 1 }", "performance_limits", "gini"},
           {"performance_limits { key: 'f1' value: nan }", "performance_limits.f1", "nan"},
           {"performance_rows: 0", "performance_rows", "0"},
           {"performance_window { seconds: 9 }", "performance_window", "9"},
           {"window_panes: 0", "window_panes", "0"},
           {"min_rows_drift: 0", "min_rows_drift", "0"}}) {
    const absl::Status status = Check(Parse(text));
    EXPECT_TRUE(absl::IsInvalidArgument(status)) << text << ": " << status;
    EXPECT_THAT(std::string(status.message()), AllOf(HasSubstr(field), HasSubstr(value))) << text;
  }
}

TEST(PolicyToRecord, AnUnknownNameIsToldWhichThereAre) {
  constexpr char kSeasons[] = "it is one of none, hour_of_day, day_of_week, hour_of_week";
  constexpr char kStatistics[] =
      "it is one of psi, js_distance, ks, wasserstein, hellinger, tvd, l_infinity";
  constexpr char kSeverities[] = "it is one of info, warning, critical";
  constexpr char kMetrics[] =
      "it is one of accuracy, precision, recall, f1, roc_auc, average_precision, log_loss, brier, "
      "ece, mae, rmse, mape, r2, bias";
  for (const auto& [text, field, names] :
       std::vector<std::tuple<std::string, std::string, std::string>>{
           {"season: 'x'", "season", kSeasons},
           {"drift_statistic: 'x'", "drift_statistic", kStatistics},
           {"drift_thresholds { key: 'x' value: 1 }", "drift_thresholds", kStatistics},
           {"variables { variable: 'a' drift_statistic: 'x' }", "variables[a].drift_statistic",
            kStatistics},
           {"checks { check: 'drift' severity: 'x' }", "checks[drift].severity", kSeverities},
           {"variables { variable: 'a' checks { check: 'drift' severity: 'x' } }",
            "variables[a].checks[drift].severity", kSeverities},
           {"performance_metric: 'x'", "performance_metric", kMetrics},
           {"performance_limits { key: 'x' value: 1 }", "performance_limits", kMetrics}}) {
    EXPECT_EQ(Check(Parse(text)).message(),
              absl::StrCat("policy field ", field, ": \"x\" is unknown; ", names));
  }
  for (const std::string text :
       {"checks { check: 'x' }", "variables { variable: 'a' checks { check: 'x' } }"}) {
    const std::string message(Check(Parse(text)).message());
    for (const checks::CheckId check : checks::kAllChecks) {
      EXPECT_THAT(message, HasSubstr(std::string(checks::CheckName(check)))) << text;
    }
  }
}

TEST(EffectivePolicyToWire, IsFilledInAndMeansTheSameWhenSentBack) {
  for (const std::string& text : {std::string(), std::string(kFull)}) {
    const auto record = ToRecord(Parse(text));
    ASSERT_TRUE(record.ok());
    const auto effective = engine::EffectivePolicy(*record);
    ASSERT_TRUE(effective.ok()) << effective.status();
    const v1::Policy wire = ToWire(*effective);
    EXPECT_TRUE(wire.has_pane());
    EXPECT_TRUE(wire.has_window_panes());
    EXPECT_TRUE(wire.has_drift_statistic());
    EXPECT_EQ(wire.checks_size(), static_cast<int>(std::size(checks::kAllChecks)));
    EXPECT_EQ(wire.drift_thresholds_size(), 7);
    for (const v1::CheckPolicy& check : wire.checks()) {
      EXPECT_TRUE(check.has_severity() && check.has_threshold() && check.has_leave_threshold() &&
                  check.has_for_() && check.has_for_panes() && check.has_muted())
          << check.check();
    }
    const auto again = ToRecord(wire);
    ASSERT_TRUE(again.ok()) << again.status();
    const auto same = engine::EffectivePolicy(*again);
    ASSERT_TRUE(same.ok()) << same.status();
    EXPECT_TRUE(MessageDifferencer::Equals(wire, ToWire(*same)))
        << wire.DebugString() << "\nbecame\n"
        << ToWire(*same).DebugString();
  }
}

}  // namespace
}  // namespace plumbline::transport
