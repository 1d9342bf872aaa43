#include "tests/trust/formulas.h"

#include <algorithm>
#include <cmath>

#include "server/profile/pane.h"
#include "server/profile/statistics.h"

namespace plumbline::trust {

std::vector<Formulas> Compute(const profile::Baseline& baseline, const profile::BatchView& rows) {
  profile::Pane pane(baseline);
  profile::PreparedBatch(baseline, rows).Count(0, rows.rows, &pane);
  std::vector<Formulas> all;
  for (size_t i = 0; i < baseline.variables.size(); ++i) {
    const profile::VariableStatistics of =
        profile::CompareToBaseline(baseline.variables[i], pane.variables[i]);
    const double p_value = of.ks_p_value.has_value() ? *of.ks_p_value : 1;
    all.push_back({of.psi.has_value() ? *of.psi : 0,
                   of.wasserstein.has_value() ? *of.wasserstein : 0,
                   -std::log(std::max(p_value, 1e-300))});
  }
  return all;
}

Formulas Worst(const std::vector<Formulas>& of_variables) {
  Formulas worst{};
  for (const Formulas& of : of_variables) {
    for (size_t i = 0; i < worst.size(); ++i) worst[i] = std::max(worst[i], of[i]);
  }
  return worst;
}

}  // namespace plumbline::trust
