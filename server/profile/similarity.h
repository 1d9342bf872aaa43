#ifndef PLUMBLINE_SERVER_PROFILE_SIMILARITY_H_
#define PLUMBLINE_SERVER_PROFILE_SIMILARITY_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "absl/strings/string_view.h"
#include "server/profile/baseline.h"

namespace plumbline::profile {

/// How two variables were compared: numbers by rank, a number with categories, categories.
enum class Association { kSpearman, kCorrelationRatio, kCramersV };

/// `spearman`, `correlation_ratio`, `cramers_v`.
absl::string_view AssociationName(Association association);

/// How much a variable says about another one, in the baseline's row sample.
struct Similarity {
  size_t variable = 0;  // the other one
  Association association = Association::kSpearman;
  double value = 0;   // in [0, 1]; Spearman's in [-1, 1]
  uint64_t rows = 0;  // of the sample, in which both have a value
};

/// Rows that both must have, for a pair to be compared.
inline constexpr uint64_t kLeastRowsInCommon = 30;

/// The features that say most about `variable`, at most `limit`: the largest magnitude first, less
/// what it could be by chance over the rows in common (by Fisher's z, at 95%).
/// Needs the baseline's row sample; a pair with fewer rows in common, or a constant side there, is
/// left out. Of categories the 100 most frequent are told apart. Magnitudes of different measures
/// are ranked as if they were one: a guide, not a test. Cost: O(variables * rows log rows).
std::vector<Similarity> MostSimilar(const Baseline& baseline, size_t variable, size_t limit);

/// How much two variables say about each other there; nullopt where MostSimilar leaves them out.
/// Cost: O(rows log rows).
std::optional<Similarity> SimilarityOf(const Baseline& baseline, size_t a, size_t b);

}  // namespace plumbline::profile

#endif  // PLUMBLINE_SERVER_PROFILE_SIMILARITY_H_
