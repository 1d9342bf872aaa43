// The control plane of the engine: which open alerts belong together, and what lies behind them.
#include <algorithm>
#include <cmath>
#include <map>
#include <optional>
#include <string>
#include <tuple>
#include <utility>

#include "server/engine/engine.h"
#include "server/engine/engine_impl.h"
#include "server/profile/similarity.h"

namespace plumbline::engine {
namespace {

// Variables that are weighed, and predictions that they are held against: what a model with
// thousands of both in trouble costs is bounded.
constexpr size_t kWeighed = 50;
constexpr size_t kPredictions = 8;

// The variables with the largest effects; none where there is nothing to choose from.
std::vector<std::string> Weighed(const std::vector<checks::Alert>& alerts) {
  std::map<std::string, double> effects;
  for (const checks::Alert& alert : alerts) {
    if (!alert.is_open() || alert.key.variable.empty()) continue;
    double& effect = effects[alert.key.variable];
    effect = std::max(effect, checks::EffectOf(alert.finding));
  }
  if (effects.size() < 2) return {};
  std::vector<std::pair<double, std::string>> ordered;
  for (const auto& [name, effect] : effects) ordered.emplace_back(-effect, name);
  std::sort(ordered.begin(), ordered.end());
  std::vector<std::string> names;
  for (auto& [effect, name] : ordered) {
    if (names.size() < kWeighed) names.push_back(std::move(name));
  }
  return names;
}

checks::Weights WeightsOf(const profile::Baseline& baseline,
                          const std::vector<std::string>& names) {
  std::vector<size_t> predictions;
  for (size_t i = 0; i < baseline.variables.size() && predictions.size() < kPredictions; ++i) {
    const bool is_one = baseline.variables[i].variable.role == profile::Role::kPrediction;
    if (is_one) predictions.push_back(i);
  }
  checks::Weights weights;
  for (const std::string& name : names) {
    const std::optional<size_t> index = baseline.schema.Find(name);
    if (!index.has_value()) continue;
    if (baseline.variables[*index].variable.role != profile::Role::kFeature) continue;
    for (const size_t prediction : predictions) {
      const auto similarity = profile::SimilarityOf(baseline, *index, prediction);
      if (!similarity.has_value()) continue;
      double& weight = weights.try_emplace(name, 0).first->second;
      weight = std::max(weight, std::abs(similarity->value));
    }
  }
  return weights;
}

}  // namespace

std::vector<checks::Incident> Engine::Impl::IncidentsOf(
    const ModelKey& key, uint64_t baseline_number, const std::vector<checks::Alert>& alerts) const {
  checks::Weights weights;
  const std::vector<std::string> names = Weighed(alerts);
  if (!names.empty()) {
    // Without it, or if it was deleted meanwhile, every variable counts alike.
    const auto baseline = LoadBaseline(key, baseline_number, Extent::kWhole);
    if (baseline.ok()) weights = WeightsOf(**baseline, names);
  }
  return checks::IncidentsOf(alerts, weights);
}

absl::StatusOr<std::vector<ModelIncident>> Engine::ListIncidents(absl::string_view model,
                                                                 absl::string_view version) {
  if (!model.empty()) {
    const auto key = impl_->catalog.Resolve(model, version);
    if (!key.ok()) return key.status();
  }
  std::vector<ModelIncident> incidents;
  for (const auto& snapshot : impl_->board.All()) {
    if (!model.empty() && snapshot->key.model != model) continue;
    if (!version.empty() && snapshot->key.version != version) continue;
    for (checks::Incident& incident :
         impl_->IncidentsOf(snapshot->key, snapshot->baseline_number, snapshot->alerts)) {
      incidents.push_back({snapshot->key, snapshot->baseline_number, std::move(incident)});
    }
  }
  std::sort(incidents.begin(), incidents.end(), [](const ModelIncident& a, const ModelIncident& b) {
    const auto rank = [](const ModelIncident& one) {
      return std::make_tuple(one.incident.severity != checks::Severity::kCritical,
                             !one.incident.severity.has_value(), one.incident.began, one.key);
    };
    return rank(a) < rank(b);
  });
  return incidents;
}

}  // namespace plumbline::engine
