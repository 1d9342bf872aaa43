#ifndef PLUMBLINE_SERVER_STATS_HEAVY_HITTERS_H_
#define PLUMBLINE_SERVER_STATS_HEAVY_HITTERS_H_

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"

namespace plumbline::stats {

/// The keys that make up more than 1 / capacity of a weighted stream, in bounded memory: Misra and
/// Gries (1982), merged as in Agarwal et al. (2012), "Mergeable summaries". Every key whose true
/// weight is above MaxError() is among the candidates. Exact while no more than 2 * capacity
/// distinct keys came in. Deterministic. Not thread-safe.
class HeavyHitters {
 public:
  struct Candidate {
    uint64_t key = 0;
    uint64_t lower = 0;  // the true weight is at least this
    uint64_t upper = 0;  // and at most this: lower + MaxError()
  };

  /// Holds up to 2 * capacity keys; a capacity of 0 is taken as 1.
  explicit HeavyHitters(size_t capacity);

  /// Amortised O(1). A weight of 0 does nothing.
  void Add(uint64_t key, uint64_t weight = 1);

  /// As if other's stream had been added here; the errors add. The capacity stays.
  void Merge(const HeavyHitters& other);

  /// For storage: those candidates, by key and lower bound. Errors: InvalidArgument if one occurs
  /// twice or has no weight, there are too many, or they weigh more than all together.
  [[nodiscard]] static absl::StatusOr<HeavyHitters> FromCandidates(
      size_t capacity, uint64_t total_weight, uint64_t max_error,
      absl::Span<const std::pair<uint64_t, uint64_t>> candidates);

  /// Heaviest first (by lower bound, then by key); at most 2 * capacity.
  [[nodiscard]] std::vector<Candidate> Candidates() const;

  /// Bounds of one key's weight; a key not held is in [0, MaxError()].
  [[nodiscard]] Candidate Estimate(uint64_t key) const;

  /// No weight is underestimated by more; at most TotalWeight() / (capacity + 1). 0 = exact.
  [[nodiscard]] uint64_t MaxError() const { return error_; }
  [[nodiscard]] uint64_t TotalWeight() const { return total_; }
  [[nodiscard]] size_t capacity() const { return capacity_; }

 private:
  // Back to at most capacity_ keys, by taking the (capacity_ + 1)-th largest count off all.
  void Reduce();

  size_t capacity_;
  uint64_t total_ = 0;
  uint64_t error_ = 0;
  absl::flat_hash_map<uint64_t, uint64_t> counts_;
};

}  // namespace plumbline::stats

#endif  // PLUMBLINE_SERVER_STATS_HEAVY_HITTERS_H_
