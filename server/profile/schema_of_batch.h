#ifndef PLUMBLINE_SERVER_PROFILE_SCHEMA_OF_BATCH_H_
#define PLUMBLINE_SERVER_PROFILE_SCHEMA_OF_BATCH_H_

#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "server/profile/baseline_builder.h"
#include "server/profile/batch.h"
#include "server/profile/schema.h"

namespace plumbline::profile {

/// The variables of a baseline's first batch, in its order, as the hints would have them. Errors:
/// InvalidArgument if a hint contradicts a column's type.
absl::StatusOr<Schema> SchemaOf(const BatchView& batch, absl::Span<const VariableHint> hints);

/// The batch's columns in the schema's order; they point into the batch. Errors: InvalidArgument if
/// they are not the schema's variables, all of them and of the same types.
absl::StatusOr<std::vector<const ColumnView*>> ColumnsBySchema(const Schema& schema,
                                                               const BatchView& batch);

}  // namespace plumbline::profile

#endif  // PLUMBLINE_SERVER_PROFILE_SCHEMA_OF_BATCH_H_
