// What became of the numbers of a variable as a whole.
#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "server/profile/number_text.h"
#include "server/profile/profile_causes.h"
#include "server/profile/subset.h"

namespace plumbline::profile {
namespace {

constexpr double kLeast = 0.0005;  // shares that differ by less are the same

double Share(uint64_t count, const VariableProfile& side) {
  return side.finite == 0 ? 0 : static_cast<double>(count) / static_cast<double>(side.finite);
}

// By how much shares near p may differ and be the same: where rows came or went, by what these are
// likely to have had.
double Few(double p, const VariableProfile& a, const VariableProfile& b) {
  if (a.rows() == b.rows() || a.rows() == 0) return kLeast;
  const auto n = static_cast<double>(a.rows()), m = static_cast<double>(b.rows());
  return kLeast +
         5 * std::sqrt(std::max(p * (1 - p), 1 / n) * std::min(1.0, std::abs(n - m) / n) / n);
}

// Where values became null, or the other way round, a share changes by itself: of as many rows,
// only more values than before are more.
bool Grew(uint64_t before, uint64_t after, const VariableProfile& a, const VariableProfile& b) {
  return a.rows() != b.rows() || after > before;
}

std::string MeanWords(const VariableProfile& a, const VariableProfile& b) {
  const double left = a.Mean(), right = b.Mean();
  const double spread = a.StandardDeviation();
  if (std::abs(right - left) <= 1e-3 * spread) return "mean unchanged";
  const auto [before, after] = RoundedTexts(left, right);
  return absl::StrCat("mean ", before, " -> ", after);
}

// All finite values of `fine`, rounded to float32, are those of `coarse`.
bool IsRoundingOf(const VariableProfile& fine, const VariableProfile& coarse) {
  return fine.rows() == coarse.rows() && fine.coarse_sum == coarse.digest.sum();
}

std::optional<ValueCause> FindFloat32(const VariableProfile& a, const VariableProfile& b) {
  const double before = Share(a.precision.float32, a), after = Share(b.precision.float32, b);
  const double few = Few(before, a, b);
  const bool whole_before =
      Share(a.precision.integers(), a) >= Share(b.precision.integers(), b) - few;
  const auto words = [&](absl::string_view headline, double share, absl::string_view rest) {
    return ValueCause{std::string(headline), absl::StrCat(headline, " (", PercentText(share), rest,
                                                          "); ", MeanWords(a, b))};
  };
  constexpr absl::string_view kRounded = "rounded to float32",
                              kFiner = "no longer rounded to float32";
  if (IsRoundingOf(a, b)) return words(kRounded, 1 - before, " of the values changed");
  if (IsRoundingOf(b, a)) return words(kFiner, 1 - after, " of the values");
  // Decimals that were cut fit float32 more often, but do not need all digits of a double then.
  constexpr size_t kAll = 9;
  const double fine_a = Share(a.precision.Beyond(kAll), a),
               fine_b = Share(b.precision.Beyond(kAll), b);
  if (after - before > few && whole_before && fine_b >= fine_a - few && fine_b > 0 &&
      Grew(a.precision.float32, b.precision.float32, a, b)) {
    return words(kRounded, after - before, " of the values");
  }
  return std::nullopt;
}

// The quotient of the largest values, which is exact, if it is about `factor`.
double Quotient(const VariableProfile& a, const VariableProfile& b, double factor) {
  const bool is_max = std::abs(b.max) >= std::abs(b.min);
  const double quotient = (is_max ? b.max : b.min) / (is_max == (factor > 0) ? a.max : a.min);
  return std::abs(quotient / factor - 1) < 0.05 ? quotient : factor;
}

// b = factor * a + offset, as far as mean, deviation and extremes tell.
std::optional<ValueCause> FindScale(const VariableProfile& a, const VariableProfile& b) {
  const double spread_a = a.StandardDeviation(), spread_b = b.StandardDeviation();
  if (!(spread_a > 0) || !(spread_b > 0) || !std::isfinite(spread_a + spread_b))
    return std::nullopt;
  const bool same_rows = a.rows() == b.rows() && a.finite == b.finite;
  const double precision = same_rows ? 1e-5 : 0.02;
  // Rows came or went, but not the extremes, which moved alike, and the mean with them.
  const double shift = b.min - a.min;
  const double largest =
      std::max({std::abs(a.min), std::abs(a.max), std::abs(b.min), std::abs(b.max)});
  if (!same_rows && std::abs(shift) > 1e-9 * largest &&
      std::abs(b.max - a.max - shift) <= 1e-9 * largest &&
      std::abs(b.Mean() - a.Mean() - shift) <= 0.1 * spread_a) {
    const std::string words = absl::StrCat("shifted by ", RoundedText(shift));
    return ValueCause{words, absl::StrCat(words, "; ", MeanWords(a, b))};
  }
  for (const double factor : {spread_b / spread_a, -spread_b / spread_a}) {
    const double offset = b.Mean() - factor * a.Mean();
    const double least = factor > 0 ? factor * a.min + offset : factor * a.max + offset;
    const double most = factor > 0 ? factor * a.max + offset : factor * a.min + offset;
    const double allowed = precision * (spread_b + (same_rows ? std::abs(b.Mean()) * 1e-6 : 0));
    const auto near = [&](double x, double y) {
      return std::abs(x - y) <= std::max(allowed, precision * std::max(std::abs(x), std::abs(y)));
    };
    if (!near(least, b.min) || !near(most, b.max)) continue;
    const bool no_offset =
        std::abs(offset) <= 10 * precision * std::max(spread_b, std::abs(b.Mean()));
    const bool no_factor = std::abs(factor - 1) <= precision;
    const double power = std::log10(std::abs(factor));
    if (no_offset && no_factor) return std::nullopt;
    if (no_offset && factor > 0 && std::round(power) != 0 &&
        std::abs(power - std::round(power)) < (same_rows ? 0.002 : 0.02)) {
      const std::string words =
          absl::StrCat("unit change x", NumberText(std::pow(10, std::round(power))));
      return ValueCause{words, absl::StrCat(words, "; ", MeanWords(a, b))};
    }
    if (!same_rows && !(no_offset && (factor > 1.2 || factor < 0.8))) continue;
    if (no_offset && std::abs(factor + 1) <= precision) {
      return ValueCause{"sign flipped", absl::StrCat("sign flipped; ", MeanWords(a, b))};
    }
    const std::string words =
        no_offset
            ? absl::StrCat("scaled by ", RoundedText(same_rows ? factor : Quotient(a, b, factor)))
        : no_factor ? absl::StrCat("shifted by ", RoundedText(offset))
                    : absl::StrCat("transformed: about ", RoundedText(factor), " * value ",
                                   offset < 0 ? "- " : "+ ", RoundedText(std::abs(offset)));
    return ValueCause{words, absl::StrCat(words, "; ", MeanWords(a, b))};
  }
  // Single values may be the extremes: the medians say it where all is of one sign.
  const auto left = a.quantiles.Quantile(0.5), right = b.quantiles.Quantile(0.5);
  if (!left.ok() || !right.ok() || *left == 0 || *right / *left <= 0) return std::nullopt;
  const double power = std::log10(*right / *left);
  const double rounded = std::round(power);
  if (rounded == 0 || std::abs(power - rounded) > 0.02) return std::nullopt;
  if (std::abs(std::log10(spread_b / spread_a) - rounded) > 0.1) return std::nullopt;
  const std::string words = absl::StrCat("unit change x", NumberText(std::pow(10, rounded)));
  return ValueCause{words, absl::StrCat(words, "; ", MeanWords(a, b))};
}

// Rounding moves a value by less than one unit of its last place: a mean that moved further than
// that was not moved by rounding.
bool MayBeRounding(const VariableProfile& a, const VariableProfile& b, double share, double unit) {
  const auto n = static_cast<double>(a.rows()), m = static_cast<double>(b.rows());
  // What a mean may move by where rows came or went: they need not be any.
  const double rows =
      20 * a.StandardDeviation() * std::sqrt(std::min(1.0, std::abs(n - m) / n) / n);
  return std::abs(a.Mean() - b.Mean()) <= share * unit + rows;
}

// About how many rows of b have a value that a has not, by the values that are sampled on both
// sides.
double NewRows(const VariableProfile& a, const VariableProfile& b) {
  return std::ldexp(static_cast<double>(OverlapOf(b.distinct, a.distinct).gone),
                    std::max(a.distinct.level(), b.distinct.level()));
}

// Values of `side` that are this number, at most.
uint64_t MostOf(uint64_t key, const VariableProfile& side) {
  const auto number = std::bit_cast<double>(key);
  if (number == 0) return side.precision.zeros;
  if (side.finite == 0 || number < side.min || number > side.max) return 0;
  return side.points.Estimate(key).upper;
}

// Values that need fewer decimals than before, `more` of them, are nearly all the same one: that is
// no rounding.
bool OneNumberGrew(const VariableProfile& a, const VariableProfile& b, double more) {
  constexpr double kNearlyAll = 0.9;
  if (more <= 0) return false;
  for (const auto& point : b.points.Candidates()) {
    const auto rows = static_cast<double>(point.key == 0 ? b.precision.zeros : point.lower);
    if (rows < kNearlyAll * more) return false;
    if (rows - static_cast<double>(MostOf(point.key, a)) >= kNearlyAll * more) return true;
  }
  return false;
}

std::optional<ValueCause> FindDecimals(const VariableProfile& a, const VariableProfile& b) {
  const double whole_a = Share(a.precision.integers(), a),
               whole_b = Share(b.precision.integers(), b);
  const uint64_t integers_a = a.precision.integers(), integers_b = b.precision.integers();
  const double few = Few(whole_a, a, b);
  const bool same_values = a.rows() == b.rows() && a.finite == b.finite;
  const bool more_integers =
      (whole_b - whole_a > few || (same_values && whole_b > whole_a)) &&
      Grew(integers_a, integers_b, a, b) &&
      !OneNumberGrew(a, b, (whole_b - whole_a) * static_cast<double>(b.finite));
  const auto lost = [&]() -> std::optional<ValueCause> {
    if (!MayBeRounding(a, b, whole_b - whole_a, 1)) return std::nullopt;
    return ValueCause{"values lost their decimals",
                      absl::StrCat(PercentText(whole_b - whole_a),
                                   " of the values lost their decimals; ", MeanWords(a, b))};
  };
  if (more_integers && whole_b >= 1 - kLeast) return lost();
  if ((whole_a - whole_b > few || (same_values && whole_a > whole_b)) &&
      Grew(a.finite - integers_a, b.finite - integers_b, a, b) &&
      (same_values || NewRows(a, b) >= (whole_a - whole_b) / 2 * static_cast<double>(b.finite))) {
    if (!MayBeRounding(a, b, whole_a - whole_b, 1)) return std::nullopt;
    return ValueCause{"integers became fractions",
                      absl::StrCat("integers became fractions (", PercentText(whole_a - whole_b),
                                   " of the values); ", MeanWords(a, b))};
  }
  // The most decimals of which there are clearly fewer, or more, than before.
  for (size_t decimals = 1; decimals <= stats::kMostDecimals; ++decimals) {
    const double before = Share(a.precision.Beyond(decimals), a);
    const double after = Share(b.precision.Beyond(decimals), b);
    if (!MayBeRounding(a, b, std::abs(before - after),
                       std::pow(10, 1 - static_cast<int>(decimals)))) {
      continue;
    }
    const double some = Few(before, a, b);
    const uint64_t beyond_a = a.precision.Beyond(decimals), beyond_b = b.precision.Beyond(decimals);
    if (before - after > some && after <= kLeast &&
        Grew(a.finite - beyond_a, b.finite - beyond_b, a, b)) {
      const std::string headline =
          absl::StrCat("rounded to ", decimals, decimals == 1 ? " decimal" : " decimals");
      return ValueCause{headline, absl::StrCat(headline, " (", PercentText(before - after),
                                               " of the values had more); ", MeanWords(a, b))};
    }
    if (after - before > some && before <= kLeast && Grew(beyond_a, beyond_b, a, b)) {
      const std::string headline =
          absl::StrCat("more than ", decimals, decimals == 1 ? " decimal" : " decimals");
      return ValueCause{headline, absl::StrCat(headline, " in ", PercentText(after - before),
                                               " of the values, none in A; ", MeanWords(a, b))};
    }
  }
  if (more_integers) return lost();
  const double before = Share(a.precision.Beyond(2), a), after = Share(b.precision.Beyond(2), b);
  if (before - after > Few(before, a, b) &&
      !OneNumberGrew(a, b, (before - after) * static_cast<double>(b.finite)) &&
      MayBeRounding(a, b, before - after, 0.1) &&
      Grew(a.finite - a.precision.Beyond(2), b.finite - b.precision.Beyond(2), a, b)) {
    return ValueCause{"decimals were cut",
                      absl::StrCat(PercentText(before - after), " of the values lost decimals; ",
                                   MeanWords(a, b))};
  }
  return std::nullopt;
}

// The rows that sit at b's extreme because they lay beyond it in a; nullopt if about as many as lay
// there before do not sit there now.
std::optional<uint64_t> RowsAtLimit(const VariableProfile& a, const VariableProfile& b,
                                    bool upper) {
  const double limit = upper ? b.max : b.min;
  if (upper ? limit >= a.max : limit <= a.min) return std::nullopt;
  const uint64_t key = std::bit_cast<uint64_t>(limit + 0.0);
  const uint64_t before = a.points.Estimate(key).lower, after = b.points.Estimate(key).lower;
  if (after < before + 2) return std::nullopt;
  const auto rank = a.quantiles.Rank(
      upper ? limit : std::nextafter(limit, -std::numeric_limits<double>::infinity()));
  if (!rank.ok()) return std::nullopt;
  const double beyond = upper ? 1 - *rank : *rank;
  const double gained = Share(after, b) - Share(before, a);
  double allowed = 0.1 * beyond + 1 / static_cast<double>(a.finite);
  if (a.quantiles.IsEstimate()) allowed += stats::NormalizedRankError(a.quantiles.k(), true);
  allowed += Share(a.points.MaxError(), a) + Share(b.points.MaxError(), b);
  if (a.rows() != b.rows()) {
    allowed += 4 * std::sqrt(beyond / static_cast<double>(std::min(a.finite, b.finite)));
  }
  if (std::abs(gained - beyond) > allowed) return std::nullopt;
  return after - before;
}

// Values beyond a limit, or beyond one on either side, became the limit.
std::optional<ValueCause> FindCap(const VariableProfile& a, const VariableProfile& b) {
  const auto capped = RowsAtLimit(a, b, true), raised = RowsAtLimit(a, b, false);
  const bool fewer = b.rows() < a.rows();
  if (!capped.has_value() && (fewer ? b.max > a.max : b.max != a.max)) return std::nullopt;
  if (!raised.has_value() && (fewer ? b.min < a.min : b.min != a.min)) return std::nullopt;
  std::vector<std::string> headline, words;
  const auto add = [&](absl::string_view what, double limit, uint64_t rows, absl::string_view was,
                       double extreme) {
    headline.push_back(absl::StrCat(what, NumberText(limit)));
    words.push_back(absl::StrCat(headline.back(), " (", CountText(rows), " rows; was ", was,
                                 NumberText(extreme), ")"));
  };
  if (capped.has_value()) add("capped at ", b.max, *capped, "up to ", a.max);
  if (raised.has_value()) add("raised to at least ", b.min, *raised, "down to ", a.min);
  if (words.empty()) return std::nullopt;
  return ValueCause{absl::StrJoin(headline, ", "),
                    absl::StrCat(absl::StrJoin(words, ", "), "; ", MeanWords(a, b))};
}

// One number took the place of all others.
std::optional<ValueCause> FindConstant(const VariableProfile& a, const VariableProfile& b) {
  if (b.finite < 2 || b.min != b.max || a.min == a.max) return std::nullopt;
  const std::string headline = absl::StrCat("all values are ", NumberText(b.min));
  return ValueCause{headline, absl::StrCat(headline, " (were ", NumberText(a.min), " to ",
                                           NumberText(a.max), "); ", MeanWords(a, b))};
}

// A number that was not there before and makes up much of the values now, such as -999.
std::optional<ValueCause> FindNewPoint(const VariableProfile& a, const VariableProfile& b) {
  constexpr double kMuch = 0.005;
  // The others are about where they were, or all of them have moved.
  const auto median = b.quantiles.Quantile(0.5);
  if (!median.ok()) return std::nullopt;
  const auto up_to = a.quantiles.Rank(*median);
  const auto below =
      a.quantiles.Rank(std::nextafter(*median, -std::numeric_limits<double>::infinity()));
  const bool moved = !up_to.ok() || !below.ok() || *up_to < 0.2 || *below > 0.8;
  for (const auto& point : b.points.Candidates()) {
    if (moved && std::bit_cast<double>(point.key) != *median) continue;
    const bool is_zero = point.key == 0;
    const uint64_t rows = is_zero ? b.precision.zeros : point.lower;
    const double share = Share(rows, b);
    if (share < kMuch) break;
    if (MostOf(point.key, a) * 1000 > a.finite) continue;
    const std::string number = NumberText(std::bit_cast<double>(point.key));
    const uint64_t before = is_zero ? a.precision.zeros : a.points.Estimate(point.key).lower;
    return ValueCause{
        absl::StrCat("`", number, "` is new"),
        absl::StrCat("`", number, before == 0 ? "` is new: " : "` is far more frequent: ",
                     is_zero || b.points.MaxError() == 0 ? "" : "at least ", CountText(rows),
                     " rows (", PercentText(share), "); ", MeanWords(a, b))};
  }
  return std::nullopt;
}

}  // namespace

std::optional<ValueCause> FindValueCause(const VariableProfile& a, const VariableProfile& b) {
  if (auto cell = FindOneCell(a, b); cell.has_value()) return ValueCause{*cell, *cell};
  const bool whole = a.is_numeric() && a.finite > 0 && b.finite > 0;
  if (whole && IsRoundingOf(a, b)) return FindFloat32(a, b);
  if (auto found = FindSubstitution(a, b); found.has_value()) return found;
  std::optional<ValueCause> missing = FindMissing(a, b);
  if (missing.has_value() && missing->is_all) return missing;
  if (!a.is_numeric()) return missing.has_value() ? missing : FindCategories(a, b);
  if (!whole) return missing;
  for (const auto find :
       {FindConstant, FindScale, FindFloat32, FindDecimals, FindCap, FindNewPoint}) {
    auto found = find(a, b);
    if (!found.has_value()) continue;
    if (!missing.has_value()) return found;
    return ValueCause{absl::StrCat(missing->headline, ", ", found->headline),
                      absl::StrCat(missing->words, "; ", found->words)};
  }
  if (missing.has_value()) absl::StrAppend(&missing->words, "; ", MeanWords(a, b));
  return missing;
}

}  // namespace plumbline::profile
