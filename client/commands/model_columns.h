#ifndef PLUMBLINE_CLIENT_COMMANDS_MODEL_COLUMNS_H_
#define PLUMBLINE_CLIENT_COMMANDS_MODEL_COLUMNS_H_

#include "absl/status/status.h"
#include "absl/types/span.h"
#include "client/commands/commands.h"
#include "client/commands/context.h"
#include "client/csv_columns.h"
#include "plumbline/v1/baseline.pb.h"
#include "plumbline/v1/policy.pb.h"

namespace plumbline::client {

/// Holds the columns of a file that are to be sent against the model's variables, by their names
/// and by the aliases of `policy` (null: the model's own, fetched where names alone do not do).
/// Features and predictions without a column are a warning on `context.err`, unless only labels are
/// sent. Errors: InvalidArgument if no column is a variable of the model; those of the call.
absl::Status CheckModelColumns(const Context& context, const TargetFlags& target,
                               const ColumnFlags& columns, const CsvPlan& plan,
                               absl::Span<const v1::VariableSpec> variables,
                               const v1::Policy* policy);

}  // namespace plumbline::client

#endif  // PLUMBLINE_CLIENT_COMMANDS_MODEL_COLUMNS_H_
