#include "server/engine/backtest.h"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <limits>

#include "absl/strings/str_cat.h"
#include "server/checks/evaluate.h"
#include "server/checks/performance.h"
#include "server/engine/report.h"

namespace plumbline::engine {
namespace {

std::optional<int64_t> TimeOf(const profile::BatchView& batch, uint32_t row) {
  return batch.row_event_micros.empty() ? batch.event_micros
                                        : std::optional<int64_t>(batch.row_event_micros[row]);
}

}  // namespace

Backtester::Backtester(std::shared_ptr<const profile::Baseline> baseline, checks::Policy policy,
                       Chunking chunking, std::shared_ptr<const profile::SeasonalTraining> season)
    : baseline_(std::move(baseline)),
      policy_(std::move(policy)),
      chunking_(chunking),
      aliases_(policy_.AliasesFor(baseline_->schema)),
      measure_(baseline_->task.has_value() ? std::make_optional<Measure>(*baseline_)
                                           : std::nullopt),
      season_(std::move(season)),
      watch_(baseline_.get(), season_) {
  // Starts with slices of one row, doubled as the chunk grows: see CountRows.
  slice_rows_ = 1;
}

bool Backtester::StartsNewChunk(int64_t micros) {
  if (chunking_.duration > absl::ZeroDuration()) {
    const int64_t length = absl::ToInt64Microseconds(chunking_.duration);
    if (!first_micros_.has_value()) first_micros_ = micros;
    const int64_t start = *first_micros_ + (micros - *first_micros_) / length * length;
    const bool is_new = chunk_start_.has_value() && start != *chunk_start_;
    if (!chunk_start_.has_value() || is_new) {
      if (is_new) return true;
      chunk_start_ = start;
      chunk_end_ = start + length;
    }
    return false;
  }
  if (chunking_.calendar.has_value()) {
    const auto [start, end] = CalendarSlice(*chunking_.calendar, absl::FromUnixMicros(micros));
    const bool is_new = chunk_start_.has_value() && absl::ToUnixMicros(start) != *chunk_start_;
    if (is_new) return true;
    chunk_start_ = absl::ToUnixMicros(start);
    chunk_end_ = absl::ToUnixMicros(end);
    return false;
  }
  return false;
}

void Backtester::TimedRows::Merge(const TimedRows& other) {
  pane.Merge(other.pane);
  for (size_t i = 0; i < times.size(); ++i) times[i] += other.times[i];
}

Backtester::TimedRows Backtester::NoRows() const {
  return {profile::Pane(*baseline_),
          profile::BucketRows(season_ == nullptr ? 0 : season_->buckets())};
}

void Backtester::CountRows(const profile::PreparedBatch& prepared, const profile::BatchView& batch,
                           uint32_t begin, uint32_t end) {
  while (begin < end) {
    if (slices_.empty() || slices_.back().pane.rows >= slice_rows_) {
      if (slices_.size() == kSlices) {
        // Twice as many rows a slice: neighbours merge, so that the halves can be told apart to
        // 1/64.
        for (size_t i = 0; i < kSlices / 2; ++i) {
          TimedRows merged = std::move(slices_[2 * i]);
          merged.Merge(slices_[2 * i + 1]);
          slices_[i] = std::move(merged);
        }
        slices_.resize(kSlices / 2);
        slice_rows_ *= 2;
      }
      slices_.push_back(NoRows());
    }
    TimedRows& slice = slices_.back();
    const auto room =
        static_cast<uint32_t>(std::min<uint64_t>(slice_rows_ - slice.pane.rows, end - begin));
    prepared.Count(begin, begin + room, &slice.pane);
    for (uint32_t row = begin; season_ != nullptr && row < begin + room; ++row) {
      ++slice.times[season_->BucketOf(*TimeOf(batch, row))];
    }
    begin += room;
    chunk_rows_ += room;
    total_rows_ += room;
  }
}

absl::Status Backtester::Add(const profile::BatchView& batch,
                             const std::function<void(BacktestChunk)>& emit) {
  const bool by_time = chunking_.duration > absl::ZeroDuration() || chunking_.calendar.has_value();
  const bool has_time = batch.event_micros.has_value() || !batch.row_event_micros.empty();
  if (by_time && !has_time) {
    return absl::InvalidArgumentError(
        "chunks of time need rows with event times; name the column that holds them");
  }
  if (season_ != nullptr && !has_time) {
    return absl::InvalidArgumentError(
        absl::StrCat("the policy's season ", profile::SeasonName(season_->season()),
                     " needs rows with event times; name the column that holds them"));
  }
  const profile::PreparedBatch prepared(*baseline_, batch, aliases_);
  const auto count = [&](uint32_t first, uint32_t last) {
    CountRows(prepared, batch, first, last);
    if (!measure_.has_value()) return;
    profile::CountPerformance(*baseline_, *baseline_->task, aliases_, batch, first, last,
                              &performance_);
  };
  uint32_t begin = 0;
  for (uint32_t row = 0; row < batch.rows; ++row) {
    const std::optional<int64_t> micros = TimeOf(batch, row);
    if (by_time && last_micros_.has_value() && *micros < *last_micros_) {
      return absl::InvalidArgumentError(absl::StrCat(
          "row ", total_rows_ + (row - begin), " (",
          absl::FormatTime(absl::FromUnixMicros(*micros), absl::UTCTimeZone()),
          ") comes before the row ahead of it: chunks of time need rows in time order"));
    }
    const bool full = chunking_.rows != 0 && chunk_rows_ + (row - begin) == chunking_.rows;
    if (full || (by_time && StartsNewChunk(*micros))) {
      count(begin, row);
      begin = row;
      Emit(emit);
      if (by_time) StartsNewChunk(*micros);
    }
    if (!micros.has_value()) continue;
    if (!by_time) {
      if (!chunk_start_.has_value()) chunk_start_ = micros;
      chunk_start_ = std::min(*chunk_start_, *micros);
      chunk_end_ = std::max(chunk_end_.value_or(*micros), *micros);
    }
    last_micros_ = micros;
  }
  count(begin, batch.rows);
  if (chunk_rows_ > std::numeric_limits<uint32_t>::max()) {
    return absl::InvalidArgumentError("a chunk has more than 4,294,967,295 rows; cut it smaller");
  }
  return absl::OkStatus();
}

absl::Status Backtester::Finish(const std::function<void(BacktestChunk)>& emit) {
  if (total_rows_ == 0) return absl::InvalidArgumentError("the backtest has no rows");
  if (chunk_rows_ > 0) Emit(emit);
  return absl::OkStatus();
}

void Backtester::AddPerformance(BacktestChunk* chunk) {
  if (!measure_.has_value() || performance_.predictions == 0) return;
  chunk->performance = measure_->Chunk(performance_, nullptr, policy_);
  chunk->performance->start = chunk->start;
  chunk->performance->end = chunk->end;
  if (performance_.labelled == 0) return;
  const std::vector<profile::MetricValue> metrics = measure_->Realised(performance_);
  std::vector<checks::Finding> findings = checks::CheckPerformance({.baseline = *baseline_,
                                                                    .policy = policy_,
                                                                    .window = performance_,
                                                                    .metrics = metrics,
                                                                    .trained = measure_->trained(),
                                                                    .joined = performance_.labelled,
                                                                    .changes = {}});
  // The chunk has the labels of its rows beside them: their drift is found as that of any variable.
  std::copy_if(findings.begin(), findings.end(), std::back_inserter(chunk->findings),
               [](const checks::Finding& finding) {
                 return finding.check != checks::CheckId::kLabelDrift &&
                        finding.check != checks::CheckId::kConceptDrift;
               });
}

std::optional<std::vector<checks::VariableEvidence>> Backtester::Weigh(const TimedRows& first,
                                                                       const TimedRows& second) {
  TimedRows whole = first;
  whole.Merge(second);
  latest_.push_front(profile::EncodePane(whole.pane));
  latest_times_.push_front(whole.times);
  if (latest_.size() > policy_.window_panes) {
    latest_.pop_back();
    latest_times_.pop_back();
  }
  if (whole.pane.rows < policy_.min_rows_drift) return std::nullopt;
  for (const TimedRows* half : {&first, &second}) watch_.Observe(half->pane, half->times);
  absl::Duration half = absl::ZeroDuration();
  if (chunk_start_.has_value()) half = absl::Microseconds((*chunk_end_ - *chunk_start_) / 2);
  std::vector<checks::VariableEvidence> changes =
      watch_.Weigh(std::log(policy_.BlocksPerFalseAlarm(half)));
  const auto latest = [this](uint32_t chunks) { return Latest(chunks); };
  if (season_ == nullptr) {
    checks::LookBack(*baseline_, policy_, latest, &changes);
    return changes;
  }
  profile::SeasonalBaseline trained(baseline_.get(), season_);
  const auto at = [&](uint32_t chunks) -> const profile::Baseline& {
    return TrainedAt(chunks, &trained);
  };
  checks::LookBack(policy_, latest, at, &changes);
  return changes;
}

const profile::Baseline& Backtester::TrainedAt(uint32_t chunks,
                                               profile::SeasonalBaseline* trained) const {
  profile::BucketRows times(season_->buckets());
  for (size_t i = 0; i < std::min<size_t>(chunks, latest_times_.size()); ++i) {
    for (size_t bucket = 0; bucket < times.size(); ++bucket) {
      times[bucket] += latest_times_[i][bucket];
    }
  }
  return trained->At(times);
}

profile::Pane Backtester::Latest(uint32_t chunks) const {
  profile::Pane sum(*baseline_);
  for (size_t i = 0; i < std::min<size_t>(chunks, latest_.size()); ++i) {
    sum.Merge(profile::DecodePane(*baseline_, latest_[i]).value());  // this encoded them
  }
  return sum;
}

void Backtester::Emit(const std::function<void(BacktestChunk)>& emit) {
  if (chunk_rows_ == 0) return;
  TimedRows first = NoRows(), second = NoRows(), whole = NoRows();
  for (const TimedRows& slice : slices_) {
    // The slice that straddles the middle goes where most of it lies.
    (2 * first.pane.rows + slice.pane.rows <= chunk_rows_ ? first : second).Merge(slice);
  }
  whole.Merge(first);
  whole.Merge(second);

  BacktestChunk chunk;
  chunk.index = next_index_++;
  chunk.rows = chunk_rows_;
  if (chunk_start_.has_value()) chunk.start = absl::FromUnixMicros(*chunk_start_);
  if (chunk_end_.has_value()) chunk.end = absl::FromUnixMicros(*chunk_end_);
  profile::SeasonalBaseline seasonal(baseline_.get(), season_);
  const profile::Baseline& trained = seasonal.At(whole.times);
  std::vector<profile::VariableStatistics> statistics;
  for (size_t i = 0; i < baseline_->variables.size(); ++i) {
    statistics.push_back(profile::CompareToBaseline(trained.variables[i], whole.pane.variables[i]));
  }
  const std::optional<std::vector<checks::VariableEvidence>> changes = Weigh(first, second);
  const checks::EvaluationInput input{.window = whole.pane,
                                      .changes = changes.has_value() ? &*changes : nullptr,
                                      .now = chunk.end.value_or(absl::UnixEpoch()),
                                      .in_season = season_ != nullptr ? &trained : nullptr};
  chunk.findings = checks::Evaluate(*baseline_, policy_, input, statistics);
  AddPerformance(&chunk);
  SortWorstFirst(&chunk.findings);
  for (size_t i = 0; i < statistics.size(); ++i) {
    chunk.statistics.emplace_back(baseline_->variables[i].variable.name, std::move(statistics[i]));
  }
  emit(std::move(chunk));

  slices_.clear();
  performance_ = {};
  slice_rows_ = 1;
  chunk_rows_ = 0;
  chunk_start_.reset();
  chunk_end_.reset();
}

}  // namespace plumbline::engine
