#include "server/transport/convert.h"

#include <algorithm>
#include <cmath>
#include <string>

#include "server/transport/convert_environment.h"
#include "server/transport/convert_on_call.h"
#include "server/transport/convert_performance.h"
#include "server/transport/report_impact.h"

namespace plumbline::transport {
namespace {

constexpr size_t kMaxLosses = 1'000;  // of a report

void AddDistribution(const std::vector<profile::DistributionGroup>& groups,
                     v1::VariableReport* out) {
  for (const profile::DistributionGroup& group : groups) {
    v1::DistributionBin* bin = out->add_distribution();
    bin->set_label(group.label);
    SetIf(group.lower, [&](double x) { bin->set_lower(x); });
    SetIf(group.upper, [&](double x) { bin->set_upper(x); });
    bin->set_baseline_count(group.baseline_count);
    bin->set_live_count(group.live_count);
  }
}

}  // namespace

google::protobuf::Timestamp ToWire(absl::Time time) {
  google::protobuf::Timestamp out;
  const int64_t seconds = absl::ToUnixSeconds(time);
  out.set_seconds(seconds);
  out.set_nanos(
      static_cast<int32_t>(absl::ToInt64Nanoseconds(time - absl::FromUnixSeconds(seconds))));
  return out;
}

v1::Role ToWire(profile::Role role) { return static_cast<v1::Role>(role); }

v1::Kind ToWire(profile::Kind kind) { return static_cast<v1::Kind>(kind); }

std::optional<profile::Role> FromWire(v1::Role role) {
  if (role == v1::ROLE_UNSPECIFIED || !v1::Role_IsValid(role)) return std::nullopt;
  return static_cast<profile::Role>(role);
}

std::optional<profile::Kind> FromWire(v1::Kind kind) {
  if (kind == v1::KIND_UNSPECIFIED || !v1::Kind_IsValid(kind)) return std::nullopt;
  return static_cast<profile::Kind>(kind);
}

// The numbers of both enums are the same.
static_assert(static_cast<int>(profile::Role::kLabel) == v1::ROLE_LABEL);
static_assert(static_cast<int>(profile::Role::kPrediction) == v1::ROLE_PREDICTION);
static_assert(static_cast<int>(profile::Kind::kNumeric) == v1::KIND_NUMERIC);
static_assert(static_cast<int>(profile::Kind::kCategorical) == v1::KIND_CATEGORICAL);

v1::Finding ToWire(const checks::Finding& finding) {
  v1::Finding out;
  out.set_variable(finding.variable);
  out.set_check(std::string(checks::CheckName(finding.check)));
  out.set_statistic(finding.statistic);
  SetIf(finding.value, [&](double x) { out.set_value(x); });
  SetIf(finding.threshold, [&](double x) { out.set_threshold(x); });
  SetIf(finding.baseline, [&](double x) { out.set_baseline(x); });
  SetIf(finding.p_value, [&](double x) { out.set_p_value(x); });
  out.set_status(std::string(checks::StatusName(finding.status)));
  out.set_severity(std::string(checks::SeverityName(finding.severity)));
  out.set_reason(finding.reason);
  out.set_rows(finding.rows);
  out.set_cause(finding.cause);
  out.set_source(finding.source);
  out.set_slice(finding.slice);
  for (const checks::CoOccurrence& cause : finding.causes) {
    v1::CoOccurrence* const added = out.add_causes();
    added->set_variable(cause.variable);
    added->set_state(cause.state);
    added->set_share(cause.share);
    added->set_reference(cause.reference);
    added->set_lift(cause.lift);
  }
  if (finding.rename.has_value()) {
    v1::RenameGuess* const rename = out.mutable_rename();
    rename->set_variable(finding.rename->name);
    rename->set_name_similarity(finding.rename->name_similarity);
    rename->set_distance(finding.rename->distance);
    rename->set_values(static_cast<uint32_t>(finding.rename->values));
  }
  for (const checks::Substitute& similar : finding.similar) {
    *out.add_similar() = ToWire(similar.variable, similar.similarity);
  }
  for (const checks::Impact& impact : finding.impacts) *out.add_impacts() = ToWire(impact);
  return out;
}

v1::SimilarVariable ToWire(absl::string_view variable, const profile::Similarity& similar) {
  v1::SimilarVariable out;
  out.set_variable(std::string(variable));
  out.set_association(std::string(profile::AssociationName(similar.association)));
  out.set_value(similar.value);
  out.set_rows(similar.rows);
  return out;
}

v1::Alert ToWire(const engine::ModelAlert& alert) {
  v1::Alert out;
  out.set_model(alert.key.model);
  out.set_version(alert.key.version);
  *out.mutable_finding() = ToWire(alert.alert.finding);
  AddOnCall(alert.alert, out.mutable_finding());
  switch (alert.alert.state) {
    case checks::AlertState::kInactive:
      out.set_state("INACTIVE");
      break;
    case checks::AlertState::kPending:
      out.set_state("PENDING");
      break;
    case checks::AlertState::kFiring:
      out.set_state(alert.alert.fires() ? "FIRING" : "HELD");
      break;
    case checks::AlertState::kResolved:
      out.set_state("RESOLVED");
      break;
  }
  if (alert.alert.pending_since) *out.mutable_pending_since() = ToWire(*alert.alert.pending_since);
  if (alert.alert.firing_since) *out.mutable_firing_since() = ToWire(*alert.alert.firing_since);
  if (alert.alert.resolved_at) *out.mutable_resolved_at() = ToWire(*alert.alert.resolved_at);
  out.set_baseline_number(alert.baseline_number);
  return out;
}

v1::VariableStatistics ToWire(const std::string& variable, const profile::VariableStatistics& in) {
  v1::VariableStatistics out;
  out.set_variable(variable);
  out.set_rows(in.rows);
  SetIf(in.psi, [&](double x) { out.set_psi(x); });
  SetIf(in.psi_corrected, [&](double x) { out.set_psi_corrected(x); });
  SetIf(in.js_distance, [&](double x) { out.set_js_distance(x); });
  SetIf(in.ks, [&](double x) { out.set_ks(x); });
  SetIf(in.ks_p_value, [&](double x) { out.set_ks_p_value(x); });
  SetIf(in.ks_resolution, [&](double x) { out.set_ks_resolution(x); });
  SetIf(in.wasserstein, [&](double x) { out.set_wasserstein(x); });
  SetIf(in.wasserstein_raw, [&](double x) { out.set_wasserstein_raw(x); });
  SetIf(in.hellinger, [&](double x) { out.set_hellinger(x); });
  SetIf(in.tvd, [&](double x) { out.set_tvd(x); });
  SetIf(in.l_infinity, [&](double x) { out.set_l_infinity(x); });
  SetIf(in.chi_square, [&](double x) { out.set_chi_square(x); });
  SetIf(in.chi_square_p_value, [&](double x) { out.set_chi_square_p_value(x); });
  SetIf(in.cramers_v, [&](double x) { out.set_cramers_v(x); });
  SetIf(in.null_rate, [&](double x) { out.set_null_rate(x); });
  SetIf(in.nan_rate, [&](double x) { out.set_nan_rate(x); });
  SetIf(in.inf_rate, [&](double x) { out.set_inf_rate(x); });
  SetIf(in.out_of_range_rate, [&](double x) { out.set_out_of_range_rate(x); });
  SetIf(in.unseen_rate, [&](double x) { out.set_unseen_rate(x); });
  SetIf(in.absent_rate, [&](double x) { out.set_absent_rate(x); });
  SetIf(in.wrong_type_rate, [&](double x) { out.set_wrong_type_rate(x); });
  SetIf(in.mean, [&](double x) { out.set_mean(x); });
  SetIf(in.stddev, [&](double x) { out.set_stddev(x); });
  SetIf(in.min, [&](double x) { out.set_min(x); });
  SetIf(in.max, [&](double x) { out.set_max(x); });
  SetIf(in.distinct, [&](double x) { out.set_distinct(x); });
  for (size_t i = 0; i < in.quantiles.size() && i < std::size(profile::kQuantileRanks); ++i) {
    v1::Quantile* quantile = out.add_quantiles();
    quantile->set_rank(profile::kQuantileRanks[i]);
    quantile->set_value(in.quantiles[i]);
  }
  return out;
}

v1::ProducerLoss ToWire(const engine::ProducerLoss& loss) {
  v1::ProducerLoss out;
  out.set_producer(loss.producer);
  out.set_epoch(loss.epoch);
  out.set_highest_sequence(loss.highest);
  out.set_missing_batches(loss.missing);
  out.set_lost_batches(loss.lost);
  out.set_ended(loss.ended);
  out.set_tail_unknown(loss.tail_unknown);
  const int64_t micros = absl::ToInt64Microseconds(loss.silence);
  out.mutable_silence()->set_seconds(micros / 1'000'000);
  out.mutable_silence()->set_nanos(static_cast<int32_t>(micros % 1'000'000 * 1'000));
  return out;
}

v1::Load ToWire(const engine::DeclaredLoad& load) {
  v1::Load out;
  out.set_name(load.name);
  switch (load.state) {
    case engine::LoadState::kOpen:
      out.set_state(v1::LOAD_STATE_OPEN);
      break;
    case engine::LoadState::kWaiting:
      out.set_state(v1::LOAD_STATE_WAITING);
      break;
    case engine::LoadState::kComplete:
      out.set_state(v1::LOAD_STATE_COMPLETE);
      break;
    case engine::LoadState::kRowsMissing:
      out.set_state(v1::LOAD_STATE_ROWS_MISSING);
      break;
    case engine::LoadState::kRowsExtra:
      out.set_state(v1::LOAD_STATE_ROWS_EXTRA);
      break;
    case engine::LoadState::kContentDiffers:
      out.set_state(v1::LOAD_STATE_CONTENT_DIFFERS);
      break;
  }
  if (load.declared_rows.has_value()) out.set_declared_rows(*load.declared_rows);
  if (load.declared_digest.has_value()) {
    out.set_declared_digest(manifest::DigestText(*load.declared_digest));
  }
  out.set_arrived_rows(load.arrived.rows);
  out.set_arrived_digest(manifest::DigestText(load.arrived.digest));
  out.set_batches(load.batches);
  *out.mutable_began() = ToWire(load.began);
  if (load.ended.has_value()) *out.mutable_ended() = ToWire(*load.ended);
  return out;
}

v1::Report ToWire(const engine::Report& report) {
  v1::Report out;
  out.set_model(report.key.model);
  out.set_version(report.key.version);
  out.set_baseline_number(report.baseline_number);
  if (report.start) *out.mutable_start() = ToWire(*report.start);
  if (report.end) *out.mutable_end() = ToWire(*report.end);
  out.set_rows(report.rows);
  out.set_late_rows(report.late_rows);
  for (const checks::Finding& finding : report.findings) *out.add_findings() = ToWire(finding);
  for (const engine::VariableReport& variable : report.variables) {
    v1::VariableReport* one = out.add_variables();
    one->set_variable(variable.variable.name);
    one->set_role(ToWire(variable.variable.role));
    one->set_kind(ToWire(variable.variable.kind));
    *one->mutable_live() = ToWire(variable.variable.name, variable.live);
    *one->mutable_baseline() = ToWire(variable.variable.name, variable.baseline);
    AddDistribution(variable.distribution, one);
    SetIf(variable.natural_psi, [&](double x) { one->set_natural_psi(x); });
    if (variable.left_out_share > 0) one->set_left_out_share(variable.left_out_share);
  }
  const size_t losses = std::min(report.losses.size(), kMaxLosses);
  for (size_t i = 0; i < losses; ++i) *out.add_losses() = ToWire(report.losses[i]);
  out.set_losses_left_out(report.losses.size() - losses);
  out.set_source(report.source);
  for (const engine::SourceSummary& source : report.sources) {
    v1::SourceReport* one = out.add_sources();
    one->set_source(source.name);
    one->set_rows(source.rows);
    one->set_firing_findings(static_cast<uint32_t>(source.firing));
  }
  out.set_rows_of_other_sources(report.rows_of_other_sources);
  out.set_slice(report.slice);
  for (const engine::SliceSummary& slice : report.slices) {
    v1::SliceReport* one = out.add_slices();
    one->set_slice(slice.name);
    one->set_label(slice.label);
    one->set_rows(slice.rows);
    one->set_training_rows(slice.trained_rows);
    one->set_firing_findings(static_cast<uint32_t>(slice.firing));
  }
  out.set_slice_categories_left_out(report.slice_categories_left_out);
  for (const engine::ProducerEnvironment& environment : report.environments) {
    *out.add_environments() = ToWire(environment);
  }
  for (const engine::DeclaredLoad& load : report.loads) *out.add_loads() = ToWire(load);
  if (report.performance.has_value()) *out.mutable_performance() = ToWire(*report.performance);
  AddImpacts(report.impacts, &out);
  AddOnCall(report, &out);
  out.set_natural_variation_unknown(report.natural_variation_unknown);
  out.set_in_time_order(report.in_time_order);
  return out;
}

v1::BacktestChunk ToWire(const engine::BacktestChunk& chunk) {
  v1::BacktestChunk out;
  out.set_chunk(chunk.index);
  out.set_rows(static_cast<uint32_t>(chunk.rows));
  if (chunk.start) *out.mutable_start() = ToWire(*chunk.start);
  if (chunk.end) *out.mutable_end() = ToWire(*chunk.end);
  for (const checks::Finding& finding : chunk.findings) *out.add_findings() = ToWire(finding);
  for (const auto& [name, statistics] : chunk.statistics) {
    *out.add_statistics() = ToWire(name, statistics);
  }
  if (chunk.performance.has_value()) *out.mutable_performance() = ToWire(*chunk.performance);
  out.set_rows_of_other_sources(chunk.rows_of_other_sources);
  out.set_slice_categories_left_out(chunk.categories_left_out);
  for (const engine::ModelIncident& incident : chunk.incidents) {
    *out.add_incidents() = ToWire(incident);
  }
  return out;
}

v1::Model ToWire(const engine::ModelInfo& model) {
  v1::Model out;
  out.set_name(model.name);
  for (const engine::VersionInfo& version : model.versions) {
    v1::ModelVersion* one = out.add_versions();
    one->set_version(version.version);
    one->set_is_default(version.is_default);
    one->set_active_baseline_number(version.active_baseline);
    one->set_rows(version.rows);
    if (version.last_batch) *one->mutable_last_batch_time() = ToWire(*version.last_batch);
    if (version.watermark) *one->mutable_watermark() = ToWire(*version.watermark);
    one->set_firing_alerts(version.firing_alerts);
  }
  return out;
}

v1::BaselineSummary ToWire(const engine::BaselineInfo& info) {
  v1::BaselineSummary out;
  out.set_model(info.key.model);
  out.set_version(info.key.version);
  out.set_number(info.number);
  out.set_active(info.active);
  out.set_rows(info.head.rows());
  out.set_variables(info.head.variables());
  *out.mutable_created_at() = ToWire(absl::FromUnixMicros(info.head.created_at_micros()));
  if (info.head.has_data_start_micros()) {
    *out.mutable_data_start() = ToWire(absl::FromUnixMicros(info.head.data_start_micros()));
  }
  if (info.head.has_data_end_micros()) {
    *out.mutable_data_end() = ToWire(absl::FromUnixMicros(info.head.data_end_micros()));
  }
  out.set_description(info.head.description());
  return out;
}

v1::Baseline ToWire(const engine::BaselineInfo& info, const profile::Baseline& baseline) {
  v1::Baseline out;
  *out.mutable_summary() = ToWire(info);
  if (!baseline.environment.empty()) *out.mutable_environment() = ToWire(baseline.environment);
  out.set_natural_variation_unknown(!profile::KnowsNaturalVariation(baseline));
  out.set_in_time_order(baseline.in_time_order);
  for (const profile::VariableBaseline& variable : baseline.variables) {
    v1::VariableReport* one = out.add_variables();
    one->set_variable(variable.variable.name);
    one->set_role(ToWire(variable.variable.role));
    one->set_kind(ToWire(variable.variable.kind));
    *one->mutable_baseline() = ToWire(variable.variable.name, profile::DescribeBaseline(variable));
    AddDistribution(profile::SideBySide(variable, profile::VariableCounts()), one);
    const double left_out = variable.natural.outside_share;
    if (left_out > 0) one->set_left_out_share(left_out);
    if (variable.natural.psi_limits.empty()) continue;
    one->set_natural_psi(
        variable.natural.PsiLimit(static_cast<double>(variable.counts.Coded()) / 2));
  }
  return out;
}

}  // namespace plumbline::transport
