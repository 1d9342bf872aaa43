// Clients of an overloaded server, each with its own books. Every mode but `setup` goes on until a
// line or the end comes on stdin, then gets the answers that are due, and prints one line of JSON.
//   overload_client setup SERVER MODEL COLUMNS
//   overload_client stream SERVER MODEL PRODUCER BOOKS ROWS RATE    the client library: RATE
//   batches
//       a second that do not wait for room; RATE 0: as fast as they are acknowledged
//   overload_client single SERVER MODEL PRODUCER BOOKS ROWS CALLS   IngestBatch, CALLS at a time,
//       each sent again after the pause that the server asks for, until it is acknowledged
//   overload_client health SERVER    gRPC health, on one connection and on new ones in turn; the
//       slowest answer and how many failed
// BOOKS gets lines of time (steady clock, seconds), batches offered and batches acknowledged so
// far.
#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/grpcpp.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/clock.h"
#include "client/backoff.h"
#include "client/batch_builder.h"
#include "client/channel.h"
#include "client/sender.h"
#include "client/status_details.h"
#include "plumbline/v1/ingest_service.grpc.pb.h"
#include "tests/faults/set_up.h"

namespace plumbline::faults {
namespace {

constexpr int kColumns = 10;  // of live batches; a baseline may have more
constexpr uint32_t kTrainingRows = 2000;
constexpr absl::Duration kPatience = absl::Minutes(5);  // for the answers that are due
constexpr std::chrono::milliseconds kBetweenProbes{50};
constexpr std::chrono::milliseconds kBetweenLines{100};  // of the books
constexpr uint32_t kDifferentRows = 200'000;             // of all batches that are sent in turn

v1::Batch MakeBatch(uint32_t rows, int columns, uint64_t seed, const std::string& source) {
  client::BatchBuilder builder;
  std::vector<double> values(rows);
  for (int column = 0; column < columns; ++column) {
    for (double& value : values) {
      seed = seed * 6364136223846793005 + 1442695040888963407;
      value = static_cast<double>(seed >> 40);
    }
    builder.AddDoubles(absl::StrCat("x", column), values);
  }
  builder.SetSource(source);
  return builder.Build().value();
}

struct Who {
  std::string server, model, producer, file;
  uint32_t rows = 0;
};

// What a client knows of its batches. Thread-safe.
struct Books {
  std::atomic<uint64_t> offered{0};       // tries count too
  std::atomic<uint64_t> acknowledged{0};  // each batch once
  std::atomic<uint64_t> dropped{0};
  std::atomic<uint64_t> retries{0};
  std::atomic<uint64_t> refused{0};  // for good, or without a word on when to retry

  void Refuse(const std::string& why) {
    if (refused.fetch_add(1) == 0) std::fprintf(stderr, "refused: %s\n", why.c_str());
  }
  void Print(uint32_t rows) const {
    std::printf(
        "{\"offered\": %s, \"acknowledged\": %s, \"rows\": %s, \"dropped\": %s, "
        "\"retries\": %s, \"refused\": %s}\n",
        absl::StrCat(offered.load()).c_str(), absl::StrCat(acknowledged.load()).c_str(),
        absl::StrCat(acknowledged.load() * rows).c_str(), absl::StrCat(dropped.load()).c_str(),
        absl::StrCat(retries.load()).c_str(), absl::StrCat(refused.load()).c_str());
  }
};

// Writes the books down ten times a second, until told to stop; `look` brings them up to date.
class Clerk {
 public:
  Clerk(const std::string& file, const Books* books, std::function<void()> look)
      : file_(std::fopen(file.c_str(), "w")), books_(books), look_(std::move(look)) {
    thread_ = std::thread([this] {
      while (!stopped_.load()) {
        Write();
        std::this_thread::sleep_for(kBetweenLines);
      }
    });
  }
  ~Clerk() {
    stopped_ = true;
    thread_.join();
    Write();
    std::fclose(file_);
  }

 private:
  void Write() {
    look_();
    const auto now = std::chrono::steady_clock::now().time_since_epoch();
    std::fprintf(file_, "%.3f %s %s\n", std::chrono::duration<double>(now).count(),
                 absl::StrCat(books_->offered.load()).c_str(),
                 absl::StrCat(books_->acknowledged.load()).c_str());
    std::fflush(file_);
  }

  std::FILE* const file_;
  const Books* const books_;
  const std::function<void()> look_;
  std::atomic<bool> stopped_{false};
  std::thread thread_;
};

std::vector<v1::Batch> MakeBatches(const Who& who) {
  const uint64_t different = std::clamp<uint64_t>(kDifferentRows / who.rows, 2, 16);
  std::vector<v1::Batch> batches;
  for (uint64_t seed = 1; seed <= different; ++seed) {
    batches.push_back(MakeBatch(who.rows, kColumns, seed, who.producer));
  }
  return batches;
}

bool RunStream(const Who& who, double rate, Books* books) {
  client::SenderOptions options;
  options.server = who.server;
  options.model = who.model;
  options.producer = who.producer;
  options.epoch = client::NewEpoch();
  options.max_queued_batches = 64;
  const std::vector<v1::Batch> batches = MakeBatches(who);
  auto sender = client::Sender::Create(options).value();
  const Clerk clerk(who.file, books, [&] {
    const client::SenderStats stats = sender->stats();
    books->acknowledged = stats.acknowledged;
    books->dropped = stats.dropped;
    books->retries = stats.retries;
    if (stats.refused > books->refused.load()) books->Refuse(stats.last_error.ToString());
  });
  const auto start = std::chrono::steady_clock::now();
  while (!Stopping()) {
    const uint64_t offered = books->offered.fetch_add(1) + 1;
    const v1::Batch& batch = batches[offered % batches.size()];
    if (rate == 0) {
      if (!sender->SendBlocking(batch).ok()) break;
      continue;
    }
    sender->Send(batch);
    std::this_thread::sleep_until(
        start + std::chrono::duration<double>(static_cast<double>(offered) / rate));
  }
  const absl::Status finished = sender->Finish(kPatience);
  if (!finished.ok()) std::fprintf(stderr, "%s\n", finished.ToString().c_str());
  return finished.ok();
}

// One caller of IngestBatch: a producer of its own, so that its numbers have no holes.
void CallUntil(const std::atomic<bool>* stopping, const Who& who, v1::IngestService::Stub* stub,
               Books* books) {
  const std::vector<v1::Batch> batches = MakeBatches(who);
  client::Backoff backoff(absl::Milliseconds(100), absl::Seconds(10));
  v1::IngestBatchRequest request;
  v1::NumberedBatch* numbered = request.mutable_batch();
  numbered->set_model(who.model);
  numbered->mutable_number()->set_producer(who.producer);
  numbered->mutable_number()->set_epoch(client::NewEpoch());
  for (uint64_t sequence = 1; !stopping->load(); ++sequence) {
    numbered->mutable_number()->set_sequence(sequence);
    *numbered->mutable_batch() = batches[sequence % batches.size()];
    while (true) {
      grpc::ClientContext context;
      v1::IngestBatchResponse response;
      ++books->offered;
      const grpc::Status status = stub->IngestBatch(&context, request, &response);
      if (status.ok()) break;
      ++books->retries;
      const auto delay = client::RetryDelay(client::RpcStatus(status));
      if (!delay.has_value()) {
        books->Refuse(client::ToAbslStatus(status).ToString());
        return;
      }
      absl::SleepFor(backoff.Stretch(*delay));
    }
    ++books->acknowledged;
  }
}

bool RunSingle(const Who& who, int calls, Books* books) {
  const auto stub = v1::IngestService::NewStub(client::NewChannel(who.server, nullptr));
  const Clerk clerk(who.file, books, [] {});
  std::atomic<bool> stopping{false};
  std::vector<std::thread> threads;
  for (int i = 0; i < calls; ++i) {
    Who caller = who;
    caller.producer = absl::StrCat(who.producer, "/", i);
    threads.emplace_back(CallUntil, &stopping, caller, stub.get(), books);
  }
  while (!Stopping()) std::this_thread::sleep_for(kBetweenProbes);
  stopping = true;
  for (std::thread& thread : threads) thread.join();
  return true;
}

// True if the server says SERVING.
bool Probe(const std::shared_ptr<grpc::Channel>& channel) {
  grpc::GenericStub stub(channel);
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(10));
  const grpc::Slice whole;  // an empty message: the whole server
  const grpc::ByteBuffer request(&whole, 1);
  grpc::ByteBuffer response;
  absl::Mutex mutex;
  bool done = false;
  grpc::Status status;
  stub.UnaryCall(&context, "/grpc.health.v1.Health/Check", {}, &request, &response,
                 [&](grpc::Status ended) {
                   absl::MutexLock lock(&mutex);
                   status = std::move(ended);
                   done = true;
                 });
  absl::MutexLock lock(&mutex);
  mutex.Await(absl::Condition(&done));
  grpc::Slice answer;
  return status.ok() && response.DumpToSingleSlice(&answer).ok() && answer.size() == 2 &&
         answer.begin()[1] == 1;
}

int RunHealth(const std::string& server) {
  const auto kept = client::NewChannel(server, nullptr);
  double slowest = 0;
  uint64_t probes = 0, failed = 0;
  while (!Stopping()) {
    const auto start = std::chrono::steady_clock::now();
    if (!Probe(++probes % 2 == 0 ? kept : client::NewChannel(server, nullptr))) ++failed;
    slowest = std::max(
        slowest, std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
    std::this_thread::sleep_for(kBetweenProbes);
  }
  std::printf("{\"probes\": %s, \"failed\": %s, \"slowest_seconds\": %.3f}\n",
              absl::StrCat(probes).c_str(), absl::StrCat(failed).c_str(), slowest);
  return 0;
}

int Main(int argc, char** argv) {
  const std::string mode = argc > 2 ? argv[1] : "";
  if (mode == "health" && argc == 3) return RunHealth(argv[2]);
  if (mode == "setup" && argc == 5) {
    return CreateModel(argv[2], argv[3], MakeBatch(kTrainingRows, std::atoi(argv[4]), 1, ""));
  }
  if (argc != 8 || (mode != "stream" && mode != "single")) {
    std::fprintf(stderr, "usage: see tests/faults/overload_client.cc\n");
    return 2;
  }
  const Who who = {argv[2], argv[3], argv[4], argv[5], static_cast<uint32_t>(std::atoi(argv[6]))};
  Books books;
  const bool fine = mode == "stream" ? RunStream(who, std::atof(argv[7]), &books)
                                     : RunSingle(who, std::atoi(argv[7]), &books);
  books.Print(who.rows);
  return fine ? 0 : 1;
}

}  // namespace
}  // namespace plumbline::faults

int main(int argc, char** argv) { return plumbline::faults::Main(argc, argv); }
