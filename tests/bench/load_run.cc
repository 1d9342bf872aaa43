#include "tests/bench/load_run.h"

#include <algorithm>
#include <chrono>
#include <memory>
#include <thread>
#include <utility>

#include "absl/strings/str_cat.h"
#include "client/channel.h"

namespace plumbline::bench {
namespace {

using std::chrono::steady_clock;
using Streams = std::vector<std::unique_ptr<LoadStream>>;

constexpr auto kTick = std::chrono::milliseconds(1);

double SecondsSince(SteadyTime start) {
  return std::chrono::duration<double>(steady_clock::now() - start).count();
}

// Every model has one stream, or every stream one model.
std::vector<std::string> ModelsOf(const LoadOptions& options, size_t stream) {
  const size_t count = options.models.size();
  if (count <= options.streams) return {options.models[stream % count]};
  std::vector<std::string> models;
  for (size_t i = stream; i < count; i += options.streams) models.push_back(options.models[i]);
  return models;
}

Streams Open(const LoadOptions& options, const EncodedBatches& batches, Budget* budget) {
  Streams streams;
  std::shared_ptr<grpc::Channel> channel;
  const auto epoch = static_cast<uint64_t>(absl::ToUnixMicros(absl::Now()));
  for (size_t i = 0; i < options.streams; ++i) {
    if (i % options.streams_per_connection == 0) {
      channel = client::NewChannel(options.server, nullptr);
    }
    StreamPlan plan;
    plan.models = ModelsOf(options, i);
    plan.producer = absl::StrCat("load-", i);
    plan.epoch = epoch;
    plan.load = options.load;
    plan.in_flight = options.in_flight;
    plan.first_batch = i * batches.batches.size() / options.streams;
    plan.max_batches = options.batches_per_model * plan.models.size();
    plan.event_start = options.event_start;
    plan.event_step = options.event_step;
    streams.push_back(std::make_unique<LoadStream>(channel, std::move(plan), &batches, budget));
  }
  return streams;
}

// Keeps the streams going until the time is over, or all of them are.
class Pacer {
 public:
  Pacer(const LoadOptions& options, Streams* streams, Budget* budget)
      : rate_(options.rate), streams_(streams), budget_(budget), start_(steady_clock::now()) {
    if (rate_ > 0) budget_->Limit();
  }

  /// False if every stream is over.
  bool RunUntil(double seconds) {
    while (SecondsSince(start_) < seconds) {
      if (rate_ > 0) {
        const auto due = static_cast<int64_t>(rate_ * SecondsSince(start_));
        budget_->Add(due - given_);
        given_ = due;
      }
      bool all_over = true;
      for (const auto& stream : *streams_) {
        stream->Poke();
        all_over = all_over && stream->over();
      }
      if (all_over) return false;
      std::this_thread::sleep_for(kTick);
    }
    return true;
  }

 private:
  const double rate_;
  Streams* const streams_;
  Budget* const budget_;
  const SteadyTime start_;
  int64_t given_ = 0;
};

StreamCounts Sum(const Streams& streams) {
  StreamCounts sum;
  for (const auto& stream : streams) {
    const StreamCounts counts = stream->counts();
    sum.counted += counts.counted;
    sum.rows += counts.rows;
    sum.bytes += counts.bytes;
    sum.duplicate += counts.duplicate;
    sum.refused += counts.refused;
    sum.retries += counts.retries;
    if (sum.error.empty()) sum.error = counts.error;
  }
  return sum;
}

StreamCounts Difference(StreamCounts after, const StreamCounts& before) {
  after.counted -= before.counted;
  after.rows -= before.rows;
  after.bytes -= before.bytes;
  after.duplicate -= before.duplicate;
  after.refused -= before.refused;
  after.retries -= before.retries;
  return after;
}

ProcessUsage Difference(const ProcessUsage& after, const ProcessUsage& before) {
  return {after.cpu_seconds - before.cpu_seconds, after.write_bytes - before.write_bytes};
}

}  // namespace

LoadResult RunLoad(const LoadOptions& options, const EncodedBatches& batches) {
  Budget budget;
  Streams streams = Open(options, batches, &budget);
  Pacer pacer(options, &streams, &budget);
  pacer.RunUntil(options.warm_up_seconds);

  LoadResult result;
  for (const auto& stream : streams) stream->Record(true);
  const StreamCounts counts = Sum(streams);
  const ProcessUsage server = UsageOf(options.server_pid);
  const ProcessUsage client = UsageOf(0);
  const SteadyTime start = steady_clock::now();
  pacer.RunUntil(options.warm_up_seconds + options.seconds);
  result.seconds = SecondsSince(start);
  result.measured = Difference(Sum(streams), counts);
  result.server = Difference(UsageOf(options.server_pid), server);
  result.client = Difference(UsageOf(0), client);
  for (const auto& stream : streams) stream->Record(false);

  for (const auto& stream : streams) stream->Stop();
  for (const auto& stream : streams) {
    while (!stream->over()) {
      stream->Poke();
      std::this_thread::sleep_for(kTick);
    }
    if (const grpc::Status status = stream->Await(); !status.ok()) {
      result.ended = status.error_message();
    }
    const std::vector<float> latencies = stream->latencies();
    result.latencies.insert(result.latencies.end(), latencies.begin(), latencies.end());
  }
  std::sort(result.latencies.begin(), result.latencies.end());
  result.total = Sum(streams);
  return result;
}

}  // namespace plumbline::bench
