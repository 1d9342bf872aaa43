#include "server/engine/sequence_marks.h"

#include <algorithm>
#include <iterator>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

namespace plumbline::engine {

absl::StatusOr<SequenceMarks> SequenceMarks::Restore(const Parts& parts, size_t max_holes) {
  SequenceMarks marks(max_holes);
  marks.highest_ = parts.highest;
  marks.ended_ = parts.ended;
  marks.cleared_ = parts.cleared;
  marks.given_up_ = parts.given_up;
  marks.given_up_settled_ = parts.given_up_settled;
  marks.given_up_at_ = parts.given_up_at;
  marks.forgotten_until_ = parts.forgotten_until;
  if (parts.given_up_settled > parts.given_up) {
    return absl::InvalidArgumentError(absl::StrCat(parts.given_up_settled, " numbers of ",
                                                   parts.given_up, " given up are settled"));
  }
  uint64_t before = 0;  // the last number that cannot belong to the next hole
  for (const Hole& hole : parts.holes) {
    // Two may touch: see Open.
    if (hole.first <= before || hole.last < hole.first || hole.last > parts.highest ||
        (hole.last == parts.highest && !parts.ended)) {
      return absl::InvalidArgumentError(absl::StrCat("hole ", hole.first, " to ", hole.last,
                                                     " does not fit below ", parts.highest));
    }
    marks.Put(hole.first, {hole.last, hole.since, hole.stage});
    before = hole.last;
  }
  return marks;
}

SequenceMarks::Parts SequenceMarks::parts() const {
  Parts parts{.highest = highest_,
              .holes = {},
              .ended = ended_,
              .cleared = cleared_,
              .given_up = given_up_,
              .given_up_settled = given_up_settled_,
              .given_up_at = given_up_at_,
              .forgotten_until = forgotten_until_};
  parts.holes.reserve(holes_.size());
  for (const auto& [first, span] : holes_) {
    parts.holes.push_back({first, span.last, span.since, span.stage});
  }
  return parts;
}

Claim SequenceMarks::Look(uint64_t sequence) const {
  if (sequence == 0) return Claim::kInvalid;
  if (sequence > highest_) return ended_ ? Claim::kInvalid : Claim::kNew;
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
  // Beyond a declared end there is nothing to give up.
  if (ended_) last = std::min(last, highest_);
  if (first == 0 || last < first) return;
  if (last > highest_) {
    const uint64_t old_highest = highest_;
    highest_ = last;
    if (first > old_highest + 1) Open(old_highest + 1, first - 1, now);
    last = old_highest;
  }
  if (first <= last) Close(first, last);
}

bool SequenceMarks::End(uint64_t last, absl::Time now) {
  if (last < highest_) return false;
  ended_ = true;
  if (last > highest_) {
    const uint64_t old_highest = highest_;
    highest_ = last;
    Open(old_highest + 1, last, now);
  }
  return true;
}

void SequenceMarks::Put(uint64_t first, const Span& span) {
  holes_.emplace(first, span);
  InStage(span.stage) += span.last - first + 1;
}

void SequenceMarks::Close(uint64_t first, uint64_t last) {
  auto hole = holes_.upper_bound(first);
  if (hole != holes_.begin() && std::prev(hole)->second.last >= first) --hole;
  while (hole != holes_.end() && hole->first <= last) {
    const uint64_t hole_first = hole->first;
    const Span span = hole->second;
    holes_.erase(hole);
    InStage(span.stage) -= span.last - hole_first + 1;
    if (span.stage != Stage::kMissing) {
      cleared_ += std::min(span.last, last) - std::max(hole_first, first) + 1;
    }
    if (hole_first < first) Put(hole_first, {first - 1, span.since, span.stage});
    if (span.last > last) Put(last + 1, span);
    hole = holes_.upper_bound(std::max(hole_first, first));
  }
}

void SequenceMarks::Open(uint64_t first, uint64_t last, absl::Time since) {
  // Two holes touch when a declared end is followed by nothing; they keep their own times.
  Put(first, {last, since, Stage::kMissing});
  while (holes_.size() > max_holes_) GiveUpOldest(since);
}

void SequenceMarks::GiveUpOldest(absl::Time now) {
  const auto oldest = holes_.begin();
  const uint64_t numbers = oldest->second.last - oldest->first + 1;
  InStage(oldest->second.stage) -= numbers;
  given_up_ += numbers;
  // What nobody was to be told of any more stays so.
  if (oldest->second.stage == Stage::kSettled) given_up_settled_ += numbers;
  given_up_at_ = now;
  forgotten_until_ = std::max(forgotten_until_, oldest->second.last);
  holes_.erase(oldest);
}

void SequenceMarks::GiveUpHalf(absl::Time now) {
  for (size_t left = (holes_.size() + 1) / 2; left > 0; --left) GiveUpOldest(now);
}

bool SequenceMarks::Age(absl::Time now, absl::Duration grace, absl::Duration memory) {
  bool changed = false;
  if (given_up_settled_ != given_up_ && now - given_up_at_ >= memory) {
    given_up_settled_ = given_up_;
    changed = true;
  }
  if (in_stage_[0] == 0 && in_stage_[1] == 0) return changed;
  for (auto& [first, span] : holes_) {
    Stage stage = span.stage;
    if (stage == Stage::kMissing && now - span.since >= grace) stage = Stage::kLost;
    if (stage == Stage::kLost && now - span.since >= grace + memory) stage = Stage::kSettled;
    if (stage == span.stage) continue;
    const uint64_t numbers = span.last - first + 1;
    InStage(span.stage) -= numbers;
    InStage(stage) += numbers;
    span.stage = stage;
    changed = true;
  }
  return changed;
}

uint64_t SequenceMarks::MissingSince(absl::Time since) const {
  uint64_t missing = 0;
  for (const auto& [first, span] : holes_) {
    if (span.stage != Stage::kSettled && span.since >= since) missing += span.last - first + 1;
  }
  if (given_up_ > given_up_settled_ && given_up_at_ >= since)
    missing += given_up_ - given_up_settled_;
  return missing;
}

uint64_t SequenceMarks::contiguous() const {
  return holes_.empty() ? highest_ : holes_.begin()->first - 1;
}

}  // namespace plumbline::engine
