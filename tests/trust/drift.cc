#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "tests/trust/formulas.h"
#include "tests/trust/monitor.h"
#include "tests/trust/streams.h"
#include "tests/trust/tables.h"

namespace plumbline::trust {
namespace {

constexpr size_t kVariables = 20;
constexpr uint32_t kTrained = 50'000;
constexpr double kBudget = 10'000;  // panes of a false page
constexpr int kCalm = 20;           // panes before the change
constexpr int kNever = 200;         // panes after it

struct Story {
  const char* name;
  uint32_t rows;
  bool by_policy;  // or by evidence alone
  int promised;    // median delay, in panes; 0: none
  Kind kind;
  double null_rate;
  Change change;
};

const std::vector<Story>& Stories() {
  static const auto* const stories = new std::vector<Story>{
      {"shift of 0.5 sigma", 100, true, 5, Kind::kNormal, 0, {.shift = 0.5}},
      {"share 5% -> 25%", 100, true, 5, Kind::kFewCategories, 0, {.category_share = 0.25}},
      {"nulls 0.1% -> 5%", 100, true, 5, Kind::kNormal, 0.001, {.null_rate = 0.05}},
      {"stuck at one value", 100, true, 5, Kind::kNormal, 0, {.stuck = 1}},
      {"shift of 0.2 sigma", 500, false, 5, Kind::kNormal, 0, {.shift = 0.2}},
      {"shift of 0.1 sigma", 2'000, false, 5, Kind::kNormal, 0, {.shift = 0.1}},
      {"share 5% -> 10%", 500, false, 5, Kind::kFewCategories, 0, {.category_share = 0.10}},
      {"variance x 1.5", 500, false, 5, Kind::kNormal, 0, {.spread = std::sqrt(1.5)}},
      {"new atom of 10%", 500, false, 5, Kind::kNormal, 0, {.new_atom = 0.1}},
      {"nulls 0.1% -> 1%", 500, false, 5, Kind::kNormal, 0.001, {.null_rate = 0.01}},
      {"share 5% -> 10%", 100, false, 0, Kind::kFewCategories, 0, {.category_share = 0.10}},
      {"variance x 1.5", 100, false, 0, Kind::kNormal, 0, {.spread = std::sqrt(1.5)}},
      {"new atom of 10%", 100, false, 0, Kind::kNormal, 0, {.new_atom = 0.1}},
      {"1 sigma in 50 panes", 500, true, 0, Kind::kNormal, 0, {.shift = 1, .grows_over_panes = 50}},
      {"0.5 sigma in 50 panes",
       500,
       false,
       0,
       Kind::kNormal,
       0,
       {.shift = 0.5, .grows_over_panes = 50}}};
  return *stories;
}

// The limits at which the worst of 20 variables passes each formula in one pane of so many.
Formulas EqualLimits(const Story& story, Size size) {
  std::vector<Kind> kinds = Kinds(kVariables, /*mixed=*/false);
  kinds[0] = story.kind;
  Stream stream(kinds, Rows::kIndependent, story.null_rate, 5);
  const auto baseline = Learn(stream.Next(kTrained));
  Formulas limits{};
  const int panes = size == Size::kFull ? static_cast<int>(kBudget) : 500;
  for (int i = 0; i < panes; ++i) {
    const Formulas worst = Worst(Compute(*baseline, stream.Next(story.rows)));
    for (size_t f = 0; f < limits.size(); ++f) limits[f] = std::max(limits[f], worst[f]);
  }
  return limits;
}

// Panes from the change to the page, of one life; and to when each formula passes its limit.
struct Delays {
  int ours = kNever;
  std::array<int, std::size(kFormulas)> formulas;
};

Delays Live(const Story& story, const std::shared_ptr<const profile::Baseline>& baseline,
            const Formulas& limits, Stream* stream) {
  Monitor monitor(baseline, kBudget);
  const std::string what = story.change.null_rate >= 0 ? "null_rate v0" : "drift v0";
  Delays delays;
  delays.formulas.fill(kNever);
  for (int i = 0; i < kCalm; ++i) monitor.Close(stream->Next(story.rows));
  for (int i = 1; i < kNever; ++i) {
    const uint64_t grows = std::max<uint64_t>(1, story.change.grows_over_panes);
    const double extent = std::min(1.0, static_cast<double>(i) / static_cast<double>(grows));
    const profile::BatchView batch = stream->Next(story.rows, story.change, extent);
    const Formulas of = Compute(*baseline, batch)[0];
    for (size_t f = 0; f < of.size(); ++f) {
      if (of[f] > limits[f]) delays.formulas[f] = std::min(delays.formulas[f], i);
    }
    const Monitor::Told told = monitor.Close(batch);
    if ((story.by_policy ? told.pages : told.by_evidence).contains(what)) {
      delays.ours = std::min(delays.ours, i);
    }
    const int slowest = *std::max_element(delays.formulas.begin(), delays.formulas.end());
    if (delays.ours < kNever && (slowest < kNever || i > 5 * delays.ours)) break;
  }
  return delays;
}

std::string Median(std::vector<int> delays, size_t rank) {
  std::nth_element(delays.begin(), delays.begin() + static_cast<long>(rank), delays.end());
  return delays[rank] >= kNever ? "-" : std::to_string(delays[rank]);
}

}  // namespace

bool Drift(Size size) {
  const int lives = size == Size::kFull ? 100 : size == Size::kQuick ? 30 : 10;
  std::printf(
      "\nOne of 20 variables drifts, baseline 50,000 rows, a budget of one false page in 10,000 "
      "panes: panes until\nthe page, median and 90%%, of %d lives. Beside it the medians of the "
      "usual formulas, each with the limit that\ngives %s (-: not within five times ours).\n\n",
      lives, size == Size::kFull ? "as many false pages" : "one false page in 500 panes");
  std::printf("%-22s %6s %-8s %7s %7s %9s | %5s %5s %5s\n", "change", "rows", "by", "median", "90%",
              "promised", "PSI", "Wass", "KS");
  bool kept = true;
  std::map<std::pair<uint32_t, Kind>, Formulas> limits;
  for (const Story& story : Stories()) {
    if (size == Size::kTest && (story.promised == 0 || story.rows > 500)) continue;
    const auto key = std::make_pair(story.rows, story.kind);
    if (!limits.contains(key)) {
      limits[key] = size == Size::kTest ? Formulas{kUsualLimits[0], kUsualLimits[1], 100}
                                        : EqualLimits(story, size);
    }
    std::vector<Kind> kinds = Kinds(kVariables, /*mixed=*/false);
    kinds[0] = story.kind;
    std::shared_ptr<const profile::Baseline> baseline;
    std::vector<int> ours;
    std::vector<int> formulas[std::size(kFormulas)];
    for (int life = 0; life < lives; ++life) {
      Stream stream(kinds, Rows::kIndependent, story.null_rate, 77 + life);
      if (life % 20 == 0) baseline = Learn(stream.Next(kTrained));
      const Delays delays = Live(story, baseline, limits[key], &stream);
      ours.push_back(delays.ours);
      for (size_t f = 0; f < delays.formulas.size(); ++f) formulas[f].push_back(delays.formulas[f]);
    }
    const auto half = static_cast<size_t>(lives) / 2, most = static_cast<size_t>(lives) * 9 / 10;
    const bool promised = story.promised > 0;
    std::printf("%-22s %6u %-8s %7s %7s %9s | %5s %5s %5s\n", story.name, story.rows,
                story.by_policy ? "policy" : "evidence", Median(ours, half).c_str(),
                Median(ours, most).c_str(), promised ? std::to_string(story.promised).c_str() : "",
                Median(formulas[0], half).c_str(), Median(formulas[1], half).c_str(),
                Median(formulas[2], half).c_str());
    std::fflush(stdout);
    std::nth_element(ours.begin(), ours.begin() + static_cast<long>(half), ours.end());
    if (promised && ours[half] > story.promised) kept = false;
  }
  return kept;
}

}  // namespace plumbline::trust
