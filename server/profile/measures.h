#ifndef PLUMBLINE_SERVER_PROFILE_MEASURES_H_
#define PLUMBLINE_SERVER_PROFILE_MEASURES_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "absl/strings/string_view.h"
#include "server/profile/profile_comparison.h"

namespace plumbline::profile {

// The parts of a comparison; see Compare.

/// Ranks at which quantiles are compared.
inline constexpr double kComparedRanks[] = {0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99};
inline constexpr double kStandardErrors = 4;  // that chance is allowed
inline constexpr size_t kMostDetails = 20;    // categories, numbers or groups of a variable

/// Collects the measures of one pair of variables, or of the data sets, and the worst verdict.
class Measures {
 public:
  /// What it is given must outlive it.
  Measures(const Tolerances& tolerances, bool same_content, std::vector<Measure>* into)
      : tolerances_(tolerances), same_(same_content), into_(into) {}

  /// `unit` is what one of tolerance is worth; `slack` is allowed besides it.
  void Add(absl::string_view name, absl::string_view detail, std::optional<double> a,
           std::optional<double> b, double unit, double slack = 0, absl::string_view note = "");
  /// Shown, and not judged where the sides are samples.
  void AddOfContent(absl::string_view name, std::optional<double> a, std::optional<double> b,
                    double unit, double slack = 0);
  void AddDigest(absl::string_view name, bool same);

  Verdict verdict() const { return verdict_; }

 private:
  void Raise(Verdict verdict);

  const Tolerances& tolerances_;
  const bool same_;
  std::vector<Measure>* const into_;
  Verdict verdict_ = Verdict::kIdentical;
};

/// `value` if it is finite and above 0.
double Positive(double value, double otherwise);
/// Count over rows; absent without them.
std::optional<double> Rate(std::optional<double> count, uint64_t rows);
/// What chance makes of a difference of the shares p of n and q of m; 0 unless the sides are
/// samples.
double ShareSlack(const Tolerances& tolerances, double p, uint64_t n, double q, uint64_t m);

/// Of a value from the mean, by the extremes; 0 where they are not known.
double LargestDeviation(const SideVariable& side);

/// The measures of numeric, and of categorical variables, besides rates and distinct values.
void AddNumeric(const SideVariable& a, const SideVariable& b, const Tolerances& tolerances,
                Measures* measures);
void AddCategories(const SideVariable& a, const SideVariable& b, const Tolerances& tolerances,
                   Measures* measures);

}  // namespace plumbline::profile

#endif  // PLUMBLINE_SERVER_PROFILE_MEASURES_H_
