#include "server/transport/http_server.h"

#include <CivetServer.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "server/transport/address.h"

namespace plumbline::transport {
namespace {

// Each connection takes a thread for as long as it lasts: enough of them, and none of the lasting
// ones may last long. Those that never ask and those that do not read give up their threads after
// kRequestMillis, and a scraper that reads too slowly after kPatience.
constexpr char kThreads[] = "32";
constexpr char kRequestMillis[] = "5000";
constexpr std::chrono::seconds kPatience{30};
constexpr size_t kPieceBytes = size_t{64} << 10;
// Each scrape holds a text of its own.
constexpr int kMaxScrapes = 4;

constexpr char kText[] = "text/plain; charset=utf-8";
constexpr char kMetricsText[] = "text/plain; version=0.0.4; charset=utf-8";

bool Respond(mg_connection* connection, int code, absl::string_view reason, const char* type,
             const std::string& body) {
  mg_printf(connection,
            "HTTP/1.1 %d %.*s\r\nContent-Type: %s\r\nContent-Length: %zu\r\n"
            "Connection: close\r\n\r\n",
            code, static_cast<int>(reason.size()), reason.data(), type, body.size());
  const auto deadline = std::chrono::steady_clock::now() + kPatience;
  for (absl::string_view left = body;
       !left.empty() && std::chrono::steady_clock::now() < deadline;) {
    const size_t piece = std::min(left.size(), kPieceBytes);
    if (mg_write(connection, left.data(), piece) != static_cast<int>(piece)) break;
    left.remove_prefix(piece);
  }
  return true;
}

// One exact path: civetweb would also give it everything below.
class Handler final : public CivetHandler {
 public:
  Handler(std::string path, std::function<bool(mg_connection*)> get)
      : path_(std::move(path)), get_(std::move(get)) {}

  bool handleGet(CivetServer*, mg_connection* connection) override {
    const char* uri = mg_get_request_info(connection)->local_uri;
    if (get_ && uri != nullptr && uri == path_) return get_(connection);
    return Respond(connection, 404, "Not Found", kText,
                   "plumbline: see /metrics, /healthz and /readyz\n");
  }

 private:
  const std::string path_;
  const std::function<bool(mg_connection*)> get_;
};

}  // namespace

struct HttpServer::Impl {
  std::atomic<int> scrapes{0};  // under way
  std::vector<std::unique_ptr<Handler>> handlers;
  std::unique_ptr<CivetServer> server;  // goes first
};

HttpServer::HttpServer(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

HttpServer::~HttpServer() = default;

int HttpServer::port() const {
  const std::vector<int> ports = impl_->server->getListeningPorts();
  return ports.empty() ? 0 : ports[0];
}

absl::StatusOr<std::unique_ptr<HttpServer>> HttpServer::Start(const HttpServerOptions& options,
                                                              std::function<std::string()> metrics,
                                                              std::function<absl::Status()> ready) {
  auto address = ParseAddress("http_address", options.address);
  if (!address.ok()) return address.status();
  if (!address->IsLoopback() && !options.allow_insecure) {
    return absl::InvalidArgumentError(
        absl::StrCat("http_address ", options.address,
                     " can be reached from other machines: say allow_insecure if that is meant"));
  }
  // civetweb takes numbers only.
  if (absl::EqualsIgnoreCase(address->host, "localhost")) address->host = "127.0.0.1";
  auto impl = std::make_unique<Impl>();
  const std::vector<std::string> settings = {"listening_ports",
                                             address->Text(),  //
                                             "num_threads",
                                             kThreads,  //
                                             "connection_queue",
                                             "64",  //
                                             "request_timeout_ms",
                                             kRequestMillis,  //
                                             "enable_keep_alive",
                                             "no",  //
                                             "enable_directory_listing",
                                             "no"};
  try {
    impl->server = std::make_unique<CivetServer>(settings);
  } catch (const CivetException&) {
    return absl::FailedPreconditionError(
        absl::StrCat("cannot listen on http_address ", options.address,
                     ": is the port in use, or the address not this machine's?"));
  }
  const auto add = [&](const char* path, std::function<bool(mg_connection*)> get) {
    impl->handlers.push_back(std::make_unique<Handler>(path, std::move(get)));
    impl->server->addHandler(path, impl->handlers.back().get());
  };
  add("/", nullptr);
  add("/metrics",
      [metrics = std::move(metrics), scrapes = &impl->scrapes](mg_connection* connection) {
        const bool free = scrapes->fetch_add(1) < kMaxScrapes;
        if (free) {
          Respond(connection, 200, "OK", kMetricsText, metrics());
        } else {
          Respond(connection, 503, "Service Unavailable", kText,
                  absl::StrCat(kMaxScrapes, " scrapes are under way already\n"));
        }
        scrapes->fetch_sub(1);
        return true;
      });
  add("/healthz",
      [](mg_connection* connection) { return Respond(connection, 200, "OK", kText, "ok\n"); });
  add("/readyz", [ready = std::move(ready)](mg_connection* connection) {
    const absl::Status status = ready();
    if (status.ok()) return Respond(connection, 200, "OK", kText, "ready\n");
    return Respond(connection, 503, "Service Unavailable", kText,
                   absl::StrCat(status.message(), "\n"));
  });
  return std::unique_ptr<HttpServer>(new HttpServer(std::move(impl)));
}

}  // namespace plumbline::transport
