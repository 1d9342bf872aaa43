#include "server/profile/golden_rows.h"

#include <cmath>
#include <limits>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/profile/batch_maker.h"

namespace plumbline::profile {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

Schema MakeSchema() {
  return Schema::Create({{"x", Role::kFeature, Kind::kNumeric, ValueType::kDouble},
                         {"city", Role::kFeature, Kind::kCategorical, ValueType::kString},
                         {"score", Role::kPrediction, Kind::kNumeric, ValueType::kDouble},
                         {"class", Role::kPrediction, Kind::kCategorical, ValueType::kString},
                         {"label", Role::kLabel, Kind::kNumeric, ValueType::kDouble}})
      .value();
}

struct Rows {
  std::vector<std::string> ids;
  std::vector<double> x, score;
  std::vector<std::string> city, classes;

  BatchView View(bool with_ids = true) const {
    BatchView view = MakeBatch(static_cast<uint32_t>(x.size()),
                               {NumberColumn("x", x), TextColumn("city", city),
                                NumberColumn("score", score), TextColumn("class", classes)});
    if (with_ids) view.string_row_ids.assign(ids.begin(), ids.end());
    return view;
  }
};

Rows RandomRows(uint32_t seed, size_t count) {
  std::mt19937_64 random(seed);
  std::normal_distribution<double> normal;
  Rows rows;
  for (size_t i = 0; i < count; ++i) {
    rows.ids.push_back(absl::StrCat("r", seed, "-", i));
    rows.x.push_back(normal(random));
    rows.score.push_back(0.1 + std::fabs(normal(random)));
    rows.city.push_back(i % 3 == 0 ? "oslo" : "lima");
    rows.classes.push_back(i % 2 == 0 ? "a" : "b");
  }
  return rows;
}

std::shared_ptr<const GoldenBook> BookOf(const Rows& rows, bool with_ids = true) {
  const Schema schema = MakeSchema();
  GoldenRowsBuilder builder(schema, {}, {.absolute = 1e-9, .relative = 1e-6});
  EXPECT_TRUE(builder.Add(rows.View(with_ids)).ok());
  auto golden = builder.Finish();
  EXPECT_TRUE(golden.ok()) << golden.status();
  return GoldenBook::Create(*std::move(golden)).value();
}

TEST(GoldenBook, FindsItsRowsAmongOthersByIdAndByContent) {
  const Rows golden = RandomRows(1, 50);
  Rows live = RandomRows(2, 5000);
  std::set<uint32_t> at;
  for (uint32_t i = 0; i < 50; ++i) {
    const uint32_t row = 97 * i + 13;
    live.x[row] = golden.x[i];
    live.city[row] = golden.city[i];
    live.score[row] = golden.score[i];
    live.classes[row] = golden.classes[i];
    at.insert(row);
  }
  for (const bool ids : {false, true}) {
    const auto hits = BookOf(golden, ids)->Find(live.View(ids));
    ASSERT_THAT(hits, SizeIs(50)) << ids;
    for (const GoldenHit& hit : hits) {
      EXPECT_TRUE(at.contains(hit.batch_row));
      EXPECT_EQ(hit.outcome, GoldenOutcome::kExact);
    }
  }
  EXPECT_THAT(BookOf(golden)->Find(RandomRows(3, 5000).View()), IsEmpty());
}

TEST(GoldenBook, TellsExactWithinAndDifferent) {
  const Rows golden = RandomRows(1, 6);
  const auto book = BookOf(golden);
  Rows live = golden;
  live.score[1] *= 1 + 1e-8;
  live.score[2] += 0.5;
  live.classes[3] = "c";
  live.score[4] = kNaN;
  live.score[5] = static_cast<double>(static_cast<float>(live.score[5]));
  const auto hits = book->Find(live.View());
  ASSERT_THAT(hits, SizeIs(6));
  EXPECT_EQ(hits[0].outcome, GoldenOutcome::kExact);
  EXPECT_EQ(hits[1].outcome, GoldenOutcome::kWithin);
  EXPECT_EQ(hits[2].outcome, GoldenOutcome::kDifferent);
  EXPECT_NEAR(hits[2].difference, 0.5, 1e-12);
  EXPECT_EQ(book->rows().columns[hits[3].prediction].name, "class");
  EXPECT_TRUE(std::isinf(hits[4].difference));
  EXPECT_EQ(hits[5].outcome, GoldenOutcome::kWithin);
  EXPECT_TRUE(hits[5].as_float32);
  EXPECT_FALSE(hits[2].as_float32);
}

TEST(GoldenBook, RecognisesFeaturesThatWereRoundedAndThoseThatAreOthers) {
  const Rows golden = RandomRows(1, 3);
  Rows live = golden;
  for (double& score : live.score) score += 1;
  for (double& x : live.x) x = static_cast<double>(static_cast<float>(x));
  live.city[1] = "rome";
  const auto by_id = BookOf(golden)->Find(live.View());
  ASSERT_THAT(by_id, SizeIs(3));
  EXPECT_EQ(by_id[0].rounded, 1u);
  EXPECT_EQ(by_id[0].changed, 0u);
  EXPECT_THAT(by_id[0].features, ElementsAre(0u));
  EXPECT_EQ(by_id[1].changed, 1u);
  EXPECT_THAT(by_id[1].features, ElementsAre(1u, 0u));
  // By content a rounded row is the same row, and one in another city is not.
  EXPECT_THAT(BookOf(golden, false)->Find(live.View(false)), SizeIs(2));
}

TEST(GoldenBook, TakesIdsAsNumbersAndOtherTypesAsTheyCome) {
  Rows golden = RandomRows(1, 2);
  golden.ids = {"7", "008"};
  golden.x = {3, 5};
  const auto book = BookOf(golden);
  BatchView live = golden.View(false);
  const std::vector<int64_t> ids = {8, 7};
  const std::vector<float> scores = {1.5F, 2.5F};
  live.int_row_ids = ids;
  live.columns.erase(live.columns.begin());  // x
  live.columns[1].values = absl::MakeConstSpan(scores);
  const auto hits = book->Find(live);
  ASSERT_THAT(hits, SizeIs(1));
  EXPECT_EQ(hits[0].row, 0u);
  EXPECT_EQ(hits[0].batch_row, 1u);
  EXPECT_EQ(hits[0].compared, 1u);
  live.columns = {live.columns[0]};  // no prediction
  ASSERT_THAT(book->Find(live), SizeIs(1));
  EXPECT_EQ(book->Find(live)[0].outcome, GoldenOutcome::kDifferent);
  live.columns.clear();  // it may be of labels
  EXPECT_THAT(book->Find(live), IsEmpty());
}

TEST(GoldenBook, TakesIdsInTheirNormalFormAndAnEmptyOneForNone) {
  Rows golden = RandomRows(1, 4);
  golden.ids = {"17.0", "18", "", ""};
  const auto book = BookOf(golden);
  EXPECT_EQ(book->NameOf(2), "number 3");
  Rows live = RandomRows(2, 4);  // other features: only ids find them
  live.ids = {"", "18.0", "17", "17.5"};
  const std::vector<GoldenHit> hits = book->Find(live.View());
  ASSERT_THAT(hits, SizeIs(2));
  EXPECT_EQ(hits[0].batch_row, 1u);
  EXPECT_EQ(hits[0].row, 1u);
  EXPECT_EQ(hits[1].batch_row, 2u);
  EXPECT_EQ(hits[1].row, 0u);
  // A row without an id is found by its content.
  EXPECT_THAT(book->Find(golden.View()), SizeIs(4));
}

TEST(GoldenBook, APredictionThatIsMissingOrOfAnotherTypeDiffers) {
  const Rows golden = RandomRows(1, 3);
  const auto book = BookOf(golden);
  const auto outcomes = [&](const BatchView& live) {
    const GoldenBook::Columns columns = book->Align(live);
    std::vector<GoldenOutcome> found;
    for (const auto& one : book->ComparePredictions(columns, 0, 0)) found.push_back(one.outcome);
    for (const GoldenHit& hit : book->Find(live)) {
      EXPECT_EQ(hit.outcome, GoldenOutcome::kDifferent);
      EXPECT_TRUE(std::isinf(hit.difference));
    }
    EXPECT_THAT(book->Find(live), SizeIs(3));
    return found;
  };
  BatchView live = golden.View();
  live.columns[2] = TextColumn("score", golden.classes);
  EXPECT_THAT(outcomes(live), ElementsAre(GoldenOutcome::kDifferent, GoldenOutcome::kExact));
  EXPECT_EQ(GoldenBook::ActualText(&live.columns[2], Kind::kNumeric, 0), "a (another type)");
  live.columns.erase(live.columns.begin() + 2);
  EXPECT_THAT(outcomes(live), ElementsAre(GoldenOutcome::kDifferent, GoldenOutcome::kExact));
  live.columns[2] = NumberColumn("class", golden.score);
  EXPECT_THAT(outcomes(live), ElementsAre(GoldenOutcome::kDifferent, GoldenOutcome::kDifferent));
}

TEST(GoldenRowsBuilder, TakesRowsThatAreTheSameOnceAndRefusesThoseThatContradict) {
  const Schema schema = MakeSchema();
  Rows rows = RandomRows(1, 4);
  rows.x[3] = rows.x[1] = 0.1;
  rows.city[3] = rows.city[1];
  rows.score[3] = rows.score[1];
  rows.classes[3] = rows.classes[1];
  const auto built = [&](bool with_ids) {
    GoldenRowsBuilder builder(schema, {}, {});
    EXPECT_TRUE(builder.Add(rows.View(with_ids)).ok());
    return builder.Finish();
  };
  EXPECT_EQ(built(true)->rows, 4u);
  const auto once = built(false);
  ASSERT_TRUE(once.ok()) << once.status();
  EXPECT_EQ(once->rows, 3u);
  const auto book = GoldenBook::Create(*once).value();
  const auto hits = book->Find(rows.View(false));
  ASSERT_THAT(hits, SizeIs(4));
  for (const GoldenHit& hit : hits) EXPECT_EQ(hit.outcome, GoldenOutcome::kExact);
  rows.score[3] = 7;
  EXPECT_EQ(built(true)->rows, 4u);
  EXPECT_THAT(std::string(built(false).status().message()),
              HasSubstr("numbers 2 and 4 have the same features"));
}

TEST(GoldenBook, TakesAVariableUnderItsOtherName) {
  const Rows golden = RandomRows(1, 3);
  const auto book = BookOf(golden, false);
  BatchView live = golden.View(false);
  live.columns[0].name = "x_new";
  EXPECT_THAT(book->Find(live), IsEmpty());
  const Schema schema = MakeSchema();
  EXPECT_THAT(book->Find(live, book->Align(live, {{"x_new", 0}}, schema)), SizeIs(3));
}

TEST(GoldenBook, HoldsNullsInfinitiesAndNegativeZero) {
  Rows golden = RandomRows(1, 4);
  golden.x = {-0.0, kNaN, 1e300, std::numeric_limits<double>::infinity()};
  golden.score = {kNaN, 0, std::numeric_limits<double>::infinity(), 1};
  const auto book = BookOf(golden, false);
  const std::vector<uint8_t> validity = {0b1110};
  BatchView live = golden.View(false);
  for (const GoldenHit& hit : book->Find(live)) EXPECT_EQ(hit.outcome, GoldenOutcome::kExact);
  EXPECT_THAT(book->Find(live), SizeIs(4));
  live.columns[0].validity = validity;  // x of row 0 is null, which is not -0
  EXPECT_THAT(book->Find(live), SizeIs(3));
  live.columns[0].validity = {};
  live.columns[2].validity = validity;
  EXPECT_EQ(book->Find(live)[0].outcome, GoldenOutcome::kDifferent);
}

TEST(GoldenRowsBuilder, SaysWhatIsWrong) {
  const Schema schema = MakeSchema();
  const Rows rows = RandomRows(1, 3);
  const auto error = [&](const BatchView& batch, std::map<std::string, Tolerance> tolerances = {}) {
    GoldenRowsBuilder builder(schema, std::move(tolerances), {});
    absl::Status added = builder.Add(batch);
    return std::string(added.ok() ? builder.Finish().status().message() : added.message());
  };
  BatchView view = rows.View();
  EXPECT_EQ(error(view), "");
  EXPECT_THAT(error(view, {{"x", {}}}), HasSubstr("\"x\" has a tolerance, but is no numeric pred"));
  EXPECT_THAT(error(view, {{"score", {-1, 0}}}), HasSubstr("negative or no number"));
  view.string_row_ids[1] = view.string_row_ids[0];
  EXPECT_THAT(error(view), HasSubstr("is there twice"));
  view = rows.View();
  view.columns.resize(2);
  EXPECT_THAT(error(view), HasSubstr("no prediction"));
  view = rows.View();
  view.columns[0].values = view.columns[1].values;
  EXPECT_THAT(error(view), HasSubstr("\"x\" has values of another type"));
  view = rows.View(false);
  view.columns = {view.columns[2]};
  EXPECT_THAT(error(view), HasSubstr("neither ids nor features"));
  const Rows many = RandomRows(1, GoldenRows::kMaxRows + 1);
  EXPECT_THAT(error(many.View()), HasSubstr("more than 10000"));
}

}  // namespace
}  // namespace plumbline::profile
