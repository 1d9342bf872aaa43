#ifndef PLUMBLINE_SERVER_ENGINE_RECORDS_H_
#define PLUMBLINE_SERVER_ENGINE_RECORDS_H_

#include <cstdint>

#include "absl/status/statusor.h"
#include "plumbline/storage/v1/records.pb.h"
#include "server/checks/alert.h"
#include "server/checks/policy.h"
#include "server/engine/model_key.h"
#include "server/engine/sequence_marks.h"
#include "server/storage/store.h"

namespace plumbline::engine {

/// The stored form of an alert, and back. Errors: DataLoss for an unknown check or state.
storage::v1::AlertRecord ToRecord(const checks::Alert& alert, uint64_t baseline_number);
absl::StatusOr<checks::Alert> FromRecord(const storage::v1::AlertRecord& record);
void DeleteAlert(const ModelKey& model, const checks::AlertKey& alert,
                 storage::Store::Batch* batch);

/// Adds the marks to a producer's record, and back. Errors: DataLoss.
void MarksToRecord(const SequenceMarks& marks, storage::v1::ProducerRecord* record);
absl::StatusOr<SequenceMarks> MarksFromRecord(const storage::v1::ProducerRecord& record);

/// The default policy with what somebody set on top. Errors: InvalidArgument naming the field.
absl::StatusOr<checks::Policy> EffectivePolicy(const storage::v1::PolicyRecord& record);

}  // namespace plumbline::engine

#endif  // PLUMBLINE_SERVER_ENGINE_RECORDS_H_
