#ifndef PLUMBLINE_TESTS_DATA_READER_H_
#define PLUMBLINE_TESTS_DATA_READER_H_

#include <string>
#include <vector>

namespace plumbline::testing {

/// The absolute path of a file in tests/data.
std::string DataPath(const std::string& relative);

/// A file of tests/data as text; one that is gzipped is unpacked. Ends the test run with a message
/// if it cannot be read.
std::string ReadTestData(const std::string& relative);

/// A CSV file, by columns, every field as text; an empty field is "".
struct Table {
  std::vector<std::string> names;
  std::vector<std::vector<std::string>> columns;  // one for each name, all of one length

  size_t rows() const { return columns.empty() ? 0 : columns[0].size(); }
  /// Ends the test run if there is no such column.
  const std::vector<std::string>& Column(const std::string& name) const;
};

/// Reads a CSV file of tests/data (gzipped or not) whose first line names the columns. Ends the
/// test run if it cannot be read or a row has too few or too many fields.
Table ReadCsv(const std::string& relative);

/// The numbers in `fields`, without the empty ones. Ends the test run for anything else.
std::vector<double> Numbers(const std::vector<std::string>& fields);

/// One number a line, without a header.
std::vector<double> ReadNumbers(const std::string& relative);

/// The lines of a file without a header, without their ends.
std::vector<std::string> ReadLines(const std::string& relative);

}  // namespace plumbline::testing

#endif  // PLUMBLINE_TESTS_DATA_READER_H_
