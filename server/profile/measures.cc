// The measures of a pair of variables.
#include "server/profile/measures.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>
#include <set>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "server/profile/number_text.h"

namespace plumbline::profile {
namespace {

// Shares of the values of `side` below x, and at or below it: apart where x is a frequent value.
struct RankRange {
  double below = 0;
  double up_to = 0;

  // Whether `rank` is in it, or nearly.
  bool Has(double rank, double error) const {
    return rank >= below - error && rank <= up_to + error;
  }
};

// Of a live window only a few quantiles are known: between them it is interpolated.
std::optional<RankRange> RanksOf(const SideVariable& side, double x) {
  if (side.profile != nullptr) {
    const auto up_to = side.profile->quantiles.Rank(x);
    const auto below =
        side.profile->quantiles.Rank(std::nextafter(x, -std::numeric_limits<double>::infinity()));
    if (!up_to.ok() || !below.ok()) return std::nullopt;
    return RankRange{*below, *up_to};
  }
  if (side.quantiles.size() < 2) return std::nullopt;
  RankRange range{0, 1};
  bool is_known = false;
  double value_below = x, value_above = x;
  for (const auto& [rank, value] : side.quantiles) {
    is_known = is_known || value == x;
    if (value < x) {
      range.below = rank;
      value_below = value;
    } else if (value > x) {
      range.up_to = rank;
      value_above = value;
      break;
    }
  }
  if (is_known || value_below == x || value_above == x) return range;
  const double share = (x - value_below) / (value_above - value_below);
  const double rank = range.below + (range.up_to - range.below) * share;
  return RankRange{rank, rank};
}

std::optional<double> QuantileOf(const SideVariable& side, double rank) {
  for (const auto& [at, value] : side.quantiles) {
    if (at == rank) return value;
  }
  return std::nullopt;
}

void AddQuantiles(const SideVariable& a, const SideVariable& b, double unit,
                  const Tolerances& tolerances, Measures* measures) {
  for (const double rank : kComparedRanks) {
    const auto left = QuantileOf(a, rank), right = QuantileOf(b, rank);
    double slack = 0;
    std::string note;
    double allowed = a.rank_error + b.rank_error;
    if (tolerances.samples && a.values > 0 && b.values > 0) {
      allowed += kStandardErrors *
                 std::sqrt(rank * (1 - rank) *
                           (1 / static_cast<double>(a.values) + 1 / static_cast<double>(b.values)));
    }
    if (allowed > 0 && left.has_value() && right.has_value()) {
      // Within what ranks this sure can tell: the other side's value has nearly this rank here.
      const auto back = RanksOf(a, *right), forth = RanksOf(b, *left);
      const bool close = (back.has_value() && back->Has(rank, allowed)) ||
                         (forth.has_value() && forth->Has(rank, allowed));
      if (close) slack = std::abs(*right - *left);
      note = "estimate";
    }
    measures->Add("quantile", absl::StrCat(rank), left, right, unit, slack, note);
  }
}

void AddPrecision(const VariableProfile& a, const VariableProfile& b, const Tolerances& tolerances,
                  Measures* measures) {
  const auto add = [&](absl::string_view name, uint64_t left, uint64_t right) {
    const auto p = Rate(static_cast<double>(left), a.finite);
    const auto q = Rate(static_cast<double>(right), b.finite);
    const double slack = ShareSlack(tolerances, p.value_or(0), a.finite, q.value_or(0), b.finite);
    measures->Add(name, "", p, q, 1, slack);
  };
  add("float32_share", a.precision.float32, b.precision.float32);
  add("integer_share", a.precision.integers(), b.precision.integers());
  for (const size_t decimals : {2u, 6u}) {
    const auto share = [&](const VariableProfile& side) {
      return Rate(static_cast<double>(side.precision.Beyond(decimals)), side.finite);
    };
    const double slack =
        ShareSlack(tolerances, share(a).value_or(0), a.finite, share(b).value_or(0), b.finite);
    measures->Add("more_decimals_share", absl::StrCat("than ", decimals), share(a), share(b), 1,
                  slack);
  }
  add("zero_share", a.precision.zeros, b.precision.zeros);
  add("negative_share", a.precision.negatives, b.precision.negatives);
}

// Numbers that make up much of a side, other than zero, which has its own measure.
void AddPoints(const VariableProfile& a, const VariableProfile& b, const Tolerances& tolerances,
               Measures* measures) {
  constexpr double kMuch = 0.01;
  std::set<uint64_t> keys;
  for (const VariableProfile* side : {&a, &b}) {
    size_t taken = 0;
    for (const auto& candidate : side->points.Candidates()) {
      if (static_cast<double>(candidate.lower) < kMuch * static_cast<double>(side->rows())) break;
      if (taken++ == kMostDetails / 2) break;
      if (candidate.key != 0) keys.insert(candidate.key);
    }
  }
  for (const uint64_t key : keys) {
    const auto left = a.points.Estimate(key), right = b.points.Estimate(key);
    const auto p = Rate(static_cast<double>(left.lower), a.rows());
    const auto q = Rate(static_cast<double>(right.lower), b.rows());
    double slack = ShareSlack(tolerances, p.value_or(0), a.rows(), q.value_or(0), b.rows());
    slack += static_cast<double>(a.points.MaxError()) / static_cast<double>(a.rows()) +
             static_cast<double>(b.points.MaxError()) / static_cast<double>(b.rows());
    measures->Add("value_share", NumberText(std::bit_cast<double>(key)), p, q, 1, slack);
  }
}

uint64_t CountOf(const SideVariable& side, absl::string_view name) {
  if (side.profile != nullptr) return side.profile->categories.Count(name);
  for (const auto& [each, count] : side.names) {
    if (each == name) return count;
  }
  return 0;
}

}  // namespace

void Measures::Raise(Verdict verdict) { verdict_ = std::max(verdict_, verdict); }

void Measures::Add(absl::string_view name, absl::string_view detail, std::optional<double> a,
                   std::optional<double> b, double unit, double slack, absl::string_view note) {
  if (!a.has_value() && !b.has_value()) return;
  Measure& measure = into_->emplace_back();
  measure.name = std::string(name);
  measure.detail = std::string(detail);
  measure.note = std::string(note);
  measure.a = a;
  measure.b = b;
  if (!a.has_value() || !b.has_value()) {
    measure.note = absl::StrCat("not known of side ", a.has_value() ? "B" : "A");
    return;
  }
  measure.difference = *b - *a;
  measure.tolerance = tolerances_.Of(name) * unit + slack;
  if (same_ || *a == *b) {
    measure.verdict = Verdict::kIdentical;
  } else if (std::abs(*measure.difference) <= *measure.tolerance) {
    measure.verdict = Verdict::kWithinTolerance;
  } else {
    measure.verdict = Verdict::kDifferent;
  }
  Raise(measure.verdict);
}

void Measures::AddOfContent(absl::string_view name, std::optional<double> a,
                            std::optional<double> b, double unit, double slack) {
  if (!tolerances_.samples) return Add(name, "", a, b, unit, slack);
  if (!a.has_value() && !b.has_value()) return;
  Measure& measure = into_->emplace_back();
  measure.name = std::string(name);
  measure.a = a;
  measure.b = b;
  if (a.has_value() && b.has_value()) measure.difference = *b - *a;
  measure.note = "not judged: the sides are samples";
}

void Measures::AddDigest(absl::string_view name, bool same) {
  Measure& measure = into_->emplace_back();
  measure.name = std::string(name);
  if (tolerances_.samples) {
    measure.note = same ? "the same" : "not judged: the sides are samples";
    if (same) measure.verdict = Verdict::kIdentical;
    return;
  }
  measure.verdict = same                            ? Verdict::kIdentical
                    : tolerances_.Of("digest") == 0 ? Verdict::kDifferent
                                                    : Verdict::kWithinTolerance;
  measure.note = same ? "the same" : "not the same";
  Raise(measure.verdict);
}

double LargestDeviation(const SideVariable& side) {
  if (!side.mean.has_value() || !side.min.has_value() || !side.max.has_value()) return 0;
  const double largest = std::max(*side.max - *side.mean, *side.mean - *side.min);
  return std::isfinite(largest) ? largest : 0;
}

double Positive(double value, double otherwise) {
  return std::isfinite(value) && value > 0 ? value : otherwise;
}

std::optional<double> Rate(std::optional<double> count, uint64_t rows) {
  if (!count.has_value() || rows == 0) return std::nullopt;
  return *count / static_cast<double>(rows);
}

// What chance makes of a difference of two shares; 0 unless the sides are samples.
double ShareSlack(const Tolerances& tolerances, double p, uint64_t n, double q, uint64_t m) {
  if (!tolerances.samples || n == 0 || m == 0) return 0;
  const auto rows_a = static_cast<double>(n), rows_b = static_cast<double>(m);
  const double pooled = (p * rows_a + q * rows_b + 1) / (rows_a + rows_b + 2);
  return kStandardErrors * std::sqrt(pooled * (1 - pooled) * (1 / rows_a + 1 / rows_b));
}

void AddNumeric(const SideVariable& a, const SideVariable& b, const Tolerances& tolerances,
                Measures* measures) {
  const double spread = Positive(a.stddev.value_or(0), Positive(std::abs(a.mean.value_or(0)), 1));
  double mean_slack = 0, spread_slack = 0;
  if (tolerances.samples && a.values > 0 && b.values > 0) {
    const double rows = 1 / static_cast<double>(a.values) + 1 / static_cast<double>(b.values);
    mean_slack = kStandardErrors * std::max(spread, b.stddev.value_or(0)) * std::sqrt(rows);
    // The standard error of a standard deviation s is sqrt(m4 - s^4) / (2 s sqrt(n)), and the
    // fourth moment m4 is at most the largest deviation squared, times s^2: so it is at most half
    // of the largest deviation, over sqrt(n), and nearly that where few rows far out make up s.
    const double largest = std::max(LargestDeviation(a), LargestDeviation(b));
    spread_slack = std::max(3 * mean_slack, kStandardErrors * largest / 2 * std::sqrt(rows));
  }
  measures->Add("mean", "", a.mean, b.mean, spread, mean_slack);
  measures->Add("stddev", "", a.stddev, b.stddev, spread, spread_slack);
  if (a.profile != nullptr && b.profile != nullptr) {
    const double sum = a.profile->sum.Value();
    measures->AddOfContent("sum", sum, b.profile->sum.Value(),
                           std::abs(sum) + spread * static_cast<double>(a.values));
  }
  measures->AddOfContent("min", a.min, b.min, spread);
  measures->AddOfContent("max", a.max, b.max, spread);
  AddQuantiles(a, b, spread, tolerances, measures);
  if (a.profile == nullptr || b.profile == nullptr) return;
  AddPrecision(*a.profile, *b.profile, tolerances, measures);
  AddPoints(*a.profile, *b.profile, tolerances, measures);
}

// Shares of categories: the most frequent of both sides, and those that differ most.
void AddCategories(const SideVariable& a, const SideVariable& b, const Tolerances& tolerances,
                   Measures* measures) {
  std::set<std::string> names;
  std::vector<std::pair<double, std::string>> by_difference;
  const auto share = [](const SideVariable& side, absl::string_view name) {
    return side.values == 0
               ? 0.0
               : static_cast<double>(CountOf(side, name)) / static_cast<double>(side.values);
  };
  for (const SideVariable* side : {&a, &b}) {
    for (size_t i = 0; i < side->names.size(); ++i) {
      const std::string& name = side->names[i].first;
      if (i < kMostDetails / 2) names.insert(name);
      by_difference.emplace_back(-std::abs(share(a, name) - share(b, name)), name);
    }
  }
  std::sort(by_difference.begin(), by_difference.end());
  for (const auto& [difference, name] : by_difference) {
    if (names.size() >= kMostDetails || difference == 0) break;
    names.insert(name);
  }
  for (const std::string& name : names) {
    // What a side that does not name all of its categories does not name may still be there.
    const auto known = [&](const SideVariable& side) -> std::optional<double> {
      if (CountOf(side, name) == 0 && !side.names_are_all && side.profile == nullptr) {
        return std::nullopt;
      }
      return share(side, name);
    };
    const auto p = known(a), q = known(b);
    const double slack = ShareSlack(tolerances, p.value_or(0), a.values, q.value_or(0), b.values) +
                         (a.profile == nullptr || a.values == 0
                              ? 0
                              : static_cast<double>(a.profile->categories.max_error()) /
                                    static_cast<double>(a.values)) +
                         (b.profile == nullptr || b.values == 0
                              ? 0
                              : static_cast<double>(b.profile->categories.max_error()) /
                                    static_cast<double>(b.values));
    measures->Add("category_share", name, p, q, 1, slack);
  }
}

}  // namespace plumbline::profile
