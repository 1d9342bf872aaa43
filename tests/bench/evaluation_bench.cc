// Judging models as the engine does, on one core: every variable of every model has memory of its
// own, as in a server that has many.
#include <benchmark/benchmark.h>

#include <map>
#include <memory>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "server/engine/live_model.h"
#include "server/profile/baseline_builder.h"
#include "server/profile/pane.h"
#include "server/profile/statistics.h"
#include "server/transport/server_settings.h"
#include "server/transport/wire_batch.h"
#include "tests/bench/shapes.h"

namespace plumbline::bench {
namespace {

constexpr Shape kShape = {.rows = 100, .doubles = 80, .dictionaries = 20};
constexpr int64_t kVariables = kShape.doubles + kShape.dictionaries;
constexpr size_t kBaselineRows = 20'000;
constexpr size_t kBatches = 16;
constexpr int kMinutes = 10;  // of live data; the newest are still open

// Without the parts that only reports read, which would fill the memory.
profile::Baseline MakeBaseline() {
  std::mt19937_64 random(1);
  const v1::Batch batch = MakeBatch(kShape, kBaselineRows, &random);
  const profile::BatchView view = transport::ViewOf(batch);
  profile::BaselineBuilder builder({});
  if (!builder.Sketch(view).ok() || !builder.FinishSketch().ok() || !builder.Count(view).ok()) {
    std::abort();
  }
  profile::Baseline baseline = *builder.Finish();
  baseline.chunks.clear();
  baseline.sample = {};
  return baseline;
}

// Models with an open window, and a clock.
class House {
 public:
  explicit House(size_t models) {
    std::mt19937_64 random(2);
    for (size_t i = 0; i < kBatches; ++i) wire_.push_back(MakeBatch(kShape, 100, &random));
    one_row_ = MakeBatch(kShape, 1, &random);
    const profile::Baseline baseline = MakeBaseline();
    for (size_t i = 0; i < models; ++i) {
      baselines_.push_back(std::make_shared<profile::Baseline>(baseline));
      models_.push_back(std::make_unique<engine::LiveModel>(
          engine::ModelKey{absl::StrCat("bench-", i), "v1"}, baselines_.back(),
          checks::DefaultPolicy(), 1, now_, nullptr));
    }
    for (int minute = 0; minute < kMinutes; ++minute) {
      now_ += absl::Minutes(1);
      for (size_t i = 0; i < models; ++i) Ingest(i, wire_[(i + minute) % kBatches]);
    }
    Tick();
  }

  /// A row for every model: all must be judged again.
  void Touch() {
    for (size_t i = 0; i < models_.size(); ++i) Ingest(i, one_row_);
  }
  void Tick() {
    for (const auto& model : models_) model->Tick(now_);
  }
  uint64_t evaluations() const {
    uint64_t sum = 0;
    for (const auto& model : models_) sum += model->evaluations();
    return sum;
  }

  /// A window of rows against each model's baseline.
  std::vector<profile::Pane> Windows() const {
    std::vector<profile::Pane> windows;
    for (size_t i = 0; i < baselines_.size(); ++i) {
      windows.emplace_back(*baselines_[i]);
      for (const v1::Batch& batch : wire_) {
        profile::PreparedBatch(*baselines_[i], transport::ViewOf(batch))
            .Count(0, batch.row_count(), &windows.back());
      }
    }
    return windows;
  }
  const profile::Baseline& baseline(size_t model) const { return *baselines_[model]; }

 private:
  void Ingest(size_t model, const v1::Batch& wire) {
    engine::IngestBatch batch;
    batch.key = models_[model]->key();
    batch.view = transport::ViewOf(wire);
    batch.view.event_micros = absl::ToUnixMicros(now_);
    models_[model]->Ingest(batch, now_);
  }

  absl::Time now_ = absl::FromUnixSeconds(1'700'000'000);
  std::vector<v1::Batch> wire_;
  v1::Batch one_row_;
  std::vector<std::shared_ptr<const profile::Baseline>> baselines_;
  std::vector<std::unique_ptr<engine::LiveModel>> models_;
};

House& HouseOf(benchmark::State& state) {
  static auto* const houses = [] {
    transport::TuneProcess();  // as the server's memory is
    return new std::map<int64_t, std::unique_ptr<House>>();
  }();
  auto& house = (*houses)[state.range(0)];
  if (house == nullptr) house = std::make_unique<House>(state.range(0));
  return *house;
}

// Window, statistics, findings and alerts of models that have new rows.
void Judge(benchmark::State& state) {
  House& house = HouseOf(state);
  for (auto _ : state) {
    state.PauseTiming();
    house.Touch();
    const uint64_t before = house.evaluations();
    state.ResumeTiming();
    house.Tick();
    if (house.evaluations() - before != static_cast<uint64_t>(state.range(0))) {
      state.SkipWithError("not every model was judged");
      break;
    }
  }
  state.SetItemsProcessed(state.iterations() * state.range(0) * kVariables);
}

// The same for models without new rows.
void Clean(benchmark::State& state) {
  House& house = HouseOf(state);
  house.Tick();
  const uint64_t before = house.evaluations();
  for (auto _ : state) house.Tick();
  if (house.evaluations() != before) state.SkipWithError("a clean model was judged");
  state.SetItemsProcessed(state.iterations() * state.range(0) * kVariables);
}

// The statistics alone.
void Statistics(benchmark::State& state) {
  const House& house = HouseOf(state);
  const std::vector<profile::Pane> windows = house.Windows();
  for (auto _ : state) {
    for (size_t i = 0; i < windows.size(); ++i) {
      const profile::Baseline& baseline = house.baseline(i);
      for (size_t v = 0; v < baseline.variables.size(); ++v) {
        benchmark::DoNotOptimize(
            profile::CompareToBaseline(baseline.variables[v], windows[i].variables[v]));
      }
    }
  }
  state.SetItemsProcessed(state.iterations() * state.range(0) * kVariables);
}

BENCHMARK(Judge)->Name("judge")->Arg(100)->Arg(1000)->Unit(benchmark::kMillisecond);
BENCHMARK(Clean)->Name("clean")->Arg(100)->Arg(1000)->Unit(benchmark::kMillisecond);
BENCHMARK(Statistics)->Name("statistics")->Arg(100)->Arg(1000)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace plumbline::bench
