#ifndef PLUMBLINE_SERVER_ENGINE_SEQUENCE_MARKS_H_
#define PLUMBLINE_SERVER_ENGINE_SEQUENCE_MARKS_H_

#include <cstddef>
#include <cstdint>
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
/// known and the holes below it, so a producer in order costs one number. Everything at or below
/// highest() that is in no hole was counted, refused or skipped. Bounded: past max_holes the oldest
/// hole is given up as lost for good.
///
/// A hole is missing at first, lost once Age() has found it older than the grace, and settled when
/// it has been lost for long: nobody is told of it any more, but it still closes if its numbers
/// arrive. Not thread-safe.
class SequenceMarks {
 public:
  enum class Stage : uint8_t { kMissing = 0, kLost = 1, kSettled = 2 };

  struct Hole {
    uint64_t first = 0;
    uint64_t last = 0;
    absl::Time since = {};  // when it was first seen missing
    Stage stage = Stage::kMissing;
  };

  /// All that there is to store.
  struct Parts {
    uint64_t highest = 0;
    std::vector<Hole> holes = {};  // in order
    bool ended = false;
    uint64_t cleared = 0;
    uint64_t given_up = 0;
    uint64_t given_up_settled = 0;  // of them
    absl::Time given_up_at = {};    // the latest of them
    uint64_t forgotten_until = 0;
  };

  static constexpr size_t kDefaultMaxHoles = 1024;

  explicit SequenceMarks(size_t max_holes = kDefaultMaxHoles) : max_holes_(max_holes) {}

  /// Errors: InvalidArgument if the holes overlap, are out of order or reach beyond the highest
  /// number, or if more is settled than was given up.
  static absl::StatusOr<SequenceMarks> Restore(const Parts& parts,
                                               size_t max_holes = kDefaultMaxHoles);
  [[nodiscard]] Parts parts() const;

  /// What `sequence` would be worth, without marking it.
  [[nodiscard]] Claim Look(uint64_t sequence) const;
  /// Marks `sequence` as seen if it is new. Cost: O(log holes).
  Claim Take(uint64_t sequence, absl::Time now);
  /// Marks [first, last] as given up by the producer: not loss. An empty or invalid range does
  /// nothing.
  void Skip(uint64_t first, uint64_t last, absl::Time now);
  /// The producer used no number above `last`: what is missing up to it becomes a hole. False if
  /// that cannot be, for a higher one has been seen or declared.
  bool End(uint64_t last, absl::Time now);

  /// Calls holes lost that are `grace` old, and settles those that have been lost for `memory`.
  /// True if anything changed. Cost: O(holes), O(1) without any.
  bool Age(absl::Time now, absl::Duration grace, absl::Duration memory);
  /// Gives up the older half of the holes, at least one if there is one: their numbers are lost
  /// now, and refused from now on.
  void GiveUpHalf(absl::Time now);

  [[nodiscard]] uint64_t highest() const { return highest_; }
  /// Every number up to here has been seen.
  [[nodiscard]] uint64_t contiguous() const;
  [[nodiscard]] size_t holes() const { return holes_.size(); }
  /// No number above highest() was used.
  [[nodiscard]] bool ended() const { return ended_; }

  /// Numbers that are missing, and not lost yet.
  [[nodiscard]] uint64_t missing() const { return in_stage_[0]; }
  /// Numbers lost and not settled: those that somebody should know of.
  [[nodiscard]] uint64_t lost() const { return in_stage_[1] + given_up_ - given_up_settled_; }
  [[nodiscard]] uint64_t settled() const { return in_stage_[2] + given_up_settled_; }
  /// Numbers ever called lost, and those of them that arrived or were skipped after all. Both only
  /// grow.
  [[nodiscard]] uint64_t called_lost() const { return cleared_ + lost() + settled(); }
  [[nodiscard]] uint64_t cleared() const { return cleared_; }
  [[nodiscard]] uint64_t given_up() const { return given_up_; }
  /// Numbers that are missing or lost, not settled, and were first missed at `since` or later.
  /// Cost: O(holes).
  [[nodiscard]] uint64_t MissingSince(absl::Time since) const;

 private:
  struct Span {
    uint64_t last;
    absl::Time since;
    Stage stage;
  };

  // Takes [first, last] out of the holes; all of it is at or below highest_.
  void Close(uint64_t first, uint64_t last);
  void Open(uint64_t first, uint64_t last, absl::Time since);
  void Put(uint64_t first, const Span& span);
  void GiveUpOldest(absl::Time now);
  uint64_t& InStage(Stage stage) { return in_stage_[static_cast<size_t>(stage)]; }

  size_t max_holes_;
  uint64_t highest_ = 0;
  absl::btree_map<uint64_t, Span> holes_;  // by first number
  uint64_t in_stage_[3] = {0, 0, 0};       // numbers in holes, by stage
  uint64_t cleared_ = 0;
  uint64_t given_up_ = 0;
  uint64_t given_up_settled_ = 0;
  absl::Time given_up_at_;
  uint64_t forgotten_until_ = 0;  // holes at or below this were given up
  bool ended_ = false;
};

}  // namespace plumbline::engine

#endif  // PLUMBLINE_SERVER_ENGINE_SEQUENCE_MARKS_H_
