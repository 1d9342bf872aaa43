#ifndef PLUMBLINE_TESTS_BENCH_LOAD_RUN_H_
#define PLUMBLINE_TESTS_BENCH_LOAD_RUN_H_

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "tests/bench/load_stream.h"
#include "tests/bench/process_usage.h"

namespace plumbline::bench {

struct LoadOptions {
  std::string server;
  std::vector<std::string> models;  // spread over the streams; fewer than streams: shared by them
  size_t streams = 4;
  size_t streams_per_connection = 4;
  size_t in_flight = 64;  // per stream
  double warm_up_seconds = 0.5;
  double seconds = 3;              // measured, after the warm-up
  double rate = 0;                 // batches a second, of all streams; 0: as fast as it goes
  uint64_t batches_per_model = 0;  // then the run is over; 0: until the time is
  std::optional<absl::Time> event_start = {};
  absl::Duration event_step = {};
  std::string load;      // see NumberedBatch
  pid_t server_pid = 0;  // whose CPU and disk writes are measured
};

struct LoadResult {
  double seconds = 0;     // measured
  StreamCounts measured;  // in those seconds
  StreamCounts total;     // of the whole run, warm-up and tail included
  ProcessUsage server;    // in the measured seconds
  ProcessUsage client;
  std::vector<float> latencies;  // of the measured answers, ascending, in seconds
  std::string ended;             // why the server ended a stream; empty if it did not
};

/// Sends `batches` in turn, as the options say. Blocks for as long as that takes.
LoadResult RunLoad(const LoadOptions& options, const EncodedBatches& batches);

}  // namespace plumbline::bench

#endif  // PLUMBLINE_TESTS_BENCH_LOAD_RUN_H_
