// How a backtest judges a chunk: all rows, each source and each slice, as a live model does.
#include <algorithm>
#include <cmath>
#include <iterator>
#include <utility>
#include <vector>

#include "server/checks/evaluate.h"
#include "server/checks/incident.h"
#include "server/checks/performance.h"
#include "server/checks/slice.h"
#include "server/checks/source.h"
#include "server/engine/backtest.h"
#include "server/engine/slice_alerts.h"

namespace plumbline::engine {

void Backtester::AddPerformance(BacktestChunk* chunk) {
  if (!measure_.has_value() || performance_.predictions == 0) return;
  chunk->performance = measure_->Chunk(performance_, nullptr, policy_);
  chunk->performance->start = chunk->start;
  chunk->performance->end = chunk->end;
  if (performance_.labelled == 0) return;
  const std::vector<profile::MetricValue> metrics = measure_->Realised(performance_);
  std::vector<checks::Finding> findings = checks::CheckPerformance({.baseline = *baseline_,
                                                                    .policy = policy_,
                                                                    .window = performance_,
                                                                    .metrics = metrics,
                                                                    .trained = measure_->trained(),
                                                                    .joined = performance_.labelled,
                                                                    .changes = {}});
  // The chunk has the labels of its rows beside them: their drift is found as that of any variable.
  std::copy_if(findings.begin(), findings.end(), std::back_inserter(chunk->findings),
               [](const checks::Finding& finding) {
                 return finding.check != checks::CheckId::kLabelDrift &&
                        finding.check != checks::CheckId::kConceptDrift;
               });
}

std::vector<checks::Finding> Backtester::Judge(const SliceName& name, const Entry& entry,
                                               double log_alarm,
                                               const std::vector<checks::Finding>& of_all) {
  BacktestRows* const rows = entry.rows.get();
  // Without a row there is nothing to say of it.
  if (rows->window().empty()) return {};
  const std::vector<profile::VariableStatistics> statistics = rows->Describe();
  const std::vector<checks::VariableEvidence>* const changes = rows->Changes(policy_, log_alarm);
  const size_t sets = 1 + apart_.size();
  if (entry.value != nullptr) {
    const profile::Baseline& trained = *entry.value->trained;
    return checks::EvaluateSlice(
        *baseline_, policy_,
        {.slice = name.slice,
         .trained = trained,
         .window = rows->window(),
         .changes = changes,
         .statistics = statistics,
         .all = all_.window(),
         .latest = [this](uint32_t chunks) { return all_.SumOfLatest(chunks); },
         .of_all = of_all,
         .sets = sets,
         .trained_share =
             static_cast<double>(trained.rows) / static_cast<double>(slices_.values->sample_rows)},
        &rows->alerts());
  }
  return checks::EvaluateSource(*baseline_, policy_,
                                {.source = name.source,
                                 .window = rows->window(),
                                 .changes = changes,
                                 .statistics = statistics,
                                 .all = all_.window(),
                                 .of_all = of_all,
                                 .first = [rows] { return rows->First(); },
                                 .sets = sets,
                                 .in_season = rows->InSeason()},
                                &rows->alerts());
}

void Backtester::Change(BacktestRows* rows, const std::vector<checks::Finding>& findings,
                        absl::Time now) {
  std::vector<checks::Alert> changed = rows->Advance(findings, policy_, now);
  std::vector<const checks::AlertBook*> books = {&all_.alerts()};
  for (const auto& [name, entry] : apart_) books.push_back(&entry.rows->alerts());
  NameIncidents(books, policy_, &rows->alerts(), &changed);
}

void Backtester::Advance(absl::Time now, double log_alarm, std::vector<checks::Finding>* findings) {
  std::vector<checks::Finding> apart;
  std::vector<SliceAlerts> alerts;
  for (const auto& [name, entry] : apart_) {
    entry.rows->EndChunk(FirstHalf(), policy_);
    std::vector<checks::Finding> own = Judge(name, entry, log_alarm, *findings);
    entry.rows->Release();
    Change(entry.rows.get(), own, now);
    alerts.emplace_back(&name, &entry.rows->alerts());
    std::copy_if(std::make_move_iterator(own.begin()), std::make_move_iterator(own.end()),
                 std::back_inserter(apart), [](const checks::Finding& finding) {
                   return finding.status == checks::Status::kFiring;
                 });
  }
  NameSlices(alerts, seen_sources_.size(), findings);
  Change(&all_, *findings, now);
  std::move(apart.begin(), apart.end(), std::back_inserter(*findings));
}

std::vector<ModelIncident> Backtester::Incidents() const {
  std::vector<checks::Alert> alerts = all_.alerts().alerts();
  for (const auto& [name, entry] : apart_) {
    for (checks::Alert& alert : entry.rows->alerts().alerts()) alerts.push_back(std::move(alert));
  }
  const ModelKey key{baseline_->model, baseline_->version};
  std::vector<ModelIncident> incidents;
  for (checks::Incident& incident : checks::IncidentsOf(alerts, {})) {
    if (!incident.severity.has_value()) continue;
    incidents.push_back({key, baseline_->number, std::move(incident)});
  }
  return incidents;
}

void Backtester::Emit(const std::function<void(BacktestChunk)>& emit) {
  if (chunk_rows_ == 0) return;
  all_.EndChunk(FirstHalf(), policy_);

  BacktestChunk chunk;
  chunk.index = next_index_++;
  chunk.rows = chunk_rows_;
  if (chunk_start_.has_value()) chunk.start = absl::FromUnixMicros(*chunk_start_);
  if (chunk_end_.has_value()) chunk.end = absl::FromUnixMicros(*chunk_end_);
  if (seen_sources_.size() > 1) chunk.rows_of_other_sources = chunk_rows_ - rows_of_sources_;
  if (slices_.values != nullptr) chunk.categories_left_out = slices_.values->categories_left_out;

  const size_t sets = 1 + apart_.size();
  absl::Duration half = absl::ZeroDuration();
  if (chunk_start_.has_value()) half = absl::Microseconds((*chunk_end_ - *chunk_start_) / 2);
  const double log_alarm = std::log(policy_.BlocksPerFalseAlarm(half) * static_cast<double>(sets));
  std::vector<profile::VariableStatistics> statistics = all_.Describe();
  const std::vector<checks::VariableEvidence>* const changes = all_.Changes(policy_, log_alarm);
  const profile::Baseline* const in_season = all_.InSeason();
  const checks::EvaluationInput input{.window = all_.window(),
                                      .changes = changes,
                                      .now = chunk.end.value_or(absl::UnixEpoch()),
                                      .sets = sets,
                                      .in_season = in_season};
  chunk.findings = checks::Evaluate(*baseline_, policy_, input, statistics);
  AddPerformance(&chunk);
  // Without times chunks begin a window after one another.
  const absl::Time now =
      chunk.end.value_or(absl::UnixEpoch() + policy_.pane * policy_.window_panes * next_index_);
  Advance(now, log_alarm, &chunk.findings);
  if (chunk.end.has_value()) chunk.incidents = Incidents();
  SortWorstFirst(&chunk.findings);
  for (size_t i = 0; i < statistics.size(); ++i) {
    chunk.statistics.emplace_back(baseline_->variables[i].variable.name, std::move(statistics[i]));
  }
  emit(std::move(chunk));

  performance_ = {};
  part_ = 0;
  part_rows_ = 1;
  chunk_rows_ = 0;
  rows_of_sources_ = 0;
  chunk_start_.reset();
  chunk_end_.reset();
}

}  // namespace plumbline::engine
