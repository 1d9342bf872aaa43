// A client that keeps its own books: it sends numbered batches until told to stop, sends again what
// was not answered, over every kill of the server, and writes each acknowledged batch to a file,
// synced, before it counts as acknowledged.
//   oracle_client setup SERVER MODEL                makes the model
//   oracle_client SERVER MODEL PRODUCER FILE        until a line or the end comes on stdin; then
//   all must be acknowledged
// The last line on stdout: batches, rows, duplicates, late rows, and how often it was told to
// retry.
#include <fcntl.h>
#include <grpcpp/grpcpp.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <map>
#include <memory>
#include <string>
#include <thread>

#include "absl/strings/str_cat.h"
#include "client/channel.h"
#include "plumbline/v1/ingest_service.grpc.pb.h"
#include "tests/faults/set_up.h"

namespace plumbline::faults {
namespace {

constexpr uint32_t kRows = 50;
constexpr uint32_t kTrainingRows = 2000;
constexpr size_t kInFlight = 16;
constexpr int64_t kStartSeconds = 1'700'000'000;
constexpr auto kPause = std::chrono::milliseconds(20);  // before a new stream

v1::Batch MakeBatch(uint64_t sequence, uint32_t rows) {
  v1::Batch batch;
  batch.set_row_count(rows);
  v1::Column* age = batch.add_columns();
  age->set_name("age");
  v1::Column* city = batch.add_columns();
  city->set_name("city");
  for (const char* name : {"oslo", "lima", "rome"}) {
    city->mutable_dictionary_values()->add_dictionary(name);
  }
  for (uint32_t row = 0; row < rows; ++row) {
    age->mutable_double_values()->add_values(
        static_cast<double>((sequence * 7919 + row * 31) % 97));
    city->mutable_dictionary_values()->add_indices(static_cast<uint32_t>((sequence + row) % 3));
  }
  // Half a second a batch: panes close all the time.
  batch.mutable_event_time()->set_seconds(kStartSeconds + static_cast<int64_t>(sequence / 2));
  return batch;
}

struct Books {
  uint64_t newest = 0;  // the last number used
  uint64_t batches = 0, rows = 0, duplicates = 0, late = 0, retries = 0;
  std::map<uint64_t, bool> open;  // not acknowledged
};

class Client {
 public:
  Client(std::string server, std::string model, std::string producer, const std::string& file)
      : server_(std::move(server)),
        model_(std::move(model)),
        producer_(std::move(producer)),
        file_(::open(file.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0644)) {}

  // False if the server did what a server must not do.
  bool Run() {
    const auto stub = v1::IngestService::NewStub(client::NewChannel(server_, nullptr));
    while (!(Stopping() && books_.open.empty())) {
      if (!RunStream(stub.get())) return false;
      std::this_thread::sleep_for(kPause);
    }
    const std::string line = absl::StrCat(
        producer_, ": ", books_.batches, " batches, ", books_.rows, " rows, ", books_.duplicates,
        " duplicates, ", books_.late, " late, ", books_.retries, " told to retry\n");
    std::fputs(line.c_str(), stdout);
    return true;
  }

 private:
  using Stream = grpc::ClientReaderWriter<v1::IngestRequest, v1::IngestResponse>;

  bool Write(Stream* stream, uint64_t sequence) {
    v1::IngestRequest request;
    v1::NumberedBatch* batch = request.mutable_batch();
    batch->set_model(model_);
    batch->mutable_number()->set_producer(producer_);
    batch->mutable_number()->set_epoch(1);
    batch->mutable_number()->set_sequence(sequence);
    *batch->mutable_batch() = MakeBatch(sequence, kRows);
    // A source of its own: a client that was frozen is behind, and not late.
    batch->mutable_batch()->set_source(producer_);
    books_.open[sequence] = true;
    return stream->Write(request);
  }

  bool RunStream(v1::IngestService::Stub* stub) {
    grpc::ClientContext context;
    const auto stream = stub->Ingest(&context);
    bool alive = true, sound = true;
    size_t unanswered = 0;
    const auto resend = books_.open;
    for (const auto& [sequence, open] : resend) {
      alive = alive && Write(stream.get(), sequence);
      ++unanswered;
    }
    v1::IngestResponse response;
    while (alive && sound && (unanswered > 0 || !Stopping())) {
      while (alive && unanswered < kInFlight && !Stopping()) {
        alive = Write(stream.get(), ++books_.newest);
        ++unanswered;
      }
      if (!alive || !stream->Read(&response)) break;
      --unanswered;
      // Not now: all that is open goes again, the oldest first, before anything new.
      if (response.result() == v1::INGEST_RESULT_RETRY) {
        ++books_.retries;
        sound = MayRetry(response);
        break;
      }
      sound = Take(response);
    }
    context.TryCancel();
    stream->Finish();
    return sound;
  }

  bool MayRetry(const v1::IngestResponse& response) const {
    const int code = response.error().code();
    if (code == grpc::StatusCode::UNAVAILABLE || code == grpc::StatusCode::RESOURCE_EXHAUSTED) {
      return true;
    }
    std::fprintf(stderr, "%s: told to retry with code %d: %s\n", producer_.c_str(), code,
                 response.error().message().c_str());
    return false;
  }

  bool Take(const v1::IngestResponse& response) {
    const uint64_t sequence = response.number().sequence();
    if (response.result() == v1::INGEST_RESULT_REFUSED) {
      std::fprintf(stderr, "%s: batch %s was refused: %s\n", producer_.c_str(),
                   absl::StrCat(sequence).c_str(), response.error().message().c_str());
      return false;
    }
    if (books_.open.erase(sequence) == 0) return true;
    ++books_.batches;
    books_.rows += kRows;
    books_.late += response.rows_late();
    if (response.result() == v1::INGEST_RESULT_DUPLICATE) ++books_.duplicates;
    const std::string line = absl::StrCat(producer_, " ", sequence, " ", kRows, "\n");
    return write(file_, line.data(), line.size()) == static_cast<ssize_t>(line.size()) &&
           fdatasync(file_) == 0;
  }

  const std::string server_, model_, producer_;
  const int file_;
  Books books_;
};

int Main(int argc, char** argv) {
  if (argc == 4 && std::string(argv[1]) == "setup") {
    return CreateModel(argv[2], argv[3], MakeBatch(1, kTrainingRows));
  }
  if (argc != 5) {
    std::fprintf(stderr, "usage: oracle_client [setup] SERVER MODEL [PRODUCER FILE]\n");
    return 2;
  }
  return Client(argv[1], argv[2], argv[3], argv[4]).Run() ? 0 : 1;
}

}  // namespace
}  // namespace plumbline::faults

int main(int argc, char** argv) { return plumbline::faults::Main(argc, argv); }
