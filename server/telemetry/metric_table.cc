#include "server/telemetry/metric_table.h"

namespace plumbline::telemetry {
namespace {

using profile::VariableStatistics;

constexpr auto kCounter = prometheus::MetricType::Counter;
constexpr auto kGauge = prometheus::MetricType::Gauge;
constexpr auto kHistogram = prometheus::MetricType::Histogram;

constexpr Metric kMetrics[] = {
    // Models.
    {"plumbline_rows_total", "Rows counted since the baseline was activated.", kCounter,
     LabelSet::kModel},
    {"plumbline_rows_late_total", "Rows whose event time was too late for any window.", kCounter,
     LabelSet::kModel},
    {"plumbline_batches_total", "Batches by what became of them.", kCounter,
     LabelSet::kBatchResult},
    {"plumbline_batches_lost",
     "Numbers of batches missing for longer than the grace period; falls when one still arrives, "
     "and when its epoch, or as long a time, has expired.",
     kGauge, LabelSet::kModel},
    {"plumbline_lost_batches_total",
     "Numbers of batches that were ever missing for longer than the grace period.", kCounter,
     LabelSet::kModel},
    {"plumbline_lost_batches_cleared_total",
     "Those of them that arrived after all, or that their producer declared given up.", kCounter,
     LabelSet::kModel},
    {"plumbline_unended_epochs",
     "Epochs of producers that did not say which batch was their last, and are not going on.",
     kGauge, LabelSet::kModel},
    {"plumbline_window_rows", "Rows in the current window.", kGauge, LabelSet::kModel},
    {"plumbline_missing_rows_ratio",
     "Rows of the current window that have not come, as far as declared loads and numbers of "
     "batches tell, over all that should be there.",
     kGauge, LabelSet::kModel},
    {"plumbline_window_incomplete",
     "1 while that is more than the policy's max_missing_share, else 0.", kGauge, LabelSet::kModel},
    {"plumbline_unreadable_panes_total",
     "Reads of closed panes, or of blocks of them, that failed: the window is without their rows.",
     kCounter, LabelSet::kModel},
    {"plumbline_open_panes", "Panes that are not closed yet.", kGauge, LabelSet::kModel},
    {"plumbline_sources", "Sources that have sent rows.", kGauge, LabelSet::kModel},
    {"plumbline_producers", "Epochs of producers whose numbers are kept.", kGauge,
     LabelSet::kModel},
    {"plumbline_golden_rows", "Golden rows by the latest result of their predictions.", kGauge,
     LabelSet::kBatchResult},
    {"plumbline_environments", "Producers that have declared what they run in.", kGauge,
     LabelSet::kModel},
    {"plumbline_environments_differing",
     "Those of them that run in something else than the model was trained in.", kGauge,
     LabelSet::kModel},
    {"plumbline_loads", "Declared loads that are known.", kGauge, LabelSet::kModel},
    {"plumbline_loads_differing", "Those of them of which not what was declared has arrived.",
     kGauge, LabelSet::kModel},
    {"plumbline_load_missing_rows", "Rows that are missing of these.", kGauge, LabelSet::kModel},
    {"plumbline_further_sources_rows_total",
     "Rows of sources beyond max_sources_per_model, which share one watermark.", kCounter,
     LabelSet::kModel},
    {"plumbline_sources_not_judged_rows_total",
     "Rows of sources beyond max_judged_sources: in the window of all rows only.", kCounter,
     LabelSet::kModel},
    {"plumbline_source_window_rows", "Rows in the current window of a source.", kGauge,
     LabelSet::kSource},
    {"plumbline_slice_window_rows",
     "Rows in the current window with one value of a slice variable: its label is the variable and "
     "the value's place in training.",
     kGauge, LabelSet::kSlice},
    {"plumbline_producers_expired_early_total",
     "Epochs given up before their time, because of max_producers_per_model.", kCounter,
     LabelSet::kModel},
    {"plumbline_baseline_number", "Number of the active baseline.", kGauge, LabelSet::kModel},
    {"plumbline_mutes", "Checks that people keep quiet.", kGauge, LabelSet::kModel},
    {"plumbline_expected_changes", "Changes that people expect, and that are not over.", kGauge,
     LabelSet::kModel},
    {"plumbline_last_batch_timestamp_seconds",
     "When the last batch arrived, by the server's clock.", kGauge, LabelSet::kModel},
    {"plumbline_watermark_timestamp_seconds",
     "Event time up to which every live source has reported, less the allowed lateness.", kGauge,
     LabelSet::kModel},
    {"plumbline_series_dropped_total",
     "Series left out of a scrape because of the bounds on series, summed over scrapes.", kCounter,
     LabelSet::kModel},
    {"plumbline_rest_alerts",
     "Alerts that fire and have no series, because of the bounds on series, by severity.", kGauge,
     LabelSet::kSeverity},
    {"plumbline_rest_variables", "Variables without series, because of the bounds on series.",
     kGauge, LabelSet::kModel},
    {"plumbline_rest_psi_corrected_max", "The largest psi_corrected of these variables.", kGauge,
     LabelSet::kModel},
    {"plumbline_prediction_info", "Always 1; which variables are predictions.", kGauge,
     LabelSet::kPrediction},
    {"plumbline_distribution_ratio",
     "Share of the values in each group of training's bins, in training and live, of the worst "
     "variables with an alert: by the lower edge of a number, by the place of a category.",
     kGauge, LabelSet::kDistribution},
    // Labels and performance, over the newest hours of event time with enough labels.
    {"plumbline_performance", "Performance of the predictions whose labels have come.", kGauge,
     LabelSet::kMetric},
    {"plumbline_performance_lower", "Lower end of its 95% interval.", kGauge, LabelSet::kMetric},
    {"plumbline_performance_upper", "Upper end of its 95% interval.", kGauge, LabelSet::kMetric},
    {"plumbline_performance_training", "The same in training.", kGauge, LabelSet::kMetric},
    {"plumbline_performance_estimated",
     "The same as estimated without labels, from scores calibrated on training.", kGauge,
     LabelSet::kMetric},
    {"plumbline_performance_estimated_lower", "Lower end of the 95% interval of the estimate.",
     kGauge, LabelSet::kMetric},
    {"plumbline_performance_estimated_upper", "Upper end of the 95% interval of the estimate.",
     kGauge, LabelSet::kMetric},
    {"plumbline_performance_limit", "The policy's limit.", kGauge, LabelSet::kMetric},
    {"plumbline_performance_unlabelled_ratio", "Share of the window's predictions without a label.",
     kGauge, LabelSet::kModel},
    {"plumbline_performance_unlabelled_predictions",
     "Predictions without a label, of all hours that are kept.", kGauge, LabelSet::kModel},
    {"plumbline_label_rows", "Predictions and labels that are kept by row id.", kGauge,
     LabelSet::kModel},
    {"plumbline_labels_waiting", "Labels that wait for their prediction.", kGauge,
     LabelSet::kModel},
    {"plumbline_labels_joined_total", "Labels that found their prediction.", kCounter,
     LabelSet::kModel},
    {"plumbline_labels_duplicate_total", "Labels that came again and said the same.", kCounter,
     LabelSet::kModel},
    {"plumbline_labels_changed_total", "Labels that differ from an earlier one, and are later.",
     kCounter, LabelSet::kModel},
    {"plumbline_labels_contradicting_total",
     "Labels that differ from an earlier one, and do not say which is the later.", kCounter,
     LabelSet::kModel},
    {"plumbline_labels_unusable_total",
     "Labels that are not finite, of another type, or no class of the task.", kCounter,
     LabelSet::kModel},
    {"plumbline_labels_expired_total", "Labels given up without a prediction.", kCounter,
     LabelSet::kModel},
    {"plumbline_label_predictions_expired_total", "Predictions given up without a label.", kCounter,
     LabelSet::kModel},
    {"plumbline_label_delay_median_seconds",
     "Median time from prediction to label in the window, up to 41% too much.", kGauge,
     LabelSet::kModel},
    {"plumbline_label_delay_p90_seconds",
     "Time from prediction to label that 90% of the window's labels keep, up to 41% too much.",
     kGauge, LabelSet::kModel},
    {"plumbline_label_reads_failed_total", "Reads of kept predictions and labels that failed.",
     kCounter, LabelSet::kModel},
    // Alerts.
    {"plumbline_alert_active",
     "1 while the alert fires, 0 while it is pending, held back or resolved.", kGauge,
     LabelSet::kAlert},
    {"plumbline_alert_value", "Value of the statistic that decides the alert.", kGauge,
     LabelSet::kAlert},
    {"plumbline_alert_baseline", "The same statistic in training, or the most that it lets expect.",
     kGauge, LabelSet::kAlert},
    {"plumbline_alert_threshold", "Value at which the statistic is effect enough to fire.", kGauge,
     LabelSet::kAlert},
    {"plumbline_alert_impact",
     "How much predictions differ in the rows that an alert on an input is about, where they do: "
     "difference of means over the standard deviation, or of classes the total variation distance.",
     kGauge, LabelSet::kAlert},
    {"plumbline_alert_since_timestamp_seconds", "When the alert began to fire.", kGauge,
     LabelSet::kAlert},
    {"plumbline_alert_acknowledged",
     "1 while somebody looks after the alert, 0 while nobody does; of alerts that fire.", kGauge,
     LabelSet::kAlert},
    {"plumbline_alert_held",
     "1 while the alert would fire and a mute or an expected change holds it back, else 0.", kGauge,
     LabelSet::kAlert},
    // The service.
    {"plumbline_commit_latency_seconds", "Time to write one commit to the data folder.", kHistogram,
     LabelSet::kNone},
    {"plumbline_commits_total", "Commits written.", kCounter, LabelSet::kNone},
    {"plumbline_commit_failures_total", "Commits that could not be written.", kCounter,
     LabelSet::kNone},
    {"plumbline_recoveries_total", "Times the service came back by itself after a failed commit.",
     kCounter, LabelSet::kNone},
    {"plumbline_committed_bytes_total", "Bytes handed to the store by commits.", kCounter,
     LabelSet::kNone},
    {"plumbline_evaluations_total", "Evaluations of models since the start.", kCounter,
     LabelSet::kNone},
    {"plumbline_queue_depth", "Batches waiting to be counted.", kGauge, LabelSet::kNone},
    {"plumbline_queue_capacity", "Batches that may wait to be counted.", kGauge, LabelSet::kNone},
    {"plumbline_refused_batches_total",
     "Ingest requests refused for good since the start, by reason.", kCounter, LabelSet::kReason},
    {"plumbline_retries_total",
     "Ingest requests that clients were told to send again since the start, by reason.", kCounter,
     LabelSet::kReason},
    {"plumbline_inflight_bytes", "Memory of ingest requests that are not answered yet.", kGauge,
     LabelSet::kNone},
    {"plumbline_inflight_limit_bytes", "What they may take together; beyond it streams wait.",
     kGauge, LabelSet::kNone},
    {"plumbline_waiting_streams", "Streams that wait until other requests are answered.", kGauge,
     LabelSet::kNone},
    {"plumbline_waiting_bytes", "Memory of their messages, which are not parsed yet.", kGauge,
     LabelSet::kNone},
    {"plumbline_unknown_model_batches_total", "Requests for models that are not known.", kCounter,
     LabelSet::kNone},
    {"plumbline_quota_refusals_total",
     "Requests refused because of a quota since the start, by the setting.", kCounter,
     LabelSet::kQuota},
    {"plumbline_writable", "1 while the data folder can be written, 0 after a failed write.",
     kGauge, LabelSet::kNone},
    {"plumbline_build_info", "Always 1; the labels say which build this is.", kGauge,
     LabelSet::kBuild},
    {"process_resident_memory_bytes", "Resident memory of the process.", kGauge, LabelSet::kNone},
    {"process_cpu_seconds_total", "User and system time of the process.", kCounter,
     LabelSet::kNone},
    {"process_open_fds", "Open file descriptors.", kGauge, LabelSet::kNone},
    {"process_max_fds", "File descriptors that may be open.", kGauge, LabelSet::kNone},
    {"process_start_time_seconds", "When the process started.", kGauge, LabelSet::kNone},
    // Statistics of the current window.
    {"plumbline_variable_psi", "Population stability index against the baseline, in nats.", kGauge,
     LabelSet::kVariable, &VariableStatistics::psi, true},
    {"plumbline_variable_psi_corrected",
     "Population stability index less what chance gives; negative without drift.", kGauge,
     LabelSet::kVariable, &VariableStatistics::psi_corrected, true},
    {"plumbline_variable_js_distance", "Jensen-Shannon distance to the baseline, base 2.", kGauge,
     LabelSet::kVariable, &VariableStatistics::js_distance},
    {"plumbline_variable_ks", "Largest difference of the two distribution functions.", kGauge,
     LabelSet::kVariable, &VariableStatistics::ks},
    {"plumbline_variable_wasserstein",
     "First Wasserstein distance over the standard deviation of the baseline.", kGauge,
     LabelSet::kVariable, &VariableStatistics::wasserstein},
    {"plumbline_variable_wasserstein_raw",
     "First Wasserstein distance in the unit of the variable.", kGauge, LabelSet::kVariable,
     &VariableStatistics::wasserstein_raw},
    {"plumbline_variable_hellinger", "Hellinger distance to the baseline.", kGauge,
     LabelSet::kVariable, &VariableStatistics::hellinger},
    {"plumbline_variable_tvd", "Total variation distance to the baseline.", kGauge,
     LabelSet::kVariable, &VariableStatistics::tvd},
    {"plumbline_variable_l_infinity", "Largest difference of the share of a group.", kGauge,
     LabelSet::kVariable, &VariableStatistics::l_infinity},
    {"plumbline_variable_chi_square", "Chi-square statistic of homogeneity with the baseline.",
     kGauge, LabelSet::kVariable, &VariableStatistics::chi_square},
    {"plumbline_variable_cramers_v", "Cramer's V against the baseline, bias corrected.", kGauge,
     LabelSet::kVariable, &VariableStatistics::cramers_v},
    {"plumbline_variable_null_ratio", "Nulls over all rows.", kGauge, LabelSet::kVariable,
     &VariableStatistics::null_rate, true},
    {"plumbline_variable_nan_ratio", "NaN over all rows.", kGauge, LabelSet::kVariable,
     &VariableStatistics::nan_rate, true},
    {"plumbline_variable_inf_ratio", "Infinities over all rows.", kGauge, LabelSet::kVariable,
     &VariableStatistics::inf_rate, true},
    {"plumbline_variable_out_of_range_ratio",
     "Values below or above all of training, over all rows.", kGauge, LabelSet::kVariable,
     &VariableStatistics::out_of_range_rate, true},
    {"plumbline_variable_unseen_ratio", "Categories never seen in training, over all rows.", kGauge,
     LabelSet::kVariable, &VariableStatistics::unseen_rate, true},
    {"plumbline_variable_absent_ratio", "Rows whose batch lacks the variable, over all rows.",
     kGauge, LabelSet::kVariable, &VariableStatistics::absent_rate, true},
    {"plumbline_variable_wrong_type_ratio", "Rows with a value of another type, over all rows.",
     kGauge, LabelSet::kVariable, &VariableStatistics::wrong_type_rate},
    {"plumbline_variable_mean", "Mean of the finite values.", kGauge, LabelSet::kVariable,
     &VariableStatistics::mean, true},
    {"plumbline_variable_stddev", "Standard deviation of the finite values.", kGauge,
     LabelSet::kVariable, &VariableStatistics::stddev},
    {"plumbline_variable_min", "Smallest finite value.", kGauge, LabelSet::kVariable,
     &VariableStatistics::min},
    {"plumbline_variable_max", "Largest finite value.", kGauge, LabelSet::kVariable,
     &VariableStatistics::max},
};

static_assert(kMetrics[kFirstStatistic - 1].labels != LabelSet::kVariable);
static_assert(kMetrics[kFirstStatistic].labels == LabelSet::kVariable);

}  // namespace

absl::Span<const char* const> LabelNames(LabelSet labels) {
  static constexpr const char* kModel[] = {"model", "version"};
  static constexpr const char* kSeverity[] = {"model", "version", "severity"};
  static constexpr const char* kBatchResult[] = {"model", "version", "result"};
  static constexpr const char* kVariable[] = {"model", "version", "variable", "source"};
  static constexpr const char* kPrediction[] = {"model", "version", "variable"};
  static constexpr const char* kDistribution[] = {"model", "version", "variable",
                                                  "side",  "bin",     "edge"};
  static constexpr const char* kSource[] = {"model", "version", "source"};
  static constexpr const char* kSlice[] = {"model", "version", "slice"};
  static constexpr const char* kMetric[] = {"model", "version", "metric"};
  static constexpr const char* kAlert[] = {"model",  "version",  "variable", "check", "cause",
                                           "source", "severity", "incident", "slice"};
  static constexpr const char* kReason[] = {"reason"};
  static constexpr const char* kQuota[] = {"quota"};
  static constexpr const char* kBuild[] = {"version", "compiler"};
  switch (labels) {
    case LabelSet::kNone:
      return {};
    case LabelSet::kModel:
      return kModel;
    case LabelSet::kSeverity:
      return kSeverity;
    case LabelSet::kSource:
      return kSource;
    case LabelSet::kSlice:
      return kSlice;
    case LabelSet::kBatchResult:
      return kBatchResult;
    case LabelSet::kVariable:
      return kVariable;
    case LabelSet::kPrediction:
      return kPrediction;
    case LabelSet::kDistribution:
      return kDistribution;
    case LabelSet::kMetric:
      return kMetric;
    case LabelSet::kAlert:
      return kAlert;
    case LabelSet::kReason:
      return kReason;
    case LabelSet::kQuota:
      return kQuota;
    case LabelSet::kBuild:
      return kBuild;
  }
  return {};
}

absl::Span<const Metric> Metrics() { return kMetrics; }

}  // namespace plumbline::telemetry
