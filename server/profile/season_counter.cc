#include "server/profile/season_counter.h"

#include <algorithm>
#include <cmath>
#include <optional>
#include <utility>

#include "server/profile/seasonal_training.h"
#include "server/profile/time_span.h"
#include "server/stats/psi.h"

namespace plumbline::profile {
namespace {

constexpr uint64_t kMinCellRows = 100;
// Of a count, and of a variable beside its counts.
constexpr size_t kCountBytes = 4, kCellCountBytes = 2, kVariableBytes = 512;
// How much longer runs vary is not learnt from fewer.
constexpr size_t kManyRuns = 24;
// Nothing is learnt of a run that has most of what training knows of its time.
constexpr double kOwnShare = 0.55;

// Some consecutive cells of one variable.
struct HourRun {
  BucketRows rows;              // by bucket of the season
  std::vector<uint64_t> codes;  // what it has
  std::vector<double> trained;  // what training has at the same times, in rows of the run
};

// What training has at the times of a run without the run's own rows.
struct Rest {
  std::vector<double> shares;
  double rows = 0;
};

double Sum(const std::vector<uint64_t>& counts) {
  double sum = 0;
  for (const uint64_t count : counts) sum += static_cast<double>(count);
  return sum;
}

std::optional<Rest> RestOf(const HourRun& run, const std::vector<double>& trained_rows) {
  const double rows = Sum(run.rows), values = Sum(run.codes);
  if (values == 0) return std::nullopt;
  double own = 0, spread = 0;
  for (size_t bucket = 0; bucket < run.rows.size(); ++bucket) {
    if (run.rows[bucket] == 0) continue;
    const double weight = static_cast<double>(run.rows[bucket]) / rows;
    const double here = std::min(weight * values, trained_rows[bucket]);
    own += weight * here / trained_rows[bucket];
    spread += weight * weight / std::max(1.0, trained_rows[bucket] - here);
  }
  if (own > kOwnShare) return std::nullopt;
  Rest rest{std::vector<double>(run.codes.size()), 1 / spread};
  double sum = 0;
  for (size_t code = 0; code < rest.shares.size(); ++code) {
    const double share = static_cast<double>(run.codes[code]) / values;
    rest.shares[code] = std::max(0.0, run.trained[code] / rows - own * share);
    sum += rest.shares[code];
  }
  if (sum <= 0) return std::nullopt;
  for (double& share : rest.shares) share /= sum;
  return rest;
}

// The psi of a run against the rest, less what chance gives, by groups of the rest.
std::optional<double> PsiOf(const HourRun& run, const Rest& rest, VariableBaseline* variable) {
  std::vector<uint64_t> counts(rest.shares.size());
  for (size_t code = 0; code < counts.size(); ++code) {
    counts[code] = static_cast<uint64_t>(std::llround(rest.shares[code] * rest.rows));
  }
  variable->counts.codes = CodeCounts::Of(counts);
  const Grouping grouping = MakeGrouping(*variable);
  if (grouping.groups < 2) return std::nullopt;
  const auto psi = stats::Psi(grouping.Sum(counts), grouping.Sum(run.codes));
  if (!psi.ok()) return std::nullopt;
  return *psi - stats::PsiChance(grouping.groups, static_cast<uint64_t>(Sum(run.codes)),
                                 static_cast<uint64_t>(Sum(counts)));
}

void Add(const HourRun& other, HourRun* run) {
  for (size_t i = 0; i < run->rows.size(); ++i) run->rows[i] += other.rows[i];
  for (size_t i = 0; i < run->codes.size(); ++i) run->codes[i] += other.codes[i];
  for (size_t i = 0; i < run->trained.size(); ++i) run->trained[i] += other.trained[i];
}

// Two neighbours become one; the last without a neighbour is dropped.
void Join(std::vector<HourRun>* runs) {
  for (size_t i = 0; i + 1 < runs->size(); i += 2) {
    Add((*runs)[i + 1], &(*runs)[i]);
    if (i > 0) (*runs)[i / 2] = std::move((*runs)[i]);
  }
  runs->resize(runs->size() / 2);
}

// How much runs of cells vary, whatever their length: what comes in one hour may go on for a day.
// `ranks`: of each cell within its own time, so that runs over many hours are not blurred.
double LongestEffect(std::vector<std::vector<uint64_t>> ranks) {
  double effect = stats::DesignEffect(ranks);
  while (ranks.size() >= 2 * kManyRuns) {
    for (size_t i = 0; i < ranks.size() / 2; ++i) {
      std::vector<uint64_t> both = ranks[2 * i];
      for (size_t k = 0; k < both.size(); ++k) both[k] += ranks[2 * i + 1][k];
      ranks[i] = std::move(both);
    }
    ranks.resize(ranks.size() / 2);
    effect = std::max(effect, stats::DesignEffect(ranks));
  }
  return effect;
}

}  // namespace

SeasonCounter::SeasonCounter(const Baseline& baseline, SeasonOptions options)
    : baseline_(baseline), options_(options) {
  for (const Season season : {Season::kHourOfDay, Season::kHourOfWeek}) {
    if (CoversSeason(baseline, season) && Fits(season)) counts_.kept = season;
  }
  if (!wanted()) return;
  counts_.buckets.assign(SeasonBuckets(counts_.kept), Pane(baseline));
  size_t cell_bytes = 0;
  for (const VariableBaseline& variable : baseline.variables) {
    cell_bytes += kCellCountBytes * variable.counts.codes.size() + 64;
  }
  cells_wanted_ = std::clamp<uint64_t>(
      std::min<uint64_t>(baseline.rows / kMinCellRows,
                         options.max_memory / 2 / std::max<size_t>(1, cell_bytes)),
      1, options.max_cells);
  pane_ = Pane(baseline);
  rows_.resize(SeasonBuckets(Season::kHourOfWeek));
}

bool SeasonCounter::Fits(Season kept) const {
  size_t bytes = 0;
  for (const VariableBaseline& variable : baseline_.variables) {
    bytes += kCountBytes * variable.counts.codes.size() + kVariableBytes;
  }
  return bytes * SeasonBuckets(kept) <= options_.max_memory;
}

uint64_t SeasonCounter::CellEnd() const {
  const uint64_t each = baseline_.rows / cells_wanted_;
  const uint64_t next = cells_.size() + 1;
  return each * next + (baseline_.rows % cells_wanted_) * next / cells_wanted_;
}

void SeasonCounter::CloseCell() {
  Cell cell;
  cell.rows = std::exchange(rows_, BucketRows(rows_.size()));
  for (const VariableCounts& counts : pane_.variables) {
    cell.codes.push_back(CodeCounts::Of(counts.codes.ToVector()));
  }
  cells_.push_back(std::move(cell));
  pane_.Clear();
}

void SeasonCounter::Add(const BatchView& batch) {
  const PreparedBatch prepared(baseline_, batch);
  const auto hour_of = [&](uint32_t row) {
    return BucketOf(Season::kHourOfWeek, EventMicros(batch, row));
  };
  for (uint32_t begin = 0; begin < batch.rows;) {
    const auto end =
        static_cast<uint32_t>(std::min<uint64_t>(batch.rows, begin + CellEnd() - counted_));
    prepared.Count(begin, end, &pane_);
    for (uint32_t first = begin; first < end;) {
      const size_t hour = hour_of(first);
      uint32_t last = first + 1;
      while (last < end && hour_of(last) == hour) ++last;
      prepared.Count(first, last, &counts_.buckets[BucketOfHour(counts_.kept, hour)]);
      rows_[hour] += last - first;
      first = last;
    }
    counted_ += end - begin;
    begin = end;
    if (counted_ == CellEnd()) CloseCell();
  }
}

NaturalVariation SeasonCounter::Learn(const SeasonalTraining& training, size_t variable) const {
  std::vector<HourRun> runs;
  double rows = 0;
  for (const Cell& cell : cells_) {
    HourRun run{BucketRows(training.buckets()), cell.codes[variable].ToVector(), {}};
    for (size_t hour = 0; hour < cell.rows.size(); ++hour) {
      run.rows[BucketOfHour(training.season(), hour)] += cell.rows[hour];
    }
    run.trained = training.At(variable, run.rows).shares;
    const double of_cell = Sum(run.rows);
    for (double& share : run.trained) share *= of_cell;
    rows += of_cell;
    runs.push_back(std::move(run));
  }
  NaturalVariation natural;
  natural.chunk_rows = rows / static_cast<double>(std::max<size_t>(1, cells_.size()));
  if (runs.size() < kFewChunks) return natural;
  const std::vector<double> trained_rows = training.RowsOf(variable);
  VariableBaseline draft = baseline_.variables[variable];
  for (size_t width = 1; 2 * width <= cells_.size(); width *= 2, Join(&runs)) {
    std::vector<double> values;
    std::vector<std::vector<uint64_t>> ranks;
    for (const HourRun& run : runs) {
      const std::optional<Rest> rest = RestOf(run, trained_rows);
      if (!rest.has_value()) continue;
      if (width == 1) {
        ranks.push_back(SeasonalTraining::Ranks(rest->shares, CodeCounts::Of(run.codes)));
      }
      const std::optional<double> psi = PsiOf(run, *rest, &draft);
      if (psi.has_value()) values.push_back(*psi);
    }
    if (values.empty()) break;
    if (width == 1) natural.groups = LongestEffect(std::move(ranks));
    natural.psi_limits.push_back(static_cast<float>(std::max(0.0, TailLimit(std::move(values)))));
  }
  return natural;
}

std::string SeasonCounter::Finish() {
  if (!wanted()) return "";
  for (const Season season : kSeasons) {
    const bool kept = counts_.kept == Season::kHourOfWeek || season == counts_.kept;
    if (!kept || !CoversSeason(baseline_, season)) continue;
    const SeasonalTraining training(baseline_, counts_, season);
    std::vector<NaturalVariation>& natural = counts_.natural[static_cast<size_t>(season) - 1];
    for (size_t i = 0; i < baseline_.variables.size(); ++i) natural.push_back(Learn(training, i));
  }
  std::string bytes = EncodeSeasons(counts_);
  if (bytes.size() <= options_.max_bytes) return bytes;
  if (counts_.kept == Season::kHourOfDay) return "";
  SeasonCounts days;
  days.kept = Season::kHourOfDay;
  days.natural[static_cast<size_t>(Season::kHourOfDay) - 1] = counts_.NaturalOf(Season::kHourOfDay);
  days.buckets.assign(SeasonBuckets(days.kept), Pane(baseline_));
  for (size_t hour = 0; hour < counts_.buckets.size(); ++hour) {
    days.buckets[BucketOfHour(days.kept, hour)].Merge(counts_.buckets[hour]);
  }
  bytes = EncodeSeasons(days);
  return bytes.size() <= options_.max_bytes ? bytes : "";
}

}  // namespace plumbline::profile
