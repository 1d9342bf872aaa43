// A thousand connections that end anyhow: at once, amid a message, with a reset.
#include <arpa/inet.h>
#include <malloc.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <filesystem>
#include <iterator>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/string_view.h"
#include "gtest/gtest.h"
#include "tests/transport/test_server.h"

namespace plumbline::transport {
namespace {

constexpr int kRound = 250;

std::string Frame(char type, char flags, char stream, const std::string& payload) {
  const size_t size = payload.size();
  std::string frame = {static_cast<char>(size >> 16),
                       static_cast<char>(size >> 8),
                       static_cast<char>(size),
                       type,
                       flags,
                       0,
                       0,
                       0,
                       stream};
  return frame + payload;
}

// A header that names and values spell out, as HPACK (RFC 7541, 6.2.2).
std::string Header(absl::string_view name, absl::string_view value) {
  return absl::StrCat(std::string(1, '\0'), std::string(1, static_cast<char>(name.size())), name,
                      std::string(1, static_cast<char>(value.size())), value);
}

std::string CallOf(absl::string_view path) {
  return Header(":method", "POST") + Header(":scheme", "http") + Header(":path", path) +
         Header(":authority", "localhost") + Header("te", "trailers") +
         Header("content-type", "application/grpc");
}

// What a client of HTTP/2 says first.
std::string Preface() { return "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + Frame(4, 0, 0, ""); }

// What a connection sends before it is dropped, and whether it waits for an answer first.
struct Beginning {
  std::string text;
  bool answered = false;
};

std::vector<Beginning> Beginnings() {
  v1::IngestRequest request;
  *request.mutable_batch() = Numbered("m", 1, MakeRows(500), "dropped");
  const std::string whole = request.SerializeAsString();
  const uint32_t size = htonl(static_cast<uint32_t>(whole.size()));
  const std::string message =
      std::string(1, '\0') + std::string(reinterpret_cast<const char*>(&size), 4) + whole;
  const std::string stream =
      Preface() + Frame(1, 4, 1, CallOf("/plumbline.v1.IngestService/Ingest"));
  const std::string unary =
      Preface() + Frame(1, 4, 1, CallOf("/plumbline.v1.IngestService/IngestBatch"));
  const std::string half = Frame(0, 0, 1, message.substr(0, message.size() / 2));
  const std::string all = Frame(0, 0, 1, message);
  return {{""},
          {"GET / HTTP/1.1\r\n\r\n"},
          {Preface().substr(0, 10)},
          {Preface()},
          {stream},
          {stream + half},
          {unary + half},
          {stream + all},                              // its answer may find nobody
          {stream + all, true},                        // its answer has come
          {stream + all + half, true},                 // amid the second message
          {stream + half.substr(0, half.size() / 2)},  // amid a frame
          {unary + all + Frame(0, 1, 1, message)}};    // two where one belongs
}

// True once a frame of data, that is an answer, has come.
bool AwaitAnswer(int socket) {
  std::string header(9, '\0');
  while (recv(socket, header.data(), header.size(), MSG_WAITALL) == 9) {
    const auto byte = [&](size_t i) { return size_t{static_cast<unsigned char>(header[i])}; };
    std::string payload(byte(0) << 16 | byte(1) << 8 | byte(2), '\0');
    if (!payload.empty() && recv(socket, payload.data(), payload.size(), MSG_WAITALL) <= 0) break;
    if (header[3] == 0) return true;
  }
  return false;
}

void ConnectAndDrop(int port, const Beginning& beginning, bool reset) {
  const int socket = ::socket(AF_INET, SOCK_STREAM, 0);
  ASSERT_GE(socket, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  ASSERT_EQ(connect(socket, reinterpret_cast<sockaddr*>(&address), sizeof(address)), 0);
  const std::string& text = beginning.text;
  // The server may have hung up on nonsense.
  if (!text.empty()) (void)!send(socket, text.data(), text.size(), MSG_NOSIGNAL);
  EXPECT_TRUE(!beginning.answered || AwaitAnswer(socket));
  if (reset) {
    const linger now{.l_onoff = 1, .l_linger = 0};
    setsockopt(socket, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
  }
  close(socket);
}

// A stream that is cancelled with an answer under way.
void CallAndCancel(TestServer* server) {
  const auto channel = server->Connect(grpc::InsecureChannelCredentials());
  const auto stub = v1::IngestService::NewStub(channel);
  grpc::ClientContext context;
  const auto stream = stub->Ingest(&context);
  v1::IngestRequest request;
  *request.mutable_batch() = Numbered("m", 1, MakeRows(10), "cancelled");
  stream->Write(request);
  context.TryCancel();
  stream->Finish();
}

size_t OpenFiles() {
  return static_cast<size_t>(
      std::distance(std::filesystem::directory_iterator("/proc/self/fd"), {}));
}

void DropARound(TestServer* server, const std::vector<Beginning>& beginnings) {
  for (int i = 0; i < kRound; ++i) {
    if (i % 25 == 24) {
      CallAndCancel(server);
    } else {
      ConnectAndDrop(server->server->port(), beginnings[i % beginnings.size()], i % 3 == 0);
    }
  }
}

TEST(Connections, AThousandThatAreDroppedLeaveNothingBehind) {
  TestServer server;
  MakeModel(&server, "m");
  const auto send = [&](uint64_t sequence) {
    v1::IngestBatchRequest request;
    *request.mutable_batch() = Numbered("m", sequence, MakeRows(10), "healthy");
    v1::IngestBatchResponse response;
    grpc::ClientContext context;
    const grpc::Status status = server.ingest->IngestBatch(&context, request, &response);
    EXPECT_TRUE(status.ok()) << status.error_message();
    EXPECT_EQ(response.result(), v1::INGEST_RESULT_COUNTED);
  };
  send(1);
  const std::vector<Beginning> beginnings = Beginnings();
  const size_t files = OpenFiles();
  const auto at_rest = [&] {
    engine::ServiceSnapshot state;
    server.server->Describe(&state);
    return state.inflight_bytes == 0 && OpenFiles() <= files;
  };
  std::vector<size_t> allocated;
  for (uint64_t round = 1; round <= 4; ++round) {
    DropARound(&server, beginnings);
    while (!at_rest()) std::this_thread::yield();
    send(round + 1);
    allocated.push_back(mallinfo2().uordblks);
  }
  // The batches of dropped connections were counted, once.
  v1::GetReportRequest request;
  request.set_model("m");
  v1::GetReportResponse response;
  grpc::ClientContext context;
  EXPECT_TRUE(server.reports->GetReport(&context, request, &response).ok());
  EXPECT_GE(response.report().rows(), 500u + 5 * 10);
  // Nothing that stays with every connection; zeros under ASAN, which looks for leaks itself.
  EXPECT_LT(allocated[3], allocated[1] + (size_t{2} << 20));
}

}  // namespace
}  // namespace plumbline::transport
