#include "tests/data_reader.h"

#include <csv.h>
#include <zlib.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <utility>

namespace plumbline::testing {
namespace {

[[noreturn]] void Fail(const std::string& file, const std::string& reason) {
  std::fprintf(stderr, "test data %s: %s\n", file.c_str(), reason.c_str());
  std::abort();
}

double ParseNumber(const std::string& text) {
  char* end = nullptr;
  const double value = std::strtod(text.c_str(), &end);
  if (text.empty() || *end != '\0') Fail(text, "not a number");
  return value;
}

// Collects what libcsv calls back with.
struct Rows {
  std::vector<std::string> row;
  std::vector<std::vector<std::string>> all;

  static void OnField(void* field, size_t length, void* self) {
    static_cast<Rows*>(self)->row.emplace_back(static_cast<const char*>(field), length);
  }
  static void OnRow(int, void* self) {
    auto* rows = static_cast<Rows*>(self);
    rows->all.push_back(std::exchange(rows->row, {}));
  }
};

}  // namespace

std::string DataPath(const std::string& relative) {
  return std::string(PLUMBLINE_TEST_DATA) + "/" + relative;
}

std::string ReadTestData(const std::string& relative) {
  gzFile file = gzopen(DataPath(relative).c_str(), "rb");  // reads plain files too
  if (file == nullptr) Fail(relative, "cannot be opened");
  std::string text;
  std::vector<char> buffer(1 << 16);
  int got = 0;
  while ((got = gzread(file, buffer.data(), static_cast<unsigned>(buffer.size()))) > 0) {
    text.append(buffer.data(), static_cast<size_t>(got));
  }
  gzclose(file);
  if (got < 0) Fail(relative, "cannot be read");
  return text;
}

const std::vector<std::string>& Table::Column(const std::string& name) const {
  const auto found = std::find(names.begin(), names.end(), name);
  if (found == names.end()) Fail(name, "no such column");
  return columns[static_cast<size_t>(found - names.begin())];
}

Table ReadCsv(const std::string& relative) {
  const std::string text = ReadTestData(relative);
  csv_parser parser;
  if (csv_init(&parser, CSV_STRICT) != 0) Fail(relative, "csv_init failed");
  Rows rows;
  const size_t parsed =
      csv_parse(&parser, text.data(), text.size(), Rows::OnField, Rows::OnRow, &rows);
  if (parsed != text.size()) Fail(relative, csv_strerror(csv_error(&parser)));
  csv_fini(&parser, Rows::OnField, Rows::OnRow, &rows);
  csv_free(&parser);
  if (rows.all.empty()) Fail(relative, "is empty");

  Table table;
  table.names = rows.all[0];
  table.columns.resize(table.names.size());
  for (size_t r = 1; r < rows.all.size(); ++r) {
    if (rows.all[r].size() != table.names.size()) Fail(relative, "a row of another length");
    for (size_t c = 0; c < table.names.size(); ++c) {
      table.columns[c].push_back(std::move(rows.all[r][c]));
    }
  }
  return table;
}

std::vector<double> Numbers(const std::vector<std::string>& fields) {
  std::vector<double> numbers;
  numbers.reserve(fields.size());
  for (const std::string& field : fields) {
    if (!field.empty()) numbers.push_back(ParseNumber(field));
  }
  return numbers;
}

std::vector<double> ReadNumbers(const std::string& relative) {
  return Numbers(ReadLines(relative));
}

std::vector<std::string> ReadLines(const std::string& relative) {
  const std::string text = ReadTestData(relative);
  std::vector<std::string> lines;
  std::string line;
  for (const char c : text) {
    if (c == '\n') {
      lines.push_back(std::exchange(line, {}));
    } else if (c != '\r') {
      line.push_back(c);
    }
  }
  if (!line.empty()) lines.push_back(std::move(line));
  return lines;
}

}  // namespace plumbline::testing
