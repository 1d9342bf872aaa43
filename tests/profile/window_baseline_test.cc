#include "server/profile/window_baseline.h"

#include <random>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "server/profile/statistics.h"
#include "server/storage/baseline_record.h"
#include "tests/profile/batch_maker.h"

namespace plumbline::profile {
namespace {

using ::testing::HasSubstr;

struct WindowData {
  WindowData(uint64_t seed, size_t rows, double mean = 0, int cities = 5) {
    std::mt19937_64 random(seed);
    std::normal_distribution<double> normal(mean, 1);
    for (size_t i = 0; i < rows; ++i) {
      x.push_back(normal(random));
      y.push_back(static_cast<double>(random() % 7));
      city.push_back(absl::StrCat("city", random() % cities));
    }
  }
  BatchView Batch(bool with_y = true) const {
    std::vector<ColumnView> columns = {NumberColumn("x", x), TextColumn("city", city)};
    if (with_y) columns.push_back(NumberColumn("y", y));
    return MakeBatch(static_cast<uint32_t>(x.size()), std::move(columns));
  }
  std::vector<double> x, y;
  std::vector<std::string> city;
};

class WindowBaselineTest : public ::testing::Test {
 protected:
  absl::StatusOr<Baseline> FromWindow(const std::vector<BatchView>& batches) {
    Pane sum(old_);
    std::vector<WindowPart> parts;
    absl::Time start = absl::FromUnixSeconds(1000);
    for (const BatchView& batch : batches) {
      parts.push_back({start, start + absl::Minutes(1), CountBatch(old_, batch)});
      start += absl::Minutes(1);
      sum.Merge(parts.back().pane);
    }
    return BaselineOfWindow(old_, sum, parts);
  }

  const WindowData training_{1, 5000};
  const Baseline old_ = BuildBaseline({training_.Batch()}).value();
};

TEST_F(WindowBaselineTest, WhatWasLiveIsTheNewNormal) {
  const WindowData first(2, 3000, 0.7, 6), second(3, 3000, 0.7, 6);
  const auto fresh = FromWindow({first.Batch(), second.Batch()});
  ASSERT_TRUE(fresh.ok()) << fresh.status();
  EXPECT_EQ(fresh->rows, 6000u);
  // It can be stored, and judges rows like those of the window: values beyond the old range and the
  // new city are its own now.
  const auto again = storage::FromRecord(storage::ToRecord(*fresh));
  ASSERT_TRUE(again.ok()) << again.status();
  const WindowData live(4, 6000, 0.7, 6);
  const Pane pane = CountBatch(*again, live.Batch());
  for (size_t i = 0; i < again->variables.size(); ++i) {
    const VariableStatistics statistics = CompareToBaseline(again->variables[i], pane.variables[i]);
    EXPECT_LT(*statistics.psi_corrected, 0.01) << again->variables[i].variable.name;
  }
  EXPECT_EQ(again->variables[1].categories.size(), 6u);
  EXPECT_EQ(pane.variables[1].codes.back(), 0u);
  EXPECT_EQ(again->variables[0].quantiles.back(), again->variables[0].counts.moments.Max());
  // The same rows have the same counts, and the chunks sum up to them.
  const Pane of_first = CountBatch(*again, first.Batch()),
             of_second = CountBatch(*again, second.Batch());
  Pane chunks(*again), both(*again);
  both.Merge(of_first);
  both.Merge(of_second);
  for (const BaselineChunk& chunk : again->chunks) chunks.Merge(*DecodePane(*again, chunk.pane));
  for (size_t i = 0; i < again->variables.size(); ++i) {
    EXPECT_EQ(both.variables[i].codes, again->variables[i].counts.codes) << i;
    EXPECT_EQ(both.variables[i].codes, chunks.variables[i].codes) << i;
  }
}

TEST_F(WindowBaselineTest, AVariableThatIsGoneIsLeftOut) {
  const WindowData live(2, 3000);
  const auto fresh = FromWindow({live.Batch(/*with_y=*/false)});
  ASSERT_TRUE(fresh.ok()) << fresh.status();
  EXPECT_FALSE(fresh->schema.Find("y").has_value());
  EXPECT_EQ(fresh->sample.rows, old_.sample.rows);
  EXPECT_TRUE(storage::FromRecord(storage::ToRecord(*fresh)).ok());
}

TEST_F(WindowBaselineTest, WhatTheWindowDoesNotTellApartIsRefused) {
  const auto moved = FromWindow({WindowData(2, 3000, 5).Batch()});
  EXPECT_EQ(moved.status().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(moved.status().message(), HasSubstr("variable \"x\""));
  const auto renamed = FromWindow({WindowData(2, 3000, 0, 400).Batch()});
  EXPECT_EQ(renamed.status().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(renamed.status().message(), HasSubstr("variable \"city\""));
  EXPECT_EQ(BaselineOfWindow(old_, Pane(old_), {}).status().code(),
            absl::StatusCode::kFailedPrecondition);
}

}  // namespace
}  // namespace plumbline::profile
