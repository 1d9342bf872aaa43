#ifndef PLUMBLINE_TESTS_ENGINE_ROWS_H_
#define PLUMBLINE_TESTS_ENGINE_ROWS_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "absl/time/time.h"
#include "server/engine/ingest.h"
#include "tests/profile/batch_maker.h"

namespace plumbline::engine {

inline const ModelKey kKey{"m", "v"};
/// A pane of a minute starts.
inline const absl::Time kNow = absl::FromUnixSeconds(1'700'000'040);

/// Rows of a feature `x`, a feature `city` and a prediction `score`, and the memory of their view.
struct Rows : BatchOwner {
  std::vector<double> x, score;
  std::vector<std::string> city;
  std::optional<int64_t> micros;  // event time
  std::string source;

  profile::BatchView View() const {
    profile::ColumnView prediction = profile::NumberColumn("score", score);
    prediction.role = profile::Role::kPrediction;
    profile::BatchView view = profile::MakeBatch(
        static_cast<uint32_t>(x.size()),
        {profile::NumberColumn("x", x), profile::TextColumn("city", city), prediction});
    view.event_micros = micros;
    view.source = source;
    return view;
  }
};

/// `x` is normal around `mean`, `score` uniform in [0, 1), `city` one of three.
inline Rows RandomRows(std::mt19937_64* random, size_t count, double mean = 0) {
  std::normal_distribution<double> normal(mean, 1);
  std::uniform_real_distribution<double> uniform(0, 1);
  Rows rows;
  for (size_t i = 0; i < count; ++i) {
    rows.x.push_back(normal(*random));
    rows.score.push_back(uniform(*random));
    const double share = uniform(*random);
    rows.city.emplace_back(share < 0.5 ? "oslo" : share < 0.9 ? "lima" : "rome");
  }
  return rows;
}

/// A baseline of 5,000 such rows, number 1.
inline std::shared_ptr<const profile::Baseline> TrainedOnRows() {
  std::mt19937_64 random(20'000);
  const Rows rows = RandomRows(&random, 5'000);
  profile::Baseline baseline = profile::BuildBaseline({rows.View()}).value();
  baseline.number = 1;
  return std::make_shared<const profile::Baseline>(std::move(baseline));
}

/// The rows as a batch that owns them.
inline IngestBatch BatchOf(const ModelKey& key, BatchNumber number, Rows rows) {
  auto owner = std::make_unique<Rows>(std::move(rows));
  IngestBatch batch;
  batch.key = key;
  batch.number = std::move(number);
  batch.view = owner->View();
  batch.owner = std::move(owner);
  return batch;
}

}  // namespace plumbline::engine

#endif  // PLUMBLINE_TESTS_ENGINE_ROWS_H_
