#include "server/logging.h"

#include <gtest/gtest.h>

#include "server/base/clock.h"

namespace plumbline {
namespace {

TEST(LogLine, IsLogfmtInUtc) {
  const absl::Time time = absl::FromUnixMillis(1'763'942'400'007);
  EXPECT_EQ(LogLine(time, LogLevel::kInfo, "ready", {{"grpc", "127.0.0.1:7700"}}),
            "ts=2025-11-24T00:00:00.007Z level=info msg=ready grpc=127.0.0.1:7700\n");
}

TEST(LogLine, QuotesWhatIsNotOnePlainWord) {
  EXPECT_EQ(LogLine(absl::UnixEpoch(), LogLevel::kError, "two words",
                    {{"empty", ""}, {"equals", "a=b"}, {"quote", "a\"b"}, {"lines", "a\nb"}}),
            "ts=1970-01-01T00:00:00.000Z level=error msg=\"two words\" empty=\"\" equals=\"a=b\" "
            "quote=\"a\\\"b\" lines=\"a\\nb\"\n");
}

TEST(Logger, LeavesOutWhatIsBelowItsLevel) {
  const base::SimulatedClock clock;
  const Logger log(&clock, ParseLogLevel("warn"));
  testing::internal::CaptureStderr();
  log.Info("quiet");
  log.Warn("loud");
  log.Error("louder");
  EXPECT_EQ(testing::internal::GetCapturedStderr(),
            "ts=1970-01-01T00:00:00.000Z level=warn msg=loud\n"
            "ts=1970-01-01T00:00:00.000Z level=error msg=louder\n");
}

}  // namespace
}  // namespace plumbline
