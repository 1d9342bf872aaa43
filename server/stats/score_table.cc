#include "server/stats/score_table.h"

#include <algorithm>
#include <cmath>
#include <utility>

namespace plumbline::stats {
namespace {

constexpr int kFinestGrid = 60;
constexpr int kCoarsestGrid = -1075;  // every double below infinity is 0 or less
constexpr double kMostExactInteger = 0x1p52;

double RoundDown(double score, int grid) {
  const double scaled = std::ldexp(score, grid);
  if (!(std::abs(scaled) < kMostExactInteger)) return score;  // a multiple already, or infinite
  return std::ldexp(std::floor(scaled), -grid) + 0.0;         // never -0.0
}

}  // namespace

double ScoreTable::Key(double score) const {
  return grid_.has_value() ? RoundDown(score, *grid_) : score + 0.0;
}

void ScoreTable::Add(double score, bool predicted, Truth truth, uint64_t rows) {
  cells_[Key(score)].rows[predicted ? 1 : 0][static_cast<size_t>(truth)] += rows;
  if (cells_.size() > kMaxCells) Shrink();
}

void ScoreTable::Remove(double score, bool predicted, Truth truth) {
  const auto cell = cells_.find(Key(score));
  if (cell == cells_.end()) return;
  uint64_t& rows = cell->second.rows[predicted ? 1 : 0][static_cast<size_t>(truth)];
  if (rows == 0) return;
  --rows;
  if (cell->second.empty()) cells_.erase(cell);
}

void ScoreTable::Merge(const ScoreTable& other) {
  if (other.grid_.has_value() && (!grid_.has_value() || *other.grid_ < *grid_)) {
    Regrid(other.grid_);
  }
  for (const auto& [score, from] : other.cells_) {
    ScoreCell& to = cells_[Key(score)];
    for (size_t predicted = 0; predicted < 2; ++predicted) {
      for (size_t truth = 0; truth < 3; ++truth) {
        to.rows[predicted][truth] += from.rows[predicted][truth];
      }
    }
  }
  Shrink();
}

void ScoreTable::Regrid(std::optional<int> grid) {
  grid_ = grid;
  Cells old = std::exchange(cells_, {});
  for (const auto& [score, from] : old) {
    ScoreCell& to = cells_[Key(score)];
    for (size_t predicted = 0; predicted < 2; ++predicted) {
      for (size_t truth = 0; truth < 3; ++truth) {
        to.rows[predicted][truth] += from.rows[predicted][truth];
      }
    }
  }
}

void ScoreTable::Shrink() {
  while (cells_.size() > kMaxCells && grid_.value_or(kFinestGrid) > kCoarsestGrid) {
    Regrid(grid_.has_value() ? *grid_ - 1 : kFinestGrid);
  }
}

bool ScoreTable::Restore(Cells cells, std::optional<int> grid) {
  if (cells.size() > kMaxCells) return false;
  if (grid.has_value() && (*grid > kFinestGrid || *grid < kCoarsestGrid)) return false;
  ScoreTable restored;
  restored.grid_ = grid;
  for (const auto& [score, cell] : cells) {
    if (std::isnan(score) || restored.Key(score) != score || cell.empty()) return false;
  }
  restored.cells_ = std::move(cells);
  *this = std::move(restored);
  return true;
}

std::optional<Estimate> RocAuc(absl::Span<const WeightedScore> scores) {
  double positives = 0, negatives = 0;
  for (const WeightedScore& score : scores) {
    positives += score.positives;
    negatives += score.negatives;
  }
  if (!(positives > 0 && negatives > 0)) return std::nullopt;
  // Placements: of a positive row the share of negatives below, of a negative the positives above.
  double auc = 0, below = 0, of_positives = 0, of_negatives = 0, above = positives;
  for (const WeightedScore& score : scores) {
    const double place = (below + score.negatives / 2) / negatives;
    below += score.negatives;
    auc += score.positives * place;
    of_positives += score.positives * place * place;
    const double under = (above - score.positives / 2) / positives;
    above -= score.positives;
    of_negatives += score.negatives * under * under;
  }
  auc /= positives;
  const double variance =
      std::max(0.0, of_positives / positives - auc * auc) / std::max(1.0, positives - 1) +
      std::max(0.0, of_negatives / negatives - auc * auc) / std::max(1.0, negatives - 1);
  auc = std::clamp(auc, 0.0, 1.0);
  return NormalLogit(auc, std::sqrt(variance), std::min(positives, negatives));
}

std::optional<Estimate> AveragePrecision(absl::Span<const WeightedScore> scores) {
  double positives = 0;
  for (const WeightedScore& score : scores) positives += score.positives;
  if (!(positives > 0)) return std::nullopt;
  double sum = 0, hits = 0, rows = 0;
  for (auto score = scores.rbegin(); score != scores.rend(); ++score) {
    hits += score->positives;
    rows += score->positives + score->negatives;
    if (rows > 0) sum += score->positives * hits / rows;
  }
  const double value = std::min(1.0, sum / positives);
  return NormalLogit(value, std::sqrt(value * (1 - value) / positives), positives);
}

std::optional<Estimate> CalibrationError(absl::Span<const WeightedScore> scores) {
  constexpr size_t kBins = 10;
  struct Bin {
    double rows = 0, positives = 0, sum = 0;
  };
  std::array<Bin, kBins> bins;
  double rows = 0;
  for (const WeightedScore& score : scores) {
    const double at = std::ceil(std::clamp(score.score, 0.0, 1.0) * kBins) - 1;
    Bin& bin = bins[static_cast<size_t>(std::max(0.0, at))];
    const double here = score.positives + score.negatives;
    bin.rows += here;
    bin.positives += score.positives;
    bin.sum += here * score.score;
    rows += here;
  }
  if (!(rows > 0)) return std::nullopt;
  double value = 0, variance = 0;
  for (const Bin& bin : bins) {
    if (bin.rows == 0) continue;
    const double share = bin.positives / bin.rows;
    value += std::abs(bin.sum - bin.positives) / rows;
    variance += bin.rows * share * (1 - share) / (rows * rows);
  }
  Estimate estimate = Normal(value, std::sqrt(variance));
  estimate.lower = std::max(0.0, *estimate.lower);
  estimate.upper = std::min(1.0, *estimate.upper);
  return estimate;
}

}  // namespace plumbline::stats
