#ifndef PLUMBLINE_SERVER_PROFILE_SEASON_COUNTER_H_
#define PLUMBLINE_SERVER_PROFILE_SEASON_COUNTER_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "server/profile/baseline.h"
#include "server/profile/batch.h"
#include "server/profile/season_counts.h"

namespace plumbline::profile {

struct SeasonOptions {
  size_t max_cells = 512;
  size_t max_memory = 128u << 20;  // of the counts by time, and of half as much the cells
  size_t max_bytes = 4u << 20;     // encoded
};

/// Counts training's rows by the hour of the week, in one more pass over them, and learns what they
/// vary by themselves beside their seasons from `cells`, runs of consecutive rows: as many as
/// options.max_cells, of at least 100 rows. Where there are too many variables for the hours of a
/// week, by the hour of the day alone; with more still there is nothing. Not thread-safe.
class SeasonCounter {
 public:
  /// `baseline` is finished, of the rows to come, and outlives this.
  explicit SeasonCounter(const Baseline& baseline, SeasonOptions options = {});

  /// False: there is nothing to count, as rows have no times, cover less than two days, or have too
  /// many variables.
  bool wanted() const { return counts_.kept != Season::kNone; }
  /// The same batches as the baseline was made of. Only if wanted().
  void Add(const BatchView& batch);
  /// For Baseline::seasons; empty if not wanted, or if they would take too much.
  std::string Finish();

 private:
  // Rows one after the other.
  struct Cell {
    BucketRows rows;                // by hour of the week
    std::vector<CodeCounts> codes;  // by variable
  };

  bool Fits(Season kept) const;
  void CloseCell();
  uint64_t CellEnd() const;
  // Of one variable beside one season.
  NaturalVariation Learn(const class SeasonalTraining& training, size_t variable) const;

  const Baseline& baseline_;
  const SeasonOptions options_;
  SeasonCounts counts_;
  uint64_t cells_wanted_ = 0;
  uint64_t counted_ = 0;
  Pane pane_;  // of the cell under way
  BucketRows rows_;
  std::vector<Cell> cells_;
};

}  // namespace plumbline::profile

#endif  // PLUMBLINE_SERVER_PROFILE_SEASON_COUNTER_H_
