#include "server/telemetry/process_state.h"

#include <sys/resource.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <system_error>

namespace plumbline::telemetry {
namespace {

std::optional<double> ResidentBytes() {
  std::ifstream statm("/proc/self/statm");
  double pages = 0, resident_pages = 0;
  if (!(statm >> pages >> resident_pages)) return std::nullopt;
  return resident_pages * static_cast<double>(sysconf(_SC_PAGESIZE));
}

std::optional<double> CpuSeconds() {
  rusage usage{};
  if (getrusage(RUSAGE_SELF, &usage) != 0) return std::nullopt;
  return absl::ToDoubleSeconds(absl::DurationFromTimeval(usage.ru_utime) +
                               absl::DurationFromTimeval(usage.ru_stime));
}

std::optional<double> OpenFds() {
  std::error_code error;
  double open = 0;
  for (std::filesystem::directory_iterator it("/proc/self/fd", error), end; !error && it != end;
       it.increment(error)) {
    ++open;
  }
  // One of them was the folder itself.
  return error ? std::nullopt : std::optional<double>(open - 1);
}

std::optional<double> MaxFds() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return std::nullopt;
  return static_cast<double>(limit.rlim_cur);
}

}  // namespace

ProcessState ReadProcessState() {
  return {.resident_bytes = ResidentBytes(),
          .cpu_seconds = CpuSeconds(),
          .open_fds = OpenFds(),
          .max_fds = MaxFds(),
          .start = std::nullopt};
}

}  // namespace plumbline::telemetry
