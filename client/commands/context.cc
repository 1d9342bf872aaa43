#include "client/commands/context.h"

#include <utility>

#include "client/channel.h"
#include "client/commands/file_io.h"
#include "client/commands/json_line.h"

namespace plumbline::client {
namespace {

constexpr size_t kMaxPemBytes = 1 << 20;

absl::Status ReadPem(const std::string& path, std::string* pem) {
  if (path.empty()) return absl::OkStatus();
  absl::StatusOr<std::string> content = ReadFile(path, kMaxPemBytes);
  if (!content.ok()) return content.status();
  *pem = *std::move(content);
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<std::shared_ptr<grpc::ChannelCredentials>> Context::Credentials() const {
  if (tls_ca.empty() && tls_cert.empty() && tls_key.empty()) {
    return grpc::InsecureChannelCredentials();
  }
  grpc::SslCredentialsOptions options;
  absl::Status status = ReadPem(tls_ca, &options.pem_root_certs);
  if (status.ok()) status = ReadPem(tls_cert, &options.pem_cert_chain);
  if (status.ok()) status = ReadPem(tls_key, &options.pem_private_key);
  if (!status.ok()) return status;
  return grpc::SslCredentials(options);
}

absl::StatusOr<std::shared_ptr<grpc::Channel>> Context::Connect() const {
  absl::StatusOr<std::shared_ptr<grpc::ChannelCredentials>> credentials = Credentials();
  if (!credentials.ok()) return credentials.status();
  return NewChannel(server, *credentials);
}

absl::Status Context::PrintJson(const google::protobuf::Message& message) const {
  absl::StatusOr<std::string> json = JsonLine(message);
  if (!json.ok()) return json.status();
  *out << *json << '\n' << std::flush;
  return absl::OkStatus();
}

}  // namespace plumbline::client
