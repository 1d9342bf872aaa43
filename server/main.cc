// plumblined: wires the rooms together, and takes them apart on SIGTERM.
#include <grpc/support/log.h>
#include <signal.h>
#include <sys/resource.h>

#include <atomic>
#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "server/base/clock.h"
#include "server/config.h"
#include "server/engine/engine.h"
#include "server/logging.h"
#include "server/storage/repair.h"
#include "server/storage/store.h"
#include "server/storage/verify.h"
#include "server/telemetry/metrics.h"
#include "server/telemetry/process_state.h"
#include "server/transport/grpc_server.h"
#include "server/transport/http_server.h"
#include "server/transport/server_settings.h"

namespace plumbline {
namespace {

int Fail(const absl::Status& status) {
  std::fprintf(stderr, "plumblined: %s\n", std::string(status.message()).c_str());
  return 1;
}

// Where gRPC's own error lines go; nowhere before the start is over, so that one line says why it
// failed.
std::atomic<const Logger*> grpc_log{nullptr};

void WriteGrpcLog(gpr_log_func_args* args) {
  const Logger* const log = grpc_log.load();
  if (absl::StartsWith(args->message, "assertion failed")) {
    std::fprintf(stderr, "plumblined: gRPC: %s\n", args->message);
  } else if (log != nullptr && args->severity == GPR_LOG_SEVERITY_ERROR) {
    log->Warn(args->message, {{"library", "grpc"}});
  }
}

// gRPC's listener goes deaf for good when descriptors run out: take all that the system allows.
void RaiseFileLimit() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  (void)setrlimit(RLIMIT_NOFILE, &limit);
}

sigset_t BlockStopSignals() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  signal(SIGPIPE, SIG_IGN);
  return signals;
}

std::string WithPort(const std::string& address, int port) {
  return absl::StrCat(address.substr(0, address.rfind(':')), ":", port);
}

engine::EngineOptions EngineOptionsOf(const Config& config) {
  engine::EngineOptions options;
  options.data_dir = config.data_dir;
  options.workers = config.workers;
  options.queue_capacity = config.queue_capacity;
  options.evaluation_interval = absl::Milliseconds(config.evaluation_interval_ms);
  options.commit_interval = absl::Milliseconds(config.commit_interval_ms);
  options.quotas = {.max_models = config.max_models,
                    .max_variables = config.max_variables,
                    .max_categories = config.max_categories,
                    .max_sources_per_model = config.max_sources_per_model,
                    .max_judged_sources = config.max_judged_sources,
                    .max_judged_slices = config.max_judged_slices,
                    .max_producers_per_model = config.max_producers_per_model,
                    .max_label_rows_per_model = config.max_label_rows_per_model,
                    .max_baseline_sessions = config.max_baseline_sessions,
                    .max_spool_bytes = config.max_spool_gib << 30};
  options.durability = *engine::ParseDurability(config.durability);  // ParseConfig has checked it
  return options;
}

transport::GrpcServerOptions GrpcOptionsOf(const Config& config) {
  transport::GrpcServerOptions options;
  options.address = config.grpc_address;
  options.tls_cert = config.tls_cert;
  options.tls_key = config.tls_key;
  options.tls_client_ca = config.tls_client_ca;
  options.allow_insecure = config.allow_insecure;
  options.max_message_bytes = static_cast<int>(config.max_message_mib << 20);
  options.max_inflight_bytes = config.max_inflight_mib << 20;
  options.max_receive_bytes = config.max_receive_mib << 20;
  options.max_waiting_bytes = options.max_receive_bytes / 2;
  options.max_watchers = static_cast<int>(config.max_watchers);
  // So that streams wait, instead of being told to retry by a full queue.
  options.max_inflight_requests = config.queue_capacity;
  return options;
}

absl::Status Ready(const engine::Engine& engine, bool stopping) {
  if (stopping) return absl::UnavailableError("shutting down");
  if (!engine.ServiceState().writable) {
    return absl::UnavailableError("the data folder cannot be written");
  }
  return absl::OkStatus();
}

constexpr int kGiveBackSeconds = 10;  // how often freed memory is looked at

// Returns when asked to stop. A second signal then ends the process at once.
void AwaitStop(const sigset_t& signals, const engine::Engine& engine, const Logger& log) {
  const timespec second{.tv_sec = 1, .tv_nsec = 0};
  bool writable = true;
  int number = -1;
  for (int seconds = 1; (number = sigtimedwait(&signals, nullptr, &second)) < 0; ++seconds) {
    if (seconds % kGiveBackSeconds == 0) transport::GiveBackMemory();
    const engine::ServiceSnapshot state = engine.ServiceState();
    if (writable && !state.writable) {
      log.Error("a write failed: nothing is acknowledged until writes succeed again",
                {{"error", state.write_error}});
    } else if (!writable && state.writable) {
      log.Info("recovered: the data folder can be written again");
    }
    writable = state.writable;
  }
  log.Info("stopping", {{"signal", number == SIGINT ? "SIGINT" : "SIGTERM"}});
  signal(SIGTERM, SIG_DFL);
  signal(SIGINT, SIG_DFL);
  pthread_sigmask(SIG_UNBLOCK, &signals, nullptr);
}

absl::Status Run(const Config& config, const sigset_t& signals) {
  base::SystemClock clock;
  const absl::Time started = clock.Now();
  const Logger log(&clock, ParseLogLevel(config.log_level));

  auto store = storage::Store::Open(config.data_dir);
  if (absl::IsDataLoss(store.status())) {
    return absl::DataLossError(
        absl::StrCat(store.status().message(),
                     "; plumblined --verify says what is damaged, --repair keeps what is not"));
  }
  if (!store.ok()) return store.status();
  if (const uint64_t missing = (*store)->missing_commits(); missing > 0) {
    log.Warn("the end of the log was lost when the service ended: commits are missing",
             {{"commits", absl::StrCat(missing)}});
  }
  auto engine = engine::Engine::Start(EngineOptionsOf(config), store->get(), &clock);
  if (!engine.ok()) return engine.status();
  auto grpc = transport::GrpcServer::Start(GrpcOptionsOf(config), engine->get(), &clock);
  if (!grpc.ok()) return grpc.status();

  telemetry::Exporter exporter({.max_series_per_model = config.max_series_per_model,
                                .max_series = config.max_series,
                                .version = PLUMBLINE_VERSION});
  std::atomic<bool> stopping{false};
  auto http = transport::HttpServer::Start(
      {.address = config.http_address, .allow_insecure = config.allow_insecure},
      [&] {
        telemetry::ProcessState process = telemetry::ReadProcessState();
        process.start = started;
        engine::ServiceSnapshot service = (*engine)->ServiceState();
        (*grpc)->Describe(&service);
        return exporter.Render((*engine)->ModelSnapshots(), service, process);
      },
      [&] { return Ready(**engine, stopping.load()); });
  if (!http.ok()) return http.status();

  (*grpc)->SetServing(true);
  grpc_log.store(&log);
  log.Info("ready", {{"version", PLUMBLINE_VERSION},
                     {"grpc", WithPort(config.grpc_address, (*grpc)->port())},
                     {"http", WithPort(config.http_address, (*http)->port())},
                     {"data_dir", config.data_dir},
                     {"durability", config.durability}});
  AwaitStop(signals, **engine, log);
  stopping.store(true);
  (*grpc)->Shutdown(absl::Seconds(config.shutdown_timeout_seconds));
  (*engine)->Stop();
  http->reset();
  engine->reset();
  absl::Status closed = (*store)->Close();
  grpc_log.store(nullptr);
  log.Info("stopped");
  return closed;
}

void PrintLines(const std::vector<std::string>& lines) {
  for (const std::string& line : lines) std::printf("  %s\n", line.c_str());
}

// 0 if the folder is sound, 1 if anything is damaged.
int Verify(const std::string& dir) {
  const auto report = storage::VerifyFolder(dir);
  if (!report.ok()) return Fail(report.status());
  std::printf("%s: %s tables and %s records read, %s damaged\n", dir.c_str(),
              absl::StrCat(report->files).c_str(), absl::StrCat(report->records).c_str(),
              report->problems.empty() ? "nothing" : absl::StrCat(report->problems.size()).c_str());
  PrintLines(report->problems);
  PrintLines(report->notes);
  return report->problems.empty() ? 0 : 1;
}

int Repair(const std::string& dir) {
  const auto report = storage::RepairFolder(dir);
  if (!report.ok()) return Fail(report.status());
  if (report->damaged_dir.empty()) {
    std::printf("%s: nothing is damaged, nothing was changed\n", dir.c_str());
    return 0;
  }
  std::printf("%s: %s records kept; the files of before are in %s; lost:\n", dir.c_str(),
              absl::StrCat(report->kept).c_str(), report->damaged_dir.c_str());
  PrintLines(report->lost);
  return 0;
}

int Main(int argc, const char* const* argv) {
  const auto parsed = ParseConfig(argc, argv);
  if (!parsed.ok()) return Fail(parsed.status());
  if (parsed->exit_now) {
    std::fputs(parsed->text.c_str(), stdout);
    return 0;
  }
  if (parsed->action == Action::kVerify) return Verify(parsed->config.data_dir);
  if (parsed->action == Action::kRepair) return Repair(parsed->config.data_dir);
  transport::TuneProcess();
  gpr_set_log_function(WriteGrpcLog);
  RaiseFileLimit();
  const absl::Status status = Run(parsed->config, BlockStopSignals());
  return status.ok() ? 0 : Fail(status);
}

}  // namespace
}  // namespace plumbline

int main(int argc, char** argv) { return plumbline::Main(argc, argv); }
