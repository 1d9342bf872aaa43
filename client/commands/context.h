#ifndef PLUMBLINE_CLIENT_COMMANDS_CONTEXT_H_
#define PLUMBLINE_CLIENT_COMMANDS_CONTEXT_H_

#include <grpcpp/channel.h>
#include <grpcpp/security/credentials.h>

#include <functional>
#include <memory>
#include <ostream>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "google/protobuf/message.h"

namespace plumbline::client {

/// What every command of one run shares: the global flags, where to write, what to do.
struct Context {
  std::string server = "127.0.0.1:7700";
  std::string format = "text";
  std::string tls_ca;
  std::string tls_cert;
  std::string tls_key;

  std::ostream* out = nullptr;
  std::ostream* err = nullptr;
  /// True if `err` is a terminal: progress bars are drawn.
  bool shows_progress = false;

  /// How long calls are tried again while the server is UNAVAILABLE; 0: not at all.
  absl::Duration retry_for = absl::ZeroDuration();

  /// Set by the subcommand that was named.
  std::function<absl::Status()> action;

  [[nodiscard]] bool json() const { return format == "json"; }

  /// Plain text without any TLS flag. NotFound and the like for a file that cannot be read.
  [[nodiscard]] absl::StatusOr<std::shared_ptr<grpc::ChannelCredentials>> Credentials() const;

  /// A channel to `server`.
  [[nodiscard]] absl::StatusOr<std::shared_ptr<grpc::Channel>> Connect() const;

  /// Writes `message` as one line of JSON.
  absl::Status PrintJson(const google::protobuf::Message& message) const;
};

}  // namespace plumbline::client

#endif  // PLUMBLINE_CLIENT_COMMANDS_CONTEXT_H_
