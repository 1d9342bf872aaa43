#ifndef PLUMBLINE_SERVER_PROFILE_NATURAL_VARIATION_H_
#define PLUMBLINE_SERVER_PROFILE_NATURAL_VARIATION_H_

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "absl/status/status.h"
#include "server/profile/code_counts.h"
#include "server/profile/left_out.h"

namespace plumbline::profile {

struct Baseline;
struct VariableBaseline;

/// The groups of a variable's Grouping, the smallest categories pooled with OTHER until at most
/// kMaxEvidenceGroups are left: what evidence of drift is weighed over, for each group costs some.
class EvidenceGroups {
 public:
  static constexpr size_t kMax = 16;

  EvidenceGroups() = default;
  explicit EvidenceGroups(const VariableBaseline& variable);

  /// Fewer than 2: nothing can drift.
  size_t size() const { return size_; }
  /// Counts by group, of counts by code.
  std::vector<uint64_t> Sum(const VariableBaseline& variable, const CodeCounts& codes) const;

 private:
  size_t size_ = 0;
  std::vector<uint8_t> of_group_;  // empty: each is its own
};

/// How much a variable varies within training, from the baseline's chunks of consecutive rows: what
/// live rows may vary as well. A baseline whose rows were shuffled and have no times, or that has
/// fewer than 8 chunks, has none to learn.
struct NaturalVariation {
  /// stats::DesignEffect over the EvidenceGroups, and of the rates.
  double groups = 1, nulls = 1, nans = 1, infinities = 1;
  /// The same of rows with what training would not have known without the run in which they came:
  /// categories that no other has (LeaveOutCategories); of numbers 1. And the share of values that
  /// these categories have; of numbers 0.
  double outside = 1, outside_share = 0;
  /// The psi, less what chance gives, that a run of 1, 2, 4 .. chunks, up to half of them, had
  /// against the rest, extended to what one run in 200 would have by an exponential tail
  /// over the upper half of the runs, and at least a quarter above the largest: the maximum alone
  /// is passed soon.
  std::vector<float> psi_limits;
  double chunk_rows = 0;

  /// Between the lengths, by the logarithm; of fewer rows that of a chunk. Of more than half of
  /// training nothing is known: there it falls as that of independent runs does, as 1 / rows, or
  /// nothing would ever be found where training moved for good. 0 if none is known.
  double PsiLimit(double rows) const;
  /// That of the evidence on drift. A run of a new category is one of a small group, which `groups`
  /// hardly knows among many.
  double DriftEffect(bool numeric) const { return numeric ? groups : std::max(groups, outside); }
  /// True if consecutive rows are more alike than any rows.
  bool IsKnown() const { return groups > 1; }
};

/// True if it IsKnown of any variable.
bool KnowsNaturalVariation(const Baseline& baseline);

/// Fewer chunks say nothing.
inline constexpr size_t kFewChunks = 8;
/// The limit over these psi of runs of one length, at least one: see NaturalVariation::psi_limits.
double TailLimit(std::vector<double> values);

/// Sets VariableBaseline::natural of every variable, from the chunks that the baseline has with it,
/// and what follows from it. `rest`, by variable: the categories that it does not keep by name;
/// empty if they are not known, then the others alone tell what is left out. Errors: DataLoss if a
/// chunk cannot be read. Cost: one reading of the chunks, O(chunks * groups^2) a variable.
absl::Status LearnNaturalVariation(Baseline* baseline, const std::vector<SpanSample>& rest = {});

}  // namespace plumbline::profile

#endif  // PLUMBLINE_SERVER_PROFILE_NATURAL_VARIATION_H_
