#include "server/telemetry/selection.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <string>
#include <tuple>

#include "server/checks/alert.h"
#include "server/telemetry/metric_table.h"

namespace plumbline::telemetry {
namespace {

struct Candidate {
  size_t model = 0;
  size_t source = 0;  // index of the source, if it is one's
  size_t item = 0;    // index of the alert or variable
  size_t series = 0;
  int severity = 0;  // 0: nothing fires
  double lean = 0;   // finite or -infinity
};

bool WorseThan(const Candidate& a, const Candidate& b) {
  return std::tie(a.severity, a.lean) > std::tie(b.severity, b.lean);
}

int FiringSeverity(const checks::Alert& alert) {
  return alert.state == checks::AlertState::kFiring ? static_cast<int>(alert.finding.severity) : 0;
}

void AddAlerts(const engine::ModelSnapshot& model, size_t index, std::vector<Candidate>* out) {
  for (size_t i = 0; i < model.alerts.size(); ++i) {
    out->push_back({.model = index,
                    .item = i,
                    .series = kSeriesOfAlert,
                    .severity = FiringSeverity(model.alerts[i])});
  }
}

// The variables of all rows, or of a source.
void AddVariables(const engine::ModelSnapshot& model, const std::string& source,
                  const std::vector<engine::VariableSnapshot>& variables, Candidate candidate,
                  std::vector<Candidate>* out) {
  std::map<std::string, int> firing;
  for (const checks::Alert& alert : model.alerts) {
    if (!source.empty() && alert.key.source != source) continue;
    int& worst = firing[alert.key.variable];
    worst = std::max(worst, FiringSeverity(alert));
  }
  for (size_t i = 0; i < variables.size(); ++i) {
    const auto it = firing.find(variables[i].name);
    const double psi = variables[i].live.psi_corrected.value_or(std::nan(""));
    candidate.item = i;
    candidate.series = SeriesOf(variables[i], !source.empty());
    candidate.severity = it == firing.end() ? 0 : it->second;
    candidate.lean = std::isnan(psi) ? -std::numeric_limits<double>::infinity() : psi;
    out->push_back(candidate);
  }
}

// How many series still fit.
class Room {
 public:
  // `used` series of each model are there anyway.
  Room(const std::vector<size_t>& used, size_t per_model, size_t in_all) : in_all_(in_all) {
    for (const size_t series : used) {
      of_model_.push_back(per_model > series ? per_model - series : 0);
      in_all_ -= std::min(in_all_, series);
    }
  }

  bool Take(size_t model, size_t series) {
    if (series > of_model_[model]) {
      of_model_[model] = 0;
      return false;
    }
    if (series > in_all_) {
      in_all_ = 0;
      return false;
    }
    of_model_[model] -= series;
    in_all_ -= series;
    return true;
  }

 private:
  std::vector<size_t> of_model_;
  size_t in_all_;
};

// `chosen` finds the flag of a candidate in what is shown of its model.
template <class Chosen>
void Choose(std::vector<Candidate> candidates, const Chosen& chosen, Room* room,
            std::vector<Shown>* shown) {
  std::stable_sort(candidates.begin(), candidates.end(), WorseThan);
  for (const Candidate& candidate : candidates) {
    Shown& model = (*shown)[candidate.model];
    if (room->Take(candidate.model, candidate.series)) {
      chosen(&model, candidate)[candidate.item] = true;
    } else {
      model.dropped_series += candidate.series;
    }
  }
}

}  // namespace

size_t SeriesOf(const engine::VariableSnapshot& variable, bool of_source) {
  const auto statistics = Metrics().subspan(kFirstStatistic);
  const size_t of_all_rows = of_source ? 0
                                       : 2 * variable.distribution.size() +
                                             (variable.role == profile::Role::kPrediction ? 1 : 0);
  return of_all_rows + static_cast<size_t>(std::count_if(
                           statistics.begin(), statistics.end(), [&](const Metric& metric) {
                             const auto value = variable.live.*metric.statistic;
                             return value.has_value() && std::isfinite(*value) &&
                                    (!of_source || metric.by_source);
                           }));
}

size_t SeriesOfPerformance(const engine::ModelSnapshot& model) {
  if (model.performance == nullptr) return 0;
  constexpr size_t kOfMetric = kPerformanceLimit - kPerformance + 1;
  constexpr size_t kOfLabels = kLabelReadsFailed - kUnlabelledRatio + 1;
  return kOfLabels + kOfMetric * model.performance->window.metrics.size();
}

std::vector<Shown> Select(const ModelSnapshots& models, size_t used_per_model,
                          size_t max_series_per_model, size_t max_series) {
  std::vector<Shown> shown(models.size());
  std::vector<Candidate> alerts, variables, of_sources;
  std::vector<size_t> used;
  for (size_t i = 0; i < models.size(); ++i) {
    const engine::ModelSnapshot& model = *models[i];
    shown[i].alerts.resize(model.alerts.size());
    shown[i].variables.resize(model.variables.size());
    used.push_back(used_per_model + SeriesOfPerformance(model) + model.judged_sources.size() +
                   model.judged_slices.size());
    AddAlerts(model, i, &alerts);
    AddVariables(model, "", model.variables, {.model = i}, &variables);
    for (size_t s = 0; s < model.judged_sources.size(); ++s) {
      const engine::SourceSnapshot& source = *model.judged_sources[s];
      shown[i].sources.emplace_back(source.variables.size());
      AddVariables(model, source.name, source.variables, {.model = i, .source = s}, &of_sources);
    }
  }
  Room room(used, max_series_per_model, max_series);
  using Flags = std::vector<bool>&;
  Choose(
      std::move(alerts), [](Shown* model, const Candidate&) -> Flags { return model->alerts; },
      &room, &shown);
  Choose(
      std::move(variables),
      [](Shown* model, const Candidate&) -> Flags { return model->variables; }, &room, &shown);
  std::vector<uint64_t> dropped;
  for (const Shown& model : shown) dropped.push_back(model.dropped_series);
  Choose(
      std::move(of_sources),
      [](Shown* model, const Candidate& of) -> Flags { return model->sources[of.source]; }, &room,
      &shown);
  for (size_t i = 0; i < shown.size(); ++i) shown[i].dropped_series = dropped[i];
  return shown;
}

}  // namespace plumbline::telemetry
