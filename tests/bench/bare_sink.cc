// bare_sink: the yardstick of the end-to-end benchmarks. The same service under the same server
// settings as plumblined; it parses each batch into the same memory, drops it and acknowledges it.
#include <grpcpp/server.h>
#include <grpcpp/server_builder.h>
#include <signal.h>

#include <CLI/CLI.hpp>
#include <chrono>
#include <cstdio>
#include <deque>
#include <memory>
#include <utility>

#include "plumbline/v1/ingest_service.grpc.pb.h"
#include "server/base/mutex.h"
#include "server/transport/ingest_service.h"
#include "server/transport/message.h"
#include "server/transport/server_settings.h"

namespace plumbline::bench {
namespace {

// One stream. Reads on while fewer than plumblined's number of answers wait to be written.
class SinkStream final : public grpc::ServerBidiReactor<grpc::ByteBuffer, grpc::ByteBuffer> {
 public:
  SinkStream() {
    base::MutexLock lock(&mutex_);
    MaybeRead();
  }

  void OnReadDone(bool ok) override {
    grpc::ByteBuffer answer;
    if (ok) answer = Take();
    base::MutexLock lock(&mutex_);
    read_under_way_ = false;
    if (ok) {
      answers_.push_back(std::move(answer));
    } else {
      reads_over_ = true;
    }
    MaybeWrite();
    MaybeRead();
    MaybeFinish();
  }

  void OnWriteDone(bool ok) override {
    base::MutexLock lock(&mutex_);
    write_under_way_ = false;
    if (ok) {
      answers_.pop_front();
    } else {
      answers_.clear();
    }
    MaybeWrite();
    MaybeRead();
    MaybeFinish();
  }

  void OnDone() override {
    { base::MutexLock lock(&mutex_); }  // whoever called Finish may still be leaving it
    delete this;
  }

 private:
  ~SinkStream() override = default;

  // Parses and drops; the answer says what plumblined's would.
  grpc::ByteBuffer Take() {
    const transport::Message<v1::IngestRequest> request(reading_);
    v1::IngestResponse response;
    response.set_request_index(++index_);
    if (request.sound()) {
      const v1::NumberedBatch& batch = request.get().batch();
      response.set_model(batch.model());
      *response.mutable_number() = batch.number();
      response.set_result(v1::INGEST_RESULT_COUNTED);
      response.set_rows_counted(batch.batch().row_count());
    } else {
      response.set_result(v1::INGEST_RESULT_REFUSED);
    }
    return transport::ToBytes(response);
  }

  void MaybeRead() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    if (read_under_way_ || reads_over_ ||
        answers_.size() >= transport::IngestStream::kMaxInFlight) {
      return;
    }
    read_under_way_ = true;
    reading_.Clear();
    StartRead(&reading_);
  }
  void MaybeWrite() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    if (write_under_way_ || answers_.empty()) return;
    write_under_way_ = true;
    StartWrite(&answers_.front());
  }
  void MaybeFinish() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    if (!reads_over_ || write_under_way_ || !answers_.empty()) return;
    Finish(grpc::Status::OK);
  }

  grpc::ByteBuffer reading_;  // gRPC's while a read is under way, then Take's
  uint64_t index_ = 0;        // Take's
  base::Mutex mutex_;
  std::deque<grpc::ByteBuffer> answers_ ABSL_GUARDED_BY(mutex_);
  bool read_under_way_ ABSL_GUARDED_BY(mutex_) = false;
  bool write_under_way_ ABSL_GUARDED_BY(mutex_) = false;
  bool reads_over_ ABSL_GUARDED_BY(mutex_) = false;
};

class Sink final : public transport::RawIngestService {
 public:
  grpc::ServerBidiReactor<grpc::ByteBuffer, grpc::ByteBuffer>* Ingest(
      grpc::CallbackServerContext*) override {
    return new SinkStream();  // deletes itself in OnDone
  }
};

// Prints the port and serves until SIGTERM.
int Run(int max_message_mib, int max_receive_mib) {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  Sink sink;
  grpc::ServerBuilder builder;
  transport::ApplyServerSettings(max_message_mib << 20, static_cast<size_t>(max_receive_mib) << 20,
                                 &builder);
  int port = 0;
  builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(), &port);
  builder.RegisterService(&sink);
  const std::unique_ptr<grpc::Server> server = builder.BuildAndStart();
  if (server == nullptr || port == 0) return 1;
  std::printf("ready port=%d\n", port);
  std::fflush(stdout);
  int number = 0;
  sigwait(&signals, &number);
  server->Shutdown(std::chrono::system_clock::now());
  return 0;
}

}  // namespace
}  // namespace plumbline::bench

int main(int argc, char** argv) {
  CLI::App app("The yardstick of the end-to-end benchmarks: parses, drops, acknowledges.");
  int max_message_mib = 32, max_receive_mib = 512;
  app.add_option("--max_message_mib", max_message_mib, "Largest gRPC message");
  app.add_option("--max_receive_mib", max_receive_mib, "Memory of what nobody has read yet");
  CLI11_PARSE(app, argc, argv);
  plumbline::transport::TuneProcess();
  return plumbline::bench::Run(max_message_mib, max_receive_mib);
}
