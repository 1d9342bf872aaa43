#include "client/status_details.h"

#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "google/rpc/error_details.pb.h"

namespace plumbline::client {
namespace {

// True if a violation says word for word what the message says already.
bool Repeats(const std::string& message, const google::rpc::BadRequest::FieldViolation& violation) {
  return message.find(violation.description()) != std::string::npos &&
         message.find(violation.field()) != std::string::npos;
}

}  // namespace

std::string Describe(const google::rpc::Status& status) {
  std::vector<std::string> violations;
  for (const google::protobuf::Any& detail : status.details()) {
    google::rpc::BadRequest bad_request;
    if (!detail.Is<google::rpc::BadRequest>() || !detail.UnpackTo(&bad_request)) continue;
    for (const auto& violation : bad_request.field_violations()) {
      if (Repeats(status.message(), violation)) continue;
      violations.push_back(absl::StrCat(violation.field(), ": ", violation.description()));
    }
  }
  std::string text = status.message();
  if (text.empty()) {
    text = absl::StatusCodeToString(static_cast<absl::StatusCode>(status.code()));
  }
  if (!violations.empty()) absl::StrAppend(&text, " (", absl::StrJoin(violations, "; "), ")");
  return absl::StrReplaceAll(text, {{"\r", " "}, {"\n", " "}});
}

std::optional<absl::Duration> RetryDelay(const google::rpc::Status& status) {
  for (const google::protobuf::Any& detail : status.details()) {
    google::rpc::RetryInfo info;
    if (!detail.Is<google::rpc::RetryInfo>() || !detail.UnpackTo(&info)) continue;
    const absl::Duration delay =
        absl::Seconds(info.retry_delay().seconds()) + absl::Nanoseconds(info.retry_delay().nanos());
    if (delay >= absl::ZeroDuration()) return delay;
  }
  return std::nullopt;
}

google::rpc::Status RpcStatus(const grpc::Status& status) {
  google::rpc::Status details;
  if (status.error_details().empty() || !details.ParseFromString(status.error_details()) ||
      details.code() == 0) {
    details.Clear();
  }
  details.set_code(static_cast<int>(status.error_code()));
  if (details.message().empty()) details.set_message(status.error_message());
  return details;
}

absl::Status ToAbslStatus(const grpc::Status& status) {
  if (status.ok()) return absl::OkStatus();
  return ToAbslStatus(RpcStatus(status));
}

absl::Status ToAbslStatus(const google::rpc::Status& status) {
  if (status.code() == 0) return absl::OkStatus();
  return absl::Status(static_cast<absl::StatusCode>(status.code()), Describe(status));
}

}  // namespace plumbline::client
