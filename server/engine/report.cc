#include "server/engine/report.h"

#include <algorithm>
#include <cmath>
#include <tuple>

namespace plumbline::engine {
namespace {

int Rank(checks::Status status) {
  switch (status) {
    case checks::Status::kFiring:
      return 0;
    case checks::Status::kOk:
      return 1;
    case checks::Status::kInsufficientData:
      return 2;
    case checks::Status::kNotApplicable:
      return 3;
  }
  return 4;
}

double Effect(const checks::Finding& finding) {
  if (!finding.value.has_value() || !std::isfinite(*finding.value)) return 0;
  const double threshold = finding.threshold.value_or(0);
  return threshold > 0 ? *finding.value / threshold : *finding.value;
}

}  // namespace

void SortWorstFirst(std::vector<checks::Finding>* findings) {
  std::stable_sort(
      findings->begin(), findings->end(), [](const checks::Finding& a, const checks::Finding& b) {
        return std::make_tuple(Rank(a.status), -static_cast<int>(a.severity), -Effect(a)) <
               std::make_tuple(Rank(b.status), -static_cast<int>(b.severity), -Effect(b));
      });
}

}  // namespace plumbline::engine
