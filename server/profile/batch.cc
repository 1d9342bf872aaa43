#include "server/profile/batch.h"

#include <algorithm>
#include <type_traits>
#include <utility>

#include "absl/container/flat_hash_set.h"
#include "absl/strings/str_cat.h"

namespace plumbline::profile {
namespace {

// Gathers violations up to a bound: a hostile batch must not make a huge answer.
class Violations {
 public:
  explicit Violations(size_t max) : max_(max) {}

  template <class... Parts>
  void Add(std::string field, const Parts&... parts) {
    if (!full()) list_.push_back({std::move(field), absl::StrCat(parts...)});
  }
  bool full() const { return list_.size() >= max_; }
  std::vector<FieldViolation> Take() { return std::move(list_); }

 private:
  size_t max_;
  std::vector<FieldViolation> list_;
};

size_t ValueCount(const Values& values) {
  return std::visit(
      [](const auto& list) -> size_t {
        if constexpr (std::is_same_v<std::decay_t<decltype(list)>, DictionaryView>) {
          return list.indices.size();
        } else {
          return list.size();
        }
      },
      values);
}

// Made only where something is wrong.
std::string PathOf(size_t column, absl::string_view field) {
  return absl::StrCat("batch.columns[", column, "]", field);
}

// Null rows' indices are ignored; the lengths have been checked.
void CheckIndices(const ColumnView& column, const DictionaryView& values, size_t index,
                  Violations* violations) {
  uint32_t largest = 0;
  for (const uint32_t entry : values.indices) largest = std::max(largest, entry);
  if (largest < values.dictionary.size()) return;
  for (size_t row = 0; row < values.indices.size(); ++row) {
    if (values.indices[row] < values.dictionary.size() || !column.IsValid(row)) continue;
    violations->Add(PathOf(index, ".dictionary_values.indices"), "variable \"", column.name,
                    "\": index ", values.indices[row], " in row ", row,
                    " is outside the dictionary of ", values.dictionary.size(), " entries");
    return;  // one is enough to mend the producer
  }
}

void CheckColumn(const BatchView& batch, size_t index, const BatchLimits& limits,
                 Violations* violations) {
  const ColumnView& column = batch.columns[index];
  if (column.name.empty()) {
    violations->Add(PathOf(index, ".name"), "column ", index, " has no name");
  } else if (column.name.size() > limits.max_name_bytes) {
    violations->Add(PathOf(index, ".name"), "the name \"", column.name.substr(0, 40), "...\" has ",
                    column.name.size(), " bytes; at most ", limits.max_name_bytes);
  }
  const size_t values = ValueCount(column.values);
  const size_t bitmap_bytes = (size_t{batch.rows} + 7) / 8;
  bool lengths_ok = true;
  if (values != batch.rows) {
    lengths_ok = false;
    violations->Add(PathOf(index, ".values"), "variable \"", column.name, "\" has ", values,
                    " values, but the batch has ", batch.rows, " rows");
  }
  if (!column.validity.empty() && column.validity.size() != bitmap_bytes) {
    lengths_ok = false;
    violations->Add(PathOf(index, ".validity"), "variable \"", column.name, "\": the bitmap has ",
                    column.validity.size(), " bytes, but ", batch.rows, " rows need ",
                    bitmap_bytes);
  }
  const auto* dictionary = std::get_if<DictionaryView>(&column.values);
  if (lengths_ok && dictionary != nullptr) CheckIndices(column, *dictionary, index, violations);
}

void CheckRows(const BatchView& batch, const BatchLimits& limits, Violations* violations) {
  if (batch.rows == 0) violations->Add("batch.row_count", "the batch has no rows");
  if (batch.rows > limits.max_rows) {
    violations->Add("batch.row_count", "the batch has ", batch.rows, " rows; at most ",
                    limits.max_rows);
  }
  if (batch.columns.empty()) violations->Add("batch.columns", "the batch has no columns");
  if (batch.columns.size() > limits.max_columns) {
    violations->Add("batch.columns", "the batch has ", batch.columns.size(), " columns; at most ",
                    limits.max_columns);
  }
  if (!batch.row_event_micros.empty() && batch.row_event_micros.size() != batch.rows) {
    violations->Add("batch.event_times.unix_micros", "there are ", batch.row_event_micros.size(),
                    " event times, but the batch has ", batch.rows, " rows");
  }
  for (const size_t ids : {batch.string_row_ids.size(), batch.int_row_ids.size()}) {
    if (ids != 0 && ids != batch.rows) {
      violations->Add("batch.row_ids", "there are ", ids, " row ids, but the batch has ",
                      batch.rows, " rows");
    }
  }
  if (batch.source.size() > limits.max_source_bytes) {
    violations->Add("batch.source", "the source has ", batch.source.size(), " bytes; at most ",
                    limits.max_source_bytes);
  }
}

}  // namespace

std::vector<FieldViolation> ValidateBatch(const BatchView& batch, const BatchLimits& limits) {
  Violations violations(limits.max_violations);
  CheckRows(batch, limits, &violations);
  if (batch.columns.size() > limits.max_columns) return violations.Take();
  absl::flat_hash_set<absl::string_view> names;
  names.reserve(batch.columns.size());
  for (size_t i = 0; i < batch.columns.size() && !violations.full(); ++i) {
    CheckColumn(batch, i, limits, &violations);
    if (!batch.columns[i].name.empty() && !names.insert(batch.columns[i].name).second) {
      violations.Add(absl::StrCat("batch.columns[", i, "].name"), "variable \"",
                     batch.columns[i].name, "\" occurs twice");
    }
  }
  return violations.Take();
}

}  // namespace plumbline::profile
