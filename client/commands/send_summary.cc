#include "client/commands/send_summary.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "client/commands/format.h"
#include "client/commands/text_table.h"

namespace plumbline::client {
namespace {

constexpr size_t kMaxReasons = 20;
constexpr char kOtherReasons[] = "other reasons";

std::string TimeText(int64_t micros) {
  return absl::FormatTime("%Y-%m-%d %H:%M:%S", absl::FromUnixMicros(micros), absl::UTCTimeZone());
}

}  // namespace

void TimeRange::Add(const v1::Batch& batch) {
  const auto& times = batch.event_times().unix_micros();
  if (times.empty()) return;
  const auto [first, last] = std::minmax_element(times.begin(), times.end());
  if (!micros_.has_value()) micros_.emplace(*first, *last);
  micros_ = {std::min(micros_->first, *first), std::max(micros_->second, *last)};
}

std::string TimeRange::ToString() const {
  if (!micros_.has_value()) return "";
  return absl::StrCat(" with times from ", TimeText(micros_->first), " to ",
                      TimeText(micros_->second), " UTC");
}

std::string LateText(const SenderStats& stats, const TimeRange& sent) {
  if (stats.rows_late == 0) return "";
  return absl::StrCat(FormatCount(stats.rows_late), " of ",
                      FormatCount(stats.rows_sent, "row", "rows"), sent.ToString(),
                      " came too late: the panes of their times have closed, and no statistics "
                      "count them");
}

void SendSummary::AddRefusal(const Refusal& refusal) {
  const std::string reason(refusal.reason.message());
  absl::MutexLock lock(&mutex_);
  const bool is_known = reasons_.find(reason) != reasons_.end();
  Count& count = reasons_[is_known || reasons_.size() < kMaxReasons ? reason : kOtherReasons];
  ++count.batches;
  count.rows += refusal.rows;
}

std::string SendSummary::ToText(const SenderOptions& options, const SenderStats& stats) const {
  TextTable table({{"", TextTable::Align::kLeft},
                   {"rows", TextTable::Align::kRight},
                   {"batches", TextTable::Align::kRight}});
  const uint64_t counted = stats.acknowledged - stats.duplicates;
  table.AddRow({"sent", FormatCount(stats.rows_sent), FormatCount(stats.sent)});
  table.AddRow({"counted", FormatCount(stats.rows_counted), FormatCount(counted)});
  table.AddRow({"duplicates", FormatCount(stats.rows_duplicate), FormatCount(stats.duplicates)});
  table.AddRow({"late", FormatCount(stats.rows_late), ""});
  table.AddRow({"refused", FormatCount(stats.rows_refused), FormatCount(stats.refused)});
  table.AddRow({"retries", "", FormatCount(stats.retries)});
  std::string text =
      absl::StrCat(FormatModel(options.model, options.version), "  producer ",
                   Printable(options.producer), "  epoch ", options.epoch, "\n", table.ToString());
  absl::MutexLock lock(&mutex_);
  for (const auto& [reason, count] : reasons_) {
    absl::StrAppend(&text, "refused: ", Printable(reason), " (",
                    FormatCount(count.batches, "batch", "batches"), ", ",
                    FormatCount(count.rows, "row", "rows"), ")\n");
  }
  return text;
}

google::protobuf::Struct SendSummary::ToStruct(const SenderOptions& options,
                                               const SenderStats& stats) const {
  google::protobuf::Struct summary;
  auto& fields = *summary.mutable_fields();
  const auto set_count = [](google::protobuf::Value* value, uint64_t count) {
    value->set_number_value(static_cast<double>(count));
  };
  fields["model"].set_string_value(options.model);
  fields["version"].set_string_value(options.version);
  fields["producer"].set_string_value(options.producer);
  fields["epoch"].set_string_value(absl::StrCat(options.epoch));
  set_count(&fields["rows_sent"], stats.rows_sent);
  set_count(&fields["rows_counted"], stats.rows_counted);
  set_count(&fields["rows_duplicate"], stats.rows_duplicate);
  set_count(&fields["rows_late"], stats.rows_late);
  set_count(&fields["rows_refused"], stats.rows_refused);
  set_count(&fields["batches_sent"], stats.sent);
  set_count(&fields["batches_acknowledged"], stats.acknowledged);
  set_count(&fields["batches_duplicate"], stats.duplicates);
  set_count(&fields["batches_refused"], stats.refused);
  set_count(&fields["batches_undelivered"], stats.waiting + stats.dropped);
  set_count(&fields["retries"], stats.retries);
  google::protobuf::ListValue* refusals = fields["refusals"].mutable_list_value();
  absl::MutexLock lock(&mutex_);
  for (const auto& [reason, count] : reasons_) {
    auto& refusal = *refusals->add_values()->mutable_struct_value()->mutable_fields();
    refusal["reason"].set_string_value(reason);
    set_count(&refusal["batches"], count.batches);
    set_count(&refusal["rows"], count.rows);
  }
  return summary;
}

}  // namespace plumbline::client
