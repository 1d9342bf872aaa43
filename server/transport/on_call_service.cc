#include "server/transport/on_call_service.h"

#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "server/transport/convert.h"
#include "server/transport/convert_on_call.h"
#include "server/transport/status.h"

namespace plumbline::transport {
namespace {

// To the microsecond, as the store keeps it. Errors: InvalidArgument beyond the years 1 to 9999.
absl::StatusOr<absl::Time> TimeOf(absl::string_view field,
                                  const google::protobuf::Timestamp& time) {
  constexpr int64_t kFirst = -62'135'596'800, kLast = 253'402'300'799;
  if (time.seconds() < kFirst || time.seconds() > kLast || time.nanos() < 0 ||
      time.nanos() > 999'999'999) {
    return absl::InvalidArgumentError(
        absl::StrCat(field, " is no time: ", time.seconds(), " s and ", time.nanos(), " ns"));
  }
  return absl::FromUnixSeconds(time.seconds()) + absl::Microseconds(time.nanos() / 1'000);
}

// Errors: InvalidArgument for what is not longer than nothing, or longer than 10,000 years.
absl::StatusOr<absl::Duration> DurationOf(absl::string_view field,
                                          const google::protobuf::Duration& duration) {
  constexpr int64_t kLongest = 315'576'000'000;
  const bool sound = duration.seconds() >= 0 && duration.seconds() <= kLongest &&
                     duration.nanos() >= 0 && duration.nanos() <= 999'999'999;
  const absl::Duration length =
      absl::Seconds(sound ? duration.seconds() : 0) + absl::Microseconds(duration.nanos() / 1'000);
  if (sound && length > absl::ZeroDuration()) return length;
  return absl::InvalidArgumentError(absl::StrCat(field, " is ", duration.seconds(), " s and ",
                                                 duration.nanos(), " ns; it is longer than 0"));
}

absl::StatusOr<checks::CheckId> CheckOf(const std::string& name) {
  const std::optional<checks::CheckId> check = checks::ParseCheckId(name);
  if (check.has_value()) return *check;
  return absl::InvalidArgumentError(name.empty() ? "check is missing"
                                                 : absl::StrCat("\"", name, "\" is no check"));
}

// Errors: InvalidArgument for both.
absl::Status SourceOrSlice(absl::string_view what, const std::string& source,
                           const std::string& slice) {
  if (source.empty() || slice.empty()) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat(what,
                                                 " is of a source or of a slice, not of source \"",
                                                 source, "\" and slice \"", slice, "\""));
}

absl::StatusOr<checks::AlertFilter> FilterOf(const v1::AlertSelection& alerts) {
  checks::AlertFilter filter;
  if (!alerts.incident().empty()) filter.incident = alerts.incident();
  // Not all of a model by accident.
  if (!filter.incident.has_value() || !alerts.check().empty()) {
    auto check = CheckOf(alerts.check());
    if (!check.ok()) return check.status();
    filter.check = *check;
  }
  if (alerts.has_variable()) filter.variable = alerts.variable();
  if (alerts.has_source()) filter.source = alerts.source();
  if (alerts.has_slice()) filter.slice = alerts.slice();
  absl::Status one = SourceOrSlice("an alert", alerts.source(), alerts.slice());
  if (!one.ok()) return one;
  return filter;
}

// By the model it is about.
absl::Status About(const std::string& model, const absl::Status& status) {
  return absl::Status(status.code(), absl::StrCat("model \"", model, "\": ", status.message()));
}

}  // namespace

grpc::Status OnCallService::AcknowledgeAlerts(grpc::ServerContext*,
                                              const v1::AcknowledgeAlertsRequest* request,
                                              v1::AcknowledgeAlertsResponse* response) {
  const auto filter = FilterOf(request->alerts());
  if (!filter.ok()) return ToGrpcStatus(About(request->alerts().model(), filter.status()));
  const auto alerts =
      engine_->AcknowledgeAlerts(request->alerts().model(), request->alerts().version(), *filter,
                                 checks::Signature{request->by(), request->reason(), absl::Time()});
  if (!alerts.ok()) return ToGrpcStatus(alerts.status());
  for (const engine::ModelAlert& alert : *alerts) *response->add_alerts() = ToWire(alert);
  return grpc::Status::OK;
}

grpc::Status OnCallService::UnacknowledgeAlerts(grpc::ServerContext*,
                                                const v1::UnacknowledgeAlertsRequest* request,
                                                v1::UnacknowledgeAlertsResponse* response) {
  const auto filter = FilterOf(request->alerts());
  if (!filter.ok()) return ToGrpcStatus(About(request->alerts().model(), filter.status()));
  const auto alerts = engine_->AcknowledgeAlerts(
      request->alerts().model(), request->alerts().version(), *filter, std::nullopt);
  if (!alerts.ok()) return ToGrpcStatus(alerts.status());
  for (const engine::ModelAlert& alert : *alerts) *response->add_alerts() = ToWire(alert);
  return grpc::Status::OK;
}

grpc::Status OnCallService::MuteCheck(grpc::ServerContext*, const v1::MuteCheckRequest* request,
                                      v1::MuteCheckResponse* response) {
  const auto check = CheckOf(request->check());
  if (!check.ok()) return ToGrpcStatus(About(request->model(), check.status()));
  const absl::Status one = SourceOrSlice("a mute", request->source(), request->slice());
  if (!one.ok()) return ToGrpcStatus(About(request->model(), one));
  checks::Mute mute{*check,
                    request->variable(),
                    request->slice(),
                    request->source(),
                    absl::InfinitePast(),
                    {request->by(), request->reason(), absl::Time()},
                    std::nullopt};
  absl::Duration lasts;
  if (request->has_lasts()) {
    const auto duration = DurationOf("lasts", request->lasts());
    if (!duration.ok()) return ToGrpcStatus(About(request->model(), duration.status()));
    lasts = *duration;
  } else if (request->has_until()) {
    const auto until = TimeOf("until", request->until());
    if (!until.ok()) return ToGrpcStatus(About(request->model(), until.status()));
    mute.until = *until;
  } else {
    return ToGrpcStatus(
        About(request->model(), absl::InvalidArgumentError("a mute needs `until` or `lasts`")));
  }
  const auto done =
      engine_->MuteCheck(request->model(), request->version(), std::move(mute), lasts);
  if (!done.ok()) return ToGrpcStatus(done.status());
  *response->mutable_mute() = ToWire(done->first, done->second);
  return grpc::Status::OK;
}

grpc::Status OnCallService::UnmuteCheck(grpc::ServerContext*, const v1::UnmuteCheckRequest* request,
                                        v1::UnmuteCheckResponse* response) {
  const auto check = CheckOf(request->check());
  if (!check.ok()) return ToGrpcStatus(About(request->model(), check.status()));
  checks::Mute mute;
  mute.check = *check;
  mute.variable = request->variable();
  mute.slice = request->slice();
  mute.source = request->source();
  const auto done = engine_->UnmuteCheck(request->model(), request->version(), mute,
                                         {request->by(), request->reason(), absl::Time()});
  if (!done.ok()) return ToGrpcStatus(done.status());
  *response->mutable_mute() = ToWire(done->first, done->second);
  return grpc::Status::OK;
}

grpc::Status OnCallService::ListMutes(grpc::ServerContext*, const v1::ListMutesRequest* request,
                                      v1::ListMutesResponse* response) {
  const auto books = engine_->ListOnCall(request->model(), request->version());
  if (!books.ok()) return ToGrpcStatus(books.status());
  for (const engine::ModelOnCall& one : *books) {
    for (const checks::Mute& mute : one.book->mutes()) {
      if (mute.ended.has_value() && !request->include_ended()) continue;
      *response->add_mutes() = ToWire(one.key, mute);
    }
  }
  return grpc::Status::OK;
}

grpc::Status OnCallService::DeclareChange(grpc::ServerContext*,
                                          const v1::DeclareChangeRequest* request,
                                          v1::DeclareChangeResponse* response) {
  const auto lasts = DurationOf("lasts", request->lasts());
  if (!lasts.ok()) return ToGrpcStatus(About(request->model(), lasts.status()));
  checks::ExpectedChange change{request->name(),
                                {request->variables().begin(), request->variables().end()},
                                absl::InfinitePast(),
                                {},
                                {request->by(), request->reason(), absl::Time()},
                                std::nullopt};
  if (request->has_from()) {
    const auto from = TimeOf("from", request->from());
    if (!from.ok()) return ToGrpcStatus(About(request->model(), from.status()));
    change.from = *from;
  }
  const auto done =
      engine_->DeclareChange(request->model(), request->version(), std::move(change), *lasts);
  if (!done.ok()) return ToGrpcStatus(done.status());
  *response->mutable_change() = ToWire(done->first, done->second);
  return grpc::Status::OK;
}

grpc::Status OnCallService::WithdrawChange(grpc::ServerContext*,
                                           const v1::WithdrawChangeRequest* request,
                                           v1::WithdrawChangeResponse* response) {
  const auto done = engine_->WithdrawChange(request->model(), request->version(), request->name(),
                                            {request->by(), request->reason(), absl::Time()});
  if (!done.ok()) return ToGrpcStatus(done.status());
  *response->mutable_change() = ToWire(done->first, done->second);
  return grpc::Status::OK;
}

grpc::Status OnCallService::ListChanges(grpc::ServerContext*, const v1::ListChangesRequest* request,
                                        v1::ListChangesResponse* response) {
  const auto books = engine_->ListOnCall(request->model(), request->version());
  if (!books.ok()) return ToGrpcStatus(books.status());
  for (const engine::ModelOnCall& one : *books) {
    for (const checks::ExpectedChange& change : one.book->changes()) {
      if (change.ended.has_value() && !request->include_ended()) continue;
      *response->add_changes() = ToWire(one.key, change);
    }
  }
  return grpc::Status::OK;
}

grpc::Status OnCallService::ListIncidents(grpc::ServerContext*,
                                          const v1::ListIncidentsRequest* request,
                                          v1::ListIncidentsResponse* response) {
  const auto incidents = engine_->ListIncidents(request->model(), request->version());
  if (!incidents.ok()) return ToGrpcStatus(incidents.status());
  for (const engine::ModelIncident& one : *incidents) *response->add_incidents() = ToWire(one);
  return grpc::Status::OK;
}

}  // namespace plumbline::transport
