#include "server/profile/seasonal_training.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

namespace plumbline::profile {
namespace {

// A bucket with fewer rows is filled up to as many.
constexpr double kEnoughRows = 100;

// `shares` of so many rows, as counts: rounded so that no run of codes is off by more than one.
std::vector<uint64_t> CountsOf(absl::Span<const double> shares, double rows) {
  std::vector<uint64_t> counts(shares.size());
  double sum = 0;
  uint64_t before = 0;
  for (size_t code = 0; code < shares.size(); ++code) {
    sum += shares[code];
    const auto until = static_cast<uint64_t>(std::llround(rows * sum));
    counts[code] = until - before;
    before = until;
  }
  return counts;
}

stats::Moments MomentsOf(const SeasonalTraining::Mixture& mixture, uint64_t rows) {
  const auto moments =
      stats::Moments::FromParts({.shift = mixture.mean,
                                 .count = rows,
                                 .sum_squares = mixture.variance * static_cast<double>(rows),
                                 .min = mixture.min,
                                 .max = mixture.max});
  return moments.ok() ? *moments : stats::Moments();  // sums that overflowed
}

absl::string_view PeriodWords(Season season) {
  return season == Season::kHourOfDay ? "days" : "weeks";
}

}  // namespace

SeasonalTraining::Bucket SeasonalTraining::Filled(const VariableCounts& counts, double centre,
                                                  const Bucket& broader) {
  Bucket bucket;
  const auto own = static_cast<double>(counts.Coded());
  const double fill = broader.rows > 0 ? std::max(0.0, kEnoughRows - own) : 0;
  bucket.rows = own + fill;
  bucket.shares.resize(counts.codes.size());
  if (bucket.rows == 0) return bucket;
  for (size_t code = 0; code < bucket.shares.size(); ++code) {
    const double filled = fill > 0 ? fill * broader.shares[code] : 0;
    bucket.shares[code] =
        static_cast<float>((static_cast<double>(counts.codes[code]) + filled) / bucket.rows);
  }
  const stats::Moments& moments = counts.moments;
  if (fill > 0) {
    bucket.mean = broader.mean;
    bucket.square = broader.square;
    bucket.min = broader.min;
    bucket.max = broader.max;
  }
  if (moments.count() == 0) return bucket;
  const double part = own / bucket.rows;
  const double off = moments.Mean() - centre;
  bucket.mean = part * moments.Mean() + (1 - part) * bucket.mean;
  bucket.square = part * (moments.Variance() + off * off) + (1 - part) * bucket.square;
  bucket.min = fill > 0 ? std::min(moments.Min(), broader.min) : moments.Min();
  bucket.max = fill > 0 ? std::max(moments.Max(), broader.max) : moments.Max();
  return bucket;
}

SeasonalTraining::SeasonalTraining(const Baseline& whole, const SeasonCounts& counts, Season season)
    : season_(season), variables_(whole.variables.size()) {
  const auto bucket_of = [&](Season of, size_t bucket) {
    return counts.kept == Season::kHourOfWeek ? BucketOfHour(of, bucket) : bucket;
  };
  const std::vector<NaturalVariation>& natural = counts.NaturalOf(season);
  for (size_t i = 0; i < variables_.size(); ++i) {
    const VariableBaseline& variable = whole.variables[i];
    Trained& trained = variables_[i];
    trained.ordered = variable.is_numeric();
    trained.grouping = variable.grouping;
    if (variable.counts.moments.count() > 0) trained.centre = variable.counts.moments.Mean();
    if (i < natural.size()) trained.natural = natural[i];
    trained.whole = Filled(variable.counts, trained.centre, Bucket());
    const auto sums_of = [&](Season of) {
      VariableCounts empty;
      empty.codes = CodeCounts(variable.counts.codes.size());
      empty.moments = stats::Moments(variable.counts.moments.shift());
      std::vector<VariableCounts> sums(SeasonBuckets(of), empty);
      for (size_t bucket = 0; bucket < counts.buckets.size(); ++bucket) {
        sums[bucket_of(of, bucket)].Merge(counts.buckets[bucket].variables[i]);
      }
      return sums;
    };
    std::vector<Bucket> hours;  // of the day, to fill up those of the week
    if (season == Season::kHourOfWeek) {
      for (const VariableCounts& sum : sums_of(Season::kHourOfDay)) {
        hours.push_back(Filled(sum, trained.centre, trained.whole));
      }
    }
    const std::vector<VariableCounts> sums = sums_of(season);
    for (size_t bucket = 0; bucket < sums.size(); ++bucket) {
      trained.buckets.push_back(
          Filled(sums[bucket], trained.centre,
                 hours.empty() ? trained.whole : hours[bucket_of(Season::kHourOfDay, bucket)]));
    }
  }
}

absl::StatusOr<std::shared_ptr<const SeasonalTraining>> SeasonalTraining::Load(
    const Baseline& whole, Season season) {
  if (absl::Status fit = CheckSeason(whole, season); !fit.ok()) return fit;
  const absl::StatusOr<SeasonCounts> counts = DecodeSeasons(whole, whole.seasons);
  if (!counts.ok()) return counts.status();
  return std::make_shared<const SeasonalTraining>(whole, *counts, season);
}

SeasonalTraining::Mixture SeasonalTraining::At(size_t variable, const BucketRows& rows) const {
  const Trained& trained = variables_[variable];
  double total = 0;
  for (const uint64_t count : rows) total += static_cast<double>(count);
  Mixture mixture;
  mixture.shares.resize(trained.whole.shares.size());
  double square = 0, spread = 0;
  bool any = false;
  const auto add = [&](const Bucket& bucket, double weight) {
    if (bucket.rows == 0) return;
    for (size_t code = 0; code < mixture.shares.size(); ++code) {
      mixture.shares[code] += weight * bucket.shares[code];
    }
    mixture.mean += weight * bucket.mean;
    square += weight * bucket.square;
    spread += weight * weight / bucket.rows;
    mixture.min = any ? std::min(mixture.min, bucket.min) : bucket.min;
    mixture.max = any ? std::max(mixture.max, bucket.max) : bucket.max;
    any = true;
  };
  if (total == 0) add(trained.whole, 1);
  for (size_t bucket = 0; bucket < std::min(rows.size(), trained.buckets.size()); ++bucket) {
    if (rows[bucket] > 0) add(trained.buckets[bucket], static_cast<double>(rows[bucket]) / total);
  }
  mixture.rows = spread > 0 ? 1 / spread : 0;
  const double off = mixture.mean - trained.centre;
  mixture.variance = std::max(0.0, square - off * off);
  return mixture;
}

std::vector<double> SeasonalTraining::RowsOf(size_t variable) const {
  std::vector<double> rows;
  for (const Bucket& bucket : variables_[variable].buckets) rows.push_back(bucket.rows);
  return rows;
}

void SeasonalTraining::Apply(const BucketRows& rows, Baseline* trained) const {
  for (size_t i = 0; i < variables_.size(); ++i) {
    VariableBaseline& variable = trained->variables[i];
    const Mixture mixture = At(i, rows);
    VariableCounts counts;
    counts.codes = CodeCounts::Of(CountsOf(mixture.shares, mixture.rows));
    counts.rows = counts.Coded();
    if (variable.is_numeric() && counts.rows > 0) counts.moments = MomentsOf(mixture, counts.rows);
    variable.counts = std::move(counts);
    variable.grouping = MakeGrouping(variable);
    // What did not vary at these times can drift all the same.
    if (variable.grouping.groups < 2) variable.grouping = variables_[i].grouping;
    variable.natural = variables_[i].natural;
  }
}

std::vector<uint64_t> SeasonalTraining::Ranks(absl::Span<const double> shares,
                                              const CodeCounts& live) {
  std::vector<double> ranks(kRanks);
  double below = 0;
  size_t code = 0;
  for (const uint64_t count : live) {
    const double share = code < shares.size() ? shares[code] : 0;
    ++code;
    const auto rows = static_cast<double>(count);
    const double from = std::min(below, 1.0) * kRanks;
    const double until = std::min(below + share, 1.0) * kRanks;
    below += share;
    if (rows == 0) continue;
    const size_t first = std::min(static_cast<size_t>(from), kRanks - 1);
    if (until - from <= 0) {
      ranks[first] += rows;
      continue;
    }
    for (size_t rank = first; rank < kRanks && static_cast<double>(rank) < until; ++rank) {
      const double low = std::max(from, static_cast<double>(rank));
      const double high = rank + 1 == kRanks ? until : std::min(until, rank + 1.0);
      ranks[rank] += rows * std::max(0.0, high - low) / (until - from);
    }
  }
  const double total = std::accumulate(ranks.begin(), ranks.end(), 0.0);
  if (total > 0) {
    for (double& rank : ranks) rank /= total;
  }
  return CountsOf(ranks, static_cast<double>(live.Total()));
}

stats::ShareReference SeasonalTraining::Reference(size_t variable, const Mixture& mixture) const {
  const Trained& trained = variables_[variable];
  const auto each = static_cast<uint64_t>(std::llround(mixture.rows / kRanks));
  return stats::MakeShareReference(std::vector<uint64_t>(kRanks, each), trained.natural.groups,
                                   trained.ordered);
}

SeasonalBaseline::SeasonalBaseline(const Baseline* baseline,
                                   std::shared_ptr<const SeasonalTraining> season)
    : baseline_(baseline), season_(std::move(season)) {
  if (season_ == nullptr) return;
  trained_.model = baseline->model;
  trained_.version = baseline->version;
  trained_.number = baseline->number;
  trained_.rows = baseline->rows;
  trained_.schema = baseline->schema;
  trained_.variables = baseline->variables;
}

const Baseline& SeasonalBaseline::At(const BucketRows& rows) {
  if (season_ == nullptr) return *baseline_;
  if (rows_ != rows || rows_.empty()) season_->Apply(rows, &trained_);
  rows_ = rows;
  return trained_;
}

absl::Status CheckSeason(const Baseline& baseline, Season season) {
  if (season == Season::kNone) return absl::OkStatus();
  const std::string asked = absl::StrCat("baseline ", baseline.number,
                                         " cannot be compared with by ", SeasonName(season), ": ");
  if (!baseline.data_start.has_value() || !baseline.data_end.has_value()) {
    return absl::FailedPreconditionError(
        absl::StrCat(asked,
                     "its rows have no times; make one with `plumbline baseline create --timestamp "
                     "COLUMN`"));
  }
  if (!CoversSeason(baseline, season)) {
    return absl::FailedPreconditionError(absl::StrFormat(
        "%sits rows cover %.1f days, and two %s are the least; make one of more rows with "
        "`plumbline baseline create --timestamp COLUMN`",
        asked, absl::FDivDuration(*baseline.data_end - *baseline.data_start, absl::Hours(24)),
        PeriodWords(season)));
  }
  const absl::StatusOr<SeasonCounts> counts = DecodeSeasons(baseline, baseline.seasons);
  if (!baseline.seasons.empty() && !counts.ok()) return counts.status();
  if (!baseline.seasons.empty() && counts->Holds(season)) return absl::OkStatus();
  return absl::FailedPreconditionError(absl::StrCat(
      asked,
      baseline.seasons.empty()
          ? "it has no counts by time, as it was made by an older service or of a window, or "
            "has too many variables"
          : "it has too many variables for counts by hour of the week, and holds those by "
            "hour_of_day",
      "; make one of rows of fewer variables with `plumbline baseline create --timestamp COLUMN`"));
}

}  // namespace plumbline::profile
