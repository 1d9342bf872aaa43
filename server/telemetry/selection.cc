#include "server/telemetry/selection.h"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <limits>
#include <map>
#include <optional>
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

// In the order in which they are chosen.
struct Candidates {
  std::vector<Candidate> open_alerts, firing_variables, open_alerts_of_parts, variables,
      other_alerts, of_sources;
};

void AddAlerts(const engine::ModelSnapshot& model, size_t index, Candidates* out) {
  for (size_t i = 0; i < model.alerts.size(); ++i) {
    const checks::Alert& alert = model.alerts[i];
    const bool of_all_rows = alert.key.source.empty() && alert.key.slice.empty();
    std::vector<Candidate>& list = !alert.is_open() ? out->other_alerts
                                   : of_all_rows    ? out->open_alerts
                                                    : out->open_alerts_of_parts;
    list.push_back(
        {.model = index, .item = i, .series = kSeriesOfAlert, .severity = FiringSeverity(alert)});
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

// How many series fit.
class Room {
 public:
  // `used` series of each model are there anyway.
  Room(const std::vector<size_t>& used, size_t per_model, size_t in_all) {
    in_all_.limit = in_all;
    for (const size_t series : used) {
      of_model_.push_back({.limit = per_model, .used = std::min(per_model, series)});
      in_all_.used = std::min(in_all, in_all_.used + series);
    }
  }

  // The worst first: after what did not fit, nothing does.
  bool Take(size_t model, size_t series) {
    Share& share = of_model_[model];
    if (!share.Has(series) || !in_all_.Has(series)) return false;
    share.used += series;
    in_all_.used += series;
    return true;
  }

  // Of what is left, half.
  Room Half() const {
    Room half = *this;
    half.in_all_.Halve();
    for (Share& share : half.of_model_) share.Halve();
    return half;
  }
  // What was taken of its half is taken of it.
  void TakeFrom(const Room& half) {
    in_all_.used = half.in_all_.used;
    for (size_t i = 0; i < of_model_.size(); ++i) of_model_[i].used = half.of_model_[i].used;
  }

 private:
  struct Share {
    size_t limit = 0, used = 0;
    bool is_full = false;

    bool Has(size_t series) {
      is_full = is_full || series > limit - used;
      return !is_full;
    }
    void Halve() { limit = used + (limit - used) / 2; }
  };

  std::vector<Share> of_model_;
  Share in_all_;
};

// `flag` finds that of a candidate in what is shown of its model; one that is set stays so.
template <class Flag>
void Choose(std::vector<Candidate>* candidates, const Flag& flag, Room* room,
            std::vector<Shown>* shown) {
  std::stable_sort(candidates->begin(), candidates->end(), WorseThan);
  for (const Candidate& candidate : *candidates) {
    auto chosen = flag(&(*shown)[candidate.model], candidate);
    chosen = chosen || room->Take(candidate.model, candidate.series);
  }
}

template <class Flag>
void AddDropped(const std::vector<Candidate>& candidates, const Flag& flag,
                std::vector<Shown>* shown) {
  for (const Candidate& candidate : candidates) {
    Shown& model = (*shown)[candidate.model];
    if (!flag(&model, candidate)) model.dropped_series += candidate.series;
  }
}

Rest RestOf(const engine::ModelSnapshot& model, const Shown& shown) {
  Rest rest;
  for (size_t i = 0; i < model.alerts.size(); ++i) {
    const checks::Alert& alert = model.alerts[i];
    if (shown.alerts[i] || !alert.fires()) continue;
    ++rest.alerts[static_cast<size_t>(alert.finding.severity)];
  }
  for (size_t i = 0; i < model.variables.size(); ++i) {
    if (shown.variables[i]) continue;
    ++rest.variables;
    const std::optional<double>& psi = model.variables[i].live.psi_corrected;
    if (!psi.has_value() || !std::isfinite(*psi)) continue;
    rest.largest_psi = std::max(rest.largest_psi.value_or(*psi), *psi);
  }
  return rest;
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
  Candidates candidates;
  std::vector<size_t> used;
  for (size_t i = 0; i < models.size(); ++i) {
    const engine::ModelSnapshot& model = *models[i];
    shown[i].alerts.resize(model.alerts.size());
    shown[i].variables.resize(model.variables.size());
    used.push_back(used_per_model + SeriesOfPerformance(model) + model.judged_sources.size() +
                   model.judged_slices.size());
    AddAlerts(model, i, &candidates);
    AddVariables(model, "", model.variables, {.model = i}, &candidates.variables);
    for (size_t s = 0; s < model.judged_sources.size(); ++s) {
      const engine::SourceSnapshot& source = *model.judged_sources[s];
      shown[i].sources.emplace_back(source.variables.size());
      AddVariables(model, source.name, source.variables, {.model = i, .source = s},
                   &candidates.of_sources);
    }
  }
  std::copy_if(candidates.variables.begin(), candidates.variables.end(),
               std::back_inserter(candidates.firing_variables),
               [](const Candidate& candidate) { return candidate.severity > 0; });

  using Flag = std::vector<bool>::reference;
  const auto alert = [](Shown* model, const Candidate& of) -> Flag {
    return model->alerts[of.item];
  };
  const auto variable = [](Shown* model, const Candidate& of) -> Flag {
    return model->variables[of.item];
  };
  const auto of_source = [](Shown* model, const Candidate& of) -> Flag {
    return model->sources[of.source][of.item];
  };
  Room room(used, max_series_per_model, max_series);
  Choose(&candidates.open_alerts, alert, &room, &shown);
  Room half = room.Half();
  Choose(&candidates.firing_variables, variable, &half, &shown);
  room.TakeFrom(half);
  Choose(&candidates.open_alerts_of_parts, alert, &room, &shown);
  Choose(&candidates.variables, variable, &room, &shown);
  Choose(&candidates.other_alerts, alert, &room, &shown);
  Choose(&candidates.of_sources, of_source, &room, &shown);
  AddDropped(candidates.open_alerts, alert, &shown);
  AddDropped(candidates.open_alerts_of_parts, alert, &shown);
  AddDropped(candidates.other_alerts, alert, &shown);
  AddDropped(candidates.variables, variable, &shown);
  for (size_t i = 0; i < models.size(); ++i) shown[i].rest = RestOf(*models[i], shown[i]);
  return shown;
}

}  // namespace plumbline::telemetry
