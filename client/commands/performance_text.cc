#include "client/commands/performance_text.h"

#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/time/time.h"
#include "client/commands/format.h"
#include "client/commands/text_table.h"

namespace plumbline::client {
namespace {

using Align = TextTable::Align;

// Measures that decide, the first that a task has.
constexpr const char* kDeciding[] = {"roc_auc", "accuracy", "mae"};

std::string ValueText(bool present, double value) {
  return present ? absl::StrFormat("%.4f", value) : "";
}

std::string ValueText(bool present, const v1::Estimate& estimate) {
  return ValueText(present, estimate.value());
}

std::string RangeText(const v1::Estimate& estimate) {
  if (!estimate.has_lower() || !estimate.has_upper()) return "";
  return absl::StrFormat("%.4f to %.4f", estimate.lower(), estimate.upper());
}

std::string DelayText(const google::protobuf::Duration& delay) {
  constexpr int64_t kDay = 24 * 3600;
  if (delay.seconds() < 2 * kDay) return absl::FormatDuration(absl::Seconds(delay.seconds()));
  return absl::StrCat(FormatCount(static_cast<uint64_t>(delay.seconds() / kDay)), " days");
}

const v1::PerformanceMetric* Find(const v1::PerformanceChunk& chunk, const std::string& name) {
  for (const v1::PerformanceMetric& metric : chunk.metrics()) {
    if (metric.metric() == name) return &metric;
  }
  return nullptr;
}

std::string DecidingName(const v1::PerformanceChunk& chunk) {
  for (const char* name : kDeciding) {
    if (Find(chunk, name) != nullptr) return name;
  }
  return "";
}

std::string HeadText(const v1::PerformanceReport& report) {
  std::string text = absl::StrCat(FormatModel(report.model(), report.version()), "  baseline ",
                                  report.baseline_number(), "  ", report.task(), ": label ",
                                  Printable(report.label(), 40));
  if (!report.prediction().empty()) {
    absl::StrAppend(&text, ", prediction ", Printable(report.prediction(), 40));
  }
  if (!report.score().empty()) absl::StrAppend(&text, ", score ", Printable(report.score(), 40));
  if (report.task() == "binary" && report.classes_size() == 2) {
    absl::StrAppend(&text, ", positive `", Printable(report.classes(1), 40), "`");
  }
  return text + "\n";
}

std::string CountsText(const v1::PerformanceReport& report) {
  const v1::LabelCounts& counts = report.counts();
  std::vector<std::string> parts;
  const double share = report.predictions() == 0 ? 0
                                                 : static_cast<double>(report.labelled()) /
                                                       static_cast<double>(report.predictions());
  parts.push_back(absl::StrCat(FormatCount(report.predictions(), "prediction", "predictions"), ", ",
                               FormatCount(report.labelled()), " labelled (", FormatShare(share),
                               ")"));
  const auto add = [&](uint64_t count, const char* one, const char* many) {
    if (count > 0) parts.push_back(FormatCount(count, one, many));
  };
  add(counts.waiting_labels(), "label waits for its prediction",
      "labels wait for their predictions");
  add(counts.duplicates(), "duplicate", "duplicates");
  add(counts.changed(), "label changed", "labels changed");
  add(counts.contradictions(), "contradiction", "contradictions");
  add(counts.unusable_labels(), "unusable label", "unusable labels");
  add(counts.unusable_predictions(), "unusable prediction", "unusable predictions");
  add(counts.repeated_predictions(), "prediction came again", "predictions came again");
  add(counts.expired_predictions(), "prediction expired without a label",
      "predictions expired without a label");
  add(counts.expired_labels(), "label expired without a prediction",
      "labels expired without a prediction");
  add(counts.crowded_out(), "of these crowded out", "of these crowded out");
  add(counts.without_id(), "row with an empty id", "rows with an empty id");
  add(counts.forgotten_predictions(), "prediction forgotten with its hour",
      "predictions forgotten with their hours");
  add(counts.forgotten_labels(), "label forgotten with its hour",
      "labels forgotten with their hours");
  add(counts.unreadable(), "read failed", "reads failed");
  std::string text = absl::StrJoin(parts, "; ") + "\n";
  for (const v1::LossChange& change : report.loss_changes()) {
    absl::StrAppendFormat(&text, "%s saw the mean loss rise from %.4g to %.4g, %s labels ago\n",
                          change.detector(), change.before(), change.after(),
                          FormatCount(change.labels_since()));
  }
  return text;
}

std::string WindowText(const v1::PerformanceChunk& window) {
  std::string text = "window";
  if (window.has_start()) {
    absl::StrAppend(&text, " ", FormatTime(window.start(), true), " to ",
                    FormatTime(window.end(), true), " UTC");
  }
  absl::StrAppend(&text, ": ", FormatCount(window.labelled()), " labelled of ",
                  FormatCount(window.predictions(), "prediction", "predictions"));
  if (window.labelled() > 0 && window.long_label_delay().seconds() == 0) {
    text += "; labels came at once";
  } else if (window.labelled() > 0) {
    const bool at_once = window.median_label_delay().seconds() == 0;
    absl::StrAppend(&text, "; labels came ",
                    at_once ? "at once" : "after " + DelayText(window.median_label_delay()),
                    " (median), 90% within ", DelayText(window.long_label_delay()));
  }
  text += "\n";
  TextTable table({{"metric"},
                   {"realised", Align::kRight},
                   {"95%"},
                   {"training", Align::kRight},
                   {"estimated", Align::kRight},
                   {"95%"},
                   {"limit", Align::kRight}});
  for (const v1::PerformanceMetric& metric : window.metrics()) {
    table.AddRow({metric.metric(), ValueText(metric.has_realised(), metric.realised()),
                  RangeText(metric.realised()), ValueText(metric.has_training(), metric.training()),
                  ValueText(metric.has_estimated(), metric.estimated()),
                  RangeText(metric.estimated()), ValueText(metric.has_limit(), metric.limit())});
  }
  text += table.ToString();
  if (window.roc_auc_resolution() > 0) {
    absl::StrAppendFormat(&text, "roc_auc from binned scores: within %.1g of the exact one\n",
                          window.roc_auc_resolution());
  }
  return text;
}

std::string ChunksText(const v1::PerformanceReport& report, const std::string& name) {
  TextTable table({{"from (UTC)"},
                   {"predictions", Align::kRight},
                   {"labelled", Align::kRight},
                   {name, Align::kRight},
                   {"95%"},
                   {"estimated", Align::kRight},
                   {"95%"}});
  for (const v1::PerformanceChunk& chunk : report.chunks()) {
    const v1::PerformanceMetric* metric = Find(chunk, name);
    if (metric == nullptr) continue;
    table.AddRow(
        {FormatTime(chunk.start(), true), FormatCount(chunk.predictions()),
         FormatCount(chunk.labelled()), ValueText(metric->has_realised(), metric->realised()),
         RangeText(metric->realised()), ValueText(metric->has_estimated(), metric->estimated()),
         RangeText(metric->estimated())});
  }
  return table.ToString();
}

}  // namespace

absl::StatusOr<std::string> PerformanceText(const v1::PerformanceReport& report,
                                            const std::string& metric) {
  const std::string name = metric.empty() ? DecidingName(report.window()) : metric;
  if (Find(report.window(), name) == nullptr) {
    std::vector<std::string> names;
    for (const auto& has : report.window().metrics()) names.push_back(has.metric());
    return absl::InvalidArgumentError(absl::StrCat("a ", report.task(), " task has no metric `",
                                                   Printable(name, 40), "`; it has ",
                                                   absl::StrJoin(names, ", ")));
  }
  std::string text =
      absl::StrCat(HeadText(report), CountsText(report), "\n", WindowText(report.window()));
  const std::string chunks = ChunksText(report, name);
  if (!chunks.empty()) absl::StrAppend(&text, "\n", chunks);
  return text;
}

std::string PerformanceWords(const v1::PerformanceChunk& chunk) {
  const std::string name = DecidingName(chunk);
  const v1::PerformanceMetric* metric = Find(chunk, name);
  if (metric == nullptr || (!metric->has_realised() && !metric->has_estimated())) return "";
  std::vector<std::string> beside;
  if (metric->has_training()) {
    beside.push_back(absl::StrFormat("training %.3f", metric->training().value()));
  }
  if (metric->has_realised() && metric->has_estimated()) {
    beside.push_back(absl::StrFormat("estimated %.3f", metric->estimated().value()));
  }
  std::string words = metric->has_realised()
                          ? absl::StrFormat("%s %.3f", name, metric->realised().value())
                          : absl::StrFormat("estimated %s %.3f", name, metric->estimated().value());
  if (!beside.empty()) absl::StrAppend(&words, " (", absl::StrJoin(beside, ", "), ")");
  return words;
}

std::string PerformanceLine(const v1::PerformanceReport& report) {
  const std::string words = PerformanceWords(report.window());
  if (words.empty()) return "";
  return absl::StrCat(
      "performance: ", words, ", ", FormatCount(report.window().labelled()), " labelled of ",
      FormatCount(report.window().predictions(), "prediction", "predictions"), "\n");
}

}  // namespace plumbline::client
