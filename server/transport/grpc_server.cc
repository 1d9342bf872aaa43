#include "server/transport/grpc_server.h"

#include <grpc/support/log.h>
#include <grpc/support/time.h>
#include <grpcpp/ext/proto_server_reflection_plugin.h>
#include <grpcpp/health_check_service_interface.h>
#include <grpcpp/security/server_credentials.h>
#include <grpcpp/security/tls_certificate_provider.h>
#include <grpcpp/security/tls_credentials_options.h>
#include <grpcpp/server_builder.h>

#include <algorithm>
#include <chrono>
#include <fstream>
#include <sstream>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "server/transport/address.h"
#include "server/transport/server_settings.h"

namespace plumbline::transport {
namespace {

constexpr unsigned kReloadSeconds = 60;
// For connections to close by themselves once the long calls are over: a client of gRPC's
// synchronous API reads its connection only while it calls, or every few seconds.
constexpr absl::Duration kGoodbye = absl::Seconds(1);

// gRPC itself would start with a bad file, and refuse every client.
absl::Status CheckPem(const std::string& what, const std::string& path) {
  if (path.empty()) return absl::OkStatus();
  std::ifstream file(path);
  std::stringstream text;
  text << file.rdbuf();
  if (!file) return absl::InvalidArgumentError(absl::StrCat(what, ": cannot read ", path));
  if (!absl::StrContains(text.str(), "-----BEGIN ")) {
    return absl::InvalidArgumentError(absl::StrCat(what, ": ", path, " is not a PEM file"));
  }
  return absl::OkStatus();
}

absl::StatusOr<std::shared_ptr<grpc::ServerCredentials>> CredentialsOf(
    const GrpcServerOptions& options, const Address& address) {
  if (options.tls_cert.empty() && options.tls_key.empty()) {
    if (!options.tls_client_ca.empty()) {
      return absl::InvalidArgumentError("tls_client_ca needs tls_cert and tls_key");
    }
    if (!address.IsLoopback() && !options.allow_insecure) {
      return absl::InvalidArgumentError(absl::StrCat(
          "grpc_address ", options.address,
          " can be reached from other machines: set tls_cert and tls_key, or say allow_insecure"));
    }
    return grpc::InsecureServerCredentials();
  }
  if (options.tls_cert.empty() || options.tls_key.empty()) {
    return absl::InvalidArgumentError("tls_cert and tls_key go together");
  }
  for (const auto& [what, path] :
       {std::make_pair("tls_cert", options.tls_cert), std::make_pair("tls_key", options.tls_key),
        std::make_pair("tls_client_ca", options.tls_client_ca)}) {
    if (absl::Status checked = CheckPem(what, path); !checked.ok()) return checked;
  }
  auto provider = std::make_shared<grpc::experimental::FileWatcherCertificateProvider>(
      options.tls_key, options.tls_cert, options.tls_client_ca, kReloadSeconds);
  grpc::experimental::TlsServerCredentialsOptions tls(std::move(provider));
  tls.watch_identity_key_cert_pairs();
  if (!options.tls_client_ca.empty()) {
    tls.watch_root_certs();
    tls.set_cert_request_type(GRPC_SSL_REQUEST_AND_REQUIRE_CLIENT_CERTIFICATE_AND_VERIFY);
  }
  return grpc::experimental::TlsServerCredentials(tls);
}

}  // namespace

GrpcServer::GrpcServer(const GrpcServerOptions& options, engine::Engine* engine,
                       const base::Clock* clock)
    : ingest_(
          engine, clock,
          {options.max_inflight_bytes, options.max_inflight_requests, options.max_waiting_bytes},
          &calls_),
      baseline_(engine, &calls_),
      manifest_(engine, &calls_),
      model_(engine),
      on_call_(engine),
      report_(engine, options.max_watchers, &calls_),
      profile_(engine, &calls_) {}

GrpcServer::~GrpcServer() {
  if (server_ != nullptr) Shutdown(absl::Seconds(1));
}

absl::StatusOr<std::unique_ptr<GrpcServer>> GrpcServer::Start(const GrpcServerOptions& options,
                                                              engine::Engine* engine,
                                                              const base::Clock* clock) {
  const auto address = ParseAddress("grpc_address", options.address);
  if (!address.ok()) return address.status();
  const auto message_bytes = static_cast<size_t>(options.max_message_bytes);
  if (options.max_receive_bytes / 2 < message_bytes) {
    return absl::InvalidArgumentError(absl::StrCat(
        "max_receive_mib ", options.max_receive_bytes >> 20, " is not twice max_message_mib, ",
        message_bytes >> 20, ": the largest messages could not be received"));
  }
  const auto credentials = CredentialsOf(options, *address);
  if (!credentials.ok()) return credentials.status();
  std::unique_ptr<GrpcServer> server(new GrpcServer(options, engine, clock));

  grpc::EnableDefaultHealthCheckService(true);
  grpc::reflection::InitProtoReflectionServerBuilderPlugin();
  grpc::ServerBuilder builder;
  ApplyServerSettings(options.max_message_bytes, options.max_receive_bytes, &builder);
  builder.AddListeningPort(options.address, *credentials, &server->port_);
  builder.RegisterService(&server->ingest_);
  builder.RegisterService(&server->baseline_);
  builder.RegisterService(&server->manifest_);
  builder.RegisterService(&server->model_);
  builder.RegisterService(&server->on_call_);
  builder.RegisterService(&server->report_);
  builder.RegisterService(&server->profile_);
  // Our own status says it in one line.
  gpr_set_log_function([](gpr_log_func_args*) {});
  server->server_ = builder.BuildAndStart();
  gpr_set_log_function(nullptr);
  if (server->server_ == nullptr || server->port_ == 0) {
    return absl::FailedPreconditionError(
        absl::StrCat("cannot listen on grpc_address ", options.address,
                     ": is the port in use, or the address not this machine's?"));
  }
  server->SetServing(false);
  return server;
}

void GrpcServer::SetServing(bool serving) {
  server_->GetHealthCheckService()->SetServingStatus(serving);
}

void GrpcServer::Shutdown(absl::Duration deadline) {
  if (server_ == nullptr) return;
  SetServing(false);
  report_.Drain();
  ingest_.Drain();
  const auto start = std::chrono::steady_clock::now();
  (void)calls_.AwaitNone(deadline);  // what is left is cancelled
  const absl::Duration left = deadline - absl::FromChrono(std::chrono::steady_clock::now() - start);
  const int64_t millis =
      absl::ToInt64Milliseconds(std::clamp(left, absl::ZeroDuration(), kGoodbye));
  // By a clock that nobody sets.
  server_->Shutdown(
      gpr_time_add(gpr_now(GPR_CLOCK_MONOTONIC), gpr_time_from_millis(millis, GPR_TIMESPAN)));
  server_->Wait();
  server_.reset();
}

}  // namespace plumbline::transport
