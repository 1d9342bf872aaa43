#include "client/split_rows.h"

#include <algorithm>
#include <memory>
#include <numeric>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "client/csv_reader.h"
#include "client/id_digest.h"
#include "server/manifest/row_id.h"

namespace plumbline::client {
namespace {

using Column = std::optional<size_t>;

absl::Status FindColumn(const CsvReader& reader, const char* what, const std::string& name,
                        Column* column) {
  if (name.empty()) return absl::OkStatus();
  const auto found = std::find(reader.header().begin(), reader.header().end(), name);
  if (found == reader.header().end()) {
    return absl::InvalidArgumentError(
        absl::StrCat(reader.path(), ": there is no ", what, " column \"", name, "\""));
  }
  *column = static_cast<size_t>(found - reader.header().begin());
  return absl::OkStatus();
}

// Columns by name, without those that say which part a row is in, and those to ignore.
absl::StatusOr<std::vector<size_t>> ContentColumns(const CsvReader& reader, const Column& split,
                                                   const Column& fold,
                                                   const std::vector<std::string>& ignore) {
  std::vector<bool> left_out(reader.header().size());
  for (const std::string& name : ignore) {
    Column column;
    if (absl::Status found = FindColumn(reader, "--ignore", name, &column); !found.ok()) {
      return found;
    }
    if (column.has_value()) left_out[*column] = true;
  }
  std::vector<size_t> columns;
  for (size_t i = 0; i < reader.header().size(); ++i) {
    if (split != i && fold != i && !left_out[i]) columns.push_back(i);
  }
  if (columns.empty() && !ignore.empty()) {
    return absl::InvalidArgumentError(
        absl::StrCat(reader.path(), ": no column is left that tells rows apart"));
  }
  std::sort(columns.begin(), columns.end(),
            [&](size_t a, size_t b) { return reader.header()[a] < reader.header()[b]; });
  return columns;
}

absl::uint128 HashContent(const CsvRow& row, const std::vector<size_t>& columns,
                          std::string* buffer) {
  buffer->clear();
  for (const size_t column : columns) {
    const absl::string_view cell = manifest::NormalId(row.cell(column));
    absl::StrAppend(buffer, cell.size(), ":", cell);
  }
  return HashId(*buffer);
}

}  // namespace

absl::Status SplitRows::ForEach(absl::FunctionRef<absl::Status(const SplitRow&)> use) {
  for (size_t file = 0; file < source_.files.size(); ++file) {
    if (absl::Status read = ForEachOf(file, use); !read.ok()) return read;
  }
  return absl::OkStatus();
}

absl::StatusOr<size_t> SplitRows::PartOf(absl::string_view fold, absl::string_view split) {
  name_.assign(fold.data(), fold.size());
  if (!fold.empty() && !split.empty()) name_.push_back('/');
  name_.append(split.data(), split.size());
  const auto found = index_of_.find(name_);
  if (found != index_of_.end()) return found->second;
  if (name_.empty()) return absl::InvalidArgumentError("the row has no part");
  if (name_.size() > kMaxPartBytes) {
    return absl::InvalidArgumentError(
        absl::StrCat("the name of its part has ", name_.size(), " bytes; at most ", kMaxPartBytes));
  }
  if (parts_.size() == kMaxParts) {
    return absl::InvalidArgumentError(
        absl::StrCat("more than ", kMaxParts, " parts: is it the column that tells the parts?"));
  }
  index_of_.emplace(name_, parts_.size());
  parts_.push_back(name_);
  return parts_.size() - 1;
}

absl::Status SplitRows::ForEachOf(size_t file,
                                  absl::FunctionRef<absl::Status(const SplitRow&)> use) {
  const SplitSource::File& from = source_.files[file];
  auto opened = CsvReader::Open(from.path, source_.delimiter);
  if (!opened.ok()) return opened.status();
  CsvReader& reader = **opened;
  Column id, split, fold, label;
  absl::Status found = FindColumn(reader, "id", source_.id, &id);
  if (from.part.empty()) found.Update(FindColumn(reader, "split", source_.split, &split));
  found.Update(FindColumn(reader, "fold", source_.fold, &fold));
  found.Update(FindColumn(reader, "label", source_.label, &label));
  if (!found.ok()) return found;
  const auto content = ContentColumns(reader, split, fold, source_.ignore);
  if (!content.ok()) return content.status();
  CsvRow cells;
  SplitRow row;
  row.file = file;
  std::string buffer;
  while (true) {
    const absl::StatusOr<bool> more = reader.Next(&cells);
    if (!more.ok()) return more.status();
    if (!*more) return absl::OkStatus();
    row.line = cells.line;
    const auto error = [&](absl::string_view what) {
      return absl::InvalidArgumentError(absl::StrCat(from.path, ":", cells.line, ": ", what));
    };
    const absl::StatusOr<size_t> part =
        PartOf(fold.has_value() ? cells.cell(*fold) : "",
               split.has_value() ? cells.cell(*split) : absl::string_view(from.part));
    if (!part.ok()) return error(part.status().message());
    row.part = *part;
    if (id.has_value()) {
      row.id = manifest::NormalId(cells.cell(*id));
      if (row.id.empty()) return error("the row has no id");
      row.hash = HashId(row.id);
    } else {
      row.hash = HashContent(cells, *content, &buffer);
    }
    if (label.has_value()) row.label = cells.cell(*label);
    if (absl::Status used = use(row); !used.ok()) return used;
  }
}

}  // namespace plumbline::client
