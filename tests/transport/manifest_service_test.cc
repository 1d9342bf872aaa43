// What lies beside a baseline, and what producers declare: over the wire, with mistakes.
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "plumbline/v1/manifest_service.grpc.pb.h"
#include "tests/transport/test_server.h"

namespace plumbline::transport {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::SizeIs;

class ManifestServiceTest : public ::testing::Test {
 protected:
  ManifestServiceTest() : manifests_(v1::ManifestService::NewStub(server_.channel)) {
    v1::CreateBaselineHeader header;
    header.set_model("m");
    (*header.mutable_environment()->mutable_packages())["numpy"] = "1.26.4";
    v1::CreateBaselineResponse response;
    const grpc::Status status = CreateBaseline(&server_, header, {MakeRows(1000)}, &response);
    EXPECT_TRUE(status.ok()) << status.error_message();
  }

  static v1::ProducerDeclaration Declaration(const std::string& numpy) {
    v1::ProducerDeclaration declaration;
    declaration.set_model("m");
    declaration.set_producer("p");
    declaration.set_epoch(1);
    (*declaration.mutable_environment()->mutable_packages())["numpy"] = numpy;
    return declaration;
  }
  grpc::Status Declare(const v1::ProducerDeclaration& declaration,
                       v1::DeclareEnvironmentResponse* response) {
    grpc::ClientContext context;
    v1::DeclareEnvironmentRequest request;
    *request.mutable_declaration() = declaration;
    return server_.ingest->DeclareEnvironment(&context, request, response);
  }
  v1::Finding Finding(const std::string& check) {
    grpc::ClientContext context;
    v1::GetReportRequest request;
    request.set_model("m");
    v1::GetReportResponse response;
    EXPECT_TRUE(server_.reports->GetReport(&context, request, &response).ok());
    for (const v1::Finding& finding : response.report().findings()) {
      if (finding.check() == check) return finding;
    }
    return {};
  }

  static v1::SplitManifest Split(const std::string& name) {
    v1::SplitManifest split;
    split.set_name(name);
    split.set_rows(3);
    split.set_unordered_digest(std::string(32, '0'));
    v1::SplitPart* part = split.add_parts();
    part->set_name("train");
    part->set_rows(3);
    part->set_ordered_digest(std::string(32, 'a'));
    part->set_unordered_digest(std::string(32, 'b'));
    return split;
  }
  grpc::Status Record(const v1::SplitManifest& split, uint64_t number = 0) {
    grpc::ClientContext context;
    v1::RecordSplitRequest request;
    request.set_model("m");
    request.set_number(number);
    *request.mutable_split() = split;
    v1::RecordSplitResponse response;
    return manifests_->RecordSplit(&context, request, &response);
  }

  static v1::Batch Golden(uint32_t rows) {
    v1::Batch batch = MakeRows(rows, 5000);
    for (uint32_t row = 0; row < rows; ++row) {
      batch.mutable_row_ids()->mutable_int64_values()->add_values(row);
    }
    return batch;
  }
  grpc::Status RecordGolden(const v1::Batch& batch, v1::RecordGoldenRowsResponse* response,
                            const v1::RecordGoldenRowsHeader& header = {}) {
    grpc::ClientContext context;
    const auto writer = manifests_->RecordGoldenRows(&context, response);
    v1::RecordGoldenRowsRequest request;
    *request.mutable_header() = header;
    request.mutable_header()->set_model("m");
    writer->Write(request);
    *request.mutable_batch() = batch;
    writer->Write(request);
    request.mutable_commit()->set_row_count(batch.row_count());
    writer->Write(request);
    writer->WritesDone();
    return writer->Finish();
  }
  grpc::Status CheckGolden(const v1::Batch& batch, v1::GoldenCheck* check, bool ends = true) {
    grpc::ClientContext context;
    v1::CheckGoldenRowsResponse response;
    const auto writer = manifests_->CheckGoldenRows(&context, &response);
    v1::CheckGoldenRowsRequest request;
    request.mutable_header()->set_model("m");
    writer->Write(request);
    *request.mutable_batch() = batch;
    writer->Write(request);
    request.mutable_end();
    if (ends) writer->Write(request);
    writer->WritesDone();
    const grpc::Status status = writer->Finish();
    *check = response.check();
    return status;
  }

  TestServer server_;
  std::unique_ptr<v1::ManifestService::Stub> manifests_;
};

TEST_F(ManifestServiceTest, AProducerDeclaresWhatItRunsInOnAStreamOrByACall) {
  v1::DeclareEnvironmentResponse response;
  grpc::Status status = Declare(Declaration("1.27.0"), &response);
  ASSERT_TRUE(status.ok()) << status.error_message();
  ASSERT_THAT(response.comparison().differences(), SizeIs(1));
  EXPECT_EQ(response.comparison().differences(0).cause(), "package_minor");
  EXPECT_EQ(Finding("environment").severity(), "warning");

  grpc::ClientContext context;
  const auto stream = server_.ingest->Ingest(&context);
  v1::IngestRequest request;
  v1::IngestResponse answer;
  *request.mutable_declaration() = Declaration("2.0.0");
  ASSERT_TRUE(stream->Write(request) && stream->Read(&answer));
  EXPECT_EQ(answer.result(), v1::INGEST_RESULT_COUNTED);
  EXPECT_EQ(answer.number().producer(), "p");
  EXPECT_EQ(Finding("environment").severity(), "critical");
  request.mutable_declaration()->clear_environment();
  ASSERT_TRUE(stream->Write(request) && stream->Read(&answer));
  EXPECT_EQ(answer.result(), v1::INGEST_RESULT_REFUSED);
  EXPECT_THAT(FieldsOf(answer.error()), ElementsAre("declaration.environment"));
  stream->WritesDone();
  EXPECT_TRUE(stream->Finish().ok());

  v1::ProducerDeclaration wrong = Declaration("1");
  wrong.clear_producer();
  status = Declare(wrong, &response);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_THAT(status.error_message(), HasSubstr("declaration.producer"));
  wrong = Declaration("1");
  wrong.set_model("nobody");
  EXPECT_EQ(Declare(wrong, &response).error_code(), grpc::StatusCode::NOT_FOUND);
}

TEST_F(ManifestServiceTest, RefusesSplitsThatAreNotSound) {
  EXPECT_TRUE(Record(Split("cv")).ok());
  EXPECT_TRUE(Record(Split("cv")).ok());  // in its place
  EXPECT_EQ(Record(Split("cv"), 7).error_code(), grpc::StatusCode::NOT_FOUND);
  v1::SplitManifest split = Split("");
  EXPECT_EQ(Record(split).error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  split = Split("cv");
  split.set_rows(4);
  EXPECT_THAT(Record(split).error_message(), HasSubstr("it has 4 rows, and its parts 3"));
  split = Split("cv");
  split.mutable_parts(0)->set_ordered_digest("x");
  EXPECT_THAT(Record(split).error_message(), HasSubstr("no digests of 32 hex digits"));
  split = Split("cv");
  *split.add_parts() = split.parts(0);
  EXPECT_THAT(Record(split).error_message(), HasSubstr("\"train\" is there twice"));
  for (size_t i = 1; i < engine::Engine::kMaxSplits; ++i) {
    ASSERT_TRUE(Record(Split(absl::StrCat("s", i))).ok());
  }
  EXPECT_EQ(Record(Split("more")).error_code(), grpc::StatusCode::FAILED_PRECONDITION);
}

TEST_F(ManifestServiceTest, GoldenRowsAreComparedWhenTheyComeBack) {
  v1::RecordGoldenRowsResponse recorded;
  grpc::Status status = RecordGolden(Golden(600), &recorded);
  ASSERT_TRUE(status.ok()) << status.error_message();
  EXPECT_EQ(recorded.summary().rows(), 600u);
  EXPECT_THAT(recorded.summary().features(), ElementsAre("age", "city"));
  EXPECT_THAT(recorded.summary().predictions(), ElementsAre("score"));
  EXPECT_EQ(Finding("golden_rows").status(), "NOT_APPLICABLE");

  v1::Batch replay = Golden(600);
  v1::GoldenCheck check;
  ASSERT_TRUE(CheckGolden(replay, &check).ok());
  EXPECT_EQ(check.verdict(), "exact");
  replay.mutable_columns(2)->mutable_double_values()->set_values(5, 0.5);
  ASSERT_TRUE(CheckGolden(replay, &check).ok());
  EXPECT_EQ(check.verdict(), "different");
  EXPECT_EQ(check.exact(), 599u);
  EXPECT_EQ(check.differences(0).row(), "5");
  EXPECT_EQ(check.differences(0).actual(), "0.5");
  // The worst of several replays of a row, and what is not there, are no match.
  v1::Batch twice = Golden(600);
  twice.mutable_row_ids()->mutable_int64_values()->set_values(3, 5);
  ASSERT_TRUE(CheckGolden(twice, &check).ok());
  EXPECT_EQ(check.different(), 1u);
  EXPECT_EQ(check.missing(), 1u);
  v1::Batch without = Golden(600);
  without.mutable_columns()->RemoveLast();
  ASSERT_TRUE(CheckGolden(without, &check).ok());
  EXPECT_EQ(check.different(), 600u);
  EXPECT_EQ(check.differences(0).actual(), "not there");
  EXPECT_THAT(check.reason(), HasSubstr("it is not there, or no number"));
  EXPECT_EQ(CheckGolden(replay, &check, /*ends=*/false).error_code(),
            grpc::StatusCode::INVALID_ARGUMENT);

  // As a large batch, which is counted where it arrives; its retry is not judged again.
  v1::IngestBatchRequest request;
  *request.mutable_batch() = Numbered("m", 1, replay);
  for (int i = 0; i < 2; ++i) {
    grpc::ClientContext context;
    v1::IngestBatchResponse response;
    ASSERT_TRUE(server_.ingest->IngestBatch(&context, request, &response).ok());
    EXPECT_EQ(Finding("golden_rows").value(), 1);
    EXPECT_EQ(Finding("golden_rows").cause(), "predictions_differ");
  }
}

TEST_F(ManifestServiceTest, RefusesGoldenRowsThatAreNotSound) {
  v1::RecordGoldenRowsResponse response;
  v1::RecordGoldenRowsHeader header;
  header.add_tolerances()->set_variable("age");
  EXPECT_THAT(RecordGolden(Golden(5), &response, header).error_message(),
              HasSubstr("\"age\" has a tolerance, but is no numeric prediction"));
  v1::Batch batch = Golden(5);
  batch.mutable_columns()->RemoveLast();
  EXPECT_THAT(RecordGolden(batch, &response).error_message(), HasSubstr("no prediction"));
  batch = Golden(5);
  batch.mutable_columns(0)->set_validity("xyz");
  EXPECT_THAT(RecordGolden(batch, &response).error_message(), HasSubstr("the bitmap has 3 bytes"));
  EXPECT_THAT(RecordGolden(Golden(10'001), &response).error_message(),
              HasSubstr("more than 10000"));
  header = {};
  header.set_number(9);
  EXPECT_EQ(RecordGolden(Golden(5), &response, header).error_code(), grpc::StatusCode::NOT_FOUND);
  v1::GoldenCheck check;
  EXPECT_THAT(CheckGolden(Golden(5), &check).error_message(), HasSubstr("has no golden rows"));
}

}  // namespace
}  // namespace plumbline::transport
