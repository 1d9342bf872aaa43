#include "server/engine/producers.h"

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

const absl::Time kNow = absl::FromUnixSeconds(1'700'000'000);
constexpr absl::Duration kGrace = absl::Seconds(60);
constexpr absl::Duration kExpiry = absl::Hours(24);

uint64_t Lost(const Producers& producers, absl::Time now) {
  return producers.Lost(now, kGrace).lost_batches;
}

TEST(Producers, CountANumberOnceForEachProducerAndEpoch) {
  Producers producers;
  EXPECT_EQ(producers.Take("a", 1, 1, kNow), Claim::kNew);
  EXPECT_EQ(producers.Take("a", 1, 1, kNow), Claim::kDuplicate);
  EXPECT_EQ(producers.Take("a", 2, 1, kNow), Claim::kNew);
  EXPECT_EQ(producers.Take("b", 1, 1, kNow), Claim::kNew);
  EXPECT_EQ(producers.Take("b", 1, 0, kNow), Claim::kInvalid);
  EXPECT_EQ(producers.size(), 3u);
}

TEST(Producers, AHoleIsLossAfterTheGraceUntilItArrives) {
  Producers producers;
  producers.Take("a", 1, 1, kNow);
  producers.Take("a", 1, 4, kNow);
  EXPECT_EQ(Lost(producers, kNow + kGrace - absl::Microseconds(1)), 0u);
  EXPECT_EQ(Lost(producers, kNow + kGrace), 2u);
  EXPECT_EQ(producers.Take("a", 1, 2, kNow + 2 * kGrace), Claim::kNew);
  EXPECT_EQ(Lost(producers, kNow + 2 * kGrace), 1u);
  EXPECT_EQ(producers.Take("a", 1, 3, kNow + 2 * kGrace), Claim::kNew);
  EXPECT_EQ(Lost(producers, kNow + 9 * kGrace), 0u);
}

TEST(Producers, SkippedNumbersAreNoLoss) {
  Producers producers;
  producers.Take("a", 1, 1, kNow);
  EXPECT_TRUE(producers.Skip("a", 1, 2, 9, kNow));
  producers.Take("a", 1, 10, kNow);
  EXPECT_EQ(Lost(producers, kNow + kGrace), 0u);
  EXPECT_EQ(producers.Take("a", 1, 5, kNow), Claim::kDuplicate);
  EXPECT_FALSE(producers.Skip("a", 1, 0, 3, kNow));
  EXPECT_FALSE(producers.Skip("a", 1, 5, 4, kNow));
}

TEST(Producers, AnEndedEpochShowsItsMissingTail) {
  Producers producers;
  producers.Take("a", 1, 1, kNow);
  EXPECT_TRUE(producers.End("a", 1, 3, kNow));
  EXPECT_EQ(Lost(producers, kNow + kGrace), 2u);
  EXPECT_EQ(producers.Take("a", 1, 4, kNow), Claim::kInvalid);
}

TEST(Producers, AnExpiredEpochIsRefusedAndSoIsAnOlderOne) {
  Producers producers;
  producers.Take("a", 5, 1, kNow);
  producers.Take("a", 5, 3, kNow);
  producers.Expire(kNow + kExpiry, kExpiry);
  EXPECT_EQ(producers.Take("a", 5, 1, kNow + kExpiry), Claim::kDuplicate);
  const absl::Time late = kNow + 2 * kExpiry + absl::Seconds(1);
  producers.Expire(late, kExpiry);
  EXPECT_EQ(producers.Take("a", 5, 1, late), Claim::kForgotten);
  EXPECT_EQ(producers.Take("a", 5, 99, late), Claim::kForgotten);
  EXPECT_EQ(producers.Take("a", 4, 1, late), Claim::kForgotten);
  EXPECT_FALSE(producers.Skip("a", 5, 2, 2, late));
  EXPECT_FALSE(producers.End("a", 5, 7, late));
  EXPECT_EQ(Lost(producers, late + kGrace), 0u);
  EXPECT_EQ(producers.Take("a", 6, 1, late), Claim::kNew);
  EXPECT_EQ(producers.Take("b", 5, 1, late), Claim::kNew);
}

TEST(Producers, AnOlderEpochGoesOnBesideANewerOne) {
  Producers producers;
  producers.Take("a", 1, 1, kNow);
  producers.Take("a", 2, 1, kNow);
  EXPECT_EQ(producers.Take("a", 1, 2, kNow), Claim::kNew);
  EXPECT_EQ(producers.Take("a", 2, 1, kNow), Claim::kDuplicate);
}

TEST(Producers, NameThoseThatLostTheMost) {
  Producers producers;
  for (int i = 1; i <= 5; ++i) producers.Take(absl::StrCat("p", i), 1, 1 + 10 * i, kNow);
  const LossSummary summary = producers.Lost(kNow + kGrace, kGrace);
  EXPECT_EQ(summary.lost_batches, 150u);
  EXPECT_THAT(summary.detail, ::testing::HasSubstr("producer \"p5\" epoch 1: 50 of 51"));
  EXPECT_THAT(summary.detail, ::testing::Not(::testing::HasSubstr("\"p1\"")));
}

TEST(Producers, TheOneSilentLongestExpiresEarlyAtTheBound) {
  Producers producers;
  for (size_t i = 0; i < Producers::kMaxProducers; ++i) {
    producers.Take(absl::StrCat("p", i), 1, 1, kNow + absl::Microseconds(i));
  }
  const absl::Time later = kNow + absl::Seconds(1);
  producers.Take("p0", 1, 2, later);
  EXPECT_EQ(producers.Take("new", 1, 1, later), Claim::kNew);
  EXPECT_EQ(producers.Take("p1", 1, 2, later), Claim::kForgotten);
  EXPECT_EQ(producers.Take("p0", 1, 3, later), Claim::kNew);
  EXPECT_EQ(producers.Take("p2", 1, 2, later), Claim::kNew);
}

TEST(Producers, ThoseThatExpiredTakeNobodysPlace) {
  Producers producers;
  for (size_t i = 0; i < 2 * Producers::kMaxProducers; ++i) {
    producers.Take(absl::StrCat("gone", i), 1, 1, kNow);
    if (i % 1'000 == 999) producers.Expire(kNow + absl::Seconds(1), absl::ZeroDuration());
  }
  EXPECT_EQ(producers.size(), 0u);
  producers.Take("a", 1, 1, kNow);
  producers.Take("b", 1, 1, kNow);
  EXPECT_EQ(producers.Take("a", 1, 2, kNow), Claim::kNew);
  EXPECT_EQ(producers.Take("gone0", 1, 2, kNow), Claim::kForgotten);
}

class StoredProducersTest : public ::testing::Test {
 protected:
  StoredProducersTest()
      : env_(rocksdb::NewMemEnv(rocksdb::Env::Default())),
        store_(storage::Store::Open("/data", {env_.get()}).value()) {}

  std::unique_ptr<Producers> Restarted(Producers* producers) {
    storage::Store::Batch batch;
    producers->Commit(key_, &batch);
    EXPECT_TRUE(store_->Write(std::move(batch), false).ok());
    EXPECT_FALSE(producers->dirty());
    auto restored = std::make_unique<Producers>();
    EXPECT_TRUE(restored->Restore(key_, *store_).ok());
    return restored;
  }

  const ModelKey key_{"m", "v"};
  const std::unique_ptr<rocksdb::Env> env_;
  const std::unique_ptr<storage::Store> store_;
};

TEST_F(StoredProducersTest, KnowAfterARestartWhatHasExpired) {
  Producers producers;
  for (const uint64_t epoch : {3u, 5u, 7u}) {
    producers.Take("a", epoch, 1, kNow);
    producers.Take("b", epoch, 1, kNow + kExpiry);
  }
  producers.Expire(kNow + kExpiry + absl::Seconds(1), kExpiry);
  auto restored = Restarted(&producers);
  EXPECT_EQ(restored->Take("a", 7, 1, kNow), Claim::kForgotten);
  EXPECT_EQ(restored->Take("a", 3, 1, kNow), Claim::kForgotten);
  EXPECT_EQ(restored->Take("a", 8, 1, kNow), Claim::kNew);
  EXPECT_EQ(restored->Take("b", 3, 1, kNow), Claim::kDuplicate);
  // One tombstone stands for all three.
  EXPECT_EQ(store_->ListProducers("m", "v")->size(), 4u);
}

TEST_F(StoredProducersTest, TombstonesAreBoundedInMemoryAndOnDisk) {
  Producers producers;
  for (size_t i = 0; i <= Producers::kMaxTombstones; ++i) {
    const absl::Time seen = kNow + absl::Microseconds(i);
    producers.Take(absl::StrCat("p", i), 1, 1, seen);
    if (i % 1'000 == 0) producers.Expire(seen + absl::Microseconds(1), absl::ZeroDuration());
  }
  EXPECT_EQ(producers.Take("p0", 1, 1, kNow), Claim::kNew);
  const size_t newest = Producers::kMaxTombstones;
  EXPECT_EQ(producers.Take(absl::StrCat("p", newest), 1, 1, kNow), Claim::kForgotten);
  Restarted(&producers);
  const size_t stored = store_->ListProducers("m", "v")->size();
  EXPECT_LT(stored, Producers::kMaxTombstones);
  EXPECT_GT(stored, Producers::kMaxTombstones / 2);
}

TEST_F(StoredProducersTest, AreTheSameAfterRestartsAtAnyPoint) {
  std::mt19937_64 random(17);
  Producers whole;
  auto restarted = std::make_unique<Producers>();
  absl::Time now = kNow;
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
    whole.Expire(now, kExpiry);
    restarted->Expire(now, kExpiry);
    if (random() % 20 == 0) restarted = Restarted(restarted.get());
    const LossSummary loss = whole.Lost(now, kGrace);
    ASSERT_EQ(restarted->Lost(now, kGrace).lost_batches, loss.lost_batches);
    ASSERT_EQ(restarted->Lost(now, kGrace).detail, loss.detail);
    ASSERT_EQ(restarted->size(), whole.size());
  }
  EXPECT_EQ(restarted->Take("p0", 0, 1, now), Claim::kForgotten);
}

}  // namespace
}  // namespace plumbline::engine
