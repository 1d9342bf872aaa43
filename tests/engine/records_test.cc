#include "server/engine/records.h"

#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace plumbline::engine {
namespace {

using ::testing::HasSubstr;

checks::Alert MakeAlert() {
  checks::Alert alert;
  alert.key = {checks::CheckId::kUnseenCategory, "city", "eu-west"};
  alert.state = checks::AlertState::kFiring;
  alert.pending_since = absl::FromUnixMicros(1'000'001);
  alert.firing_since = absl::FromUnixMicros(2'000'002);
  alert.streak = 3;
  alert.calm_streak = 1;
  alert.last_block = 77;
  alert.incident = "20231114T221320Z";
  alert.acknowledged = {"anna", "läuft", absl::FromUnixMicros(3'000'003)};
  alert.expected = "v2";
  alert.finding = {.check = alert.key.check,
                   .variable = "city",
                   .source = "eu-west",
                   .statistic = "unseen_rate",
                   .value = 0.25,
                   .threshold = 0.1,
                   .baseline = 0.0,
                   .p_value = 1e-300,
                   .status = checks::Status::kFiring,
                   .severity = checks::Severity::kWarning,
                   .rows = 1'234,
                   .reason = "city: `kåbul`",
                   .cause = "category_unseen",
                   .below_leave = false};
  return alert;
}

TEST(Records, AnAlertComesBackAsItWas) {
  const checks::Alert alert = MakeAlert();
  storage::v1::AlertRecord record;
  ASSERT_TRUE(record.ParseFromString(ToRecord(alert, 9).SerializeAsString()));
  EXPECT_EQ(record.baseline_number(), 9u);
  const auto back = FromRecord(record);
  ASSERT_TRUE(back.ok()) << back.status();
  EXPECT_EQ(back->key, alert.key);
  EXPECT_EQ(back->state, alert.state);
  EXPECT_EQ(back->pending_since, alert.pending_since);
  EXPECT_EQ(back->firing_since, alert.firing_since);
  EXPECT_EQ(back->resolved_at, std::nullopt);
  EXPECT_EQ(back->streak, alert.streak);
  EXPECT_EQ(back->calm_streak, alert.calm_streak);
  EXPECT_EQ(back->last_block, alert.last_block);
  EXPECT_EQ(back->incident, alert.incident);
  EXPECT_EQ(back->acknowledged, alert.acknowledged);
  EXPECT_EQ(back->expected, "v2");
  EXPECT_EQ(back->finding.check, alert.finding.check);
  EXPECT_EQ(back->finding.variable, "city");
  EXPECT_EQ(back->finding.source, "eu-west");
  EXPECT_EQ(back->finding.statistic, "unseen_rate");
  EXPECT_EQ(back->finding.value, 0.25);
  EXPECT_EQ(back->finding.threshold, 0.1);
  EXPECT_EQ(back->finding.baseline, 0.0);
  EXPECT_EQ(back->finding.p_value, 1e-300);
  EXPECT_EQ(back->finding.status, checks::Status::kFiring);
  EXPECT_EQ(back->finding.severity, checks::Severity::kWarning);
  EXPECT_EQ(back->finding.rows, 1'234u);
  EXPECT_EQ(back->finding.reason, alert.finding.reason);
  EXPECT_EQ(back->finding.cause, "category_unseen");
}

TEST(Records, AnAbsentNumberIsNotZeroAfterwards) {
  checks::Alert alert = MakeAlert();
  alert.finding.value.reset();
  alert.finding.p_value.reset();
  const auto back = FromRecord(ToRecord(alert, 1));
  ASSERT_TRUE(back.ok());
  EXPECT_EQ(back->finding.value, std::nullopt);
  EXPECT_EQ(back->finding.p_value, std::nullopt);
}

TEST(Records, AnUnknownCheckOrStateIsDataLoss) {
  storage::v1::AlertRecord record = ToRecord(MakeAlert(), 1);
  record.set_check("telepathy");
  EXPECT_EQ(FromRecord(record).status().code(), absl::StatusCode::kDataLoss);
  record = ToRecord(MakeAlert(), 1);
  record.set_state(5);
  EXPECT_EQ(FromRecord(record).status().code(), absl::StatusCode::kDataLoss);
  record = ToRecord(MakeAlert(), 1);
  record.set_severity(0);
  EXPECT_EQ(FromRecord(record).status().code(), absl::StatusCode::kDataLoss);
}

TEST(Records, SequenceMarksComeBackAsTheyWere) {
  const absl::Time now = absl::FromUnixSeconds(1'000);
  SequenceMarks marks;
  for (const uint64_t sequence : {1u, 2u, 7u, 9u}) marks.Take(sequence, now);
  marks.Age(now, absl::ZeroDuration(), absl::Hours(24));
  marks.Take(4, now);
  marks.End(12, now);
  storage::v1::ProducerRecord record;
  MarksToRecord(marks, &record);
  const auto back = MarksFromRecord(record);
  ASSERT_TRUE(back.ok()) << back.status();
  EXPECT_EQ(back->highest(), marks.highest());
  EXPECT_TRUE(back->ended());
  EXPECT_EQ(record.ended_at(), 12u);
  for (uint64_t sequence = 0; sequence < 15; ++sequence) {
    EXPECT_EQ(back->Look(sequence), marks.Look(sequence)) << sequence;
  }
  EXPECT_EQ(back->missing(), marks.missing());
  EXPECT_EQ(back->lost(), 4u);
  EXPECT_EQ(back->cleared(), 1u);
  EXPECT_EQ(back->called_lost(), 5u);
  auto damaged = record;
  damaged.mutable_holes(0)->set_last(100);
  EXPECT_EQ(MarksFromRecord(damaged).status().code(), absl::StatusCode::kDataLoss);
  damaged = record;
  damaged.mutable_holes(0)->set_stage(3);
  EXPECT_EQ(MarksFromRecord(damaged).status().code(), absl::StatusCode::kDataLoss);
}

TEST(Records, AnEmptyPolicyIsTheDefaultOne) {
  const auto policy = EffectivePolicy({});
  ASSERT_TRUE(policy.ok());
  const checks::Policy standard = checks::DefaultPolicy();
  EXPECT_EQ(policy->pane, standard.pane);
  EXPECT_EQ(policy->window_panes, standard.window_panes);
  EXPECT_EQ(policy->hole_grace, standard.hole_grace);
  EXPECT_EQ(policy->drift_thresholds, standard.drift_thresholds);
}

TEST(Records, APolicyChangesWhatItSetsAndNothingElse) {
  storage::v1::PolicyRecord record;
  record.set_window_panes(7);
  record.set_allowed_lateness_micros(0);
  (*record.mutable_drift_thresholds())["ks"] = 0.3;
  auto* check = record.add_checks();
  check->set_check("null_rate");
  check->set_severity("critical");
  auto* variable = record.add_variables();
  variable->set_variable("age");
  variable->set_drift_statistic("ks");
  auto* own = variable->add_checks();
  own->set_check("null_rate");
  own->set_muted(true);
  const auto policy = EffectivePolicy(record);
  ASSERT_TRUE(policy.ok()) << policy.status();
  const checks::Policy standard = checks::DefaultPolicy();
  EXPECT_EQ(policy->window_panes, 7u);
  EXPECT_EQ(policy->allowed_lateness, absl::ZeroDuration());
  EXPECT_EQ(policy->pane, standard.pane);
  EXPECT_EQ(policy->no_data_after, standard.no_data_after);
  EXPECT_EQ(policy->DriftThreshold("age"), 0.3);
  EXPECT_EQ(policy->DriftThreshold("other"), standard.DriftThreshold("other"));
  const auto of = [&](absl::string_view name) {
    return policy->Settings(checks::CheckId::kNullRate, name);
  };
  EXPECT_EQ(of("other").severity, checks::Severity::kCritical);
  EXPECT_FALSE(of("other").muted);
  EXPECT_EQ(of("other").threshold, standard.Settings(checks::CheckId::kNullRate, "").threshold);
  EXPECT_EQ(of("age").severity, checks::Severity::kCritical);
  EXPECT_TRUE(of("age").muted);
}

TEST(Records, APolicyOfNonsenseNamesTheField) {
  storage::v1::PolicyRecord record;
  record.set_pane_micros(-1);
  EXPECT_THAT(std::string(EffectivePolicy(record).status().message()), HasSubstr("pane"));
  record.Clear();
  record.set_drift_statistic("vibes");
  EXPECT_THAT(std::string(EffectivePolicy(record).status().message()), HasSubstr("vibes"));
  record.Clear();
  auto* check = record.add_checks();
  check->set_check("drift");
  check->set_severity("loud");
  const absl::Status status = EffectivePolicy(record).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(status.message()), HasSubstr("checks[drift].severity"));
}

}  // namespace
}  // namespace plumbline::engine
