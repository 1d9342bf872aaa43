#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <vector>

#include "tests/trust/formulas.h"
#include "tests/trust/monitor.h"
#include "tests/trust/streams.h"
#include "tests/trust/tables.h"

namespace plumbline::trust {
namespace {

constexpr double kBudget = 10'000;  // panes of a false page
constexpr double kNullRate = 0.02;
constexpr int kFormulaPanes = 40;  // of a life
// Training of fewer rows has hardly seen a run of Rows::kRuns.
constexpr uint32_t kLeastForRuns = 10'000;

/// Panes of one life after another, each with a baseline of its own.
struct Cell {
  size_t variables;
  uint32_t rows;     // of a pane
  uint32_t trained;  // rows of a baseline
  int lives;
  int panes;  // of a life
};

// 2 x 1000 panes of 50 rows and the like stay below the baseline's rows, the last is 1,000 times
// it.
constexpr Cell kCells[] = {
    {2, 50, 50'000, 41, 1'000},   {2, 200, 50'000, 40, 500},   {2, 1'000, 50'000, 20, 250},
    {2, 5'000, 50'000, 10, 100},  {20, 50, 50'000, 12, 1'000}, {20, 200, 50'000, 20, 400},
    {20, 1'000, 50'000, 10, 50},  {20, 5'000, 50'000, 4, 10},  {200, 50, 20'000, 3, 800},
    {200, 200, 20'000, 3, 100},   {200, 1'000, 20'000, 2, 20}, {200, 5'000, 20'000, 1, 10},
    {1'000, 50, 10'000, 1, 200},  {1'000, 200, 10'000, 1, 50}, {1'000, 1'000, 10'000, 1, 10},
    {1'000, 5'000, 10'000, 1, 2}, {6, 1'000, 2'000, 5, 2'000}};

struct Tally {
  uint64_t panes = 0, by_evidence = 0, pages = 0, formula_panes = 0;
  uint64_t formulas[std::size(kFormulas)] = {};

  void Add(const Tally& other) {
    panes += other.panes;
    by_evidence += other.by_evidence;
    pages += other.pages;
    formula_panes += other.formula_panes;
    for (size_t i = 0; i < std::size(kFormulas); ++i) formulas[i] += other.formulas[i];
  }
};

// The largest mean of a Poisson variable that is at most `seen` with a chance of 5%.
double UpperBound(uint64_t seen) {
  double low = 0, high = 10 + 3.0 * static_cast<double>(seen);
  for (int step = 0; step < 60; ++step) {
    const double mean = (low + high) / 2;
    double term = std::exp(-mean), sum = term;
    for (uint64_t k = 1; k <= seen; ++k) sum += term *= mean / static_cast<double>(k);
    (sum > 0.05 ? low : high) = mean;
  }
  return high;
}

Tally Live(const Cell& cell, Rows rows, uint64_t seed) {
  Tally tally;
  for (int life = 0; life < cell.lives; ++life) {
    Stream stream(Kinds(cell.variables, /*mixed=*/true), rows, kNullRate, seed + life);
    const auto baseline = Learn(stream.Next(cell.trained));
    Monitor monitor(baseline, kBudget);
    for (int i = 0; i < cell.panes; ++i) {
      const profile::BatchView batch = stream.Next(cell.rows);
      const Monitor::Told told = monitor.Close(batch);
      ++tally.panes;
      tally.by_evidence += told.by_evidence.empty() ? 0 : 1;
      tally.pages += told.pages.empty() ? 0 : 1;
      if (i >= kFormulaPanes || life >= 3) continue;
      const Formulas worst = Worst(Compute(*baseline, batch));
      ++tally.formula_panes;
      for (size_t f = 0; f < worst.size(); ++f) tally.formulas[f] += worst[f] > kUsualLimits[f];
    }
  }
  return tally;
}

Cell Sized(Cell cell, Size size) {
  if (size == Size::kFull) return cell;
  const int less = size == Size::kQuick ? 8 : 40;
  cell.lives = std::max(1, cell.lives / less);
  if (size == Size::kTest) cell.panes = std::max(1, cell.panes / 4);
  return cell;
}

double Percent(uint64_t part, uint64_t whole) {
  return whole == 0 ? 0 : 100.0 * static_cast<double>(part) / static_cast<double>(whole);
}

}  // namespace

bool NoDrift(Size size) {
  static constexpr const char* kRowNames[] = {"independent", "correlated", "autocorrelated",
                                              "runs"};
  std::printf(
      "Nothing drifts: mixed kinds, nulls 2%%, a budget of one page in 10,000 panes. Beside it "
      "the share of\npanes in which one variable at least is beyond the usual limit.\n\n");
  std::printf("%9s %5s %-14s %8s %6s %7s %8s %6s | %6s %6s %6s\n", "variables", "rows", "rows are",
              "trained", "lives", "panes", "evidence", "pages", "PSI", "Wass", "KS");
  Tally all;
  uint64_t seed = 1;
  for (const Cell& full : kCells) {
    if (size != Size::kFull && full.variables * full.rows > 100'000) continue;
    if (size == Size::kTest && full.variables > 20) continue;
    const Cell cell = Sized(full, size);
    for (const Rows rows :
         {Rows::kIndependent, Rows::kCorrelated, Rows::kAutocorrelated, Rows::kRuns}) {
      if (rows == Rows::kRuns && cell.trained < kLeastForRuns) continue;
      const Tally tally = Live(cell, rows, seed += 1'000);
      std::printf("%9zu %5u %-14s %8u %6d %7lu %8lu %6lu | %5.0f%% %5.0f%% %5.0f%%\n",
                  cell.variables, cell.rows, kRowNames[static_cast<int>(rows)], cell.trained,
                  cell.lives, tally.panes, tally.by_evidence, tally.pages,
                  Percent(tally.formulas[0], tally.formula_panes),
                  Percent(tally.formulas[1], tally.formula_panes),
                  Percent(tally.formulas[2], tally.formula_panes));
      std::fflush(stdout);
      all.Add(tally);
    }
  }
  const auto panes = static_cast<double>(all.panes);
  std::printf(
      "\n%lu panes: %lu pages, %.2g a pane, below %.2g with 95%% confidence; by evidence "
      "alone %lu, below %.2g\n",
      all.panes, all.pages, static_cast<double>(all.pages) / panes, UpperBound(all.pages) / panes,
      all.by_evidence, UpperBound(all.by_evidence) / panes);
  // Few panes say little.
  if (size != Size::kFull) return static_cast<double>(all.pages) <= std::max(1.0, panes / kBudget);
  return UpperBound(all.pages) <= panes / kBudget;
}

}  // namespace plumbline::trust
