#include <gmock/gmock.h>
#include <google/protobuf/text_format.h>
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "client/commands/alert_text.h"
#include "client/commands/backtest_text.h"
#include "client/commands/baseline_text.h"
#include "client/commands/impact_text.h"
#include "client/commands/on_call_text.h"
#include "client/commands/performance_text.h"
#include "client/commands/report_text.h"
#include "client/commands/tune.h"

namespace plumbline::client {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

template <class Message>
Message Proto(const char* text) {
  Message message;
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(text, &message));
  return message;
}

v1::Report ExampleReport() {
  return Proto<v1::Report>(R"pb(
    model: "housing"
    version: "v1"
    baseline_number: 2
    rows: 12000
    late_rows: 7
    natural_variation_unknown: true
    start { seconds: 1601510400 }
    end { seconds: 1601514000 }
    findings {
      variable: "age"
      check: "null_rate"
      status: "FIRING"
      severity: "warning"
      reason: "34% null, 0.1% in training"
    }
    findings { variable: "city" check: "drift" status: "OK" severity: "warning" }
    findings { variable: "rare" check: "drift" status: "INSUFFICIENT_DATA" }
    findings {
      variable: "y"
      check: "nan_rate"
      status: "FIRING"
      severity: "critical"
      reason: "2% NaN"
    }
    variables {
      variable: "calm"
      role: ROLE_FEATURE
      kind: KIND_NUMERIC
      live { psi: 0.01 }
      distribution { label: "a" baseline_count: 1 live_count: 1 }
    }
    variables {
      variable: "unknown"
      role: ROLE_FEATURE
      live {}
    }
    variables {
      variable: "age"
      role: ROLE_FEATURE
      kind: KIND_NUMERIC
      live {
        psi: 1.5
        js_distance: 0.4
        null_rate: 0.34
        mean: 50
        quantiles { rank: 0.5 value: 49 }
      }
      baseline {
        null_rate: 0.001
        mean: 40
        quantiles { rank: 0.5 value: 38 }
      }
      distribution { label: "[0, 30)" baseline_count: 900 live_count: 0 }
      distribution { label: "[30, 99)" baseline_count: 100 live_count: 50 }
    }
  )pb");
}

TEST(ReportText, BeginsWithWhatFiresTheWorstFirst) {
  const std::string text = ReportText(ExampleReport());
  EXPECT_THAT(text, HasSubstr("housing/v1  baseline 2  2020-10-01 00:00:00 to 2020-10-01 01:00:00 "
                              "UTC  12,000 rows (7 late)  2 firing\n"));
  const size_t critical = text.find("critical  y");
  const size_t warning = text.find("warning   age");
  ASSERT_NE(critical, std::string::npos) << text;
  ASSERT_NE(warning, std::string::npos) << text;
  EXPECT_LT(critical, warning);
  EXPECT_THAT(text, HasSubstr("34% null, 0.1% in training"));
  EXPECT_THAT(text, HasSubstr("1 check in order, 1 not decided for want of rows or evidence"));
  EXPECT_THAT(text, HasSubstr("How much training varies by itself is not known"));
}

TEST(ReportText, TellsOfDriftThatIsNotDecided) {
  v1::Report report = ExampleReport();
  EXPECT_THAT(ReportText(report), Not(HasSubstr("not decided  check")));
  *report.add_findings() = Proto<v1::Finding>(R"pb(
    variable: "age"
    check: "drift"
    status: "INSUFFICIENT_DATA"
    value: 4
    threshold: 0.2
    reason: "age: psi 4.00"
  )pb");
  EXPECT_THAT(ReportText(report), HasSubstr("not decided  check  reason\n"
                                            "age          drift  age: psi 4.00\n\n"));
}

TEST(ReportText, SortsVariablesByPsiWithShapesBesideThem) {
  const std::string text = ReportText(ExampleReport());
  const std::string table = text.substr(text.find("training  live\n"));
  EXPECT_LT(table.find("\nage"), table.find("\ncalm"));
  EXPECT_LT(table.find("\ncalm"), table.find("\nunknown"));
  EXPECT_THAT(table, HasSubstr("34.0%"));
  EXPECT_THAT(table, HasSubstr("█▁        ·█"));
}

TEST(ReportText, SaysWhatEachProducerLost) {
  v1::Report report = ExampleReport();
  EXPECT_THAT(ReportText(report), Not(HasSubstr("producer")));
  *report.add_losses() = Proto<v1::ProducerLoss>(R"pb(
    producer: "web-17"
    epoch: 5
    highest_sequence: 1200
    lost_batches: 30
    missing_batches: 2
    ended: true
  )pb");
  *report.add_losses() = Proto<v1::ProducerLoss>(
      R"pb(
        producer: "web-18" epoch: 6 highest_sequence: 7 tail_unknown: true
      )pb");
  report.set_losses_left_out(3);
  const std::string text = ReportText(report);
  EXPECT_THAT(text, HasSubstr("web-17        5    1,200        2    30  declared\n"));
  EXPECT_THAT(text, HasSubstr("web-18        6        7        0     0  unknown\n"));
  EXPECT_THAT(text, HasSubstr("and 3 more\n"));
}

TEST(VariableText, ShowsEveryStatisticAndABarChart) {
  v1::Report report = ExampleReport();
  const v1::VariableReport age = report.variables(2);
  report.clear_variables();
  *report.add_variables() = age;
  const std::string text = VariableText(report);
  EXPECT_THAT(text, HasSubstr("age  feature  numeric\n"));
  EXPECT_THAT(text, HasSubstr("js_distance               0.4\n"));
  EXPECT_THAT(text, HasSubstr("null_rate         0.1%  34.0%\n"));
  EXPECT_THAT(text, HasSubstr("quantile 0.5        38     49\n"));
  EXPECT_THAT(text, HasSubstr("[30, 99)  training  10.0%  ████\n"));
  EXPECT_THAT(text, HasSubstr("          live       100%  ██████████"));
  EXPECT_THAT(text, Not(HasSubstr("wasserstein")));
}

TEST(AlertsText, IsATable) {
  const auto alerts = Proto<v1::ListAlertsResponse>(R"pb(
    alerts {
      model: "housing"
      version: "v1"
      state: "FIRING"
      firing_since { seconds: 1601510400 }
      finding { variable: "age" check: "null_rate" severity: "warning" reason: "34% null" }
    }
    alerts {
      model: "housing"
      version: "v1"
      state: "PENDING"
      pending_since { seconds: 1601510460 }
      finding { check: "no_data" severity: "critical" reason: "silent" }
    }
  )pb");
  EXPECT_EQ(AlertsText(alerts),
            "state    severity  since (UTC)          model       variable  check      reason\n"
            "FIRING   warning   2020-10-01 00:00:00  housing/v1  age       null_rate  34% null\n"
            "PENDING  critical  2020-10-01 00:01:00  housing/v1            no_data    silent\n");
  EXPECT_EQ(AlertsText({}), "no alerts\n");
}

TEST(AlertsText, SaysWhoLooksAfterItAndWhatBelongsTogether) {
  const auto incidents = Proto<v1::ListIncidentsResponse>(R"pb(
    incidents {
      id: "20201001T000000Z"
      model: "housing"
      version: "v1"
      severity: "critical"
      head: "2 alerts since 2020-10-01 00:00:00 UTC: 3 batches were lost"
      causes { kind: "loss" words: "3 batches were lost" }
      causes { kind: "effect" words: "age: psi 4" }
      alerts {
        state: "FIRING"
        finding { check: "rows_lost" severity: "critical" reason: "3 batches were lost" }
      }
      alerts {
        state: "HELD"
        finding {
          variable: "age"
          check: "drift"
          severity: "warning"
          reason: "age: psi 4; muted"
          acknowledgement { by: "anna" }
        }
      }
    }
  )pb");
  EXPECT_EQ(IncidentsText(incidents.incidents()),
            "critical  housing/v1  incident 20201001T000000Z  2 alerts since 2020-10-01 00:00:00 "
            "UTC: 3 batches were lost\n"
            "  1. loss: 3 batches were lost\n"
            "  2. effect: age: psi 4\n"
            "   state   severity  variable  check      acknowledged by  reason\n"
            "   FIRING  critical            rows_lost                   3 batches were lost\n"
            "   HELD    warning   age       drift      anna             age: psi 4; muted\n");
  v1::ListAlertsResponse alerts;
  *alerts.mutable_alerts() = incidents.incidents(0).alerts();
  EXPECT_THAT(AlertsText(alerts), HasSubstr("acknowledged by"));
  v1::Report report;
  *report.mutable_incidents() = incidents.incidents();
  EXPECT_THAT(ReportText(report), HasSubstr("incident 20201001T000000Z  2 alerts since"));
  EXPECT_EQ(IncidentsText({}), "no incidents\n");
}

TEST(OnCallText, SaysWhoWhenAndWhyAndHowItEnded) {
  const auto mutes = Proto<v1::ListMutesResponse>(R"pb(
    mutes {
      model: "m"
      version: "v"
      check: "drift"
      slice: "city=rome"
      until { seconds: 1601514000 }
      at { seconds: 1601510400 }
      by: "anna"
      reason: "nightly"
      ended_at { seconds: 1601510460 }
      ended_by: "ben"
      ended_because: "over"
    }
    mutes { model: "m" version: "v" check: "drift" source: "eu" by: "anna" reason: "release" }
  )pb");
  EXPECT_EQ(MutesText(mutes),
            "muted  slice      source  model  since (UTC)          until (UTC)          by    "
            "reason   ended (UTC)\n"
            "drift  city=rome          m/v    2020-10-01 00:00:00  2020-10-01 01:00:00  anna  "
            "nightly  2020-10-01 00:01:00 by ben: over\n"
            "drift             eu      m/v    -                    -                    anna  "
            "release\n");
  EXPECT_EQ(MutesText({}), "no mutes\n");
  const auto changes = Proto<v1::ListChangesResponse>(R"pb(
    changes { name: "v2" variables: "a" variables: "b" by: "ben" reason: "release" }
  )pb");
  EXPECT_THAT(ChangesText(changes), HasSubstr("v2        a,b"));
  EXPECT_EQ(ChangesText({}), "no expected changes\n");
}

TEST(AlertLine, IsOneLineWhateverTheNamesHold) {
  const auto alert = Proto<v1::Alert>(R"pb(
    model: "housing"
    version: "v1"
    state: "RESOLVED"
    firing_since { seconds: 1601510400 }
    resolved_at { seconds: 1601514000 }
    finding { variable: "a\nb" check: "drift" severity: "warning" reason: "back\033[31m" }
  )pb");
  EXPECT_EQ(AlertLine(alert),
            "2020-10-01 01:00:00  RESOLVED  warning  housing/v1  a?b drift  back?[31m\n");
}

TEST(ChunkLine, SaysWhatFires) {
  const auto chunk = Proto<v1::BacktestChunk>(R"pb(
    chunk: 3
    rows: 720
    start { seconds: 1601510400 }
    end { seconds: 1601514000 }
    findings { variable: "Latitude" check: "drift" status: "FIRING" }
    findings { variable: "Longitude" check: "drift" status: "FIRING" }
    findings { variable: "age" check: "null_rate" status: "FIRING" }
    findings { variable: "Population" check: "drift" status: "OK" }
  )pb");
  EXPECT_EQ(ChunkLine(chunk),
            "#3  2020-10-01 00:00:00 to 2020-10-01 01:00:00  720 rows  drift: Latitude, Longitude; "
            "null_rate: age\n");
  EXPECT_EQ(ChunkLine(Proto<v1::BacktestChunk>("rows: 1")), "#0  1 row  nothing fires\n");
}

TEST(ChunkLine, SaysOfWhichRows) {
  EXPECT_EQ(ChunkLine(Proto<v1::BacktestChunk>(R"pb(
              rows: 720
              findings { variable: "age" check: "drift" status: "FIRING" }
              findings { variable: "age" check: "drift" status: "FIRING" source: "eu" }
              findings { variable: "age" check: "nan_rate" status: "FIRING" slice: "plan=free" }
            )pb")),
            "#0  720 rows  drift: age, age of source eu; nan_rate: age of slice plan=free\n");
}

v1::BacktestChunk FiringChunk(uint32_t number, const std::string& findings) {
  auto chunk = Proto<v1::BacktestChunk>(findings.c_str());
  chunk.set_chunk(number);
  return chunk;
}

TEST(Tuner, AThresholdIsThatOfAllRowsSourcesAndSlices) {
  const auto drift = [](const std::string& of, double value) {
    return absl::StrCat("findings { check: 'drift' variable: 'a' status: 'FIRING' ", of,
                        " threshold: 0.2 value: ", value, " }");
  };
  Tuner tuner;
  tuner.Add(FiringChunk(0, drift("", 0.3) + drift("source: 'eu'", 0.8)));
  tuner.Add(FiringChunk(1, drift("slice: 'plan=free'", 0.4)));
  tuner.Add(FiringChunk(2, ""));
  tuner.Add(FiringChunk(3, drift("source: 'us'", 0.5)));
  const Tuner::Result result = tuner.Propose(0);
  EXPECT_EQ(result.pages, 2u);  // what fires on one variable at once is one page
  EXPECT_EQ(result.left, 0u);
  ASSERT_EQ(result.thresholds.size(), 1u);
  EXPECT_EQ(result.thresholds[0].peak, 0.8);
  EXPECT_GT(result.thresholds[0].proposed, 0.8);
}

TEST(Tuner, RaisesThresholdsAboveWhatHistoryShows) {
  const auto drift = [](const std::string& variable, double value) {
    return absl::StrCat("findings { check: 'drift' variable: '", variable,
                        "' status: 'FIRING' threshold: 0.2 value: ", value, " }");
  };
  Tuner tuner;
  tuner.Add(FiringChunk(0, ""));
  tuner.Add(FiringChunk(1, absl::StrCat(drift("a", 0.3), drift("b", 0.5))));
  tuner.Add(FiringChunk(2, drift("a", 0.4)));  // the same page
  tuner.Add(FiringChunk(3,
                        "findings { check: 'null_rate' variable: 'c' status: 'FIRING' value: 0.2 "
                        "baseline: 0.05 threshold: 0.1 }"));
  tuner.Add(FiringChunk(4, drift("a", 0.25)));
  tuner.Add(FiringChunk(5, "findings { check: 'drift' variable: 'b' status: 'OK' value: 9 }"));

  const Tuner::Result none = tuner.Propose(0);
  EXPECT_EQ(none.pages, 4u);
  EXPECT_EQ(none.left, 0u);
  ASSERT_EQ(none.thresholds.size(), 3u);
  EXPECT_EQ(none.thresholds[0].variable, "a");
  EXPECT_EQ(none.thresholds[0].pages, 2u);
  EXPECT_NEAR(none.thresholds[0].proposed, 0.42, 1e-9);
  EXPECT_NEAR(none.thresholds[1].proposed, 0.53, 1e-9);
  // Odds ratios: 0.25 to 0.0526 is 4.75.
  EXPECT_NEAR(none.thresholds[2].peak, 4.75, 1e-9);
  EXPECT_NEAR(none.thresholds[2].proposed, 5.0, 1e-9);

  // The strongest one stays.
  const Tuner::Result one = tuner.Propose(1);
  EXPECT_EQ(one.left, 1u);
  EXPECT_EQ(one.thresholds.size(), 2u);
  EXPECT_THAT(TuneText(one, 1), HasSubstr("4 pages were false; wanted: at most 1."));

  v1::Policy policy = Proto<v1::Policy>(
      "window_panes: 7 variables { variable: 'a' checks { check: 'drift' severity: 'info' } }");
  Apply(none, &policy);
  EXPECT_EQ(policy.window_panes(), 7u);
  ASSERT_EQ(policy.variables_size(), 3);
  EXPECT_EQ(policy.variables(0).checks(0).severity(), "info");
  EXPECT_NEAR(policy.variables(0).checks(0).threshold(), 0.42, 1e-9);
}

TEST(Tuner, CountsWhatNoThresholdDecides) {
  Tuner tuner;
  tuner.Add(FiringChunk(
      0,
      "findings { check: 'absent_variable' variable: 'a' status: 'FIRING' }"
      "findings { check: 'out_of_range' variable: 'a' status: 'FIRING' severity: 'info' }"
      "findings { check: 'nan_rate' variable: 'b' status: 'FIRING' value: 0.2 "
      "baseline: 0 threshold: 0.01 }"));
  const Tuner::Result result = tuner.Propose(0);
  EXPECT_EQ(result.left, 2u);
  EXPECT_TRUE(result.thresholds.empty());
  EXPECT_THAT(
      TuneText(result, 0),
      HasSubstr("No threshold decides: absent_variable (1), nan_rate (1)\n2 pages are left"));
}

TEST(BacktestSummary, TellsSourcesAndSlicesApartAndCountsIncidents) {
  BacktestSummary summary;
  const auto chunk = Proto<v1::BacktestChunk>(R"pb(
    rows: 10
    findings { variable: "a" check: "drift" status: "FIRING" }
    findings {
      variable: "a"
      check: "drift"
      status: "FIRING"
      source: "eu"
      statistic: "psi"
      value: 2
    }
    findings { variable: "a" check: "null_rate" status: "FIRING" slice: "plan=free" }
    statistics { variable: "a" psi: 0.5 }
    rows_of_other_sources: 3
    slice_categories_left_out: 2
    incidents {
      id: "20260101T000000Z"
      model: "m"
      version: "v"
      severity: "warning"
      head: "3 alerts"
    }
  )pb");
  EXPECT_EQ(summary.Add(chunk), "warning  m/v  incident 20260101T000000Z  3 alerts\n");
  EXPECT_EQ(summary.Add(chunk), "");  // it goes on
  EXPECT_EQ(
      summary.ToString(),
      "2 chunks, 20 rows, 1 incident\n"
      "variable  source     chunks firing  largest psi  checks (chunks)\n"
      "a                           2 of 2          0.5  drift (2)\n"
      "a         eu                2 of 2            2  drift (2)\n"
      "a         plan=free         2 of 2            -  null_rate (2)\n"
      "judged among all rows only (without a source, from further ones, or before there was a "
      "second): 6 rows\n"
      "not judged by themselves (too few rows in training's sample, or beyond "
      "max_judged_slices): 2 categories\n");
}

TEST(BacktestSummary, CountsChunksPerVariable) {
  BacktestSummary summary;
  summary.Add(Proto<v1::BacktestChunk>(R"pb(
    rows: 10
    findings { variable: "a" check: "drift" status: "FIRING" }
    findings { variable: "a" check: "null_rate" status: "FIRING" }
    statistics { variable: "a" psi: 0.5 })pb"));
  summary.Add(Proto<v1::BacktestChunk>(R"pb(
    rows: 10
    findings { variable: "a" check: "drift" status: "FIRING" }
    findings { variable: "b" check: "drift" status: "FIRING" }
    findings { check: "unknown_variable" variable: "c" status: "OK" }
    statistics { variable: "a" psi: 0.25 })pb"));
  EXPECT_EQ(summary.ToString(),
            "2 chunks, 20 rows\n"
            "variable  chunks firing  largest psi  checks (chunks)\n"
            "a                2 of 2          0.5  drift (2), null_rate (1)\n"
            "b                1 of 2            -  drift (1)\n");
  EXPECT_EQ(BacktestSummary().ToString(), "0 chunks, 0 rows: nothing fires\n");
}

TEST(BaselineText, NamesVariablesInWhichDriftIsHardToFind) {
  auto baseline = Proto<v1::Baseline>(R"pb(
    variables { variable: "income" natural_psi: 0.9 }
    variables { variable: "city" natural_psi: 1.5 }
    variables { variable: "age" natural_psi: 7.25 }
  )pb");
  const std::string named =
      "Drift is hard to find in age (psi 7.2), city (psi 1.5): training itself varies as much from "
      "one run of rows to the next. If its rows were sorted, make the baseline with their times "
      "(`--timestamp`), or of shuffled rows.\n";
  EXPECT_THAT(BaselineText(baseline), HasSubstr(named));
  v1::Report report;
  *report.mutable_variables() = baseline.variables();
  EXPECT_THAT(ReportText(report), HasSubstr(named));
  EXPECT_THAT(VariableText(report), HasSubstr(named));
  baseline.set_in_time_order(true);
  EXPECT_THAT(BaselineText(baseline), HasSubstr("one run of rows to the next. Where it is the "
                                                "hours or days that vary, a `season` in the "
                                                "policy holds drift against the same times.\n"));
  for (v1::VariableReport& variable : *baseline.mutable_variables()) variable.clear_natural_psi();
  EXPECT_THAT(BaselineText(baseline), Not(HasSubstr("hard to find")));
  for (int i = 0; i < 12; ++i) {
    v1::VariableReport* const more = baseline.add_variables();
    more->set_variable("x");
    more->set_natural_psi(3);
  }
  EXPECT_THAT(BaselineText(baseline), HasSubstr("x (psi 3.0), 2 more: training itself"));
}

TEST(BaselineText, NamesVariablesInWhichUnseenCategoriesAreExpected) {
  auto baseline = Proto<v1::Baseline>(R"pb(
    variables { variable: "city" left_out_share: 0.02 }
    variables { variable: "user" left_out_share: 0.97 }
  )pb");
  EXPECT_THAT(BaselineText(baseline),
              HasSubstr("Unseen categories are to be expected in user (97.0% of its values): in "
                        "training they have a category that no other run of rows has. If its rows "
                        "were sorted, make the baseline with their times"));
  EXPECT_THAT(BaselineText(baseline), Not(HasSubstr("city (")));
}

TEST(BaselineText, IsATableOfVariables) {
  const auto baseline = Proto<v1::Baseline>(R"pb(
    summary {
      model: "housing"
      version: "v1"
      number: 1
      active: true
      rows: 5832
      variables: 1
      description: "spring"
    }
    variables {
      variable: "age"
      role: ROLE_FEATURE
      kind: KIND_NUMERIC
      baseline {
        mean: 28.5
        min: 1
        max: 52
        null_rate: 0.5
        quantiles { rank: 0.25 value: 18 }
        quantiles { rank: 0.5 value: 29 }
      }
      distribution { baseline_count: 1 }
      distribution { baseline_count: 8 }
    }
  )pb");
  EXPECT_EQ(
      BaselineText(baseline),
      "baseline 1 of housing/v1: 5,832 rows, 1 variable, active\n"
      "spring\n"
      "\n"
      "variable  role     kind      null  mean  min  median  max  shape\n"
      "age       feature  numeric  50.0%  28.5    1      29   52  ▁█\n"
      "\n"
      "How much training varies by itself was learnt from its rows in the order in which they "
      "came.\n");
}

TEST(BaselineText, SaysFromWhichOrderTrainingsOwnVariationWasLearnt) {
  const auto text = [](bool unknown, bool in_time_order) {
    v1::Baseline baseline;
    v1::Report report;
    baseline.set_natural_variation_unknown(unknown);
    baseline.set_in_time_order(in_time_order);
    report.set_natural_variation_unknown(unknown);
    report.set_in_time_order(in_time_order);
    const std::string line = NaturalVariationCaveats(unknown, in_time_order, {});
    EXPECT_THAT(ReportText(report), HasSubstr(line));
    EXPECT_EQ(line.empty(), !unknown);
    return BaselineText(baseline);
  };
  EXPECT_THAT(text(false, true), HasSubstr("learnt from its rows in the order of their times."));
  EXPECT_THAT(text(false, false), HasSubstr("in the order in which they came."));
  EXPECT_THAT(text(true, true), HasSubstr("vary no more than by chance, or they are few."));
  EXPECT_THAT(text(true, false), HasSubstr("(shuffled, or few). With their times (`baseline create "
                                           "--timestamp`) they are put in order."));
}

TEST(BaselinesText, SaysThatThereAreNone) { EXPECT_EQ(BaselinesText({}), "no baselines\n"); }

v1::PerformanceReport ExamplePerformance() {
  return Proto<v1::PerformanceReport>(R"pb(
    model: "housing"
    version: "v1"
    baseline_number: 2
    task: "binary"
    label: "sold"
    prediction: "said"
    score: "chance"
    classes: "0"
    classes: "1"
    predictions: 2000
    labelled: 1500
    counts { joined: 1500 duplicates: 12 contradictions: 1 }
    window {
      start { seconds: 1601510400 }
      end { seconds: 1601514000 }
      predictions: 1000
      labelled: 900
      median_label_delay { seconds: 5400 }
      long_label_delay { seconds: 86400 }
      metrics {
        metric: "accuracy"
        realised { value: 0.75 lower: 0.7 upper: 0.8 }
      }
      metrics {
        metric: "roc_auc"
        realised { value: 0.875 lower: 0.85 upper: 0.9 }
        training { value: 0.9 }
        estimated { value: 0.89 lower: 0.87 upper: 0.91 }
        limit: 0.8
      }
    }
    chunks {
      start { seconds: 1601510400 }
      end { seconds: 1604188800 }
      predictions: 2000
      labelled: 1500
      metrics {
        metric: "roc_auc"
        realised { value: 0.86 lower: 0.84 upper: 0.88 }
        estimated { value: 0.89 lower: 0.87 upper: 0.91 }
      }
    }
  )pb");
}

TEST(PerformanceText, PutsLabelsTrainingAndEstimateSideBySide) {
  const auto text = PerformanceText(ExamplePerformance(), "");
  ASSERT_TRUE(text.ok()) << text.status();
  EXPECT_EQ(
      *text,
      "housing/v1  baseline 2  binary: label sold, prediction said, score chance, positive `1`\n"
      "2,000 predictions, 1,500 labelled (75.0%); 12 duplicates; 1 contradiction\n"
      "\n"
      "window 2020-10-01 00:00:00 to 2020-10-01 01:00:00 UTC: 900 labelled of 1,000 predictions; "
      "labels came after 1h30m (median), 90% within 24h\n"
      "metric    realised  95%               training  estimated  95%                limit\n"
      "accuracy    0.7500  0.7000 to 0.8000\n"
      "roc_auc     0.8750  0.8500 to 0.9000    0.9000     0.8900  0.8700 to 0.9100  0.8000\n"
      "\n"
      "from (UTC)           predictions  labelled  roc_auc  95%               estimated  95%\n"
      "2020-10-01 00:00:00        2,000     1,500   0.8600  0.8400 to 0.8800     0.8900  "
      "0.8700 to 0.9100\n");
}

TEST(PerformanceText, NamesTheMetricsThatThereAre) {
  const auto text = PerformanceText(ExamplePerformance(), "mae");
  EXPECT_EQ(text.status().message(), "a binary task has no metric `mae`; it has accuracy, roc_auc");
}

TEST(PerformanceLine, SaysWhatDecides) {
  EXPECT_EQ(PerformanceLine(ExamplePerformance()),
            "performance: roc_auc 0.875 (training 0.900, estimated 0.890), 900 labelled of 1,000 "
            "predictions\n");
  EXPECT_EQ(PerformanceLine({}), "");
}

TEST(ImpactText, TellsNoPredictionFromNothingWrong) {
  const auto impact = Proto<v1::GetImpactResponse>(R"pb(
    model: "housing" baseline_number: 2 rows: 7
  )pb");
  EXPECT_THAT(ImpactText(impact, true), HasSubstr("\nno input is missing or wrong in any of them"));
  EXPECT_THAT(ImpactText(impact, false), HasSubstr("\nthe baseline has no prediction"));
  EXPECT_THAT(ImpactText(impact, false), Not(HasSubstr("no input is missing")));
}

}  // namespace
}  // namespace plumbline::client
