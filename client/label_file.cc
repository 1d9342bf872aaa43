#include "client/label_file.h"

#include <algorithm>
#include <cstdint>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "client/batch_builder.h"
#include "client/cell_values.h"
#include "client/csv_reader.h"
#include "server/manifest/row_id.h"

namespace plumbline::client {

absl::StatusOr<LabelFile> LabelFile::Read(const std::string& path, char delimiter,
                                          const std::string& id,
                                          absl::Span<const v1::VariableSpec> model_variables) {
  auto reader = CsvReader::Open(path, delimiter);
  if (!reader.ok()) return reader.status();
  const std::vector<std::string>& header = (*reader)->header();
  const auto column_of = [&](const std::string& name) {
    return static_cast<size_t>(std::find(header.begin(), header.end(), name) - header.begin());
  };
  const size_t ids = column_of(id);
  if (ids == header.size()) {
    return absl::InvalidArgumentError(absl::StrCat(path, ": there is no column ", id));
  }
  LabelFile file;
  file.path_ = path;
  for (const v1::VariableSpec& variable : model_variables) {
    const size_t column = column_of(variable.name());
    if (variable.role() != v1::ROLE_LABEL || column == header.size()) continue;
    file.labels_.push_back({variable, column});
  }
  if (file.labels_.empty()) {
    return absl::InvalidArgumentError(absl::StrCat(path, ": no column is a label of the model"));
  }
  CsvRow row;
  while (true) {
    const absl::StatusOr<bool> found = (*reader)->Next(&row);
    if (!found.ok()) return found.status();
    if (!*found) return file;
    const absl::string_view key = manifest::NormalId(row.cell(ids));
    if (key.empty()) continue;
    std::vector<std::string>& cells = file.cells_[key];
    cells.clear();
    for (const Label& label : file.labels_) cells.emplace_back(row.cell(label.column));
  }
}

absl::Status LabelFile::AddTo(v1::Batch* batch) const {
  const auto& ids = batch->row_ids().string_values().values();
  for (size_t i = 0; i < labels_.size(); ++i) {
    const v1::VariableSpec& variable = labels_[i].variable;
    for (const v1::Column& column : batch->columns()) {
      if (column.name() != variable.name()) continue;
      return absl::InvalidArgumentError(
          absl::StrCat("the rows have a column ", variable.name(),
                       " already; ignore it or leave out the labels"));
    }
    v1::Column* added = batch->add_columns();
    added->set_name(variable.name());
    std::vector<uint8_t> validity;
    absl::flat_hash_map<std::string, uint32_t> index_of;
    for (const std::string& id : ids) {
      const auto found = cells_.find(manifest::NormalId(id));
      const std::string cell = found == cells_.end() ? "" : found->second[i];
      validity.push_back(cell.empty() ? 0 : 1);
      if (variable.kind() == v1::KIND_NUMERIC) {
        const std::optional<double> number = ParseNumber(cell);
        if (!cell.empty() && !number.has_value()) {
          return absl::InvalidArgumentError(absl::StrCat(path_, ": label ", variable.name(),
                                                         " of row ", id, ": `", cell,
                                                         "` is not a number"));
        }
        added->mutable_double_values()->add_values(number.value_or(0));
        continue;
      }
      v1::DictionaryValues* values = added->mutable_dictionary_values();
      const auto [entry, is_new] =
          index_of.try_emplace(cell, static_cast<uint32_t>(values->dictionary_size()));
      if (is_new) values->add_dictionary(cell);
      values->add_indices(entry->second);
    }
    *added->mutable_validity() = PackValidity(validity);
  }
  return absl::OkStatus();
}

}  // namespace plumbline::client
