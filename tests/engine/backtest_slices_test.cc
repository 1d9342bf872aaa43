#include <algorithm>
#include <functional>
#include <limits>
#include <memory>
#include <random>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "rocksdb/env.h"
#include "server/engine/backtest.h"
#include "server/engine/live_model.h"
#include "tests/engine/rows.h"

namespace plumbline::engine {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;

const absl::Time kStart = absl::FromUnixSeconds(1'700'000'400);  // ten minutes, and a pane, start
constexpr int kMinutes = 60;

// `check variable source slice`.
std::string NameOf(checks::CheckId check, const std::string& variable, const std::string& source,
                   const std::string& slice) {
  return absl::StrCat(checks::CheckName(check), " ", variable, " ", source, " ", slice);
}

// What fired in any chunk.
std::set<std::string> Fired(const std::vector<BacktestChunk>& chunks) {
  std::set<std::string> fired;
  for (const BacktestChunk& chunk : chunks) {
    for (const checks::Finding& one : chunk.findings) {
      if (one.status != checks::Status::kFiring) continue;
      fired.insert(NameOf(one.check, one.variable, one.source, one.slice));
    }
  }
  return fired;
}

std::set<std::string> Incidents(const std::vector<BacktestChunk>& chunks) {
  std::set<std::string> ids;
  for (const BacktestChunk& chunk : chunks) {
    for (const ModelIncident& one : chunk.incidents) ids.insert(one.incident.id);
  }
  return ids;
}

// An hour of rows, a batch a minute and source, live and again as a backtest by ten minutes.
class BacktestSlicesTest : public ::testing::Test {
 protected:
  BacktestSlicesTest() {
    policy_.allowed_lateness = absl::ZeroDuration();
    policy_.window_panes = 10;
  }

  // 100 rows a minute from a, 900 from b, and as many from c later; `change` them.
  void Make(const std::function<void(int minute, Rows*)>& change) {
    batches_.clear();
    std::mt19937_64 random(11);
    for (int minute = 0; minute < kMinutes; ++minute) {
      for (const std::string source : {"a", "b", "c"}) {
        if (source == "c" && minute < 30) continue;
        Rows rows = RandomRows(&random, source == "a" ? 100 : 900);
        rows.source = source;
        rows.micros = absl::ToUnixMicros(kStart + absl::Minutes(minute));
        change(minute, &rows);
        batches_.push_back(std::move(rows));
      }
    }
  }
  void SliceByCity() {
    slices_.values = std::make_shared<const profile::Slicing>(
        profile::MakeSlicing(*baseline_, {{"city"}}, Quotas().max_judged_slices));
  }

  // Alerts that fire at any time.
  std::set<std::string> Live() {
    const std::unique_ptr<rocksdb::Env> env(rocksdb::NewMemEnv(rocksdb::Env::Default()));
    const auto store = storage::Store::Open("/db", {.env = env.get()}).value();
    LiveModel model(kKey, baseline_, policy_, 1, kStart, store.get());
    model.SetSlicing(slices_.values);
    std::set<std::string> fired;
    live_incidents_.clear();
    for (const Rows& rows : batches_) {
      model.Ingest(BatchOf(kKey, {}, rows), absl::FromUnixMicros(*rows.micros));
      for (const ModelAlert& one : model.TakeChanges()) {
        if (one.alert.state != checks::AlertState::kFiring) continue;
        const checks::AlertKey& key = one.alert.key;
        fired.insert(NameOf(key.check, key.variable, key.source, key.slice));
        live_incidents_.insert(one.alert.incident);
      }
    }
    return fired;
  }
  std::vector<BacktestChunk> Backtest(Chunking chunking = {.rows = 0,
                                                           .duration = absl::Minutes(10),
                                                           .calendar = {}}) {
    std::vector<BacktestChunk> chunks;
    const auto emit = [&](BacktestChunk chunk) { chunks.push_back(std::move(chunk)); };
    Backtester backtester(baseline_, policy_, chunking, nullptr, slices_);
    for (const Rows& rows : batches_) {
      const absl::Status added = backtester.Add(rows.View(), emit);
      EXPECT_TRUE(added.ok()) << added;
    }
    EXPECT_TRUE(backtester.Finish(emit).ok());
    return chunks;
  }

  const std::shared_ptr<const profile::Baseline> baseline_ = TrainedOnRows();
  checks::Policy policy_ = checks::DefaultPolicy();
  BacktestSlices slices_;
  std::vector<Rows> batches_;
  std::set<std::string> live_incidents_;
};

TEST_F(BacktestSlicesTest, NothingFiresWhereNothingChanges) {
  SliceByCity();
  Make([](int, Rows*) {});
  EXPECT_THAT(Live(), IsEmpty());
  const std::vector<BacktestChunk> chunks = Backtest();
  ASSERT_THAT(chunks, SizeIs(6));
  EXPECT_THAT(Fired(chunks), IsEmpty());
  EXPECT_THAT(Incidents(chunks), IsEmpty());
  // Those that came before there was a second source.
  EXPECT_EQ(chunks[0].rows_of_other_sources, 100u);
  EXPECT_EQ(chunks[5].rows_of_other_sources, 0u);
}

TEST_F(BacktestSlicesTest, ASourceThatDriftsAloneIsToldOfAsLive) {
  SliceByCity();
  Make([](int minute, Rows* rows) {
    if (rows->source != "a" || minute < 20) return;
    for (double& x : rows->x) x += 0.8;
  });
  const std::vector<BacktestChunk> chunks = Backtest();
  EXPECT_THAT(Fired(chunks), ElementsAre("drift x a "));
  EXPECT_EQ(Fired(chunks), Live());
  for (size_t i = 0; i < chunks.size(); ++i) {
    const std::vector<BacktestChunk> one = {chunks[i]};
    EXPECT_EQ(Fired(one).size(), i < 2 ? 0u : 1u) << i;
  }
  const auto& findings = chunks[2].findings;
  EXPECT_EQ(findings[0].source, "a");
  EXPECT_EQ(findings[0].rows, 1'000u);
  EXPECT_THAT(findings[0].reason, AllOf(HasSubstr("x: psi"), EndsWith(", source a")));
  // One incident, with that alert, which goes on.
  EXPECT_THAT(live_incidents_, SizeIs(1));
  ASSERT_THAT(Incidents(chunks), SizeIs(1));
  EXPECT_THAT(chunks[1].incidents, IsEmpty());
  ASSERT_THAT(chunks[2].incidents, SizeIs(1));
  EXPECT_THAT(chunks[2].incidents[0].incident.head, HasSubstr("source a"));
  EXPECT_EQ(chunks[5].incidents[0].incident.id, chunks[2].incidents[0].incident.id);
}

TEST_F(BacktestSlicesTest, ASliceThatDriftsWhileTheWholeDoesNotIsToldOfAsLive) {
  SliceByCity();
  Make([](int minute, Rows* rows) {
    for (size_t i = 0; i < rows->x.size(); ++i) {
      if (minute >= 20 && rows->city[i] == "rome") rows->x[i] += 0.8;
    }
  });
  const std::vector<BacktestChunk> chunks = Backtest();
  EXPECT_THAT(Fired(chunks), ElementsAre("drift x  city=rome"));
  EXPECT_EQ(Fired(chunks), Live());
  EXPECT_THAT(chunks[3].findings[0].reason, EndsWith(", slice city=rome"));
  slices_.values = nullptr;
  EXPECT_THAT(Fired(Backtest()), IsEmpty());
}

TEST_F(BacktestSlicesTest, WhatAllRowsDoIsToldOfThemAsLive) {
  SliceByCity();
  Make([](int minute, Rows* rows) {
    if (minute < 20) return;
    for (double& x : rows->x) x += 0.8;
  });
  const std::vector<BacktestChunk> chunks = Backtest();
  EXPECT_THAT(Fired(chunks), Contains("drift x  "));
  EXPECT_THAT(Fired(chunks), Not(Contains(HasSubstr("city="))));
  EXPECT_EQ(Fired(chunks), Live());
}

TEST_F(BacktestSlicesTest, APredictionThatIsNaNInOneSourceIsToldOfItAsLive) {
  Make([](int minute, Rows* rows) {
    if (rows->source != "c" || minute < 40) return;
    for (size_t i = 0; i < 50; ++i) rows->score[i] = std::numeric_limits<double>::quiet_NaN();
  });
  const std::vector<BacktestChunk> chunks = Backtest();
  EXPECT_THAT(Fired(chunks), Contains("nan_rate score  "));
  EXPECT_THAT(Fired(chunks), Contains("nan_rate score c "));
  EXPECT_EQ(Fired(chunks), Live());
  for (const checks::Finding& one : chunks[5].findings) {
    if (one.status != checks::Status::kFiring || one.check != checks::CheckId::kNanRate) continue;
    EXPECT_THAT(one.reason, HasSubstr(", source c"));
  }
  EXPECT_EQ(Incidents(chunks).size(), live_incidents_.size());
}

TEST_F(BacktestSlicesTest, ASourceThatIsDifferentByNatureIsNot) {
  // Half of training's rows are like a's, and half like b's.
  std::mt19937_64 random(3);
  Rows trained = RandomRows(&random, 5'000);
  for (size_t i = 0; i < trained.x.size(); i += 2) trained.x[i] += 3;
  profile::Baseline baseline = profile::BuildBaseline({trained.View()}).value();
  const auto mixed = std::make_shared<const profile::Baseline>(std::move(baseline));
  std::vector<BacktestChunk> chunks;
  const auto emit = [&](BacktestChunk chunk) { chunks.push_back(std::move(chunk)); };
  Backtester backtester(mixed, policy_, {.rows = 4'000, .duration = {}, .calendar = {}});
  for (int batch = 0; batch < 40; ++batch) {
    Rows rows = RandomRows(&random, 400, batch % 2 == 0 ? 3 : 0);
    rows.source = batch % 2 == 0 ? "a" : "b";
    ASSERT_TRUE(backtester.Add(rows.View(), emit).ok());
  }
  ASSERT_TRUE(backtester.Finish(emit).ok());
  EXPECT_THAT(chunks, SizeIs(4));
  EXPECT_THAT(Fired(chunks), IsEmpty());
}

TEST_F(BacktestSlicesTest, AColumnNamesTheSourceOfEachRow) {
  Make([](int minute, Rows* rows) {
    if (rows->source != "a" || minute < 20) return;
    for (double& x : rows->x) x += 0.8;
  });
  const std::set<std::string> by_batch = Fired(Backtest());
  // The rows of a minute, those of all sources mixed.
  slices_.source_column = "origin";
  std::vector<BacktestChunk> chunks;
  const auto emit = [&](BacktestChunk chunk) { chunks.push_back(std::move(chunk)); };
  Backtester backtester(baseline_, policy_,
                        {.rows = 0, .duration = absl::Minutes(10), .calendar = {}}, nullptr,
                        slices_);
  std::mt19937_64 random(5);
  for (size_t next = 0; next < batches_.size();) {
    Rows mixed;
    std::vector<std::string> origin;
    mixed.micros = batches_[next].micros;
    std::vector<std::pair<size_t, size_t>> order;  // batch, row
    for (; next < batches_.size() && batches_[next].micros == mixed.micros; ++next) {
      for (size_t row = 0; row < batches_[next].x.size(); ++row) order.emplace_back(next, row);
    }
    std::shuffle(order.begin(), order.end(), random);
    for (const auto& [batch, row] : order) {
      mixed.x.push_back(batches_[batch].x[row]);
      mixed.score.push_back(batches_[batch].score[row]);
      mixed.city.push_back(batches_[batch].city[row]);
      origin.push_back(batches_[batch].source);
    }
    profile::BatchView view = mixed.View();
    view.columns.push_back(profile::TextColumn("origin", origin));
    const absl::Status added = backtester.Add(view, emit);
    ASSERT_TRUE(added.ok()) << added;
  }
  ASSERT_TRUE(backtester.Finish(emit).ok());
  EXPECT_THAT(Fired(chunks), ElementsAre("drift x a "));  // and no unknown variable
  EXPECT_EQ(Fired(chunks), by_batch);
  uint64_t rows = 0;
  for (const BacktestChunk& chunk : chunks) rows += chunk.rows;
  EXPECT_EQ(rows, 60u * 1'000 + 30 * 900);
}

TEST_F(BacktestSlicesTest, ASourceColumnMustBeThereAndBeText) {
  slices_.source_column = "origin";
  std::mt19937_64 random(5);
  const Rows rows = RandomRows(&random, 10);
  const auto error = [&](const profile::BatchView& view) {
    Backtester backtester(baseline_, policy_, {}, nullptr, slices_);
    return backtester.Add(view, [](BacktestChunk) {});
  };
  EXPECT_EQ(error(rows.View()).code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(error(rows.View()).message(), HasSubstr("origin"));
  profile::BatchView view = rows.View();
  view.columns.push_back(profile::NumberColumn("origin", rows.x));
  EXPECT_THAT(error(view).message(), HasSubstr("not text"));
  const std::vector<std::string> text(10, std::string(129, 'a'));
  view.columns.back() = profile::TextColumn("origin", text);
  EXPECT_THAT(error(view).message(), HasSubstr("129 bytes"));
  const std::vector<std::string> fine(10, "a");
  view.columns.back() = profile::TextColumn("origin", fine);
  EXPECT_TRUE(error(view).ok());
}

TEST_F(BacktestSlicesTest, SourcesAreBoundedAndOneWithoutRowsMakesRoom) {
  slices_.max_sources = 1;
  Make([](int, Rows*) {});
  const std::vector<BacktestChunk> chunks = Backtest();
  EXPECT_EQ(chunks[0].rows_of_other_sources, 1'000u);   // of a, b is judged
  EXPECT_EQ(chunks[5].rows_of_other_sources, 10'000u);  // of a and c
  std::erase_if(batches_, [](const Rows& rows) {
    return rows.source == "b" && *rows.micros >= absl::ToUnixMicros(kStart + absl::Minutes(30));
  });
  std::erase_if(batches_, [](const Rows& rows) {
    return rows.source == "a" && *rows.micros >= absl::ToUnixMicros(kStart + absl::Minutes(20));
  });
  EXPECT_EQ(Backtest()[5].rows_of_other_sources, 0u);  // c took the place of b
}

}  // namespace
}  // namespace plumbline::engine
