#include "client/csv_reader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <zlib.h>

#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "tests/client/temp_file.h"

namespace plumbline::client {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

using Cells = std::vector<std::vector<std::string>>;

struct Result {
  absl::Status status;
  std::vector<std::string> header;
  Cells rows;
  std::vector<uint64_t> lines;
};

Result ReadPath(const std::string& path, char delimiter = ',') {
  Result result;
  auto reader = CsvReader::Open(path, delimiter);
  result.status = reader.status();
  if (!reader.ok()) return result;
  result.header = (*reader)->header();
  CsvRow row;
  while (true) {
    const absl::StatusOr<bool> found = (*reader)->Next(&row);
    result.status = found.status();
    if (!found.ok() || !*found) return result;
    result.rows.emplace_back();
    for (size_t i = 0; i < row.size(); ++i) result.rows.back().emplace_back(row.cell(i));
    result.lines.push_back(row.line);
  }
}

Result Read(const std::string& content, char delimiter = ',') {
  const TempFile file(content);
  return ReadPath(file.path(), delimiter);
}

std::string ReadError(const std::string& content) {
  return std::string(Read(content).status.message());
}

TEST(CsvReader, ReadsHeaderAndRows) {
  const Result result = Read("a,b\n1,x\n2,y\n");
  ASSERT_TRUE(result.status.ok()) << result.status;
  EXPECT_THAT(result.header, ElementsAre("a", "b"));
  EXPECT_EQ(result.rows, (Cells{{"1", "x"}, {"2", "y"}}));
}

TEST(CsvReader, ReadsQuotes) {
  const Result result = Read("\"a\",\"b,c\"\n\"say \"\"hi\"\"\",\"two\nlines\"\n\"\",x\n");
  ASSERT_TRUE(result.status.ok()) << result.status;
  EXPECT_THAT(result.header, ElementsAre("a", "b,c"));
  EXPECT_EQ(result.rows, (Cells{{"say \"hi\"", "two\nlines"}, {"", "x"}}));
  EXPECT_THAT(result.lines, ElementsAre(2u, 4u));
}

TEST(CsvReader, TakesEveryEndOfLine) {
  const Cells rows = {{"1", "x"}, {"2", ""}};
  for (const char* content : {"a,b\n1,x\n2,\n", "a,b\r\n1,x\r\n2,\r\n", "a,b\r1,x\r2,\r",
                              "a,b\n1,x\n2,", "a,b\r\n\r\n1,x\r\n\r\n2,\r\n"}) {
    const Result result = Read(content);
    ASSERT_TRUE(result.status.ok()) << result.status;
    EXPECT_EQ(result.rows, rows) << content;
  }
}

TEST(CsvReader, CountsLinesWithEveryEndOfLine) {
  EXPECT_THAT(Read("a\r\n1\r\n\r\n2\r\n").lines, ElementsAre(2u, 4u));
  EXPECT_THAT(Read("a\r1\r\r2\r").lines, ElementsAre(2u, 4u));
  EXPECT_THAT(Read("a\n1\n\n2\n").lines, ElementsAre(2u, 4u));
}

TEST(CsvReader, KeepsSpacesAndOtherDelimiters) {
  EXPECT_EQ(Read("a,b\n x , y\n").rows, (Cells{{" x ", " y"}}));
  EXPECT_EQ(Read("a;b\n1,5;x\n", ';').rows, (Cells{{"1,5", "x"}}));
  EXPECT_EQ(Read("a\tb\n1\t\n", '\t').rows, (Cells{{"1", ""}}));
}

TEST(CsvReader, SkipsTheByteOrderMark) {
  EXPECT_THAT(Read("\xEF\xBB\xBF\"a\",b\n1,2\n").header, ElementsAre("a", "b"));
}

TEST(CsvReader, NamesTheLineOfARaggedRow) {
  EXPECT_THAT(ReadError("a,b\n1,2\n3\n"), HasSubstr(".csv:3: 1 field in a row, 2 in the header"));
  EXPECT_THAT(ReadError("a,b\n\"x\ny\",2\n3,4,5\n"), HasSubstr(":4: 3 fields in a row"));
}

TEST(CsvReader, NamesTheLineThatIsNotUtf8) {
  EXPECT_THAT(ReadError("a,b\n1,2\nZ\xFCrich,2\n"), HasSubstr(".csv:3: not UTF-8"));
  EXPECT_THAT(ReadError("\xFF\xFE"
                        "a\n"),
              HasSubstr(".csv:1: not UTF-8"));
}

TEST(CsvReader, RefusesABadHeader) {
  EXPECT_THAT(ReadError(""), HasSubstr("the file is empty"));
  EXPECT_THAT(ReadError("a,,b\n"), HasSubstr(":1: column 2 of the header has no name"));
  EXPECT_THAT(ReadError("a,b,a\n"), HasSubstr(":1: column a is in the header twice"));
}

TEST(CsvReader, NamesTheLineOfAQuoteInTheWrongPlace) {
  EXPECT_THAT(ReadError("a,b\n1,2\n1,5\" pipe\n"), HasSubstr(":3: a quote in the wrong place"));
}

TEST(CsvReader, NamesTheLineOfAQuoteThatIsNeverClosed) {
  EXPECT_THAT(ReadError("a,b\n1,2\n3,\"open\n5,6\n"),
              HasSubstr(":3: a quote opens here and is never closed"));
}

TEST(CsvReader, BoundsTheMemoryOfARow) {
  const std::string content = "a\n\"" + std::string(CsvReader::kMaxRowBytes + 1, 'x');
  EXPECT_THAT(ReadError(content), HasSubstr(":2: a row of more than 8 MiB"));
}

TEST(CsvReader, RepeatsItsError) {
  const TempFile file("a,b\n1\n1,2\n");
  auto reader = CsvReader::Open(file.path(), ',');
  ASSERT_TRUE(reader.ok());
  CsvRow row;
  const absl::Status first = (*reader)->Next(&row).status();
  EXPECT_FALSE(first.ok());
  EXPECT_EQ((*reader)->Next(&row).status(), first);
}

TEST(CsvReader, SaysThatAFileIsNotThere) {
  const Result result = ReadPath("/nowhere/at/all.csv");
  EXPECT_EQ(result.status.code(), absl::StatusCode::kNotFound);
  EXPECT_THAT(std::string(result.status.message()), HasSubstr("/nowhere/at/all.csv"));
}

TEST(CsvReader, ReadsFilesLargerThanItsBuffer) {
  // Rows of many lengths, so that every kind of byte falls on the edge of a buffer.
  std::ostringstream content;
  Cells expected;
  content << "a,b\r\n";
  for (int i = 0; i < 50'000; ++i) {
    const std::string text(static_cast<size_t>(i % 37), 'x');
    content << i << ",\"" << text << "\r\n" << text << "\"\r\n";
    expected.push_back({std::to_string(i), text + "\r\n" + text});
  }
  const Result result = Read(content.str());
  ASSERT_TRUE(result.status.ok()) << result.status;
  EXPECT_EQ(result.rows, expected);
  EXPECT_EQ(result.lines.back(), 2u + 2u * 49'999u);
}

std::string Gzipped(const std::string& content) {
  const TempFile file("", ".csv.gz");
  gzFile out = gzopen(file.path().c_str(), "wb");
  gzwrite(out, content.data(), static_cast<unsigned>(content.size()));
  gzclose(out);
  std::ifstream in(file.path(), std::ios::binary);
  return std::string(std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>());
}

TEST(CsvReader, ReadsGzip) { EXPECT_EQ(Read(Gzipped("a,b\n1,x\n")).rows, (Cells{{"1", "x"}})); }

TEST(CsvReader, SaysThatGzipIsTruncated) {
  std::string content = "a,b\n";
  for (int i = 0; i < 10'000; ++i) content += std::to_string(i * 7919 % 10'007) + ",x\n";
  const std::string packed = Gzipped(content);
  const Result result = Read(packed.substr(0, packed.size() / 2));
  EXPECT_EQ(result.status.code(), absl::StatusCode::kDataLoss);
}

TEST(CsvReader, RefusesADelimiterThatCannotBe) {
  const TempFile file("a\n");
  for (char delimiter : {'"', '\n', '\r', '\xFF', '\0'}) {
    EXPECT_FALSE(CsvReader::Open(file.path(), delimiter).ok());
  }
}

TEST(CsvReader, ReachesTheEndOfItsProgress) {
  const TempFile file("a\n1\n");
  auto reader = CsvReader::Open(file.path(), ',');
  ASSERT_TRUE(reader.ok());
  CsvRow row;
  while ((*reader)->Next(&row).value()) {
  }
  EXPECT_EQ((*reader)->Progress(), 1.0);
}

}  // namespace
}  // namespace plumbline::client
