#ifndef PLUMBLINE_SERVER_PROFILE_SCHEMA_H_
#define PLUMBLINE_SERVER_PROFILE_SCHEMA_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace plumbline::profile {

/// What a variable is to the model. Values are stored on disk.
enum class Role : uint8_t { kFeature = 1, kPrediction = 2, kLabel = 3 };

/// How a variable's values are compared. Values are stored on disk.
enum class Kind : uint8_t { kNumeric = 1, kCategorical = 2 };

/// The type in which the baseline's values came. Values are stored on disk.
enum class ValueType : uint8_t { kDouble = 1, kFloat = 2, kInt64 = 3, kBool = 4, kString = 5 };

absl::string_view RoleName(Role role);
absl::string_view KindName(Kind kind);
absl::string_view ValueTypeName(ValueType type);

/// One column of a model's data.
struct Variable {
  std::string name;
  Role role = Role::kFeature;
  Kind kind = Kind::kNumeric;
  ValueType type = ValueType::kDouble;

  friend bool operator==(const Variable&, const Variable&) = default;
};

/// The variables of a baseline, in its order. Immutable; any thread.
class Schema {
 public:
  Schema() = default;
  /// Errors: InvalidArgument for an empty or repeated name.
  static absl::StatusOr<Schema> Create(std::vector<Variable> variables);

  const std::vector<Variable>& variables() const { return variables_; }
  size_t size() const { return variables_.size(); }
  std::optional<size_t> Find(absl::string_view name) const;

 private:
  std::vector<Variable> variables_;
  absl::flat_hash_map<std::string, size_t> index_;
};

/// Schema::Find for one name after the other: a name that follows, in the schema, the one found
/// before is not hashed. Columns mostly come in the baseline's order. The schema must outlive it.
class SchemaWalk {
 public:
  explicit SchemaWalk(const Schema& schema) : schema_(schema) {}

  std::optional<size_t> Find(absl::string_view name);

 private:
  const Schema& schema_;
  size_t next_ = 0;
};

}  // namespace plumbline::profile

#endif  // PLUMBLINE_SERVER_PROFILE_SCHEMA_H_
