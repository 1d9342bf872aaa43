// Any order of arrivals, skips and ends, stored and restored in between, against a model that
// remembers every number. Input: the bound on holes, then operations of three bytes: what, and two
// numbers.
#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <string>

#include "server/engine/records.h"
#include "server/engine/sequence_marks.h"
#include "tests/fuzz/fuzz.h"

namespace plumbline::fuzz {
namespace {

using engine::Claim;
using engine::SequenceMarks;

constexpr absl::Duration kGrace = absl::Seconds(60);
constexpr absl::Duration kMemory = absl::Seconds(600);

using Stage = SequenceMarks::Stage;

// The obvious version: every missing number by itself.
class Naive {
 public:
  explicit Naive(size_t max_holes) : max_holes_(max_holes) {}

  Claim Look(uint64_t number) const {
    if (number == 0) return Claim::kInvalid;
    if (number > highest_) {
      return end_.has_value() && number > *end_ ? Claim::kInvalid : Claim::kNew;
    }
    if (missing_.contains(number)) return Claim::kNew;
    return number <= forgotten_until_ ? Claim::kForgotten : Claim::kDuplicate;
  }

  Claim Take(uint64_t number, absl::Time now) {
    const Claim claim = Look(number);
    if (claim == Claim::kNew) {
      Check(taken_.insert(number).second, "no number is counted twice");
      Skip(number, number, now);
    }
    return claim;
  }

  void Skip(uint64_t first, uint64_t last, absl::Time now) {
    if (end_.has_value()) last = std::min(last, *end_);
    if (first == 0 || last < first) return;
    if (first > highest_) Miss(highest_ + 1, first - 1, now);
    for (uint64_t number = first; number <= last; ++number) {
      const auto hole = missing_.find(number);
      if (hole == missing_.end()) continue;
      cleared_ += hole->second.stage != Stage::kMissing ? 1 : 0;
      missing_.erase(hole);
    }
    highest_ = std::max(highest_, last);
  }

  bool End(uint64_t last, absl::Time now) {
    if (last < highest_) return false;
    end_ = last;
    Miss(highest_ + 1, last, now);
    highest_ = last;
    return true;
  }

  void Age(absl::Time now) {
    for (auto& [number, hole] : missing_) {
      const absl::Duration age = now - hole.since;
      if (hole.stage == Stage::kMissing && age >= kGrace) hole.stage = Stage::kLost;
      if (hole.stage == Stage::kLost && age >= kGrace + kMemory) hole.stage = Stage::kSettled;
    }
    if (now - given_up_at_ >= kMemory) given_up_untold_ = 0;
  }

  // The older half.
  void GiveUpHalf(absl::Time now) {
    for (size_t left = (Holes() + 1) / 2; left > 0; --left) GiveUpOldest(now);
  }

  uint64_t At(Stage stage) const {
    uint64_t count = 0;
    for (const auto& [number, hole] : missing_) count += hole.stage == stage ? 1 : 0;
    return count;
  }
  uint64_t lost() const { return At(Stage::kLost) + given_up_untold_; }
  uint64_t cleared() const { return cleared_; }
  uint64_t called_lost() const {
    return At(Stage::kLost) + At(Stage::kSettled) + given_up_ + cleared_;
  }

  uint64_t highest() const { return highest_; }
  uint64_t given_up() const { return given_up_; }

 private:
  struct Hole {
    absl::Time since;
    int id;  // holes that touch are two if they were opened apart
    Stage stage = Stage::kMissing;
  };

  void Miss(uint64_t first, uint64_t last, absl::Time now) {
    if (first > last) return;
    for (uint64_t number = first; number <= last; ++number)
      missing_[number] = {now, next_id_, Stage::kMissing};
    ++next_id_;
    while (Holes() > max_holes_) GiveUpOldest(now);
  }

  size_t Holes() const {
    size_t holes = 0;
    std::optional<std::pair<uint64_t, int>> before;
    for (const auto& [number, hole] : missing_) {
      if (!before.has_value() || before->first + 1 != number || before->second != hole.id) ++holes;
      before = {number, hole.id};
    }
    return holes;
  }

  void GiveUpOldest(absl::Time now) {
    given_up_at_ = now;
    const int id = missing_.begin()->second.id;
    uint64_t number = missing_.begin()->first;
    while (!missing_.empty() && missing_.begin()->first == number &&
           missing_.begin()->second.id == id) {
      given_up_untold_ += missing_.begin()->second.stage != Stage::kSettled ? 1 : 0;
      missing_.erase(missing_.begin());
      forgotten_until_ = std::max(forgotten_until_, number++);
      ++given_up_;
    }
  }

  const size_t max_holes_;
  uint64_t highest_ = 0;
  uint64_t given_up_ = 0;
  uint64_t given_up_untold_ = 0;
  absl::Time given_up_at_;
  uint64_t cleared_ = 0;
  uint64_t forgotten_until_ = 0;
  std::optional<uint64_t> end_;
  std::map<uint64_t, Hole> missing_;
  std::set<uint64_t> taken_;
  int next_id_ = 0;
};

SequenceMarks StoredAndRestored(const SequenceMarks& marks, size_t max_holes) {
  auto restored = SequenceMarks::Restore(marks.parts(), max_holes);
  Check(restored.ok(), "marks that were stored can be restored");
  storage::v1::ProducerRecord record;
  engine::MarksToRecord(marks, &record);
  Check(engine::MarksFromRecord(record).ok(), "their record can be read");
  return *std::move(restored);
}

}  // namespace

std::vector<std::string> Seeds() {
  return {{'\x40', 0, 1, 0, 0, 2, 0, 0, 3, 0, 0, 2, 0},
          {'\x02', 0, 2, 0, 0, 4, 0, 0, 6, 0, 0, 8, 0, 0, 1, 0, 4, 0, 0, 0, 3, 0},
          {'\x40', 0, 1, 0, 0, 9, 0, 1, 3, 5, 2, 12, 0, 4, 0, 0, 0, 12, 0, 0, 13, 0, 3, 90, 0},
          {'\x04', 0,      9, 0, 0,      5, 0, 3, 70, 0, 0, 12, 0, 3,  50, '\xff',
           3,      '\xff', 0, 3, '\xff', 0, 0, 7, 0,  4, 0, 0,  0, 11, 0}};
}

}  // namespace plumbline::fuzz

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace plumbline::fuzz;
  if (size == 0) return 0;
  const size_t max_holes = 1 + data[0] % 64;
  SequenceMarks marks(max_holes);
  Naive naive(max_holes);
  absl::Time now = absl::FromUnixSeconds(1'000'000);
  for (size_t at = 1; at + 2 < size; at += 3) {
    const uint64_t a = data[at + 1], b = data[at + 2];
    switch (data[at] % 5) {
      case 0:
        Check(marks.Look(a) == naive.Look(a), "what a number is worth");
        Check(marks.Take(a, now) == naive.Take(a, now), "what a number was worth");
        break;
      case 1:
        marks.Skip(a, b, now);
        naive.Skip(a, b, now);
        break;
      case 2:
        Check(marks.End(a, now) == naive.End(a, now), "whether that can be the end");
        break;
      case 3:
        now += absl::Seconds(a);
        marks.Age(now, kGrace, kMemory);
        naive.Age(now);
        if (b != 255) break;  // seldom, or nothing would grow old
        marks.GiveUpHalf(now);
        naive.GiveUpHalf(now);
        break;
      default:
        marks = StoredAndRestored(marks, max_holes);
    }
    Check(marks.highest() == naive.highest(), "the highest number");
    Check(marks.given_up() == naive.given_up(), "how many were given up");
    Check(marks.missing() == naive.At(Stage::kMissing), "how many are missing");
    Check(marks.lost() == naive.lost(), "how many are lost");
    Check(marks.cleared() == naive.cleared(), "how many arrived after all");
    Check(marks.called_lost() == naive.called_lost(), "how many were ever lost");
  }
  for (uint64_t number = 0; number <= 256; ++number) {
    Check(marks.Look(number) == naive.Look(number), "what every number is worth");
  }
  return 0;
}
