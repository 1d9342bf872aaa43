#include "server/engine/backtest.h"

#include <algorithm>
#include <limits>

#include "absl/strings/str_cat.h"
#include "server/engine/slice.h"

namespace plumbline::engine {
namespace {

std::optional<int64_t> TimeOf(const profile::BatchView& batch, uint32_t row) {
  return batch.row_event_micros.empty() ? batch.event_micros
                                        : std::optional<int64_t>(batch.row_event_micros[row]);
}

}  // namespace

Backtester::Backtester(std::shared_ptr<const profile::Baseline> baseline, checks::Policy policy,
                       Chunking chunking, std::shared_ptr<const profile::SeasonalTraining> season,
                       BacktestSlices slices)
    : baseline_(std::move(baseline)),
      policy_(std::move(policy)),
      chunking_(chunking),
      aliases_(policy_.AliasesFor(baseline_->schema)),
      measure_(baseline_->task.has_value() ? std::make_optional<Measure>(*baseline_)
                                           : std::nullopt),
      season_(std::move(season)),
      slices_(std::move(slices)),
      all_(baseline_, season_, /*encodes=*/false) {
  if (slices_.values == nullptr) return;
  for (const profile::TrainedSlice& value : slices_.values->slices) {
    Entry& entry = apart_[{"", value.name}];
    entry = {std::make_unique<BacktestRows>(value.trained, nullptr, /*encodes=*/true), &value};
    of_values_.push_back(entry.rows.get());
  }
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

void Backtester::NextPart() {
  if (++part_ < kParts) return;
  // Twice as many rows a part: neighbours merge, so that the halves can be told apart to 1/64.
  all_.PairParts();
  for (auto& [name, entry] : apart_) entry.rows->PairParts();
  part_ = kParts / 2;
  part_rows_ *= 2;
}

size_t Backtester::FirstHalf() const {
  size_t parts = 0;
  for (uint64_t rows = 0; parts <= part_; ++parts) {
    const uint64_t own = std::min(part_rows_, chunk_rows_ - rows);
    // The part that straddles the middle goes where most of it lies.
    if (2 * rows + own > chunk_rows_) break;
    rows += own;
  }
  return parts;
}

void Backtester::CountRows(Counted* batch, uint32_t begin, uint32_t end) {
  while (begin < end) {
    if (chunk_rows_ == (part_ + 1) * part_rows_) NextPart();
    const auto room = static_cast<uint32_t>(
        std::min<uint64_t>((part_ + 1) * part_rows_ - chunk_rows_, end - begin));
    CountPart(batch, begin, begin + room);
    begin += room;
    chunk_rows_ += room;
    total_rows_ += room;
  }
}

void Backtester::CountPart(Counted* batch, uint32_t begin, uint32_t end) {
  TimedRows* const all = all_.Open(part_);
  batch->prepared.Count(begin, end, &all->pane);
  for (uint32_t row = begin; season_ != nullptr && row < end; ++row) {
    ++all->times[season_->BucketOf(*TimeOf(batch->view, row))];
  }
  for (SourceRows& source : batch->sources) {
    const absl::Span<const uint32_t> rows = source.In(begin, end);
    if (rows.empty()) continue;
    BacktestRows* const own = OpenSource(source.source());
    if (own == nullptr) continue;
    TimedRows* const part = own->Open(part_);
    source.Count(*baseline_, batch->view, aliases_, begin, end, &part->pane);
    rows_of_sources_ += rows.size();
    if (season_ == nullptr) continue;
    for (const uint32_t row : rows) ++part->times[season_->BucketOf(*TimeOf(batch->view, row))];
  }
  if (slices_.values == nullptr) return;
  const std::pair<uint32_t, uint32_t> range(begin, end);
  profile::CountSlices(*baseline_, *slices_.values, batch->prepared, {&range, 1},
                       [&](uint32_t value) { return &of_values_[value]->Open(part_)->pane; });
}

BacktestRows* Backtester::OpenSource(absl::string_view source) {
  if (source.empty()) return nullptr;
  SliceName name{std::string(source), ""};
  const auto known = apart_.find(name);
  if (known != apart_.end()) return known->second.rows.get();
  if (!HasRoom()) return nullptr;
  auto rows = std::make_unique<BacktestRows>(baseline_, season_, /*encodes=*/true,
                                             Slice::FirstRows(Slice::Of::kSource, policy_));
  return apart_.emplace(std::move(name), Entry{std::move(rows)}).first->second.rows.get();
}

bool Backtester::HasRoom() {
  if (apart_.size() - of_values_.size() < slices_.max_sources) return true;
  for (auto it = apart_.begin(); it != apart_.end(); ++it) {
    if (it->first.source.empty()) continue;
    if (!it->second.rows->idle() || it->second.rows->alerts().AnyActive()) continue;
    apart_.erase(it);
    return true;
  }
  return false;
}

absl::Status Backtester::CheckTimes(const profile::BatchView& batch) const {
  if (batch.event_micros.has_value() || !batch.row_event_micros.empty()) return absl::OkStatus();
  if (chunking_.duration > absl::ZeroDuration() || chunking_.calendar.has_value()) {
    return absl::InvalidArgumentError(
        "chunks of time need rows with event times; name the column that holds them");
  }
  if (season_ == nullptr) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat("the policy's season ", profile::SeasonName(season_->season()),
                   " needs rows with event times; name the column that holds them"));
}

std::vector<SourceRows> Backtester::SplitBySource(const profile::BatchView& batch,
                                                  const std::vector<absl::string_view>& sources) {
  std::vector<SourceRows> split;
  std::map<absl::string_view, size_t> index;
  for (uint32_t row = 0; row < batch.rows; ++row) {
    const absl::string_view source = sources.empty() ? batch.source : sources[row];
    auto known = index.find(source);
    if (known == index.end()) {
      if (seen_sources_.size() < Quotas().max_sources_per_model) seen_sources_.emplace(source);
      known = index.emplace(source, split.size()).first;
      split.emplace_back(source);
    }
    if (seen_sources_.size() > 1) split[known->second].Add(row);  // a single one is all rows
  }
  return split;
}

absl::Status Backtester::Add(const profile::BatchView& batch,
                             const std::function<void(BacktestChunk)>& emit) {
  const bool by_time = chunking_.duration > absl::ZeroDuration() || chunking_.calendar.has_value();
  if (absl::Status status = CheckTimes(batch); !status.ok()) return status;
  std::vector<absl::string_view> sources;
  profile::BatchView view = batch;
  if (!slices_.source_column.empty()) {
    auto named = SourcesByColumn(batch, slices_.source_column);
    if (!named.ok()) return named.status();
    sources = *std::move(named);
    // Live batches do not have it.
    std::erase_if(view.columns, [&](const profile::ColumnView& column) {
      return column.name == slices_.source_column && !aliases_.contains(column.name) &&
             !baseline_->schema.Find(column.name).has_value();
    });
  }
  const profile::PreparedBatch prepared(*baseline_, view, aliases_);
  Counted counted{view, prepared, SplitBySource(view, sources)};
  const auto count = [&](uint32_t first, uint32_t last) {
    CountRows(&counted, first, last);
    if (!measure_.has_value()) return;
    profile::CountPerformance(*baseline_, *baseline_->task, aliases_, view, first, last,
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

}  // namespace plumbline::engine
