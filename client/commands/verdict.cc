#include "client/commands/verdict.h"

#include "absl/strings/cord.h"

namespace plumbline::client {
namespace {

constexpr char kUrl[] = "plumbline/differs";

}  // namespace

absl::Status Differs() {
  absl::Status status = absl::AbortedError("they differ");
  status.SetPayload(kUrl, absl::Cord());
  return status;
}

bool IsDiffers(const absl::Status& status) { return status.GetPayload(kUrl).has_value(); }

}  // namespace plumbline::client
