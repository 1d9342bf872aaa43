#ifndef PLUMBLINE_SERVER_TRANSPORT_SERVER_SETTINGS_H_
#define PLUMBLINE_SERVER_TRANSPORT_SERVER_SETTINGS_H_

#include <grpcpp/server_builder.h>

namespace plumbline::transport {

/// Settings of the whole process that a server of large messages needs. Call it once, before the
/// first thread starts.
void TuneProcess();

/// Everything about the gRPC server but its services, credentials and address: limits, keepalive,
/// threads.
void ApplyServerSettings(int max_message_bytes, grpc::ServerBuilder* builder);

}  // namespace plumbline::transport

#endif  // PLUMBLINE_SERVER_TRANSPORT_SERVER_SETTINGS_H_
