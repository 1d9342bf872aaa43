#ifndef PLUMBLINE_SERVER_ENGINE_SLICE_ALERTS_H_
#define PLUMBLINE_SERVER_ENGINE_SLICE_ALERTS_H_

#include <cstddef>
#include <utility>
#include <vector>

#include "absl/types/span.h"
#include "server/checks/alert.h"
#include "server/checks/finding.h"
#include "server/checks/policy.h"
#include "server/engine/slice_name.h"

namespace plumbline::engine {

/// Rows that are judged by themselves, and their alerts. Not owned.
using SliceAlerts = std::pair<const SliceName*, const checks::AlertBook*>;

/// Adds to what fires among all rows which sources and slices it comes from: those with an open
/// alert of the same check and variable. All `sources` of them are not named.
void NameSlices(absl::Span<const SliceAlerts> slices, size_t sources,
                std::vector<checks::Finding>* findings);

/// Names the incidents of those of `changed`, alerts of `book`, that have just begun. `all`: every
/// book of the model.
void NameIncidents(absl::Span<const checks::AlertBook* const> all, const checks::Policy& policy,
                   checks::AlertBook* book, std::vector<checks::Alert>* changed);

}  // namespace plumbline::engine

#endif  // PLUMBLINE_SERVER_ENGINE_SLICE_ALERTS_H_
