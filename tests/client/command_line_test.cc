#include "client/commands/command_line.h"

#include <gmock/gmock.h>
#include <google/protobuf/struct.pb.h>
#include <google/protobuf/util/json_util.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <initializer_list>
#include <sstream>
#include <string>
#include <vector>

#include "absl/strings/str_split.h"
#include "google/rpc/error_details.pb.h"
#include "plumbline/v1/baseline_service.grpc.pb.h"
#include "plumbline/v1/model_service.grpc.pb.h"
#include "plumbline/v1/profile_service.grpc.pb.h"
#include "plumbline/v1/report_service.grpc.pb.h"
#include "tests/client/fake_ingest.h"
#include "tests/client/temp_file.h"

namespace plumbline::client {
namespace {

using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::StartsWith;

struct Outcome {
  int code;
  std::string out;
  std::string err;
};

Outcome RunPlumbline(std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), "plumbline");
  std::vector<const char*> argv;
  for (const std::string& argument : arguments) argv.push_back(argument.c_str());
  std::ostringstream out;
  std::ostringstream err;
  const int code = RunCommandLine(static_cast<int>(argv.size()), argv.data(), out, err, false);
  return {code, out.str(), err.str()};
}

class FakeBaselines final : public v1::BaselineService::Service {
 public:
  grpc::Status CreateBaseline(grpc::ServerContext*,
                              grpc::ServerReader<v1::CreateBaselineRequest>* reader,
                              v1::CreateBaselineResponse* response) override {
    v1::CreateBaselineRequest request;
    while (reader->Read(&request)) {
      if (request.has_header()) header = request.header();
      if (request.has_batch()) {
        rows += request.batch().row_count();
        first_batch = first_batch.columns().empty() ? request.batch() : first_batch;
      }
      if (request.has_commit()) committed_rows = request.commit().row_count();
    }
    if (header.model() == "refused") {
      google::rpc::Status details;
      details.set_code(3);
      details.set_message("refused: bad rows");
      google::rpc::BadRequest bad;
      auto* violation = bad.add_field_violations();
      violation->set_field("batch.columns[0].name");
      violation->set_description("empty");
      details.add_details()->PackFrom(bad);
      return {grpc::StatusCode::INVALID_ARGUMENT, details.message(), details.SerializeAsString()};
    }
    response->mutable_summary()->set_model(header.model());
    response->mutable_summary()->set_number(1);
    response->mutable_summary()->set_rows(rows);
    return grpc::Status::OK;
  }
  grpc::Status GetBaseline(grpc::ServerContext*, const v1::GetBaselineRequest* request,
                           v1::GetBaselineResponse* response) override {
    if (unavailable > 0) {
      --unavailable;
      return {grpc::StatusCode::UNAVAILABLE, "starting"};
    }
    if (request->model() == "nowhere") {
      return {grpc::StatusCode::NOT_FOUND, "no model nowhere"};
    }
    response->mutable_baseline()->mutable_summary()->set_model(request->model());
    v1::VariableReport* code = response->mutable_baseline()->add_variables();
    code->set_variable("code");
    code->set_kind(v1::KIND_CATEGORICAL);
    code->set_role(v1::ROLE_FEATURE);
    v1::VariableReport* x = response->mutable_baseline()->add_variables();
    x->set_variable("x");
    x->set_kind(v1::KIND_NUMERIC);
    x->set_role(v1::ROLE_PREDICTION);
    return grpc::Status::OK;
  }
  grpc::Status ExportBaseline(grpc::ServerContext*, const v1::ExportBaselineRequest*,
                              v1::ExportBaselineResponse* response) override {
    response->mutable_baseline()->set_content("content");
    response->mutable_baseline()->set_format_version(1);
    return grpc::Status::OK;
  }
  grpc::Status ImportBaseline(grpc::ServerContext*, const v1::ImportBaselineRequest* request,
                              v1::ImportBaselineResponse* response) override {
    imported = *request;
    response->mutable_summary()->set_number(2);
    return grpc::Status::OK;
  }

  v1::CreateBaselineHeader header;
  v1::Batch first_batch;
  uint64_t rows = 0;
  uint64_t committed_rows = 0;
  v1::ImportBaselineRequest imported;
  int unavailable = 0;  // so many calls of GetBaseline fail
};

class FakeModels final : public v1::ModelService::Service {
 public:
  grpc::Status SetPolicy(grpc::ServerContext*, const v1::SetPolicyRequest* request,
                         v1::SetPolicyResponse* response) override {
    *response->mutable_effective() = request->policy();
    return grpc::Status::OK;
  }
  grpc::Status GetPolicy(grpc::ServerContext*, const v1::GetPolicyRequest*,
                         v1::GetPolicyResponse* response) override {
    v1::VariablePolicy* code = response->mutable_stored()->add_variables();
    code->set_variable("code");
    code->add_aliases("zip");
    return grpc::Status::OK;
  }
  grpc::Status ListModels(grpc::ServerContext*, const v1::ListModelsRequest*,
                          v1::ListModelsResponse* response) override {
    v1::Model* model = response->add_models();
    model->set_name("housing");
    model->add_versions()->set_version("v1");
    return grpc::Status::OK;
  }
};

class FakeProfiles final : public v1::ProfileService::Service {
 public:
  grpc::Status CreateProfile(grpc::ServerContext*,
                             grpc::ServerReader<v1::CreateProfileRequest>* reader,
                             v1::CreateProfileResponse*) override {
    v1::CreateProfileRequest request;
    while (reader->Read(&request)) {
      if (request.has_batch()) batch = request.batch();
    }
    return grpc::Status::OK;
  }
  grpc::Status CompareProfiles(grpc::ServerContext*, const v1::CompareProfilesRequest*,
                               v1::CompareProfilesResponse* response) override {
    response->set_verdict(v1::VERDICT_IDENTICAL);
    response->add_stages()->set_stage("raw");
    return grpc::Status::OK;
  }
  v1::Batch batch;
};

class FakeReports final : public v1::ReportService::Service {
 public:
  grpc::Status ListAlerts(grpc::ServerContext*, const v1::ListAlertsRequest*,
                          v1::ListAlertsResponse*) override {
    return grpc::Status::OK;
  }
  grpc::Status WatchAlerts(grpc::ServerContext*, const v1::WatchAlertsRequest*,
                           grpc::ServerWriter<v1::WatchAlertsResponse>* writer) override {
    v1::WatchAlertsResponse change;
    change.mutable_alert()->set_model("housing");
    change.mutable_alert()->set_state("FIRING");
    writer->Write(change);
    return {grpc::StatusCode::UNAVAILABLE, "shutting down"};
  }
  grpc::Status Backtest(
      grpc::ServerContext*,
      grpc::ServerReaderWriter<v1::BacktestResponse, v1::BacktestRequest>* stream) override {
    v1::BacktestRequest request;
    uint32_t rows = 0;
    while (stream->Read(&request)) {
      if (request.has_header()) header = request.header();
      if (!request.has_batch()) continue;
      rows += request.batch().row_count();
      batch = request.batch();
    }
    v1::BacktestResponse response;
    for (uint32_t chunk = 0; chunk < 2; ++chunk) {
      response.mutable_chunk()->set_chunk(chunk);
      response.mutable_chunk()->set_rows(rows / 2);
      stream->Write(response);
    }
    return grpc::Status::OK;
  }
  v1::BacktestHeader header;
  v1::Batch batch;  // the last one
};

class CommandLine : public ::testing::Test {
 protected:
  Outcome RunHere(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), {"--server", server_.address()});
    return RunPlumbline(arguments);
  }

  FakeBaselines baselines_;
  FakeModels models_;
  FakeProfiles profiles_;
  FakeReports reports_;
  FakeIngest ingest_{
      [this](int, const v1::IngestRequest& request) -> std::optional<FakeIngest::Reply> {
        if (request.has_batch()) {
          absl::MutexLock lock(&mutex_);
          sent_.push_back(request.batch());
        }
        if (request.batch().model() == "old") {  // what is of before 2001 is late
          const auto& times = request.batch().batch().event_times().unix_micros();
          const auto late = std::count_if(times.begin(), times.end(), [](int64_t micros) {
            return micros < int64_t{1'000'000'000} * 1'000'000;
          });
          return FakeIngest::Reply{.rows_late = static_cast<uint64_t>(late)};
        }
        if (request.batch().model() != "refusing") return std::nullopt;
        FakeIngest::Reply reply{.result = v1::INGEST_RESULT_REFUSED};
        reply.error.set_code(3);
        reply.error.set_message("column code: wrong");
        return reply;
      }};
  FakeServer server_{{&baselines_, &models_, &profiles_, &reports_, &ingest_}};
  absl::Mutex mutex_;
  std::vector<v1::NumberedBatch> sent_;
};

TEST(CommandLineUsage, EndsWithTwoForWrongUsage) {
  for (const std::vector<std::string>& arguments : std::vector<std::vector<std::string>>{
           {},
           {"dance"},
           {"baseline"},
           {"report"},
           {"report", "--model"},
           {"--format", "xml", "alerts"},
           {"send", "--model", "m", "--csv", "f", "--batch_rows", "0"},
           {"send", "--model", "m", "--csv", "f", "--kind", "a=huge"},
           {"send", "--model", "m", "--csv", "f", "--delimiter", ";;"},
           {"backtest", "--model", "m", "--csv", "f", "--timestamp", "t", "--chunk", "soon"},
           {"backtest", "--model", "m", "--csv", "f", "--chunk", "30d"},
           {"backtest", "--model", "m", "--csv", "f", "--timestamp", "t", "--chunk", "30d",
            "--chunk_rows", "5"},
           {"--tls_cert", "f", "alerts"},
           {"--server", "", "alerts"},
           {"--server", " ", "alerts"},
           {"send", "--model", "m", "--csv", "f", "--load_rows", "-1"},
           {"send", "--model", "m", "--csv", "f", "--load_rows", "99999999999999999999"},
           {"send", "--model", "m", "--csv", "f", "--load_digest", "zz"},
           {"send", "--model", "m", "--csv", "f", "--epoch", "0"},
           {"send", "--model", "m", "--csv", "f", "--rate", "inf"},
           {"send", "--model", "m", "--csv", "f", "--retry_for", "-1"},
           {"load", "end", "--model", "m", "--load", "l", "--rows", "-5"},
           {"load", "end", "--model", "m", "--load", "l", "--digest", "12"},
           {"baseline", "show", "--model", "m", "--number", "0x10"},
           {"similar", "--model", "m", "--variable", "x", "--limit", "4294967296"},
           {"report", "--model", "\xFF\xFE"},
           {"acknowledge", "--model", "m", "--check", "drift", "--by", "anna"},
           {"acknowledge", "--model", "m", "--check", "drift", "--by", "anna", "--reason", "r",
            "--source", "eu", "--slice", "city=rome"},
           {"mute", "set", "--model", "m", "--check", "drift", "--by", "anna", "--reason", "r",
            "--for", "1h", "--source", "eu", "--slice", "city=rome"},
           {"mute", "end", "--model", "m", "--check", "drift", "--by", "anna", "--source", "eu"}}) {
    const Outcome outcome = RunPlumbline(arguments);
    EXPECT_EQ(outcome.code, 2) << ::testing::PrintToString(arguments) << outcome.err;
    EXPECT_THAT(outcome.err, StartsWith("plumbline: "));
    EXPECT_EQ(outcome.out, "");
  }
}

TEST(CommandLineUsage, HelpsAndEndsWithZero) {
  for (const std::vector<std::string>& arguments : std::vector<std::vector<std::string>>{
           {"--help"}, {"send", "--help"}, {"model", "policy", "set", "--help"}}) {
    const Outcome outcome = RunPlumbline(arguments);
    EXPECT_EQ(outcome.code, 0);
    EXPECT_EQ(outcome.err, "");
    EXPECT_THAT(outcome.out, HasSubstr("Usage"));
  }
  EXPECT_THAT(RunPlumbline({"acknowledge", "--help"}).out,
              HasSubstr("[Exactly 1 of the following options is required]"));
}

TEST(CommandLineUsage, SaysWhichNumberIsNone) {
  EXPECT_THAT(RunPlumbline({"load", "end", "--model", "m", "--load", "l", "--rows", "-5"}).err,
              HasSubstr("--rows: `-5` is not a whole number from 0 to 18446744073709551615"));
  EXPECT_THAT(RunPlumbline({"send", "--model", "m", "--csv", "f", "--rate", "0"}).err,
              HasSubstr("--rate: `0` is not a number above 0"));
}

TEST(CommandLineUsage, CapturesOnlyFromPython) {
  const Outcome outcome = RunPlumbline({"env", "capture", "--python", "/bin/echo", "--out", "-"});
  EXPECT_EQ(outcome.code, 1);
  EXPECT_EQ(outcome.err, "plumbline: /bin/echo: it is not Python 3\n");
  EXPECT_EQ(outcome.out, "");
}

TEST(CommandLineUsage, SaysThatThereIsNoServer) {
  const Outcome outcome = RunPlumbline({"--server", "127.0.0.1:1", "model", "list"});
  EXPECT_EQ(outcome.code, 1);
  EXPECT_THAT(outcome.err, StartsWith("plumbline: no plumblined at 127.0.0.1:1 ("));
  EXPECT_THAT(outcome.err, HasSubstr("Connection refused"));
  EXPECT_THAT(outcome.err, EndsWith(")\n"));
}

TEST(CommandLineUsage, SaysThatAFileIsNotThere) {
  const Outcome outcome =
      RunPlumbline({"baseline", "create", "--model", "m", "--csv", "/nowhere.csv"});
  EXPECT_EQ(outcome.code, 1);
  EXPECT_THAT(outcome.err, HasSubstr("/nowhere.csv"));
  EXPECT_EQ(RunPlumbline({"--tls_ca", "/nowhere.pem", "model", "list"}).code, 1);
}

TEST_F(CommandLine, CreatesABaseline) {
  const TempFile file("t;code;x;y;junk\n2020-10-01;007;1,5;0;q\n2020-10-02;008;;1;q\n");
  const Outcome outcome =
      RunHere({"baseline", "create", "--model", "housing", "--csv", file.path(), "--delimiter", ";",
               "--kind", "code=categorical", "--role", "y=label,x=feature", "--timestamp", "t",
               "--ignore", "junk", "--description", "spring", "--keep_inactive"});
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_EQ(outcome.out, "baseline 1 of housing: 2 rows, 0 variables, not active\n");
  EXPECT_EQ(baselines_.committed_rows, 2u);
  EXPECT_TRUE(baselines_.header.keep_inactive());
  EXPECT_EQ(baselines_.header.description(), "spring");
  ASSERT_EQ(baselines_.header.variables_size(), 3);
  EXPECT_EQ(baselines_.header.variables(0).kind(), v1::KIND_CATEGORICAL);
  EXPECT_EQ(baselines_.header.variables(2).role(), v1::ROLE_LABEL);
  ASSERT_EQ(baselines_.first_batch.columns_size(), 3);
  EXPECT_EQ(baselines_.first_batch.columns(0).dictionary_values().dictionary(0), "007");
}

TEST_F(CommandLine, TellsFieldViolationsInOneLine) {
  const TempFile file("x\n1\n");
  const Outcome outcome =
      RunHere({"baseline", "create", "--model", "refused", "--csv", file.path()});
  EXPECT_EQ(outcome.code, 1);
  EXPECT_EQ(outcome.err, "plumbline: refused: bad rows (batch.columns[0].name: empty)\n");
}

TEST_F(CommandLine, ExportsAndImports) {
  const TempFile file("");
  ASSERT_EQ(RunHere({"baseline", "export", "--model", "housing", "--out", file.path()}).code, 0);
  const Outcome outcome =
      RunHere({"baseline", "import", "--in", file.path(), "--model", "copy", "--version", "v9"});
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_EQ(baselines_.imported.model(), "copy");
  EXPECT_EQ(baselines_.imported.version(), "v9");
  EXPECT_EQ(baselines_.imported.baseline().content(), "content");
}

TEST_F(CommandLine, RefusesToImportWhatIsNoBaseline) {
  const TempFile file("");
  EXPECT_EQ(RunHere({"baseline", "import", "--in", file.path()}).code, 1);
}

TEST_F(CommandLine, SendsWithTheKindsOfTheModel) {
  const TempFile file("code,x\n1,1\n2,\n3,3\n");
  const Outcome outcome =
      RunHere({"send", "--model", "housing", "--csv", file.path(), "--batch_rows", "2",
               "--producer", "p", "--epoch", "010", "--source", "eu"});
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_THAT(outcome.out, HasSubstr("sent           3        2\n"));
  absl::MutexLock lock(&mutex_);
  ASSERT_EQ(sent_.size(), 2u);
  EXPECT_EQ(sent_[0].number().producer(), "p");
  EXPECT_EQ(sent_[0].number().epoch(), 10u);
  EXPECT_EQ(sent_[0].batch().source(), "eu");
  EXPECT_TRUE(sent_[0].batch().columns(0).has_dictionary_values());
  EXPECT_TRUE(sent_[0].batch().columns(1).has_double_values());
  ASSERT_EQ(ingest_.controls().size(), 1u);
  EXPECT_EQ(ingest_.controls()[0].end_epoch().last_sequence(), 2u);
}

TEST_F(CommandLine, ProfilesWithTheKindsOfAModel) {
  const TempFile file("code,x\n1,1\n");
  const std::vector<std::string> arguments = {"profile", "create", "--name",
                                              "p",       "--csv",  file.path()};
  ASSERT_EQ(RunHere(arguments).code, 0);
  EXPECT_FALSE(profiles_.batch.columns(0).has_dictionary_values());
  std::vector<std::string> with_model = arguments;
  with_model.insert(with_model.end(), {"--model", "housing"});
  const Outcome outcome = RunHere(with_model);
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_TRUE(profiles_.batch.columns(0).has_dictionary_values());
  EXPECT_TRUE(profiles_.batch.columns(1).has_double_values());
}

TEST_F(CommandLine, WarnsOfAStageThatWasNotCompared) {
  const Outcome outcome = RunHere({"compare", "a", "b", "--stages", "raw,nope"});
  EXPECT_EQ(outcome.code, 0);
  EXPECT_EQ(outcome.err,
            "plumbline: warning: --stages: `nope` is a stage of neither side; compared: raw\n");
}

TEST_F(CommandLine, RefusesAFileThatHasNothingOfTheModel) {
  const TempFile file("code;x\n1;2\n");
  for (const char* command : {"send", "backtest"}) {
    const Outcome outcome = RunHere({command, "--model", "housing", "--csv", file.path()});
    EXPECT_EQ(outcome.code, 1);
    EXPECT_EQ(outcome.err,
              "plumbline: " + file.path() +
                  ": none of its columns (code;x) is a variable of model \"housing\" (code, x): is "
                  "it that file, and is `,` its --delimiter?\n");
  }
  EXPECT_EQ(ingest_.streams(), 0);
}

TEST_F(CommandLine, WarnsOfVariablesWithoutAColumn) {
  const TempFile file("x\n1\n");
  const Outcome outcome = RunHere({"send", "--model", "housing", "--csv", file.path()});
  EXPECT_EQ(outcome.code, 0);
  EXPECT_EQ(outcome.err, "plumbline: warning: " + file.path() +
                             " has no column for 1 variable of model \"housing\": code\n");
  // An alias stands in.
  const TempFile alias("zip,x\n1,1\n");
  EXPECT_EQ(RunHere({"send", "--model", "housing", "--csv", alias.path()}).err, "");
}

TEST_F(CommandLine, SaysWhichRowsWereLateAndFailsIfAllWere) {
  const auto send = [&](const char* rows) {
    const TempFile file(rows);
    return RunHere({"send", "--model", "old", "--csv", file.path(), "--timestamp", "t",
                    "--keep_open", "--batch_rows", "2"});
  };
  const Outcome all = send("t,code,x\n1971-01-01,a,1\n1972-01-01,a,2\n1970-06-01,a,3\n");
  EXPECT_EQ(all.code, 1);
  EXPECT_EQ(all.err,
            "plumbline: 3 of 3 rows with times from 1970-06-01 00:00:00 to 1972-01-01 00:00:00 UTC "
            "came too late: the panes of their times have closed, and no statistics count them; is "
            "`t` the column of their times?\n");
  const Outcome some = send("t,code,x\n1971-01-01,a,1\n2020-01-01,a,2\n2020-01-02,a,3\n");
  EXPECT_EQ(some.code, 0);
  EXPECT_THAT(some.err, HasSubstr("plumbline: warning: 1 of 3 rows with times from 1971-01-01"));
  EXPECT_EQ(send("t,code,x\n2020-01-01,a,2\n").err, "");
}

TEST_F(CommandLine, SendsTheSameAgainAsDuplicates) {
  const TempFile file("x\n1\n2\n3\n");
  const std::vector<std::string> arguments = {
      "--format",  "json",    "send", "--model",      "housing", "--csv",
      file.path(), "--epoch", "7",    "--batch_rows", "2",       "--keep_open"};
  ASSERT_EQ(RunHere(arguments).code, 0);
  const Outcome again = RunHere(arguments);
  ASSERT_EQ(again.code, 0) << again.err;
  EXPECT_THAT(again.out, HasSubstr(R"("rows_counted":0)"));
  EXPECT_THAT(again.out, HasSubstr(R"("rows_duplicate":3)"));
  EXPECT_TRUE(ingest_.controls().empty());
  absl::MutexLock lock(&mutex_);
  ASSERT_EQ(sent_.size(), 4u);
  EXPECT_EQ(sent_[0].SerializeAsString(), sent_[2].SerializeAsString());
  EXPECT_EQ(sent_[1].SerializeAsString(), sent_[3].SerializeAsString());
}

TEST_F(CommandLine, EndsWithOneWhenABatchIsRefused) {
  const TempFile file("code,x\n1,1\n");
  const Outcome outcome = RunHere({"send", "--model", "refusing", "--csv", file.path()});
  EXPECT_EQ(outcome.code, 1);
  EXPECT_THAT(outcome.out, HasSubstr("refused: column code: wrong (1 batch, 1 row)"));
  EXPECT_EQ(outcome.err, "plumbline: 1 batch was refused\n");
}

TEST_F(CommandLine, WaitsForAServerThatIsGoneBeforeItSends) {
  const TempFile file("code,x\n1,1\n");
  baselines_.unavailable = 1;
  const Outcome waited = RunHere({"send", "--model", "housing", "--csv", file.path()});
  EXPECT_EQ(waited.code, 0);
  EXPECT_EQ(waited.err, "plumbline: starting; trying again for 1m\n");
  baselines_.unavailable = 1;
  const Outcome outcome =
      RunHere({"send", "--model", "housing", "--csv", file.path(), "--retry_for", "0"});
  EXPECT_EQ(outcome.code, 1);
  EXPECT_EQ(outcome.err, "plumbline: starting\n");
}

TEST_F(CommandLine, SendsNothingOfAFileWithAnError) {
  const TempFile file("x\n1\n2,3\n");
  const Outcome outcome = RunHere({"send", "--model", "housing", "--csv", file.path()});
  EXPECT_EQ(outcome.code, 1);
  EXPECT_THAT(outcome.err, HasSubstr(":3: 2 fields in a row, 1 in the header"));
  EXPECT_EQ(ingest_.streams(), 0);
}

TEST_F(CommandLine, SaysThatAModelIsNotThere) {
  const TempFile file("x\n1\n");
  const Outcome outcome = RunHere({"send", "--model", "nowhere", "--csv", file.path()});
  EXPECT_EQ(outcome.code, 1);
  EXPECT_EQ(outcome.err, "plumbline: no model nowhere\n");
}

TEST_F(CommandLine, PrintsOneObjectALineForABacktest) {
  const TempFile file("t,x\n2020-10-01,1\n2020-10-02,2\n");
  const Outcome outcome =
      RunHere({"--format", "json", "backtest", "--model", "housing", "--csv", file.path(),
               "--timestamp", "t", "--chunk", "30d", "--baseline", "4"});
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  const std::string rest =
      "\"rows_of_other_sources\":\"0\",\"slice_categories_left_out\":\"0\",\"incidents\":[]}\n";
  EXPECT_EQ(outcome.out, "{\"chunk\":0,\"rows\":1,\"findings\":[],\"statistics\":[]," + rest +
                             "{\"chunk\":1,\"rows\":1,\"findings\":[],\"statistics\":[]," + rest);
  EXPECT_EQ(reports_.header.chunk_duration().seconds(), 30 * 24 * 3600);
  EXPECT_EQ(reports_.header.baseline_number(), 4u);
}

TEST_F(CommandLine, CutsABacktestAsToldTo) {
  const TempFile file("t,x\n2020-10-01,1\n");
  const std::vector<std::string> common = {"backtest",  "--model",     "housing", "--csv",
                                           file.path(), "--timestamp", "t"};
  const auto header_for = [&](std::initializer_list<std::string> more) {
    std::vector<std::string> arguments = common;
    arguments.insert(arguments.end(), more);
    EXPECT_EQ(RunHere(arguments).code, 0);
    return reports_.header;
  };
  EXPECT_EQ(header_for({"--chunk", "month"}).chunk_calendar(), v1::CALENDAR_UNIT_MONTH);
  EXPECT_EQ(header_for({"--chunk", "12h"}).chunk_duration().seconds(), 12 * 3600);
  EXPECT_EQ(header_for({"--chunk_rows", "500"}).chunk_rows(), 500u);
  EXPECT_EQ(header_for({}).chunking_case(), v1::BacktestHeader::CHUNKING_NOT_SET);
}

TEST_F(CommandLine, TellsABacktestWhichColumnNamesTheSources) {
  const TempFile file("t,x,origin\n2020-10-01,1,01\n2020-10-01,2,\n2020-10-01,3,7\n");
  const auto run = [&](const std::string& column) {
    return RunHere({"backtest", "--model", "housing", "--csv", file.path(), "--timestamp", "t",
                    "--source_column", column});
  };
  ASSERT_EQ(run("origin").code, 0);
  EXPECT_EQ(reports_.header.source_column(), "origin");
  bool found = false;
  for (const v1::Column& column : reports_.batch.columns()) {
    if (column.name() != "origin") continue;
    found = true;  // as text, whatever it looks like
    EXPECT_THAT(column.dictionary_values().dictionary(), ::testing::ElementsAre("01", "7"));
    EXPECT_FALSE(column.validity().empty());
  }
  EXPECT_TRUE(found);
  EXPECT_EQ(run("nowhere").code, 1);
  EXPECT_EQ(run("nowhere").err, "plumbline: " + file.path() +
                                    " has no column `nowhere`, which --source_column names\n");
  EXPECT_THAT(run("t").err, HasSubstr("not sent is column `t`"));
}

TEST_F(CommandLine, SetsAPolicyFromAFile) {
  const TempFile file(R"({"window_panes": 30})", ".json");
  const Outcome outcome = RunHere(
      {"--format", "json", "model", "policy", "set", "--model", "housing", "--file", file.path()});
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_THAT(outcome.out, HasSubstr(R"("window_panes":30)"));
  const auto code_of = [&](const char* text) {
    const TempFile policy(text, ".json");
    return RunHere({"model", "policy", "set", "--model", "housing", "--file", policy.path()}).code;
  };
  EXPECT_EQ(code_of("{}"), 0);
  EXPECT_EQ(code_of(""), 1);
  EXPECT_EQ(code_of("\n"), 1);
  const TempFile broken(R"({"windw": 30})", ".json");
  EXPECT_EQ(RunHere({"model", "policy", "set", "--model", "housing", "--file", broken.path()}).code,
            1);
}

TEST_F(CommandLine, TakesGlobalFlagsBehindTheSubcommand) {
  const Outcome outcome =
      RunPlumbline({"model", "list", "--server", server_.address(), "--format", "json"});
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_THAT(outcome.out, StartsWith(R"({"models":[{"name":"housing")"));
}

TEST_F(CommandLine, TakesTheServerFromTheEnvironment) {
  ASSERT_EQ(setenv("PLUMBLINE_SERVER", server_.address().c_str(), 1), 0);
  const Outcome outcome = RunPlumbline({"alerts"});
  unsetenv("PLUMBLINE_SERVER");
  EXPECT_EQ(outcome.code, 0) << outcome.err;
}

TEST_F(CommandLine, ListsAlerts) {
  EXPECT_EQ(RunHere({"alerts"}).out, "no alerts\n");
  EXPECT_EQ(RunHere({"--format", "json", "alerts", "--all"}).out, "{\"alerts\":[]}\n");
}

TEST_F(CommandLine, WatchesUntilTheServerEnds) {
  const Outcome outcome = RunHere({"watch"});
  EXPECT_EQ(outcome.code, 1);
  EXPECT_THAT(outcome.out, HasSubstr("FIRING"));
  EXPECT_EQ(outcome.err, "plumbline: shutting down\n");
}

}  // namespace
}  // namespace plumbline::client
