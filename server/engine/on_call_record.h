#ifndef PLUMBLINE_SERVER_ENGINE_ON_CALL_RECORD_H_
#define PLUMBLINE_SERVER_ENGINE_ON_CALL_RECORD_H_

#include "absl/status/statusor.h"
#include "plumbline/storage/v1/on_call_record.pb.h"
#include "server/checks/on_call.h"

namespace plumbline::engine {

/// The stored form of what people say of alerts, and back. Errors: DataLoss for an unknown check.
storage::v1::OnCallRecord ToRecord(const checks::OnCallBook& book);
absl::StatusOr<checks::OnCallBook> FromRecord(const storage::v1::OnCallRecord& record);

void ToRecord(const checks::Signature& signature, storage::v1::SignatureRecord* record);
checks::Signature FromRecord(const storage::v1::SignatureRecord& record);

}  // namespace plumbline::engine

#endif  // PLUMBLINE_SERVER_ENGINE_ON_CALL_RECORD_H_
