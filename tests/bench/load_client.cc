// load_client: makes models and sends load, for the end-to-end benchmarks. Prints one JSON object.
#include <CLI/CLI.hpp>
#include <cstdio>
#include <nlohmann/json.hpp>
#include <random>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "server/transport/server_settings.h"
#include "tests/bench/load_run.h"
#include "tests/bench/models.h"
#include "tests/bench/shapes.h"

namespace plumbline::bench {
namespace {

struct Flags {
  LoadOptions load;
  std::string shape = "double";
  size_t models = 1;
  uint64_t baseline_rows = 50'000;
  size_t different_batches = 128;
  uint64_t minutes_back = 0;
  uint64_t seed = 2;  // of what is sent; baselines have another
  int64_t lateness_seconds = -1;
  size_t sources = 0;
};

EncodedBatches EncodeBatches(const Shape& shape, const Flags& flags) {
  std::mt19937_64 random(flags.seed);
  EncodedBatches encoded;
  encoded.rows = shape.rows;
  for (size_t i = 0; i < flags.different_batches; ++i) {
    v1::Batch batch = MakeBatch(shape, shape.rows, &random);
    if (flags.sources > 0) batch.set_source(absl::StrCat("source-", i % flags.sources));
    encoded.batches.emplace_back(batch.SerializeAsString());
  }
  return encoded;
}

double Quantile(const std::vector<float>& sorted, double rank) {
  if (sorted.empty()) return 0;
  return sorted[static_cast<size_t>(rank * static_cast<double>(sorted.size() - 1))];
}

nlohmann::json ToJson(const StreamCounts& counts) {
  return {{"batches", counts.counted},     {"rows", counts.rows},       {"bytes", counts.bytes},
          {"duplicate", counts.duplicate}, {"refused", counts.refused}, {"retries", counts.retries},
          {"first_error", counts.error}};
}

int Send(const Shape& shape, Flags flags) {
  flags.load.models = ModelNames(flags.models);
  if (flags.minutes_back > 0) {
    flags.load.event_start = absl::Now() - absl::Minutes(flags.minutes_back);
    flags.load.event_step = absl::Minutes(1);
    flags.load.batches_per_model = flags.minutes_back;
  }
  const LoadResult result = RunLoad(flags.load, EncodeBatches(shape, flags));
  const nlohmann::json json = {{"seconds", result.seconds},
                               {"measured", ToJson(result.measured)},
                               {"total", ToJson(result.total)},
                               {"server_cpu_seconds", result.server.cpu_seconds},
                               {"server_write_bytes", result.server.write_bytes},
                               {"client_cpu_seconds", result.client.cpu_seconds},
                               {"ack_p50_seconds", Quantile(result.latencies, 0.5)},
                               {"ack_p99_seconds", Quantile(result.latencies, 0.99)},
                               {"ended", result.ended}};
  std::printf("%s\n", json.dump().c_str());
  return result.total.refused == 0 ? 0 : 1;
}

int MakeModels(const Shape& shape, const Flags& flags) {
  const std::vector<std::string> models = ModelNames(flags.models);
  const absl::Time start = absl::Now();
  absl::Status status = CreateModel(flags.load.server, models.front(), shape, flags.baseline_rows);
  const double seconds = absl::ToDoubleSeconds(absl::Now() - start);
  if (status.ok()) status = CopyModel(flags.load.server, models);
  if (status.ok() && flags.lateness_seconds >= 0) {
    status = SetLateness(flags.load.server, models, absl::Seconds(flags.lateness_seconds));
  }
  if (!status.ok()) {
    std::fprintf(stderr, "load_client: %s\n", std::string(status.message()).c_str());
    return 1;
  }
  const nlohmann::json json = {{"rows", flags.baseline_rows}, {"seconds", seconds}};
  std::printf("%s\n", json.dump().c_str());
  return 0;
}

int Main(int argc, char** argv) {
  Flags flags;
  CLI::App app("Makes models and sends load, for the benchmarks.");
  app.add_option("--server", flags.load.server, "host:port")->required();
  app.add_option("--shape", flags.shape,
                 "double, float, mixed, wide, widest, one_row, small or names");
  app.add_option("--models", flags.models, "How many, with the same columns");
  CLI::App* models = app.add_subcommand("models", "Makes the models");
  models->add_option("--rows", flags.baseline_rows, "Of their baseline");
  models->add_option("--lateness_seconds", flags.lateness_seconds, "Allowed by their policies");
  CLI::App* send = app.add_subcommand("send", "Sends batches");
  LoadOptions& load = flags.load;
  send->add_option("--streams", load.streams);
  send->add_option("--streams_per_connection", load.streams_per_connection);
  send->add_option("--in_flight", load.in_flight, "Batches unanswered, per stream");
  send->add_option("--warm_up_seconds", load.warm_up_seconds);
  send->add_option("--seconds", load.seconds, "Measured, after the warm-up");
  send->add_option("--rate", load.rate, "Batches a second; 0: as fast as it goes");
  send->add_option("--batches_per_model", load.batches_per_model, "0: until the time is over");
  send->add_option("--minutes_back", flags.minutes_back,
                   "Send each model one batch a minute of event time, from so long ago until now");
  send->add_option("--server_pid", load.server_pid, "Whose CPU and disk writes are measured");
  send->add_option("--different_batches", flags.different_batches)->check(CLI::PositiveNumber);
  send->add_option("--sources", flags.sources, "The batches come from so many, in turn");
  send->add_option("--load", load.load, "All of them belong to this load");
  send->add_option("--seed", flags.seed, "Of the random rows");
  app.require_subcommand(1);
  CLI11_PARSE(app, argc, argv);
  const std::optional<Shape> shape = ShapeByName(flags.shape);
  if (!shape.has_value()) {
    std::fprintf(stderr, "load_client: no shape %s\n", flags.shape.c_str());
    return 2;
  }
  transport::TuneProcess();
  return models->parsed() ? MakeModels(*shape, flags) : Send(*shape, flags);
}

}  // namespace
}  // namespace plumbline::bench

int main(int argc, char** argv) { return plumbline::bench::Main(argc, argv); }
