#include "server/profile/left_out.h"

#include <cmath>
#include <numeric>
#include <optional>

#include "server/profile/natural_variation.h"
#include "server/stats/change_evidence.h"

namespace plumbline::profile {
namespace {

// Longer runs are left out only if so many of them are left.
constexpr size_t kManyLongRuns = 24;
// By chance one category in so many trainings lies in one place, if it is taken by itself.
constexpr double kSurely = 0.01;
// Standard deviations, and categories, of what chance may put in one place.
constexpr double kChanceDeviations = 4, kChanceCategories = 4;
// Of all values, at most, those that are the outermost.
constexpr double kTailShare = 0.05;
// Where so few categories, if they lie in one place, are most of the rows, they are a closed set by
// which the rows were sorted, not what keeps coming.
constexpr double kFewCategories = 100, kMostRows = 0.5;
// Chance hardly puts the five outermost values around one of eight chunks or more.
constexpr uint64_t kFewBeyond = 5;

using Counts = std::vector<uint64_t>;

// The chance that `rows` rows of a category lie in one of so many runs or two neighbouring ones.
double ChanceOfOnePlace(uint64_t rows, size_t runs) {
  const auto count = static_cast<double>(runs), of = static_cast<double>(rows);
  return std::min(1.0, (count - 1) * std::pow(2 / count, of) - (count - 2) * std::pow(count, -of));
}

// The design effect of [run][marked, others], two standard deviations above what they show: of few
// clumps, marked / effect of them, whose sizes are exponential it is known to 1 / sqrt(clumps).
double UpperEffect(const std::vector<Counts>& runs) {
  const double effect = stats::DesignEffect(runs);
  if (effect <= 1) return 1;
  double marked = 0;
  for (const Counts& run : runs) marked += static_cast<double>(run[0]);
  return effect * (1 + 2 / std::sqrt(std::max(1.0, marked / effect)));
}

// The categories that came in one place, by run.
class LonePlaces {
 public:
  LonePlaces(size_t runs, size_t width, double categories)
      : width_(width), categories_(categories), sure_(runs), unsure_(runs) {}

  void Add(const CategorySpan& span, double scale) {
    const uint64_t first = span.first / width_, last = span.last / width_;
    const double chance = ChanceOfOnePlace(span.rows, sure_.size());
    const bool sure = span.rows == 1 || chance * categories_ < kSurely;
    if (!sure) expected_ += chance;
    if (span.rows == 0 || last > first + 1 || first >= sure_.size()) return;
    (sure ? sure_ : unsure_)[first] += span.rows;
    if (!sure) ++found_;
    const double others = (scale - 1) * static_cast<double>(span.rows);
    (sure ? beyond_sure_ : beyond_unsure_) += others;
  }

  LeftOut Result(absl::Span<const uint64_t> values) const {
    const bool chance =
        found_ <= expected_ + kChanceDeviations * std::sqrt(expected_) + kChanceCategories;
    double marked = beyond_sure_ + (chance ? 0 : beyond_unsure_), all = 0;
    std::vector<Counts> runs;
    for (size_t run = 0; run < sure_.size(); ++run) {
      if (values[run] == 0) continue;
      const uint64_t here = std::min(values[run], sure_[run] + (chance ? 0 : unsure_[run]));
      marked += static_cast<double>(here);
      all += static_cast<double>(values[run]);
      runs.push_back({here, values[run] - here});
    }
    if (all == 0) return {};
    return {std::min(1.0, marked / all), UpperEffect(runs)};
  }

 private:
  const size_t width_;
  const double categories_;
  Counts sure_, unsure_;  // rows by run, of those that are together not by chance; others
  double beyond_sure_ = 0, beyond_unsure_ = 0;  // rows that the sample stands for
  double expected_ = 0, found_ = 0;             // categories of the others, by chance
};

// What lies beyond `limit` of these values, above it or below. Within a bin they are even.
uint64_t CountBeyond(const NumericBins& bins, const Counts& codes, double limit, bool above) {
  auto count = static_cast<double>(above ? codes.back() : codes.front());
  for (size_t bin = 0; bin < bins.size(); ++bin) {
    const double low = bins.edges()[bin], high = bins.edges()[bin + 1];
    double part = 0;
    if (bins.is_atom(bin)) {
      part = (above ? low > limit : low < limit) ? 1 : 0;
    } else {
      // Halved: the difference of two doubles may be none.
      const double beyond = above ? high / 2 - limit / 2 : limit / 2 - low / 2;
      part = std::clamp(beyond / (high / 2 - low / 2), 0.0, 1.0);
    }
    count += part * static_cast<double>(codes[bin + 1]);
  }
  return static_cast<uint64_t>(std::llround(count));
}

// The values in the chunk with the extreme and its neighbours that lie beyond all other chunks.
uint64_t BeyondOthers(const NumericBins& bins, absl::Span<const ChunkRange> chunks, bool above) {
  const auto farther = [above](double a, double b) { return above ? a > b : a < b; };
  const auto end = [above](const ChunkRange& chunk) { return above ? chunk.max : chunk.min; };
  std::optional<size_t> farthest;
  for (size_t i = 0; i < chunks.size(); ++i) {
    if (chunks[i].codes.Total() == 0) continue;
    if (!farthest.has_value() || farther(end(chunks[i]), end(chunks[*farthest]))) farthest = i;
  }
  if (!farthest.has_value()) return 0;
  std::optional<double> limit;
  Counts around(bins.size() + 2);
  for (size_t i = 0; i < chunks.size(); ++i) {
    if (chunks[i].codes.Total() == 0) continue;
    if (i + 1 >= *farthest && i <= *farthest + 1) {
      for (size_t code = 0; code < around.size(); ++code) around[code] += chunks[i].codes[code];
    } else if (!limit.has_value() || farther(end(chunks[i]), *limit)) {
      limit = end(chunks[i]);
    }
  }
  return limit.has_value() ? CountBeyond(bins, around, *limit, above) : 0;
}

// Of the counts of the outermost values.
double TailEffect(const NumericBins& bins, absl::Span<const ChunkRange> chunks, bool above) {
  const size_t codes = bins.size() + 2;
  Counts all(codes);
  for (const ChunkRange& chunk : chunks) {
    for (size_t code = 0; code < codes; ++code) all[code] += chunk.codes[code];
  }
  const uint64_t values = std::accumulate(all.begin(), all.end(), uint64_t{0});
  const auto at = [&](size_t rank) { return above ? codes - 1 - rank : rank; };
  uint64_t outermost = 0;
  size_t ranks = 0;
  while (ranks < codes && outermost < chunks.size()) outermost += all[at(ranks++)];
  // An extreme that is frequent by itself is a bound rather than the last of a tail.
  const bool bound = ranks == 2 && bins.size() > 0 && bins.is_atom(above ? bins.size() - 1 : 0);
  if (bound || static_cast<double>(outermost) > kTailShare * static_cast<double>(values)) return 1;
  std::vector<Counts> marked;
  for (const ChunkRange& chunk : chunks) {
    uint64_t here = 0;
    for (size_t rank = 0; rank < ranks; ++rank) here += chunk.codes[at(rank)];
    const uint64_t total = chunk.codes.Total();
    if (total > 0) marked.push_back({here, total - here});
  }
  return UpperEffect(marked);
}

// True if every chunk lies beyond the one before: the rows are sorted by it.
bool IsSorted(absl::Span<const ChunkRange> chunks) {
  const ChunkRange* before = nullptr;
  bool rises = true, falls = true;
  for (const ChunkRange& chunk : chunks) {
    if (chunk.codes.Total() == 0) continue;
    if (before != nullptr) {
      rises &= before->max <= chunk.min;
      falls &= before->min >= chunk.max;
    }
    before = &chunk;
  }
  return rises || falls;
}

}  // namespace

LeftOut LeaveOutCategories(absl::Span<const CategorySpan> kept, const SpanSample& rest,
                           absl::Span<const uint64_t> values) {
  LeftOut most;
  const double categories =
      static_cast<double>(kept.size()) + rest.scale * static_cast<double>(rest.spans.size());
  for (size_t width = 1; width <= 2; ++width) {
    if (values.size() < (width == 1 ? kFewChunks : width * kManyLongRuns)) break;
    Counts of_runs((values.size() + width - 1) / width);
    for (size_t i = 0; i < values.size(); ++i) of_runs[i / width] += values[i];
    LonePlaces places(of_runs.size(), width, categories);
    for (const CategorySpan& span : kept) places.Add(span, 1);
    for (const CategorySpan& span : rest.spans) places.Add(span, rest.scale);
    const LeftOut found = places.Result(of_runs);
    if (categories < kFewCategories && found.share > kMostRows) return {};
    most.share = std::max(most.share, found.share);
    most.design_effect = std::max(most.design_effect, found.design_effect);
  }
  return most;
}

double RangeDesignEffect(const NumericBins& bins, absl::Span<const ChunkRange> chunks) {
  if (chunks.size() < kFewChunks || IsSorted(chunks)) return 1;
  double effect = 1;
  for (const bool above : {false, true}) {
    effect = std::max(effect, TailEffect(bins, chunks, above));
    const uint64_t beyond = BeyondOthers(bins, chunks, above);
    if (beyond >= kFewBeyond) effect = std::max(effect, static_cast<double>(beyond));
  }
  return effect;
}

}  // namespace plumbline::profile
