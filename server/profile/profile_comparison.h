#ifndef PLUMBLINE_SERVER_PROFILE_PROFILE_COMPARISON_H_
#define PLUMBLINE_SERVER_PROFILE_PROFILE_COMPARISON_H_

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "server/profile/data_set_profile.h"
#include "server/profile/schema.h"
#include "server/profile/statistics.h"

namespace plumbline::profile {

/// What a comparison says, from good to bad.
enum class Verdict { kNotCompared, kIdentical, kWithinTolerance, kDifferent };

/// How far measures may be apart. Of rates and shares: absolute. Of rows, distinct values, counts,
/// sums and standard deviations: relative. Of means, quantiles and extremes: in standard deviations
/// of side A. 0: they must be the same; estimates of sketches still get their own error.
struct Tolerances {
  double all = 0;
  /// By the name of the measure; what is not here has `all`.
  std::map<std::string, double> by_measure;
  /// The sides are samples, as live windows are, and not the same content: digests, numbers of
  /// rows, sums, extremes and distinct values are shown but not judged, and chance is allowed for:
  /// four standard errors.
  bool samples = false;

  [[nodiscard]] double Of(absl::string_view measure) const;
};

/// The names of the measures that have a tolerance.
[[nodiscard]] std::vector<std::string> MeasureNames();
/// Errors: InvalidArgument for a tolerance that is negative or not finite, or an unknown measure.
absl::Status CheckTolerances(const Tolerances& tolerances);

/// A variable of a side: what is known of it. A live window does not know all.
struct SideVariable {
  Variable variable;
  uint64_t rows = 0;
  std::optional<double> nulls, nans, infinities;
  uint64_t values = 0;  // finite ones, or categories
  std::optional<double> mean, stddev, min, max, distinct;
  std::vector<std::pair<double, double>> quantiles;     // rank and value, ascending
  double rank_error = 0;                                // of the quantiles
  double distinct_error = 0;                            // relative
  std::vector<std::pair<std::string, uint64_t>> names;  // categories, the most frequent first
  bool names_are_all = false;
  const VariableProfile* profile = nullptr;  // of a stored data set
};

/// One side of a comparison. What it points to must outlive it.
struct ComparedSide {
  std::string words;  // who it is
  uint64_t rows = 0;
  std::vector<SideVariable> variables;
  const DataSetProfile* profile = nullptr;  // nullptr: a live window

  [[nodiscard]] const SideVariable* Find(absl::string_view name) const;
};

SideVariable SideOf(const VariableProfile& profile);
ComparedSide SideOf(const DataSetProfile& profile);
/// A variable of a live window, with its distribution (SideBySide).
SideVariable SideOf(const Variable& variable, const VariableStatistics& live,
                    const std::vector<DistributionGroup>& distribution);

/// One measure on both sides; absent where a side does not know it.
struct Measure {
  std::string name;
  std::string detail;  // a rank, a category, a number, a group; often empty
  std::optional<double> a, b;
  std::optional<double> difference;  // b - a
  std::optional<double> tolerance;   // of the difference, in its unit
  Verdict verdict = Verdict::kNotCompared;
  std::string note;
};

struct VariableComparison {
  std::string variable;
  Kind kind = Kind::kNumeric;
  Verdict verdict = Verdict::kIdentical;
  std::vector<Measure> measures;
};

/// Two data sets, measure by measure.
struct ProfileComparison {
  std::string a, b;
  Verdict verdict = Verdict::kIdentical;
  /// The shortest list of what makes the difference, in words, the worst first; empty if identical.
  std::vector<std::string> causes;
  /// What is worth knowing and makes no difference: another order, another type of number.
  std::vector<std::string> notes;
  std::vector<Measure> measures;  // of the whole data set
  std::vector<VariableComparison> variables;
};

/// A variable of a stored data set that is empty has the kind of the other side. Pure and
/// deterministic. Cost: O(variables * what is kept of each).
ProfileComparison Compare(const ComparedSide& a, const ComparedSide& b,
                          const Tolerances& tolerances);

}  // namespace plumbline::profile

#endif  // PLUMBLINE_SERVER_PROFILE_PROFILE_COMPARISON_H_
