#ifndef PLUMBLINE_SERVER_TRANSPORT_HTTP_SERVER_H_
#define PLUMBLINE_SERVER_TRANSPORT_HTTP_SERVER_H_

#include <functional>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace plumbline::transport {

struct HttpServerOptions {
  std::string address = "127.0.0.1:7701";  // port 0: any free one
  bool allow_insecure = false;             // an address that other machines reach
};

/// GET /metrics, /healthz (the process lives) and /readyz (it takes batches; else 503 with the
/// reason). Callbacks run on the server's own threads; nothing on the way of a batch waits for
/// them. A few scrapes at a time (further ones get 503), and connections that are idle or slow are
/// hung up on, so that they take neither the memory nor every thread.
class HttpServer {
 public:
  /// Errors: InvalidArgument for an open address that was not allowed, or one that is no address;
  /// FailedPrecondition if it is taken.
  static absl::StatusOr<std::unique_ptr<HttpServer>> Start(const HttpServerOptions& options,
                                                           std::function<std::string()> metrics,
                                                           std::function<absl::Status()> ready);
  ~HttpServer();

  int port() const;

 private:
  struct Impl;
  explicit HttpServer(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace plumbline::transport

#endif  // PLUMBLINE_SERVER_TRANSPORT_HTTP_SERVER_H_
