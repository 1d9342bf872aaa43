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
  size_t item = 0;  // index of the alert or variable
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
    out->push_back({index, i, kSeriesOfAlert, FiringSeverity(model.alerts[i]), 0});
  }
}

void AddVariables(const engine::ModelSnapshot& model, size_t index, std::vector<Candidate>* out) {
  std::map<std::string, int> firing;
  for (const checks::Alert& alert : model.alerts) {
    int& worst = firing[alert.key.variable];
    worst = std::max(worst, FiringSeverity(alert));
  }
  for (size_t i = 0; i < model.variables.size(); ++i) {
    const engine::VariableSnapshot& variable = model.variables[i];
    const auto it = firing.find(variable.name);
    const double psi = variable.live.psi_corrected.value_or(std::nan(""));
    const double lean = std::isnan(psi) ? -std::numeric_limits<double>::infinity() : psi;
    out->push_back({index, i, SeriesOf(variable), it == firing.end() ? 0 : it->second, lean});
  }
}

// How many series still fit.
class Room {
 public:
  Room(size_t models, size_t used, size_t per_model, size_t in_all)
      : of_model_(models, per_model > used ? per_model - used : 0),
        in_all_(in_all > models * used ? in_all - models * used : 0) {}

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

void Choose(std::vector<Candidate> candidates, std::vector<bool> Shown::*chosen, Room* room,
            std::vector<Shown>* shown) {
  std::stable_sort(candidates.begin(), candidates.end(), WorseThan);
  for (const Candidate& candidate : candidates) {
    Shown& model = (*shown)[candidate.model];
    if (room->Take(candidate.model, candidate.series)) {
      (model.*chosen)[candidate.item] = true;
    } else {
      model.dropped_series += candidate.series;
    }
  }
}

}  // namespace

size_t SeriesOf(const engine::VariableSnapshot& variable) {
  const auto statistics = Metrics().subspan(kFirstStatistic);
  return static_cast<size_t>(
      std::count_if(statistics.begin(), statistics.end(), [&](const Metric& metric) {
        const auto value = variable.live.*metric.statistic;
        return value.has_value() && std::isfinite(*value);
      }));
}

std::vector<Shown> Select(const ModelSnapshots& models, size_t used_per_model,
                          size_t max_series_per_model, size_t max_series) {
  std::vector<Shown> shown(models.size());
  std::vector<Candidate> alerts, variables;
  for (size_t i = 0; i < models.size(); ++i) {
    shown[i].alerts.resize(models[i]->alerts.size());
    shown[i].variables.resize(models[i]->variables.size());
    AddAlerts(*models[i], i, &alerts);
    AddVariables(*models[i], i, &variables);
  }
  Room room(models.size(), used_per_model, max_series_per_model, max_series);
  Choose(std::move(alerts), &Shown::alerts, &room, &shown);
  Choose(std::move(variables), &Shown::variables, &room, &shown);
  return shown;
}

}  // namespace plumbline::telemetry
