// How predictions differ in rows of a live model that lack an input.
#include <limits>
#include <optional>
#include <utility>
#include <vector>

#include "server/checks/evaluate.h"
#include "server/checks/impact.h"
#include "server/engine/live_model.h"

namespace plumbline::engine {
namespace {

std::vector<profile::Outcomes> OutcomesOf(const profile::Baseline& baseline,
                                          const profile::Pane& pane) {
  std::vector<profile::Outcomes> outcomes;
  for (const uint32_t prediction : profile::WatchedPredictions(baseline)) {
    outcomes.emplace_back(baseline.variables[prediction], pane.variables[prediction]);
  }
  return outcomes;
}

}  // namespace

absl::StatusOr<ImpactReport> LiveModel::MakeImpactReport(absl::Time clock,
                                                         std::optional<size_t> variable,
                                                         absl::string_view source,
                                                         std::vector<SilentCategory>* silent) {
  const Moment now = time_.Look(clock);
  if (absl::Status found = IsJudged({std::string(source), ""}); !found.ok()) return found;
  ImpactReport report;
  report.key = key_;
  report.baseline_number = baseline_->number;
  report.source = std::string(source);
  if (const auto range = all_.window().Range(); range.has_value()) {
    report.start = absl::FromUnixMicros(range->first);
    report.end = absl::FromUnixMicros(range->second);
  }
  Slice* slice = &all_;
  if (!source.empty()) {
    slice = slices_.Find({std::string(source), ""})->slice.get();
    slice->window().Reach(all_.window().newest());
  }
  const profile::Pane window = slice->window().Sum();
  report.rows = window.rows;
  report.impacts = checks::ImpactFinder(*baseline_, policy_, window).Find(variable);
  if (!source.empty()) return report;
  for (checks::Finding& finding : checks::Silences(*baseline_, policy_, InputOf(now, window))) {
    const std::optional<size_t> index = baseline_->schema.Find(finding.variable);
    if (!index.has_value() || (variable.has_value() && index != variable)) continue;
    if (baseline_->variables[*index].variable.role != profile::Role::kFeature) continue;
    for (checks::Impact& impact : finding.impacts) report.impacts.push_back(std::move(impact));
    if (!finding.silent_category.has_value()) continue;
    const profile::ArrivalClocks& clocks = *all_.clocks();
    const size_t code = *finding.silent_category;
    // Its last row was in the pane that ended then.
    const int64_t since = clocks.newest_micros() - clocks.OfCategory(*index, code).micros;
    const profile::Pane pane =
        all_.window().SumOfClosed(since, std::numeric_limits<int64_t>::max());
    silent->push_back({*index, code, pane.rows, OutcomesOf(*baseline_, pane)});
  }
  checks::SortImpacts(&report.impacts);
  return report;
}

}  // namespace plumbline::engine
