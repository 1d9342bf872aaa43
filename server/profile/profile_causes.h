#ifndef PLUMBLINE_SERVER_PROFILE_PROFILE_CAUSES_H_
#define PLUMBLINE_SERVER_PROFILE_PROFILE_CAUSES_H_

#include <optional>
#include <string>

#include "server/profile/profile_comparison.h"

namespace plumbline::profile {

/// Says in words why the sides differ: fills `causes` and `notes` of a comparison whose measures
/// and verdicts are there.
void FindCauses(const ComparedSide& a, const ComparedSide& b, const Tolerances& tolerances,
                ProfileComparison* comparison);

/// What became of the values of one variable.
struct ValueCause {
  /// The same for all variables that it happened to: `rounded to float32`.
  std::string headline;
  /// In full, without the variable's name: `rounded to float32 (80.1% of the values); mean
  /// unchanged`.
  std::string words;
  /// Proved to be all that happened.
  bool is_all = false;
};

/// The likeliest one; nullopt if nothing explains the difference. The kinds are the same. In this
/// order: one cell, null or NaN or a category in the place of another, of several, or of numbers
/// (and what became of the other numbers), another unit, float32, decimals, a cap, a new number.
/// Where the digests can prove it, it is proved.
std::optional<ValueCause> FindValueCause(const VariableProfile& a, const VariableProfile& b);

/// The one cell by which two variables of as many rows differ: `39 became 40`. Found by the exact
/// sums or the counts of categories, and proved by the digests; nullopt if it is not one cell.
std::optional<std::string> FindOneCell(const VariableProfile& a, const VariableProfile& b);

/// Values of one kind that are in the place of others: `NaN in place of null (512 rows)`. The kinds
/// may differ: `category `Male` re-encoded as `1` (32,650 rows)`.
std::optional<ValueCause> FindSubstitution(const VariableProfile& a, const VariableProfile& b);

/// Null, NaN or infinities in the place of numbers or texts, or the other way round; which number
/// it was if it was one. Where rows came or went, which of them one side has none of.
std::optional<ValueCause> FindMissing(const VariableProfile& a, const VariableProfile& b);

/// Categories that are merged, new, gone, or all of them other texts.
std::optional<ValueCause> FindCategories(const VariableProfile& a, const VariableProfile& b);

}  // namespace plumbline::profile

#endif  // PLUMBLINE_SERVER_PROFILE_PROFILE_CAUSES_H_
