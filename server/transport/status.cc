#include "server/transport/status.h"

#include <string>

#include "absl/strings/cord.h"
#include "absl/strings/str_cat.h"
#include "google/rpc/error_details.pb.h"
#include "server/engine/quotas.h"

namespace plumbline::transport {
namespace {

constexpr int kRetryAfterMillis = 100;
constexpr int kQuotaRetryAfterSeconds = 60;  // somebody must delete something first

// A client takes 8 KiB of trailing metadata, in which details travel as base64 and the message
// percent-encoded (up to three times as long); what is over makes the call fail with another error.
constexpr size_t kMaxDetailBytes = 4096;
constexpr size_t kMaxMessageBytes = 700;

// The first `max` bytes of `text`, cut between characters.
std::string CutUtf8(absl::string_view text, size_t max) {
  if (text.size() <= max) return std::string(text);
  size_t end = max;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) --end;
  return absl::StrCat(text.substr(0, end), "...");
}

}  // namespace

absl::Status ViolationsStatus(const std::vector<profile::FieldViolation>& violations) {
  if (violations.empty()) return absl::OkStatus();
  std::string message = absl::StrCat(violations[0].field, ": ", violations[0].description);
  if (violations.size() > 1) {
    absl::StrAppend(&message, " (and ", violations.size() - 1, " more)");
  }
  return absl::InvalidArgumentError(message);
}

google::rpc::Status ToRpcStatus(const absl::Status& status,
                                const std::vector<profile::FieldViolation>& violations) {
  google::rpc::Status result;
  result.set_code(static_cast<int>(status.code()));  // the numbers are the same
  result.set_message(std::string(status.message()));
  if (!violations.empty()) {
    google::rpc::BadRequest details;
    for (const profile::FieldViolation& violation : violations) {
      auto* out = details.add_field_violations();
      out->set_field(violation.field);
      out->set_description(violation.description);
    }
    result.add_details()->PackFrom(details);
  }
  if (absl::IsResourceExhausted(status) || absl::IsUnavailable(status)) {
    google::rpc::RetryInfo details;
    if (engine::IsQuotaError(status)) {
      details.mutable_retry_delay()->set_seconds(kQuotaRetryAfterSeconds);
    } else {
      details.mutable_retry_delay()->set_nanos(kRetryAfterMillis * 1'000'000);
    }
    result.add_details()->PackFrom(details);
  }
  return result;
}

grpc::Status ToGrpcStatus(const absl::Status& status,
                          const std::vector<profile::FieldViolation>& violations) {
  if (status.ok()) return grpc::Status::OK;
  absl::Status cut(status.code(), CutUtf8(status.message(), kMaxMessageBytes));
  status.ForEachPayload(
      [&](absl::string_view url, const absl::Cord& payload) { cut.SetPayload(url, payload); });
  std::vector<profile::FieldViolation> fitting = violations;
  google::rpc::Status details = ToRpcStatus(cut, fitting);
  while (details.ByteSizeLong() > kMaxDetailBytes && !fitting.empty()) {
    fitting.pop_back();
    details = ToRpcStatus(cut, fitting);
  }
  return grpc::Status(static_cast<grpc::StatusCode>(cut.code()), std::string(cut.message()),
                      details.SerializeAsString());
}

}  // namespace plumbline::transport
