#include "tests/bench/process_usage.h"

#include <time.h>

#include <fstream>
#include <string>

#include "absl/strings/str_cat.h"

namespace plumbline::bench {

ProcessUsage UsageOf(pid_t pid) {
  ProcessUsage usage;
  clockid_t clock{};
  timespec time{};
  if (clock_getcpuclockid(pid, &clock) == 0 && clock_gettime(clock, &time) == 0) {
    usage.cpu_seconds = static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) * 1e-9;
  }
  std::ifstream io(pid == 0 ? std::string("/proc/self/io") : absl::StrCat("/proc/", pid, "/io"));
  std::string name;
  uint64_t value = 0;
  while (io >> name >> value) {
    if (name == "write_bytes:") usage.write_bytes = value;
  }
  return usage;
}

}  // namespace plumbline::bench
