#include "server/transport/http_server.h"

#include <arpa/inet.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace plumbline::transport {
namespace {

using ::testing::AllOf;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::StartsWith;

// A connection on which `request` has been sent.
int Ask(int port, const std::string& request) {
  const int fd = socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  EXPECT_EQ(connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof(address)), 0);
  EXPECT_EQ(send(fd, request.data(), request.size(), MSG_NOSIGNAL),
            static_cast<ssize_t>(request.size()));
  return fd;
}

// Sends `request` and reads until the server closes.
std::string Exchange(int port, const std::string& request) {
  const int fd = Ask(port, request);
  std::string answer;
  char buffer[4096];
  for (ssize_t n; (n = recv(fd, buffer, sizeof(buffer), 0)) > 0;) answer.append(buffer, n);
  close(fd);
  return answer;
}

std::string RequestFor(const std::string& path) {
  return absl::StrCat("GET ", path, " HTTP/1.1\r\nHost: localhost\r\n\r\n");
}

std::string Get(int port, const std::string& path) { return Exchange(port, RequestFor(path)); }

class HttpServerTest : public ::testing::Test {
 protected:
  HttpServerTest() {
    server_ = HttpServer::Start(
                  {.address = "localhost:0"},
                  [this] {
                    ++scrapes_;
                    return metrics_;
                  },
                  [this] { return ready_; })
                  .value();
  }

  std::string metrics_ = "plumbline_rows_total 3\n";
  absl::Status ready_;
  std::atomic<int> scrapes_{0};  // so far
  std::unique_ptr<HttpServer> server_;
};

TEST_F(HttpServerTest, ServesTheMetrics) {
  EXPECT_THAT(Get(server_->port(), "/metrics"),
              AllOf(StartsWith("HTTP/1.1 200 OK\r\n"), HasSubstr("text/plain; version=0.0.4"),
                    EndsWith("\r\n\r\nplumbline_rows_total 3\n")));
}

TEST_F(HttpServerTest, ServesMetricsOfManyMegabytesWhole) {
  metrics_.assign(20u << 20, 'x');
  EXPECT_THAT(Get(server_->port(), "/metrics").size(), testing::Gt(metrics_.size()));
}

TEST_F(HttpServerTest, IsAliveAndReady) {
  EXPECT_THAT(Get(server_->port(), "/healthz"), AllOf(HasSubstr(" 200 "), EndsWith("ok\n")));
  EXPECT_THAT(Get(server_->port(), "/readyz"), AllOf(HasSubstr(" 200 "), EndsWith("ready\n")));
}

TEST_F(HttpServerTest, SaysWhyItIsNotReadyAndIsStillAlive) {
  ready_ = absl::UnavailableError("the data folder cannot be written");
  EXPECT_THAT(Get(server_->port(), "/readyz"),
              AllOf(HasSubstr(" 503 "), EndsWith("the data folder cannot be written\n")));
  EXPECT_THAT(Get(server_->port(), "/healthz"), HasSubstr(" 200 "));
}

TEST_F(HttpServerTest, KnowsNoOtherPath) {
  for (const char* path : {"/", "/metric", "/metrics/x", "/../etc/passwd", "/metrics%2f"}) {
    EXPECT_THAT(Get(server_->port(), path), HasSubstr("HTTP/1.1 4")) << path;
  }
}

TEST_F(HttpServerTest, TakesNothing) {
  EXPECT_THAT(
      Exchange(server_->port(), "POST /metrics HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\n\r\nx"),
      StartsWith("HTTP/1.1 4"));
  EXPECT_THAT(Exchange(server_->port(), "nonsense\r\n\r\n"), HasSubstr(" 400 "));
  EXPECT_THAT(Get(server_->port(), "/healthz"), HasSubstr(" 200 "));
}

TEST_F(HttpServerTest, ScrapersThatDoNotReadKeepNobodyElseOut) {
  metrics_.assign(20u << 20, 'x');
  std::vector<int> slow;
  for (int i = 1; i <= 4; ++i) {
    slow.push_back(Ask(server_->port(), RequestFor("/metrics")));
    while (scrapes_ < i) std::this_thread::yield();
  }
  EXPECT_THAT(Get(server_->port(), "/metrics"), HasSubstr(" 503 "));
  EXPECT_EQ(scrapes_, 4);  // no text was made for it
  EXPECT_THAT(Get(server_->port(), "/healthz"), HasSubstr(" 200 "));
  for (const int fd : slow) close(fd);
  while (Get(server_->port(), "/metrics").size() < metrics_.size()) std::this_thread::yield();
}

TEST_F(HttpServerTest, ConnectionsThatSayNothingKeepNobodyElseOut) {
  std::vector<int> silent;
  for (int i = 0; i < 16; ++i) silent.push_back(Ask(server_->port(), i % 2 == 0 ? "" : "GET /he"));
  EXPECT_THAT(Get(server_->port(), "/healthz"), HasSubstr(" 200 "));
  for (const int fd : silent) close(fd);
}

TEST_F(HttpServerTest, RefusesATakenPortAndNamesIt) {
  const std::string address = absl::StrCat("127.0.0.1:", server_->port());
  const auto second = HttpServer::Start(
      {.address = address}, [] { return std::string(); }, [] { return absl::OkStatus(); });
  EXPECT_TRUE(absl::IsFailedPrecondition(second.status()));
  EXPECT_THAT(std::string(second.status().message()), HasSubstr(address));
}

TEST(HttpServer, RefusesAnOpenAddressUnlessItIsSaidAloud) {
  const auto start = [](bool allow) {
    return HttpServer::Start(
        {.address = "0.0.0.0:0", .allow_insecure = allow}, [] { return std::string(); },
        [] { return absl::OkStatus(); });
  };
  const auto refused = start(false);
  EXPECT_TRUE(absl::IsInvalidArgument(refused.status()));
  EXPECT_THAT(std::string(refused.status().message()), HasSubstr("0.0.0.0:0"));
  EXPECT_TRUE(start(true).ok());
}

}  // namespace
}  // namespace plumbline::transport
