#include "server/telemetry/process_state.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

namespace plumbline::telemetry {
namespace {

TEST(ProcessState, IsOfThisProcess) {
  const ProcessState state = ReadProcessState();
  ASSERT_TRUE(state.resident_bytes && state.cpu_seconds && state.open_fds && state.max_fds);
  EXPECT_GT(*state.resident_bytes, 1'000'000);
  EXPECT_GE(*state.cpu_seconds, 0);
  EXPECT_LT(*state.open_fds, *state.max_fds);
  EXPECT_FALSE(state.start.has_value());
}

TEST(ProcessState, CountsOpenDescriptors) {
  const double before = ReadProcessState().open_fds.value();
  const int fd = open("/dev/null", O_RDONLY);
  ASSERT_GE(fd, 0);
  EXPECT_EQ(ReadProcessState().open_fds.value(), before + 1);
  close(fd);
  EXPECT_EQ(ReadProcessState().open_fds.value(), before);
}

}  // namespace
}  // namespace plumbline::telemetry
