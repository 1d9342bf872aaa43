#include "server/engine/sequence_marks.h"

#include <algorithm>
#include <iterator>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

namespace plumbline::engine {

absl::StatusOr<SequenceMarks> SequenceMarks::Restore(uint64_t highest,
                                                     const std::vector<Hole>& holes, uint64_t lost,
                                                     uint64_t forgotten_until,
                                                     std::optional<uint64_t> ended_at,
                                                     size_t max_holes) {
  SequenceMarks marks(max_holes);
  marks.highest_ = highest;
  marks.given_up_ = lost;
  marks.forgotten_until_ = forgotten_until;
  marks.ended_at_ = ended_at;
  uint64_t before = 0;  // the last number that cannot belong to the next hole
  for (const Hole& hole : holes) {
    // Two may touch: see Open.
    if (hole.first <= before || hole.last < hole.first || hole.last > highest ||
        (hole.last == highest && !ended_at.has_value())) {
      return absl::InvalidArgumentError(
          absl::StrCat("hole ", hole.first, " to ", hole.last, " does not fit below ", highest));
    }
    marks.holes_.emplace(hole.first, Span{hole.last, hole.since});
    before = hole.last;
  }
  return marks;
}

Claim SequenceMarks::Look(uint64_t sequence) const {
  if (sequence == 0) return Claim::kInvalid;
  if (sequence > highest_) {
    const bool past_end = ended_at_.has_value() && sequence > *ended_at_;
    return past_end ? Claim::kInvalid : Claim::kNew;
  }
  const auto after = holes_.upper_bound(sequence);
  if (after != holes_.begin() && std::prev(after)->second.last >= sequence) return Claim::kNew;
  return sequence <= forgotten_until_ ? Claim::kForgotten : Claim::kDuplicate;
}

Claim SequenceMarks::Take(uint64_t sequence, absl::Time now) {
  const Claim claim = Look(sequence);
  if (claim == Claim::kNew) Skip(sequence, sequence, now);
  return claim;
}

void SequenceMarks::Skip(uint64_t first, uint64_t last, absl::Time now) {
  if (first == 0 || last < first) return;
  if (last > highest_) {
    if (first > highest_ + 1) Open(highest_ + 1, first - 1, now);
    const uint64_t old_highest = highest_;
    highest_ = last;
    last = old_highest;
  }
  if (first <= last) Close(first, last);
}

void SequenceMarks::End(uint64_t last, absl::Time now) {
  if (last < highest_) return;
  ended_at_ = last;
  if (last > highest_) {
    Open(highest_ + 1, last, now);
    highest_ = last;
  }
}

void SequenceMarks::Close(uint64_t first, uint64_t last) {
  auto hole = holes_.upper_bound(first);
  if (hole != holes_.begin() && std::prev(hole)->second.last >= first) --hole;
  while (hole != holes_.end() && hole->first <= last) {
    const uint64_t hole_first = hole->first;
    const Span span = hole->second;
    holes_.erase(hole);
    if (hole_first < first) holes_.emplace(hole_first, Span{first - 1, span.since});
    if (span.last > last) holes_.emplace(last + 1, Span{span.last, span.since});
    hole = holes_.upper_bound(std::max(hole_first, first));
  }
}

void SequenceMarks::Open(uint64_t first, uint64_t last, absl::Time since) {
  // Two holes touch when a declared end is followed by nothing; they keep their own times.
  holes_.emplace(first, Span{last, since});
  while (holes_.size() > max_holes_) {
    const auto oldest = holes_.begin();
    given_up_ += oldest->second.last - oldest->first + 1;
    forgotten_until_ = std::max(forgotten_until_, oldest->second.last);
    holes_.erase(oldest);
  }
}

uint64_t SequenceMarks::Lost(absl::Time now, absl::Duration grace) const {
  uint64_t lost = given_up_;
  for (const auto& [first, span] : holes_) {
    if (now - span.since >= grace) lost += span.last - first + 1;
  }
  return lost;
}

uint64_t SequenceMarks::contiguous() const {
  return holes_.empty() ? highest_ : holes_.begin()->first - 1;
}

std::vector<SequenceMarks::Hole> SequenceMarks::holes() const {
  std::vector<Hole> holes;
  holes.reserve(holes_.size());
  for (const auto& [first, span] : holes_) holes.push_back({first, span.last, span.since});
  return holes;
}

}  // namespace plumbline::engine
