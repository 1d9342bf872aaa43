#include "server/storage/spool_sort.h"

#include <algorithm>
#include <functional>
#include <iterator>
#include <queue>
#include <tuple>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/types/span.h"
#include "server/profile/joined_rows.h"
#include "server/profile/schema_of_batch.h"
#include "server/profile/time_span.h"

namespace plumbline::storage {
namespace {

using profile::BatchView;
using profile::EventMicros;
using profile::JoinedRows;
using Runs = std::vector<std::unique_ptr<Spool>>;

// Fewer rows in a batch would be mostly the names of their columns.
constexpr uint64_t kMinBatchRows = 16;

// Batches in memory of which some rows are still to be written.
class Loaded {
 public:
  explicit Loaded(const profile::Schema& schema) : schema_(schema) {}

  // The index of the next batch of `spool` that has rows; kNone at its end.
  static constexpr uint32_t kNone = ~uint32_t{0};
  absl::StatusOr<uint32_t> Load(Spool* spool) {
    auto batch = std::make_unique<SpooledBatch>();
    do {
      const absl::StatusOr<bool> read = spool->Next(batch.get());
      if (!read.ok()) return read.status();
      if (!*read) return kNone;
    } while (batch->view.rows == 0);
    auto columns = profile::ColumnsBySchema(schema_, batch->view);
    if (!columns.ok()) return columns.status();
    bytes_ += batch->bytes.size();
    rows_ += batch->view.rows;
    sources_.push_back({&batch->view, *std::move(columns)});
    batches_.push_back(std::move(batch));
    return static_cast<uint32_t>(batches_.size() - 1);
  }
  // Keeps these alone, in this order.
  void Keep(absl::Span<const uint32_t> kept) {
    std::vector<std::unique_ptr<SpooledBatch>> batches;
    std::vector<JoinedRows::Source> sources;
    for (const uint32_t index : kept) {
      batches.push_back(std::move(batches_[index]));
      sources.push_back(std::move(sources_[index]));
    }
    batches_ = std::move(batches);
    sources_ = std::move(sources);
  }
  absl::Status Write(absl::Span<const JoinedRows::Row> rows, Spool* to) const {
    return to->Append(JoinedRows(sources_, rows).view());
  }

  const BatchView& batch(uint32_t index) const { return batches_[index]->view; }
  uint32_t size() const { return static_cast<uint32_t>(batches_.size()); }
  // Of all that was ever loaded.
  uint64_t bytes() const { return bytes_; }
  uint64_t rows() const { return rows_; }

 private:
  const profile::Schema& schema_;
  std::vector<std::unique_ptr<SpooledBatch>> batches_;
  std::vector<JoinedRows::Source> sources_;
  uint64_t bytes_ = 0;
  uint64_t rows_ = 0;
};

class Sorter {
 public:
  Sorter(profile::Schema schema, const SpoolSortOptions& options)
      : schema_(std::move(schema)), options_(options) {}

  absl::StatusOr<std::unique_ptr<Spool>> Sort(std::unique_ptr<Spool> spool);

 private:
  absl::StatusOr<std::unique_ptr<Spool>> WriteRun(const Loaded& loaded, const Spool& like);
  absl::Status AddRun(size_t level, std::unique_ptr<Spool> run);
  absl::StatusOr<std::unique_ptr<Spool>> Merge(Runs runs);

  const profile::Schema schema_;
  const SpoolSortOptions options_;
  uint64_t batch_rows_ = kMinBatchRows;  // of batches that are written
  size_t fan_in_ = 2;                    // runs merged at a time
  // Those of level n are made of fan_in_ of level n - 1, and hold earlier batches than these.
  std::vector<Runs> levels_;
};

// The rows of `loaded` in order, in batches so small that one of each run fits into a run's memory.
absl::StatusOr<std::unique_ptr<Spool>> Sorter::WriteRun(const Loaded& loaded, const Spool& like) {
  std::vector<std::tuple<int64_t, uint32_t, uint32_t>> order;  // time, batch, row
  order.reserve(loaded.rows());
  for (uint32_t batch = 0; batch < loaded.size(); ++batch) {
    const BatchView& view = loaded.batch(batch);
    for (uint32_t row = 0; row < view.rows; ++row) {
      order.emplace_back(EventMicros(view, row), batch, row);
    }
  }
  std::sort(order.begin(), order.end());
  const uint64_t row_bytes = std::max<uint64_t>(1, loaded.bytes() / loaded.rows());
  batch_rows_ = std::max(kMinBatchRows, options_.run_bytes / options_.max_runs / row_bytes);
  auto run = like.CreateBeside();
  if (!run.ok()) return run;
  std::vector<JoinedRows::Row> rows;
  uint64_t batches = 0;
  for (size_t begin = 0; begin < order.size(); begin += rows.size(), ++batches) {
    rows.clear();
    for (size_t i = begin; i < std::min<size_t>(order.size(), begin + batch_rows_); ++i) {
      rows.push_back({std::get<1>(order[i]), std::get<2>(order[i])});
    }
    if (absl::Status written = loaded.Write(rows, run->get()); !written.ok()) return written;
  }
  const uint64_t batch_bytes = std::max<uint64_t>(1, (*run)->bytes() / batches);
  fan_in_ = std::clamp<uint64_t>(options_.run_bytes / batch_bytes, 2, options_.max_runs);
  return run;
}

absl::Status Sorter::AddRun(size_t level, std::unique_ptr<Spool> run) {
  if (level == levels_.size()) levels_.emplace_back();
  levels_[level].push_back(std::move(run));
  if (levels_[level].size() < fan_in_) return absl::OkStatus();
  auto merged = Merge(std::exchange(levels_[level], {}));
  if (!merged.ok()) return merged.status();
  return AddRun(level + 1, *std::move(merged));
}

absl::StatusOr<std::unique_ptr<Spool>> Sorter::Merge(Runs runs) {
  if (runs.size() == 1) return std::move(runs[0]);
  auto merged = runs[0]->CreateBeside();
  if (!merged.ok()) return merged;
  Loaded loaded(schema_);
  std::vector<uint32_t> batches(runs.size()), next(runs.size());  // at hand, and its row, by run
  using Head = std::pair<int64_t, size_t>;                        // time, run
  std::priority_queue<Head, std::vector<Head>, std::greater<>> heads;
  const auto load = [&](size_t run) {
    const absl::StatusOr<uint32_t> batch = loaded.Load(runs[run].get());
    if (!batch.ok()) return batch.status();
    batches[run] = *batch;
    next[run] = 0;
    if (*batch != Loaded::kNone) heads.emplace(EventMicros(loaded.batch(*batch), 0), run);
    return absl::OkStatus();
  };
  for (size_t run = 0; run < runs.size(); ++run) {
    if (absl::Status rewound = runs[run]->Rewind(); !rewound.ok()) return rewound;
    if (absl::Status read = load(run); !read.ok()) return read;
  }
  std::vector<JoinedRows::Row> rows;
  while (!heads.empty()) {
    const size_t run = heads.top().second;
    heads.pop();
    rows.push_back({batches[run], next[run]});
    if (++next[run] < loaded.batch(batches[run]).rows) {
      heads.emplace(EventMicros(loaded.batch(batches[run]), next[run]), run);
    } else if (absl::Status read = load(run); !read.ok()) {
      return read;
    }
    if (rows.size() < batch_rows_ && !heads.empty()) continue;
    if (absl::Status written = loaded.Write(rows, merged->get()); !written.ok()) return written;
    rows.clear();
    std::vector<uint32_t> kept;
    for (uint32_t& batch : batches) {
      if (batch == Loaded::kNone) continue;
      kept.push_back(std::exchange(batch, static_cast<uint32_t>(kept.size())));
    }
    loaded.Keep(kept);
  }
  return merged;
}

absl::StatusOr<std::unique_ptr<Spool>> Sorter::Sort(std::unique_ptr<Spool> spool) {
  if (absl::Status rewound = spool->Rewind(); !rewound.ok()) return rewound;
  for (bool more = true; more;) {
    Loaded loaded(schema_);
    while (more && loaded.bytes() < options_.run_bytes) {
      const absl::StatusOr<uint32_t> batch = loaded.Load(spool.get());
      if (!batch.ok()) return batch.status();
      more = *batch != Loaded::kNone;
    }
    if (loaded.size() == 0) break;
    auto run = WriteRun(loaded, *spool);
    if (!run.ok()) return run;
    if (absl::Status added = AddRun(0, *std::move(run)); !added.ok()) return added;
  }
  Runs runs;
  for (size_t level = levels_.size(); level-- > 0;) {
    std::move(levels_[level].begin(), levels_[level].end(), std::back_inserter(runs));
  }
  if (runs.empty()) return spool;
  spool.reset();
  while (runs.size() > 1) {  // the latest first, which are the smallest
    const size_t first = runs.size() - std::min(runs.size(), fan_in_);
    Runs latest(std::make_move_iterator(runs.begin() + static_cast<std::ptrdiff_t>(first)),
                std::make_move_iterator(runs.end()));
    runs.resize(first);
    auto merged = Merge(std::move(latest));
    if (!merged.ok()) return merged;
    runs.push_back(*std::move(merged));
  }
  return std::move(runs[0]);
}

}  // namespace

absl::StatusOr<std::unique_ptr<Spool>> SortByTime(std::unique_ptr<Spool> spool,
                                                  const SpoolSortOptions& options) {
  if (absl::Status rewound = spool->Rewind(); !rewound.ok()) return rewound;
  const absl::StatusOr<const BatchView*> first = spool->Next();
  if (!first.ok()) return first.status();
  if (*first == nullptr) return spool;
  auto schema = profile::SchemaOf(**first, {});
  if (!schema.ok()) return schema.status();
  return Sorter(*std::move(schema), options).Sort(std::move(spool));
}

}  // namespace plumbline::storage
