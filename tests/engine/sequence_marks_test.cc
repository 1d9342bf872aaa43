#include "server/engine/sequence_marks.h"

#include <random>
#include <set>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace plumbline::engine {
namespace {

const absl::Time kStart = absl::FromUnixSeconds(1'000'000);
const absl::Duration kGrace = absl::Seconds(60);

TEST(SequenceMarks, CountsEachNumberOnce) {
  SequenceMarks marks;
  EXPECT_EQ(marks.Take(1, kStart), Claim::kNew);
  EXPECT_EQ(marks.Take(1, kStart), Claim::kDuplicate);
  EXPECT_EQ(marks.Take(2, kStart), Claim::kNew);
  EXPECT_EQ(marks.contiguous(), 2u);
  EXPECT_EQ(marks.Take(0, kStart), Claim::kInvalid);
}

TEST(SequenceMarks, CallsAHoleLossOnlyAfterTheGrace) {
  SequenceMarks marks;
  marks.Take(1, kStart);
  marks.Take(5, kStart);
  EXPECT_EQ(marks.Lost(kStart + absl::Seconds(59), kGrace), 0u);
  EXPECT_EQ(marks.Lost(kStart + absl::Seconds(60), kGrace), 3u);
  EXPECT_EQ(marks.Take(3, kStart + absl::Seconds(90)), Claim::kNew);
  EXPECT_EQ(marks.Lost(kStart + absl::Seconds(90), kGrace), 2u);
  EXPECT_EQ(marks.contiguous(), 1u);
}

TEST(SequenceMarks, SkippedNumbersAreNoLoss) {
  SequenceMarks marks;
  marks.Take(1, kStart);
  marks.Take(10, kStart);
  marks.Skip(2, 12, kStart);
  EXPECT_EQ(marks.contiguous(), 12u);
  EXPECT_EQ(marks.Lost(absl::InfiniteFuture(), kGrace), 0u);
  EXPECT_EQ(marks.Take(11, kStart), Claim::kDuplicate);
}

TEST(SequenceMarks, AnEndShowsTheLostTail) {
  SequenceMarks marks;
  marks.Take(1, kStart);
  marks.End(4, kStart);
  EXPECT_EQ(marks.Lost(kStart + kGrace, kGrace), 3u);
  EXPECT_EQ(marks.Take(5, kStart), Claim::kInvalid);
  EXPECT_EQ(marks.Take(4, kStart), Claim::kNew);
  EXPECT_EQ(marks.Lost(kStart + kGrace, kGrace), 2u);
}

TEST(SequenceMarks, GivesUpTheOldestHoleAtItsBound) {
  SequenceMarks marks(2);
  for (const uint64_t sequence : {2u, 4u, 6u}) marks.Take(sequence, kStart);
  EXPECT_EQ(marks.given_up(), 1u);
  EXPECT_EQ(marks.Take(1, kStart), Claim::kForgotten);
  EXPECT_EQ(marks.Take(3, kStart), Claim::kNew);
  EXPECT_EQ(marks.Lost(kStart, kGrace), 1u);
}

TEST(SequenceMarks, RestoresWhatItWas) {
  SequenceMarks marks;
  for (const uint64_t sequence : {1u, 5u, 9u}) marks.Take(sequence, kStart);
  marks.End(12, kStart);
  const auto restored = SequenceMarks::Restore(marks.highest(), marks.holes(), marks.given_up(),
                                               marks.forgotten_until(), marks.ended_at());
  ASSERT_TRUE(restored.ok()) << restored.status();
  for (uint64_t sequence = 0; sequence < 20; ++sequence) {
    EXPECT_EQ(restored->Look(sequence), marks.Look(sequence)) << sequence;
  }
  EXPECT_FALSE(SequenceMarks::Restore(5, {{2, 3, kStart}, {3, 4, kStart}}, 0, 0, {}).ok());
  EXPECT_FALSE(SequenceMarks::Restore(5, {{4, 7, kStart}}, 0, 0, {}).ok());
}

TEST(SequenceMarks, RestoresHolesThatTouch) {
  SequenceMarks marks;
  marks.Take(1, kStart);
  marks.End(3, kStart);
  marks.End(5, kStart + kGrace);
  const auto restored = SequenceMarks::Restore(marks.highest(), marks.holes(), marks.given_up(),
                                               marks.forgotten_until(), marks.ended_at());
  ASSERT_TRUE(restored.ok()) << restored.status();
  EXPECT_EQ(restored->Lost(kStart + kGrace, kGrace), 2u);
  EXPECT_EQ(restored->Lost(kStart + 2 * kGrace, kGrace), 4u);
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
        marks.Skip(first, last, kStart);
        for (uint64_t sequence = first; sequence <= last; ++sequence) seen.insert(sequence);
      } else {
        const bool is_new = seen.insert(first).second;
        ASSERT_EQ(marks.Take(first, kStart), is_new ? Claim::kNew : Claim::kDuplicate);
      }
      ASSERT_EQ(marks.highest(), *seen.rbegin());
      ASSERT_EQ(marks.Lost(kStart + kGrace, kGrace), *seen.rbegin() - seen.size());
    }
  }
}

}  // namespace
}  // namespace plumbline::engine
