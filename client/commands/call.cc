#include "client/commands/call.h"

#include <algorithm>
#include <chrono>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "client/backoff.h"
#include "client/status_details.h"
#include "plumbline/v1/baseline_service.grpc.pb.h"
#include "plumbline/v1/model_service.grpc.pb.h"

namespace plumbline::client {
namespace {

absl::Duration SteadyNow() {
  return absl::FromChrono(std::chrono::steady_clock::now().time_since_epoch());
}

}  // namespace

absl::Status CallError(const grpc::Status& status, const std::string& server) {
  const absl::Status error = ToAbslStatus(status);
  const absl::string_view message = error.message();
  const bool unreachable = absl::StrContains(message, "failed to connect to all addresses") ||
                           absl::StrContains(message, "DNS resolution failed");
  if (error.code() != absl::StatusCode::kUnavailable || !unreachable) return error;
  const size_t last = message.rfind(": ");
  const absl::string_view why =
      last == absl::string_view::npos ? message : message.substr(last + 2);
  return absl::UnavailableError(absl::StrCat("no plumblined at ", server, " (", why, ")"));
}

grpc::Status WithRetries(const Context& context, absl::FunctionRef<grpc::Status()> call) {
  const absl::Duration give_up = SteadyNow() + context.retry_for;
  Backoff backoff(absl::Milliseconds(100), absl::Seconds(2));
  bool said = false;
  while (true) {
    grpc::Status status = call();
    const absl::Duration left = give_up - SteadyNow();
    if (status.error_code() != grpc::StatusCode::UNAVAILABLE || left <= absl::ZeroDuration()) {
      return status;
    }
    if (!said) {
      *context.err << "plumbline: " << CallError(status, context.server).message()
                   << "; trying again for " << absl::FormatDuration(context.retry_for) << std::endl;
      said = true;
    }
    const absl::Duration asked = RetryDelay(RpcStatus(status)).value_or(absl::ZeroDuration());
    absl::SleepFor(std::min(left, std::max(asked, backoff.Next())));
  }
}

absl::StatusOr<v1::Baseline> FetchBaseline(const Context& context, const std::string& model,
                                           const std::string& version, uint64_t number) {
  v1::GetBaselineRequest request;
  request.set_model(model);
  request.set_version(version);
  request.set_number(number);
  auto response =
      Unary<v1::BaselineService>(context, &v1::BaselineService::Stub::GetBaseline, request);
  if (!response.ok()) return response.status();
  return std::move(*response->mutable_baseline());
}

absl::StatusOr<v1::Policy> FetchPolicy(const Context& context, const std::string& model,
                                       const std::string& version) {
  v1::GetPolicyRequest request;
  request.set_model(model);
  request.set_version(version);
  auto response = Unary<v1::ModelService>(context, &v1::ModelService::Stub::GetPolicy, request);
  if (!response.ok()) return response.status();
  return std::move(*response->mutable_stored());
}

std::vector<v1::VariableSpec> VariablesOf(const v1::Baseline& baseline) {
  std::vector<v1::VariableSpec> variables;
  for (const v1::VariableReport& variable : baseline.variables()) {
    v1::VariableSpec& spec = variables.emplace_back();
    spec.set_name(variable.variable());
    spec.set_role(variable.role());
    spec.set_kind(variable.kind());
  }
  return variables;
}

}  // namespace plumbline::client
