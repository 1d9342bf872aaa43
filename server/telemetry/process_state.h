#ifndef PLUMBLINE_SERVER_TELEMETRY_PROCESS_STATE_H_
#define PLUMBLINE_SERVER_TELEMETRY_PROCESS_STATE_H_

#include <optional>

#include "absl/time/time.h"

namespace plumbline::telemetry {

/// What the operating system knows of the process. What it would not say is absent.
struct ProcessState {
  std::optional<double> resident_bytes, cpu_seconds, open_fds, max_fds;
  std::optional<absl::Time> start;
};

/// Of this process, by /proc and getrusage; `start` is left to the caller. Thread-safe.
ProcessState ReadProcessState();

}  // namespace plumbline::telemetry

#endif  // PLUMBLINE_SERVER_TELEMETRY_PROCESS_STATE_H_
