#include "client/commands/json_line.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

#include "plumbline/v1/policy.pb.h"
#include "plumbline/v1/report.pb.h"

namespace plumbline::client {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

TEST(JsonLine, PrintsZerosAndEmptyListsButNotWhatIsAbsent) {
  v1::BacktestChunk chunk;
  EXPECT_EQ(JsonLine(chunk).value(),
            R"({"chunk":0,"rows":0,"findings":[],"statistics":[],)"
            R"("rows_of_other_sources":"0","slice_categories_left_out":"0","incidents":[]})");
  v1::VariableStatistics* statistics = chunk.add_statistics();
  statistics->set_psi(0);
  const std::string json = JsonLine(chunk).value();
  EXPECT_THAT(json, HasSubstr(R"("psi":0)"));
  EXPECT_THAT(json, Not(HasSubstr("js_distance")));
  EXPECT_THAT(json, Not(HasSubstr("start")));
  EXPECT_THAT(json, Not(HasSubstr("\n")));
}

TEST(JsonLine, KeepsTheNamesOfTheProto) {
  v1::VariableStatistics statistics;
  statistics.set_chi_square_p_value(0.5);
  EXPECT_THAT(JsonLine(statistics).value(), HasSubstr(R"("chi_square_p_value":0.5)"));
}

TEST(JsonLine, PrintsNumbersThatJsonLacksAsText) {
  v1::VariableStatistics statistics;
  statistics.set_max(std::numeric_limits<double>::infinity());
  EXPECT_THAT(JsonLine(statistics).value(), HasSubstr(R"("max":"Infinity")"));
}

TEST(ParseJsonOrText, ReadsBothForms) {
  for (const char* text :
       {R"(  {"window_panes": 30, "pane": "60s", "checks": [{"check": "drift", "for": "5s"}]})",
        "window_panes: 30 pane { seconds: 60 } checks { check: 'drift' for { seconds: 5 } }"}) {
    v1::Policy policy;
    const absl::Status status = ParseJsonOrText(text, &policy);
    ASSERT_TRUE(status.ok()) << status;
    EXPECT_EQ(policy.window_panes(), 30u);
    EXPECT_EQ(policy.pane().seconds(), 60);
    ASSERT_EQ(policy.checks_size(), 1);
    EXPECT_EQ(policy.checks(0).check(), "drift");
  }
}

TEST(ParseJsonOrText, SaysWhatIsUnknown) {
  v1::Policy policy;
  EXPECT_THAT(std::string(ParseJsonOrText(R"({"windw": 1})", &policy).message()),
              HasSubstr("windw"));
  EXPECT_THAT(std::string(ParseJsonOrText("\nwindw: 1", &policy).message()), HasSubstr("line 2:"));
}

}  // namespace
}  // namespace plumbline::client
