#include "server/transport/report_impact.h"

#include <algorithm>
#include <cmath>
#include <optional>

#include "server/transport/control_services.h"
#include "server/transport/convert.h"
#include "server/transport/status.h"

namespace plumbline::transport {
namespace {

constexpr size_t kMaxImpacts = 100;  // of a report

// The numbers of both enums are the same.
static_assert(static_cast<int>(checks::ImpactVerdict::kDifferent) == v1::IMPACT_VERDICT_DIFFERENT);

}  // namespace

v1::PredictionImpact ToWire(const checks::Impact& impact) {
  v1::PredictionImpact out;
  out.set_variable(impact.variable);
  out.set_state(impact.state);
  out.set_category(impact.category);
  out.set_prediction(impact.prediction);
  out.set_rows(impact.rows);
  out.set_rows_without(impact.without);
  out.set_rows_with(impact.with);
  out.set_against_training(impact.against_training);
  SetIf(impact.mean_without, [&](double x) { out.set_mean_without(x); });
  SetIf(impact.mean_with, [&](double x) { out.set_mean_with(x); });
  out.set_group(impact.group);
  SetIf(impact.share_without, [&](double x) { out.set_share_without(x); });
  SetIf(impact.share_with, [&](double x) { out.set_share_with(x); });
  SetIf(impact.difference, [&](double x) { out.set_difference(x); });
  SetIf(impact.lower, [&](double x) { out.set_lower(x); });
  SetIf(impact.upper, [&](double x) { out.set_upper(x); });
  SetIf(impact.effect, [&](double x) { out.set_effect(x); });
  SetIf(impact.tvd, [&](double x) { out.set_tvd(x); });
  SetIf(impact.p_value, [&](double x) { out.set_p_value(x); });
  out.set_verdict(static_cast<v1::ImpactVerdict>(impact.verdict));
  out.set_reason(impact.reason);
  return out;
}

void AddImpacts(const std::vector<checks::Impact>& impacts, v1::Report* report) {
  const size_t shown = std::min(impacts.size(), kMaxImpacts);
  for (size_t i = 0; i < shown; ++i) *report->add_impacts() = ToWire(impacts[i]);
  report->set_impacts_left_out(impacts.size() - shown);
}

void NameSilentCategories(engine::Engine* engine, v1::Report* report) {
  for (v1::Finding& finding : *report->mutable_findings()) {
    if (finding.cause() != "category_silent") continue;
    const auto impact = engine->GetImpact(report->model(), report->version(), finding.variable());
    if (!impact.ok()) return;
    for (const checks::Impact& one : impact->impacts) {
      if (one.category.empty()) continue;
      *finding.add_impacts() = ToWire(one);
      *report->add_impacts() = ToWire(one);
    }
  }
}

grpc::Status ReportService::GetImpact(grpc::ServerContext*, const v1::GetImpactRequest* request,
                                      v1::GetImpactResponse* response) {
  const auto report = engine_->GetImpact(request->model(), request->version(), request->variable(),
                                         request->source());
  if (!report.ok()) return ToGrpcStatus(report.status());
  response->set_model(report->key.model);
  response->set_version(report->key.version);
  response->set_baseline_number(report->baseline_number);
  response->set_source(report->source);
  response->set_rows(report->rows);
  for (const checks::Impact& impact : report->impacts) *response->add_impacts() = ToWire(impact);
  return grpc::Status::OK;
}

}  // namespace plumbline::transport
