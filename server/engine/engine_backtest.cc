// The control plane of the engine: what past rows are judged by.
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "server/engine/backtest.h"
#include "server/engine/engine.h"
#include "server/engine/engine_impl.h"

namespace plumbline::engine {

absl::StatusOr<std::unique_ptr<Backtester>> Engine::NewBacktest(
    absl::string_view model, absl::string_view version, uint64_t baseline_number,
    const std::optional<checks::Policy>& policy, const Chunking& chunking,
    std::string source_column) {
  const auto key = impl_->catalog.Resolve(model, version);
  if (!key.ok()) return key.status();
  auto baseline = GetBaseline(key->model, key->version, baseline_number);
  if (!baseline.ok()) return baseline.status();
  absl::StatusOr<checks::Policy> effective = GetPolicy(key->model, key->version);
  if (policy.has_value()) effective = *policy;
  if (!effective.ok()) return effective.status();
  if (policy.has_value()) {
    absl::Status fit = CheckSliceVariables(*key, **baseline, *policy);
    if (!fit.ok()) return fit;
  }
  auto season = impl_->LoadSeason(*key, (*baseline)->number, effective->season);
  if (!season.ok()) return season.status();
  auto values = impl_->LoadSlicing(*key, **baseline, *effective);
  if (!values.ok()) return values.status();
  return std::make_unique<Backtester>(
      *std::move(baseline), *std::move(effective), chunking, *std::move(season),
      BacktestSlices{std::move(source_column), impl_->options.quotas.max_judged_sources,
                     *std::move(values)});
}

}  // namespace plumbline::engine
