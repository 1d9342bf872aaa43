#ifndef PLUMBLINE_SERVER_PROFILE_BASELINE_H_
#define PLUMBLINE_SERVER_PROFILE_BASELINE_H_

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "absl/types/span.h"
#include "server/manifest/environment.h"
#include "server/profile/bins.h"
#include "server/profile/categories.h"
#include "server/profile/counts.h"
#include "server/profile/natural_variation.h"
#include "server/profile/performance_task.h"
#include "server/profile/prediction_domain.h"
#include "server/profile/schema.h"
#include "server/stats/change_evidence.h"

namespace plumbline::profile {

/// Groups of codes over which psi, the divergences and chi-square are computed.
/// Numeric: runs of codes in order, the outer ones open. Each value by itself if no more than 12
/// codes are in use, else about 10 groups of equal mass; a code with a tenth of the mass is a group
/// by itself. A group below 0.5% of training or 5 rows is pooled with its lighter neighbour, but
/// two groups stay (a nearly constant variable must be able to drift); a constant variable has one.
/// Categorical: each kept category with at least 0.1% of training and 5 rows, and OTHER, the last
/// group, for the rest, the rare and the unseen.
struct Grouping {
  /// The codes from here to the next run belong to this group.
  struct Run {
    uint16_t first_code = 0;
    uint16_t group = 0;

    friend bool operator==(const Run&, const Run&) = default;
  };
  std::vector<Run> runs;  // ascending, from code 0 on
  uint32_t codes = 0;
  uint32_t groups = 0;

  uint32_t GroupOf(size_t code) const;
  /// Counts by group. Codes beyond the grouping's are ignored.
  std::vector<uint64_t> Sum(absl::Span<const uint64_t> counts) const;

  friend bool operator==(const Grouping&, const Grouping&) = default;
};

/// No variable of a baseline has more.
inline constexpr size_t kMaxCodes = std::max(kMaxBins, kMaxKeptCategories) + 2;

/// Ranks at which VariableBaseline::quantiles holds values.
inline constexpr double kQuantileRanks[] = {0,    0.01, 0.05, 0.1,  0.25, 0.5,
                                            0.75, 0.9,  0.95, 0.99, 1};

/// Training distribution of one variable.
struct VariableBaseline {
  Variable variable;
  VariableCounts counts;     // exact, from the second pass
  NumericBins bins;          // numeric
  CategoryTable categories;  // categorical
  /// Numeric: values at kQuantileRanks, within 0.1% of rank (exact if all are atoms); minimum and
  /// maximum are exact. Empty if there was no finite value.
  std::vector<double> quantiles;
  uint64_t singletons = 0;  // categorical: categories that occur once
  double distinct = 0;      // distinct values; both are estimates above 65,536 distinct
  /// Longest run of rows without a value of this variable (null or NaN), and categorical: without
  /// each kept category. What comes before the first and after the last counts too.
  uint64_t longest_gap_rows = 0;
  std::vector<uint64_t> longest_category_gap_rows;
  /// The same in event time, in microseconds, between one value and the next or an end of the data;
  /// all 0 unless every row of the baseline has a time. Where rows come out of time order, time
  /// stands still until it passes the newest seen.
  int64_t longest_gap_micros = 0;
  std::vector<int64_t> longest_category_gap_micros;
  NaturalVariation natural;

  // Derived from the above by Derive, not stored.
  Grouping grouping;
  PredictionDomain domain = PredictionDomain::kAny;
  EvidenceGroups evidence_groups;
  stats::ShareReference evidence_shares;  // over them

  bool is_numeric() const { return variable.kind == Kind::kNumeric; }
  /// True if training had exactly one distinct value (nulls, NaN and infinities aside).
  bool is_constant() const;
};

/// The grouping for what the variable's counts, bins and categories say. Cost: O(codes).
Grouping MakeGrouping(const VariableBaseline& variable);
/// Sets what is derived from the rest. Cost: O(codes).
void Derive(VariableBaseline* variable);

/// A run of consecutive rows of the training data, counted over the same codes: how much training
/// varies by itself.
struct BaselineChunk {
  uint64_t rows = 0;
  std::optional<absl::Time> start, end;  // oldest and newest event time, if every row has one
  std::string pane;                      // EncodePane; DecodePane with the baseline reads it
};

/// A bounded uniform sample of whole rows, in their order, column by column. A null is nullopt; NaN
/// and infinities are as they came.
struct RowSample {
  uint64_t rows = 0;
  /// By variable; empty if categorical.
  std::vector<std::vector<std::optional<double>>> numeric;
  /// By variable; empty if numeric.
  std::vector<std::vector<std::optional<std::string>>> categorical;
};

/// Immutable snapshot of the training distribution of one (model, version). Any thread.
struct Baseline {
  std::string model;
  std::string version;
  uint64_t number = 0;
  std::string description;
  absl::Time created_at = absl::InfinitePast();
  uint64_t rows = 0;
  std::optional<absl::Time> data_start, data_end;
  /// True if its rows were counted in the order of their times, which differ: then so are chunks,
  /// gaps and row sample. False: in the order in which they came.
  bool in_time_order = false;
  Schema schema;
  std::vector<VariableBaseline> variables;  // in the schema's order
  /// See FindProbabilityGroups.
  std::vector<std::vector<uint32_t>> probability_groups;
  manifest::Environment environment;  // what the training job ran in; may be empty
  /// What performance is computed from (FindTask), and training's own (EncodePerformance; empty if
  /// it was not computed).
  std::optional<PerformanceTask> task;
  std::string performance;
  std::vector<BaselineChunk> chunks;  // in the order in which rows were counted
  RowSample sample;
  /// Training's counts by the time of the day and week, for policies with a season (EncodeSeasons);
  /// empty if its rows have no times, cover less than two days, or have too many variables.
  std::string seasons;
};

}  // namespace plumbline::profile

#endif  // PLUMBLINE_SERVER_PROFILE_BASELINE_H_
