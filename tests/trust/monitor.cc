#include "tests/trust/monitor.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <iterator>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "server/checks/checks.h"
#include "server/profile/baseline_builder.h"
#include "server/profile/statistics.h"

namespace plumbline::trust {
namespace {

void Must(const absl::Status& status) {
  if (status.ok()) return;
  std::fprintf(stderr, "%s\n", std::string(status.message()).c_str());
  std::exit(1);
}

// The default policy, but for one false page in so many panes.
checks::Policy WithBudget(double panes) {
  checks::Policy policy = checks::DefaultPolicy();
  policy.false_page_budget = policy.BlocksPerFalsePage(policy.pane) / panes;
  return policy;
}

}  // namespace

std::shared_ptr<const profile::Baseline> Learn(const profile::BatchView& rows) {
  profile::BaselineBuilder builder({});
  Must(builder.Sketch(rows));
  Must(builder.FinishSketch());
  Must(builder.Count(rows));
  absl::StatusOr<profile::Baseline> baseline = builder.Finish();
  Must(baseline.status());
  return std::make_shared<const profile::Baseline>(*std::move(baseline));
}

Monitor::Monitor(std::shared_ptr<const profile::Baseline> baseline, double panes)
    : baseline_(std::move(baseline)),
      policy_(WithBudget(panes)),
      log_alarm_(std::log(policy_.BlocksPerFalseAlarm(policy_.pane))),
      watch_(baseline_.get()),
      alone_(baseline_.get()) {}

Monitor::Told Monitor::Close(const profile::BatchView& rows) {
  profile::Pane& pane = window_.emplace_back(*baseline_);
  profile::PreparedBatch(*baseline_, rows).Count(0, rows.rows, &pane);
  if (window_.size() > policy_.window_panes) window_.pop_front();
  if (gathering_.variables.empty()) gathering_ = profile::Pane(*baseline_);
  gathering_.Merge(window_.back());
  Told told;
  if (gathering_.rows >= policy_.min_rows_drift) {
    watch_.Observe(gathering_);
    alone_.Observe(gathering_);
    gathering_.Clear();
    ++blocks_;
  }
  const auto name = [&](checks::CheckId check, size_t variable) {
    return absl::StrCat(checks::CheckName(check), " ",
                        baseline_->variables[variable].variable.name);
  };
  for (const checks::VariableEvidence& one : alone_.Weigh(log_alarm_)) {
    const auto tell = [&](checks::CheckId check) {
      if (!one.Of(check).enough) return;
      told.by_evidence.insert(name(check, one.variable));
      alone_.Reset(check, one.variable);
    };
    tell(checks::CheckId::kDrift);
    for (const checks::CheckId rate : checks::kWatchedRates) tell(rate);
  }
  const absl::Time now = absl::UnixEpoch() + absl::Minutes(++panes_);
  for (const checks::Alert& alert : alerts_.Advance(Judge(), policy_, now, blocks_)) {
    const std::optional<size_t> variable = baseline_->schema.Find(alert.key.variable);
    if (alert.state == checks::AlertState::kFiring) {
      const bool wakes = alert.finding.severity != checks::Severity::kInfo;
      if (wakes && alert.firing_since == now) {
        told.pages.insert(
            absl::StrCat(checks::CheckName(alert.key.check), " ", alert.key.variable));
      }
    } else if (alert.state != checks::AlertState::kPending && variable.has_value()) {
      watch_.Reset(alert.key.check, *variable);
    }
  }
  return told;
}

std::vector<checks::Finding> Monitor::Judge() const {
  std::vector<checks::Finding> findings;
  const auto latest = [&](size_t panes) {
    profile::Pane sum(*baseline_);
    for (size_t i = window_.size() - std::min(panes, window_.size()); i < window_.size(); ++i) {
      sum.Merge(window_[i]);
    }
    return sum;
  };
  const profile::Pane window = latest(window_.size());
  std::vector<checks::VariableEvidence> changes = watch_.Weigh(log_alarm_);
  checks::LookBack(*baseline_, policy_, latest, &changes);
  std::vector<profile::VariableStatistics> statistics;
  for (size_t i = 0; i < baseline_->variables.size(); ++i) {
    statistics.push_back(profile::CompareToBaseline(baseline_->variables[i], window.variables[i]));
  }
  checks::EvaluateRows({.baseline = *baseline_,
                        .policy = policy_,
                        .window = window,
                        .changes = blocks_ == 0 ? nullptr : &changes,
                        .statistics = statistics,
                        .brief = true},
                       [&](checks::Finding finding) { findings.push_back(std::move(finding)); });
  return findings;
}

}  // namespace plumbline::trust
