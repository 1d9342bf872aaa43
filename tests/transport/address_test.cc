#include "server/transport/address.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace plumbline::transport {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

TEST(ParseAddress, TakesNamesAndBothKindsOfNumbers) {
  for (const char* text : {"127.0.0.1:7700", "localhost:0", "[::1]:7700", "[::]:1", "0.0.0.0:65535",
                           "monitor-1.example.com:80"}) {
    const auto address = ParseAddress("grpc_address", text);
    ASSERT_TRUE(address.ok()) << address.status();
    EXPECT_EQ(address->Text(), text);
  }
}

TEST(ParseAddress, RefusesWhatIsNoAddressAndSaysWhichSetting) {
  for (const char* text :
       {"", ":", ":80", "host", "host:", "host:x", "host:+1", "host:70000", "host: 80", "::1:80",
        "[::1:80", "[x]:80", "127.0.0.1:1,0.0.0.0:2", "a b:1", "127.0.0.1:80s"}) {
    const auto address = ParseAddress("http_address", text);
    ASSERT_FALSE(address.ok()) << text;
    EXPECT_TRUE(absl::IsInvalidArgument(address.status()));
    EXPECT_THAT(std::string(address.status().message()),
                AllOf(HasSubstr("http_address"), HasSubstr(text)));
  }
}

TEST(Address, IsLoopbackOnlyForThisMachine) {
  for (const char* text : {"127.0.0.1:1", "127.8.9.10:1", "localhost:1", "LocalHost:1", "[::1]:1",
                           "[0:0:0:0:0:0:0:1]:1"}) {
    EXPECT_TRUE(ParseAddress("a", text)->IsLoopback()) << text;
  }
  for (const char* text : {"0.0.0.0:1", "[::]:1", "10.0.0.1:1", "127.example.com:1",
                           "localhost.example.com:1", "[::2]:1", "128.0.0.1:1"}) {
    EXPECT_FALSE(ParseAddress("a", text)->IsLoopback()) << text;
  }
}

}  // namespace
}  // namespace plumbline::transport
