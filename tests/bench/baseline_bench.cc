// The obvious way to a baseline's edges and moments: sort each column, with Welford beside it.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <random>
#include <vector>

namespace plumbline::bench {
namespace {

void Sort(benchmark::State& state) {
  const auto rows = static_cast<size_t>(state.range(0));
  std::mt19937_64 random(1);
  std::normal_distribution<double> normal;
  std::vector<double> column(rows);
  for (double& value : column) value = normal(random);
  std::vector<double> sorted;
  for (auto _ : state) {
    sorted = column;
    double count = 0, mean = 0, squares = 0;
    for (const double value : sorted) {
      const double delta = value - mean;
      mean += delta / ++count;
      squares += delta * (value - mean);
    }
    benchmark::DoNotOptimize(squares);
    std::sort(sorted.begin(), sorted.end());
    benchmark::DoNotOptimize(sorted.data());
  }
  state.SetItemsProcessed(state.iterations() * state.range(0));
}

BENCHMARK(Sort)->Name("sort")->Arg(1'000'000)->Arg(10'000'000)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace plumbline::bench
