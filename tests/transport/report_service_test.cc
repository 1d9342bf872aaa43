#include <limits>
#include <set>
#include <string>
#include <thread>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/transport/test_server.h"

namespace plumbline::transport {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::SizeIs;

class ReportServiceTest : public ::testing::Test {
 protected:
  ReportServiceTest() { MakeModel(&server_, "m"); }

  grpc::Status Send(v1::Batch batch) {
    grpc::ClientContext context;
    v1::IngestBatchRequest request;
    *request.mutable_batch() = Numbered("m", ++sequence_, std::move(batch));
    v1::IngestBatchResponse response;
    return server_.ingest->IngestBatch(&context, request, &response);
  }

  // Predictions that are NaN: critical at once.
  static v1::Batch BrokenRows() {
    v1::Batch batch = MakeRows(100);
    for (double& value : *batch.mutable_columns(2)->mutable_double_values()->mutable_values()) {
      value = std::numeric_limits<double>::quiet_NaN();
    }
    return batch;
  }

  grpc::Status GetReport(const std::string& variable, v1::GetReportResponse* response) {
    grpc::ClientContext context;
    v1::GetReportRequest request;
    request.set_model("m");
    request.set_variable(variable);
    return server_.reports->GetReport(&context, request, response);
  }

  // The chunks of a backtest, and how it ended.
  std::pair<std::vector<v1::BacktestChunk>, grpc::Status> Backtest(
      const v1::BacktestHeader& header, const std::vector<v1::Batch>& batches) {
    grpc::ClientContext context;
    const auto stream = server_.reports->Backtest(&context);
    std::thread sender([&] {
      v1::BacktestRequest request;
      *request.mutable_header() = header;
      bool open = stream->Write(request);
      for (const v1::Batch& batch : batches) {
        *request.mutable_batch() = batch;
        open = open && stream->Write(request);
      }
      stream->WritesDone();
    });
    std::vector<v1::BacktestChunk> chunks;
    v1::BacktestResponse response;
    while (stream->Read(&response)) chunks.push_back(response.chunk());
    sender.join();
    return {chunks, stream->Finish()};
  }

  static v1::BacktestHeader Header() {
    v1::BacktestHeader header;
    header.set_model("m");
    return header;
  }

  TestServer server_;
  uint64_t sequence_ = 0;
};

TEST_F(ReportServiceTest, ReportsBothSidesOfEveryVariable) {
  ASSERT_TRUE(Send(MakeRows(500)).ok());
  v1::GetReportResponse response;
  ASSERT_TRUE(GetReport("", &response).ok());
  EXPECT_EQ(response.report().model(), "m");
  EXPECT_EQ(response.report().version(), "default");
  EXPECT_EQ(response.report().rows(), 500u);
  ASSERT_THAT(response.report().variables(), SizeIs(3));
  ASSERT_TRUE(GetReport("age", &response).ok());
  ASSERT_THAT(response.report().variables(), SizeIs(1));
  const v1::VariableReport& age = response.report().variables(0);
  EXPECT_EQ(age.live().mean(), 249.5);
  EXPECT_EQ(age.baseline().mean(), 999.5);
  uint64_t live = 0;
  for (const v1::DistributionBin& bin : age.distribution()) live += bin.live_count();
  EXPECT_EQ(live, 500u);
  const grpc::Status status = GetReport("agee", &response);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::NOT_FOUND);
  EXPECT_THAT(status.error_message(), HasSubstr("agee"));
}

TEST_F(ReportServiceTest, WatchersSeeWhatFiresAndThenTheChanges) {
  ASSERT_TRUE(Send(BrokenRows()).ok());
  // An alert that is there already comes first. To see it change, the watcher needs no clock.
  grpc::ClientContext context;
  v1::WatchAlertsRequest request;
  request.set_model("m");
  const auto stream = server_.reports->WatchAlerts(&context, request);
  v1::WatchAlertsResponse response;
  ASSERT_TRUE(stream->Read(&response));
  EXPECT_EQ(response.alert().finding().check(), "nan_rate");
  EXPECT_EQ(response.alert().finding().variable(), "score");
  EXPECT_EQ(response.alert().state(), "FIRING");

  grpc::ClientContext list_context;
  v1::ListAlertsRequest list;
  v1::ListAlertsResponse alerts;
  ASSERT_TRUE(server_.reports->ListAlerts(&list_context, list, &alerts).ok());
  ASSERT_THAT(alerts.alerts(), SizeIs(1));
  EXPECT_EQ(alerts.alerts(0).finding().reason(), response.alert().finding().reason());

  // Another baseline closes the alerts of the one before.
  MakeModel(&server_, "m");
  do {
    ASSERT_TRUE(stream->Read(&response));
  } while (response.alert().state() == "FIRING");  // the first one may come twice
  EXPECT_EQ(response.alert().state(), "RESOLVED");
  context.TryCancel();
  EXPECT_EQ(stream->Finish().error_code(), grpc::StatusCode::CANCELLED);
}

TEST_F(ReportServiceTest, PeopleMuteAndAcknowledgeAndTheReportSaysSo) {
  ASSERT_TRUE(Send(BrokenRows()).ok());
  v1::GetReportResponse report;
  do {
    ASSERT_TRUE(GetReport("", &report).ok());
  } while (report.report().incidents().empty());
  const std::string incident = report.report().incidents(0).id();
  {
    grpc::ClientContext context;
    v1::AcknowledgeAlertsRequest request;
    request.mutable_alerts()->set_model("m");
    request.mutable_alerts()->set_incident(incident);
    request.set_by("anna");
    request.set_reason("looking");
    v1::AcknowledgeAlertsResponse response;
    ASSERT_TRUE(server_.on_call->AcknowledgeAlerts(&context, request, &response).ok());
    ASSERT_THAT(response.alerts(), SizeIs(1));
    EXPECT_EQ(response.alerts(0).state(), "FIRING");
    EXPECT_EQ(response.alerts(0).finding().acknowledgement().at().seconds(), kTestSeconds);
    request.mutable_alerts()->set_slice("city=rome");
    grpc::ClientContext of_slice;
    EXPECT_EQ(server_.on_call->AcknowledgeAlerts(&of_slice, request, &response).error_code(),
              grpc::StatusCode::NOT_FOUND);
    request.mutable_alerts()->set_source("eu");
    grpc::ClientContext of_both;
    EXPECT_THAT(
        server_.on_call->AcknowledgeAlerts(&of_both, request, &response).error_message(),
        HasSubstr("of a source or of a slice, not of source \"eu\" and slice \"city=rome\""));
  }
  v1::MuteCheckRequest mute;
  mute.set_model("m");
  mute.set_check("nan_rate");
  mute.set_by("anna");
  mute.set_reason("noise");
  v1::MuteCheckResponse muted;
  const auto set_mute = [&] {
    grpc::ClientContext context;
    return server_.on_call->MuteCheck(&context, mute, &muted);
  };
  const auto refused = [&](const std::string& word) {
    const grpc::Status status = set_mute();
    EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
    EXPECT_THAT(status.error_message(), HasSubstr("\"m\""));
    EXPECT_THAT(status.error_message(), HasSubstr(word));
  };
  refused("needs `until` or `lasts`");
  mute.mutable_until()->set_seconds(kTestSeconds);
  refused("is over");
  mute.mutable_until()->set_seconds(int64_t{1} << 62);
  refused("no time");
  mute.mutable_lasts()->set_seconds(-1);
  refused("longer than 0");
  mute.mutable_lasts()->set_seconds(3600);
  mute.set_check("nan");
  refused("\"nan\" is no check");
  mute.set_check("nan_rate");
  mute.set_source("eu");
  mute.set_slice("city=rome");
  refused("of a source or of a slice, not of source \"eu\" and slice \"city=rome\"");
  mute.clear_slice();
  const grpc::Status no_source = set_mute();
  EXPECT_EQ(no_source.error_code(), grpc::StatusCode::NOT_FOUND);
  EXPECT_THAT(no_source.error_message(),
              HasSubstr("no source \"eu\" that is judged by itself; none is"));
  mute.clear_source();
  ASSERT_TRUE(set_mute().ok());
  EXPECT_EQ(muted.mute().until().seconds(), kTestSeconds + 3600);

  ASSERT_TRUE(GetReport("", &report).ok());
  const v1::Finding& finding = report.report().findings(0);
  EXPECT_EQ(finding.status(), "FIRING");
  EXPECT_EQ(finding.hold().kind(), "mute");
  EXPECT_EQ(finding.acknowledgement().by(), "anna");
  EXPECT_EQ(finding.incident(), incident);
  EXPECT_THAT(finding.reason(), HasSubstr("; muted until"));
  EXPECT_THAT(report.report().mutes(), SizeIs(1));
  grpc::ClientContext list_context;
  v1::ListAlertsResponse alerts;
  ASSERT_TRUE(server_.reports->ListAlerts(&list_context, {}, &alerts).ok());
  EXPECT_EQ(alerts.alerts(0).state(), "HELD");

  grpc::ClientContext end_context;
  v1::UnmuteCheckRequest end;
  end.set_model("m");
  end.set_check("nan_rate");
  end.set_variable("score");
  end.set_by("ben");
  end.set_reason("over");
  v1::UnmuteCheckResponse ended;
  end.set_source("eu");
  const grpc::Status not_muted = server_.on_call->UnmuteCheck(&end_context, end, &ended);
  EXPECT_EQ(not_muted.error_code(), grpc::StatusCode::NOT_FOUND);
  EXPECT_THAT(not_muted.error_message(), HasSubstr("of source \"eu\" is in force"));
}

TEST_F(ReportServiceTest, WatchersOfAnotherModelSeeNothingAndEndAtShutdown) {
  ASSERT_TRUE(Send(BrokenRows()).ok());
  grpc::ClientContext context;
  v1::WatchAlertsRequest request;
  request.set_model("other");
  const auto stream = server_.reports->WatchAlerts(&context, request);
  stream->WaitForInitialMetadata();
  v1::WatchAlertsResponse response;
  server_.server->Shutdown(absl::Seconds(60));
  EXPECT_FALSE(stream->Read(&response));
  EXPECT_EQ(stream->Finish().error_code(), grpc::StatusCode::UNAVAILABLE);
}

TEST_F(ReportServiceTest, ThereIsABoundOnWatchers) {
  std::vector<std::unique_ptr<grpc::ClientContext>> contexts;
  std::vector<std::unique_ptr<grpc::ClientReader<v1::WatchAlertsResponse>>> streams;
  for (int i = 0; i < GrpcServerOptions().max_watchers; ++i) {
    contexts.push_back(std::make_unique<grpc::ClientContext>());
    streams.push_back(
        server_.reports->WatchAlerts(contexts.back().get(), v1::WatchAlertsRequest()));
    streams.back()->WaitForInitialMetadata();
  }
  grpc::ClientContext context;
  const auto one_more = server_.reports->WatchAlerts(&context, v1::WatchAlertsRequest());
  v1::WatchAlertsResponse response;
  EXPECT_FALSE(one_more->Read(&response));
  EXPECT_EQ(one_more->Finish().error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED);
  for (const auto& each : contexts) each->TryCancel();
}

TEST_F(ReportServiceTest, ListAlertsNamesAModelThatDoesNotExist) {
  grpc::ClientContext context;
  v1::ListAlertsRequest request;
  request.set_model("nobody");
  v1::ListAlertsResponse response;
  EXPECT_EQ(server_.reports->ListAlerts(&context, request, &response).error_code(),
            grpc::StatusCode::NOT_FOUND);
}

TEST_F(ReportServiceTest, BacktestCutsByRowsAndStoresNothing) {
  v1::BacktestHeader header = Header();
  header.set_chunk_rows(400);
  const auto [chunks, status] = Backtest(header, {MakeRows(500), MakeRows(500, 500)});
  ASSERT_TRUE(status.ok()) << status.error_message();
  ASSERT_THAT(chunks, SizeIs(3));
  EXPECT_EQ(chunks[0].chunk(), 0u);
  EXPECT_EQ(chunks[0].rows(), 400u);
  EXPECT_EQ(chunks[2].rows(), 200u);
  ASSERT_THAT(chunks[0].statistics(), SizeIs(3));
  // Half of the ages of training never come. But its own rows are sorted by age: no drift beyond
  // that.
  bool found = false;
  for (const v1::Finding& finding : chunks[0].findings()) {
    if (finding.check() != "drift" || finding.variable() != "age") continue;
    found = true;
    EXPECT_GT(finding.value(), finding.threshold());
    EXPECT_EQ(finding.status(), "OK");
  }
  EXPECT_TRUE(found);
  v1::GetReportResponse report;
  ASSERT_TRUE(GetReport("", &report).ok());
  EXPECT_EQ(report.report().rows(), 0u);
}

TEST_F(ReportServiceTest, BacktestJudgesWithThePolicyOfItsHeader) {
  v1::BacktestHeader header = Header();
  header.mutable_policy()->set_min_rows_drift(1'000'000);
  auto [chunks, status] = Backtest(header, {MakeRows(500)});
  ASSERT_TRUE(status.ok()) << status.error_message();
  ASSERT_THAT(chunks, SizeIs(1));
  size_t drifts = 0;
  for (const v1::Finding& finding : chunks[0].findings()) {
    if (finding.check() != "drift") continue;
    ++drifts;
    EXPECT_EQ(finding.status(), "INSUFFICIENT_DATA");
  }
  EXPECT_EQ(drifts, 3u);
  header.mutable_policy()->set_drift_statistic("psy");
  std::tie(chunks, status) = Backtest(header, {MakeRows(500)});
  EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_THAT(status.error_message(), HasSubstr("psy"));
}

TEST_F(ReportServiceTest, BacktestNamesSourcesAndSlices) {
  v1::BacktestHeader header = Header();
  header.set_source_column("origin");
  header.mutable_policy()->add_slice_variables("city");
  v1::Batch batch = MakeRows(400);  // every second row is of lima
  v1::Column* const origin = batch.add_columns();
  origin->set_name("origin");
  origin->mutable_dictionary_values()->add_dictionary("a");
  origin->mutable_dictionary_values()->add_dictionary("b");
  for (uint32_t row = 0; row < 400; ++row) {
    origin->mutable_dictionary_values()->add_indices(row % 2);
    if (row % 2 == 0) continue;
    batch.mutable_columns(2)->mutable_double_values()->set_values(
        static_cast<int>(row), std::numeric_limits<double>::quiet_NaN());
  }
  auto [chunks, status] = Backtest(header, {batch});
  ASSERT_TRUE(status.ok()) << status.error_message();
  ASSERT_THAT(chunks, SizeIs(1));
  std::set<std::string> firing;
  for (const v1::Finding& one : chunks[0].findings()) {
    EXPECT_NE(one.variable(), "origin");
    if (one.status() == "FIRING" && one.check() == "nan_rate") {
      firing.insert(one.source() + one.slice());
    }
  }
  EXPECT_THAT(firing, ElementsAre("", "b", "city=lima"));
  EXPECT_EQ(chunks[0].rows_of_other_sources(), 1u);  // of a, before there was a second

  header.set_source_column("nowhere");
  std::tie(chunks, status) = Backtest(header, {batch});
  EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_THAT(status.error_message(), HasSubstr("nowhere"));
  header.mutable_policy()->add_slice_variables("age");
  std::tie(chunks, status) = Backtest(header, {batch});
  EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_THAT(status.error_message(), HasSubstr("numeric"));
}

TEST_F(ReportServiceTest, BacktestRefusesWhatItCannotCut) {
  v1::BacktestHeader header = Header();
  header.set_chunk_rows(0);
  EXPECT_EQ(Backtest(header, {}).second.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  header.mutable_chunk_duration()->set_nanos(5);
  EXPECT_EQ(Backtest(header, {}).second.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  header.mutable_chunk_duration()->set_seconds(std::numeric_limits<int64_t>::max());
  EXPECT_EQ(Backtest(header, {}).second.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  header.set_chunk_calendar(static_cast<v1::CalendarUnit>(9));
  EXPECT_EQ(Backtest(header, {}).second.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  header.set_chunk_calendar(v1::CALENDAR_UNIT_DAY);
  EXPECT_EQ(Backtest(header, {MakeRows(1)}).second.error_code(),
            grpc::StatusCode::INVALID_ARGUMENT);  // no event times
  EXPECT_EQ(Backtest(Header(), {}).second.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  header.set_model("nobody");
  EXPECT_EQ(Backtest(header, {}).second.error_code(), grpc::StatusCode::NOT_FOUND);
}

TEST_F(ReportServiceTest, BacktestNamesTheBatchThatBreaksTheContract) {
  v1::Batch broken = MakeRows(10);
  broken.mutable_columns(0)->set_validity("x");
  auto status = Backtest(Header(), {MakeRows(10), broken}).second;
  EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_THAT(status.error_message(), HasSubstr("batch number 2"));
  EXPECT_THAT(FieldsOf(status), ElementsAre("batch.columns[0].validity"));
  // Not taken for the end of the rows.
  broken = MakeRows(10);
  broken.mutable_columns(1)->mutable_dictionary_values()->set_dictionary(0, "\xff");
  status = Backtest(Header(), {MakeRows(10), broken}).second;
  EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_THAT(status.error_message(), HasSubstr("UTF-8"));
}

}  // namespace
}  // namespace plumbline::transport
