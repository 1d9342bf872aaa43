#include "server/engine/producers.h"

#include <limits>
#include <map>
#include <memory>
#include <random>
#include <set>
#include <string>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "rocksdb/env.h"

namespace plumbline::engine {
namespace {

const absl::Time kSeen = absl::FromUnixSeconds(1'700'000'000);
constexpr absl::Duration kGrace = absl::Seconds(60);
constexpr absl::Duration kSilence = absl::Minutes(15);
constexpr absl::Duration kExpiry = absl::Hours(24);

checks::Policy PolicyOf(absl::Duration expiry) {
  checks::Policy policy = checks::DefaultPolicy();
  policy.hole_grace = kGrace;
  policy.no_data_after = kSilence;
  policy.epoch_expiry = expiry;
  return policy;
}

// What is known once time has come to `now`.
LossSummary LossAt(absl::Time now, Producers* producers) {
  const checks::Policy policy = PolicyOf(kExpiry);
  producers->Advance(now, policy);
  return producers->Loss(now, policy);
}
uint64_t Lost(Producers* producers, absl::Time now) { return LossAt(now, producers).lost; }
uint64_t Unended(Producers* producers, absl::Time now) { return LossAt(now, producers).unended; }

TEST(Producers, CountANumberOnceForEachProducerAndEpoch) {
  Producers producers;
  EXPECT_EQ(producers.Take("a", 1, 1, kSeen), Claim::kNew);
  EXPECT_EQ(producers.Take("a", 1, 1, kSeen), Claim::kDuplicate);
  EXPECT_EQ(producers.Take("a", 2, 1, kSeen), Claim::kNew);
  EXPECT_EQ(producers.Take("b", 1, 1, kSeen), Claim::kNew);
  EXPECT_EQ(producers.Take("b", 1, 0, kSeen), Claim::kInvalid);
  EXPECT_EQ(producers.size(), 3u);
}

TEST(Producers, AHoleIsLossAfterTheGraceUntilItArrives) {
  Producers producers;
  producers.Take("a", 1, 1, kSeen);
  producers.Take("a", 1, 4, kSeen);
  EXPECT_EQ(Lost(&producers, kSeen + kGrace - absl::Microseconds(1)), 0u);
  EXPECT_EQ(Lost(&producers, kSeen + kGrace), 2u);
  EXPECT_EQ(producers.Take("a", 1, 2, kSeen + 2 * kGrace), Claim::kNew);
  EXPECT_EQ(Lost(&producers, kSeen + 2 * kGrace), 1u);
  EXPECT_EQ(producers.Take("a", 1, 3, kSeen + 2 * kGrace), Claim::kNew);
  EXPECT_EQ(Lost(&producers, kSeen + 9 * kGrace), 0u);
}

TEST(Producers, SkippedNumbersAreNoLoss) {
  Producers producers;
  producers.Take("a", 1, 1, kSeen);
  EXPECT_TRUE(producers.Skip("a", 1, 2, 9, kSeen));
  producers.Take("a", 1, 10, kSeen);
  EXPECT_EQ(Lost(&producers, kSeen + kGrace), 0u);
  EXPECT_EQ(producers.Take("a", 1, 5, kSeen), Claim::kDuplicate);
  EXPECT_FALSE(producers.Skip("a", 1, 0, 3, kSeen));
  EXPECT_FALSE(producers.Skip("a", 1, 5, 4, kSeen));
}

TEST(Producers, AnEndedEpochShowsItsMissingTail) {
  Producers producers;
  producers.Take("a", 1, 1, kSeen);
  EXPECT_EQ(producers.End("a", 1, 3, kSeen), Claim::kNew);
  EXPECT_EQ(Lost(&producers, kSeen + kGrace), 2u);
  EXPECT_EQ(producers.Take("a", 1, 4, kSeen), Claim::kInvalid);
  EXPECT_EQ(producers.End("a", 1, 2, kSeen), Claim::kInvalid);
}

TEST(Producers, AnExpiredEpochIsRefusedAndSoIsAnOlderOne) {
  Producers producers;
  producers.Take("a", 5, 1, kSeen);
  producers.Take("a", 5, 3, kSeen);
  LossAt(kSeen + kExpiry, &producers);
  EXPECT_EQ(producers.Take("a", 5, 1, kSeen + kExpiry), Claim::kDuplicate);
  const absl::Time late = kSeen + 2 * kExpiry + absl::Seconds(1);
  LossAt(late, &producers);
  EXPECT_EQ(producers.Take("a", 5, 1, late), Claim::kForgotten);
  EXPECT_EQ(producers.Take("a", 5, 99, late), Claim::kForgotten);
  EXPECT_EQ(producers.Take("a", 4, 1, late), Claim::kForgotten);
  EXPECT_FALSE(producers.Skip("a", 5, 2, 2, late));
  EXPECT_EQ(producers.End("a", 5, 7, late), Claim::kForgotten);
  EXPECT_EQ(Lost(&producers, late + kGrace), 0u);
  EXPECT_EQ(producers.Take("a", 6, 1, late), Claim::kNew);
  EXPECT_EQ(producers.Take("b", 5, 1, late), Claim::kNew);
}

TEST(Producers, AnOlderEpochGoesOnBesideANewerOne) {
  Producers producers;
  producers.Take("a", 1, 1, kSeen);
  producers.Take("a", 2, 1, kSeen);
  EXPECT_EQ(producers.Take("a", 1, 2, kSeen), Claim::kNew);
  EXPECT_EQ(producers.Take("a", 2, 1, kSeen), Claim::kDuplicate);
}

TEST(Producers, NameThoseThatLostTheMost) {
  Producers producers;
  for (int i = 1; i <= 5; ++i) producers.Take(absl::StrCat("p", i), 1, 1 + 10 * i, kSeen);
  const LossSummary summary = LossAt(kSeen + kGrace, &producers);
  EXPECT_EQ(summary.lost, 150u);
  EXPECT_THAT(summary.lost_detail, ::testing::StartsWith("producer \"p5\" epoch 1: 50 of 51; "));
  EXPECT_THAT(summary.lost_detail, ::testing::Not(::testing::HasSubstr("\"p1\"")));
  EXPECT_THAT(summary.losing, ::testing::ElementsAre("p5", "p4", "p3", "p2", "p1"));
  EXPECT_THAT(summary.unending, ::testing::IsEmpty());
  const auto losses = producers.Losses(kSeen + kGrace, PolicyOf(kExpiry));
  ASSERT_EQ(losses.size(), 5u);
  for (size_t i = 0; i < 5; ++i) {
    EXPECT_EQ(losses[i].producer, absl::StrCat("p", 5 - i));
    EXPECT_EQ(losses[i].lost, 10 * (5 - i));
  }
}

TEST(Producers, WhatAnEpochLostIsAbandonedWhenItExpiresAndStaysInTheTotal) {
  Producers producers;
  producers.Take("a", 1, 4, kSeen);
  producers.Take("b", 1, 2, kSeen + absl::Hours(1));
  EXPECT_EQ(Lost(&producers, kSeen + absl::Hours(2)), 4u);
  producers.Take("a", 1, 1, kSeen + absl::Hours(2));
  EXPECT_EQ(Lost(&producers, kSeen + absl::Hours(3)), 3u);
  // b expires, a later.
  LossSummary loss = LossAt(kSeen + absl::Hours(25) + absl::Seconds(1), &producers);
  EXPECT_EQ(loss.lost, 0u);  // and what a lost is as old
  EXPECT_EQ(loss.abandoned, 3u);
  EXPECT_EQ(loss.called_lost, 4u);
  EXPECT_EQ(loss.cleared, 1u);
  loss = LossAt(kSeen + absl::Hours(30), &producers);
  EXPECT_EQ(producers.size(), 0u);
  EXPECT_EQ(loss.called_lost, 4u);
  EXPECT_EQ(loss.cleared, 1u);
  // What is lost next has a story of its own.
  producers.Take("c", 1, 2, kSeen + absl::Hours(30));
  loss = LossAt(kSeen + absl::Hours(31), &producers);
  EXPECT_EQ(loss.lost, 1u);
  EXPECT_EQ(loss.abandoned, 0u);
  EXPECT_EQ(loss.called_lost, 5u);
}

TEST(Producers, AProducerThatGoesOnIsNotBlamedForeverForOneLoss) {
  Producers producers;
  absl::Time now = kSeen;
  LossSummary loss;
  producers.Take("a", 1, 2, now);
  for (uint64_t sequence = 3; now < kSeen + kExpiry + kGrace; ++sequence) {
    now += absl::Minutes(1);
    producers.Take("a", 1, sequence, now);
    loss = LossAt(now, &producers);
    ASSERT_EQ(loss.lost, now < kSeen + kExpiry + kGrace ? 1u : 0u) << now;
    ASSERT_EQ(loss.called_lost, 1u);
  }
  EXPECT_EQ(loss.abandoned, 1u);
  EXPECT_EQ(producers.Losses(now, PolicyOf(kExpiry))[0].lost, 1u);
  EXPECT_EQ(producers.Take("a", 1, 1, now), Claim::kNew);
  EXPECT_EQ(LossAt(now, &producers).cleared, 1u);
}

TEST(Producers, TheTailOfOneThatFellSilentIsUnknown) {
  Producers producers;
  producers.Take("a", 1, 5, kSeen);
  producers.Take("ended", 1, 1, kSeen);
  EXPECT_EQ(producers.End("ended", 1, 1, kSeen), Claim::kNew);
  EXPECT_EQ(Unended(&producers, kSeen + kSilence - absl::Microseconds(1)), 0u);
  const LossSummary loss = LossAt(kSeen + kSilence, &producers);
  EXPECT_EQ(loss.unended, 1u);
  EXPECT_EQ(loss.unended_detail, "producer \"a\" epoch 1: nothing after batch 5");
  EXPECT_THAT(loss.unending, ::testing::ElementsAre("a"));
  // It paused.
  EXPECT_EQ(producers.Take("a", 1, 6, kSeen + kSilence), Claim::kNew);
  EXPECT_EQ(Unended(&producers, kSeen + kSilence), 0u);
  EXPECT_EQ(Unended(&producers, kSeen + 2 * kSilence), 1u);
  // It says so after all; or it expires.
  EXPECT_EQ(producers.End("a", 1, 6, kSeen + 2 * kSilence), Claim::kNew);
  EXPECT_EQ(Unended(&producers, kSeen + 3 * kSilence), 0u);
  producers.Take("b", 1, 1, kSeen);
  EXPECT_EQ(Unended(&producers, kSeen + kExpiry), 1u);
  EXPECT_EQ(Unended(&producers, kSeen + kExpiry + absl::Seconds(1)), 0u);
}

TEST(Producers, TheTailOfOneThatBeganAnewIsUnknownSooner) {
  Producers producers;
  producers.Take("a", 1, 5, kSeen);
  producers.Take("a", 2, 1, kSeen);
  producers.Take("b", 1, 1, kSeen);
  EXPECT_EQ(Unended(&producers, kSeen + kGrace - absl::Microseconds(1)), 0u);
  const auto losses = [&] { return producers.Losses(kSeen + kGrace, PolicyOf(kExpiry)); };
  ASSERT_EQ(losses().size(), 1u);
  EXPECT_EQ(losses()[0].epoch, 1u);
  EXPECT_EQ(losses()[0].highest, 5u);
  EXPECT_TRUE(losses()[0].tail_unknown);
  EXPECT_EQ(losses()[0].silence, kGrace);
  EXPECT_EQ(Unended(&producers, kSeen + kGrace), 1u);
  producers.Take("a", 1, 6, kSeen + kGrace);  // both go on, side by side
  EXPECT_EQ(Unended(&producers, kSeen + kGrace), 0u);
}

TEST(Producers, AnEpochOfWhichNothingCameHasNoTail) {
  Producers producers;
  producers.Take("a", 1, 0, kSeen);
  producers.End("b", 1, 0, kSeen);
  EXPECT_EQ(producers.Take("b", 1, 1, kSeen), Claim::kInvalid);
  EXPECT_EQ(Unended(&producers, kSeen + kSilence), 0u);
}

TEST(Producers, HolesOfAllTogetherAreBoundedAtTheCostOfWhoHasTheMost) {
  Producers producers;
  producers.Take("good", 1, 3, kSeen);
  producers.Take("good", 1, 5, kSeen);
  const uint64_t holes = SequenceMarks::kDefaultMaxHoles;
  for (uint64_t bad = 0; bad <= Producers::kMaxHoles / holes; ++bad) {
    for (uint64_t i = 1; i <= holes; ++i) producers.Take(absl::StrCat("bad", bad), 1, 2 * i, kSeen);
    ASSERT_LE(producers.holes(), Producers::kMaxHoles);
  }
  EXPECT_GT(producers.holes(), Producers::kMaxHoles / 2);
  for (const uint64_t late : {1u, 2u, 4u}) {
    EXPECT_EQ(producers.Take("good", 1, late, kSeen), Claim::kNew);
  }
  // What was given up is lost at once, the rest when its time has come.
  const uint64_t planted = (Producers::kMaxHoles / holes + 1) * holes;
  LossSummary loss = LossAt(kSeen, &producers);
  EXPECT_EQ(loss.lost, planted - producers.holes());
  loss = LossAt(kSeen + kGrace, &producers);
  EXPECT_EQ(loss.lost, planted);
  EXPECT_EQ(loss.called_lost, planted);
}

TEST(Producers, NumbersOfAnySizeAddUpToNoLessThanEither) {
  Producers producers;
  constexpr uint64_t kHuge = std::numeric_limits<uint64_t>::max();
  for (const char* name : {"a", "b"}) {
    EXPECT_EQ(producers.Take(name, 1, kHuge, kSeen), Claim::kNew);
    EXPECT_EQ(producers.Take(name, 1, kHuge, kSeen), Claim::kDuplicate);
  }
  EXPECT_EQ(Lost(&producers, kSeen + kGrace), kHuge);
  const LossSummary loss = LossAt(kSeen + kExpiry + kGrace, &producers);
  EXPECT_EQ(loss.lost, 0u);
  EXPECT_EQ(loss.abandoned, kHuge);
  EXPECT_EQ(loss.called_lost, kHuge);
}

TEST(Producers, TheOneSilentLongestExpiresEarlyAtTheBound) {
  constexpr size_t kMost = 100;
  Producers producers(kMost);
  for (size_t i = 0; i < kMost; ++i) {
    producers.Take(absl::StrCat("p", i), 1, 1, kSeen + absl::Microseconds(i));
  }
  const absl::Time later = kSeen + absl::Seconds(1);
  producers.Take("p0", 1, 2, later);
  EXPECT_EQ(producers.Take("new", 1, 1, later), Claim::kNew);
  EXPECT_EQ(producers.expired_early(), 1u);
  EXPECT_EQ(producers.Take("p1", 1, 2, later), Claim::kForgotten);
  EXPECT_EQ(producers.Take("p0", 1, 3, later), Claim::kNew);
  EXPECT_EQ(producers.Take("p2", 1, 2, later), Claim::kNew);
}

TEST(Producers, ThoseThatExpiredTakeNobodysPlace) {
  Producers producers;
  for (size_t i = 0; i < 2 * Quotas().max_producers_per_model; ++i) {
    producers.Take(absl::StrCat("gone", i), 1, 1, kSeen);
    if (i % 1'000 == 999)
      producers.Advance(kSeen + absl::Seconds(1), PolicyOf(absl::ZeroDuration()));
  }
  EXPECT_EQ(producers.size(), 0u);
  producers.Take("a", 1, 1, kSeen);
  producers.Take("b", 1, 1, kSeen);
  EXPECT_EQ(producers.Take("a", 1, 2, kSeen), Claim::kNew);
  EXPECT_EQ(producers.Take("gone0", 1, 2, kSeen), Claim::kForgotten);
}

class StoredProducersTest : public ::testing::Test {
 protected:
  StoredProducersTest()
      : env_(rocksdb::NewMemEnv(rocksdb::Env::Default())),
        store_(storage::Store::Open("/data", {env_.get()}).value()) {}

  std::unique_ptr<Producers> Restarted(Producers* producers) {
    storage::Store::Batch batch;
    storage::v1::ModelStateRecord state;
    producers->Commit(key_, &batch, &state);
    EXPECT_TRUE(store_->Write(std::move(batch), false).ok());
    EXPECT_FALSE(producers->dirty());
    auto restored = std::make_unique<Producers>();
    EXPECT_TRUE(restored->Restore(key_, *store_, state).ok());
    return restored;
  }

  const ModelKey key_{"m", "v"};
  const std::unique_ptr<rocksdb::Env> env_;
  const std::unique_ptr<storage::Store> store_;
};

TEST_F(StoredProducersTest, KnowAfterARestartWhatHasExpired) {
  Producers producers;
  for (const uint64_t epoch : {3u, 5u, 7u}) {
    producers.Take("a", epoch, 1, kSeen);
    producers.Take("b", epoch, 1, kSeen + kExpiry);
  }
  producers.Advance(kSeen + kExpiry + absl::Seconds(1), PolicyOf(kExpiry));
  auto restored = Restarted(&producers);
  EXPECT_EQ(restored->Take("a", 7, 1, kSeen), Claim::kForgotten);
  EXPECT_EQ(restored->Take("a", 3, 1, kSeen), Claim::kForgotten);
  EXPECT_EQ(restored->Take("a", 8, 1, kSeen), Claim::kNew);
  EXPECT_EQ(restored->Take("b", 3, 1, kSeen), Claim::kDuplicate);
  // One tombstone stands for all three.
  EXPECT_EQ(store_->ListProducers("m", "v")->size(), 4u);
}

TEST_F(StoredProducersTest, TombstonesAreBoundedInMemoryAndOnDisk) {
  Producers producers;
  for (size_t i = 0; i <= Producers::kMaxTombstones; ++i) {
    const absl::Time seen = kSeen + absl::Microseconds(i);
    producers.Take(absl::StrCat("p", i), 1, 1, seen);
    if (i % 1'000 == 0)
      producers.Advance(seen + absl::Microseconds(1), PolicyOf(absl::ZeroDuration()));
  }
  EXPECT_EQ(producers.Take("p0", 1, 1, kSeen), Claim::kNew);
  const size_t newest = Producers::kMaxTombstones;
  EXPECT_EQ(producers.Take(absl::StrCat("p", newest), 1, 1, kSeen), Claim::kForgotten);
  Restarted(&producers);
  const size_t stored = store_->ListProducers("m", "v")->size();
  EXPECT_LT(stored, Producers::kMaxTombstones);
  EXPECT_GT(stored, Producers::kMaxTombstones / 2);
}

TEST_F(StoredProducersTest, AreTheSameAfterRestartsAtAnyPoint) {
  std::mt19937_64 random(17);
  Producers whole;
  auto restarted = std::make_unique<Producers>();
  absl::Time now = kSeen;
  LossSummary last;
  for (int step = 0; step < 3'000; ++step) {
    const std::string name = absl::StrCat("p", random() % 3);
    const uint64_t epoch = static_cast<uint64_t>(step) / 500 + random() % 2;
    const uint64_t sequence = random() % 200;
    const int what = static_cast<int>(random() % 50);
    if (what == 0) {
      ASSERT_EQ(restarted->Skip(name, epoch, sequence, sequence + 5, now),
                whole.Skip(name, epoch, sequence, sequence + 5, now));
    } else if (what == 1 && random() % 10 == 0) {
      ASSERT_EQ(restarted->End(name, epoch, 199, now), whole.End(name, epoch, 199, now));
    } else {
      ASSERT_EQ(restarted->Take(name, epoch, sequence, now),
                whole.Take(name, epoch, sequence, now));
    }
    now += absl::Minutes(random() % 10);
    const LossSummary loss = LossAt(now, &whole);
    if (random() % 20 == 0) restarted = Restarted(restarted.get());
    const LossSummary other = LossAt(now, restarted.get());
    ASSERT_EQ(other.lost, loss.lost);
    ASSERT_EQ(other.abandoned, loss.abandoned);
    ASSERT_EQ(other.unended, loss.unended);
    ASSERT_EQ(other.called_lost, loss.called_lost);
    ASSERT_EQ(other.cleared, loss.cleared);
    ASSERT_EQ(other.lost_detail, loss.lost_detail);
    ASSERT_EQ(other.unended_detail, loss.unended_detail);
    ASSERT_EQ(restarted->size(), whole.size());
    ASSERT_EQ(restarted->holes(), whole.holes());
    // The totals tell what is still lost, or was given up.
    ASSERT_GE(loss.called_lost, last.called_lost);
    ASSERT_GE(loss.cleared, last.cleared);
    ASSERT_GE(loss.called_lost, loss.cleared + loss.lost);
    last = loss;
  }
  EXPECT_EQ(restarted->Take("p0", 0, 1, now), Claim::kForgotten);
  EXPECT_GT(last.called_lost, 0u);
  EXPECT_GT(last.cleared, 0u);
}

}  // namespace
}  // namespace plumbline::engine
