#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/transport/test_server.h"

namespace plumbline::transport {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::SizeIs;

class BaselineServiceTest : public ::testing::Test {
 protected:
  static v1::CreateBaselineHeader Header(const std::string& model) {
    v1::CreateBaselineHeader header;
    header.set_model(model);
    return header;
  }

  // Sends the messages as they are.
  grpc::Status Send(const std::vector<v1::CreateBaselineRequest>& messages) {
    grpc::ClientContext context;
    v1::CreateBaselineResponse response;
    const auto writer = server_.baselines->CreateBaseline(&context, &response);
    for (const v1::CreateBaselineRequest& message : messages) {
      if (!writer->Write(message)) break;
    }
    writer->WritesDone();
    return writer->Finish();
  }

  int Baselines(const std::string& model = "") {
    grpc::ClientContext context;
    v1::ListBaselinesRequest request;
    request.set_model(model);
    v1::ListBaselinesResponse response;
    EXPECT_TRUE(server_.baselines->ListBaselines(&context, request, &response).ok());
    return response.baselines_size();
  }

  grpc::Status Get(const std::string& model, uint64_t number, v1::GetBaselineResponse* response) {
    grpc::ClientContext context;
    v1::GetBaselineRequest request;
    request.set_model(model);
    request.set_number(number);
    return server_.baselines->GetBaseline(&context, request, response);
  }

  v1::PortableBaseline Export(const std::string& model) {
    grpc::ClientContext context;
    v1::ExportBaselineRequest request;
    request.set_model(model);
    v1::ExportBaselineResponse response;
    const grpc::Status status = server_.baselines->ExportBaseline(&context, request, &response);
    EXPECT_TRUE(status.ok()) << status.error_message();
    return response.baseline();
  }

  grpc::Status Import(const v1::PortableBaseline& baseline, const std::string& model,
                      v1::ImportBaselineResponse* response) {
    grpc::ClientContext context;
    v1::ImportBaselineRequest request;
    request.set_model(model);
    *request.mutable_baseline() = baseline;
    return server_.baselines->ImportBaseline(&context, request, response);
  }

  TestServer server_;
};

TEST_F(BaselineServiceTest, StoresABaselineAndDescribesIt) {
  v1::CreateBaselineHeader header = Header("m");
  header.set_version("v1");
  header.set_description("train");
  v1::VariableSpec* label = header.add_variables();
  label->set_name("age");
  label->set_role(v1::ROLE_LABEL);
  v1::CreateBaselineResponse created;
  const grpc::Status status =
      CreateBaseline(&server_, header, {MakeRows(500), MakeRows(500, 500)}, &created, 1000);
  ASSERT_TRUE(status.ok()) << status.error_message();
  EXPECT_EQ(created.summary().model(), "m");
  EXPECT_EQ(created.summary().version(), "v1");
  EXPECT_EQ(created.summary().number(), 1u);
  EXPECT_TRUE(created.summary().active());
  EXPECT_EQ(created.summary().rows(), 1000u);
  EXPECT_EQ(created.summary().variables(), 3u);
  EXPECT_EQ(created.summary().created_at().seconds(), kTestSeconds);
  EXPECT_EQ(created.summary().description(), "train");

  v1::GetBaselineResponse got;
  ASSERT_TRUE(Get("m", 0, &got).ok());
  ASSERT_THAT(got.baseline().variables(), SizeIs(3));
  const v1::VariableReport& age = got.baseline().variables(0);
  EXPECT_EQ(age.variable(), "age");
  EXPECT_EQ(age.role(), v1::ROLE_LABEL);
  EXPECT_EQ(age.kind(), v1::KIND_NUMERIC);
  EXPECT_EQ(age.baseline().mean(), 499.5);
  EXPECT_EQ(age.baseline().max(), 999);
  EXPECT_GT(age.natural_psi(), 1);  // its rows are sorted
  uint64_t rows = 0;
  for (const v1::DistributionBin& bin : age.distribution()) {
    rows += bin.baseline_count();
    EXPECT_EQ(bin.live_count(), 0u);
  }
  EXPECT_EQ(rows, 1000u);
  EXPECT_EQ(got.baseline().variables(1).kind(), v1::KIND_CATEGORICAL);
  EXPECT_EQ(got.baseline().variables(2).role(), v1::ROLE_PREDICTION);
}

TEST_F(BaselineServiceTest, PutsRowsInTheOrderOfTheirTimes) {
  v1::Batch late = MakeRows(500), early = MakeRows(500, 500);
  late.mutable_event_time()->set_seconds(kTestSeconds);
  early.mutable_event_time()->set_seconds(kTestSeconds - 60);
  v1::CreateBaselineResponse created;
  const grpc::Status status = CreateBaseline(&server_, Header("m"), {late, early}, &created, 1000);
  ASSERT_TRUE(status.ok()) << status.error_message();
  EXPECT_EQ(created.summary().data_start().seconds(), kTestSeconds - 60);
  v1::GetBaselineResponse got;
  ASSERT_TRUE(Get("m", 0, &got).ok());
  EXPECT_TRUE(got.baseline().in_time_order());
  EXPECT_FALSE(got.baseline().natural_variation_unknown());
  ASSERT_TRUE(CreateBaseline(&server_, Header("m"), {late, MakeRows(500)}, &created, 1000).ok());
  ASSERT_TRUE(Get("m", 2, &got).ok());
  EXPECT_FALSE(got.baseline().in_time_order());
}

TEST_F(BaselineServiceTest, StoresNothingUnlessHeaderBatchesAndCommitComeInThatOrder) {
  v1::CreateBaselineRequest header, batch, commit;
  *header.mutable_header() = Header("m");
  *batch.mutable_batch() = MakeRows(10);
  commit.mutable_commit();
  for (const auto& messages : std::vector<std::vector<v1::CreateBaselineRequest>>{
           {},
           {batch, commit},
           {commit},
           {header},
           {header, commit},
           {header, batch},
           {header, batch, header, commit},
           {header, v1::CreateBaselineRequest(), commit}}) {
    const grpc::Status status = Send(messages);
    EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT) << status.error_message();
    EXPECT_FALSE(status.error_message().empty());
  }
  EXPECT_EQ(Baselines(), 0);
  EXPECT_TRUE(Send({header, batch, commit}).ok());
  EXPECT_EQ(Baselines(), 1);
}

TEST_F(BaselineServiceTest, NamesTheBatchThatBreaksTheContract) {
  v1::CreateBaselineResponse response;
  v1::Batch broken = MakeRows(10);
  broken.mutable_columns(0)->set_validity("x");
  grpc::Status status = CreateBaseline(&server_, Header("m"), {MakeRows(10), broken}, &response);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_THAT(FieldsOf(status), ElementsAre("batch number 2: batch.columns[0].validity"));
  v1::Batch other = MakeRows(10);
  other.mutable_columns()->RemoveLast();
  status = CreateBaseline(&server_, Header("m"), {MakeRows(10), MakeRows(10), other}, &response);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_THAT(status.error_message(), HasSubstr("batch number 3"));
  EXPECT_EQ(Baselines(), 0);
}

TEST_F(BaselineServiceTest, RefusesAnotherNumberOfRowsThanTheCommitSays) {
  v1::CreateBaselineResponse response;
  const grpc::Status status = CreateBaseline(&server_, Header("m"), {MakeRows(10)}, &response, 11);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_THAT(status.error_message(), HasSubstr("11"));
  EXPECT_EQ(Baselines(), 0);
}

TEST_F(BaselineServiceTest, RefusesBadNamesRolesAndDescriptions) {
  v1::CreateBaselineResponse response;
  for (const std::string& name :
       {std::string(), std::string(129, 'm'), std::string("a\nb"), std::string("a\0b", 3)}) {
    const grpc::Status status = CreateBaseline(&server_, Header(name), {MakeRows(1)}, &response);
    EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
    EXPECT_THAT(status.error_message(), HasSubstr("model"));
  }
  v1::CreateBaselineHeader header = Header("m");
  header.set_version(std::string(200, 'v'));
  EXPECT_THAT(CreateBaseline(&server_, header, {MakeRows(1)}, &response).error_message(),
              HasSubstr("version"));
  header = Header("m");
  header.set_description(std::string(1025, 'd'));
  EXPECT_THAT(CreateBaseline(&server_, header, {MakeRows(1)}, &response).error_message(),
              HasSubstr("description"));
  header = Header("m");
  header.add_variables()->set_role(static_cast<v1::Role>(9));
  header.mutable_variables(0)->set_kind(static_cast<v1::Kind>(9));
  EXPECT_THAT(FieldsOf(CreateBaseline(&server_, header, {MakeRows(1)}, &response)),
              ElementsAre("header.variables[0].name", "header.variables[0].role",
                          "header.variables[0].kind"));
  EXPECT_EQ(Baselines(), 0);
  EXPECT_TRUE(CreateBaseline(&server_, Header("modèle d'été"), {MakeRows(1)}, &response).ok());
}

TEST_F(BaselineServiceTest, AClientThatGoesAwayLeavesNothing) {
  {
    grpc::ClientContext context;
    v1::CreateBaselineResponse response;
    const auto writer = server_.baselines->CreateBaseline(&context, &response);
    v1::CreateBaselineRequest request;
    *request.mutable_header() = Header("m");
    writer->Write(request);
    *request.mutable_batch() = MakeRows(10);
    writer->Write(request);
    context.TryCancel();
    EXPECT_EQ(writer->Finish().error_code(), grpc::StatusCode::CANCELLED);
  }
  EXPECT_EQ(Baselines(), 0);
}

TEST_F(BaselineServiceTest, NumbersActivatesAndDeletes) {
  MakeModel(&server_, "m");
  v1::CreateBaselineHeader header = Header("m");
  header.set_keep_inactive(true);
  v1::CreateBaselineResponse second;
  ASSERT_TRUE(CreateBaseline(&server_, header, {MakeRows(10)}, &second).ok());
  EXPECT_EQ(second.summary().number(), 2u);
  EXPECT_FALSE(second.summary().active());

  v1::DeleteBaselineRequest remove;
  remove.set_model("m");
  remove.set_number(1);
  v1::DeleteBaselineResponse removed;
  grpc::ClientContext first_context;
  EXPECT_EQ(server_.baselines->DeleteBaseline(&first_context, remove, &removed).error_code(),
            grpc::StatusCode::FAILED_PRECONDITION);

  v1::ActivateBaselineRequest activate;
  activate.set_model("m");
  activate.set_number(2);
  v1::ActivateBaselineResponse activated;
  grpc::ClientContext second_context;
  ASSERT_TRUE(server_.baselines->ActivateBaseline(&second_context, activate, &activated).ok());
  EXPECT_TRUE(activated.summary().active());
  grpc::ClientContext third_context;
  EXPECT_TRUE(server_.baselines->DeleteBaseline(&third_context, remove, &removed).ok());
  EXPECT_EQ(Baselines("m"), 1);
  v1::GetBaselineResponse got;
  EXPECT_EQ(Get("m", 1, &got).error_code(), grpc::StatusCode::NOT_FOUND);
  EXPECT_TRUE(Get("m", 2, &got).ok());
  EXPECT_EQ(Get("nobody", 0, &got).error_code(), grpc::StatusCode::NOT_FOUND);
}

TEST_F(BaselineServiceTest, AnExportComesBackTheSameUnderAnotherName) {
  MakeModel(&server_, "m", "v1");
  v1::ImportBaselineResponse imported;
  const grpc::Status status = Import(Export("m"), "copy", &imported);
  ASSERT_TRUE(status.ok()) << status.error_message();
  EXPECT_EQ(imported.summary().model(), "copy");
  EXPECT_EQ(imported.summary().version(), "v1");
  EXPECT_EQ(imported.summary().number(), 1u);
  EXPECT_TRUE(imported.summary().active());
  v1::GetBaselineResponse original, copy;
  ASSERT_TRUE(Get("m", 0, &original).ok());
  ASSERT_TRUE(Get("copy", 0, &copy).ok());
  original.mutable_baseline()->mutable_summary()->set_model("copy");
  EXPECT_EQ(original.DebugString(), copy.DebugString());
  // And without names: where it came from, under a new number.
  ASSERT_TRUE(Import(Export("m"), "", &imported).ok());
  EXPECT_EQ(imported.summary().model(), "m");
  EXPECT_EQ(imported.summary().number(), 2u);
}

TEST_F(BaselineServiceTest, RefusesADamagedOrNewerExport) {
  MakeModel(&server_, "m");
  const v1::PortableBaseline sound = Export("m");
  v1::ImportBaselineResponse response;
  v1::PortableBaseline bad = sound;
  (*bad.mutable_content())[bad.content().size() / 2] ^= 1;
  grpc::Status status = Import(bad, "x", &response);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_THAT(status.error_message(), HasSubstr("damaged"));
  bad = sound;
  bad.set_format_version(2);
  status = Import(bad, "x", &response);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_THAT(status.error_message(), HasSubstr("format 2"));
  EXPECT_EQ(Import(v1::PortableBaseline(), "x", &response).error_code(),
            grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_EQ(Import(sound, "a\tb", &response).error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_EQ(Baselines(), 1);
}

}  // namespace
}  // namespace plumbline::transport
