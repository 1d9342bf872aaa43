#ifndef PLUMBLINE_SERVER_PROFILE_CATEGORY_TALLY_H_
#define PLUMBLINE_SERVER_PROFILE_CATEGORY_TALLY_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"

namespace plumbline::profile {

/// The categories of a stream by name, with their counts, in bounded memory: as
/// stats::HeavyHitters, but it keeps the names. Exact, and the same in any order, while no more
/// than 2 * capacity names came in; above, counts are too low by at most max_error(). Names longer
/// than kMaxNameBytes are not kept, they count as unnamed. Not thread-safe.
class CategoryTally {
 public:
  static constexpr size_t kMaxNameBytes = 256;

  explicit CategoryTally(size_t capacity = 1'000) : capacity_(capacity == 0 ? 1 : capacity) {}

  void Add(absl::string_view name, uint64_t count = 1);
  void Merge(const CategoryTally& other);

  /// Of a name: a lower bound, exact while IsExact().
  [[nodiscard]] uint64_t Count(absl::string_view name) const;
  /// The most frequent first, then by name.
  [[nodiscard]] std::vector<std::pair<absl::string_view, uint64_t>> ByCount() const;
  [[nodiscard]] size_t size() const { return counts_.size(); }
  [[nodiscard]] size_t capacity() const { return capacity_; }
  [[nodiscard]] uint64_t max_error() const { return max_error_; }
  [[nodiscard]] uint64_t unnamed() const { return unnamed_; }
  /// Every value is counted by its name.
  [[nodiscard]] bool IsExact() const { return max_error_ == 0 && unnamed_ == 0; }

  /// For storage. Errors: InvalidArgument for too many, repeated or too long names, or a count of
  /// 0.
  [[nodiscard]] static absl::StatusOr<CategoryTally> FromCounts(
      size_t capacity, uint64_t max_error, uint64_t unnamed,
      absl::Span<const std::pair<std::string, uint64_t>> counts);

 private:
  void Reduce();

  size_t capacity_;
  uint64_t max_error_ = 0;
  uint64_t unnamed_ = 0;
  absl::flat_hash_map<std::string, uint64_t> counts_;
};

}  // namespace plumbline::profile

#endif  // PLUMBLINE_SERVER_PROFILE_CATEGORY_TALLY_H_
