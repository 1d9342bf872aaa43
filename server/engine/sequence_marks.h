#ifndef PLUMBLINE_SERVER_ENGINE_SEQUENCE_MARKS_H_
#define PLUMBLINE_SERVER_ENGINE_SEQUENCE_MARKS_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "absl/container/btree_map.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"

namespace plumbline::engine {

/// What a sequence number is worth.
enum class Claim {
  kNew,        // never seen: count it
  kDuplicate,  // seen before: acknowledge it, count nothing
  kForgotten,  // so old that nobody knows any more: refuse it, count nothing
  kInvalid,    // 0, or beyond the end that the producer declared: refuse it
};

/// Which sequence numbers of one epoch of one producer have arrived. Held as the highest number
/// seen and the holes below it, so a producer in order costs one number. Everything at or below
/// highest() that is in no hole was counted, refused or skipped. Bounded: past max_holes the oldest
/// hole is given up as lost for good. Not thread-safe.
class SequenceMarks {
 public:
  struct Hole {
    uint64_t first = 0;
    uint64_t last = 0;
    absl::Time since;  // when it was first seen missing
  };

  static constexpr size_t kDefaultMaxHoles = 1024;

  explicit SequenceMarks(size_t max_holes = kDefaultMaxHoles) : max_holes_(max_holes) {}

  /// As stored. Errors: InvalidArgument if the holes overlap, are out of order or reach beyond
  /// `highest`.
  static absl::StatusOr<SequenceMarks> Restore(uint64_t highest, const std::vector<Hole>& holes,
                                               uint64_t lost, uint64_t forgotten_until,
                                               std::optional<uint64_t> ended_at,
                                               size_t max_holes = kDefaultMaxHoles);

  /// What `sequence` would be worth, without marking it.
  [[nodiscard]] Claim Look(uint64_t sequence) const;
  /// Marks `sequence` as seen if it is new. Cost: O(log holes).
  Claim Take(uint64_t sequence, absl::Time now);
  /// Marks [first, last] as given up by the producer: not loss. An empty or invalid range does
  /// nothing.
  void Skip(uint64_t first, uint64_t last, absl::Time now);
  /// The producer used no number above `last`: what is missing up to it becomes a hole. Ignored
  /// below highest().
  void End(uint64_t last, absl::Time now);

  /// Numbers in holes at least `grace` old, and those given up as lost. A late arrival takes its
  /// number out again.
  [[nodiscard]] uint64_t Lost(absl::Time now, absl::Duration grace) const;

  [[nodiscard]] uint64_t highest() const { return highest_; }
  /// Every number up to here has been seen.
  [[nodiscard]] uint64_t contiguous() const;
  [[nodiscard]] std::vector<Hole> holes() const;
  [[nodiscard]] uint64_t given_up() const { return given_up_; }
  [[nodiscard]] uint64_t forgotten_until() const { return forgotten_until_; }
  [[nodiscard]] std::optional<uint64_t> ended_at() const { return ended_at_; }

 private:
  struct Span {
    uint64_t last;
    absl::Time since;
  };

  // Takes [first, last] out of the holes; all of it is at or below highest_.
  void Close(uint64_t first, uint64_t last);
  void Open(uint64_t first, uint64_t last, absl::Time since);

  size_t max_holes_;
  uint64_t highest_ = 0;
  absl::btree_map<uint64_t, Span> holes_;  // by first number
  uint64_t given_up_ = 0;
  uint64_t forgotten_until_ = 0;  // holes at or below this were given up
  std::optional<uint64_t> ended_at_;
};

}  // namespace plumbline::engine

#endif  // PLUMBLINE_SERVER_ENGINE_SEQUENCE_MARKS_H_
