#include <functional>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "server/base/bounded_queue.h"
#include "server/engine/backtest.h"
#include "server/engine/records.h"
#include "server/profile/similarity.h"
#include "server/transport/control_services.h"
#include "server/transport/convert.h"
#include "server/transport/convert_performance.h"
#include "server/transport/convert_policy.h"
#include "server/transport/message.h"
#include "server/transport/report_impact.h"
#include "server/transport/status.h"
#include "server/transport/wire_batch.h"

namespace plumbline::transport {
namespace {

constexpr size_t kChangesWaiting = 10'000;
constexpr size_t kSimilar = 5;
constexpr size_t kMostSimilar = 1'000;
constexpr absl::Duration kLookForCancel = absl::Milliseconds(200);

std::optional<engine::CalendarUnit> UnitOf(v1::CalendarUnit unit) {
  switch (unit) {
    case v1::CALENDAR_UNIT_HOUR:
      return engine::CalendarUnit::kHour;
    case v1::CALENDAR_UNIT_DAY:
      return engine::CalendarUnit::kDay;
    case v1::CALENDAR_UNIT_WEEK:
      return engine::CalendarUnit::kWeek;
    case v1::CALENDAR_UNIT_MONTH:
      return engine::CalendarUnit::kMonth;
    default:
      return std::nullopt;
  }
}

absl::StatusOr<engine::Chunking> ChunkingOf(const v1::BacktestHeader& header) {
  engine::Chunking chunking;
  switch (header.chunking_case()) {
    case v1::BacktestHeader::kChunkRows:
      if (header.chunk_rows() == 0) {
        return absl::InvalidArgumentError("chunk_rows is 0; a chunk has at least one row");
      }
      chunking.rows = header.chunk_rows();
      break;
    case v1::BacktestHeader::kChunkDuration: {
      const auto& duration = header.chunk_duration();
      chunking.duration = absl::Seconds(duration.seconds()) + absl::Nanoseconds(duration.nanos());
      if (chunking.duration < absl::Seconds(1) || chunking.duration > absl::Hours(24 * 366 * 100)) {
        return absl::InvalidArgumentError(absl::StrCat("chunk_duration is ",
                                                       absl::FormatDuration(chunking.duration),
                                                       "; it is between a second and a century"));
      }
      break;
    }
    case v1::BacktestHeader::kChunkCalendar:
      chunking.calendar = UnitOf(header.chunk_calendar());
      if (!chunking.calendar.has_value()) {
        return absl::InvalidArgumentError("chunk_calendar is not a unit of the calendar");
      }
      break;
    case v1::BacktestHeader::CHUNKING_NOT_SET:
      break;
  }
  return chunking;
}

absl::StatusOr<std::unique_ptr<engine::Backtester>> NewBacktest(const v1::BacktestHeader& header,
                                                                engine::Engine* engine) {
  const auto chunking = ChunkingOf(header);
  if (!chunking.ok()) return chunking.status();
  std::optional<checks::Policy> policy;
  if (header.has_policy()) {
    const auto record = ToRecord(header.policy());
    if (!record.ok()) return record.status();
    auto effective = engine::EffectivePolicy(*record);
    if (!effective.ok()) return effective.status();
    policy = *std::move(effective);
  }
  return engine->NewBacktest(header.model(), header.version(), header.baseline_number(), policy,
                             *chunking, header.source_column());
}

// Rows of a backtest, if they keep the contract.
absl::Status AddRows(const grpc::ByteBuffer& bytes, engine::Backtester* backtester,
                     const std::function<void(engine::BacktestChunk)>& emit,
                     std::vector<profile::FieldViolation>* violations) {
  const Message<v1::BacktestRequest> message(bytes);
  if (!message.sound()) {
    return absl::InvalidArgumentError(
        "the message cannot be parsed: a text that is not UTF-8, or damaged bytes");
  }
  if (!message.get().has_batch()) {
    return absl::InvalidArgumentError("after the header come batches, and nothing else");
  }
  *violations = ValidateWire(message.get().batch());
  profile::BatchView view;
  if (violations->empty()) {
    view = ViewOf(message.get().batch());
    *violations = profile::ValidateBatch(view);
  }
  if (!violations->empty()) return ViolationsStatus(*violations);
  return backtester->Add(view, emit);
}

}  // namespace

ReportService::ReportService(engine::Engine* engine, int max_watchers, OpenCalls* calls)
    : engine_(engine), max_watchers_(max_watchers), calls_(calls) {
  const int backtest = v1::BacktestRequest::descriptor()
                           ->file()
                           ->FindServiceByName("ReportService")
                           ->FindMethodByName("Backtest")
                           ->index();
  using Stream = grpc::ServerReaderWriter<grpc::ByteBuffer, grpc::ByteBuffer>;
  // As generated code replaces handlers; the service owns it.
  MarkMethodStreamed(backtest, new grpc::internal::TemplatedBidiStreamingHandler<Stream, false>(
                                   [this](grpc::ServerContext* context, Stream* stream) {
                                     return BacktestBytes(context, stream);
                                   }));
}

grpc::Status ReportService::GetReport(grpc::ServerContext*, const v1::GetReportRequest* request,
                                      v1::GetReportResponse* response) {
  const auto report = engine_->GetReport(request->model(), request->version(), request->variable(),
                                         {request->source(), request->slice()});
  if (!report.ok()) return ToGrpcStatus(report.status());
  *response->mutable_report() = ToWire(*report);
  if (request->source().empty() && request->slice().empty()) {
    NameSilentCategories(engine_, response->mutable_report());
  }
  return grpc::Status::OK;
}

grpc::Status ReportService::ListSimilarVariables(grpc::ServerContext*,
                                                 const v1::ListSimilarVariablesRequest* request,
                                                 v1::ListSimilarVariablesResponse* response) {
  const auto baseline = engine_->GetWholeBaseline(request->model(), request->version(), 0);
  if (!baseline.ok()) return ToGrpcStatus(baseline.status());
  const std::optional<size_t> variable = (*baseline)->schema.Find(request->variable());
  if (!variable.has_value()) {
    return ToGrpcStatus(absl::NotFoundError(absl::StrCat(
        "model \"", request->model(), "\" has no variable \"", request->variable(), "\"")));
  }
  if (request->limit() > kMostSimilar) {
    return ToGrpcStatus(absl::InvalidArgumentError(
        absl::StrCat("limit is ", request->limit(), "; it is at most ", kMostSimilar)));
  }
  const size_t limit = request->limit() == 0 ? kSimilar : request->limit();
  for (const profile::Similarity& similar : profile::MostSimilar(**baseline, *variable, limit)) {
    *response->add_variables() =
        ToWire((*baseline)->variables[similar.variable].variable.name, similar);
  }
  return grpc::Status::OK;
}

grpc::Status ReportService::GetPerformance(grpc::ServerContext*,
                                           const v1::GetPerformanceRequest* request,
                                           v1::GetPerformanceResponse* response) {
  const std::optional<engine::CalendarUnit> unit = UnitOf(request->by());
  if (request->by() != v1::CALENDAR_UNIT_UNSPECIFIED && !unit.has_value()) {
    return ToGrpcStatus(absl::InvalidArgumentError("by is not a unit of the calendar"));
  }
  const auto report = engine_->GetPerformance(request->model(), request->version(), unit);
  if (!report.ok()) return ToGrpcStatus(report.status());
  *response->mutable_performance() = ToWire(*report);
  return grpc::Status::OK;
}

grpc::Status ReportService::ListAlerts(grpc::ServerContext*, const v1::ListAlertsRequest* request,
                                       v1::ListAlertsResponse* response) {
  if (!request->model().empty()) {
    const auto model = engine_->GetModel(request->model());
    if (!model.ok()) return ToGrpcStatus(model.status());
  }
  for (const engine::ModelAlert& alert :
       engine_->ListAlerts(request->model(), request->version(), request->include_resolved())) {
    *response->add_alerts() = ToWire(alert);
  }
  return grpc::Status::OK;
}

grpc::Status ReportService::WatchAlerts(grpc::ServerContext* context,
                                        const v1::WatchAlertsRequest* request,
                                        grpc::ServerWriter<v1::WatchAlertsResponse>* writer) {
  const OpenCall open(calls_);
  if (watchers_.fetch_add(1) >= max_watchers_) {
    watchers_.fetch_sub(1);
    return ToGrpcStatus(engine_->quota_book()->Refuse(
        engine::Quota::kWatchers, static_cast<uint64_t>(max_watchers_),
        absl::StrCat("there are ", max_watchers_, " watchers of alerts already")));
  }
  base::BoundedQueue<engine::ModelAlert> changes(kChangesWaiting);
  std::atomic<bool> behind{false};
  // Watching begins before the list, so that no change falls between them; one may come twice.
  const uint64_t id = engine_->Watch([&](const engine::ModelAlert& alert) {
    if (!request->model().empty() && alert.key.model != request->model()) return;
    engine::ModelAlert copy = alert;
    if (!changes.TryPush(std::move(copy))) behind.store(true);
  });
  const auto write = [&](const engine::ModelAlert& alert) {
    v1::WatchAlertsResponse response;
    *response.mutable_alert() = ToWire(alert);
    return writer->Write(response);
  };
  writer->SendInitialMetadata();  // tells the client that nothing is missed from here on
  bool connected = true;
  for (const engine::ModelAlert& alert : engine_->ListAlerts(request->model(), "", false)) {
    connected = connected && write(alert);
  }
  while (connected && !context->IsCancelled() && !behind.load() && !draining_.load()) {
    const auto change = changes.PopFor(kLookForCancel);
    if (change.has_value()) connected = write(*change);
  }
  engine_->Unwatch(id);
  watchers_.fetch_sub(1);
  if (behind.load()) {
    return ToGrpcStatus(absl::ResourceExhaustedError(
        absl::StrCat("the watcher fell ", kChangesWaiting, " changes behind")));
  }
  if (draining_.load()) {
    return ToGrpcStatus(absl::UnavailableError("the server is shutting down"));
  }
  return grpc::Status::OK;
}

grpc::Status ReportService::BacktestBytes(
    grpc::ServerContext* context,
    grpc::ServerReaderWriter<grpc::ByteBuffer, grpc::ByteBuffer>* stream) {
  const OpenCall open(calls_);
  grpc::ByteBuffer bytes;
  const bool read = stream->Read(&bytes);
  const Message<v1::BacktestRequest> first(bytes);
  if (!read || !first.sound() || !first.get().has_header()) {
    return ToGrpcStatus(absl::InvalidArgumentError("a backtest begins with its header"));
  }
  const auto backtester = NewBacktest(first.get().header(), engine_);
  if (!backtester.ok()) return ToGrpcStatus(backtester.status());
  const auto emit = [&](const engine::BacktestChunk& chunk) {
    v1::BacktestResponse response;
    *response.mutable_chunk() = ToWire(chunk);
    stream->Write(ToBytes(response));
  };
  for (uint64_t index = 1; stream->Read(&bytes); ++index) {
    std::vector<profile::FieldViolation> violations;
    const absl::Status added = AddRows(bytes, backtester->get(), emit, &violations);
    if (!added.ok()) {
      return ToGrpcStatus(
          absl::Status(added.code(), absl::StrCat("batch number ", index, ": ", added.message())),
          violations);
    }
  }
  if (context->IsCancelled()) return ToGrpcStatus(absl::CancelledError("the client has gone"));
  return ToGrpcStatus((*backtester)->Finish(emit));
}

}  // namespace plumbline::transport
