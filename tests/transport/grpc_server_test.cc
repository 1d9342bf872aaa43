#include "server/transport/grpc_server.h"

#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/security/tls_credentials_options.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/transport/test_server.h"

namespace plumbline::transport {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

// Calls a method whose messages this test knows as bytes.
grpc::Status Call(const std::shared_ptr<grpc::Channel>& channel, const std::string& method,
                  const std::string& request, std::string* response) {
  grpc::GenericStub stub(channel);
  grpc::ClientContext context;
  grpc::CompletionQueue queue;
  grpc::Slice slice(request);
  const auto call = stub.PrepareUnaryCall(&context, method, grpc::ByteBuffer(&slice, 1), &queue);
  call->StartCall();
  grpc::ByteBuffer answer;
  grpc::Status status;
  call->Finish(&answer, &status, nullptr);
  void* tag = nullptr;
  bool ok = false;
  queue.Next(&tag, &ok);
  std::vector<grpc::Slice> slices;
  response->clear();
  if (status.ok() && answer.Dump(&slices).ok()) {
    for (const grpc::Slice& part : slices) {
      response->append(reinterpret_cast<const char*>(part.begin()), part.size());
    }
  }
  return status;
}

// The bytes of grpc.health.v1.HealthCheckResponse.
constexpr char kServing[] = "\x08\x01";
constexpr char kNotServing[] = "\x08\x02";

std::string Health(const TestServer& server) {
  std::string response;
  const grpc::Status status = Call(server.channel, "/grpc.health.v1.Health/Check", "", &response);
  return status.ok() ? response : status.error_message();
}

absl::Status StartStatus(const GrpcServerOptions& options) {
  static TestServer other;  // for its engine
  return GrpcServer::Start(options, other.engine.get(), &other.clock).status();
}

TEST(GrpcServer, RefusesAnOpenAddressWithoutTlsUnlessItIsSaidAloud) {
  const absl::Status status = StartStatus({.address = "0.0.0.0:0"});
  EXPECT_TRUE(absl::IsInvalidArgument(status));
  EXPECT_THAT(std::string(status.message()),
              AllOf(HasSubstr("0.0.0.0:0"), HasSubstr("tls_cert"), HasSubstr("allow_insecure")));
  EXPECT_TRUE(StartStatus({.address = "0.0.0.0:0", .allow_insecure = true}).ok());
  EXPECT_TRUE(StartStatus({.address = "localhost:0"}).ok());
}

TEST(GrpcServer, RefusesWhatIsNoAddress) {
  const absl::Status status = StartStatus({.address = "7700"});
  EXPECT_TRUE(absl::IsInvalidArgument(status));
  EXPECT_THAT(std::string(status.message()), HasSubstr("\"7700\""));
}

TEST(GrpcServer, RefusesMessagesThatItCouldNotReceive) {
  const absl::Status status = StartStatus({.address = "localhost:0",
                                           .max_message_bytes = 32 << 20,
                                           .max_receive_bytes = size_t{63} << 20});
  EXPECT_TRUE(absl::IsInvalidArgument(status));
  EXPECT_THAT(std::string(status.message()),
              AllOf(HasSubstr("max_receive_mib 63"), HasSubstr("max_message_mib, 32")));
}

TEST(GrpcServer, RefusesATakenPortAndNamesIt) {
  TestServer server;
  const std::string address = absl::StrCat("127.0.0.1:", server.server->port());
  const absl::Status status = StartStatus({.address = address});
  EXPECT_TRUE(absl::IsFailedPrecondition(status)) << status;
  EXPECT_THAT(std::string(status.message()), HasSubstr(address));
}

TEST(GrpcServer, HealthFollowsSetServing) {
  TestServer server;
  EXPECT_EQ(Health(server), kServing);
  server.server->SetServing(false);
  EXPECT_EQ(Health(server), kNotServing);
}

TEST(GrpcServer, DescribesItsServices) {
  TestServer server;
  grpc::GenericStub stub(server.channel);
  grpc::ClientContext context;
  grpc::CompletionQueue queue;
  const auto call = stub.PrepareCall(
      &context, "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo", &queue);
  const auto wait = [&] {
    void* tag = nullptr;
    bool ok = false;
    queue.Next(&tag, &ok);
    return ok;
  };
  call->StartCall(nullptr);
  ASSERT_TRUE(wait());
  grpc::Slice list_services(std::string("\x3a\x00", 2));
  call->Write(grpc::ByteBuffer(&list_services, 1), nullptr);
  ASSERT_TRUE(wait());
  grpc::ByteBuffer answer;
  call->Read(&answer, nullptr);
  ASSERT_TRUE(wait());
  std::vector<grpc::Slice> slices;
  ASSERT_TRUE(answer.Dump(&slices).ok());
  std::string text;
  for (const grpc::Slice& slice : slices) {
    text.append(reinterpret_cast<const char*>(slice.begin()), slice.size());
  }
  for (const char* service :
       {"BaselineService", "IngestService", "ModelService", "ReportService"}) {
    EXPECT_THAT(text, HasSubstr(absl::StrCat("plumbline.v1.", service)));
  }
  context.TryCancel();
  grpc::Status status;
  call->Finish(&status, nullptr);
  wait();
}

TEST(GrpcServer, CancelsAtTheDeadlineWhatDoesNotEnd) {
  TestServer server;
  grpc::ClientContext context;
  v1::CreateBaselineResponse response;
  const auto writer = server.baselines->CreateBaseline(&context, &response);
  v1::CreateBaselineRequest request;
  request.mutable_header()->set_model("m");
  ASSERT_TRUE(writer->Write(request));
  server.server->Shutdown(absl::Milliseconds(50));
  EXPECT_FALSE(writer->Finish().ok());
  EXPECT_TRUE(server.engine->ListModels().empty());
}

// An authority, a server's and a client's certificate, made with the openssl command.
class TlsTest : public ::testing::Test {
 protected:
  TlsTest() {
    std::string path = ::testing::TempDir() + "plumbline-tls-XXXXXX";
    dir_ = mkdtemp(path.data());
    Run("req -x509 -nodes -newkey ec -pkeyopt ec_paramgen_curve:P-256 -keyout ca.key -out ca.pem "
        "-days 2 -subj /CN=ca");
    Issue("server", "subjectAltName=DNS:localhost,IP:127.0.0.1");
    Issue("client", "subjectAltName=DNS:client");
  }
  ~TlsTest() override { std::filesystem::remove_all(dir_); }

  void Run(const std::string& arguments) {
    ASSERT_EQ(system(absl::StrCat("cd ", dir_, " && openssl ", arguments, " 2>/dev/null").c_str()),
              0)
        << arguments;
  }

  void Issue(const std::string& name, const std::string& extension) {
    std::ofstream(File("extension")) << extension << "\n";
    Run(absl::StrCat("req -nodes -newkey ec -pkeyopt ec_paramgen_curve:P-256 -keyout ", name,
                     ".key -out ", name, ".csr -subj /CN=", name));
    Run(absl::StrCat("x509 -req -in ", name, ".csr -CA ca.pem -CAkey ca.key -CAcreateserial -out ",
                     name, ".pem -days 2 -extfile extension"));
  }

  std::string File(const std::string& name) const { return dir_ + "/" + name; }

  std::string Text(const std::string& name) const {
    std::stringstream text;
    text << std::ifstream(File(name)).rdbuf();
    return text.str();
  }

  GrpcServerOptions Options(bool mutual) const {
    return {.address = "127.0.0.1:0",
            .tls_cert = File("server.pem"),
            .tls_key = File("server.key"),
            .tls_client_ca = mutual ? File("ca.pem") : ""};
  }

  // OK if a call with these credentials goes through.
  static grpc::Status List(const TestServer& server,
                           const std::shared_ptr<grpc::ChannelCredentials>& credentials) {
    const auto stub = v1::ModelService::NewStub(server.Connect(credentials));
    grpc::ClientContext context;
    v1::ListModelsResponse response;
    return stub->ListModels(&context, v1::ListModelsRequest(), &response);
  }

  std::string dir_;
};

TEST_F(TlsTest, ServesClientsThatTrustItsAuthorityOnly) {
  TestServer server(Options(false));
  const grpc::Status trusted = List(
      server, grpc::SslCredentials(
                  {.pem_root_certs = Text("ca.pem"), .pem_private_key = "", .pem_cert_chain = ""}));
  EXPECT_TRUE(trusted.ok()) << trusted.error_message();
  EXPECT_FALSE(List(server, grpc::InsecureChannelCredentials()).ok());
}

TEST_F(TlsTest, WithAClientAuthorityTakesOnlyClientsThatShowItsCertificate) {
  TestServer server(Options(true));
  const grpc::Status shown =
      List(server, grpc::SslCredentials({.pem_root_certs = Text("ca.pem"),
                                         .pem_private_key = Text("client.key"),
                                         .pem_cert_chain = Text("client.pem")}));
  EXPECT_TRUE(shown.ok()) << shown.error_message();
  EXPECT_FALSE(List(server, grpc::SslCredentials({.pem_root_certs = Text("ca.pem"),
                                                  .pem_private_key = "",
                                                  .pem_cert_chain = ""}))
                   .ok());
}

TEST_F(TlsTest, RefusesFilesThatDoNotFit) {
  GrpcServerOptions options = Options(false);
  options.address = "0.0.0.0:0";
  EXPECT_TRUE(StartStatus(options).ok());  // an open address with TLS
  options.tls_key = "";
  EXPECT_TRUE(absl::IsInvalidArgument(StartStatus(options)));
  options.tls_key = File("no such file");
  EXPECT_THAT(std::string(StartStatus(options).message()), HasSubstr("no such file"));
  options.tls_key = File("extension");
  EXPECT_THAT(std::string(StartStatus(options).message()), HasSubstr("not a PEM file"));
  options = {.address = "127.0.0.1:0", .tls_client_ca = File("ca.pem")};
  EXPECT_TRUE(absl::IsInvalidArgument(StartStatus(options)));
}

}  // namespace
}  // namespace plumbline::transport
