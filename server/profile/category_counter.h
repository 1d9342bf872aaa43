#ifndef PLUMBLINE_SERVER_PROFILE_CATEGORY_COUNTER_H_
#define PLUMBLINE_SERVER_PROFILE_CATEGORY_COUNTER_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "server/profile/categories.h"
#include "server/profile/code_counts.h"
#include "server/profile/gap_clock.h"
#include "server/profile/left_out.h"
#include "server/stats/membership_filter.h"

namespace plumbline::profile {

/// The second pass over a categorical variable. The first found hashes of candidates for a name;
/// here they get their names, and what is no candidate goes into the membership filter. Codes are
/// the candidates' until Finish ranks them. Not thread-safe.
class CategoryCounter {
 public:
  /// `expected_rest`: distinct categories that will not be candidates. `level`: the spans of those
  /// are kept of one in 2^level, see stats::DistinctSample.
  CategoryCounter(std::vector<uint64_t> candidates, double expected_rest, int level,
                  size_t max_filter_bytes, int64_t start_micros);

  size_t candidates() const { return names_.size(); }

  /// The candidate's index, or candidates() for one of the rest.
  uint32_t Code(absl::string_view category);

  /// A category of this code was seen: starts its gap anew.
  void See(uint32_t code, uint64_t row, int64_t micros) {
    if (code < gaps_.size()) gaps_[code].See(row, micros);
  }
  /// `rows` of this category, which has this code, came in this piece of the rows, which is not
  /// before those seen.
  void SeeIn(uint64_t piece, absl::string_view category, uint32_t code, uint64_t rows = 1);

  struct Result {
    CategoryTable table;
    /// Of the table, for each candidate's code and that of the rest and of the unseen.
    std::vector<uint32_t> final_codes;
    std::vector<uint64_t> longest_gap_rows;  // by category of the table
    std::vector<int64_t> longest_gap_micros;
    SpanSample rest;  // by piece, of all that the table does not keep by name
  };
  /// Keeps the `max_kept` candidates with the largest `counts` (by candidate's code), equal ones by
  /// name; the others join the rest.
  absl::StatusOr<Result> Finish(const CodeCounts& counts, size_t max_kept, uint64_t rows,
                                int64_t end_micros) &&;

 private:
  absl::flat_hash_map<uint64_t, uint32_t> code_of_hash_;
  std::vector<std::string> names_;
  std::vector<bool> named_;
  std::vector<GapClock> gaps_;
  std::vector<CategorySpan> spans_;
  stats::MembershipFilter rest_;
  int level_;
  absl::flat_hash_map<uint64_t, CategorySpan> rest_spans_;  // as many as the first pass's sample
};

}  // namespace plumbline::profile

#endif  // PLUMBLINE_SERVER_PROFILE_CATEGORY_COUNTER_H_
