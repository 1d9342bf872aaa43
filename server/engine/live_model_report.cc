// What a live model shows: reports and snapshots.
#include <algorithm>
#include <cmath>
#include <iterator>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "server/checks/impact.h"
#include "server/engine/list_in_words.h"
#include "server/engine/live_model.h"

namespace plumbline::engine {
namespace {

std::vector<profile::VariableStatistics> StatisticsOf(const profile::Baseline& baseline,
                                                      const profile::Pane& window) {
  std::vector<profile::VariableStatistics> statistics;
  for (size_t i = 0; i < baseline.variables.size(); ++i) {
    statistics.push_back(profile::CompareToBaseline(baseline.variables[i], window.variables[i]));
  }
  return statistics;
}

std::optional<double> NaturalPsi(const profile::VariableBaseline& trained, uint64_t values) {
  if (trained.natural.psi_limits.empty()) return std::nullopt;
  return trained.natural.PsiLimit(static_cast<double>(values));
}

// `held`: what drift is held against.
void AddVariables(const profile::Baseline& baseline, const profile::Baseline& held,
                  const profile::Pane& window, std::vector<profile::VariableStatistics> statistics,
                  std::optional<size_t> only, Report* report) {
  for (size_t i = 0; i < statistics.size(); ++i) {
    if (only.has_value() && *only != i) continue;
    const profile::VariableBaseline& trained = baseline.variables[i];
    report->variables.push_back({trained.variable, std::move(statistics[i]),
                                 profile::DescribeBaseline(trained),
                                 profile::SideBySide(held.variables[i], window.variables[i]),
                                 NaturalPsi(held.variables[i], window.variables[i].Coded()),
                                 trained.natural.outside_share});
  }
  std::stable_sort(report->variables.begin(), report->variables.end(),
                   [](const VariableReport& a, const VariableReport& b) {
                     return a.live.psi_corrected.value_or(-1) > b.live.psi_corrected.value_or(-1);
                   });
}

std::vector<VariableSnapshot> SnapshotsOf(const profile::Baseline& baseline,
                                          std::vector<profile::VariableStatistics> statistics) {
  statistics.resize(baseline.variables.size());  // before the first evaluation: none
  std::vector<VariableSnapshot> snapshots;
  snapshots.reserve(statistics.size());
  for (size_t i = 0; i < statistics.size(); ++i) {
    const profile::Variable& variable = baseline.variables[i].variable;
    snapshots.push_back({variable.name, variable.role, variable.kind, std::move(statistics[i])});
  }
  return snapshots;
}

// Categories of a distribution that a snapshot shows apart.
constexpr size_t kCategoriesApart = 20;

// The groups of SideBySide, without the names of categories.
std::vector<DistributionShare> SharesOf(const profile::VariableBaseline& trained,
                                        const profile::VariableCounts& counts) {
  const std::vector<profile::DistributionGroup> groups =
      profile::SideBySide(trained, counts, kCategoriesApart);
  uint64_t in_training = 0, in_window = 0;
  for (const profile::DistributionGroup& group : groups) {
    in_training += group.baseline_count;
    in_window += group.live_count;
  }
  std::vector<DistributionShare> shares;
  if (in_training == 0 || in_window == 0) return shares;
  for (size_t i = 0; i < groups.size(); ++i) {
    const profile::DistributionGroup& group = groups[i];
    const bool category =
        !trained.is_numeric() && i < std::min(kCategoriesApart, trained.categories.size());
    std::string edge = trained.is_numeric()        ? "-Inf"
                       : group.label == "(unseen)" ? "unseen"
                                                   : "other";
    if (category) edge = absl::StrCat(i);
    if (group.lower.has_value()) edge = absl::StrFormat("%.6g", *group.lower);
    shares.push_back({std::move(edge),
                      static_cast<double>(group.baseline_count) / static_cast<double>(in_training),
                      static_cast<double>(group.live_count) / static_cast<double>(in_window)});
  }
  return shares;
}

// Of the variables on which an alert fires, the worst: they take more series than all else.
std::vector<size_t> MostTroubled(const std::vector<VariableSnapshot>& variables,
                                 const std::vector<checks::Alert>& alerts) {
  std::map<std::string, checks::Severity> firing;
  for (const checks::Alert& alert : alerts) {
    if (alert.state != checks::AlertState::kFiring) continue;
    checks::Severity& worst = firing.try_emplace(alert.key.variable).first->second;
    worst = std::max(worst, alert.finding.severity);
  }
  std::vector<size_t> troubled;
  for (size_t i = 0; i < variables.size(); ++i) {
    if (firing.contains(variables[i].name)) troubled.push_back(i);
  }
  std::stable_sort(troubled.begin(), troubled.end(), [&](size_t a, size_t b) {
    const auto badness = [&](size_t i) {
      const double psi = variables[i].live.psi_corrected.value_or(-1);
      return std::make_pair(firing.at(variables[i].name), std::isnan(psi) ? -1 : psi);
    };
    return badness(a) > badness(b);
  });
  if (troubled.size() > kMaxDistributions) troubled.resize(kMaxDistributions);
  return troubled;
}

// `window` is asked for only if something fires.
void AddDistributions(const profile::Baseline& baseline, const std::vector<checks::Alert>& alerts,
                      absl::FunctionRef<profile::Pane()> window,
                      std::vector<VariableSnapshot>* variables) {
  const std::vector<size_t> troubled = MostTroubled(*variables, alerts);
  if (troubled.empty()) return;
  const profile::Pane live = window();
  for (const size_t i : troubled) {
    (*variables)[i].distribution = SharesOf(baseline.variables[i], live.variables[i]);
  }
}

size_t CountFiring(const std::vector<checks::Finding>& findings) {
  return static_cast<size_t>(std::count_if(
      findings.begin(), findings.end(),
      [](const checks::Finding& finding) { return finding.status == checks::Status::kFiring; }));
}

}  // namespace

absl::StatusOr<Report> LiveModel::MakeReport(absl::Time clock, std::optional<size_t> variable,
                                             const SliceName& of) {
  const Moment now = time_.Look(clock);
  producers_.Advance(now.heard, policy_);
  if (absl::Status found = IsJudged(of); !found.ok()) return found;
  const bool of_all_rows = of == SliceName();
  Report report;
  report.key = key_;
  report.baseline_number = baseline_->number;
  report.source = of.source;
  report.slice = of.slice;
  if (const auto range = all_.window().Range(); range.has_value()) {
    report.start = absl::FromUnixMicros(range->first);
    report.end = absl::FromUnixMicros(range->second);
  }
  report.late_rows = late_rows_;
  report.natural_variation_unknown = !profile::KnowsNaturalVariation(*baseline_);
  report.in_time_order = baseline_->in_time_order;
  const profile::Pane all = all_.window().Sum();
  const profile::Baseline* const in_season = all_.InSeason();
  const profile::Baseline& held = in_season != nullptr ? *in_season : *baseline_;
  std::vector<profile::VariableStatistics> statistics = StatisticsOf(held, all);
  std::vector<checks::Finding> of_all =
      checks::Evaluate(*baseline_, policy_, InputOf(now, all), statistics);
  NameSlices(&of_all);
  NameRenames(&of_all);
  if (of_all_rows) {
    report.rows = all.rows;
    AddVariables(*baseline_, held, all, std::move(statistics), variable, &report);
    report.impacts = checks::ImpactFinder(*baseline_, policy_, all).Find(variable);
    if (!variable.has_value()) AddModelParts(now, all, &report);
  }
  AddSlices(variable, of, all, of_all, &report);
  if (of_all_rows) {
    if (labels_ != nullptr) {
      for (checks::Finding& finding : labels_->Judge(policy_)) {
        of_all.push_back(std::move(finding));
      }
    }
    std::move(of_all.begin(), of_all.end(), std::back_inserter(report.findings));
  }
  SortWorstFirst(&report.findings);
  report.alerts = alerts();
  std::erase_if(report.alerts, [](const checks::Alert& alert) { return !alert.is_open(); });
  report.on_call = on_call_;
  if (variable.has_value()) {
    const std::string& name = baseline_->variables[*variable].variable.name;
    std::erase_if(report.findings,
                  [&](const checks::Finding& finding) { return finding.variable != name; });
  }
  return report;
}

void LiveModel::AddModelParts(const Moment& now, const profile::Pane& all, Report* report) {
  report->losses = producers_.Losses(now.heard, policy_);
  report->environments = environments_.Differing();
  loads_.Advance(now.heard, policy_);
  report->loads = loads_.List();
  if (labels_ == nullptr) return;
  const auto window = [&] { return all; };
  report->performance = labels_->Report(policy_, window, std::nullopt);
}

void LiveModel::AddSlices(std::optional<size_t> variable, const SliceName& of,
                          const profile::Pane& all, const std::vector<checks::Finding>& of_all,
                          Report* report) {
  report->rows_of_other_sources = all.rows;
  const checks::AlertBook none;  // of the others only what fires
  for (const auto& [name, entry] : slices_.all()) {
    entry.slice->window().Reach(all_.window().newest());
    const profile::Pane window = entry.slice->window().Sum();
    const profile::Baseline& trained = entry.trained == nullptr ? *baseline_ : *entry.trained;
    const profile::Baseline* const in_season = entry.slice->InSeason();
    const profile::Baseline& held = in_season != nullptr ? *in_season : trained;
    std::vector<profile::VariableStatistics> statistics = StatisticsOf(held, window);
    const bool whole = name == of;
    std::vector<checks::Finding> findings =
        FindingsOf(name, entry, window, all, statistics, of_all, whole ? nullptr : &none);
    if (name.slice.empty()) {
      report->sources.push_back({name.source, window.rows, CountFiring(findings)});
      report->rows_of_other_sources -= std::min(report->rows_of_other_sources, window.rows);
    } else {
      report->slices.push_back(
          {name.slice, entry.label, window.rows, trained.rows, CountFiring(findings)});
    }
    if (whole) {
      report->rows = window.rows;
      AddVariables(trained, held, window, std::move(statistics), variable, report);
      report->impacts = checks::ImpactFinder(trained, policy_, window).Find(variable);
    }
    if (whole || of == SliceName()) {
      std::move(findings.begin(), findings.end(), std::back_inserter(report->findings));
    }
  }
  const auto largest_first = [](const auto& a, const auto& b) { return a.rows > b.rows; };
  std::stable_sort(report->sources.begin(), report->sources.end(), largest_first);
  std::stable_sort(report->slices.begin(), report->slices.end(), largest_first);
  if (slices_.slicing() != nullptr) {
    report->slice_categories_left_out = slices_.slicing()->categories_left_out;
  }
}

absl::Status LiveModel::IsJudged(const SliceName& of) const {
  if (of == SliceName() || slices_.all().contains(of)) return absl::OkStatus();
  const bool of_source = of.slice.empty();
  std::vector<std::string> there;
  for (const auto& [name, entry] : slices_.all()) {
    if (name.slice.empty() == of_source) there.push_back(of_source ? name.source : name.slice);
  }
  return absl::NotFoundError(
      absl::StrCat(key_.InWords(), " has no ", of_source ? "source" : "slice", " \"",
                   of_source ? of.source : of.slice, "\" that is judged by itself",
                   WhatThereIs(std::move(there))));
}

absl::StatusOr<PerformanceReport> LiveModel::MakePerformanceReport(
    std::optional<CalendarUnit> unit) {
  if (labels_ == nullptr) {
    return absl::FailedPreconditionError(
        absl::StrCat(key_.InWords(), ", baseline ", baseline_->number,
                     ": it has no label and prediction that can be compared (roles `label` and "
                     "`prediction`)"));
  }
  const auto window = [this] { return all_.window().Sum(); };
  return labels_->Report(policy_, window, unit);
}

LiveWindow LiveModel::CopyWindow() {
  constexpr int64_t kParts = 50;
  LiveWindow copy{all_.window().Sum(), {}};
  const auto range = all_.window().Range();
  if (!range.has_value()) return copy;
  const int64_t length = absl::ToInt64Microseconds(all_.window().length());
  const int64_t panes = (range->second - range->first) / length;
  const int64_t step = length * std::max<int64_t>(1, (panes + kParts - 1) / kParts);
  for (int64_t from = range->first; from < range->second; from += step) {
    const int64_t until = std::min(range->second, from + step);
    profile::Pane pane = all_.window().SumOfClosed(from, until);
    if (pane.rows == 0) continue;
    copy.parts.push_back(
        {absl::FromUnixMicros(from), absl::FromUnixMicros(until), std::move(pane)});
  }
  return copy;
}

std::shared_ptr<const ModelSnapshot> LiveModel::Snapshot() {
  auto snapshot = std::make_shared<ModelSnapshot>();
  snapshot->key = key_;
  snapshot->baseline_number = baseline_->number;
  snapshot->rows = rows_;
  snapshot->late_rows = late_rows_;
  snapshot->batches = batches_;
  snapshot->losses = {loss_.lost, loss_.called_lost, loss_.cleared, loss_.unended};
  snapshot->window_rows = all_.rows_described();
  snapshot->missing_rows_share = missing_share_;
  snapshot->incomplete = missing_share_ > policy_.max_missing_share;
  snapshot->open_panes = all_.window().open_panes();
  snapshot->unreadable_panes = all_.window().unreadable();
  snapshot->sources = sources_.size();
  snapshot->producers = producers_.size();
  if (golden_.book() != nullptr) {
    const checks::GoldenSummary golden = golden_.Summary("");
    snapshot->golden = {golden.rows - golden.seen(), golden.exact, golden.within, golden.different};
  }
  snapshot->environments = environments_.size();
  snapshot->environments_differing = environments_.differing();
  snapshot->loads = loads_.Summary();
  snapshot->rows_of_further_sources = sources_.rows_of_further();
  snapshot->rows_not_judged_apart = rows_not_judged_apart_;
  snapshot->producers_expired_early = producers_.expired_early();
  if (last_batch_.has_value()) snapshot->last_batch = last_batch_->clock;
  if (sources_.watermark()) snapshot->watermark = absl::FromUnixMicros(*sources_.watermark());
  snapshot->alerts = alerts();
  snapshot->on_call = on_call_;
  std::vector<profile::VariableStatistics> statistics = all_.TakeStatistics();
  if (statistics.empty() && snapshot_ != nullptr) {
    snapshot->variables = snapshot_->variables;
  } else {
    snapshot->variables = SnapshotsOf(*baseline_, std::move(statistics));
    AddDistributions(
        *baseline_, snapshot->alerts, [this] { return all_.window().Sum(); }, &snapshot->variables);
  }
  for (auto& [name, entry] : slices_.all()) {
    statistics = entry.slice->TakeStatistics();
    if (entry.trained != nullptr) {
      snapshot->judged_slices.push_back({name.slice, entry.label, entry.slice->rows_described()});
      continue;
    }
    if (!statistics.empty()) {
      entry.snapshot = std::make_shared<const SourceSnapshot>(
          SourceSnapshot{name.source, entry.slice->rows_described(),
                         SnapshotsOf(*baseline_, std::move(statistics))});
    }
    if (entry.snapshot != nullptr) snapshot->judged_sources.push_back(entry.snapshot);
  }
  if (labels_ != nullptr) {
    snapshot->performance = labels_->Snapshot(policy_, [this] { return all_.window().Sum(); });
  }
  snapshot_ = snapshot;
  return snapshot;
}

}  // namespace plumbline::engine
