#ifndef PLUMBLINE_CLIENT_COMMANDS_CALL_H_
#define PLUMBLINE_CLIENT_COMMANDS_CALL_H_

#include <grpcpp/client_context.h>
#include <grpcpp/support/status.h>

#include <chrono>
#include <memory>
#include <string>
#include <utility>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "client/commands/context.h"
#include "plumbline/v1/baseline.pb.h"
#include "plumbline/v1/policy.pb.h"

namespace plumbline::client {

/// The error of a call in one line. A server that cannot be reached becomes
/// `no plumblined at <server> (<why>)`.
absl::Status CallError(const grpc::Status& status, const std::string& server);

/// How long a call without a stream may take.
inline constexpr std::chrono::seconds kCallTimeout{60};

/// What `call` ends with, which is made again while that is UNAVAILABLE, for `context.retry_for`.
/// Says on `context.err` that it waits.
grpc::Status WithRetries(const Context& context, absl::FunctionRef<grpc::Status()> call);

/// One unary call on a new channel: `Unary<v1::ModelService>(context, &Stub::GetModel, request)`.
template <class Service, class Request, class Response>
absl::StatusOr<Response> Unary(const Context& context,
                               grpc::Status (Service::Stub::*method)(grpc::ClientContext*,
                                                                     const Request&, Response*),
                               const Request& request) {
  auto channel = context.Connect();
  if (!channel.ok()) return channel.status();
  const auto stub = Service::NewStub(*channel);
  Response response;
  const grpc::Status status = WithRetries(context, [&] {
    grpc::ClientContext call;
    call.set_deadline(std::chrono::system_clock::now() + kCallTimeout);
    return (stub.get()->*method)(&call, request, &response);
  });
  if (!status.ok()) return CallError(status, context.server);
  return response;
}

/// Baseline `number` (0: the active one) of a model.
absl::StatusOr<v1::Baseline> FetchBaseline(const Context& context, const std::string& model,
                                           const std::string& version, uint64_t number);

/// The policy of a model as somebody set it, without the defaults.
absl::StatusOr<v1::Policy> FetchPolicy(const Context& context, const std::string& model,
                                       const std::string& version);

/// Kind and role of each variable of `baseline`.
std::vector<v1::VariableSpec> VariablesOf(const v1::Baseline& baseline);

}  // namespace plumbline::client

#endif  // PLUMBLINE_CLIENT_COMMANDS_CALL_H_
