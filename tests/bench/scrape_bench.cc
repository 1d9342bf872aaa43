// The yardstick of a scrape: prometheus-cpp's own serializer over as many series.
#include <benchmark/benchmark.h>
#include <prometheus/metric_family.h>
#include <prometheus/text_serializer.h>

#include <random>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"

namespace plumbline::bench {
namespace {

constexpr size_t kFamilies = 20;  // about as many statistics as a variable shows

std::vector<prometheus::MetricFamily> MakeFamilies(size_t series) {
  std::mt19937_64 random(1);
  std::uniform_real_distribution<double> uniform;
  std::vector<prometheus::MetricFamily> families(kFamilies);
  for (size_t f = 0; f < kFamilies; ++f) {
    families[f].name = absl::StrCat("plumbline_variable_statistic_", f);
    families[f].help = "A statistic of a variable against its baseline, over the window.";
    families[f].type = prometheus::MetricType::Gauge;
    for (size_t i = 0; i < series / kFamilies; ++i) {
      prometheus::ClientMetric metric;
      metric.label = {{"model", absl::StrCat("bench-", i / 20)},
                      {"version", "default"},
                      {"variable", absl::StrCat("d", i % 20)}};
      metric.gauge.value = uniform(random);
      families[f].metric.push_back(std::move(metric));
    }
  }
  return families;
}

void Serialize(benchmark::State& state) {
  const auto families = MakeFamilies(static_cast<size_t>(state.range(0)));
  const prometheus::TextSerializer serializer;
  size_t bytes = 0;
  for (auto _ : state) bytes += serializer.Serialize(families).size();
  state.SetItemsProcessed(state.iterations() * state.range(0));
  state.SetBytesProcessed(static_cast<int64_t>(bytes));
}

BENCHMARK(Serialize)->Name("prometheus")->Arg(10'000)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace plumbline::bench
