#include "server/stats/change_evidence.h"

#include <cmath>
#include <random>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace plumbline::stats {
namespace {

using Counts = std::vector<uint64_t>;

constexpr size_t kGroups = 10;
const double kAlarm = std::log(1e4);

// Counts of `rows` rows; group 0 has `more` of the mass on top of its tenth.
Counts Draw(std::mt19937_64* random, uint64_t rows, double more = 0) {
  std::vector<double> shares(kGroups, (1 - more) / kGroups);
  shares[0] += more;
  std::discrete_distribution<size_t> group(shares.begin(), shares.end());
  Counts counts(kGroups);
  for (uint64_t row = 0; row < rows; ++row) ++counts[group(*random)];
  return counts;
}

// Blocks until the alarm, at most `most`.
int Delay(ChangeDetector* detector, const ShareReference& reference, std::mt19937_64* random,
          double more, int most) {
  for (int block = 1; block <= most; ++block) {
    detector->Observe(reference, Draw(random, 200, more));
    if (detector->LogEvidence() >= kAlarm) return block;
  }
  return most + 1;
}

TEST(DesignEffect, IsOneForIndependentRowsAndLargeForSeasons) {
  std::mt19937_64 random(1);
  std::vector<Counts> alike, seasons;
  for (int chunk = 0; chunk < 64; ++chunk) {
    alike.push_back(Draw(&random, 500));
    seasons.push_back(Draw(&random, 500, chunk < 32 ? 0.2 : 0));
  }
  EXPECT_EQ(DesignEffect(alike), 1);
  // Shares of 28% and 10%: 1 + 0.09^2 x 500 / (0.19 x 0.81), 27 times a multinomial's variance; on
  // average over nine contrasts 3.9 times.
  EXPECT_NEAR(DesignEffect(seasons), 10.3, 3);
  EXPECT_EQ(DesignEffect(absl::MakeConstSpan(seasons).first(7)), 1);
  EXPECT_EQ(DesignEffect(std::vector<Counts>(64, Counts{0, 0})), 1);
  EXPECT_EQ(DesignEffect(std::vector<Counts>(64, Counts{7})), 1);
}

TEST(ChangeDetector, FindsAChangeAndNothingElse) {
  std::mt19937_64 random(2);
  const ShareReference reference = MakeShareReference(Draw(&random, 20'000), 1, true);
  ChangeDetector detector(kGroups);
  EXPECT_EQ(Delay(&detector, reference, &random, 0, 2'000), 2'001);
  EXPECT_LE(Delay(&detector, reference, &random, 0.1, 100), 8);
  EXPECT_NEAR(detector.Since()[0] / (200.0 * static_cast<double>(detector.BlocksSince())), 0.19,
              0.05);
  detector.Reset();
  EXPECT_EQ(detector.LogEvidence(), 0);
  EXPECT_EQ(detector.BlocksSince(), 0u);
}

TEST(ChangeDetector, ASingleOddBlockIsNoEvidence) {
  std::mt19937_64 random(3);
  const ShareReference reference = MakeShareReference(Draw(&random, 20'000));
  ChangeDetector detector(kGroups);
  for (int block = 0; block < 10; ++block) detector.Observe(reference, Draw(&random, 200));
  detector.Observe(reference, {200, 0, 0, 0, 0, 0, 0, 0, 0, 0});
  EXPECT_LT(detector.LogEvidence(), kAlarm);
  detector.Observe(reference, Draw(&random, 200));
  EXPECT_LT(detector.LogEvidence(), kAlarm);
  detector.Observe(reference, {200, 0, 0, 0, 0, 0, 0, 0, 0, 0});
  detector.Observe(reference, {200, 0, 0, 0, 0, 0, 0, 0, 0, 0});
  EXPECT_GE(detector.LogEvidence(), kAlarm);
  EXPECT_LE(detector.LogEvidence(), ChangeDetector::kMaxLog);
}

// The shares of 300 rows are off by more than those of 600,000 live ones.
TEST(ChangeDetector, TheBaselinesOwnErrorIsNoChange) {
  std::mt19937_64 random(4);
  const ShareReference reference = MakeShareReference(Draw(&random, 300), 1, true);
  ChangeDetector detector(kGroups);
  EXPECT_EQ(Delay(&detector, reference, &random, 0, 3'000), 3'001);
}

TEST(ChangeDetector, ADesignEffectNeedsMoreRows) {
  std::mt19937_64 random(5);
  ShareReference reference = MakeShareReference(Draw(&random, 20'000));
  ChangeDetector independent(kGroups), alike(kGroups);
  std::mt19937_64 again = random;
  const int delay = Delay(&independent, reference, &random, 0.15, 1'000);
  reference.design_effect = 10;
  EXPECT_GT(Delay(&alike, reference, &again, 0.15, 1'000), 2 * delay);
}

TEST(ChangeDetector, OnlyARiseWhereThatIsAsked) {
  ShareReference reference = MakeShareReference(Counts{500, 500});
  reference.rises = true;
  ChangeDetector fell(2), rose(2);
  for (int block = 0; block < 10; ++block) {
    fell.Observe(reference, {10, 190});
    rose.Observe(reference, {190, 10});
  }
  EXPECT_EQ(fell.LogEvidence(), 0);
  EXPECT_GT(rose.LogEvidence(), kAlarm);
}

TEST(ChangeDetector, GoesOnFromItsState) {
  std::mt19937_64 random(6);
  const ShareReference reference = MakeShareReference(Draw(&random, 20'000));
  ChangeDetector detector(kGroups), restored(kGroups);
  for (int block = 0; block < 7; ++block) detector.Observe(reference, Draw(&random, 200, 0.1));
  std::vector<float> state;
  detector.GetState(&state);
  EXPECT_TRUE(restored.SetState(state));
  for (int block = 0; block < 70; ++block) {
    const Counts counts = Draw(&random, 200, 0.02);
    detector.Observe(reference, counts);
    restored.Observe(reference, counts);
    ASSERT_EQ(restored.LogEvidence(), detector.LogEvidence());
  }
  state[0] = NAN;
  EXPECT_FALSE(restored.SetState(state));
  EXPECT_FALSE(ChangeDetector(2).SetState(state));
  EXPECT_EQ(restored.LogEvidence(), detector.LogEvidence());
}

TEST(LeastAlarm, IsThatOfTheMean) {
  const double ten = std::log(10);
  // One of four needs four times as much as the mean; if all have something, a quarter of that
  // does.
  EXPECT_EQ(LeastAlarm({{ten, 0.25}, {0, 0.25}, {0, 0.25}, {0, 0.25}}, ten), INFINITY);
  EXPECT_NEAR(LeastAlarm({{std::log(40), 0.25}, {0, 0.25}, {0, 0.25}, {0, 0.25}}, ten), ten, 1e-12);
  EXPECT_NEAR(LeastAlarm({{ten, 0.25}, {ten, 0.25}, {ten, 0.25}, {ten, 0.25}}, ten - 1e-9),
              std::log(2.5), 1e-6);
  EXPECT_EQ(LeastAlarm({}, ten), INFINITY);
}

}  // namespace
}  // namespace plumbline::stats
