#include "client/csv_batches.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "client/channel.h"
#include "client/label_file.h"
#include "tests/client/temp_file.h"
#include "tests/data_reader.h"

namespace plumbline::client {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::vector<v1::Batch> BatchesOf(const std::string& path, const CsvColumnOptions& options,
                                 size_t max_rows) {
  std::vector<v1::Batch> batches;
  const auto plan = PlanCsv(path, options, {});
  EXPECT_TRUE(plan.ok()) << plan.status();
  if (!plan.ok()) return batches;
  auto source = CsvBatches::Open(path, options.delimiter, *plan);
  EXPECT_TRUE(source.ok()) << source.status();
  if (!source.ok()) return batches;
  while (true) {
    auto batch = (*source)->Next(max_rows);
    EXPECT_TRUE(batch.ok()) << batch.status();
    if (!batch.ok() || !batch->has_value()) return batches;
    batches.push_back(**batch);
  }
}

TEST(CsvBatches, KeepsNullNanAndValuesApart) {
  const TempFile file("x,c\n1.5,a\n,b\nNaN,\n-inf,a\n");
  const auto batches = BatchesOf(file.path(), {}, 100);
  ASSERT_EQ(batches.size(), 1u);
  const v1::Batch& batch = batches[0];
  EXPECT_EQ(batch.row_count(), 4u);
  const auto& x = batch.columns(0).double_values().values();
  ASSERT_EQ(x.size(), 4);
  EXPECT_EQ(x[0], 1.5);
  EXPECT_TRUE(std::isnan(x[2]));
  EXPECT_EQ(x[3], -HUGE_VAL);
  EXPECT_EQ(batch.columns(0).validity(), std::string("\x0D", 1));
  EXPECT_THAT(batch.columns(1).dictionary_values().dictionary(), ElementsAre("a", "b"));
  EXPECT_THAT(batch.columns(1).dictionary_values().indices(), ElementsAre(0u, 1u, 0u, 0u));
  EXPECT_EQ(batch.columns(1).validity(), std::string("\x0B", 1));
}

TEST(CsvBatches, KeepsIntegersThatNoDoubleHolds) {
  const TempFile file(
      "small,big,huge,mixed\n"
      "1,1789500000000010499,17895000000000104990,1789500000000010499\n"
      " 2,-1789500000000010497,17895000000000104991,0.5\n"
      "3,,,1\n");
  const auto batches = BatchesOf(file.path(), {}, 100);
  ASSERT_EQ(batches.size(), 1u);
  const v1::Batch& batch = batches[0];
  EXPECT_THAT(batch.columns(0).double_values().values(), ElementsAre(1, 2, 3));
  EXPECT_THAT(batch.columns(1).int64_values().values(),
              ElementsAre(1789500000000010499, -1789500000000010497, 0));
  EXPECT_EQ(batch.columns(1).validity(), "\x03");
  EXPECT_THAT(batch.columns(2).dictionary_values().dictionary(),
              ElementsAre("17895000000000104990", "17895000000000104991"));
  EXPECT_EQ(batch.columns(3).double_values().values_size(), 3);
  CsvColumnOptions numeric;
  numeric.kinds = {{"huge", v1::KIND_NUMERIC}};
  EXPECT_EQ(BatchesOf(file.path(), numeric, 100)[0].columns(2).double_values().values(1),
            17895000000000104991.0);
}

TEST(CsvBatches, SendsTimesAndIdsBesideTheColumns) {
  CsvColumnOptions options;
  options.timestamp = "t";
  options.id = "i";
  options.ignore = {"junk"};
  options.roles = {{"x", v1::ROLE_LABEL}};
  const TempFile file("t,i,junk,x\n1,007,q,5\n2,r2,q,6\n");
  const auto batches = BatchesOf(file.path(), options, 100);
  ASSERT_EQ(batches.size(), 1u);
  ASSERT_EQ(batches[0].columns_size(), 1);
  EXPECT_EQ(batches[0].columns(0).name(), "x");
  EXPECT_EQ(batches[0].columns(0).role(), v1::ROLE_LABEL);
  EXPECT_THAT(batches[0].event_times().unix_micros(), ElementsAre(1'000'000, 2'000'000));
  EXPECT_THAT(batches[0].row_ids().string_values().values(), ElementsAre("007", "r2"));
}

TEST(CsvBatches, CutsByRowsAndStartsEveryBatchAnew) {
  const TempFile file("c\na\nb\nc\nd\ne\n");
  const auto batches = BatchesOf(file.path(), {}, 2);
  ASSERT_EQ(batches.size(), 3u);
  EXPECT_EQ(batches[2].row_count(), 1u);
  EXPECT_THAT(batches[1].columns(0).dictionary_values().dictionary(), ElementsAre("c", "d"));
  EXPECT_THAT(batches[1].columns(0).dictionary_values().indices(), ElementsAre(0u, 1u));
}

TEST(CsvBatches, AreTheSameInASecondRun) {
  const std::string path = plumbline::testing::DataPath("adult/adults.csv.gz");
  const auto first = BatchesOf(path, {}, 5000);
  const auto second = BatchesOf(path, {}, 5000);
  ASSERT_EQ(first.size(), 10u);
  ASSERT_EQ(second.size(), first.size());
  for (size_t i = 0; i < first.size(); ++i) {
    EXPECT_EQ(first[i].SerializeAsString(), second[i].SerializeAsString());
  }
}

TEST(CsvBatches, StayBelowTheMessageLimit) {
  // 60 rows of 1 MB of text.
  std::string content = "a,b\n";
  for (char c = 0; c < 60; ++c) {
    content += std::string(1'000'000, static_cast<char>('A' + c % 26)) + ",1\n";
  }
  const TempFile file(content);
  const auto batches = BatchesOf(file.path(), {}, 1000);
  uint64_t rows = 0;
  for (const v1::Batch& batch : batches) {
    EXPECT_LT(batch.ByteSizeLong(), static_cast<size_t>(kServerMessageBytes));
    rows += batch.row_count();
  }
  EXPECT_EQ(rows, 60u);
  EXPECT_EQ(batches.size(), 3u);
}

TEST(CsvBatches, SaysThatTheFileHasChangedMeanwhile) {
  const TempFile before("x\n1\n2\n");
  const auto plan = PlanCsv(before.path(), {}, {});
  ASSERT_TRUE(plan.ok());
  const TempFile other_header("y\n1\n");
  EXPECT_THAT(std::string(CsvBatches::Open(other_header.path(), ',', *plan).status().message()),
              HasSubstr("the header has changed"));
  const TempFile other_cells("x\n1\ntext\n");
  auto source = CsvBatches::Open(other_cells.path(), ',', *plan);
  ASSERT_TRUE(source.ok());
  EXPECT_THAT(std::string((*source)->Next(10).status().message()),
              HasSubstr(":3: column x: `text` is not a number"));
}

TEST(LabelFile, AddsTheLabelsOfRowsByTheirIds) {
  const TempFile rows("id,x\n17,1\n,2\nc,3\n");
  const TempFile labels("id,y,other,z\nc,1,q,good\n17.0,0,q,\n,1,q,bad\nc,0,q,bad\n");
  std::vector<v1::VariableSpec> variables(3);
  variables[0].set_name("x");
  variables[1].set_name("y");
  variables[1].set_role(v1::ROLE_LABEL);
  variables[1].set_kind(v1::KIND_NUMERIC);
  variables[2].set_name("z");
  variables[2].set_role(v1::ROLE_LABEL);
  variables[2].set_kind(v1::KIND_CATEGORICAL);
  CsvColumnOptions options;
  options.id = "id";
  std::vector<v1::Batch> batches = BatchesOf(rows.path(), options, 100);
  ASSERT_EQ(batches.size(), 1u);
  v1::Batch& batch = batches[0];
  const auto file = LabelFile::Read(labels.path(), ',', "id", variables);
  ASSERT_TRUE(file.ok()) << file.status();
  ASSERT_TRUE(file->AddTo(&batch).ok());
  ASSERT_EQ(batch.columns_size(), 3);
  EXPECT_EQ(batch.columns(1).name(), "y");
  EXPECT_THAT(batch.columns(1).double_values().values(), ElementsAre(0, 0, 0));
  EXPECT_EQ(batch.columns(1).validity(), std::string("\x05", 1));
  const v1::DictionaryValues& z = batch.columns(2).dictionary_values();
  EXPECT_EQ(z.dictionary(static_cast<int>(z.indices(2))), "bad");
  EXPECT_EQ(batch.columns(2).validity(), std::string("\x04", 1));
  EXPECT_THAT(std::string(file->AddTo(&batch).message()), HasSubstr("column y already"));
  EXPECT_THAT(std::string(LabelFile::Read(labels.path(), ',', "row", variables).status().message()),
              HasSubstr("no column row"));
  EXPECT_THAT(std::string(LabelFile::Read(rows.path(), ',', "id", variables).status().message()),
              HasSubstr("no column is a label"));
}

}  // namespace
}  // namespace plumbline::client
