#include "server/engine/sequence_marks.h"

#include <random>
#include <set>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace plumbline::engine {
namespace {

const absl::Time kFirstMark = absl::FromUnixSeconds(1'000'000);
constexpr absl::Duration kGrace = absl::Seconds(60);
constexpr absl::Duration kMemory = absl::Hours(24);

// What is lost once the marks have been looked at.
uint64_t LostAt(absl::Time now, SequenceMarks* marks) {
  marks->Age(now, kGrace, kMemory);
  return marks->lost();
}

TEST(SequenceMarks, CountsEachNumberOnce) {
  SequenceMarks marks;
  EXPECT_EQ(marks.Take(1, kFirstMark), Claim::kNew);
  EXPECT_EQ(marks.Take(1, kFirstMark), Claim::kDuplicate);
  EXPECT_EQ(marks.Take(2, kFirstMark), Claim::kNew);
  EXPECT_EQ(marks.contiguous(), 2u);
  EXPECT_EQ(marks.Take(0, kFirstMark), Claim::kInvalid);
}

TEST(SequenceMarks, CallsAHoleLossOnlyAfterTheGrace) {
  SequenceMarks marks;
  marks.Take(1, kFirstMark);
  marks.Take(5, kFirstMark);
  EXPECT_EQ(marks.missing(), 3u);
  EXPECT_EQ(LostAt(kFirstMark + kGrace - absl::Microseconds(1), &marks), 0u);
  EXPECT_EQ(LostAt(kFirstMark + kGrace, &marks), 3u);
  EXPECT_EQ(marks.missing(), 0u);
  EXPECT_EQ(marks.Take(3, kFirstMark + absl::Seconds(90)), Claim::kNew);
  EXPECT_EQ(marks.lost(), 2u);
  EXPECT_EQ(marks.contiguous(), 1u);
}

TEST(SequenceMarks, ALateArrivalClearsWhatWasCalledLostAndTheTotalStays) {
  SequenceMarks marks;
  marks.Take(10, kFirstMark);
  EXPECT_EQ(LostAt(kFirstMark + kGrace, &marks), 9u);
  EXPECT_EQ(marks.called_lost(), 9u);
  marks.Take(4, kFirstMark + kGrace);
  marks.Skip(6, 7, kFirstMark + kGrace);
  EXPECT_EQ(marks.lost(), 6u);
  EXPECT_EQ(marks.cleared(), 3u);
  EXPECT_EQ(marks.called_lost(), 9u);
  marks.Take(12, kFirstMark + kGrace);  // 11 arrives in time
  marks.Take(11, kFirstMark + 2 * kGrace - absl::Microseconds(1));
  EXPECT_EQ(LostAt(kFirstMark + 3 * kGrace, &marks), 6u);
  EXPECT_EQ(marks.called_lost(), 9u);
  EXPECT_EQ(marks.cleared(), 3u);
}

TEST(SequenceMarks, SkippedNumbersAreNoLoss) {
  SequenceMarks marks;
  marks.Take(1, kFirstMark);
  marks.Take(10, kFirstMark);
  marks.Skip(2, 12, kFirstMark);
  EXPECT_EQ(marks.contiguous(), 12u);
  EXPECT_EQ(LostAt(absl::InfiniteFuture(), &marks), 0u);
  EXPECT_EQ(marks.Take(11, kFirstMark), Claim::kDuplicate);
}

TEST(SequenceMarks, AnEndShowsTheLostTail) {
  SequenceMarks marks;
  marks.Take(1, kFirstMark);
  EXPECT_TRUE(marks.End(4, kFirstMark));
  EXPECT_EQ(LostAt(kFirstMark + kGrace, &marks), 3u);
  EXPECT_EQ(marks.Take(5, kFirstMark), Claim::kInvalid);
  EXPECT_EQ(marks.Take(4, kFirstMark), Claim::kNew);
  EXPECT_EQ(marks.lost(), 2u);
  marks.Skip(3, 9, kFirstMark);  // beyond the end there is nothing
  EXPECT_EQ(marks.highest(), 4u);
  EXPECT_EQ(marks.lost(), 1u);
}

TEST(SequenceMarks, AnEndBelowWhatIsKnownIsNone) {
  SequenceMarks marks;
  marks.Take(7, kFirstMark);
  EXPECT_FALSE(marks.End(6, kFirstMark));
  EXPECT_FALSE(marks.ended());
  EXPECT_EQ(marks.Take(8, kFirstMark), Claim::kNew);
  EXPECT_TRUE(marks.End(8, kFirstMark));
  EXPECT_TRUE(marks.End(8, kFirstMark));  // sent again
}

TEST(SequenceMarks, GivesUpTheOldestHoleAtItsBound) {
  SequenceMarks marks(2);
  for (const uint64_t sequence : {2u, 4u, 6u}) marks.Take(sequence, kFirstMark);
  EXPECT_EQ(marks.given_up(), 1u);
  EXPECT_EQ(marks.Take(1, kFirstMark), Claim::kForgotten);
  EXPECT_EQ(marks.Take(3, kFirstMark), Claim::kNew);
  EXPECT_EQ(marks.lost(), 1u);
  EXPECT_EQ(marks.called_lost(), 1u);
  EXPECT_EQ(LostAt(kFirstMark + kGrace, &marks), 2u);
  marks.Take(8, kFirstMark + kGrace);  // two holes are left: 5 and 7
  marks.GiveUpHalf(kFirstMark + kGrace);
  EXPECT_EQ(marks.holes(), 1u);
  EXPECT_EQ(marks.lost(), 2u);
  EXPECT_EQ(marks.called_lost(), 2u);
  EXPECT_EQ(marks.Take(5, kFirstMark + kGrace), Claim::kForgotten);
  EXPECT_EQ(marks.Take(7, kFirstMark + kGrace), Claim::kNew);
}

TEST(SequenceMarks, WhatWasLostForLongIsSettledAndStillCloses) {
  SequenceMarks marks(1);
  marks.Take(2, kFirstMark);
  marks.Take(5, kFirstMark);  // gives up 1
  EXPECT_EQ(LostAt(kFirstMark + kGrace, &marks), 3u);
  EXPECT_EQ(LostAt(kFirstMark + kMemory - absl::Microseconds(1), &marks), 3u);
  EXPECT_EQ(LostAt(kFirstMark + kMemory, &marks), 2u);
  EXPECT_EQ(LostAt(kFirstMark + kMemory + kGrace, &marks), 0u);
  EXPECT_EQ(marks.settled(), 3u);
  EXPECT_EQ(marks.Take(3, kFirstMark + 2 * kMemory), Claim::kNew);
  EXPECT_EQ(marks.settled(), 2u);
  EXPECT_EQ(marks.cleared(), 1u);
  EXPECT_EQ(marks.called_lost(), 3u);
  // Something new is told of, and nothing old with it.
  marks.Take(7, kFirstMark + 2 * kMemory);  // gives up 4, of which everybody knew
  EXPECT_EQ(marks.lost(), 0u);
  EXPECT_EQ(LostAt(kFirstMark + 2 * kMemory + kGrace, &marks), 1u);
  EXPECT_EQ(marks.called_lost(), 4u);
}

TEST(SequenceMarks, RestoresWhatItWas) {
  SequenceMarks marks;
  for (const uint64_t sequence : {1u, 5u, 9u}) marks.Take(sequence, kFirstMark);
  marks.Age(kFirstMark + kGrace, kGrace, kMemory);
  marks.Take(7, kFirstMark + kGrace);
  marks.End(12, kFirstMark + kGrace);
  const auto restored = SequenceMarks::Restore(marks.parts());
  ASSERT_TRUE(restored.ok()) << restored.status();
  for (uint64_t sequence = 0; sequence < 20; ++sequence) {
    EXPECT_EQ(restored->Look(sequence), marks.Look(sequence)) << sequence;
  }
  EXPECT_EQ(restored->lost(), 5u);
  EXPECT_EQ(restored->missing(), 3u);
  EXPECT_EQ(restored->called_lost(), 6u);
  EXPECT_EQ(restored->cleared(), 1u);
  EXPECT_FALSE(SequenceMarks::Restore({.highest = 5, .holes = {{2, 3}, {3, 4}}}).ok());
  EXPECT_FALSE(SequenceMarks::Restore({.highest = 5, .holes = {{4, 7}}}).ok());
  EXPECT_FALSE(SequenceMarks::Restore({.highest = 5, .given_up = 1, .given_up_settled = 2}).ok());
}

TEST(SequenceMarks, RestoresHolesThatTouch) {
  SequenceMarks marks;
  marks.Take(1, kFirstMark);
  marks.End(3, kFirstMark);
  marks.End(5, kFirstMark + kGrace);
  auto restored = SequenceMarks::Restore(marks.parts());
  ASSERT_TRUE(restored.ok()) << restored.status();
  EXPECT_EQ(LostAt(kFirstMark + kGrace, &*restored), 2u);
  EXPECT_EQ(LostAt(kFirstMark + 2 * kGrace, &*restored), 4u);
}

TEST(SequenceMarks, AgreesWithASetOfNumbersWhateverTheOrder) {
  std::mt19937_64 random(11);
  for (int round = 0; round < 200; ++round) {
    SequenceMarks marks(1'000'000);
    std::set<uint64_t> seen;
    for (int step = 0; step < 300; ++step) {
      const uint64_t first = 1 + random() % 200;
      if (random() % 4 == 0) {
        const uint64_t last = first + random() % 20;
        marks.Skip(first, last, kFirstMark);
        for (uint64_t sequence = first; sequence <= last; ++sequence) seen.insert(sequence);
      } else {
        const bool is_new = seen.insert(first).second;
        ASSERT_EQ(marks.Take(first, kFirstMark), is_new ? Claim::kNew : Claim::kDuplicate);
      }
      ASSERT_EQ(marks.highest(), *seen.rbegin());
      ASSERT_EQ(marks.missing(), *seen.rbegin() - seen.size());
    }
  }
}

}  // namespace
}  // namespace plumbline::engine
