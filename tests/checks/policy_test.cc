#include "server/checks/policy.h"

#include "gtest/gtest.h"

namespace plumbline::checks {
namespace {

TEST(Policy, EveryCheckHasANameThatParsesBack) {
  for (const CheckId check : kAllChecks) {
    EXPECT_FALSE(CheckName(check).empty());
    EXPECT_EQ(ParseCheckId(CheckName(check)), check);
  }
  EXPECT_EQ(ParseCheckId("nothing"), std::nullopt);
  EXPECT_EQ(ParseDriftStatistic("js_distance"), DriftStatistic::kJsDistance);
  EXPECT_EQ(ParseDriftStatistic("js"), std::nullopt);
}

TEST(Policy, DefaultsAreValidAndDriftWaitsForTwoBlocks) {
  const Policy policy = DefaultPolicy();
  EXPECT_TRUE(policy.Validate().ok()) << policy.Validate();
  EXPECT_EQ(policy.Settings(CheckId::kDrift, "x").threshold, 0.2);
  EXPECT_EQ(policy.Settings(CheckId::kDrift, "x").for_panes, 2u);
  EXPECT_EQ(policy.Settings(CheckId::kNullRate, "x").for_panes, 0u);
}

TEST(Policy, OverridesHoldForTheirVariableOnly) {
  Policy policy = DefaultPolicy();
  policy.variables["x"].drift_statistic = DriftStatistic::kKs;
  policy.variables["y"].checks[CheckId::kDrift].threshold = 0.5;
  policy.variables["y"].checks[CheckId::kNullRate].muted = true;
  EXPECT_EQ(policy.Settings(CheckId::kDrift, "x").threshold, 0.1);
  EXPECT_EQ(policy.Settings(CheckId::kDrift, "y").threshold, 0.5);
  EXPECT_EQ(policy.Settings(CheckId::kDrift, "z").threshold, 0.2);
  EXPECT_TRUE(policy.Settings(CheckId::kNullRate, "y").muted);
  EXPECT_FALSE(policy.Settings(CheckId::kNullRate, "x").muted);
}

TEST(Policy, ValidateNamesTheFieldThatIsWrong) {
  Policy policy = DefaultPolicy();
  EXPECT_EQ(policy.BlocksPerFalsePage(policy.pane), 30 * 24 * 60);
  EXPECT_EQ(policy.BlocksPerFalsePage(absl::Hours(24)), 100);
  policy.rate_significance = 0;
  EXPECT_NE(policy.Validate().message().find("rate_significance"), absl::string_view::npos);
  policy = DefaultPolicy();
  policy.variables["age"].checks[CheckId::kNullRate].leave_threshold = 9;
  EXPECT_NE(policy.Validate().message().find("age"), absl::string_view::npos);
}

// One page in so many panes: what is asked at every look has its share, by the union bound, and
// evidence of blocks the rest.
TEST(Policy, WhatIsAskedAtEveryLookHasItsShareOfTheBudget) {
  Policy policy = DefaultPolicy();
  for (const double budget : {0.01, 1.0, 4.0}) {
    for (const absl::Duration pane : {absl::Seconds(1), absl::Minutes(1), absl::Hours(24 * 30)}) {
      policy.false_page_budget = budget;
      policy.pane = pane;
      const double panes = policy.BlocksPerFalsePage(pane);
      const double looks = panes * (1 + absl::ToDoubleSeconds(pane));
      const double immediate = looks * 600 * policy.ImmediateLevel(600);
      EXPECT_LE(immediate, 0.02 * (1 + 1e-9));
      EXPECT_LE(policy.ImmediateLevel(600), policy.rate_significance / 600);
      EXPECT_NEAR(panes / policy.BlocksPerFalseAlarm(pane), 0.98, 1e-9);
      if (pane == absl::Minutes(1) && budget <= 1) {
        EXPECT_NEAR(immediate, 0.02, 1e-9);
      }
    }
  }
  EXPECT_EQ(policy.ImmediateLevel(0), policy.ImmediateLevel(1));
}

}  // namespace
}  // namespace plumbline::checks
