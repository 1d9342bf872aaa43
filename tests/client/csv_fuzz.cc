// Any file as CSV: refused with a reason, or rows as wide as the header; and a plan made in a first
// pass holds in the second. Input: the delimiter, then the file.
#include <sys/mman.h>
#include <unistd.h>

#include <string>

#include "absl/strings/str_cat.h"
#include "client/csv_batches.h"
#include "client/csv_columns.h"
#include "client/csv_reader.h"
#include "tests/fuzz/fuzz.h"

namespace plumbline::fuzz {
namespace {

// A file without a folder.
class MemoryFile {
 public:
  MemoryFile(const uint8_t* data, size_t size) : descriptor_(memfd_create("csv", 0)) {
    Check(write(descriptor_, data, size) == static_cast<ssize_t>(size), "memory for the file");
  }
  ~MemoryFile() { close(descriptor_); }
  MemoryFile(const MemoryFile&) = delete;
  MemoryFile& operator=(const MemoryFile&) = delete;

  std::string path() const { return absl::StrCat("/proc/self/fd/", descriptor_); }

 private:
  const int descriptor_;
};

void ReadRows(const std::string& path, char delimiter) {
  auto reader = client::CsvReader::Open(path, delimiter);
  if (!reader.ok()) {
    Check(!reader.status().message().empty(), "a refusal has a reason");
    return;
  }
  client::CsvRow row;
  uint64_t line = 1;
  while (true) {
    const auto more = (*reader)->Next(&row);
    if (!more.ok() || !*more) break;
    Check(row.size() == (*reader)->header().size(), "a row is as wide as the header");
    Check(row.line > line, "lines grow");
    line = row.line;
    for (size_t i = 0; i < row.size(); ++i) Check(row.cell(i).size() <= row.text.size(), "a cell");
  }
  Check((*reader)->Progress() >= 0 && (*reader)->Progress() <= 1, "progress is a share");
}

void ReadBatches(const std::string& path, char delimiter) {
  client::CsvColumnOptions options;
  options.delimiter = delimiter;
  const auto plan = client::PlanCsv(path, options, {});
  if (!plan.ok()) return;
  auto batches = client::CsvBatches::Open(path, delimiter, *plan);
  Check(batches.ok(), "a file that was planned can be read");
  uint64_t rows = 0;
  while (true) {
    const auto batch = (*batches)->Next(7);
    Check(batch.ok(), "a second pass finds what the first found");
    if (!batch->has_value()) break;
    Check((*batch)->row_count() > 0 && (*batch)->row_count() <= 7, "batches have rows");
    rows += (*batch)->row_count();
  }
  Check(rows == plan->rows, "all rows come again");
}

}  // namespace

std::vector<std::string> Seeds() {
  return {",a,b,c\n1,x,2.5\n2,\"y \"\"q\"\", z\",nan\n,,\n",
          ";\xef\xbb\xbf"
          "age;city\r\n34;Oslo\r\n\r\n35;\"Li\nma\"\r\n",
          ",id,time\r1,2024-01-01T00:00:00Z\r2,2024-01-02 00:00:00\r", "\tone\n\"\"\n5\n"};
}

}  // namespace plumbline::fuzz

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace plumbline::fuzz;
  if (size == 0) return 0;
  constexpr char kDelimiters[] = {',', ';', '\t', '|'};
  char delimiter = kDelimiters[data[0] % 4];
  for (const char known : kDelimiters) {
    if (static_cast<char>(data[0]) == known) delimiter = known;
  }
  const MemoryFile file(data + 1, size - 1);
  ReadRows(file.path(), delimiter);
  ReadBatches(file.path(), delimiter);
  return 0;
}
