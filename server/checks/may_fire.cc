// What can be told of a check before it is asked. Of a variable as it was in training nothing
// fires, and a finding, of a dozen fields, costs more than the question.
#include <algorithm>
#include <cmath>
#include <cstdint>

#include "server/checks/checks.h"

namespace plumbline::checks {
namespace {

using profile::Fineness;

// The evidence of closed blocks is asked as well: see CompareRates.
bool HasEvidence(CheckId check, const VariableInput& input) {
  return input.evidence != nullptr && input.evidence->Of(check).enough;
}

// The change of a rate that its effect needs, as CompareRates computes it.
bool RateMoved(CheckId check, const VariableInput& input) {
  const RateCounts counts = CountsOfRate(check, input.baseline, input.window);
  if (counts.n_live == 0 || counts.n_base == 0) return false;
  const auto share = [](uint64_t k, uint64_t n) {
    return static_cast<double>(k) / static_cast<double>(n);
  };
  const double change =
      share(counts.k_live, counts.rows_live) - share(counts.k_base, counts.rows_base);
  const bool moved = check == CheckId::kNullRate ? change != 0 : change > 0;
  return moved &&
         std::abs(change) >= input.policy.min_rate_change * share(counts.n_live, counts.rows_live);
}

bool RateMayFire(CheckId check, const VariableInput& input) {
  if (HasEvidence(check, input)) return true;
  const profile::VariableCounts& window = input.window;
  const bool prediction = input.baseline.variable.role == profile::Role::kPrediction;
  switch (check) {
    case CheckId::kNullRate:
      return window.nulls + input.baseline.counts.nulls > 0 && RateMoved(check, input);
    case CheckId::kNanRate:
      return window.nans > 0 && (prediction || RateMoved(check, input));
    case CheckId::kInfRate:
      return window.positive_infinities + window.negative_infinities > 0 &&
             (prediction || RateMoved(check, input));
    case CheckId::kOutOfRange:
      return !window.codes.empty() && window.codes.front() + window.codes.back() > 0 &&
             RateMoved(check, input);
    default:  // unseen
      return !window.codes.empty() && window.codes.back() > 0 &&
             (prediction || RateMoved(check, input));
  }
}

// The largest difference between any two shares that CheckPrecision compares.
double FinenessMoved(const Fineness& base, const Fineness& live) {
  if (base.values == 0 || live.values == 0) return 0;
  const auto difference = [&](uint64_t trained, uint64_t now) {
    return std::abs(static_cast<double>(now) / static_cast<double>(live.values) -
                    static_cast<double>(trained) / static_cast<double>(base.values));
  };
  double moved = difference(base.float32, live.float32);
  uint64_t trained = 0, now = 0;
  for (size_t decimals = base.decimals.size(); decimals-- > 0;) {
    moved = std::max(moved, difference(base.decimals[decimals], live.decimals[decimals]));
    trained += base.decimals[decimals];
    now += live.decimals[decimals];
    moved = std::max(moved, difference(trained, now));
  }
  return moved;
}

bool PrecisionMayFire(const VariableInput& input) {
  const Fineness& base = input.baseline.counts.fineness;
  const Fineness& live = input.window.fineness;
  if (std::min(base.values, live.values) < input.policy.min_rows_rate) return false;
  const double moved = FinenessMoved(base, live);
  if (moved == 0) return false;
  // Rounding must not decide.
  const CheckSettings settings =
      input.policy.Settings(CheckId::kPrecision, input.baseline.variable.name);
  return moved >= settings.threshold * (1 - 1e-9);
}

bool CategoryMayHaveVanished(const VariableInput& input) {
  const profile::CodeCounts& trained = input.baseline.counts.codes;
  const size_t categories =
      std::min({input.baseline.categories.size(), trained.size(), input.window.codes.size()});
  double largest = 0;
  for (size_t code = 0; code < categories; ++code) {
    if (input.window.codes[code] > 0) continue;
    largest = std::max(largest, static_cast<double>(trained[code]));
  }
  if (largest == 0) return false;
  const CheckSettings settings =
      input.policy.Settings(CheckId::kVanishedCategory, input.baseline.variable.name);
  const auto all = static_cast<double>(trained.Total());
  return largest >= settings.threshold * all * (1 - 1e-9);
}

bool MayBeConstant(const VariableInput& input) {
  const profile::VariableCounts& window = input.window;
  if (input.baseline.is_numeric()) {
    return window.moments.count() > 0 && window.moments.Min() == window.moments.Max();
  }
  size_t used = 0;
  for (auto count = window.codes.begin(); count != window.codes.end() && used < 2; ++count) {
    used += *count > 0 ? 1 : 0;
  }
  return used == 1;
}

}  // namespace

bool MayFire(CheckId check, const VariableInput& input) {
  switch (check) {
    case CheckId::kAbsentVariable:
      return input.window.absent > 0;
    case CheckId::kWrongType:
      return input.window.wrong_type > 0;
    case CheckId::kNullRate:
    case CheckId::kNanRate:
    case CheckId::kInfRate:
    case CheckId::kOutOfRange:
    case CheckId::kUnseenCategory:
      return RateMayFire(check, input);
    case CheckId::kPrecision:
      return PrecisionMayFire(input);
    case CheckId::kVanishedCategory:
      return CategoryMayHaveVanished(input);
    case CheckId::kDrift:
      return input.evidence != nullptr && input.evidence->drift.enough;
    case CheckId::kBecameConstant:
      return MayBeConstant(input);
    case CheckId::kCameAlive:
      return input.baseline.is_constant();
    default:
      return true;
  }
}

}  // namespace plumbline::checks
