#include "server/profile/schema_of_batch.h"

#include <optional>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "server/profile/column_counter.h"
#include "server/profile/values.h"

namespace plumbline::profile {
namespace {

ValueType TypeOf(const Values& values) {
  if (IsText(values)) return ValueType::kString;
  if (std::holds_alternative<Packed<float>>(values)) return ValueType::kFloat;
  if (std::holds_alternative<Packed<int64_t>>(values)) return ValueType::kInt64;
  if (std::holds_alternative<absl::Span<const bool>>(values)) return ValueType::kBool;
  return ValueType::kDouble;
}

Kind DefaultKind(ValueType type) {
  return type == ValueType::kString || type == ValueType::kBool ? Kind::kCategorical
                                                                : Kind::kNumeric;
}

absl::StatusOr<Variable> Describe(const ColumnView& column, absl::Span<const VariableHint> hints) {
  Variable variable;
  variable.name = std::string(column.name);
  variable.type = TypeOf(column.values);
  variable.kind = DefaultKind(variable.type);
  variable.role = column.role.value_or(Role::kFeature);
  for (const VariableHint& hint : hints) {
    if (hint.name != column.name) continue;
    variable.kind = hint.kind.value_or(variable.kind);
    variable.role = hint.role.value_or(variable.role);
  }
  if (IsWrongType(variable.kind, column.values)) {
    return absl::InvalidArgumentError(
        absl::StrCat("variable \"", variable.name, "\" is said to be ", KindName(variable.kind),
                     ", but its values are of type ", ValueTypeName(variable.type)));
  }
  return variable;
}

}  // namespace

absl::StatusOr<Schema> SchemaOf(const BatchView& batch, absl::Span<const VariableHint> hints) {
  std::vector<Variable> variables;
  for (const ColumnView& column : batch.columns) {
    absl::StatusOr<Variable> variable = Describe(column, hints);
    if (!variable.ok()) return variable.status();
    variables.push_back(*std::move(variable));
  }
  return Schema::Create(std::move(variables));
}

absl::StatusOr<std::vector<const ColumnView*>> ColumnsBySchema(const Schema& schema,
                                                               const BatchView& batch) {
  std::vector<const ColumnView*> columns(schema.size(), nullptr);
  SchemaWalk walk(schema);
  for (const ColumnView& column : batch.columns) {
    const std::optional<size_t> index = walk.Find(column.name);
    if (!index.has_value()) {
      return absl::InvalidArgumentError(
          absl::StrCat("variable \"", column.name, "\" is not in the first batch"));
    }
    const ValueType expected = schema.variables()[*index].type;
    const ValueType found = TypeOf(column.values);
    if (found != expected) {
      return absl::InvalidArgumentError(
          absl::StrCat("variable \"", column.name, "\" is of type ", ValueTypeName(found),
                       ", but was ", ValueTypeName(expected), " in the first batch"));
    }
    columns[*index] = &column;
  }
  for (size_t i = 0; i < columns.size(); ++i) {
    if (columns[i] != nullptr) continue;
    return absl::InvalidArgumentError(absl::StrCat("variable \"", schema.variables()[i].name,
                                                   "\" of the first batch is missing"));
  }
  return columns;
}

}  // namespace plumbline::profile
