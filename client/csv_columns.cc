#include "client/csv_columns.h"

#include <algorithm>
#include <cmath>
#include <memory>
#include <optional>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "client/cell_values.h"
#include "client/csv_reader.h"

namespace plumbline::client {
namespace {

// A column in the making.
struct Candidate {
  CsvColumn column;
  v1::Kind model_kind = v1::KIND_UNSPECIFIED;
  bool all_numbers = true;
  bool any_number = false;  // NaN aside: texts have it for what is missing
  bool all_integers = true;
  Integer longest = Integer::kNone;
  bool leading_zero = false;
  absl::Status first_text;  // the error of the first cell that is no number
};

class Planner {
 public:
  explicit Planner(const CsvReader& reader) : path_(reader.path()), header_(reader.header()) {
    for (const std::string& name : header_) {
      index_[name] = candidates_.size();
      candidates_.push_back({});
      candidates_.back().column.name = name;
    }
  }

  absl::Status Apply(const CsvColumnOptions& options) {
    for (const auto& [name, kind] : options.kinds) {
      Candidate* candidate = Find(name);
      if (candidate == nullptr) return NoColumn("--kind", name);
      const v1::Kind before = candidate->column.kind;
      if (before != v1::KIND_UNSPECIFIED && before != kind) return Twice("--kind", name);
      candidate->column.kind = kind;
    }
    for (const auto& [name, role] : options.roles) {
      Candidate* candidate = Find(name);
      if (candidate == nullptr) return NoColumn("--role", name);
      const v1::Role before = candidate->column.role;
      if (before != v1::ROLE_UNSPECIFIED && before != role) return Twice("--role", name);
      candidate->column.role = role;
    }
    for (const std::string& name : options.ignore) {
      const absl::Status status = SetUse("--ignore", name, CsvColumn::Use::kIgnored);
      if (!status.ok()) return status;
    }
    if (!options.id.empty()) {
      const absl::Status status = SetUse("--id", options.id, CsvColumn::Use::kRowId);
      if (!status.ok()) return status;
    }
    if (options.timestamp.empty()) return absl::OkStatus();
    return SetUse("--timestamp", options.timestamp, CsvColumn::Use::kTimestamp);
  }

  void ApplyModel(absl::Span<const v1::VariableSpec> variables) {
    for (const v1::VariableSpec& variable : variables) {
      Candidate* candidate = Find(variable.name());
      if (candidate != nullptr) candidate->model_kind = variable.kind();
    }
  }

  absl::Status Observe(const CsvRow& row) {
    for (size_t i = 0; i < candidates_.size(); ++i) {
      const Candidate& candidate = candidates_[i];
      if (candidate.column.use == CsvColumn::Use::kTimestamp) {
        if (!ParseUnixMicros(row.cell(i)).has_value()) return BadCell(row, i, "a time");
      } else if (candidate.column.use == CsvColumn::Use::kNumeric && !IsCategorical(candidate) &&
                 !row.cell(i).empty()) {
        if (absl::Status status = ObserveValue(row, i); !status.ok()) return status;
      }
    }
    return absl::OkStatus();
  }

  absl::StatusOr<std::vector<CsvColumn>> Finish() {
    std::vector<CsvColumn> columns;
    bool any = false;
    for (Candidate& candidate : candidates_) {
      CsvColumn& column = candidate.column;
      if (column.use == CsvColumn::Use::kNumeric) {
        any = true;
        if (IsCategorical(candidate) || !candidate.all_numbers || IsNames(candidate)) {
          column.use = CsvColumn::Use::kCategorical;
        } else if (candidate.all_integers && candidate.longest == Integer::kFitsInt64) {
          column.use = CsvColumn::Use::kInteger;
        }
      }
      columns.push_back(std::move(column));
    }
    if (!any) return absl::InvalidArgumentError(absl::StrCat(path_, ": no column is left to send"));
    return columns;
  }

 private:
  static bool IsCategorical(const Candidate& candidate) {
    const v1::Kind kind = candidate.column.kind != v1::KIND_UNSPECIFIED ? candidate.column.kind
                                                                        : candidate.model_kind;
    return kind == v1::KIND_CATEGORICAL;
  }

  // Digits of which a number would lose some: integers that none holds, and leading zeros.
  static bool IsNames(const Candidate& candidate) {
    const bool loses =
        candidate.leading_zero || (candidate.all_integers && candidate.longest == Integer::kLarger);
    return loses && candidate.column.kind != v1::KIND_NUMERIC &&
           candidate.model_kind != v1::KIND_NUMERIC;
  }

  // A cell of a column that may be numeric.
  absl::Status ObserveValue(const CsvRow& row, size_t column) {
    Candidate& candidate = candidates_[column];
    const bool told = candidate.column.kind == v1::KIND_NUMERIC;
    const bool model = !told && candidate.model_kind == v1::KIND_NUMERIC;
    if (!candidate.all_numbers && !model) return absl::OkStatus();  // text, whatever comes
    const absl::string_view cell = row.cell(column);
    if (candidate.all_integers) {
      const Integer integer = IntegerIn(cell);
      candidate.longest = std::max(candidate.longest, integer);
      candidate.all_integers = integer != Integer::kNone;
    }
    if (const std::optional<double> number = ParseNumber(cell); number.has_value()) {
      candidate.any_number = candidate.any_number || !std::isnan(*number);
      candidate.leading_zero = candidate.leading_zero || HasLeadingZero(cell);
    } else {
      if (told) return BadCell(row, column, "a number");
      if (candidate.all_numbers && model) {
        candidate.first_text =
            BadCell(row, column,
                    absl::StrCat("a number, as in the model's baseline (--kind ", header_[column],
                                 "=categorical sends the column as text)"));
      }
      candidate.all_numbers = false;
    }
    return model && candidate.any_number ? candidate.first_text : absl::OkStatus();
  }

  Candidate* Find(const std::string& name) {
    const auto found = index_.find(name);
    return found == index_.end() ? nullptr : &candidates_[found->second];
  }

  absl::Status SetUse(absl::string_view option, const std::string& name, CsvColumn::Use use) {
    Candidate* candidate = Find(name);
    if (candidate == nullptr) return NoColumn(option, name);
    candidate->column.use = use;
    return absl::OkStatus();
  }

  static absl::Status Twice(absl::string_view option, const std::string& name) {
    return absl::InvalidArgumentError(
        absl::StrCat(option, ": column ", name, " is given twice, as different things"));
  }

  absl::Status NoColumn(absl::string_view option, const std::string& name) const {
    return absl::InvalidArgumentError(absl::StrCat(option, ": ", path_, " has no column ", name,
                                                   "; it has ", absl::StrJoin(header_, ", ")));
  }

  absl::Status BadCell(const CsvRow& row, size_t column, absl::string_view expected) const {
    constexpr size_t kShown = 60;
    return absl::InvalidArgumentError(
        absl::StrCat(path_, ":", row.line, ": column ", header_[column], ": `",
                     row.cell(column).substr(0, kShown), "` is not ", expected));
  }

  const std::string path_;
  const std::vector<std::string> header_;
  std::vector<Candidate> candidates_;
  absl::flat_hash_map<std::string, size_t> index_;
};

}  // namespace

absl::StatusOr<CsvPlan> PlanCsv(const std::string& path, const CsvColumnOptions& options,
                                absl::Span<const v1::VariableSpec> model_variables,
                                const ProgressCallback& progress) {
  absl::StatusOr<std::unique_ptr<CsvReader>> reader = CsvReader::Open(path, options.delimiter);
  if (!reader.ok()) return reader.status();
  Planner planner(**reader);
  absl::Status status = planner.Apply(options);
  if (!status.ok()) return status;
  planner.ApplyModel(model_variables);
  CsvPlan plan;
  CsvRow row;
  while (true) {
    absl::StatusOr<bool> found = (*reader)->Next(&row);
    if (!found.ok()) return found.status();
    if (!*found) break;
    status = planner.Observe(row);
    if (!status.ok()) return status;
    constexpr uint64_t kProgressRows = 4096;
    if (++plan.rows % kProgressRows == 0 && progress) progress((*reader)->Progress());
  }
  if (plan.rows == 0) return absl::InvalidArgumentError(absl::StrCat(path, ": no rows"));
  absl::StatusOr<std::vector<CsvColumn>> columns = planner.Finish();
  if (!columns.ok()) return columns.status();
  plan.columns = *std::move(columns);
  return plan;
}

}  // namespace plumbline::client
