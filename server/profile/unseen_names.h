#ifndef PLUMBLINE_SERVER_PROFILE_UNSEEN_NAMES_H_
#define PLUMBLINE_SERVER_PROFILE_UNSEEN_NAMES_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/btree_map.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"

namespace plumbline::profile {

/// The names of the most frequent unseen categories, in bounded memory: Misra and Gries (1982) over
/// kCapacity names, each cut to kMaxBytes. A count is at least what it says, and exact while there
/// were no more than kCapacity different names; a name with more than 1 / (kCapacity + 1) of the
/// unseen rows is always there. For words only: verdicts use the exact count of unseen rows. Not
/// thread-safe.
class UnseenNames {
 public:
  static constexpr size_t kCapacity = 20;
  static constexpr size_t kMaxBytes = 64;

  void Add(absl::string_view name, uint64_t rows = 1);
  /// Adds names that differ (once cut) with their rows, as one summary is merged with another
  /// (Agarwal et al. 2012, "Mergeable summaries"): the bounds stay. Cost: O(names), where Add may
  /// take kCapacity steps for each.
  void AddMany(absl::Span<const std::pair<absl::string_view, uint64_t>> names);
  void Merge(const UnseenNames& other);
  void Clear() { rows_.clear(); }

  /// At most kMaxBytes of the name, not ending in the middle of a character of UTF-8.
  static absl::string_view Cut(absl::string_view name);

  bool empty() const { return rows_.empty(); }
  /// By name.
  const absl::btree_map<std::string, uint64_t>& rows() const { return rows_; }
  /// The most frequent first, at most `limit`.
  std::vector<std::pair<std::string, uint64_t>> MostFrequent(size_t limit) const;

  friend bool operator==(const UnseenNames&, const UnseenNames&) = default;

 private:
  absl::btree_map<std::string, uint64_t> rows_;
};

}  // namespace plumbline::profile

#endif  // PLUMBLINE_SERVER_PROFILE_UNSEEN_NAMES_H_
