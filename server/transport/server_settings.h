#ifndef PLUMBLINE_SERVER_TRANSPORT_SERVER_SETTINGS_H_
#define PLUMBLINE_SERVER_TRANSPORT_SERVER_SETTINGS_H_

#include <grpcpp/server_builder.h>

#include <cstddef>

namespace plumbline::transport {

/// Settings of the whole process that a server of large messages needs. Call it once, before the
/// first thread starts.
void TuneProcess();

/// Gives freed memory back to the system if there is much of it. Between what lives on lies what
/// large messages and imported baselines took: malloc keeps that, though it is rarely used again.
/// Takes milliseconds: to be called every few seconds, not for every message. Any thread.
void GiveBackMemory();

/// Everything about the gRPC server but its services, credentials and address: limits, keepalive,
/// threads, and the memory of what gRPC has received and nobody has read. As that fills, gRPC
/// narrows the windows of its streams; beyond it, it refuses connections and resets streams.
void ApplyServerSettings(int max_message_bytes, size_t max_receive_bytes,
                         grpc::ServerBuilder* builder);

}  // namespace plumbline::transport

#endif  // PLUMBLINE_SERVER_TRANSPORT_SERVER_SETTINGS_H_
