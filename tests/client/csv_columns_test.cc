#include "client/csv_columns.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "tests/client/temp_file.h"
#include "tests/data_reader.h"

namespace plumbline::client {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using Use = CsvColumn::Use;

std::vector<Use> Uses(const std::string& content, const CsvColumnOptions& options = {},
                      const std::vector<v1::VariableSpec>& model = {}) {
  const TempFile file(content);
  const auto plan = PlanCsv(file.path(), options, model);
  EXPECT_TRUE(plan.ok()) << plan.status();
  std::vector<Use> uses;
  if (!plan.ok()) return uses;
  for (const CsvColumn& column : plan->columns) uses.push_back(column.use);
  return uses;
}

std::string ErrorOf(const std::string& content, const CsvColumnOptions& options = {},
                    const std::vector<v1::VariableSpec>& model = {}) {
  const TempFile file(content);
  return std::string(PlanCsv(file.path(), options, model).status().message());
}

v1::VariableSpec Variable(const std::string& name, v1::Kind kind) {
  v1::VariableSpec spec;
  spec.set_name(name);
  spec.set_kind(kind);
  return spec;
}

TEST(PlanCsv, IsNumericIfEveryCellIsANumber) {
  EXPECT_THAT(Uses("a,b,c\n1,x,1\n2.5,y,2\n,z,3x\n"),
              ElementsAre(Use::kNumeric, Use::kCategorical, Use::kCategorical));
}

TEST(PlanCsv, LooksAtTheWholeFile) {
  std::string content = "a,b\n";
  for (int i = 0; i < 20'000; ++i) content += "1,1\n";
  content += "late,1\n";
  EXPECT_THAT(Uses(content), ElementsAre(Use::kCategorical, Use::kNumeric));
}

TEST(PlanCsv, TakesNanAndInfinityAsNumbers) {
  EXPECT_THAT(Uses("a,b,c\nNaN,NaN,NaN\n1,nan,x\n-inf,NaN,y\n"),
              ElementsAre(Use::kNumeric, Use::kNumeric, Use::kCategorical));
}

TEST(PlanCsv, TakesAColumnWithoutValuesAsNumeric) {
  EXPECT_THAT(Uses("a,b\n,1\n,2\n"), ElementsAre(Use::kNumeric, Use::kNumeric));
}

TEST(PlanCsv, TakesLeadingZerosAsNamesUnlessToldThatTheyAreNumbers) {
  const std::string content = "zip,share,count\n1005,0.5,0\n01005,-0.5,10\n";
  EXPECT_THAT(Uses(content), ElementsAre(Use::kCategorical, Use::kNumeric, Use::kNumeric));
  CsvColumnOptions options;
  options.kinds = {{"zip", v1::KIND_NUMERIC}};
  EXPECT_THAT(Uses(content, options), ElementsAre(Use::kNumeric, Use::kNumeric, Use::kNumeric));
  EXPECT_THAT(Uses(content, {}, {Variable("zip", v1::KIND_NUMERIC)}),
              ElementsAre(Use::kNumeric, Use::kNumeric, Use::kNumeric));
}

TEST(PlanCsv, CountsRows) {
  const TempFile file("a\n1\n2\n3\n");
  EXPECT_EQ(PlanCsv(file.path(), {}, {})->rows, 3u);
}

TEST(PlanCsv, FollowsTheOptions) {
  CsvColumnOptions options;
  options.kinds = {{"a", v1::KIND_CATEGORICAL}};
  options.roles = {{"a", v1::ROLE_PREDICTION}};
  options.timestamp = "t";
  options.id = "i";
  options.ignore = {"x"};
  const TempFile file("a,t,i,x,b\n1,2020-10-01,r1,junk,5\n");
  const auto plan = PlanCsv(file.path(), options, {});
  ASSERT_TRUE(plan.ok()) << plan.status();
  EXPECT_EQ(plan->columns[0].use, Use::kCategorical);
  EXPECT_EQ(plan->columns[0].kind, v1::KIND_CATEGORICAL);
  EXPECT_EQ(plan->columns[0].role, v1::ROLE_PREDICTION);
  EXPECT_EQ(plan->columns[1].use, Use::kTimestamp);
  EXPECT_EQ(plan->columns[2].use, Use::kRowId);
  EXPECT_EQ(plan->columns[3].use, Use::kIgnored);
  EXPECT_EQ(plan->columns[4].use, Use::kNumeric);
}

TEST(PlanCsv, FollowsTheModel) {
  const std::vector<v1::VariableSpec> model = {Variable("code", v1::KIND_CATEGORICAL),
                                               Variable("age", v1::KIND_NUMERIC),
                                               Variable("gone", v1::KIND_NUMERIC)};
  EXPECT_THAT(Uses("code,age,new\n1,2,3\n", {}, model),
              ElementsAre(Use::kCategorical, Use::kNumeric, Use::kNumeric));
}

TEST(PlanCsv, RefusesTextAmongTheNumbersOfTheModel) {
  const std::vector<v1::VariableSpec> model = {Variable("age", v1::KIND_NUMERIC)};
  EXPECT_THAT(ErrorOf("age\n30\n31\nold\n", {}, model),
              HasSubstr(":4: column age: `old` is not a number, as in the model's baseline "
                        "(--kind age=categorical sends the column as text)"));
  // The first of them, wherever the numbers are.
  EXPECT_THAT(ErrorOf("age\nold\nyoung\n30\n", {}, model), HasSubstr(":2: column age: `old`"));
  // Nothing but text is a column of another type: the server alerts on it.
  EXPECT_THAT(Uses("age\nold\n\nNaN\nyoung\n", {}, model), ElementsAre(Use::kCategorical));
  CsvColumnOptions options;
  options.kinds = {{"age", v1::KIND_CATEGORICAL}};
  EXPECT_THAT(Uses("age\n30\nold\n", options, model), ElementsAre(Use::kCategorical));
}

TEST(PlanCsv, LetsTheUserContradictTheModel) {
  CsvColumnOptions options;
  options.kinds = {{"code", v1::KIND_NUMERIC}};
  EXPECT_THAT(Uses("code\n1\n", options, {Variable("code", v1::KIND_CATEGORICAL)}),
              ElementsAre(Use::kNumeric));
}

TEST(PlanCsv, ListsTheColumnsWhenAnOptionNamesNone) {
  CsvColumnOptions options;
  options.timestamp = "time";
  const std::string error = ErrorOf("a,b\n1,2\n", options);
  EXPECT_THAT(error, HasSubstr("--timestamp"));
  EXPECT_THAT(error, HasSubstr("has no column time; it has a, b"));
  options = {};
  options.kinds = {{"c", v1::KIND_NUMERIC}};
  EXPECT_THAT(ErrorOf("a,b\n1,2\n", options), HasSubstr("--kind"));
  options = {};
  options.roles = {{"c", v1::ROLE_LABEL}};
  EXPECT_THAT(ErrorOf("a,b\n1,2\n", options), HasSubstr("--role"));
  options = {};
  options.ignore = {"c"};
  EXPECT_THAT(ErrorOf("a,b\n1,2\n", options), HasSubstr("--ignore"));
  options = {};
  options.id = "c";
  EXPECT_THAT(ErrorOf("a,b\n1,2\n", options), HasSubstr("--id"));
}

TEST(PlanCsv, RefusesTwoRolesOrKindsOfOneColumn) {
  CsvColumnOptions options;
  options.roles = {{"a", v1::ROLE_PREDICTION}, {"a", v1::ROLE_LABEL}};
  EXPECT_THAT(ErrorOf("a,b\n1,2\n", options), HasSubstr("--role: column a is given twice"));
  options = {};
  options.kinds = {{"a", v1::KIND_NUMERIC}, {"a", v1::KIND_CATEGORICAL}};
  EXPECT_THAT(ErrorOf("a,b\n1,2\n", options), HasSubstr("--kind: column a is given twice"));
  options.kinds = {{"a", v1::KIND_NUMERIC}, {"a", v1::KIND_NUMERIC}};
  EXPECT_EQ(ErrorOf("a,b\n1,2\n", options), "");
}

TEST(PlanCsv, NamesTheLineAndValueOfABadTime) {
  CsvColumnOptions options;
  options.timestamp = "t";
  EXPECT_THAT(ErrorOf("t,a\n2020-10-01,1\nsoon,2\n", options),
              HasSubstr(":3: column t: `soon` is not a time"));
  EXPECT_THAT(ErrorOf("t,a\n,1\n", options), HasSubstr(":2: column t: `` is not a time"));
}

TEST(PlanCsv, NamesTheLineAndValueThatIsNoNumberThoughToldSo) {
  CsvColumnOptions options;
  options.kinds = {{"a", v1::KIND_NUMERIC}};
  EXPECT_THAT(ErrorOf("a\n1\n\nx\n", options), HasSubstr(":4: column a: `x` is not a number"));
}

TEST(PlanCsv, RefusesAFileWithNothingToSend) {
  EXPECT_THAT(ErrorOf("a,b\n"), HasSubstr("no rows"));
  CsvColumnOptions options;
  options.ignore = {"a"};
  EXPECT_THAT(ErrorOf("a\n1\n", options), HasSubstr("no column is left to send"));
}

// The real files of tests/data/README.md.
TEST(PlanCsv, ReadsCaliforniaHousing) {
  CsvColumnOptions options;
  options.timestamp = "timestamp";
  options.id = "id";
  const auto plan =
      PlanCsv(plumbline::testing::DataPath("california_housing/reference.csv.gz"), options, {});
  ASSERT_TRUE(plan.ok()) << plan.status();
  EXPECT_EQ(plan->rows, 5832u);
  std::map<Use, int> count;
  for (const CsvColumn& column : plan->columns) ++count[column.use];
  EXPECT_EQ(count[Use::kNumeric], 11);
  EXPECT_EQ(count[Use::kCategorical], 0);
}

TEST(PlanCsv, ReadsAdultFromGzip) {
  const auto plan = PlanCsv(plumbline::testing::DataPath("adult/adults.csv.gz"), {}, {});
  ASSERT_TRUE(plan.ok()) << plan.status();
  EXPECT_EQ(plan->rows, 48'842u);
  std::map<Use, int> count;
  for (const CsvColumn& column : plan->columns) ++count[column.use];
  EXPECT_EQ(count[Use::kNumeric], 6);
  EXPECT_EQ(count[Use::kCategorical], 9);
}

}  // namespace
}  // namespace plumbline::client
