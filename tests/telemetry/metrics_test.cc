#include "server/telemetry/metrics.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "tests/telemetry/snapshots.h"

namespace plumbline::telemetry {
namespace {

using checks::AlertState;
using checks::CheckId;
using checks::Severity;
using ::testing::HasSubstr;
using ::testing::Not;

const ExporterOptions kOptions = {
    .max_series_per_model = 5'000, .max_series = 100'000, .version = "1.2.3"};

std::string Render(std::vector<engine::ModelSnapshot> models,
                   const engine::ServiceSnapshot& service = {}, const ProcessState& process = {}) {
  return Exporter(kOptions).Render(Share(std::move(models)), service, process);
}

// The lines of `text` that start with `start`, one string.
std::string LinesOf(const std::string& text, absl::string_view start) {
  std::vector<std::string> lines;
  for (absl::string_view line : absl::StrSplit(text, '\n')) {
    if (absl::StartsWith(line, start)) lines.emplace_back(line);
  }
  return absl::StrJoin(lines, "\n");
}

TEST(Exporter, ShowsAModel) {
  const std::string text = Render({MakeModel("churn")});
  const std::string labels = "{model=\"churn\",version=\"v2\"} ";
  const std::string batches = "plumbline_batches_total{model=\"churn\",version=\"v2\",result=";
  for (const std::string& line :
       {"plumbline_rows_total" + labels + "12000",
        "plumbline_rows_late_total" + labels + "7",
        batches + "\"counted\"} 12",
        batches + "\"duplicate\"} 2",
        batches + "\"refused\"} 1",
        "plumbline_batches_lost" + labels + "4",
        "plumbline_lost_batches_total" + labels + "9",
        "plumbline_lost_batches_cleared_total" + labels + "3",
        "plumbline_unended_epochs" + labels + "1",
        "plumbline_window_rows" + labels + "600",
        "plumbline_missing_rows_ratio" + labels + "0.25",
        "plumbline_window_incomplete" + labels + "1",
        "plumbline_open_panes" + labels + "2",
        "plumbline_sources" + labels + "5",
        "plumbline_producers" + labels + "6",
        "plumbline_baseline_number" + labels + "3",
        "plumbline_last_batch_timestamp_seconds" + labels + "1700000000.5",
        "plumbline_watermark_timestamp_seconds" + labels + "1699999700",
        "plumbline_series_dropped_total" + labels + "0",
        "plumbline_rest_variables" + labels + "0",
        std::string(
            "plumbline_rest_alerts{model=\"churn\",version=\"v2\",severity=\"critical\"} 0")}) {
    EXPECT_THAT(text, HasSubstr(line + "\n"));
  }
}

TEST(Exporter, DeclaresEveryFamilyOnceWithHelpAndType) {
  const std::string text = Render({MakeModel("a"), MakeModel("b")});
  EXPECT_EQ(LinesOf(text, "# HELP plumbline_rows_total "),
            "# HELP plumbline_rows_total Rows counted since the baseline was activated.");
  EXPECT_EQ(LinesOf(text, "# TYPE plumbline_rows_total "), "# TYPE plumbline_rows_total counter");
  EXPECT_EQ(LinesOf(text, "# TYPE plumbline_window_rows "), "# TYPE plumbline_window_rows gauge");
}

TEST(Exporter, WhatIsNotKnownHasNoSeries) {
  engine::ModelSnapshot model = MakeModel("m");
  model.last_batch.reset();
  model.watermark.reset();
  model.variables = {MakeVariable("age", 0.5)};
  model.variables[0].live.mean = std::numeric_limits<double>::quiet_NaN();
  model.variables[0].live.wasserstein = std::numeric_limits<double>::infinity();
  const std::string text = Render({model});
  EXPECT_THAT(text, Not(HasSubstr("last_batch")));
  EXPECT_THAT(text, Not(HasSubstr("plumbline_watermark")));
  EXPECT_EQ(LinesOf(text, "plumbline_variable_"),
            "plumbline_variable_psi_corrected{model=\"m\",version=\"v2\",variable=\"age\"} 0.5");
}

TEST(Exporter, ShowsEveryStatisticUnderItsOwnName) {
  engine::ModelSnapshot model = MakeModel("m");
  model.variables = {MakeFullVariable("age")};
  double value = 1;
  for (const Metric& metric : Metrics().subspan(kFirstStatistic)) {
    model.variables[0].live.*metric.statistic = value++;
  }
  const std::string text = Render({model});
  value = 1;
  for (const Metric& metric : Metrics().subspan(kFirstStatistic)) {
    EXPECT_THAT(
        text, HasSubstr(absl::StrCat(metric.name, "{model=\"m\",version=\"v2\",variable=\"age\"} ",
                                     value++, "\n")));
  }
  // Dashboards and rules know these names.
  for (const char* name :
       {"psi", "js_distance", "ks", "wasserstein", "hellinger", "tvd", "l_infinity", "chi_square",
        "null_ratio", "nan_ratio", "inf_ratio", "out_of_range_ratio", "unseen_ratio",
        "absent_ratio", "wrong_type_ratio", "mean", "stddev"}) {
    EXPECT_THAT(text, HasSubstr(absl::StrCat("plumbline_variable_", name, "{")));
  }
}

TEST(Exporter, ShowsTrainingBesideLiveInTheOrderOfTheBins) {
  engine::ModelSnapshot model = MakeModel("m");
  model.variables = {MakeFullVariable("p"), MakeVariable("age", 1)};
  const std::string text = Render({model});
  const std::string of = "{model=\"m\",version=\"v2\",variable=\"p\"";
  EXPECT_EQ(LinesOf(text, "plumbline_prediction_info"), "plumbline_prediction_info" + of + "} 1");
  const std::string share = "plumbline_distribution_ratio" + of + ",side=";
  EXPECT_EQ(LinesOf(text, "plumbline_distribution_ratio"),
            share + "\"training\",bin=\"00\",edge=\"-Inf\"} 0\n" + share +
                "\"live\",bin=\"00\",edge=\"-Inf\"} 0.25\n" + share +
                "\"training\",bin=\"01\",edge=\"3.5\"} 1\n" + share +
                "\"live\",bin=\"01\",edge=\"3.5\"} 0.75");
}

TEST(Exporter, ShowsAFiringAlertWithItsReasonInFigures) {
  engine::ModelSnapshot model = MakeModel("m");
  model.alerts = {MakeAlert(CheckId::kNullRate, "age", AlertState::kFiring, Severity::kCritical)};
  model.alerts[0].incident = "20231114T221320Z";
  const std::string text = Render({model});
  const std::string labels =
      "{model=\"m\",version=\"v2\",variable=\"age\",check=\"null_rate\",cause=\"nulls\","
      "source=\"eu-west\",severity=\"critical\",incident=\"20231114T221320Z\"} ";
  EXPECT_EQ(LinesOf(text, "plumbline_alert_active"), "plumbline_alert_active" + labels + "1");
  EXPECT_EQ(LinesOf(text, "plumbline_alert_value"), "plumbline_alert_value" + labels + "0.34");
  EXPECT_EQ(LinesOf(text, "plumbline_alert_baseline"),
            "plumbline_alert_baseline" + labels + "0.001");
  EXPECT_EQ(LinesOf(text, "plumbline_alert_threshold"),
            "plumbline_alert_threshold" + labels + "0.0625");
  EXPECT_EQ(LinesOf(text, "plumbline_alert_impact"), "plumbline_alert_impact" + labels + "-0.5");
  EXPECT_EQ(LinesOf(text, "plumbline_alert_since"),
            "plumbline_alert_since_timestamp_seconds" + labels + "1700000000");
  EXPECT_THAT(text, Not(HasSubstr("34%")));
}

TEST(Exporter, HasNoSeriesOfAlertsOfSlicesThatAreNoLongerJudged) {
  engine::ModelSnapshot model = MakeModel("m");
  model.judged_slices = {{"city=rome", "city:3", 10}};
  for (const char* slice : {"city=rome", "city=oslo", "city=lima"}) {
    model.alerts.push_back(MakeAlert(CheckId::kDrift, "age", AlertState::kResolved));
    model.alerts.back().key.slice = slice;
  }
  const std::string active = LinesOf(Render({model}), "plumbline_alert_active");
  EXPECT_THAT(active, HasSubstr("slice=\"city:3\""));
  EXPECT_THAT(active, Not(HasSubstr("\n")));
}

TEST(Exporter, SaysWhatPeopleSayOfAlerts) {
  engine::ModelSnapshot model = MakeModel("m");
  model.alerts = {MakeAlert(CheckId::kNullRate, "age")};
  const auto value = [&](const std::string& metric) {
    return LinesOf(Render({model}), metric).back();
  };
  EXPECT_EQ(value("plumbline_alert_acknowledged"), '0');
  EXPECT_EQ(value("plumbline_alert_held"), '0');
  EXPECT_EQ(value("plumbline_mutes"), '0');
  model.alerts[0].acknowledged = {"anna", "looking", absl::UnixEpoch()};
  EXPECT_EQ(value("plumbline_alert_acknowledged"), '1');
  EXPECT_EQ(value("plumbline_alert_active"), '1');
  checks::OnCallBook book;
  const absl::Time now = absl::UnixEpoch();
  ASSERT_TRUE(book.Add(checks::Mute{CheckId::kNullRate,
                                    "age",
                                    "",
                                    "",
                                    now + absl::Hours(1),
                                    {"anna", "noise", now},
                                    std::nullopt})
                  .ok());
  model.on_call = std::make_shared<const checks::OnCallBook>(book);
  model.alerts[0].hold = book.HoldOf(CheckId::kNullRate, "age", "", "", nullptr);
  EXPECT_EQ(value("plumbline_alert_held"), '1');
  EXPECT_EQ(value("plumbline_alert_active"), '0');
  EXPECT_EQ(value("plumbline_mutes"), '1');
  EXPECT_EQ(value("plumbline_expected_changes"), '0');
}

TEST(Exporter, APendingOrResolvedAlertIsNotActive) {
  for (const AlertState state : {AlertState::kPending, AlertState::kResolved}) {
    engine::ModelSnapshot model = MakeModel("m");
    model.alerts = {MakeAlert(CheckId::kDrift, "age", state)};
    model.alerts[0].finding.value.reset();
    const std::string text = Render({model});
    EXPECT_TRUE(absl::EndsWith(LinesOf(text, "plumbline_alert_active"), "} 0"));
    EXPECT_EQ(LinesOf(text, "plumbline_alert_since"), "");
    EXPECT_EQ(LinesOf(text, "plumbline_alert_value"), "");
  }
}

TEST(Exporter, EscapesLabelValues) {
  engine::ModelSnapshot model = MakeModel("a\"b\\c\nd");
  const std::string text = Render({model});
  EXPECT_THAT(text, HasSubstr("plumbline_rows_total{model=\"a\\\"b\\\\c\\nd\",version=\"v2\"}"));
}

TEST(Exporter, ShowsTheService) {
  engine::ServiceSnapshot service;
  service.commit_latency_counts[0] = 3;
  service.commit_latency_counts[2] = 2;
  service.commit_latency_counts.back() = 1;
  service.commit_latency_sum_seconds = 9.5;
  service.commits = 6;
  service.commit_failures = 1;
  service.committed_bytes = 4'096;
  service.evaluations = 8;
  service.queue_depth = 5;
  service.queue_capacity = 64;
  service.unknown_model_batches = 2;
  service.reasons[static_cast<size_t>(engine::IngestReason::kRole)] = 7;
  service.reasons[static_cast<size_t>(engine::IngestReason::kInflightBytes)] = 3;
  service.inflight_bytes = 12;
  service.inflight_limit_bytes = 99;
  service.waiting_streams = 4;
  service.writable = false;
  const ProcessState process = {.resident_bytes = 1e6,
                                .cpu_seconds = 2.5,
                                .open_fds = 11,
                                .max_fds = 1024,
                                .start = absl::FromUnixSeconds(1'700'000'000)};
  const std::string text = Render({}, service, process);
  for (const std::string line : {"plumbline_commit_latency_seconds_bucket{le=\"0.0005\"} 3",
                                 "plumbline_commit_latency_seconds_bucket{le=\"0.001\"} 3",
                                 "plumbline_commit_latency_seconds_bucket{le=\"0.0025\"} 5",
                                 "plumbline_commit_latency_seconds_bucket{le=\"2.5\"} 5",
                                 "plumbline_commit_latency_seconds_bucket{le=\"+Inf\"} 6",
                                 "plumbline_commit_latency_seconds_count 6",
                                 "plumbline_commit_latency_seconds_sum 9.5",
                                 "plumbline_commits_total 6",
                                 "plumbline_commit_failures_total 1",
                                 "plumbline_committed_bytes_total 4096",
                                 "plumbline_evaluations_total 8",
                                 "plumbline_queue_depth 5",
                                 "plumbline_queue_capacity 64",
                                 "plumbline_unknown_model_batches_total 2",
                                 "plumbline_refused_batches_total{reason=\"role\"} 7",
                                 "plumbline_refused_batches_total{reason=\"unreadable\"} 0",
                                 "plumbline_retries_total{reason=\"inflight_bytes\"} 3",
                                 "plumbline_retries_total{reason=\"queue_full\"} 0",
                                 "plumbline_inflight_bytes 12",
                                 "plumbline_inflight_limit_bytes 99",
                                 "plumbline_waiting_streams 4",
                                 "plumbline_writable 0",
                                 "process_resident_memory_bytes 1000000",
                                 "process_cpu_seconds_total 2.5",
                                 "process_open_fds 11",
                                 "process_max_fds 1024",
                                 "process_start_time_seconds 1700000000"}) {
    EXPECT_THAT(text, HasSubstr(line + "\n"));
  }
  EXPECT_THAT(text, HasSubstr("plumbline_build_info{version=\"1.2.3\","));
}

TEST(Exporter, EveryReasonHasOneSeriesOfItsOwn) {
  const std::string text = Render({});
  std::set<std::string> reasons;
  for (absl::string_view line : absl::StrSplit(text, '\n')) {
    if (absl::StartsWith(line, "#") || !absl::StrContains(line, "{reason=")) continue;
    EXPECT_TRUE(reasons.insert(std::string(line.substr(line.find('{')))).second) << line;
  }
  EXPECT_EQ(reasons.size(), engine::kIngestReasons - 1);
  EXPECT_EQ(reasons.count("{reason=\"none\"} 0"), 0u);
}

TEST(Exporter, OrderOfTheSnapshotsDoesNotMatter) {
  EXPECT_EQ(Render({MakeModel("a"), MakeModel("b")}), Render({MakeModel("b"), MakeModel("a")}));
}

TEST(Exporter, CountsWhatItDropsOverScrapesAndForgetsDeadModels) {
  engine::ModelSnapshot model = MakeModel("m");
  model.variables = {MakeVariable("a", 1), MakeVariable("b", 3), MakeVariable("c", 2)};
  Exporter exporter({.max_series_per_model = 40, .max_series = 1000, .version = "1"});
  const auto dropped = [&](std::vector<engine::ModelSnapshot> models) {
    const std::string text = exporter.Render(Share(std::move(models)), {}, {});
    return LinesOf(text, "plumbline_series_dropped_total{model=\"m\"");
  };
  const std::string series = "plumbline_series_dropped_total{model=\"m\",version=\"v2\"} ";
  EXPECT_EQ(dropped({model}), series + "2");
  EXPECT_EQ(dropped({model}), series + "4");
  EXPECT_EQ(dropped({}), "");
  EXPECT_EQ(dropped({model}), series + "2");
  EXPECT_EQ(LinesOf(exporter.Render(Share({model}), {}, {}), "plumbline_variable_"),
            "plumbline_variable_psi_corrected{model=\"m\",version=\"v2\",variable=\"b\"} 3");
}

TEST(Exporter, RollsUpWhatItLeavesOut) {
  engine::ModelSnapshot model = MakeModel("m");
  model.variables = {MakeVariable("a", 1), MakeVariable("b", 3), MakeVariable("c", 2)};
  for (const Severity severity : {Severity::kCritical, Severity::kWarning, Severity::kWarning}) {
    checks::Alert alert;
    alert.state = AlertState::kFiring;
    alert.finding.severity = severity;
    model.alerts.push_back(alert);
  }
  const auto rest = [&](size_t room) {
    Exporter exporter({.max_series_per_model = room, .max_series = 1000, .version = "1"});
    return LinesOf(exporter.Render(Share({model}), {}, {}), "plumbline_rest_");
  };
  const std::string alerts = "plumbline_rest_alerts{model=\"m\",version=\"v2\",severity=";
  const std::string of_model = "{model=\"m\",version=\"v2\"} ";
  const auto lines = [&](const char* critical, const char* warning, const char* variables) {
    return alerts + "\"info\"} 0\n" + alerts + "\"warning\"} " + warning + "\n" + alerts +
           "\"critical\"} " + critical + "\nplumbline_rest_variables" + of_model + variables;
  };
  const std::string largest = "\nplumbline_rest_psi_corrected_max" + of_model;
  EXPECT_EQ(rest(1000), lines("0", "0", "0"));
  EXPECT_EQ(rest(39 + 2 * kSeriesOfAlert), lines("0", "1", "3") + largest + "3");
  EXPECT_EQ(rest(39), lines("1", "2", "3") + largest + "3");
  EXPECT_EQ(rest(39 + 3 * kSeriesOfAlert + 1), lines("0", "0", "2") + largest + "2");
}

TEST(Exporter, ShowsPerformanceByMetricAndWhatBecameOfLabels) {
  engine::ModelSnapshot model = MakeModel("m");
  model.performance = MakePerformance();
  model.variables = {MakeVariable("a", 1)};
  const std::string all = Exporter({.version = "1"}).Render(Share({model}), {}, {});
  const std::string of_metric = "{model=\"m\",version=\"v2\",metric=\"roc_auc\"} ";
  for (const auto& [name, value] :
       {std::make_pair("performance", "0.875"), std::make_pair("performance_lower", "0.75"),
        std::make_pair("performance_training", "0.875"),
        std::make_pair("performance_estimated_upper", "0.9375"),
        std::make_pair("performance_limit", "0.5")}) {
    const std::string line = "plumbline_" + std::string(name) + of_metric;
    EXPECT_EQ(LinesOf(all, line), line + value);
  }
  const std::string of_model = "{model=\"m\",version=\"v2\"} ";
  EXPECT_EQ(LinesOf(all, "plumbline_performance_unlabelled_predictions"),
            "plumbline_performance_unlabelled_predictions" + of_model + "30");
  EXPECT_EQ(LinesOf(all, "plumbline_labels_joined_total"),
            "plumbline_labels_joined_total" + of_model + "90");
  // Its series are there first: what is left is for alerts and variables.
  const std::string few = Exporter({.max_series_per_model = 39, .max_series = 1000, .version = "1"})
                              .Render(Share({model}), {}, {});
  EXPECT_NE(LinesOf(few, "plumbline_labels_joined_total"), "");
  EXPECT_EQ(LinesOf(few, "plumbline_variable_"), "");
}

TEST(Exporter, ShowsTheWorstVariablesOfSourcesInWhatIsLeft) {
  engine::ModelSnapshot model = MakeModel("m");
  model.variables = {MakeVariable("a", 1)};
  const auto source = [](const std::string& name, double psi) {
    return std::make_shared<const engine::SourceSnapshot>(
        engine::SourceSnapshot{name, 40, {MakeVariable("a", psi), MakeFullVariable("b")}});
  };
  model.judged_sources = {source("east", 2), source("west", 5)};
  const std::string all = Exporter({.version = "1"}).Render(Share({model}), {}, {});
  EXPECT_EQ(LinesOf(all, "plumbline_source_window_rows"),
            "plumbline_source_window_rows{model=\"m\",version=\"v2\",source=\"east\"} 40\n"
            "plumbline_source_window_rows{model=\"m\",version=\"v2\",source=\"west\"} 40");
  const std::string psi =
      "plumbline_variable_psi_corrected{model=\"m\",version=\"v2\",variable=\"a\"";
  EXPECT_EQ(LinesOf(all, psi),
            psi + "} 1\n" + psi + ",source=\"east\"} 2\n" + psi + ",source=\"west\"} 5");
  // Of sources only what is worth a series of its own.
  EXPECT_NE(LinesOf(all, "plumbline_variable_null_ratio"), "");
  EXPECT_EQ(LinesOf(all, "plumbline_variable_hellinger"), "");
  // The worst first; what does not fit is in the series of all rows, and not called dropped.
  Exporter small({.max_series_per_model = 43, .max_series = 1000, .version = "1"});
  const std::string few = small.Render(Share({model}), {}, {});
  EXPECT_EQ(LinesOf(few, psi), psi + "} 1\n" + psi + ",source=\"west\"} 5");
  EXPECT_EQ(LinesOf(few, "plumbline_series_dropped_total{model=\"m\""),
            "plumbline_series_dropped_total{model=\"m\",version=\"v2\"} 0");
}

TEST(Exporter, KeepsToTheBoundPerModel) {
  engine::ModelSnapshot model = MakeModel("m");
  model.golden.emplace();
  model.environments = 1;
  model.loads.emplace();
  model.judged_sources = {std::make_shared<const engine::SourceSnapshot>(
                              engine::SourceSnapshot{"east", 40, {MakeFullVariable("x1")}}),
                          std::make_shared<const engine::SourceSnapshot>(
                              engine::SourceSnapshot{"west", 40, {MakeFullVariable("x1")}})};
  for (int i = 0; i < 50; ++i) {
    model.alerts.push_back(MakeAlert(CheckId::kDrift, absl::StrCat("x", i)));
    model.variables.push_back(MakeFullVariable(absl::StrCat("x", i)));
  }
  for (const size_t bound : {41, 100, 264, 300, 1'000}) {
    Exporter exporter({.max_series_per_model = bound, .max_series = 100'000, .version = "1"});
    const std::string text = exporter.Render(Share({model}), {}, {});
    size_t series = 0;
    for (absl::string_view line : absl::StrSplit(text, '\n')) {
      series += !absl::StartsWith(line, "#") && absl::StrContains(line, "{model=\"m\"");
    }
    EXPECT_LE(series, bound);
    EXPECT_GT(series + Metrics().size(), bound);  // short by less than one variable
  }
}

TEST(Exporter, NoSeriesAppearsTwice) {
  engine::ModelSnapshot a = MakeModel("a"), b = MakeModel("b");
  for (engine::ModelSnapshot* model : {&a, &b}) {
    model->variables = {MakeFullVariable("x"), MakeFullVariable("y")};
    model->alerts = {MakeAlert(CheckId::kDrift, "x"), MakeAlert(CheckId::kDrift, "y"),
                     MakeAlert(CheckId::kNullRate, "x")};
  }
  const std::string text = Render({a, b});
  std::set<std::string> seen;
  for (absl::string_view line : absl::StrSplit(text, '\n')) {
    if (line.empty() || absl::StartsWith(line, "#")) continue;
    EXPECT_TRUE(seen.insert(std::string(line.substr(0, line.rfind(' ')))).second) << line;
  }
}

}  // namespace
}  // namespace plumbline::telemetry
