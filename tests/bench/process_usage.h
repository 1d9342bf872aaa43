#ifndef PLUMBLINE_TESTS_BENCH_PROCESS_USAGE_H_
#define PLUMBLINE_TESTS_BENCH_PROCESS_USAGE_H_

#include <sys/types.h>

#include <cstdint>

namespace plumbline::bench {

/// What a process has used since it started.
struct ProcessUsage {
  double cpu_seconds = 0;    // all threads, user and system
  uint64_t write_bytes = 0;  // that it caused to be written to disk
};

/// Of any process of the same user; zeroes if it has gone. 0 means this one.
ProcessUsage UsageOf(pid_t pid);

}  // namespace plumbline::bench

#endif  // PLUMBLINE_TESTS_BENCH_PROCESS_USAGE_H_
