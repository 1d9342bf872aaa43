// Splits: what is written of them, how two compare, and what their parts share.
#include <algorithm>
#include <map>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "client/id_digest.h"
#include "client/id_sorter.h"
#include "client/split_check.h"
#include "client/split_manifest.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/client/temp_file.h"

namespace plumbline::client {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

struct Row {
  std::string id, part, label;
};

std::vector<Row> RandomSplit(uint32_t seed, size_t rows) {
  std::vector<Row> split;
  for (size_t i = 0; i < rows; ++i) split.push_back({absl::StrCat(i), "", i % 3 == 0 ? "1" : "0"});
  std::mt19937 random(seed);
  std::shuffle(split.begin(), split.end(), random);
  for (size_t i = 0; i < rows; ++i) split[i].part = i < rows * 4 / 5 ? "train" : "test";
  return split;
}

std::string Csv(const std::vector<Row>& rows) {
  std::string csv = "id,part,label\n";
  for (const Row& row : rows) absl::StrAppend(&csv, row.id, ",", row.part, ",", row.label, "\n");
  return csv;
}

v1::SplitManifest Manifest(const std::vector<Row>& rows, const std::string& seed) {
  const TempFile file(Csv(rows));
  SplitSource source;
  source.files = {{file.path(), ""}};
  source.id = "id";
  source.split = "part";
  source.label = "label";
  auto manifest = MakeSplitManifest(source);
  EXPECT_TRUE(manifest.ok()) << manifest.status();
  manifest->set_method("shuffle");
  manifest->set_seed(seed);
  return *std::move(manifest);
}

TEST(SplitManifest, SaysWhatIsInWhichPart) {
  const v1::SplitManifest split = Manifest(RandomSplit(42, 1000), "42");
  ASSERT_THAT(split.parts(), SizeIs(2));
  EXPECT_EQ(split.rows(), 1000u);
  EXPECT_EQ(split.parts(0).name(), "train");
  EXPECT_EQ(split.parts(0).rows(), 800u);
  EXPECT_EQ(split.parts(0).labels(0).label(), "0");
  EXPECT_EQ(split.parts(0).labels(0).rows() + split.parts(0).labels(1).rows(), 800u);
  EXPECT_THAT(split.parts(0).ordered_digest(), SizeIs(32));
}

TEST(CompareSplits, TellsSeedOrderAndDataApart) {
  const v1::SplitManifest trained = Manifest(RandomSplit(42, 1000), "42");
  const v1::SplitComparison same = CompareSplits(trained, Manifest(RandomSplit(42, 1000), "42"));
  EXPECT_EQ(same.verdict(), "same");
  EXPECT_THAT(same.causes(), IsEmpty());

  const v1::SplitComparison seed = CompareSplits(trained, Manifest(RandomSplit(43, 1000), "43"));
  EXPECT_EQ(seed.verdict(), "different");
  EXPECT_THAT(seed.causes(), ElementsAre("seed_changed", "rows_moved"));
  EXPECT_EQ(seed.parts(1).verdict(), "other_rows");

  std::vector<Row> reversed = RandomSplit(42, 1000);
  std::reverse(reversed.begin(), reversed.end());
  v1::SplitManifest other = Manifest(reversed, "42");
  const v1::SplitComparison order = CompareSplits(trained, other);
  EXPECT_EQ(order.verdict(), "other_order");
  EXPECT_THAT(order.causes(), ElementsAre("order_changed"));
  EXPECT_THAT(order.reasons(0), HasSubstr("although method and seed are the same"));

  const v1::SplitComparison data = CompareSplits(trained, Manifest(RandomSplit(42, 999), "42"));
  EXPECT_EQ(data.verdict(), "different");
  EXPECT_THAT(data.causes(), ElementsAre("data_changed"));

  std::vector<Row> relabelled = RandomSplit(42, 1000);
  relabelled[7].label = "2";
  const v1::SplitComparison labels = CompareSplits(trained, Manifest(relabelled, "42"));
  EXPECT_THAT(labels.causes(), ElementsAre("labels_changed"));
  EXPECT_EQ(labels.parts(0).verdict(), "other_labels");
}

TEST(CompareSplits, TellsRowsApartByTheirContentWithoutAnId) {
  const TempFile a("x,y\n1,2\n3,4\n"), b("y,x\n2.0,1\n4,3\n"), c("x,y\n1,2\n3,5\n");
  const auto manifest = [](const TempFile& file) {
    SplitSource source;
    source.files = {{file.path(), "train"}, {file.path(), "test"}};
    return MakeSplitManifest(source).value();
  };
  EXPECT_EQ(CompareSplits(manifest(a), manifest(b)).verdict(), "same");
  EXPECT_EQ(CompareSplits(manifest(a), manifest(c)).verdict(), "different");
  // A copy under another id, in another part.
  const TempFile copies("id,x,part\n1,7,train\n2,8,train\n91,7,test\n");
  SplitSource source;
  source.files = {{copies.path(), ""}};
  source.split = "part";
  EXPECT_THAT(CheckSplit(source, {})->overlaps(), IsEmpty());
  source.ignore = {"id"};
  ASSERT_THAT(CheckSplit(source, {})->overlaps(), SizeIs(1));
  EXPECT_EQ(CheckSplit(source, {})->overlaps(0).shared(), 1u);
  source.ignore = {"key"};
  EXPECT_THAT(CheckSplit(source, {}).status().message(),
              HasSubstr("there is no --ignore column \"key\""));
  source.ignore = {"id", "x"};
  EXPECT_THAT(CheckSplit(source, {}).status().message(), HasSubstr("no column is left"));
}

// The obvious way.
std::map<std::pair<std::string, std::string>, uint64_t> Shared(const std::vector<Row>& rows) {
  std::map<std::string, std::set<std::string>> parts;
  for (const Row& row : rows) parts[row.id].insert(row.part);
  std::map<std::pair<std::string, std::string>, uint64_t> shared;
  for (const auto& [id, in] : parts) {
    for (const std::string& a : in) {
      for (const std::string& b : in) {
        if (a < b && MustNotOverlap(a, b)) ++shared[{a, b}];
      }
    }
  }
  return shared;
}

TEST(CheckSplit, CountsExactlyWhatPartsShareInAnyMemory) {
  std::mt19937 random(5);
  std::vector<Row> rows;
  for (size_t i = 0; i < 9000; ++i) {
    rows.push_back({absl::StrCat("id", random() % 20'000), absl::StrCat("fold", random() % 4), ""});
  }
  const TempFile file(Csv(rows));
  SplitSource source;
  source.files = {{file.path(), ""}};
  source.id = "id";
  source.split = "part";
  for (const size_t memory : {size_t{1}, size_t{1} << 20}) {  // nine files, and none
    const auto check = CheckSplit(source, {.memory_bytes = memory, .examples = 3});
    ASSERT_TRUE(check.ok()) << check.status();
    std::map<std::pair<std::string, std::string>, uint64_t> found;
    for (const v1::SplitOverlap& overlap : check->overlaps()) {
      found[std::minmax(overlap.first_part(), overlap.second_part())] = overlap.shared();
      ASSERT_THAT(overlap.examples(), SizeIs(3));
      const std::string& first = overlap.examples(0).first();
      const size_t line = std::stoul(first.substr(first.rfind(':') + 1));
      EXPECT_EQ(rows[line - 2].id, overlap.examples(0).id());
      EXPECT_EQ(rows[line - 2].part, overlap.first_part());
    }
    EXPECT_EQ(found, Shared(rows));
    uint64_t counted = 0, repeated = 0;
    for (const v1::CheckedPart& part : check->parts()) {
      counted += part.rows();
      repeated += part.repeated_rows();
    }
    EXPECT_EQ(counted, rows.size());
    std::set<std::pair<std::string, std::string>> distinct;
    for (const Row& row : rows) distinct.emplace(row.id, row.part);
    EXPECT_EQ(repeated, rows.size() - distinct.size());
  }
}

TEST(CheckSplit, LetsTrainPartsOfDifferentFoldsShareRows) {
  EXPECT_TRUE(MustNotOverlap("train", "test"));
  EXPECT_TRUE(MustNotOverlap("0/train", "0/test"));
  EXPECT_TRUE(MustNotOverlap("0/test", "1/test"));
  EXPECT_FALSE(MustNotOverlap("0/train", "1/train"));
  EXPECT_FALSE(MustNotOverlap("0/train", "1/test"));
}

TEST(CheckSplit, ReadsFoldsFromColumnsAndPartsFromFiles) {
  const TempFile folds(
      "id,fold,part\n1,0,train\n2,0,train\n3,0,test\n2,1,train\n3,1,train\n1,1,test\n3,1,test\n");
  SplitSource source;
  source.files = {{folds.path(), ""}};
  source.id = "id";
  source.split = "part";
  source.fold = "fold";
  auto check = CheckSplit(source, {});
  ASSERT_TRUE(check.ok()) << check.status();
  ASSERT_THAT(check->overlaps(), SizeIs(2));  // 3 in both parts of fold 1, and in both test parts
  for (const v1::SplitOverlap& overlap : check->overlaps()) {
    EXPECT_EQ(overlap.shared(), 1u);
    EXPECT_EQ(overlap.examples(0).id(), "3");
    EXPECT_EQ(overlap.second_part(), "1/test");
  }
  const TempFile train("id,x\n1,5\n2,6\n"), test("id,x\n2.0,7\n");
  source = {};
  source.files = {{train.path(), "train"}, {test.path(), "test"}};
  source.id = "id";
  EXPECT_THAT(CheckSplit(source, {})->overlaps(), SizeIs(1));
  source.id = "";
  EXPECT_THAT(CheckSplit(source, {})->overlaps(), IsEmpty());
}

TEST(SplitRows, SayWhatIsWrongWithARow) {
  const auto error = [](const std::string& csv, const std::string& id, const std::string& split) {
    const TempFile file(csv);
    SplitSource source;
    source.files = {{file.path(), ""}};
    source.id = id;
    source.split = split;
    return std::string(MakeSplitManifest(source).status().message());
  };
  EXPECT_THAT(error("id,part\n1,a\n,b\n", "id", "part"), HasSubstr(":3: the row has no id"));
  EXPECT_THAT(error("id,part\n1,a\n2,\n", "id", "part"), HasSubstr(":3: the row has no part"));
  EXPECT_THAT(error("id,part\n1,a\n", "key", "part"), HasSubstr("no id column \"key\""));
  EXPECT_THAT(error("id,part\n", "id", "part"), HasSubstr("no rows"));
  const TempFile header("id,part\n");
  SplitSource source;
  source.files = {{header.path(), ""}};
  source.split = "part";
  EXPECT_THAT(CheckSplit(source, {}).status().message(), HasSubstr("there are no rows"));
  std::string many = "id\n";
  for (int i = 0; i < 1001; ++i) absl::StrAppend(&many, i, "\n");
  EXPECT_THAT(error(many, "", "id"), HasSubstr(":1002: more than 1000 parts"));
}

}  // namespace
}  // namespace plumbline::client
