#include "server/profile/performance_task.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "server/profile/baseline.h"
#include "server/profile/values.h"

namespace plumbline::profile {
namespace {

using ClassNames = std::vector<std::string>;

std::string ClassText(double number) { return absl::StrCat(static_cast<int64_t>(number)); }

bool IsWhole(double number) { return number == std::floor(number) && std::abs(number) < 0x1p53; }

// The values of a variable that has few, ascending; empty if it has none, many or fractions.
ClassNames ClassesOf(const VariableBaseline& variable) {
  ClassNames names;
  if (!variable.is_numeric()) {
    if (variable.categories.size() > kMaxClasses) return {};
    const uint32_t rare = variable.categories.rare_code();
    if (rare < variable.counts.codes.size() && variable.counts.codes[rare] > 0) return {};
    for (const absl::string_view name : variable.categories.names()) names.emplace_back(name);
    std::sort(names.begin(), names.end());
    return names;
  }
  for (size_t bin = 0; bin < variable.bins.size(); ++bin) {
    if (variable.counts.codes[bin + 1] == 0) continue;
    const double value = variable.bins.edges()[bin];
    if (!variable.bins.is_atom(bin) || !IsWhole(value) || names.size() == kMaxClasses) return {};
    names.push_back(ClassText(value));
  }
  return names;
}

// One text for what means the same: `1.0` is 1, and so are `true` and `True`.
std::string Canonical(absl::string_view name) {
  double number = 0;
  if (absl::SimpleAtod(name, &number) && IsWhole(number)) return ClassText(number);
  if (absl::EqualsIgnoreCase(name, "true")) return "1";
  if (absl::EqualsIgnoreCase(name, "false")) return "0";
  return std::string(name);
}

bool Share(const ClassNames& a, const ClassNames& b) {
  return std::any_of(a.begin(), a.end(), [&](const std::string& name) {
    return std::any_of(b.begin(), b.end(), [&](const std::string& other) {
      return Canonical(name) == Canonical(other);
    });
  });
}

// A probability's name behind what its group's names begin with: the class, if it is one.
absl::string_view EndOf(absl::string_view name) {
  const size_t at = name.find_last_of("_.-[");
  if (at != absl::string_view::npos) name.remove_prefix(at + 1);
  return absl::StripSuffix(name, "]");
}

// A group of probabilities that is named after the classes, in their order; empty if there is none.
std::vector<uint32_t> ScoresOf(const Baseline& baseline, const ClassNames& classes) {
  for (const std::vector<uint32_t>& group : baseline.probability_groups) {
    std::vector<uint32_t> scores;
    for (const std::string& name : classes) {
      const auto found = std::find_if(group.begin(), group.end(), [&](uint32_t variable) {
        return EndOf(baseline.variables[variable].variable.name) == name;
      });
      if (found != group.end()) scores.push_back(*found);
    }
    if (scores.size() == classes.size() && scores.size() == group.size()) return scores;
  }
  return {};
}

class TaskFinder {
 public:
  explicit TaskFinder(const Baseline& baseline) : baseline_(baseline) {}

  std::optional<PerformanceTask> Find() {
    const std::optional<uint32_t> label = First(Role::kLabel);
    if (!label.has_value()) return std::nullopt;
    task_.label = *label;
    task_.classes = ClassesOf(Variable(*label));
    const size_t classes = task_.classes.size();
    if (classes == 2 && FindBinary()) return task_;
    if (classes > 2 && FindMultiClass()) return task_;
    task_.classes.clear();
    if (Variable(*label).is_numeric() && FindRegression()) return task_;
    return std::nullopt;
  }

 private:
  const VariableBaseline& Variable(uint32_t index) const { return baseline_.variables[index]; }

  std::optional<uint32_t> First(Role role) const {
    for (uint32_t i = 0; i < baseline_.variables.size(); ++i) {
      if (Variable(i).variable.role == role) return i;
    }
    return std::nullopt;
  }

  template <class Fits>
  std::optional<uint32_t> FirstPrediction(const Fits& fits) const {
    for (uint32_t i = 0; i < baseline_.variables.size(); ++i) {
      if (Variable(i).variable.role == Role::kPrediction && fits(Variable(i))) return i;
    }
    return std::nullopt;
  }

  void FindClassPrediction() {
    task_.prediction = FirstPrediction([&](const VariableBaseline& variable) {
      const ClassNames names = ClassesOf(variable);
      return !names.empty() && Share(names, task_.classes);
    });
  }

  bool FindBinary() {
    task_.kind = TaskKind::kBinary;
    FindClassPrediction();
    const auto score = [&](bool probability) {
      return FirstPrediction([&](const VariableBaseline& variable) {
        return variable.is_numeric() && ClassesOf(variable).empty() &&
               variable.counts.moments.count() > 0 &&
               (!probability || variable.domain == PredictionDomain::kProbability);
      });
    };
    const std::vector<uint32_t> group = ScoresOf(baseline_, task_.classes);
    if (group.empty()) {
      task_.score = score(true);
      task_.probability = task_.score.has_value();
      if (!task_.probability) task_.score = score(false);
    }
    ChoosePositive();
    if (!group.empty()) {
      task_.score = ScoresOf(baseline_, task_.classes).back();
      task_.probability = true;
    }
    // Without a class a margin has no threshold.
    return task_.prediction.has_value() || task_.probability;
  }

  // Classes are in ascending order of their numbers or names.
  void ChoosePositive() {
    ClassNames& classes = task_.classes;
    if (Variable(task_.label).is_numeric() || !task_.score.has_value()) return;
    if (classes[1] == "true" || (classes[0] == "0" && classes[1] == "1")) return;
    const RowSample& sample = baseline_.sample;
    if (sample.rows == 0) return;
    double sums[2] = {0, 0}, rows[2] = {0, 0};
    for (uint64_t row = 0; row < sample.rows; ++row) {
      const auto& score = sample.numeric[*task_.score][row];
      const auto& label = sample.categorical[task_.label][row];
      if (!score.has_value() || !std::isfinite(*score) || !label.has_value()) continue;
      const size_t at = *label == classes[1] ? 1 : 0;
      sums[at] += *score;
      ++rows[at];
    }
    if (rows[0] > 0 && rows[1] > 0 && sums[0] / rows[0] > sums[1] / rows[1]) {
      std::swap(classes[0], classes[1]);
    }
  }

  bool FindMultiClass() {
    task_.kind = TaskKind::kMultiClass;
    FindClassPrediction();
    task_.class_scores = ScoresOf(baseline_, task_.classes);
    return task_.prediction.has_value() || !task_.class_scores.empty();
  }

  bool FindRegression() {
    task_.kind = TaskKind::kRegression;
    task_.score.reset();
    task_.prediction = FirstPrediction([](const VariableBaseline& variable) {
      return variable.is_numeric() && variable.counts.moments.count() > 0;
    });
    return task_.prediction.has_value();
  }

  const Baseline& baseline_;
  PerformanceTask task_;
};

}  // namespace

absl::string_view TaskKindName(TaskKind kind) {
  switch (kind) {
    case TaskKind::kBinary:
      return "binary";
    case TaskKind::kMultiClass:
      return "multi_class";
    case TaskKind::kRegression:
      return "regression";
  }
  return "";
}

std::optional<PerformanceTask> FindTask(const Baseline& baseline) {
  return TaskFinder(baseline).Find();
}

OutcomeReader::OutcomeReader(const Baseline& baseline, const PerformanceTask& task,
                             const Aliases& aliases, const BatchView& batch)
    : task_(task) {
  const auto find = [&](uint32_t variable) -> const ColumnView* {
    const std::string& name = baseline.variables[variable].variable.name;
    for (const ColumnView& column : batch.columns) {
      if (column.name == name) return &column;
    }
    for (const ColumnView& column : batch.columns) {
      const auto alias = aliases.find(column.name);
      if (alias != aliases.end() && alias->second == variable) return &column;
    }
    return nullptr;
  };
  label_ = find(task.label);
  has_predictions_ = true;
  if (task.prediction.has_value()) {
    prediction_ = find(*task.prediction);
    has_predictions_ = prediction_ != nullptr;
  }
  std::vector<uint32_t> scores = task.class_scores;
  if (task.score.has_value()) scores = {*task.score};
  for (const uint32_t score : scores) {
    scores_.push_back(find(score));
    has_predictions_ = has_predictions_ && scores_.back() != nullptr;
  }
  for (size_t i = 0; i < task.classes.size(); ++i) {
    classes_[task.classes[i]] = i;
    alike_[Canonical(task.classes[i])] = i;
  }
  if (alike_.size() < classes_.size()) alike_.clear();
}

double OutcomeReader::ClassOf(absl::string_view name) const {
  if (const auto found = classes_.find(name); found != classes_.end()) {
    return static_cast<double>(found->second);
  }
  const auto alike = alike_.find(Canonical(name));
  return static_cast<double>(alike == alike_.end() ? task_.classes.size() : alike->second);
}

double OutcomeReader::ClassOf(double number) const {
  return IsWhole(number) ? ClassOf(ClassText(number)) : static_cast<double>(task_.classes.size());
}

std::optional<double> OutcomeReader::ValueAt(const ColumnView& column, uint32_t row) const {
  if (!column.IsValid(row)) return std::nullopt;
  const bool number = task_.kind == TaskKind::kRegression;
  if (IsText(column.values)) {
    if (number) return std::nullopt;
    if (const auto* strings = std::get_if<std::vector<absl::string_view>>(&column.values)) {
      return ClassOf((*strings)[row]);
    }
    const auto& dictionary = std::get<DictionaryView>(column.values);
    return ClassOf(dictionary.dictionary[dictionary.indices[row]]);
  }
  const double value = NumberAt(column, row);
  if (!std::isfinite(value)) return std::nullopt;
  return number ? value : ClassOf(value);
}

std::optional<double> OutcomeReader::LabelAt(uint32_t row) const {
  return label_ == nullptr ? std::nullopt : ValueAt(*label_, row);
}

std::optional<Outcome> OutcomeReader::OutcomeAt(uint32_t row) const {
  if (!has_predictions_) return std::nullopt;
  Outcome outcome;
  if (prediction_ != nullptr) {
    const std::optional<double> value = ValueAt(*prediction_, row);
    if (!value.has_value()) return std::nullopt;
    outcome.prediction = *value;
  }
  for (const ColumnView* column : scores_) {
    if (!column->IsValid(row) || IsText(column->values)) return std::nullopt;
    const double score = NumberAt(*column, row);
    if (!std::isfinite(score)) return std::nullopt;
    if (task_.kind == TaskKind::kBinary) {
      outcome.score = score;
    } else {
      outcome.class_scores.push_back(score);
    }
  }
  if (task_.kind == TaskKind::kBinary) {
    if (prediction_ == nullptr) outcome.prediction = outcome.score >= 0.5 ? 1 : 0;
    if (scores_.empty()) outcome.score = outcome.prediction == 1 ? 1 : 0;
  } else if (task_.kind == TaskKind::kMultiClass && prediction_ == nullptr) {
    const auto& scores = outcome.class_scores;
    outcome.prediction =
        static_cast<double>(std::max_element(scores.begin(), scores.end()) - scores.begin());
  }
  return outcome;
}

}  // namespace plumbline::profile
