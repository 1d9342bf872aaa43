#include "server/engine/sources.h"

#include <limits>
#include <memory>
#include <random>
#include <string>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"

namespace plumbline::engine {
namespace {

const absl::Time kFirstSeen = absl::FromUnixSeconds(1'700'000'000);
constexpr absl::Duration kLateness = absl::Seconds(5);
constexpr absl::Duration kIdle = absl::Minutes(5);

// When no clock was ever set.
Moment At(absl::Time time) { return {time, time}; }
int64_t Micros(absl::Time time) { return absl::ToUnixMicros(time); }
int64_t Second(int64_t second) { return second * 1'000'000; }

TEST(Sources, HaveNoWatermarkBeforeTheFirstRow) {
  Sources sources;
  EXPECT_EQ(sources.Advance(At(kFirstSeen), kLateness, kIdle), std::nullopt);
  EXPECT_EQ(sources.watermark(), std::nullopt);
}

TEST(Sources, WatermarkIsTheSlowestSourceLessTheLateness) {
  Sources sources;
  sources.See("fast", Second(100), 10, At(kFirstSeen));
  sources.See("slow", Second(50), 10, At(kFirstSeen));
  EXPECT_EQ(sources.Advance(At(kFirstSeen), kLateness, kIdle), Second(45));
  sources.See("slow", Second(80), 10, At(kFirstSeen));
  EXPECT_EQ(sources.Advance(At(kFirstSeen), kLateness, kIdle), Second(75));
  sources.See("slow", Second(200), 10, At(kFirstSeen));
  EXPECT_EQ(sources.Advance(At(kFirstSeen), kLateness, kIdle), Second(95));
}

TEST(Sources, OldRowsDoNotPullASourceBack) {
  Sources sources;
  sources.See("a", Second(100), 1, At(kFirstSeen));
  sources.See("a", Second(20), 1, At(kFirstSeen));
  EXPECT_EQ(sources.Advance(At(kFirstSeen), kLateness, kIdle), Second(95));
}

TEST(Sources, ASilentSourceNoLongerHoldsTheWatermark) {
  Sources sources;
  sources.See("dead", Second(50), 1, At(kFirstSeen));
  sources.See("alive", Second(100), 1, At(kFirstSeen + kIdle));
  EXPECT_EQ(sources.Advance(At(kFirstSeen + kIdle), kLateness, kIdle), Second(45));
  EXPECT_EQ(sources.Advance(At(kFirstSeen + kIdle + absl::Microseconds(1)), kLateness, kIdle),
            Second(95));
}

TEST(Sources, WatermarkStandsStillWhenAllAreSilentAndNeverGoesBack) {
  Sources sources;
  sources.See("a", Second(100), 1, At(kFirstSeen));
  EXPECT_EQ(sources.Advance(At(kFirstSeen), kLateness, kIdle), Second(95));
  EXPECT_EQ(sources.Advance(At(kFirstSeen + absl::Hours(9)), kLateness, kIdle), Second(95));
  sources.See("new and slow", Second(10), 1, At(kFirstSeen + absl::Hours(9)));
  EXPECT_EQ(sources.Advance(At(kFirstSeen + absl::Hours(9)), kLateness, kIdle), Second(95));
}

TEST(Sources, ASourceWithoutEventTimesLivesByTheClock) {
  Sources sources;
  sources.See("a", std::nullopt, 1, At(kFirstSeen));
  EXPECT_EQ(sources.Advance(At(kFirstSeen), kLateness, kIdle), Micros(kFirstSeen));
  EXPECT_EQ(sources.Advance(At(kFirstSeen + absl::Seconds(30)), kLateness, kIdle),
            Micros(kFirstSeen + absl::Seconds(30)));
}

TEST(Sources, AreBounded) {
  constexpr size_t kMost = 10;
  Sources sources(kMost);
  for (size_t i = 0; i < 2 * kMost; ++i) {
    sources.See(absl::StrCat("s", i), Second(100), 3, At(kFirstSeen));
  }
  EXPECT_EQ(sources.size(), kMost + 1);
  EXPECT_EQ(sources.rows_of_further(), 3 * kMost);
  EXPECT_EQ(sources.Advance(At(kFirstSeen), kLateness, kIdle), Second(95));
}

TEST(Sources, AClockThatIsSetMakesNoneSilent) {
  Sources sources;
  sources.See("slow", Second(50), 1, At(kFirstSeen));
  const Moment ahead{kFirstSeen + absl::Hours(1), kFirstSeen + absl::Seconds(1)};
  sources.See("fast", Second(100), 1, ahead);
  EXPECT_EQ(sources.Advance(ahead, kLateness, kIdle), Second(45));
  const Moment behind{kFirstSeen - absl::Hours(1), kFirstSeen + kIdle + absl::Seconds(1)};
  EXPECT_EQ(sources.Advance(behind, kLateness, kIdle), Second(95));
}

std::unique_ptr<Sources> Restarted(const Sources& sources) {
  storage::v1::ModelStateRecord record, read;
  sources.ToRecord(&record);
  EXPECT_TRUE(read.ParseFromString(record.SerializeAsString()));
  auto restored = std::make_unique<Sources>();
  restored->FromRecord(read);
  return restored;
}

TEST(Sources, RestoreWhatTheyWere) {
  std::mt19937_64 random(5);
  Sources whole;
  auto restarted = std::make_unique<Sources>();
  absl::Time now = kFirstSeen;
  for (int step = 0; step < 2'000; ++step) {
    const std::string name = absl::StrCat(random() % 5);
    std::optional<int64_t> newest;
    if (random() % 20 != 0) newest = Micros(now) - Second(static_cast<int64_t>(random() % 600));
    if (random() % 2 == 0) {
      whole.See(name, newest, 1, At(now));
      restarted->See(name, newest, 1, At(now));
    }
    now += absl::Seconds(random() % 60);
    if (random() % 10 == 0) restarted = Restarted(*restarted);
    ASSERT_EQ(restarted->watermark(), whole.watermark());
    ASSERT_EQ(restarted->Advance(At(now), kLateness, kIdle),
              whole.Advance(At(now), kLateness, kIdle));
    ASSERT_EQ(restarted->size(), whole.size());
  }
}

TEST(Sources, RestoreTheUnnamedOneBesideThoseBeyondTheBound) {
  Sources sources;
  sources.See("", Second(40), 1, At(kFirstSeen));
  for (size_t i = 0; i <= Quotas().max_sources_per_model; ++i) {
    sources.See(absl::StrCat("s", i), Second(100), 1, At(kFirstSeen));
  }
  const auto restored = Restarted(sources);
  EXPECT_EQ(restored->size(), sources.size());
  EXPECT_EQ(restored->Advance(At(kFirstSeen), kLateness, kIdle), Second(35));
}

}  // namespace
}  // namespace plumbline::engine
