#include "server/engine/window.h"

#include <limits>
#include <map>
#include <memory>
#include <random>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "rocksdb/env.h"
#include "tests/profile/batch_maker.h"

namespace plumbline::engine {
namespace {

constexpr absl::Duration kLength = absl::Minutes(1);
constexpr int64_t kPane = 60'000'000;  // micros
constexpr int64_t kPaneStart = 1'700'000'040 * int64_t{1'000'000};
constexpr int64_t kMin = std::numeric_limits<int64_t>::min();
constexpr int64_t kMax = std::numeric_limits<int64_t>::max();
constexpr uint64_t kWindowGeneration = 3;

std::shared_ptr<const profile::Baseline> MakeNumbers() {
  std::vector<float> values;
  for (int i = 0; i < 1000; ++i) values.push_back(static_cast<float>(i));
  return std::make_shared<const profile::Baseline>(
      *profile::BuildBaseline({profile::MakeBatch(1000, {profile::NumberColumn("x", values)})}));
}

class WindowTest : public ::testing::Test {
 protected:
  WindowTest()
      : baseline_(MakeNumbers()),
        env_(rocksdb::NewMemEnv(rocksdb::Env::Default())),
        store_(storage::Store::Open("/data", {env_.get()}).value()) {}

  void Count(const std::vector<double>& values, profile::Pane* pane) const {
    // Of floats, of which is counted no more than what adds exactly whatever the batches.
    const std::vector<float> x(values.begin(), values.end());
    const profile::BatchView batch =
        profile::MakeBatch(static_cast<uint32_t>(x.size()), {profile::NumberColumn("x", x)});
    profile::PreparedBatch(*baseline_, batch).Count(0, batch.rows, pane);
  }
  void Feed(Window* window, int64_t micros, const std::vector<double>& values) const {
    Count(values, window->Open(window->PaneStart(micros)));
  }
  // Values are whole numbers, so sums are exact in any order and equal panes have equal bytes.
  std::string Bytes(const std::vector<double>& values) const {
    profile::Pane pane(*baseline_);
    Count(values, &pane);
    return profile::EncodePane(pane);
  }
  void Commit(Window* window) {
    storage::Store::Batch batch;
    window->Commit(&batch);
    ASSERT_TRUE(store_->Write(std::move(batch), false).ok());
  }
  Window Restored(int64_t closed_until, uint32_t panes) const {
    Window window(baseline_, home_, kLength, panes);
    const absl::Status status = window.Restore(closed_until);
    EXPECT_TRUE(status.ok()) << status;
    return window;
  }

  const ModelKey key_{"m", "v"};
  const std::shared_ptr<const profile::Baseline> baseline_;
  const std::unique_ptr<rocksdb::Env> env_;
  const std::unique_ptr<storage::Store> store_;
  const PaneHome home_{store_.get(), key_, kWindowGeneration};
};

TEST_F(WindowTest, CutsPanesByEventTimeAlsoBeforeTheEpoch) {
  const Window window(baseline_, home_, kLength, 60);
  EXPECT_EQ(window.PaneStart(kPaneStart), kPaneStart);
  EXPECT_EQ(window.PaneStart(kPaneStart + kPane - 1), kPaneStart);
  EXPECT_EQ(window.PaneStart(kPaneStart + kPane), kPaneStart + kPane);
  EXPECT_EQ(window.PaneStart(0), 0);
  EXPECT_EQ(window.PaneStart(-1), -kPane);
  EXPECT_EQ(window.PaneStart(-kPane), -kPane);
}

TEST_F(WindowTest, IsEmptyAtFirst) {
  Window window(baseline_, home_, kLength, 60);
  EXPECT_EQ(window.Range(), std::nullopt);
  EXPECT_EQ(window.rows(), 0u);
  EXPECT_TRUE(window.Sum().empty());
  EXPECT_EQ(window.NextToClose(kMax), std::nullopt);
  EXPECT_FALSE(window.IsLate(kMin + 1));
  EXPECT_FALSE(window.dirty());
}

TEST_F(WindowTest, ClosesTheOldestFirstOnceItsEndIsReached) {
  Window window(baseline_, home_, kLength, 60);
  Feed(&window, kPaneStart + kPane, {5, 6});
  Feed(&window, kPaneStart, {7});
  EXPECT_EQ(window.NextToClose(kPaneStart + kPane - 1), std::nullopt);
  ASSERT_EQ(window.NextToClose(kPaneStart + kPane), kPaneStart);
  EXPECT_EQ(profile::EncodePane(window.Close(kPaneStart, kPaneStart)), Bytes({7}));
  EXPECT_EQ(window.NextToClose(kPaneStart + kPane), std::nullopt);
  EXPECT_EQ(window.NextToClose(kPaneStart + 2 * kPane), kPaneStart + kPane);
  EXPECT_EQ(window.open_panes(), 1u);
}

TEST_F(WindowTest, IsLateFromTheEndOfTheNewestClosedPaneDown) {
  Window window(baseline_, home_, kLength, 60);
  Feed(&window, kPaneStart, {1});
  window.Close(kPaneStart, kPaneStart);
  EXPECT_TRUE(window.IsLate(kPaneStart));
  EXPECT_TRUE(window.IsLate(kPaneStart - kPane));
  EXPECT_FALSE(window.IsLate(kPaneStart + kPane));
  EXPECT_EQ(window.closed_until(), kPaneStart + kPane);
}

TEST_F(WindowTest, ForgetsPanesThatLeaveInMemoryAndOnDisk) {
  Window window(baseline_, home_, kLength, 3);
  for (int i = 0; i < 10; ++i) {
    const int64_t start = kPaneStart + i * kPane;
    Feed(&window, start, {static_cast<double>(i)});
    Commit(&window);
    window.Close(start, start);
    Commit(&window);
  }
  EXPECT_EQ(profile::EncodePane(window.Sum()), Bytes({7, 8, 9}));
  EXPECT_EQ(window.rows(), 3u);
  EXPECT_EQ(window.Range(), std::make_pair(kPaneStart + 7 * kPane, kPaneStart + 10 * kPane));
  EXPECT_EQ(window.SumOfClosed(kMin, kMax).rows, 3u);
  EXPECT_EQ(store_->ListPanes("m", "v", kWindowGeneration)->size(), 3u);
  EXPECT_THAT(*store_->ListPaneDeltas("m", "v", kWindowGeneration), ::testing::IsEmpty());
}

TEST_F(WindowTest, AGapInTimeEmptiesTheWindow) {
  Window window(baseline_, home_, kLength, 3);
  Feed(&window, kPaneStart, {1, 2});
  window.Close(kPaneStart, kPaneStart);
  EXPECT_EQ(window.Sum().rows, 2u);
  Feed(&window, kPaneStart + 100 * kPane, {3});
  EXPECT_EQ(profile::EncodePane(window.Sum()), Bytes({3}));
  EXPECT_EQ(window.rows(), 1u);
}

TEST_F(WindowTest, KeepsPanesThatSomebodyStillNeedsOutOfTheSum) {
  Window window(baseline_, home_, kLength, 2);
  for (int i = 0; i < 6; ++i) {
    Feed(&window, kPaneStart + i * kPane, {static_cast<double>(i)});
    window.Close(kPaneStart + i * kPane, kPaneStart + kPane);
  }
  Commit(&window);
  EXPECT_EQ(profile::EncodePane(window.Sum()), Bytes({4, 5}));
  const auto kept = [&](Window& from) {
    return profile::EncodePane(from.SumOfClosed(kMin, kPaneStart + 4 * kPane));
  };
  EXPECT_EQ(kept(window), Bytes({1, 2, 3}));
  Window restored = Restored(window.closed_until(), 2);
  EXPECT_EQ(kept(restored), Bytes({1, 2, 3}));
  EXPECT_EQ(profile::EncodePane(restored.Sum()), Bytes({4, 5}));
}

TEST_F(WindowTest, AShorterWindowDropsOldPanesFromTheSum) {
  Window window(baseline_, home_, kLength, 10);
  for (int i = 0; i < 6; ++i) {
    Feed(&window, kPaneStart + i * kPane, {static_cast<double>(i)});
    window.Close(kPaneStart + i * kPane, kPaneStart);
  }
  EXPECT_EQ(window.Sum().rows, 6u);
  window.set_panes(2);
  EXPECT_EQ(profile::EncodePane(window.Sum()), Bytes({4, 5}));
  EXPECT_EQ(window.rows(), 2u);
}

TEST_F(WindowTest, WritesOnlyWhatChanged) {
  Window window(baseline_, home_, kLength, 60);
  Feed(&window, kPaneStart, {1});
  EXPECT_TRUE(window.dirty());
  Commit(&window);
  EXPECT_FALSE(window.dirty());
  storage::Store::Batch nothing;
  window.Commit(&nothing);
  EXPECT_TRUE(nothing.empty());
  Feed(&window, kPaneStart + kPane, {2});
  Commit(&window);
  const auto deltas = *store_->ListPaneDeltas("m", "v", kWindowGeneration);
  ASSERT_EQ(deltas.size(), 2u);  // the first pane was not written again
  EXPECT_EQ(deltas[1].bytes, Bytes({2}));
}

TEST_F(WindowTest, FoldsTheDeltasOfALongPane) {
  Window window(baseline_, home_, kLength, 60);
  std::vector<double> fed;
  size_t most = 0, least = 1000;
  for (int i = 0; i < 600; ++i) {
    fed.push_back(i);
    Feed(&window, kPaneStart, {fed.back()});
    Commit(&window);
    const size_t deltas = store_->ListPaneDeltas("m", "v", kWindowGeneration)->size();
    most = std::max(most, deltas);
    if (i > 256) least = std::min(least, deltas);
  }
  EXPECT_EQ(most, 256u);
  EXPECT_EQ(least, 1u);
  Window restored = Restored(kMin, 60);
  EXPECT_EQ(profile::EncodePane(restored.Sum()), Bytes(fed));
  restored.Close(kPaneStart, kPaneStart);
  Commit(&restored);
  EXPECT_THAT(*store_->ListPaneDeltas("m", "v", kWindowGeneration), ::testing::IsEmpty());
  EXPECT_EQ(store_->ListPanes("m", "v", kWindowGeneration)->at(0).bytes, Bytes(fed));
}

TEST_F(WindowTest, NamesAPaneThatCannotBeRead) {
  storage::Store::Batch batch;
  batch.PutPaneDelta("m", "v", kWindowGeneration, kPaneStart, 0, "not a pane");
  ASSERT_TRUE(store_->Write(std::move(batch), false).ok());
  Window window(baseline_, home_, kLength, 60);
  const absl::Status status = window.Restore(kMin);
  EXPECT_EQ(status.code(), absl::StatusCode::kDataLoss);
  EXPECT_THAT(std::string(status.message()), ::testing::HasSubstr("2023-11-14T22:14:00"));
}

TEST_F(WindowTest, LeavesOutAClosedPaneThatCannotBeReadAndCountsIt) {
  Window window(baseline_, home_, kLength, 3);
  for (int i = 0; i < 3; ++i) {
    Feed(&window, kPaneStart + i * kPane, {static_cast<double>(i)});
    window.Close(kPaneStart + i * kPane, kPaneStart);
    Commit(&window);
  }
  EXPECT_EQ(window.unreadable(), 0u);
  Commit(&window);
  Feed(&window, kPaneStart + 3 * kPane, {3});
  Commit(&window);  // the panes are durable now, and read from the store
  storage::Store::Batch damage;
  damage.PutPane("m", "v", kWindowGeneration, kPaneStart + kPane, "not a pane");
  ASSERT_TRUE(store_->Write(std::move(damage), false).ok());
  EXPECT_EQ(profile::EncodePane(window.Sum()), Bytes({2, 3}));
  EXPECT_EQ(window.unreadable(), 1u);
}

TEST_F(WindowTest, ReadsBlocksInsteadOfTheirPanes) {
  constexpr uint32_t kPanes = 200;
  Window window(baseline_, home_, kLength, kPanes);
  std::vector<double> last;
  for (int i = 0; i < 250; ++i) {
    Feed(&window, kPaneStart + i * kPane, {static_cast<double>(i)});
    window.Close(kPaneStart + i * kPane, kMax);
    Commit(&window);
    if (i >= 50) last.push_back(i);
  }
  Commit(&window);
  Feed(&window, kPaneStart + 249 * kPane + kPane, {0});
  Commit(&window);
  // Panes in the middle of the window can be gone: their blocks hold them.
  storage::Store::Batch damage;
  for (int i = 80; i < 200; ++i)
    damage.DeletePane("m", "v", kWindowGeneration, kPaneStart + i * kPane);
  ASSERT_TRUE(store_->Write(std::move(damage), false).ok());
  last.erase(last.begin());
  last.push_back(0);
  EXPECT_EQ(profile::EncodePane(window.Sum()), Bytes(last));
  EXPECT_EQ(window.unreadable(), 0u);
}

TEST_F(WindowTest, HoldsTheSumOfWhatWasFedWhateverTheOrderAndTheRestarts) {
  for (const uint32_t panes : {1u, 5u, 6u, 30u, 100u}) {
    SCOPED_TRACE(panes);
    const uint32_t seed = panes;
    std::mt19937_64 random(seed);
    store_
        ->Write(
            [&] {
              storage::Store::Batch batch;
              batch.DeleteVersion("m", "v");
              return batch;
            }(),
            false)
        .IgnoreError();
    auto window = std::make_unique<Window>(baseline_, home_, kLength, panes);
    std::map<int64_t, std::vector<double>> fed;  // by pane
    int64_t watermark = kPaneStart;
    for (int step = 0; step < 400; ++step) {
      const int64_t start =
          window->PaneStart(watermark + static_cast<int64_t>(random() % 4) * kPane);
      if (!window->IsLate(start)) {
        std::vector<double> values(1 + random() % 5);
        for (double& value : values) value = static_cast<double>(random() % 1200) - 100;
        Feed(window.get(), start, values);
        fed[start].insert(fed[start].end(), values.begin(), values.end());
      }
      watermark += static_cast<int64_t>(random() % 3) * kPane / 2;
      while (const auto next = window->NextToClose(watermark)) window->Close(*next, *next);
      for (uint64_t cool = random() % 8; cool > 2; --cool) window->Cool();  // 4 times: it rests
      if (random() % 4 == 0) Commit(window.get());
      if (random() % 8 == 0) {
        Commit(window.get());
        const int64_t closed_until = window->closed_until();
        window = std::make_unique<Window>(baseline_, home_, kLength, panes);
        ASSERT_TRUE(window->Restore(closed_until).ok());
        EXPECT_FALSE(window->dirty());
      }
      if (fed.empty() || random() % 3 == 0) continue;
      std::vector<double> expected;
      for (auto it = fed.upper_bound(fed.rbegin()->first - int64_t{panes} * kPane); it != fed.end();
           ++it) {
        expected.insert(expected.end(), it->second.begin(), it->second.end());
      }
      ASSERT_EQ(window->rows(), expected.size()) << "seed " << seed << " step " << step;
      ASSERT_EQ(profile::EncodePane(window->Sum()), Bytes(expected)) << "step " << step;
    }
    EXPECT_GT(fed.size(), 50u);
  }
}

}  // namespace
}  // namespace plumbline::engine
