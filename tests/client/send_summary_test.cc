#include "client/commands/send_summary.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "client/commands/json_line.h"

namespace plumbline::client {
namespace {

using ::testing::HasSubstr;

SenderStats Stats() {
  SenderStats stats;
  stats.sent = 5;
  stats.rows_sent = 5120;
  stats.acknowledged = 4;
  stats.duplicates = 1;
  stats.rows_counted = 3072;
  stats.rows_duplicate = 1024;
  stats.refused = 1;
  stats.rows_refused = 1024;
  stats.retries = 2;
  return stats;
}

SenderOptions Options() {
  SenderOptions options;
  options.model = "housing";
  options.producer = "p";
  options.epoch = 7;
  return options;
}

TEST(SendSummary, IsATableWithReasons) {
  SendSummary summary;
  summary.AddRefusal({.sequence = 1, .rows = 1024, .reason = absl::InvalidArgumentError("bad")});
  EXPECT_EQ(summary.ToText(Options(), Stats()),
            "housing  producer p  epoch 7\n"
            "             rows  batches\n"
            "sent        5,120        5\n"
            "counted     3,072        3\n"
            "duplicates  1,024        1\n"
            "late            0\n"
            "refused     1,024        1\n"
            "retries                  2\n"
            "refused: bad (1 batch, 1,024 rows)\n");
}

TEST(SendSummary, CountsReasonsBeyondTheFirstTogether) {
  SendSummary summary;
  for (int i = 0; i < 100; ++i) {
    summary.AddRefusal({.sequence = 1,
                        .rows = 1,
                        .reason = absl::InvalidArgumentError("reason " + std::to_string(i))});
  }
  EXPECT_THAT(summary.ToText(Options(), Stats()),
              HasSubstr("refused: other reasons (80 batches, 80 rows)"));
}

TEST(SendSummary, IsJson) {
  SendSummary summary;
  summary.AddRefusal({.sequence = 1, .rows = 9, .reason = absl::InvalidArgumentError("bad")});
  const std::string json = JsonLine(summary.ToStruct(Options(), Stats())).value();
  EXPECT_THAT(json, HasSubstr(R"("rows_counted":3072)"));
  EXPECT_THAT(json, HasSubstr(R"("epoch":"7")"));
  EXPECT_THAT(json, HasSubstr(R"("reason":"bad")"));
}

}  // namespace
}  // namespace plumbline::client
