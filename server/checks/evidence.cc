#include "server/checks/evidence.h"

#include <algorithm>
#include <cstdint>

#include "server/stats/chi_square.h"
#include "server/stats/ks.h"

namespace plumbline::checks {

std::vector<BlockEvidence> WeighBlock(const profile::Baseline& baseline,
                                      const profile::Pane& block) {
  std::vector<BlockEvidence> evidence(std::min(baseline.variables.size(), block.variables.size()));
  for (size_t i = 0; i < evidence.size(); ++i) {
    const profile::VariableBaseline& variable = baseline.variables[i];
    const std::vector<uint64_t> trained = variable.counts.codes.ToVector();
    const std::vector<uint64_t> live = block.variables[i].codes.ToVector();
    const auto chi_square =
        stats::ChiSquareHomogeneity(variable.grouping.Sum(trained), variable.grouping.Sum(live));
    if (chi_square.ok()) evidence[i].grouped_p_value = chi_square->p_value;
    if (!variable.is_numeric()) continue;
    const auto ks = stats::KsFromCounts(trained, live);
    if (ks.ok()) evidence[i].ordered_p_value = ks->p_value;
  }
  return evidence;
}

}  // namespace plumbline::checks
