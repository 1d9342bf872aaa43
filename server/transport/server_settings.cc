#include "server/transport/server_settings.h"

#include <grpcpp/resource_quota.h>
#include <malloc.h>
#include <unistd.h>

#include <algorithm>
#include <barrier>
#include <cstddef>
#include <cstdlib>
#include <fstream>
#include <system_error>
#include <thread>
#include <vector>

#include "absl/synchronization/mutex.h"
#include "server/transport/block_pool.h"

namespace plumbline::transport {
namespace {

constexpr int kIdleMillis = 15 * 60 * 1000;  // a connection without calls is closed after it
constexpr int kMaxStreamsPerConnection = 256;
constexpr int kHandshakeMillis = 20'000;  // one that says nothing is closed after it
constexpr int kMaxThreads = 256;          // of the control plane, and the callbacks' own few

// What freed memory may stay, for the next batches.
constexpr size_t kKeptBytes = 64u << 20;

constexpr int kTrimThreshold = 256 << 20;
constexpr int kTopPad = 16 << 20;
// While freed memory is given back.
constexpr int kLeastTop = 128 << 10;
// malloc has so many arenas for each core at most.
constexpr unsigned kArenasPerCore = 8;
constexpr unsigned kMostHelpers = 64;

// Resident memory without the pages of files; 0 if the system does not say.
size_t AnonymousBytes() {
  std::ifstream statm("/proc/self/statm");
  size_t total = 0, resident = 0, shared = 0;
  if (!(statm >> total >> resident >> shared)) return 0;
  return (resident - shared) * static_cast<size_t>(sysconf(_SC_PAGESIZE));
}

// malloc_trim leaves what lies free at the end of an arena, but of the main one: megabytes in each
// that has held an imported baseline. A thread that frees something large gives back that of its
// own arena, and new threads get the arenas in turn: those without a thread first, which is why all
// have theirs before one ends.
void TrimArenaEnds() {
  mallopt(M_TRIM_THRESHOLD, kLeastTop);
  mallopt(M_TOP_PAD, kLeastTop);
  const unsigned wanted =
      std::clamp(kArenasPerCore * std::thread::hardware_concurrency(), 1u, kMostHelpers);
  std::barrier all_have_one(wanted);
  const auto trim = [&all_have_one] {
    void* volatile large = std::malloc(2 * kLeastTop);
    all_have_one.arrive_and_wait();
    std::free(large);
  };
  std::vector<std::thread> helpers;
  helpers.reserve(wanted);
  while (helpers.size() < wanted) {
    try {
      helpers.emplace_back(trim);
    } catch (const std::system_error&) {  // no more threads: those that there are do
      break;
    }
  }
  for (size_t i = helpers.size(); i < wanted; ++i) all_have_one.arrive_and_drop();
  for (std::thread& helper : helpers) helper.join();
  mallopt(M_TRIM_THRESHOLD, kTrimThreshold);
  mallopt(M_TOP_PAD, kTopPad);
}

}  // namespace

void TuneProcess() {
  // As Debian builds Abseil, each Lock of gRPC's looks for cycles, to find deadlocks while a
  // program is written.
  absl::SetMutexDeadlockDetectionMode(absl::OnDeadlockCycle::kIgnore);
  // glibc gives freed memory back at every batch otherwise, and takes it again: half the
  // throughput. Above the last of these it still does, at once.
  mallopt(M_MMAP_THRESHOLD, 8 << 20);
  mallopt(M_TRIM_THRESHOLD, kTrimThreshold);
  mallopt(M_TOP_PAD, kTopPad);
}

void GiveBackMemory() {
  BlockPool::Global()->FreeUnused();
  const struct mallinfo2 heap = mallinfo2();
  const size_t in_use = heap.uordblks + heap.hblkhd;
  if (AnonymousBytes() <= in_use + kKeptBytes) return;
  malloc_trim(0);
  TrimArenaEnds();
}

void ApplyServerSettings(int max_message_bytes, size_t max_receive_bytes,
                         grpc::ServerBuilder* builder) {
  // Two servers must not share a port in silence.
  builder->AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);
  builder->AddChannelArgument(GRPC_ARG_KEEPALIVE_TIME_MS, 60'000);
  builder->AddChannelArgument(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, 20'000);
  builder->AddChannelArgument(GRPC_ARG_HTTP2_MIN_RECV_PING_INTERVAL_WITHOUT_DATA_MS, 10'000);
  builder->AddChannelArgument(GRPC_ARG_MAX_CONNECTION_IDLE_MS, kIdleMillis);
  builder->AddChannelArgument(GRPC_ARG_SERVER_HANDSHAKE_TIMEOUT_MS, kHandshakeMillis);
  builder->AddChannelArgument(GRPC_ARG_MAX_CONCURRENT_STREAMS, kMaxStreamsPerConnection);
  builder->SetMaxReceiveMessageSize(max_message_bytes);
  grpc::ResourceQuota quota("plumblined");
  quota.SetMaxThreads(kMaxThreads);
  // Not a hard bound: gRPC still takes what it needs, but narrows windows (4 MiB a stream
  // otherwise) as it fills, gives back idle buffers, and at last resets streams.
  quota.Resize(max_receive_bytes);
  builder->SetResourceQuota(quota);
}

}  // namespace plumbline::transport
