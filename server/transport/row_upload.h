#ifndef PLUMBLINE_SERVER_TRANSPORT_ROW_UPLOAD_H_
#define PLUMBLINE_SERVER_TRANSPORT_ROW_UPLOAD_H_

#include <grpcpp/grpcpp.h>

#include <cstdint>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "server/engine/quotas.h"
#include "server/profile/batch.h"
#include "server/transport/control_services.h"
#include "server/transport/status.h"

namespace plumbline::transport {

/// Reads what follows the header of a baseline or a profile: batches, each of which `add` takes,
/// and one commit, whose number of rows goes to `commit` and ends it. Nothing is stored otherwise.
template <class Request, class Add, class Commit>
grpc::Status ReceiveRows(const grpc::ServerContext& context, grpc::ServerReader<Request>* reader,
                         Request* message, const Add& add, const Commit& commit) {
  uint64_t index = 0;
  while (reader->Read(message)) {
    if (message->has_commit()) return commit(message->commit().row_count());
    if (!message->has_batch()) {
      return ToGrpcStatus(
          absl::InvalidArgumentError("after the header come batches, and then one commit"));
    }
    profile::BatchView view;
    const auto violations = BatchViolations(message->batch(), ++index, &view);
    if (!violations.empty()) return ToGrpcStatus(ViolationsStatus(violations), violations);
    const absl::Status added = add(view);
    if (engine::IsQuotaError(added)) return ToGrpcStatus(added);
    if (!added.ok()) {
      return ToGrpcStatus(
          absl::Status(added.code(), absl::StrCat("batch number ", index, ": ", added.message())));
    }
  }
  return ToGrpcStatus(
      context.IsCancelled()
          ? absl::CancelledError("the client has gone; nothing was stored")
          : absl::InvalidArgumentError("the stream ended without a commit, or with a message that "
                                       "cannot be parsed (is all text UTF-8?); nothing was "
                                       "stored"));
}

}  // namespace plumbline::transport

#endif  // PLUMBLINE_SERVER_TRANSPORT_ROW_UPLOAD_H_
