#include "server/checks/slice.h"

#include <algorithm>
#include <cmath>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "server/checks/evaluate.h"
#include "server/profile/slicing.h"
#include "tests/profile/batch_maker.h"

namespace plumbline::checks {
namespace {

using profile::Pane;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr int kKinds = 8;
constexpr int kSliceRows = 240;

// Panes of all rows, and of each slice. x is normal, `kind` one of eight values in turn.
struct Stream {
  std::vector<Pane> all;
  std::vector<std::vector<Pane>> slices;
};

class EvaluateSliceTest : public ::testing::Test {
 protected:
  void SetUp() override {
    baseline_ = profile::BuildBaseline({Rows(24'000, [](int) { return 0.0; })}).value();
    slicing_ = profile::MakeSlicing(baseline_, {"kind"}, 32);
    ASSERT_EQ(slicing_.slices.size(), size_t{kKinds});
  }

  // x is moved by as much as `moved` says of its kind.
  template <class Moved>
  profile::BatchView Rows(int rows, Moved moved) {
    std::normal_distribution<double> normal;
    x_.clear();
    kind_.clear();
    for (int i = 0; i < rows; ++i) {
      const int kind = static_cast<int>(random_() % kKinds);
      x_.push_back(normal(random_) + moved(kind));
      kind_.push_back(absl::StrCat("k", kind));
    }
    profile::ColumnView x, kind;
    x.name = "x";
    x.values = absl::Span<const double>(x_);
    kind.name = "kind";
    kind.values = std::vector<absl::string_view>(kind_.begin(), kind_.end());
    return profile::MakeBatch(static_cast<uint32_t>(rows), {x, kind});
  }

  template <class Moved>
  void Send(Stream* stream, int panes, Moved moved) {
    stream->slices.resize(slicing_.slices.size());
    for (int pane = 0; pane < panes; ++pane) {
      const profile::BatchView batch = Rows(kSliceRows, moved);
      stream->all.push_back(profile::CountBatch(baseline_, batch));
      for (auto& slice : stream->slices) slice.emplace_back(baseline_);
      const profile::PreparedBatch prepared(baseline_, batch);
      profile::CountSlices(baseline_, slicing_, prepared, {{0u, uint32_t{kSliceRows}}},
                           [&](uint32_t slice) { return &stream->slices[slice].back(); });
    }
  }

  Pane Latest(const std::vector<Pane>& panes, size_t count) {
    Pane sum(baseline_);
    for (size_t i = panes.size() - std::min(count, panes.size()); i < panes.size(); ++i) {
      sum.Merge(panes[i]);
    }
    return sum;
  }

  std::vector<VariableEvidence> Changes(const profile::Baseline& trained,
                                        const std::vector<Pane>& panes) {
    ChangeWatch watch(&trained);
    Pane block(baseline_);
    for (const Pane& pane : panes) {
      block.Merge(pane);
      if (block.rows < policy_.min_rows_drift) continue;
      watch.Observe(block);
      block = Pane(baseline_);
    }
    std::vector<VariableEvidence> changes =
        watch.Weigh(std::log(policy_.BlocksPerFalseAlarm(policy_.pane) * (kKinds + 1)));
    LookBack(
        trained, policy_, [&](uint32_t count) { return Latest(panes, count); }, &changes);
    return changes;
  }

  std::vector<profile::VariableStatistics> Statistics(const profile::Baseline& trained,
                                                      const Pane& pane) {
    std::vector<profile::VariableStatistics> statistics;
    for (size_t i = 0; i < trained.variables.size(); ++i) {
      statistics.push_back(profile::CompareToBaseline(trained.variables[i], pane.variables[i]));
    }
    return statistics;
  }

  // The slices of which a drift of x is told.
  std::vector<std::string> Told(const Stream& stream) {
    const Pane all = Latest(stream.all, stream.all.size());
    const auto changes_of_all = Changes(baseline_, stream.all);
    const std::vector<Finding> of_all = Evaluate(
        baseline_, policy_, {.window = all, .changes = &changes_of_all, .now = absl::UnixEpoch()},
        Statistics(baseline_, all));
    std::vector<std::string> told;
    for (size_t i = 0; i < slicing_.slices.size(); ++i) {
      const profile::TrainedSlice& slice = slicing_.slices[i];
      const std::vector<Pane>& panes = stream.slices[i];
      const auto changes = Changes(*slice.trained, panes);
      const Pane window = Latest(panes, panes.size());
      const auto statistics = Statistics(*slice.trained, window);
      for (const Finding& finding :
           EvaluateSlice(baseline_, policy_,
                         {.slice = slice.name,
                         .trained = *slice.trained,
                         .window = window,
                         .changes = &changes,
                         .statistics = statistics,
                         .all = all,
                         .latest = [&](uint32_t count) { return Latest(stream.all, count); },
                         .of_all = of_all,
                         .sets = 1 + slicing_.slices.size(),
                         .trained_share = static_cast<double>(slice.trained->rows) /
                                          static_cast<double>(slicing_.sample_rows)},
                         nullptr)) {
        if (finding.status != Status::kFiring) continue;
        if (finding.check == CheckId::kDrift && finding.variable == "x") {
          told.push_back(slice.name);
        }
      }
    }
    return told;
  }

  // True if x drifts in this slice by itself, wherever that lies.
  bool Drifts(const Stream& stream, size_t slice) {
    const auto changes = Changes(*slicing_.slices[slice].trained, stream.slices[slice]);
    const VariableEvidence* const evidence = EvidenceOn(&changes, *baseline_.schema.Find("x"));
    return evidence != nullptr && evidence->drift.enough;
  }

  std::mt19937_64 random_{1};
  std::vector<double> x_;
  std::vector<std::string> kind_;
  profile::Baseline baseline_;
  profile::Slicing slicing_;
  Policy policy_ = DefaultPolicy();
};

TEST_F(EvaluateSliceTest, WhatAllRowsHaveIsNotTheSlices) {
  int drifts = 0;
  for (int run = 0; run < 20; ++run) {
    Stream stream;
    Send(&stream, 24, [](int) { return 0.6; });
    EXPECT_THAT(Told(stream), IsEmpty()) << run;
    for (size_t slice = 0; slice < slicing_.slices.size(); ++slice) {
      drifts += Drifts(stream, slice) ? 1 : 0;
    }
  }
  EXPECT_GT(drifts, 20);  // or nothing was asked
}

TEST_F(EvaluateSliceTest, NorIsWhatAllRowsHaveSinceAShortWhile) {
  // The window is still that of training, for all rows and for the slices.
  int drifts = 0;
  for (int run = 0; run < 10; ++run) {
    Stream stream;
    Send(&stream, 60, [](int) { return 0.0; });
    Send(&stream, 8, [](int) { return 0.9; });
    EXPECT_THAT(Told(stream), IsEmpty()) << run;
    for (size_t slice = 0; slice < slicing_.slices.size(); ++slice) {
      drifts += Drifts(stream, slice) ? 1 : 0;
    }
  }
  EXPECT_GT(drifts, 10);
}

TEST_F(EvaluateSliceTest, WhatTheOthersDoNotHaveIs) {
  for (int run = 0; run < 5; ++run) {
    Stream stream;
    Send(&stream, 60, [](int) { return 0.0; });
    Send(&stream, 12, [](int kind) { return kind == 3 ? 1.2 : 0; });
    EXPECT_THAT(Told(stream), ElementsAre("kind=k3")) << run;
  }
}

TEST_F(EvaluateSliceTest, SoIsWhatTheOthersHaveLessOf) {
  Stream stream;
  Send(&stream, 60, [](int kind) { return kind == 5 ? 1.5 : 0.3; });
  EXPECT_THAT(Told(stream), ElementsAre("kind=k5"));
}

}  // namespace
}  // namespace plumbline::checks
