#include "server/telemetry/metrics.h"

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include "absl/strings/str_format.h"
#include "absl/time/time.h"
#include "server/checks/finding.h"
#include "server/checks/policy.h"
#include "server/telemetry/families.h"
#include "server/telemetry/metric_table.h"

namespace plumbline::telemetry {
namespace {

using LabelValues = std::vector<std::string>;

// What AddModel and AddRest add at most, and plumbline_series_dropped_total.
constexpr size_t kSeriesOfModel = 39;

double ToDouble(uint64_t value) { return static_cast<double>(value); }
double ToDouble(absl::Time time) { return absl::ToDoubleSeconds(time - absl::UnixEpoch()); }
double ToDouble(double value) { return value; }

template <typename Optional>
void AddIfThere(size_t metric, const LabelValues& labels, const Optional& value,
                Families* families) {
  if (value.has_value()) families->Add(metric, labels, ToDouble(*value));
}

void AddModel(const engine::ModelSnapshot& model, Families* families) {
  const LabelValues labels = {model.key.model, model.key.version};
  families->Add(kRows, labels, ToDouble(model.rows));
  families->Add(kRowsLate, labels, ToDouble(model.late_rows));
  for (const auto& [result, count] : {std::make_pair("counted", model.batches.counted),
                                      std::make_pair("duplicate", model.batches.duplicate),
                                      std::make_pair("refused", model.batches.refused)}) {
    families->Add(kBatches, {model.key.model, model.key.version, result}, ToDouble(count));
  }
  families->Add(kBatchesLost, labels, ToDouble(model.losses.lost));
  families->Add(kLostBatches, labels, ToDouble(model.losses.called_lost));
  families->Add(kLostBatchesCleared, labels, ToDouble(model.losses.cleared));
  families->Add(kUnendedEpochs, labels, ToDouble(model.losses.unended_epochs));
  families->Add(kWindowRows, labels, ToDouble(model.window_rows));
  families->Add(kMissingRows, labels, model.missing_rows_share);
  families->Add(kWindowIncomplete, labels, model.incomplete ? 1 : 0);
  families->Add(kUnreadablePanes, labels, ToDouble(model.unreadable_panes));
  families->Add(kOpenPanes, labels, ToDouble(model.open_panes));
  families->Add(kSources, labels, ToDouble(model.sources));
  families->Add(kProducers, labels, ToDouble(model.producers));
  if (model.golden.has_value()) {
    for (const auto& [result, count] : {std::make_pair("not_seen", model.golden->not_seen),
                                        std::make_pair("exact", model.golden->exact),
                                        std::make_pair("within", model.golden->within),
                                        std::make_pair("different", model.golden->different)}) {
      families->Add(kGoldenRows, {model.key.model, model.key.version, result}, ToDouble(count));
    }
  }
  if (model.environments > 0) {
    families->Add(kEnvironments, labels, ToDouble(model.environments));
    families->Add(kEnvironmentsDiffering, labels, ToDouble(model.environments_differing));
  }
  if (model.loads.has_value()) {
    families->Add(kLoads, labels, ToDouble(model.loads->loads));
    families->Add(kLoadsDiffering, labels, ToDouble(model.loads->differing));
    families->Add(kLoadRowsMissing, labels, ToDouble(model.loads->rows_missing));
  }
  families->Add(kRowsOfFurtherSources, labels, ToDouble(model.rows_of_further_sources));
  families->Add(kRowsNotJudgedApart, labels, ToDouble(model.rows_not_judged_apart));
  families->Add(kProducersExpiredEarly, labels, ToDouble(model.producers_expired_early));
  families->Add(kBaselineNumber, labels, ToDouble(model.baseline_number));
  const checks::OnCallBook none;
  const checks::OnCallBook& on_call = model.on_call == nullptr ? none : *model.on_call;
  families->Add(kMutes, labels, ToDouble(on_call.mutes_in_force()));
  families->Add(kExpectedChanges, labels, ToDouble(on_call.changes_in_force()));
  AddIfThere(kLastBatch, labels, model.last_batch, families);
  AddIfThere(kWatermark, labels, model.watermark, families);
}

// The severities have their series from the start, so that a rule sees when the first is left out.
void AddRest(const engine::ModelKey& key, const Rest& rest, Families* families) {
  for (const checks::Severity severity :
       {checks::Severity::kInfo, checks::Severity::kWarning, checks::Severity::kCritical}) {
    families->Add(kRestAlerts,
                  {key.model, key.version, std::string(checks::SeverityName(severity))},
                  static_cast<double>(rest.alerts[static_cast<size_t>(severity)]));
  }
  families->Add(kRestVariables, {key.model, key.version}, static_cast<double>(rest.variables));
  AddIfThere(kRestPsi, {key.model, key.version}, rest.largest_psi, families);
}

void AddEstimate(const LabelValues& labels, const std::optional<stats::Estimate>& estimate,
                 size_t value, size_t lower, size_t upper, Families* families) {
  if (!estimate.has_value()) return;
  families->Add(value, labels, estimate->value);
  AddIfThere(lower, labels, estimate->lower, families);
  AddIfThere(upper, labels, estimate->upper, families);
}

void AddPerformance(const engine::ModelKey& key, const engine::PerformanceSnapshot& performance,
                    Families* families) {
  for (const engine::MetricReport& metric : performance.window.metrics) {
    const LabelValues labels = {key.model, key.version,
                                std::string(profile::MetricName(metric.metric))};
    AddEstimate(labels, metric.realised, kPerformance, kPerformanceLower, kPerformanceUpper,
                families);
    if (metric.trained.has_value()) {
      families->Add(kPerformanceTraining, labels, metric.trained->value);
    }
    AddEstimate(labels, metric.estimated, kPerformanceEstimated, kPerformanceEstimatedLower,
                kPerformanceEstimatedUpper, families);
    AddIfThere(kPerformanceLimit, labels, metric.limit, families);
  }
  const LabelValues labels = {key.model, key.version};
  const engine::PerformanceChunk& window = performance.window;
  if (window.predictions > 0) {
    families->Add(kUnlabelledRatio, labels,
                  std::max(0.0, 1 - ToDouble(window.labelled) / ToDouble(window.predictions)));
  }
  families->Add(
      kUnlabelledPredictions, labels,
      ToDouble(performance.predictions - std::min(performance.predictions, performance.labelled)));
  const engine::LabelCounts& counts = performance.counts;
  for (const auto& [metric, count] :
       {std::make_pair(kLabelRowsKept, counts.kept), std::make_pair(kLabelsWaiting, counts.waiting),
        std::make_pair(kLabelsJoined, counts.joined),
        std::make_pair(kLabelsDuplicate, counts.duplicates),
        std::make_pair(kLabelsChanged, counts.changed),
        std::make_pair(kLabelsContradicting, counts.contradictions),
        std::make_pair(kLabelsUnusable, counts.unusable_labels),
        std::make_pair(kLabelsExpired, counts.expired_labels),
        std::make_pair(kPredictionsExpired, counts.expired_predictions),
        std::make_pair(kLabelReadsFailed, performance.unreadable)}) {
    families->Add(metric, labels, ToDouble(count));
  }
  if (window.labelled == 0) return;
  families->Add(kLabelDelayMedian, labels, window.median_delay_seconds);
  families->Add(kLabelDelayLong, labels, window.long_delay_seconds);
}

// Never the name of a slice, which has a category in it. nullopt: it is no longer judged.
std::optional<std::string> LabelOfSlice(const engine::ModelSnapshot& model,
                                        const std::string& slice) {
  for (const engine::SliceSnapshot& judged : model.judged_slices) {
    if (judged.name == slice) return judged.label;
  }
  return std::nullopt;
}

void AddAlert(const engine::ModelSnapshot& model, const checks::Alert& alert, Families* families) {
  std::optional<std::string> slice;
  if (!alert.key.slice.empty()) {
    slice = LabelOfSlice(model, alert.key.slice);
    if (!slice.has_value()) return;
  }
  const checks::Finding& finding = alert.finding;
  const bool firing = alert.state == checks::AlertState::kFiring;
  LabelValues labels = {model.key.model,
                        model.key.version,
                        alert.key.variable,
                        std::string(checks::CheckName(alert.key.check)),
                        finding.cause,
                        alert.key.source,
                        std::string(checks::SeverityName(finding.severity)),
                        alert.incident};
  if (slice.has_value()) labels.push_back(*std::move(slice));
  families->Add(kAlertActive, labels, alert.fires() ? 1 : 0);
  families->Add(kAlertHeld, labels, firing && alert.hold.has_value() ? 1 : 0);
  if (firing) families->Add(kAlertAcknowledged, labels, alert.acknowledged.has_value() ? 1 : 0);
  AddIfThere(kAlertValue, labels, finding.value, families);
  AddIfThere(kAlertBaseline, labels, finding.baseline, families);
  AddIfThere(kAlertThreshold, labels, finding.threshold, families);
  if (!finding.impacts.empty() &&
      finding.impacts.front().verdict >= checks::ImpactVerdict::kSmall) {
    AddIfThere(kAlertImpact, labels, finding.impacts.front().effect, families);
  }
  if (firing) AddIfThere(kAlertSince, labels, alert.firing_since, families);
}

void AddDistribution(const engine::ModelKey& key, const engine::VariableSnapshot& variable,
                     Families* families) {
  for (size_t i = 0; i < variable.distribution.size(); ++i) {
    const engine::DistributionShare& share = variable.distribution[i];
    const std::string bin = absl::StrFormat("%02d", i);  // in the order of the values
    families->Add(kDistribution,
                  {key.model, key.version, variable.name, "training", bin, share.edge},
                  share.training);
    families->Add(kDistribution, {key.model, key.version, variable.name, "live", bin, share.edge},
                  share.live);
  }
}

// `source` is empty for all rows.
void AddVariable(const engine::ModelKey& key, const engine::VariableSnapshot& variable,
                 const std::string& source, Families* families) {
  LabelValues labels = {key.model, key.version, variable.name};
  if (!source.empty()) labels.push_back(source);
  for (size_t i = kFirstStatistic; i < Metrics().size(); ++i) {
    if (!source.empty() && !Metrics()[i].by_source) continue;
    AddIfThere(i, labels, variable.live.*Metrics()[i].statistic, families);
  }
  if (!source.empty()) return;
  if (variable.role == profile::Role::kPrediction) families->Add(kPrediction, labels, 1);
  AddDistribution(key, variable, families);
}

void AddSource(const engine::ModelKey& key, const engine::SourceSnapshot& source,
               const std::vector<bool>& shown, Families* families) {
  families->Add(kSourceWindowRows, {key.model, key.version, source.name},
                ToDouble(source.window_rows));
  for (size_t i = 0; i < source.variables.size(); ++i) {
    if (shown[i]) AddVariable(key, source.variables[i], source.name, families);
  }
}

const char* ReasonName(engine::IngestReason reason) {
  using engine::IngestReason;
  switch (reason) {
    case IngestReason::kNone:
      break;
    case IngestReason::kUnreadable:
      return "unreadable";
    case IngestReason::kBadContract:
      return "bad_contract";
    case IngestReason::kUnknownModel:
      return "unknown_model";
    case IngestReason::kFutureTime:
      return "future_time";
    case IngestReason::kRole:
      return "role";
    case IngestReason::kExpiredEpoch:
      return "expired_epoch";
    case IngestReason::kBadNumber:
      return "bad_number";
    case IngestReason::kQueueFull:
      return "queue_full";
    case IngestReason::kInflightBytes:
      return "inflight_bytes";
    case IngestReason::kReceivedBytes:
      return "received_bytes";
    case IngestReason::kNotWritable:
      return "not_writable";
    case IngestReason::kRecovering:
      return "recovering";
    case IngestReason::kReplaced:
      return "replaced";
    case IngestReason::kShuttingDown:
      return "shutting_down";
  }
  return "none";
}

// Every reason has its series from the start, so that a rate sees the first refusal.
void AddReasons(const engine::ServiceSnapshot& service, Families* families) {
  for (size_t i = 1; i < engine::kIngestReasons; ++i) {
    const auto reason = static_cast<engine::IngestReason>(i);
    families->Add(reason < engine::kFirstRetryReason ? kRefusedBatches : kRetries,
                  {ReasonName(reason)}, ToDouble(service.reasons[i]));
  }
}

void AddQuotas(const engine::ServiceSnapshot& service, Families* families) {
  for (size_t i = 0; i < engine::kRefusingQuotas; ++i) {
    const absl::string_view name = engine::QuotaName(static_cast<engine::Quota>(i));
    families->Add(kQuotaRefusals, {std::string(name)}, ToDouble(service.quota_refusals[i]));
  }
}

void AddService(const engine::ServiceSnapshot& service, Families* families) {
  families->AddHistogram(kCommitLatency, engine::kCommitLatencyBounds,
                         service.commit_latency_counts, service.commit_latency_sum_seconds);
  families->Add(kCommits, {}, ToDouble(service.commits));
  families->Add(kCommitFailures, {}, ToDouble(service.commit_failures));
  families->Add(kRecoveries, {}, ToDouble(service.recoveries));
  families->Add(kCommittedBytes, {}, ToDouble(service.committed_bytes));
  families->Add(kEvaluations, {}, ToDouble(service.evaluations));
  families->Add(kQueueDepth, {}, ToDouble(service.queue_depth));
  families->Add(kQueueCapacity, {}, ToDouble(service.queue_capacity));
  AddReasons(service, families);
  families->Add(kInflightBytes, {}, ToDouble(service.inflight_bytes));
  families->Add(kInflightLimit, {}, ToDouble(service.inflight_limit_bytes));
  families->Add(kWaitingStreams, {}, ToDouble(service.waiting_streams));
  families->Add(kWaitingBytes, {}, ToDouble(service.waiting_bytes));
  families->Add(kUnknownModelBatches, {}, ToDouble(service.unknown_model_batches));
  AddQuotas(service, families);
  families->Add(kWritable, {}, service.writable ? 1 : 0);
}

void AddProcess(const ProcessState& process, Families* families) {
  AddIfThere(kResidentMemory, {}, process.resident_bytes, families);
  AddIfThere(kCpu, {}, process.cpu_seconds, families);
  AddIfThere(kOpenFiles, {}, process.open_fds, families);
  AddIfThere(kMaxFiles, {}, process.max_fds, families);
  AddIfThere(kProcessStart, {}, process.start, families);
}

}  // namespace

Exporter::Exporter(ExporterOptions options) : options_(std::move(options)) {}

std::string Exporter::Render(const ModelSnapshots& unsorted, const engine::ServiceSnapshot& service,
                             const ProcessState& process) {
  ModelSnapshots models = unsorted;
  std::sort(models.begin(), models.end(),
            [](const auto& a, const auto& b) { return a->key < b->key; });
  const std::vector<Shown> shown =
      Select(models, kSeriesOfModel, options_.max_series_per_model, options_.max_series);
  Families families;
  for (size_t m = 0; m < models.size(); ++m) {
    const engine::ModelSnapshot& model = *models[m];
    AddModel(model, &families);
    AddRest(model.key, shown[m].rest, &families);
    if (model.performance != nullptr) AddPerformance(model.key, *model.performance, &families);
    for (size_t i = 0; i < model.alerts.size(); ++i) {
      if (shown[m].alerts[i]) AddAlert(model, model.alerts[i], &families);
    }
    for (size_t i = 0; i < model.variables.size(); ++i) {
      if (shown[m].variables[i]) AddVariable(model.key, model.variables[i], "", &families);
    }
    for (size_t s = 0; s < model.judged_sources.size(); ++s) {
      AddSource(model.key, *model.judged_sources[s], shown[m].sources[s], &families);
    }
    for (const engine::SliceSnapshot& slice : model.judged_slices) {
      families.Add(kSliceWindowRows, {model.key.model, model.key.version, slice.label},
                   ToDouble(slice.window_rows));
    }
  }
  AddService(service, &families);
  families.Add(kBuildInfo, {options_.version, __VERSION__}, 1);
  AddProcess(process, &families);
  {
    base::MutexLock lock(&mutex_);
    CountDropped(models, shown);
    for (const auto& [key, dropped] : dropped_) {
      families.Add(kSeriesDropped, {key.model, key.version}, ToDouble(dropped));
    }
  }
  return families.Text();
}

void Exporter::CountDropped(const ModelSnapshots& models, const std::vector<Shown>& shown) {
  std::map<engine::ModelKey, uint64_t> dropped;
  for (size_t m = 0; m < models.size(); ++m) {
    const auto before = dropped_.find(models[m]->key);
    dropped[models[m]->key] =
        shown[m].dropped_series + (before == dropped_.end() ? 0 : before->second);
  }
  dropped_ = std::move(dropped);
}

}  // namespace plumbline::telemetry
