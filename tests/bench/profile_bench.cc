// What the profile of a data set costs, and its parts.
#include <benchmark/benchmark.h>

#include <cmath>
#include <random>
#include <string>
#include <vector>

#include "server/manifest/content_digest.h"
#include "server/profile/data_set_profiler.h"

namespace plumbline::bench {
namespace {

constexpr uint32_t kRows = 65'536;
constexpr size_t kColumns = 16;

// Digests of cells and rows alone.
void Digests(benchmark::State& state) {
  std::mt19937_64 random(1);
  std::normal_distribution<double> normal;
  std::vector<std::vector<double>> columns(kColumns, std::vector<double>(1024));
  for (auto& column : columns) {
    for (double& value : column) value = normal(random);
  }
  std::vector<manifest::CellHash> cells(1024);
  std::vector<absl::uint128> rows(1024);
  std::vector<manifest::ContentDigest> digests(kColumns);
  const auto key = manifest::RowHasher::KeyOf("x");
  for (auto _ : state) {
    for (size_t c = 0; c < kColumns; ++c) {
      for (size_t i = 0; i < cells.size(); ++i) cells[i] = manifest::HashOfNumber(columns[c][i]);
      digests[c].AddAll(cells);
      manifest::RowHasher::AddColumn(key, cells, absl::MakeSpan(rows));
    }
    benchmark::DoNotOptimize(rows.data());
  }
  state.SetItemsProcessed(state.iterations() * static_cast<int64_t>(kColumns * cells.size()));
}

// range(0): decimals that the numbers are rounded to; -1: none.
void Profile(benchmark::State& state) {
  std::mt19937_64 random(1);
  std::normal_distribution<double> normal(0, 1000);
  std::vector<std::vector<double>> columns(kColumns, std::vector<double>(kRows));
  const double unit = std::pow(10, static_cast<double>(state.range(0)));
  for (auto& column : columns) {
    for (double& value : column) {
      value = normal(random);
      if (state.range(0) >= 0) value = std::round(value * unit) / unit;
    }
  }
  profile::BatchView batch;
  batch.rows = kRows;
  std::vector<std::string> names;
  for (size_t c = 0; c < kColumns; ++c) names.push_back("x" + std::to_string(c));
  for (size_t c = 0; c < kColumns; ++c) {
    profile::ColumnView& view = batch.columns.emplace_back();
    view.name = names[c];
    view.values = absl::MakeConstSpan(columns[c]);
  }
  profile::DataSetProfiler profiler({}, {});
  for (auto _ : state) {
    if (!profiler.Add(batch).ok()) state.SkipWithError("refused");
  }
  state.SetItemsProcessed(state.iterations() * static_cast<int64_t>(kColumns * kRows));
}

BENCHMARK(Digests)->Name("digests");
BENCHMARK(Profile)
    ->Name("profile/decimals")
    ->Arg(0)
    ->Arg(2)
    ->Arg(-1)
    ->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace plumbline::bench
