#ifndef PLUMBLINE_SERVER_TRANSPORT_GRPC_SERVER_H_
#define PLUMBLINE_SERVER_TRANSPORT_GRPC_SERVER_H_

#include <grpcpp/server.h>

#include <cstddef>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "server/base/clock.h"
#include "server/engine/engine.h"
#include "server/transport/control_services.h"
#include "server/transport/ingest_service.h"
#include "server/transport/manifest_service.h"
#include "server/transport/on_call_service.h"
#include "server/transport/open_calls.h"
#include "server/transport/profile_service.h"

namespace plumbline::transport {

struct GrpcServerOptions {
  std::string address = "127.0.0.1:7700";   // port 0: any free one
  std::string tls_cert = {}, tls_key = {};  // PEM files; read again when they change
  std::string tls_client_ca = {};           // if set, clients must show a certificate of it
  bool allow_insecure = false;              // an open address without TLS
  int max_message_bytes = 32 << 20;
  size_t max_inflight_bytes = size_t{256} << 20;  // of all ingest requests that have no answer yet
  size_t max_inflight_requests = 4096;
  size_t max_receive_bytes = size_t{512} << 20;  // of what gRPC has received and nobody has parsed
  size_t max_waiting_bytes = size_t{256} << 20;  // of it, what streams hold that wait
  int max_watchers = 64;                         // each holds a thread
};

/// The gRPC side: all services, health and reflection. Health says SERVING between SetServing(true)
/// and Shutdown.
class GrpcServer {
 public:
  /// Errors: InvalidArgument for a text that is no address, an open address without TLS, TLS files
  /// that cannot be read or are not PEM, or messages too large for the memory of what is received;
  /// FailedPrecondition if the address is taken. Each names the address or file.
  static absl::StatusOr<std::unique_ptr<GrpcServer>> Start(const GrpcServerOptions& options,
                                                           engine::Engine* engine,
                                                           const base::Clock* clock);
  ~GrpcServer();

  int port() const { return port_; }
  /// Fills in what is in flight.
  void Describe(engine::ServiceSnapshot* snapshot) const { ingest_.Describe(snapshot); }
  void SetServing(bool serving);
  /// NOT_SERVING, streams end when what is in flight is answered, and once no long call is left
  /// connections are closed, whether or not their clients answer. Everything that is left at
  /// `deadline` is cancelled.
  void Shutdown(absl::Duration deadline);

 private:
  GrpcServer(const GrpcServerOptions& options, engine::Engine* engine, const base::Clock* clock);

  OpenCalls calls_;
  IngestService ingest_;
  BaselineService baseline_;
  ManifestService manifest_;
  ModelService model_;
  OnCallService on_call_;
  ReportService report_;
  ProfileService profile_;
  std::unique_ptr<grpc::Server> server_;
  int port_ = 0;
};

}  // namespace plumbline::transport

#endif  // PLUMBLINE_SERVER_TRANSPORT_GRPC_SERVER_H_
