// A library for LD_PRELOAD that kills the process at a named point of the commit path, so that the
// daemon under test needs no code for it. PLUMBLINE_KILL_AT=<point>:<count>, at the count-th time
// that the point is passed:
//   before_write   a commit is about to be written to the log     after_write   it is written, not
//   synced before_sync    the log is about to be synced                  after_sync    it is
//   synced, not acknowledged before_ack     the mark behind the commit is synced after_ack
//   something was sent to a client since new_table      a table is about to be created (pane closes
//   and folds move through these)
#include <dlfcn.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <string>

namespace {

enum class File { kOther, kLog, kMark, kTable };

struct Plan {
  std::string point;
  long count = 0;
};

const Plan& ThePlan() {
  static const Plan plan = [] {
    Plan made;
    const char* text = getenv("PLUMBLINE_KILL_AT");
    const char* colon = text == nullptr ? nullptr : strchr(text, ':');
    if (colon == nullptr) return made;
    made.point.assign(text, colon);
    made.count = atol(colon + 1);
    return made;
  }();
  return plan;
}

std::atomic<long> passed{0};
std::atomic<bool> mark_synced{false};

void Pass(const char* point) {
  const Plan& plan = ThePlan();
  if (plan.point == point && passed.fetch_add(1) + 1 == plan.count) kill(getpid(), SIGKILL);
}

bool EndsWith(const std::string& text, const char* end) {
  const size_t size = strlen(end);
  return text.size() >= size && text.compare(text.size() - size, size, end) == 0;
}

File FileOf(int descriptor) {
  char link[64], path[512];
  snprintf(link, sizeof(link), "/proc/self/fd/%d", descriptor);
  const ssize_t size = readlink(link, path, sizeof(path));
  if (size <= 0) return File::kOther;
  const std::string name(path, static_cast<size_t>(size));
  if (EndsWith(name, ".log")) return File::kLog;
  if (EndsWith(name, "/COMMITTED")) return File::kMark;
  return EndsWith(name, ".sst") ? File::kTable : File::kOther;
}

template <class Function>
Function Next(const char* name) {
  return reinterpret_cast<Function>(dlsym(RTLD_NEXT, name));
}

void AfterSync(File file) {
  if (file == File::kLog) Pass("after_sync");
  if (file != File::kMark) return;
  mark_synced.store(true);
  Pass("before_ack");
}

}  // namespace

extern "C" {

ssize_t write(int descriptor, const void* data, size_t size) {
  static const auto next = Next<ssize_t (*)(int, const void*, size_t)>("write");
  if (ThePlan().count == 0) return next(descriptor, data, size);
  const File file = FileOf(descriptor);
  if (file == File::kLog) Pass("before_write");
  if (file == File::kTable) Pass("new_table");
  const ssize_t written = next(descriptor, data, size);
  if (file == File::kLog) Pass("after_write");
  return written;
}

int fdatasync(int descriptor) {
  static const auto next = Next<int (*)(int)>("fdatasync");
  const File file = FileOf(descriptor);
  if (file == File::kLog) Pass("before_sync");
  const int result = next(descriptor);
  AfterSync(file);
  return result;
}

ssize_t sendmsg(int descriptor, const struct msghdr* message, int flags) {
  static const auto next = Next<ssize_t (*)(int, const struct msghdr*, int)>("sendmsg");
  const ssize_t sent = next(descriptor, message, flags);
  if (mark_synced.load()) Pass("after_ack");
  return sent;
}

}  // extern "C"
