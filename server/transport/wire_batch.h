#ifndef PLUMBLINE_SERVER_TRANSPORT_WIRE_BATCH_H_
#define PLUMBLINE_SERVER_TRANSPORT_WIRE_BATCH_H_

#include <vector>

#include "absl/types/span.h"
#include "plumbline/v1/batch.pb.h"
#include "server/profile/batch.h"
#include "server/transport/request_split.h"

namespace plumbline::transport {

/// `batch` as the core sees it, without a copy of the values: the view points into the message,
/// which must outlive it, and into `values`, which are of columns that are empty there (by column).
/// A column without values has none. The view has not been validated.
profile::BatchView ViewOf(const v1::Batch& batch, absl::Span<const ColumnBytes> values = {});

/// What only the wire can get wrong: a column without values, a role that is no role, a time out of
/// range. In field order; empty if sound. profile::ValidateBatch finds the rest.
std::vector<profile::FieldViolation> ValidateWire(const v1::Batch& batch);

}  // namespace plumbline::transport

#endif  // PLUMBLINE_SERVER_TRANSPORT_WIRE_BATCH_H_
