#ifndef PLUMBLINE_SERVER_PROFILE_UNKNOWN_COLUMNS_H_
#define PLUMBLINE_SERVER_PROFILE_UNKNOWN_COLUMNS_H_

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "server/profile/aliases.h"
#include "server/profile/baseline.h"
#include "server/profile/batch.h"

namespace plumbline::profile {

/// The latest values of columns that the baseline does not know, while one that it knows is absent:
/// enough to guess which is the other's new name. Bounded: 32 columns, 256 values each. A value;
/// not thread-safe.
class UnknownColumns {
 public:
  struct Column {
    std::vector<double> numbers;     // finite
    std::vector<std::string> texts;  // of a column of strings
    size_t next = 0;                 // where the next value goes, once all places are taken
  };

  /// Takes a few values, evenly spread, of each unknown column, if the batch lacks a variable that
  /// is no label. Cost: O(columns).
  void See(const Baseline& baseline, const Aliases& aliases, const BatchView& batch);
  void Merge(const UnknownColumns& other);
  bool empty() const { return columns_.empty(); }
  const std::map<std::string, Column, std::less<>>& columns() const { return columns_; }

 private:
  Column* Find(absl::string_view name);

  std::map<std::string, Column, std::less<>> columns_;
};

// From these on names, and up to these distances distributions, are alike.
inline constexpr double kAlikeName = 0.5;
inline constexpr double kAlikeDistance = 0.3;

/// An unknown column that may be an absent variable under a new name.
struct RenameGuess {
  std::string name;
  double name_similarity = 0;  // in [0, 1]: 1 for the same letters and digits
  /// Largest difference of the distribution functions (numeric), or half the sum of the differences
  /// of shares (categorical), in [0, 1]; of up to 256 values.
  double distance = 1;
  size_t values = 0;
};

/// The likeliest new name of variable `index`, if one is likely: of the same kind, and alike in
/// name and distribution, or so alike in one that the other hardly matters (of the distribution: if
/// it is the only such column). Cost: O(values) a column.
std::optional<RenameGuess> GuessRename(const Baseline& baseline, size_t index,
                                       const UnknownColumns& columns);

/// How alike two names are: 1 less the edit distance of their lower-case letters and digits over
/// the longer length; at least 0.8 if one, of three letters or more, begins or ends the other.
double NameSimilarity(absl::string_view a, absl::string_view b);

}  // namespace plumbline::profile

#endif  // PLUMBLINE_SERVER_PROFILE_UNKNOWN_COLUMNS_H_
