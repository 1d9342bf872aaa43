#include "server/profile/left_out.h"

#include <algorithm>
#include <cmath>

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
// Where so few categories, if they lie in one place, are most of the rows, they are a closed set by
// which the rows were sorted, not what keeps coming.
constexpr double kFewCategories = 100, kMostRows = 0.5;

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

}  // namespace plumbline::profile
