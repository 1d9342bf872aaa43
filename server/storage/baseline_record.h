#ifndef PLUMBLINE_SERVER_STORAGE_BASELINE_RECORD_H_
#define PLUMBLINE_SERVER_STORAGE_BASELINE_RECORD_H_

#include "absl/status/statusor.h"
#include "plumbline/storage/v1/records.pb.h"
#include "server/profile/baseline.h"

namespace plumbline::storage {

/// The stored form of a baseline. Times are kept to the microsecond; the grouping is derived and
/// not stored.
v1::BaselineRecord ToRecord(const profile::Baseline& baseline);

/// The baseline of a record, which may come from a stranger: every size, enum, edge, flag and chunk
/// is checked before use, and the grouping is derived anew. Errors: InvalidArgument or DataLoss
/// naming the variable.
absl::StatusOr<profile::Baseline> FromRecord(const v1::BaselineRecord& record);
/// False of one that was stored before that was learnt; then FromRecord learns it, if it has the
/// chunks.
bool HasNaturalVariation(const v1::BaselineRecord& record);

/// The head line of a baseline.
v1::BaselineHeadRecord HeadOf(const profile::Baseline& baseline);

}  // namespace plumbline::storage

#endif  // PLUMBLINE_SERVER_STORAGE_BASELINE_RECORD_H_
