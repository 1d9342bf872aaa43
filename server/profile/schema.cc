#include "server/profile/schema.h"

#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

namespace plumbline::profile {

absl::string_view RoleName(Role role) {
  switch (role) {
    case Role::kFeature:
      return "feature";
    case Role::kPrediction:
      return "prediction";
    case Role::kLabel:
      return "label";
  }
  return "unknown role";
}

absl::string_view KindName(Kind kind) {
  switch (kind) {
    case Kind::kNumeric:
      return "numeric";
    case Kind::kCategorical:
      return "categorical";
  }
  return "unknown kind";
}

absl::string_view ValueTypeName(ValueType type) {
  switch (type) {
    case ValueType::kDouble:
      return "double";
    case ValueType::kFloat:
      return "float";
    case ValueType::kInt64:
      return "int64";
    case ValueType::kBool:
      return "bool";
    case ValueType::kString:
      return "string";
  }
  return "unknown type";
}

absl::StatusOr<Schema> Schema::Create(std::vector<Variable> variables) {
  Schema schema;
  for (size_t i = 0; i < variables.size(); ++i) {
    if (variables[i].name.empty()) {
      return absl::InvalidArgumentError(absl::StrCat("variable ", i, " has no name"));
    }
    if (!schema.index_.emplace(variables[i].name, i).second) {
      return absl::InvalidArgumentError(
          absl::StrCat("variable \"", variables[i].name, "\" occurs twice"));
    }
  }
  schema.variables_ = std::move(variables);
  return schema;
}

std::optional<size_t> Schema::Find(absl::string_view name) const {
  const auto it = index_.find(name);
  if (it == index_.end()) return std::nullopt;
  return it->second;
}

std::optional<size_t> SchemaWalk::Find(absl::string_view name) {
  const bool follows = next_ < schema_.size() && schema_.variables()[next_].name == name;
  const std::optional<size_t> index = follows ? next_ : schema_.Find(name);
  if (index.has_value()) next_ = *index + 1;
  return index;
}

}  // namespace plumbline::profile
