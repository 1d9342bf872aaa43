#include "server/checks/rest.h"

#include <algorithm>
#include <vector>

#include "server/profile/statistics.h"

namespace plumbline::checks {
namespace {

uint64_t Less(uint64_t all, uint64_t part) { return all - std::min(all, part); }

}  // namespace

profile::VariableCounts Rest(const profile::VariableCounts& all,
                             const profile::VariableCounts& part) {
  profile::VariableCounts rest;
  rest.rows = Less(all.rows, part.rows);
  std::vector<uint64_t> codes = all.codes.ToVector();
  for (size_t code = 0; code < codes.size() && code < part.codes.size(); ++code) {
    codes[code] = Less(codes[code], part.codes[code]);
  }
  rest.codes = profile::CodeCounts::Of(codes);
  return rest;
}

bool NearerWithout(const profile::VariableBaseline& trained, const profile::VariableCounts& all,
                   const profile::VariableCounts& part, uint64_t min_rows, double factor) {
  const profile::VariableCounts rest = Rest(all, part);
  if (rest.Coded() < min_rows) return true;
  // By psi, which needs no moments.
  const auto of_all = profile::CompareToBaseline(trained, all).psi_corrected;
  const auto of_rest = profile::CompareToBaseline(trained, rest).psi_corrected;
  return of_all.has_value() && of_rest.has_value() && *of_rest < factor * *of_all;
}

}  // namespace plumbline::checks
