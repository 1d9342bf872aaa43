#include "server/checks/impact.h"

#include <algorithm>
#include <cmath>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "server/checks/checks.h"

namespace plumbline::checks {
namespace {

using profile::InputState;
using profile::Outcomes;
using profile::StateOutcomes;
using profile::VariableBaseline;

// Rows of the window that an earlier release counted, whose predictions it did not keep apart, may
// be so many of those with a value.
constexpr double kMostUntold = 0.01;

// Of `all` rows of the window those with a value of the input, of the prediction `watched`.
Outcomes RowsWithValue(Outcomes all, size_t watched, const profile::Pane& window,
                       uint32_t variable) {
  const auto& states = window.outcomes.states;
  for (auto it = states.lower_bound({variable, InputState::kAbsent});
       it != states.end() && it->first.first == variable; ++it) {
    if (watched < it->second.predictions.size()) {
      all = all.Without(it->second.predictions[watched]);
    }
  }
  return all;
}

// Rows in which the input was in some state, but whose predictions were not kept apart.
uint64_t Untold(const VariableBaseline& trained, const profile::Pane& window, uint32_t variable) {
  uint64_t counted = 0, told = 0;
  for (size_t state = 0; state < profile::kInputStates; ++state) {
    counted += profile::RowsInState(static_cast<InputState>(state), window.variables[variable],
                                    trained.is_numeric());
  }
  const auto& states = window.outcomes.states;
  for (auto it = states.lower_bound({variable, InputState::kAbsent});
       it != states.end() && it->first.first == variable; ++it) {
    told += it->second.rows;
  }
  return counted - std::min(counted, told);
}

// Training's predictions stand for those of rows with a value only where it hardly had others.
bool TrainingHadValues(const VariableBaseline& trained) {
  constexpr double kMostWithout = 0.1;
  uint64_t without = 0;
  for (size_t state = 0; state < profile::kInputStates; ++state) {
    without +=
        profile::RowsInState(static_cast<InputState>(state), trained.counts, trained.is_numeric());
  }
  return static_cast<double>(without) <= kMostWithout * static_cast<double>(trained.counts.rows);
}

std::string Subject(const Impact& impact) {
  return impact.category.empty()
             ? absl::StrCat("`", impact.variable, "` ", impact.state)
             : absl::StrCat("`", impact.variable, "`: `", impact.category, "` ", impact.state);
}

std::string Reference(const Impact& impact) {
  if (!impact.against_training) return "in rows with it";
  return impact.category.empty() ? "in training"
                                 : absl::StrCat("in training's rows with `", impact.category, "`");
}

// `mean of `y` 0.61 against 0.42`, or the class whose share differs most.
std::string Figures(const Impact& impact) {
  const bool by_mean = impact.mean_without.has_value() && impact.effect.has_value() &&
                       std::abs(*impact.effect) >= kLeastMeanImpact;
  if (by_mean || !impact.share_without.has_value()) {
    if (!impact.mean_without.has_value()) return absl::StrCat("`", impact.prediction, "`");
    return absl::StrFormat("mean of `%s` %.4g against %.4g", impact.prediction,
                           *impact.mean_without, *impact.mean_with);
  }
  const bool interval = impact.mean_without.has_value();
  return absl::StrCat("`", impact.prediction, "` ", interval ? "in " : "", "`", impact.group,
                      "` in ", PercentText(*impact.share_without), " against ",
                      PercentText(*impact.share_with));
}

void Describe(Impact* impact) {
  if (impact->verdict == ImpactVerdict::kInsufficientData) {
    if (!impact->reason.empty()) return;
    impact->reason = absl::StrCat(Subject(*impact), ": too few rows with a `", impact->prediction,
                                  "`: ", CountText(impact->without), ", and ",
                                  CountText(impact->with), " ", Reference(*impact));
    return;
  }
  const absl::string_view verdict =
      impact->verdict == ImpactVerdict::kNotShown ? "no difference shown: "
      : impact->verdict == ImpactVerdict::kSmall  ? "a small difference: "
                                                  : "";
  impact->reason = absl::StrCat(Subject(*impact), ": ", verdict, Figures(*impact), " ",
                                Reference(*impact), " (", CountText(impact->without), " rows, ",
                                CountText(impact->with), "); association, not cause");
}

// What a check on a feature is about.
std::optional<InputState> StateOf(CheckId check) {
  switch (check) {
    case CheckId::kAbsentVariable:
      return InputState::kAbsent;
    case CheckId::kWrongType:
      return InputState::kWrongType;
    case CheckId::kNullRate:
      return InputState::kNull;
    case CheckId::kNanRate:
      return InputState::kNan;
    case CheckId::kInfRate:
      return InputState::kInfinite;
    case CheckId::kOutOfRange:
      return InputState::kOutOfRange;
    case CheckId::kUnseenCategory:
      return InputState::kUnseen;
    default:
      return std::nullopt;
  }
}

// All rows that lack the variable, as arrival clocks have it.
StateOutcomes Missing(const profile::Pane& window, uint32_t variable) {
  StateOutcomes missing;
  for (const InputState state :
       {InputState::kAbsent, InputState::kWrongType, InputState::kNull, InputState::kNan}) {
    const auto it = window.outcomes.states.find({variable, state});
    if (it != window.outcomes.states.end()) missing.Merge(it->second);
  }
  return missing;
}

}  // namespace

StateWords WordsOf(InputState state) {
  switch (state) {
    case InputState::kAbsent:
      return {"absent", "input_absent"};
    case InputState::kWrongType:
      return {"of another type", "input_wrong_type"};
    case InputState::kNull:
      return {"null", "input_null"};
    case InputState::kNan:
      return {"NaN", "input_nan"};
    case InputState::kInfinite:
      return {"infinite", "input_infinite"};
    case InputState::kOutOfRange:
      return {"out of range", "input_out_of_range"};
    case InputState::kUnseen:
      return {"a category never seen in training", "input_unseen_category"};
  }
  return {};
}

void SortImpacts(std::vector<Impact>* impacts) {
  std::stable_sort(impacts->begin(), impacts->end(), [](const Impact& a, const Impact& b) {
    if (a.verdict != b.verdict) return a.verdict > b.verdict;
    return a.tvd.value_or(0) > b.tvd.value_or(0);
  });
}

std::vector<Impact> ImpactsOfSilence(const profile::Baseline& baseline, const Policy& policy,
                                     size_t variable, size_t category, uint64_t rows_since,
                                     const std::vector<Outcomes>& since) {
  std::vector<Impact> impacts;
  const VariableBaseline& input = baseline.variables[variable];
  const std::vector<uint32_t> predictions = profile::WatchedPredictions(baseline);
  for (size_t i = 0; i < predictions.size() && i < since.size(); ++i) {
    const VariableBaseline& prediction = baseline.variables[predictions[i]];
    const std::string name(input.categories.name(category));
    const Outcomes with = profile::OutcomesOfSample(baseline, predictions[i], variable, name);
    Impact impact = CompareOutcomes(policy, prediction, since[i], with, predictions.size());
    impact.variable = input.variable.name;
    impact.state = "silent";
    impact.category = name;
    impact.rows = rows_since;
    impact.against_training = true;
    Describe(&impact);
    impacts.push_back(std::move(impact));
  }
  SortImpacts(&impacts);
  return impacts;
}

void ImpactFinder::Prepare() {
  if (prepared_) return;
  prepared_ = true;
  predictions_ = profile::WatchedPredictions(baseline_);
  for (const uint32_t prediction : predictions_) {
    all_.emplace_back(baseline_.variables[prediction], window_.variables[prediction]);
  }
}

void ImpactFinder::Compare(uint32_t variable, absl::string_view words, const StateOutcomes& state,
                           std::vector<Impact>* impacts) const {
  const size_t comparisons = window_.outcomes.states.size() * predictions_.size();
  const uint64_t untold = Untold(baseline_.variables[variable], window_, variable);
  for (size_t i = 0; i < predictions_.size() && i < state.predictions.size(); ++i) {
    const VariableBaseline& prediction = baseline_.variables[predictions_[i]];
    Outcomes with = RowsWithValue(all_[i], i, window_, variable);
    const bool against_training = with.rows() < std::max<uint64_t>(1, policy_.min_rows_rate);
    if (against_training) with = Outcomes(prediction, prediction.counts);
    Impact impact = CompareOutcomes(policy_, prediction, state.predictions[i], with, comparisons);
    impact.variable = baseline_.variables[variable].variable.name;
    impact.state = std::string(words);
    impact.rows = state.rows;
    impact.against_training = against_training;
    if (against_training && !TrainingHadValues(baseline_.variables[variable])) {
      impact.verdict = ImpactVerdict::kInsufficientData;
      impact.reason =
          absl::StrCat(Subject(impact), ": too few rows have a value, and training has ",
                       "many without one: there is nothing to compare with");
    } else if (!against_training &&
               static_cast<double>(untold) > kMostUntold * static_cast<double>(impact.with)) {
      impact.verdict = ImpactVerdict::kInsufficientData;
      impact.reason = absl::StrCat(Subject(impact), ": the predictions of ", CountText(untold),
                                   " such rows were counted by an earlier release");
    }
    Describe(&impact);
    impacts->push_back(std::move(impact));
  }
}

std::vector<Impact> ImpactFinder::Find(std::optional<size_t> only) {
  std::vector<Impact> impacts;
  Prepare();
  for (const auto& [key, state] : window_.outcomes.states) {
    if (only.has_value() && *only != key.first) continue;
    Compare(key.first, WordsOf(key.second).words, state, &impacts);
  }
  SortImpacts(&impacts);
  return impacts;
}

void ImpactFinder::Name(size_t variable, Finding* finding) {
  if (finding->status != Status::kFiring || finding->cause == "rate_fell") return;
  const auto index = static_cast<uint32_t>(variable);
  if (const std::optional<InputState> state = StateOf(finding->check); state.has_value()) {
    const auto it = window_.outcomes.states.find({index, *state});
    if (it == window_.outcomes.states.end()) return;
    Prepare();
    Compare(index, WordsOf(*state).words, it->second, &finding->impacts);
  } else if (finding->check == CheckId::kSilence && !finding->silent_category.has_value()) {
    Prepare();
    Compare(index, "silent", Missing(window_, index), &finding->impacts);
  }
  SortImpacts(&finding->impacts);
  if (finding->impacts.empty()) return;
  const Impact& most = finding->impacts.front();
  if (most.verdict != ImpactVerdict::kDifferent) return;
  absl::StrAppend(&finding->reason, "; predictions in these rows: ", Figures(most), " ",
                  Reference(most), " (association, not cause)");
}

}  // namespace plumbline::checks
