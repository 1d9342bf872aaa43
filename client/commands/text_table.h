#ifndef PLUMBLINE_CLIENT_COMMANDS_TEXT_TABLE_H_
#define PLUMBLINE_CLIENT_COMMANDS_TEXT_TABLE_H_

#include <string>
#include <vector>

namespace plumbline::client {

/// A table in plain text: columns as wide as their widest cell, two spaces between them, no line
/// ends in spaces. A column that is empty in every row is left out.
class TextTable {
 public:
  enum class Align { kLeft, kRight };
  struct Column {
    std::string title;
    Align align = Align::kLeft;
  };

  explicit TextTable(std::vector<Column> columns) : columns_(std::move(columns)) {}

  /// Missing cells are empty, surplus ones are ignored.
  void AddRow(std::vector<std::string> cells);

  /// The title line and the rows, each ending in a newline; empty without rows.
  [[nodiscard]] std::string ToString() const;

 private:
  std::vector<Column> columns_;
  std::vector<std::vector<std::string>> rows_;
};

}  // namespace plumbline::client

#endif  // PLUMBLINE_CLIENT_COMMANDS_TEXT_TABLE_H_
