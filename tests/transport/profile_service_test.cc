// Profiles of data sets over the wire: what is refused, and in which words.
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "plumbline/v1/profile_service.grpc.pb.h"
#include "tests/transport/test_server.h"

namespace plumbline::transport {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class ProfileServiceTest : public ::testing::Test {
 protected:
  ProfileServiceTest() : stub_(v1::ProfileService::NewStub(server_.channel)) {}

  static v1::CreateProfileHeader HeaderOf(const std::string& name, const std::string& stage = "",
                                          const std::string& environment = "") {
    v1::CreateProfileHeader header;
    header.mutable_key()->set_name(name);
    header.mutable_key()->set_stage(stage);
    header.mutable_key()->set_environment(environment);
    return header;
  }

  grpc::Status Create(const v1::CreateProfileHeader& header, const std::vector<v1::Batch>& batches,
                      uint64_t declared = 0) {
    grpc::ClientContext context;
    v1::CreateProfileResponse response;
    const auto writer = stub_->CreateProfile(&context, &response);
    v1::CreateProfileRequest request;
    *request.mutable_header() = header;
    bool open = writer->Write(request);
    for (const v1::Batch& batch : batches) {
      *request.mutable_batch() = batch;
      open = open && writer->Write(request);
    }
    request.mutable_commit()->set_row_count(declared);
    if (open) writer->Write(request);
    writer->WritesDone();
    return writer->Finish();
  }

  grpc::Status Compare(const std::string& a, const std::string& b,
                       v1::CompareProfilesResponse* response) {
    v1::CompareProfilesRequest request;
    request.mutable_a()->set_any(a);
    request.mutable_b()->set_any(b);
    grpc::ClientContext context;
    return stub_->CompareProfiles(&context, request, response);
  }

  TestServer server_;
  std::unique_ptr<v1::ProfileService::Stub> stub_;
};

TEST_F(ProfileServiceTest, ComparesWholeEnvironmentsStageByStage) {
  v1::Batch changed = MakeRows(1000);
  changed.mutable_columns(1)->mutable_dictionary_values()->set_dictionary(1, "quito");
  for (const std::string environment : {"research", "production"}) {
    const bool live = environment == "production";
    EXPECT_TRUE(Create(HeaderOf("d", "raw", environment), {MakeRows(1000)}).ok());
    server_.clock.Advance(absl::Minutes(1));
    EXPECT_TRUE(
        Create(HeaderOf("d", "features", environment), {live ? changed : MakeRows(1000)}).ok());
  }
  v1::CompareProfilesResponse response;
  ASSERT_TRUE(Compare("research", "production", &response).ok());
  EXPECT_EQ(response.verdict(), v1::VERDICT_DIFFERENT);
  EXPECT_EQ(response.first_difference(), "features");
  EXPECT_EQ(response.summary(), "raw identical, features different");
  ASSERT_EQ(response.stages_size(), 2);
  EXPECT_THAT(response.stages(1).causes(),
              ElementsAre("`city`: category `lima` re-encoded as `quito` (500 rows)"));
  EXPECT_EQ(response.stages(1).variables(0).measures_size(), 0);  // of `age`, which is identical
  // One name in two environments is no side.
  const grpc::Status ambiguous = Compare("d", "d", &response);
  EXPECT_EQ(ambiguous.error_code(), grpc::StatusCode::FAILED_PRECONDITION);
  EXPECT_THAT(ambiguous.error_message(), HasSubstr("say which environment"));
  const grpc::Status nowhere = Compare("d", "nowhere", &response);
  EXPECT_EQ(nowhere.error_code(), grpc::StatusCode::NOT_FOUND);
  EXPECT_THAT(nowhere.error_message(), HasSubstr("\"nowhere\""));
}

TEST_F(ProfileServiceTest, RefusesInWords) {
  EXPECT_THAT(Create(HeaderOf(""), {MakeRows(10)}).error_message(), HasSubstr("has no name"));
  EXPECT_THAT(Create(HeaderOf("a"), {}).error_message(), HasSubstr("no rows"));
  EXPECT_THAT(Create(HeaderOf("a"), {MakeRows(10)}, 11).error_message(),
              HasSubstr("declares 11 rows, but 10 arrived"));
  v1::CreateProfileHeader grouped = HeaderOf("a");
  grouped.add_group_by("age");
  EXPECT_THAT(Create(grouped, {MakeRows(10)}).error_message(),
              HasSubstr("\"age\" is not a categorical variable"));
  v1::Batch other = MakeRows(10);
  other.mutable_columns(0)->set_name("years");
  EXPECT_THAT(Create(HeaderOf("a"), {MakeRows(10), other}).error_message(),
              HasSubstr("batch number 2: variable \"years\" is not in the first batch"));
  EXPECT_TRUE(Create(HeaderOf("a"), {MakeRows(10)}).ok());
  EXPECT_EQ(Create(HeaderOf("a"), {MakeRows(10)}).error_code(), grpc::StatusCode::ALREADY_EXISTS);
  v1::CreateProfileHeader again = HeaderOf("a");
  again.set_replace(true);
  EXPECT_TRUE(Create(again, {MakeRows(12)}, 12).ok());
  v1::CompareProfilesRequest request;
  request.mutable_a()->set_any("a");
  request.mutable_b()->set_any("a");
  (*request.mutable_tolerances())["men"] = 1;
  grpc::ClientContext context;
  v1::CompareProfilesResponse response;
  EXPECT_THAT(stub_->CompareProfiles(&context, request, &response).error_message(),
              HasSubstr("\"men\", which is no measure"));
  request.clear_tolerances();
  request.mutable_b()->mutable_live()->set_model("m");
  grpc::ClientContext second;
  EXPECT_EQ(stub_->CompareProfiles(&second, request, &response).error_code(),
            grpc::StatusCode::NOT_FOUND);
  MakeModel(&server_, "m");
  grpc::ClientContext third;
  const grpc::Status empty = stub_->CompareProfiles(&third, request, &response);
  EXPECT_EQ(empty.error_code(), grpc::StatusCode::FAILED_PRECONDITION);
  EXPECT_THAT(empty.error_message(), HasSubstr("has no rows"));
}

}  // namespace
}  // namespace plumbline::transport
