#include <array>
#include <cmath>
#include <thread>
#include <utility>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "server/transport/request_split.h"
#include "tests/transport/test_server.h"

namespace plumbline::transport {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class IngestTest : public ::testing::Test {
 protected:
  IngestTest() { MakeModel(&server_, "m"); }

  grpc::Status Send(const v1::NumberedBatch& batch, v1::IngestBatchResponse* response) {
    grpc::ClientContext context;
    v1::IngestBatchRequest request;
    *request.mutable_batch() = batch;
    return server_.ingest->IngestBatch(&context, request, response);
  }

  uint64_t RowsOfWindow() {
    grpc::ClientContext context;
    v1::GetReportRequest request;
    request.set_model("m");
    v1::GetReportResponse response;
    EXPECT_TRUE(server_.reports->GetReport(&context, request, &response).ok());
    return response.report().rows();
  }

  // Status of the rows_lost finding once holes are old enough to be loss.
  std::string RowsLost() {
    v1::GetReportRequest request;
    request.set_model("m");
    v1::GetReportResponse response;
    // Somebody looks all the time, or it would be a clock that was set.
    for (int i = 0; i < 12; ++i) {
      server_.clock.Advance(absl::Seconds(10));
      grpc::ClientContext context;
      EXPECT_TRUE(server_.reports->GetReport(&context, request, &response).ok());
    }
    for (const v1::Finding& finding : response.report().findings()) {
      if (finding.check() == "rows_lost") return finding.status();
    }
    return "not judged";
  }

  TestServer server_;
};

using Stream = grpc::ClientReaderWriter<v1::IngestRequest, v1::IngestResponse>;

v1::IngestRequest RequestOf(v1::NumberedBatch batch) {
  v1::IngestRequest request;
  *request.mutable_batch() = std::move(batch);
  return request;
}

// One request, and its answer.
v1::IngestResponse Ask(Stream* stream, const v1::IngestRequest& request) {
  v1::IngestResponse response;
  EXPECT_TRUE(stream->Write(request));
  EXPECT_TRUE(stream->Read(&response));
  return response;
}

TEST_F(IngestTest, CountsABatchOnceHoweverOftenItComes) {
  v1::IngestBatchResponse response;
  grpc::Status status = Send(Numbered("m", 1, MakeRows(10)), &response);
  ASSERT_TRUE(status.ok()) << status.error_message();
  EXPECT_EQ(response.result(), v1::INGEST_RESULT_COUNTED);
  EXPECT_EQ(response.rows_counted(), 10u);
  status = Send(Numbered("m", 1, MakeRows(10)), &response);
  ASSERT_TRUE(status.ok()) << status.error_message();
  EXPECT_EQ(response.result(), v1::INGEST_RESULT_DUPLICATE);
  EXPECT_EQ(response.rows_counted(), 0u);
  EXPECT_EQ(RowsOfWindow(), 10u);
}

// What a stream leaves in the bytes that came is counted as what a call copies.
TEST_F(IngestTest, CountsALargeBatchOfAStreamAsThatOfACall) {
  constexpr uint32_t kRows = 80'000;
  v1::Batch batch = MakeRows(kRows, -100);
  batch.mutable_columns(0)->set_validity(std::string(kRows / 8, '\x7f'));
  batch.mutable_columns(2)->mutable_double_values()->set_values(70'000, std::nan(""));
  ASSERT_GT(batch.ByteSizeLong(), RequestSplit::Limits().least_bytes);
  MakeModel(&server_, "n");
  v1::IngestBatchResponse response;
  ASSERT_TRUE(Send(Numbered("m", 1, batch), &response).ok());
  grpc::ClientContext context;
  const auto stream = server_.ingest->Ingest(&context);
  EXPECT_EQ(Ask(stream.get(), RequestOf(Numbered("n", 1, batch))).rows_counted(), kRows);
  batch.mutable_columns(0)->set_validity("short");
  EXPECT_EQ(Ask(stream.get(), RequestOf(Numbered("n", 2, batch))).result(),
            v1::INGEST_RESULT_REFUSED);
  const auto report_of = [&](const std::string& model) {
    grpc::ClientContext of_report;
    v1::GetReportRequest request;
    request.set_model(model);
    v1::GetReportResponse got;
    EXPECT_TRUE(server_.reports->GetReport(&of_report, request, &got).ok());
    return got.report();
  };
  const v1::Report called = report_of("m"), streamed = report_of("n");
  ASSERT_EQ(streamed.variables_size(), 3);
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(called.variables(i).SerializeAsString(), streamed.variables(i).SerializeAsString());
  }
  EXPECT_EQ(streamed.rows(), kRows);
}

TEST_F(IngestTest, RefusesABrokenBatchWithItsFields) {
  v1::Batch batch = MakeRows(10);
  batch.mutable_columns(0)->set_validity("xyz");
  batch.mutable_columns(1)->set_name("age");
  v1::IngestBatchResponse response;
  const grpc::Status status = Send(Numbered("m", 1, batch), &response);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_THAT(status.error_message(), HasSubstr("\"age\": the bitmap has 3 bytes"));
  EXPECT_THAT(FieldsOf(status), ElementsAre("batch.columns[0].validity", "batch.columns[1].name"));
  EXPECT_EQ(RowsOfWindow(), 0u);
}

TEST_F(IngestTest, ARoleThatContradictsTheBaselineIsNamedByItsField) {
  v1::Batch batch = MakeRows(10);
  batch.mutable_columns(0)->set_role(v1::ROLE_LABEL);
  v1::IngestBatchResponse response;
  const grpc::Status status = Send(Numbered("m", 1, batch), &response);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_THAT(status.error_message(), HasSubstr("model \"m\""));
  EXPECT_THAT(status.error_message(), HasSubstr("\"age\" is sent as a label, but is a feature"));
  EXPECT_THAT(FieldsOf(status), ElementsAre("batch.columns[0].role"));
}

TEST_F(IngestTest, CountsRefusalsByReason) {
  v1::IngestBatchResponse response;
  v1::Batch bitmap = MakeRows(10), future = MakeRows(10), role = MakeRows(10);
  bitmap.mutable_columns(0)->set_validity("xyz");
  future.mutable_event_time()->set_seconds(kTestSeconds + 3600);
  role.mutable_columns(0)->set_role(v1::ROLE_LABEL);
  const std::vector<std::pair<v1::NumberedBatch, engine::IngestReason>> refused = {
      {Numbered("m", 1, bitmap), engine::IngestReason::kBadContract},
      {Numbered("m", 2, future), engine::IngestReason::kFutureTime},
      {Numbered("m", 3, role), engine::IngestReason::kRole},
      {Numbered("m", 0, MakeRows(10)), engine::IngestReason::kBadContract},
      {Numbered("nobody", 1, MakeRows(10)), engine::IngestReason::kUnknownModel},
  };
  std::array<uint64_t, engine::kIngestReasons> expected{};
  for (const auto& [batch, reason] : refused) {
    EXPECT_FALSE(Send(batch, &response).ok());
    ++expected[static_cast<size_t>(reason)];
    EXPECT_EQ(server_.engine->ServiceState().reasons, expected) << batch.ShortDebugString();
  }
  EXPECT_TRUE(Send(Numbered("m", 4, MakeRows(10)), &response).ok());
  EXPECT_TRUE(Send(Numbered("m", 4, MakeRows(10)), &response).ok());  // a duplicate
  EXPECT_EQ(server_.engine->ServiceState().reasons, expected);

  // Beyond the end that the producer declared, and after the epoch's expiry.
  grpc::ClientContext context;
  const auto stream = server_.ingest->Ingest(&context);
  v1::IngestRequest request;
  v1::EndEpoch* end = request.mutable_end_epoch();
  end->set_model("m");
  end->set_producer("p");
  end->set_epoch(1);
  end->set_last_sequence(4);
  EXPECT_EQ(Ask(stream.get(), request).result(), v1::INGEST_RESULT_COUNTED);
  EXPECT_FALSE(Send(Numbered("m", 5, MakeRows(10)), &response).ok());
  ++expected[static_cast<size_t>(engine::IngestReason::kBadNumber)];
  EXPECT_EQ(server_.engine->ServiceState().reasons, expected);
}

TEST_F(IngestTest, ManyLongViolationsStillReachTheClient) {
  v1::Batch batch;
  batch.set_row_count(1);
  for (int i = 0; i < 100; ++i) {
    std::string name;
    while (name.size() < 250) name += "\u00e4";
    batch.add_columns()->set_name(absl::StrCat(name, i));
    batch.mutable_columns(i)->mutable_double_values();
  }
  v1::IngestBatchResponse response;
  const grpc::Status status = Send(Numbered("m", 1, batch), &response);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT) << status.error_message();
  EXPECT_THAT(FieldsOf(status), Contains("batch.columns[0].values"));
}

TEST_F(IngestTest, NamesAModelThatDoesNotExist) {
  v1::IngestBatchResponse response;
  const grpc::Status status = Send(Numbered("nobody", 1, MakeRows(1)), &response);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::NOT_FOUND);
  EXPECT_THAT(status.error_message(), HasSubstr("nobody"));
}

TEST_F(IngestTest, RefusesTheFutureAndNamesTheRow) {
  v1::Batch batch = MakeRows(3);
  for (const int64_t seconds : {kTestSeconds, kTestSeconds + 299, kTestSeconds + 301}) {
    batch.mutable_event_times()->add_unix_micros(seconds * 1'000'000);
  }
  v1::IngestBatchResponse response;
  grpc::Status status = Send(Numbered("m", 1, batch), &response);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_THAT(FieldsOf(status), ElementsAre("batch.event_times.unix_micros[2]"));
  EXPECT_THAT(status.error_message(), HasSubstr("2023-11-14T22:18:21"));
  batch.mutable_event_time()->set_seconds(kTestSeconds + 301);
  status = Send(Numbered("m", 2, batch), &response);
  EXPECT_THAT(FieldsOf(status), ElementsAre("batch.event_time"));
  batch.mutable_event_times()->add_unix_micros(INT64_MIN);
  status = Send(Numbered("m", 3, batch), &response);
  EXPECT_THAT(FieldsOf(status), Contains("batch.event_times.unix_micros[0]"));
  EXPECT_EQ(RowsOfWindow(), 0u);
}

TEST_F(IngestTest, AStreamGoesOnAfterEveryKindOfRefusal) {
  grpc::ClientContext context;
  const auto stream = server_.ingest->Ingest(&context);
  std::vector<v1::NumberedBatch> broken;
  const auto next = [&]() -> v1::Batch* {
    broken.push_back(Numbered("m", broken.size() + 1, MakeRows(10)));
    return broken.back().mutable_batch();
  };
  next()->mutable_columns(0)->set_validity("x");
  next()->mutable_columns(1)->mutable_dictionary_values()->set_indices(3, 2);
  next()->mutable_columns(1)->set_name("age");
  next()->mutable_columns(2)->mutable_double_values()->add_values(1);
  next()->mutable_columns(2)->set_name("");
  next()->mutable_columns(2)->clear_values();
  next()->mutable_event_time()->set_seconds(kTestSeconds + 3600);
  next()->Clear();
  next()->mutable_columns(0)->set_role(v1::ROLE_LABEL);
  next()->mutable_columns(0)->set_role(static_cast<v1::Role>(77));
  next()->set_source(std::string(200, 's'));
  uint64_t index = 0;
  for (const v1::NumberedBatch& batch : broken) {
    const v1::IngestResponse response = Ask(stream.get(), RequestOf(batch));
    EXPECT_EQ(response.request_index(), ++index);
    EXPECT_EQ(response.model(), "m");
    EXPECT_EQ(response.number().sequence(), batch.number().sequence());
    EXPECT_EQ(response.result(), v1::INGEST_RESULT_REFUSED) << index;
    EXPECT_EQ(response.error().code(), grpc::StatusCode::INVALID_ARGUMENT) << index;
    EXPECT_THAT(response.error().message(), HasSubstr("model \"m\"")) << index;
  }
  v1::IngestResponse response = Ask(stream.get(), RequestOf(Numbered("nobody", 1, MakeRows(1))));
  EXPECT_EQ(response.error().code(), grpc::StatusCode::NOT_FOUND);
  response = Ask(stream.get(), v1::IngestRequest());
  EXPECT_EQ(response.result(), v1::INGEST_RESULT_REFUSED);
  EXPECT_THAT(FieldsOf(response.error()), ElementsAre("payload"));

  response = Ask(stream.get(), RequestOf(Numbered("m", broken.size() + 1, MakeRows(10))));
  EXPECT_EQ(response.result(), v1::INGEST_RESULT_COUNTED);
  EXPECT_EQ(response.request_index(), index + 3);
  stream->WritesDone();
  EXPECT_TRUE(stream->Finish().ok());
  EXPECT_EQ(RowsOfWindow(), 10u);
  EXPECT_NE(RowsLost(), "FIRING");  // what was refused is not lost
}

TEST_F(IngestTest, AMessageThatCannotBeParsedIsRefusedAndIsNotLoss) {
  grpc::ClientContext context;
  const auto stream = server_.ingest->Ingest(&context);
  v1::Batch batch = MakeRows(2);
  batch.mutable_columns(1)->mutable_dictionary_values()->set_dictionary(0, "caf\xe9");
  v1::IngestResponse response = Ask(stream.get(), RequestOf(Numbered("m", 1, batch)));
  EXPECT_EQ(response.result(), v1::INGEST_RESULT_REFUSED);
  EXPECT_THAT(response.error().message(), HasSubstr("not UTF-8"));
  EXPECT_EQ(response.number().sequence(), 1u);
  response = Ask(stream.get(), RequestOf(Numbered("m", 2, MakeRows(2))));
  EXPECT_EQ(response.result(), v1::INGEST_RESULT_COUNTED);
  stream->WritesDone();
  EXPECT_TRUE(stream->Finish().ok());

  v1::IngestBatchResponse unary;
  const grpc::Status status = Send(Numbered("m", 3, batch), &unary);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_THAT(status.error_message(), HasSubstr("not UTF-8"));
  ASSERT_TRUE(Send(Numbered("m", 4, MakeRows(2)), &unary).ok());
  EXPECT_EQ(RowsOfWindow(), 4u);
  EXPECT_NE(RowsLost(), "FIRING");
}

TEST_F(IngestTest, ANumberThatIsNoneIsRefused) {
  v1::IngestBatchResponse response;
  EXPECT_THAT(FieldsOf(Send(Numbered("m", 0, MakeRows(1)), &response)),
              ElementsAre("number.sequence"));
  EXPECT_THAT(FieldsOf(Send(Numbered("m", 1, MakeRows(1), ""), &response)),
              ElementsAre("number.producer"));
  EXPECT_THAT(FieldsOf(Send(Numbered("m", 1, MakeRows(1), std::string(129, 'p')), &response)),
              ElementsAre("number.producer"));
  EXPECT_TRUE(Send(Numbered("m", 0, MakeRows(1), ""), &response).ok());
}

TEST_F(IngestTest, AHoleIsLossUnlessItIsSkipped) {
  grpc::ClientContext context;
  const auto stream = server_.ingest->Ingest(&context);
  Ask(stream.get(), RequestOf(Numbered("m", 1, MakeRows(1))));
  Ask(stream.get(), RequestOf(Numbered("m", 5, MakeRows(1))));
  EXPECT_EQ(RowsLost(), "FIRING");
  v1::IngestRequest skip;
  skip.mutable_skip_range()->set_model("m");
  skip.mutable_skip_range()->set_producer("p");
  skip.mutable_skip_range()->set_epoch(1);
  skip.mutable_skip_range()->set_first_sequence(2);
  skip.mutable_skip_range()->set_last_sequence(4);
  const v1::IngestResponse response = Ask(stream.get(), skip);
  EXPECT_EQ(response.result(), v1::INGEST_RESULT_COUNTED);
  EXPECT_EQ(response.number().producer(), "p");
  EXPECT_NE(RowsLost(), "FIRING");

  v1::IngestRequest end;
  end.mutable_end_epoch()->set_model("m");
  end.mutable_end_epoch()->set_producer("p");
  end.mutable_end_epoch()->set_epoch(1);
  end.mutable_end_epoch()->set_last_sequence(7);
  EXPECT_EQ(Ask(stream.get(), end).result(), v1::INGEST_RESULT_COUNTED);
  EXPECT_EQ(RowsLost(), "FIRING");  // 6 and 7 never came
}

TEST_F(IngestTest, ASkipOrAnEndThatIsNoneIsRefused) {
  grpc::ClientContext context;
  const auto stream = server_.ingest->Ingest(&context);
  v1::IngestRequest skip;
  skip.mutable_skip_range()->set_model("m");
  skip.mutable_skip_range()->set_first_sequence(4);
  skip.mutable_skip_range()->set_last_sequence(2);
  v1::IngestResponse response = Ask(stream.get(), skip);
  EXPECT_EQ(response.result(), v1::INGEST_RESULT_REFUSED);
  EXPECT_THAT(FieldsOf(response.error()),
              ElementsAre("skip_range.producer", "skip_range.first_sequence"));
  v1::IngestRequest end;
  end.mutable_end_epoch()->set_model("nobody");
  response = Ask(stream.get(), end);
  EXPECT_EQ(response.error().code(), grpc::StatusCode::NOT_FOUND);
}

TEST_F(IngestTest, AnswersEveryRequestOfAClientThatReadsLate) {
  constexpr uint64_t kBatches = 3000;  // many times what may be in flight
  grpc::ClientContext context;
  const auto stream = server_.ingest->Ingest(&context);
  std::thread sender([&] {
    for (uint64_t i = 1; i <= kBatches; ++i) {
      // Every tenth is refused.
      stream->Write(RequestOf(Numbered("m", i, i % 10 == 0 ? v1::Batch() : MakeRows(2))));
    }
    stream->WritesDone();
  });
  std::vector<int> answers(kBatches + 1, 0);
  uint64_t rows = 0;
  uint64_t refused = 0;
  v1::IngestResponse response;
  while (stream->Read(&response)) {
    ASSERT_LE(response.request_index(), kBatches);
    ++answers[response.request_index()];
    EXPECT_EQ(response.number().sequence(), response.request_index());
    rows += response.rows_counted();
    refused += response.result() == v1::INGEST_RESULT_REFUSED ? 1 : 0;
  }
  sender.join();
  EXPECT_TRUE(stream->Finish().ok());
  answers[0] = 1;
  EXPECT_EQ(std::count(answers.begin(), answers.end(), 1), static_cast<int64_t>(kBatches) + 1);
  EXPECT_EQ(refused, kBatches / 10);
  EXPECT_EQ(rows, 2 * (kBatches - kBatches / 10));
  EXPECT_EQ(RowsOfWindow(), rows);
}

TEST_F(IngestTest, SurvivesClientsThatGoAwayInTheMiddle) {
  for (uint64_t epoch = 1; epoch <= 20; ++epoch) {
    grpc::ClientContext context;
    const auto stream = server_.ingest->Ingest(&context);
    for (uint64_t i = 1; i <= 50; ++i) {
      stream->Write(RequestOf(Numbered("m", i, MakeRows(1), "p", epoch)));
    }
    context.TryCancel();
    EXPECT_EQ(stream->Finish().error_code(), grpc::StatusCode::CANCELLED);
  }
  v1::IngestBatchResponse response;
  EXPECT_TRUE(Send(Numbered("m", 1, MakeRows(1), "q"), &response).ok());
  EXPECT_EQ(response.result(), v1::INGEST_RESULT_COUNTED);
}

TEST_F(IngestTest, EndsAnIdleStreamWhenItShutsDown) {
  grpc::ClientContext context;
  const auto stream = server_.ingest->Ingest(&context);
  Ask(stream.get(), RequestOf(Numbered("m", 1, MakeRows(1))));
  server_.server->Shutdown(absl::Seconds(60));
  v1::IngestResponse response;
  EXPECT_FALSE(stream->Read(&response));
  const grpc::Status status = stream->Finish();
  EXPECT_EQ(status.error_code(), grpc::StatusCode::UNAVAILABLE);
  EXPECT_THAT(status.error_message(), HasSubstr("shutting down"));
}

TEST_F(IngestTest, ShutdownAnswersWhatIsInFlightOrCountsItNot) {
  grpc::ClientContext context;
  const auto stream = server_.ingest->Ingest(&context);
  uint64_t acknowledged = 0;
  Ask(stream.get(), RequestOf(Numbered("m", 1, MakeRows(1))));
  std::thread sender([&] {
    for (uint64_t i = 2; stream->Write(RequestOf(Numbered("m", i, MakeRows(1)))); ++i) {
    }
  });
  std::thread reader([&] {
    v1::IngestResponse response;
    while (stream->Read(&response)) acknowledged += response.rows_counted();
  });
  server_.server->Shutdown(absl::Seconds(60));
  sender.join();
  reader.join();
  EXPECT_EQ(stream->Finish().error_code(), grpc::StatusCode::UNAVAILABLE);
  const auto report = server_.engine->GetReport("m", "", "");
  ASSERT_TRUE(report.ok()) << report.status();
  EXPECT_EQ(report->rows, acknowledged + 1);
}

TEST_F(IngestTest, AStoppedEngineAsksForARetry) {
  server_.engine->Stop();
  v1::IngestBatchResponse response;
  const grpc::Status status = Send(Numbered("m", 1, MakeRows(1)), &response);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::UNAVAILABLE);
  google::rpc::Status details;
  ASSERT_TRUE(details.ParseFromString(status.error_details()));
  ASSERT_THAT(details.details(), SizeIs(1));
  EXPECT_TRUE(details.details(0).Is<google::rpc::RetryInfo>());
}

TEST(Ingest, AMessageOverTheLimitEndsTheStreamClearlyAndTheNextOneWorks) {
  TestServer server({.address = "127.0.0.1:0", .max_message_bytes = 100'000});
  MakeModel(&server, "m");
  grpc::ClientContext context;
  const auto stream = server.ingest->Ingest(&context);
  stream->Write(RequestOf(Numbered("m", 1, MakeRows(10'000))));
  v1::IngestResponse response;
  EXPECT_FALSE(stream->Read(&response));
  EXPECT_EQ(stream->Finish().error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED);
  grpc::ClientContext again;
  const auto second = server.ingest->Ingest(&again);
  EXPECT_EQ(Ask(second.get(), RequestOf(Numbered("m", 1, MakeRows(10)))).result(),
            v1::INGEST_RESULT_COUNTED);
}

}  // namespace
}  // namespace plumbline::transport
