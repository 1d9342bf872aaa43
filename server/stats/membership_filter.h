#ifndef PLUMBLINE_SERVER_STATS_MEMBERSHIP_FILTER_H_
#define PLUMBLINE_SERVER_STATS_MEMBERSHIP_FILTER_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace plumbline::stats {

/// Bloom filter over 64-bit hashes (Bloom 1970; the probes by double hashing, Kirsch and
/// Mitzenmacher 2008): says "not a member" only of what was never inserted. Not thread-safe for
/// Insert; const members may be called from many threads at once.
class MembershipFilter {
 public:
  /// Sized for `expected_items` at `false_positive_rate` (clamped to [1e-9, 0.5]), but never above
  /// `max_bytes` of bits (at least 8): past that the rate rises and nothing else breaks.
  MembershipFilter(uint64_t expected_items, double false_positive_rate, size_t max_bytes);

  void Insert(uint64_t hash);

  /// True for every hash inserted, and for a few others.
  [[nodiscard]] bool MayContain(uint64_t hash) const;

  /// The chance that MayContain is true of a hash never inserted, given the bits set now. O(bits).
  [[nodiscard]] double FalsePositiveRate() const;

  [[nodiscard]] size_t bit_bytes() const { return words_.size() * 8; }

  /// A portable form (fixed byte order), and back. FromBytes: InvalidArgument unless the length,
  /// the version and the number of probes are right.
  [[nodiscard]] std::string bytes() const;
  [[nodiscard]] static absl::StatusOr<MembershipFilter> FromBytes(absl::string_view bytes);

 private:
  MembershipFilter(int probes, std::vector<uint64_t> words);

  int probes_;
  std::vector<uint64_t> words_;
};

}  // namespace plumbline::stats

#endif  // PLUMBLINE_SERVER_STATS_MEMBERSHIP_FILTER_H_
