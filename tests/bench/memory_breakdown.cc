// Where the memory of a live variable is: bytes in use, by what holds them, of models with an hour
// of minute panes. Prints one line of JSON.
#include <malloc.h>

#include <cstdio>
#include <cstdlib>
#include <memory>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "server/engine/live_model.h"
#include "server/profile/baseline_builder.h"
#include "server/transport/wire_batch.h"
#include "tests/bench/shapes.h"

namespace plumbline::bench {
namespace {

constexpr size_t kBaselineRows = 20'000;
constexpr size_t kModels = 20;
constexpr size_t kVariables = 100;
constexpr int kMinutes = 60;

const char* separator = "";

double BytesInUse() {
  const struct mallinfo2 info = mallinfo2();
  return static_cast<double>(info.uordblks + info.hblkhd);
}

// Bytes a variable that `make` has taken for each model, and what it made.
template <class Make>
auto Measure(const char* what, const char* kind, const Make& make) {
  const double before = BytesInUse();
  std::vector<decltype(make(0))> made;
  made.reserve(kModels);
  for (size_t i = 0; i < kModels; ++i) made.push_back(make(i));
  const double bytes = (BytesInUse() - before) / (kModels * kVariables);
  std::printf("%s\"%s %s\": %.0f", separator, kind, what, bytes);
  separator = ", ";
  return made;
}

profile::Baseline MakeBaseline(const Shape& shape) {
  std::mt19937_64 random(1);
  const v1::Batch batch = MakeBatch(shape, kBaselineRows, &random);
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

void Run(const char* kind, const Shape& shape) {
  std::mt19937_64 random(2);
  std::vector<v1::Batch> wire;
  for (int i = 0; i < 16; ++i) wire.push_back(MakeBatch(shape, shape.rows, &random));
  const profile::Baseline original = MakeBaseline(shape);
  const auto baselines = Measure("baseline", kind, [&](size_t) {
    return std::make_shared<const profile::Baseline>(original);
  });
  absl::Time now = absl::FromUnixSeconds(1'700'000'000);
  const auto ingest = [&](engine::LiveModel* model, size_t i, absl::Time at) {
    engine::IngestBatch batch;
    batch.key = model->key();
    batch.view = transport::ViewOf(wire[i % wire.size()]);
    batch.view.event_micros = absl::ToUnixMicros(at);
    model->Ingest(batch, at);
  };
  const auto commit = [](engine::LiveModel* model) {
    storage::Store::Batch batch;
    model->Commit(&batch);
  };
  const auto models = Measure("window", kind, [&](size_t i) {
    auto model =
        std::make_unique<engine::LiveModel>(engine::ModelKey{absl::StrCat("m", i), "v"},
                                            baselines[i], checks::Policy(), 1, now, nullptr);
    for (int minute = 0; minute < kMinutes; ++minute) {
      ingest(model.get(), i + static_cast<size_t>(minute), now + absl::Minutes(minute));
    }
    commit(model.get());
    ingest(model.get(), i, now + absl::Minutes(kMinutes - 1));  // forgets what is durable
    commit(model.get());
    for (int second = 0; second < 3; ++second) {
      model->Tick(now + absl::Minutes(kMinutes - 1) + absl::Seconds(second));
    }
    return model;
  });
  const auto snapshots = Measure("snapshot", kind, [&](size_t i) { return models[i]->Snapshot(); });
  now += absl::Minutes(kMinutes - 1) + absl::Seconds(10);
  Measure("traffic, committed", kind, [&](size_t i) {
    ingest(models[i].get(), i, now);
    commit(models[i].get());
    return 0;
  });
  Measure("traffic, to commit", kind, [&](size_t i) {
    ingest(models[i].get(), i + 1, now);
    return 0;
  });
}

}  // namespace
}  // namespace plumbline::bench

int main() {
  std::printf("{");
  plumbline::bench::Run("numeric", {.rows = 100, .doubles = plumbline::bench::kVariables});
  plumbline::bench::Run("categorical", {.rows = 100, .dictionaries = plumbline::bench::kVariables});
  std::printf("}\n");
}
