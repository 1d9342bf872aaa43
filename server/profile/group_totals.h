#ifndef PLUMBLINE_SERVER_PROFILE_GROUP_TOTALS_H_
#define PLUMBLINE_SERVER_PROFILE_GROUP_TOTALS_H_

#include <bit>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/container/btree_map.h"
#include "absl/strings/string_view.h"
#include "server/stats/super_accumulator.h"

namespace plumbline::profile {

/// What one group of rows, those with one value of a categorical variable, adds up to.
struct GroupTotal {
  std::string name;
  bool is_null = false;  // the rows without a value
  uint64_t rows = 0;
  /// By numeric variable, in the profile's order: finite values and their exact sum.
  std::vector<uint64_t> counts;
  std::vector<stats::SuperAccumulator> sums;
};

/// Totals by the values of one categorical variable (SELECT g, count(*), sum(x) ... GROUP BY g).
/// Up to `capacity` groups: all of them; beyond, a uniform sample of the groups, chosen by the hash
/// of their value, so that two data sets sample the same ones. Each group that is there is exact,
/// and the whole is the same in any order and over any partition. Not thread-safe.
struct GroupTotals {
  std::string variable;
  size_t capacity = 256;
  /// Groups whose hash has so many leading zero bits are there; 0: all.
  int level = 0;
  absl::btree_map<uint64_t, GroupTotal> groups;  // by hash

  [[nodiscard]] bool IsSampled(uint64_t hash) const { return std::countl_zero(hash) >= level; }
  /// The group, made if need be, of `numeric` variables; nullptr if it is not in the sample. Others
  /// may go: their pointers are of no use any more.
  GroupTotal* Find(uint64_t hash, absl::string_view name, bool is_null, size_t numeric);
  /// Both are of the same variables.
  void Merge(const GroupTotals& other);

 private:
  void Shrink();
};

}  // namespace plumbline::profile

#endif  // PLUMBLINE_SERVER_PROFILE_GROUP_TOTALS_H_
