#ifndef PLUMBLINE_CLIENT_CHANNEL_H_
#define PLUMBLINE_CLIENT_CHANNEL_H_

#include <grpcpp/channel.h>
#include <grpcpp/security/credentials.h>

#include <memory>
#include <string>

namespace plumbline::client {

/// Largest message taken from a server (an exported baseline), and what a batch must stay under.
inline constexpr int kMaxReceiveBytes = 64 << 20;
inline constexpr int kServerMessageBytes = 32 << 20;

/// A channel to `address` (host:port) with the limits above and short reconnect delays, its own
/// connection and never shared. It connects when first used. Null credentials: plain text.
std::shared_ptr<grpc::Channel> NewChannel(
    const std::string& address, const std::shared_ptr<grpc::ChannelCredentials>& credentials);

}  // namespace plumbline::client

#endif  // PLUMBLINE_CLIENT_CHANNEL_H_
