#include "server/telemetry/metric_table.h"

#include <gtest/gtest.h>
#include <prometheus/check_names.h>

#include <set>
#include <string>

#include "absl/strings/match.h"

namespace plumbline::telemetry {
namespace {

TEST(MetricTable, NamesAreUniqueAndSound) {
  std::set<std::string> names;
  for (const Metric& metric : Metrics()) {
    EXPECT_TRUE(names.insert(metric.name).second) << metric.name;
    EXPECT_TRUE(prometheus::CheckMetricName(metric.name)) << metric.name;
    EXPECT_TRUE(absl::StartsWith(metric.name, "plumbline_") ||
                absl::StartsWith(metric.name, "process_"))
        << metric.name;
  }
}

TEST(MetricTable, CountersAloneEndInTotal) {
  for (const Metric& metric : Metrics()) {
    EXPECT_EQ(absl::EndsWith(metric.name, "_total"), metric.type == prometheus::MetricType::Counter)
        << metric.name;
  }
}

TEST(MetricTable, HelpIsASentence) {
  for (const Metric& metric : Metrics()) {
    EXPECT_TRUE(absl::EndsWith(metric.help, ".")) << metric.name;
  }
}

TEST(MetricTable, StatisticsAndOnlyTheyAreOfVariables) {
  for (size_t i = 0; i < Metrics().size(); ++i) {
    const Metric& metric = Metrics()[i];
    EXPECT_EQ(metric.labels == LabelSet::kVariable, i >= kFirstStatistic) << metric.name;
    EXPECT_EQ(metric.statistic != nullptr, i >= kFirstStatistic) << metric.name;
    EXPECT_EQ(absl::StartsWith(metric.name, "plumbline_variable_"), i >= kFirstStatistic)
        << metric.name;
  }
}

TEST(MetricTable, EveryStatisticHasItsOwnField) {
  profile::VariableStatistics statistics;
  for (const Metric& metric : Metrics().subspan(kFirstStatistic)) {
    EXPECT_FALSE((statistics.*metric.statistic).has_value()) << metric.name;
    statistics.*metric.statistic = 1;
  }
}

}  // namespace
}  // namespace plumbline::telemetry
