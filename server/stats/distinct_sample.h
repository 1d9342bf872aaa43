#ifndef PLUMBLINE_SERVER_STATS_DISTINCT_SAMPLE_H_
#define PLUMBLINE_SERVER_STATS_DISTINCT_SAMPLE_H_

#include <cstddef>
#include <cstdint>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"

namespace plumbline::stats {

/// A uniform sample of the distinct values of a stream, each with its exact count: Gibbons (2001),
/// "Distinct sampling for highly-accurate answers to distinct values queries". Holds every value
/// whose 64-bit hash has at least level() leading zero bits; the level rises when more than
/// `capacity` are held. Exact while level() == 0; above, the relative standard error of the number
/// of distinct values is about 1 / sqrt(entries().size()), 0.4% to 0.6% at the default capacity.
/// Hashes must be uniform (see hash.h); equal hashes are the same value. Not thread-safe.
class DistinctSample {
 public:
  static constexpr size_t kDefaultCapacity = 65'536;

  /// A capacity of 0 is taken as 1.
  explicit DistinctSample(size_t capacity = kDefaultCapacity);

  void Add(uint64_t hash, uint64_t count = 1);

  /// As if other's stream had been added here: the level rises to the larger of the two. The
  /// capacity stays. The result does not depend on the order of merges.
  void Merge(const DistinctSample& other);

  /// For storage: a sample with these entries. Errors: InvalidArgument if one is not of the level,
  /// occurs twice or has no count, or there are too many.
  [[nodiscard]] static absl::StatusOr<DistinctSample> FromEntries(
      size_t capacity, int level, absl::Span<const std::pair<uint64_t, uint64_t>> entries);

  /// entries held * 2^level.
  [[nodiscard]] double EstimatedDistinct() const;
  /// Values seen exactly once: entries of count 1 * 2^level.
  [[nodiscard]] double EstimatedSingletons() const;

  [[nodiscard]] int level() const { return level_; }
  [[nodiscard]] size_t capacity() const { return capacity_; }
  /// Hash to count, of the values in the sample.
  [[nodiscard]] const absl::flat_hash_map<uint64_t, uint64_t>& entries() const { return entries_; }

 private:
  bool IsSampled(uint64_t hash) const;
  void RaiseLevel(int level);
  void Shrink();

  size_t capacity_;
  int level_ = 0;
  absl::flat_hash_map<uint64_t, uint64_t> entries_;
};

}  // namespace plumbline::stats

#endif  // PLUMBLINE_SERVER_STATS_DISTINCT_SAMPLE_H_
