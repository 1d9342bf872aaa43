// A library for LD_PRELOAD that kills the process at a named point of its way to the disk, so that
// the daemon under test needs no code for it. PLUMBLINE_KILL_AT=<point>:<count>, at the count-th
// time that the point is passed:
//   before_write        a commit is about to be written to the log
//   torn_write          half of it is written
//   after_write         it is written, not synced
//   before_sync         the log is about to be synced
//   after_sync          it is synced, the mark behind the commit is not written
//   before_ack          the mark is synced, nothing is acknowledged
//   after_ack           something was sent to a client since
//   before_pane_close   a commit that closes a pane is about to be written to the log
//   torn_pane_close     half of it is written
//   after_pane_close    its mark is synced, nothing is acknowledged
//   new_table           a table is about to be written
//   new_manifest        the list of files is about to be written
//   before_rename       a file is about to take its place, such as CURRENT
//   after_rename        it has
// A commit that closes a pane holds the window's record, whose key begins with the bytes of
// PLUMBLINE_KILL_WINDOW_KEY, in hex.
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

enum class File { kOther, kLog, kMark, kTable, kManifest };

struct Plan {
  std::string point;
  long count = 0;
  std::string window_key;
};

Plan MakePlan() {
  Plan plan;
  const char* text = getenv("PLUMBLINE_KILL_AT");
  const char* colon = text == nullptr ? nullptr : strchr(text, ':');
  if (colon == nullptr) return plan;
  plan.point.assign(text, colon);
  plan.count = atol(colon + 1);
  const char* hex = getenv("PLUMBLINE_KILL_WINDOW_KEY");
  for (unsigned int byte = 0; hex != nullptr && sscanf(hex, "%2x", &byte) == 1; hex += 2) {
    plan.window_key.push_back(static_cast<char>(byte));
  }
  return plan;
}

const Plan& ThePlan() {
  static const Plan plan = MakePlan();
  return plan;
}

std::atomic<long> passed{0};
std::atomic<bool> mark_synced{false};
std::atomic<bool> pane_closes{false};  // in a commit whose mark is not synced yet

[[noreturn]] void Die() {
  kill(getpid(), SIGKILL);
  pause();
  _exit(1);
}

// True if it is time to die.
bool IsDue(const char* point) {
  const Plan& plan = ThePlan();
  return plan.point == point && passed.fetch_add(1) + 1 == plan.count;
}

void Pass(const char* point) {
  if (IsDue(point)) Die();
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
  if (name.find("/MANIFEST-") != std::string::npos) return File::kManifest;
  return EndsWith(name, ".sst") ? File::kTable : File::kOther;
}

template <class Function>
Function Next(const char* name) {
  return reinterpret_cast<Function>(dlsym(RTLD_NEXT, name));
}

bool ClosesPane(const void* data, size_t size) {
  const std::string& key = ThePlan().window_key;
  return !key.empty() && memmem(data, size, key.data(), key.size()) != nullptr;
}

// How much of a commit is to be written before the process dies; all of it if it is not to die.
size_t BeforeLogWrite(const void* data, size_t size) {
  Pass("before_write");
  bool torn = IsDue("torn_write");
  if (ClosesPane(data, size)) {
    pane_closes.store(true);
    Pass("before_pane_close");
    torn = torn || IsDue("torn_pane_close");
  }
  return torn ? size / 2 : size;
}

void AfterSync(File file) {
  if (file == File::kLog) Pass("after_sync");
  if (file != File::kMark) return;
  mark_synced.store(true);
  if (pane_closes.exchange(false)) Pass("after_pane_close");
  Pass("before_ack");
}

}  // namespace

extern "C" {

ssize_t write(int descriptor, const void* data, size_t size) {
  static const auto next = Next<ssize_t (*)(int, const void*, size_t)>("write");
  if (ThePlan().count == 0) return next(descriptor, data, size);
  const File file = FileOf(descriptor);
  if (file == File::kTable) Pass("new_table");
  if (file == File::kManifest) Pass("new_manifest");
  if (file != File::kLog) return next(descriptor, data, size);
  const size_t allowed = BeforeLogWrite(data, size);
  const ssize_t written = next(descriptor, data, allowed);
  if (allowed < size) Die();
  Pass("after_write");
  return written;
}

int fdatasync(int descriptor) {
  static const auto next = Next<int (*)(int)>("fdatasync");
  if (ThePlan().count == 0) return next(descriptor);
  const File file = FileOf(descriptor);
  if (file == File::kLog) Pass("before_sync");
  const int result = next(descriptor);
  AfterSync(file);
  return result;
}

int rename(const char* from, const char* to) {
  static const auto next = Next<int (*)(const char*, const char*)>("rename");
  Pass("before_rename");
  const int result = next(from, to);
  Pass("after_rename");
  return result;
}

ssize_t sendmsg(int descriptor, const struct msghdr* message, int flags) {
  static const auto next = Next<ssize_t (*)(int, const struct msghdr*, int)>("sendmsg");
  const ssize_t sent = next(descriptor, message, flags);
  if (mark_synced.load()) Pass("after_ack");
  return sent;
}

}  // extern "C"
