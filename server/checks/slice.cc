#include "server/checks/slice.h"

#include <algorithm>
#include <cmath>
#include <optional>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "server/checks/checks.h"
#include "server/checks/rest.h"

namespace plumbline::checks {
namespace {

// Of the other rows, at most so much of the slice's rate.
constexpr double kLessElsewhere = 0.5;
// Of the drift, where the slice is left out. Slices of one shift are alike but for chance.
constexpr double kDriftWithout = 0.8;
// So many standard deviations are more than chance, for any number of slices and looks.
constexpr double kDeviations = 5;

const Finding* OfAll(const SliceInput& input, const Finding& finding) {
  for (const Finding& other : input.of_all) {
    if (other.status == Status::kFiring && other.check == finding.check &&
        other.variable == finding.variable) {
      return &other;
    }
  }
  return nullptr;
}

// Of a share of rows, `all` among all rows and `here` in the slice: true if it lies in the slice.
bool LiesHere(double all, double here, const SliceInput& input) {
  const auto rows = static_cast<double>(input.window.rows);
  const auto others = static_cast<double>(input.all.rows) - rows;
  if (others <= 0) return true;
  const double elsewhere =
      std::clamp((all * static_cast<double>(input.all.rows) - here * rows) / others, 0.0, 1.0);
  if (elsewhere > kLessElsewhere * here) return false;
  const double chance = std::sqrt(elsewhere * (1 - elsewhere) * rows) + 1;
  return (here - elsewhere) * rows > kDeviations * chance;
}

bool IsTold(const profile::Baseline& whole, const Policy& policy, const SliceInput& input,
            const Finding& finding) {
  if (finding.check == CheckId::kUnknownVariable) return false;
  const Finding* const of_all = OfAll(input, finding);
  if (of_all == nullptr) return true;
  if (finding.check == CheckId::kDrift) {
    const std::optional<size_t> index = whole.schema.Find(finding.variable);
    return index.has_value() &&
           NearerWithout(whole.variables[*index], input.all.variables[*index],
                         input.window.variables[*index], policy.min_rows_drift, kDriftWithout);
  }
  if (finding.cause == "rate_fell" || of_all->cause == "rate_fell") return false;
  if (!finding.value.has_value() || !of_all->value.has_value()) return false;
  return *finding.value <= 1 && LiesHere(*of_all->value, *finding.value, input);
}

}  // namespace

std::vector<Finding> EvaluateSlice(const profile::Baseline& whole, const Policy& policy,
                                   const SliceInput& input, const AlertBook* alerts) {
  std::vector<Finding> findings;
  const auto use = [&](Finding finding) {
    finding.slice = std::string(input.slice);
    if (finding.status == Status::kFiring) {
      if (IsTold(whole, policy, input, finding)) {
        absl::StrAppend(&finding.reason, ", slice ", input.slice);
      } else {
        finding.status = Status::kOk;
        finding.below_leave = true;
        finding.cause.clear();
      }
    }
    if (alerts == nullptr || finding.status == Status::kFiring || alerts->Has(finding)) {
      findings.push_back(std::move(finding));
    }
  };
  EvaluateRows({.baseline = input.trained,
                .policy = policy,
                .window = input.window,
                .changes = input.changes,
                .statistics = input.statistics,
                .looks = std::max<size_t>(1, input.slices),
                .brief = alerts != nullptr},
               use);
  return findings;
}

}  // namespace plumbline::checks
