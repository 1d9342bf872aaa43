#ifndef PLUMBLINE_TESTS_TRUST_FORMULAS_H_
#define PLUMBLINE_TESTS_TRUST_FORMULAS_H_

#include <array>
#include <memory>
#include <vector>

#include "server/profile/baseline.h"
#include "server/profile/batch.h"

namespace plumbline::trust {

/// What other monitors compare a window with training by, each with its usual limit: PSI > 0.2 over
/// ten groups, Wasserstein / sigma > 0.1, p of the Kolmogorov-Smirnov test < 0.05. The last as -ln
/// p, so that more is worse. Of categories only the first is there.
inline constexpr const char* kFormulas[] = {"PSI", "Wasserstein", "KS p"};
inline constexpr double kUsualLimits[] = {0.2, 0.1, 2.995732};
using Formulas = std::array<double, std::size(kFormulas)>;

/// One a variable; what cannot be computed is 0.
std::vector<Formulas> Compute(const profile::Baseline& baseline, const profile::BatchView& rows);
/// The largest over the variables.
Formulas Worst(const std::vector<Formulas>& of_variables);

}  // namespace plumbline::trust

#endif  // PLUMBLINE_TESTS_TRUST_FORMULAS_H_
