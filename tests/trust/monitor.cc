#include "tests/trust/monitor.h"

#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <utility>

#include "absl/strings/str_cat.h"
#include "server/profile/baseline_builder.h"
#include "server/profile/natural_variation.h"
#include "server/profile/statistics.h"
#include "server/stats/rate_test.h"

namespace plumbline::trust {
namespace {

void Must(const absl::Status& status) {
  if (status.ok()) return;
  std::fprintf(stderr, "%s\n", std::string(status.message()).c_str());
  std::exit(1);
}

}  // namespace

std::shared_ptr<const checks::ChangeReferences> Learn(const profile::BatchView& rows) {
  profile::BaselineBuilder builder({});
  Must(builder.Sketch(rows));
  Must(builder.FinishSketch());
  Must(builder.Count(rows));
  absl::StatusOr<profile::Baseline> baseline = builder.Finish();
  Must(baseline.status());
  auto natural = profile::LearnNaturalVariation(*baseline);
  Must(natural.status());
  return std::make_shared<const checks::ChangeReferences>(
      std::make_shared<const profile::Baseline>(*std::move(baseline)), *std::move(natural));
}

Monitor::Monitor(std::shared_ptr<const checks::ChangeReferences> references, double panes)
    : references_(std::move(references)),
      log_alarm_(std::log(panes)),
      watch_(references_),
      alone_(references_) {}

bool Monitor::IsDrift(size_t variable, const checks::VariableEvidence& evidence) const {
  const profile::VariableBaseline& trained = references_->baseline().variables[variable];
  const double threshold = policy_.DriftThreshold(trained.variable.name);
  if (evidence.psi_since.has_value() &&
      *evidence.psi_since >= std::max(threshold, evidence.natural_psi)) {
    return true;
  }
  profile::VariableCounts window = window_.front().variables[variable];
  for (size_t i = 1; i < window_.size(); ++i) window.Merge(window_[i].variables[variable]);
  const auto psi = profile::CompareToBaseline(trained, window).psi_corrected;
  const double natural = references_->NaturalPsi(variable, static_cast<double>(window.Coded()));
  return psi.has_value() && *psi >= std::max(threshold, natural);
}

bool Monitor::IsRate(size_t variable, size_t rate, const checks::VariableEvidence& evidence) const {
  const checks::CheckId check = checks::kWatchedRates[rate];
  const profile::VariableBaseline& trained = references_->baseline().variables[variable];
  const checks::RateCounts base = checks::CountsOfRate(check, trained, trained.counts);
  const auto [k, n] = evidence.rates_since[rate];
  const double change = static_cast<double>(k) / static_cast<double>(n) -
                        static_cast<double>(base.k_base) / static_cast<double>(base.n_base);
  const double ratio = stats::OddsRatio(k, n, base.k_base, base.n_base);
  return std::abs(change) >= policy_.min_rate_change &&
         (change > 0 ? ratio : 1 / ratio) >= policy_.Settings(check, "").threshold;
}

Monitor::Told Monitor::Close(const profile::BatchView& rows) {
  const profile::Baseline& baseline = references_->baseline();
  profile::Pane& pane = window_.emplace_back(baseline);
  profile::PreparedBatch(baseline, rows).Count(0, rows.rows, &pane);
  if (window_.size() > policy_.window_panes) window_.pop_front();
  if (gathering_.variables.empty()) gathering_ = profile::Pane(baseline);
  gathering_.Merge(window_.back());
  Told told;
  if (gathering_.rows < policy_.min_rows_drift) return told;
  watch_.Observe(gathering_);
  alone_.Observe(gathering_);
  gathering_.Clear();
  const auto name = [&](checks::CheckId check, size_t variable) {
    return absl::StrCat(checks::CheckName(check), " ", baseline.variables[variable].variable.name);
  };
  ForEach(alone_, [&](checks::CheckId check, size_t variable, bool) {
    told.by_evidence.insert(name(check, variable));
    alone_.Reset(check, variable);
  });
  ForEach(watch_, [&](checks::CheckId check, size_t variable, bool pages) {
    if (!pages) return;
    told.pages.insert(name(check, variable));
    watch_.Reset(check, variable);
  });
  return told;
}

template <class Use>
void Monitor::ForEach(const checks::ChangeWatch& watch, Use use) const {
  const std::vector<checks::VariableEvidence> evidence = watch.Weigh(log_alarm_);
  for (size_t i = 0; i < evidence.size(); ++i) {
    if (evidence[i].drift.enough) use(checks::CheckId::kDrift, i, IsDrift(i, evidence[i]));
    for (size_t rate = 0; rate < evidence[i].rates.size(); ++rate) {
      if (!evidence[i].rates[rate].enough) continue;
      use(checks::kWatchedRates[rate], i, IsRate(i, rate, evidence[i]));
    }
  }
}

}  // namespace plumbline::trust
