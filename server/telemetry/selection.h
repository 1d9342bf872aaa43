#ifndef PLUMBLINE_SERVER_TELEMETRY_SELECTION_H_
#define PLUMBLINE_SERVER_TELEMETRY_SELECTION_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "server/checks/policy.h"
#include "server/engine/snapshot.h"

namespace plumbline::telemetry {

using ModelSnapshots = std::vector<std::shared_ptr<const engine::ModelSnapshot>>;

/// What of one model is not shown, rolled up.
struct Rest {
  size_t variables = 0;
  std::optional<double> largest_psi;  // psi_corrected, of those variables that have one
  /// Alerts that fire, by severity.
  std::array<size_t, static_cast<size_t>(checks::Severity::kCritical) + 1> alerts{};
};

/// What of one model is shown.
struct Shown {
  std::vector<bool> alerts;                // as ModelSnapshot::alerts
  std::vector<bool> variables;             // as ModelSnapshot::variables
  std::vector<std::vector<bool>> sources;  // their variables, as ModelSnapshot::judged_sources
  uint64_t dropped_series = 0;             // of what is not shown
  Rest rest;                               // of all rows
};

/// Series that one alert has at most, and that a variable has.
inline constexpr size_t kSeriesOfAlert = 8;
size_t SeriesOf(const engine::VariableSnapshot& variable, bool of_source = false);
/// At most so many series show its labels and performance.
size_t SeriesOfPerformance(const engine::ModelSnapshot& model);

/// Chooses what fits the bounds on series, over all models: open alerts of all rows; in half of
/// what is left variables with such that fire; open alerts of single sources and slices; the other
/// variables; alerts that are over; the variables of single sources (one series a source is always
/// there; what of theirs does not fit is not called dropped, for the series of all rows hold their
/// rows too). Among alerts the firing first, then by severity; among variables those with a firing
/// alert by its severity, then by psi_corrected. The first that does not fit its model's bound, or
/// that half, ends that model's list, the first that does not fit `max_series` ends all lists.
/// `used_per_model` is taken from both bounds beforehand for every model. Cost: O(v log v) in the
/// number of variables.
std::vector<Shown> Select(const ModelSnapshots& models, size_t used_per_model,
                          size_t max_series_per_model, size_t max_series);

}  // namespace plumbline::telemetry

#endif  // PLUMBLINE_SERVER_TELEMETRY_SELECTION_H_
