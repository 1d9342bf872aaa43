#include "server/profile/performance.h"

#include <algorithm>
#include <cmath>

#include "absl/strings/numbers.h"

namespace plumbline::profile {
namespace {

// The least probability that a loss is taken of: that of scikit-learn for doubles.
constexpr double kLeastProbability = 2.220446049250313e-16;

size_t BucketOf(double seconds) {
  if (!(seconds > 1)) return 0;
  const double at = std::ceil(2 * std::log2(seconds));
  return std::min(DelayHistogram::kBuckets - 1, static_cast<size_t>(at));
}

double LogLoss(double probability) {
  return -std::log(std::clamp(probability, kLeastProbability, 1 - kLeastProbability));
}

LossSums::Figures Figures(double log_loss, double brier) {
  LossSums::Figures figures;
  figures[kLogLoss] = log_loss;
  figures[kLogLossSquare] = log_loss * log_loss;
  figures[kBrier] = brier;
  figures[kBrierSquare] = brier * brier;
  return figures;
}

}  // namespace

void DelayHistogram::Add(double seconds) { ++buckets_[BucketOf(seconds)]; }

void DelayHistogram::Remove(double seconds) {
  uint64_t& bucket = buckets_[BucketOf(seconds)];
  if (bucket > 0) --bucket;
}

void DelayHistogram::Merge(const DelayHistogram& other) {
  for (size_t i = 0; i < kBuckets; ++i) buckets_[i] += other.buckets_[i];
}

uint64_t DelayHistogram::count() const {
  uint64_t count = 0;
  for (const uint64_t bucket : buckets_) count += bucket;
  return count;
}

double DelayHistogram::Quantile(double rank) const {
  const uint64_t all = count();
  uint64_t below = 0;
  for (size_t i = 0; i < kBuckets && all > 0; ++i) {
    const auto inside = static_cast<double>(buckets_[i]);
    const double wanted = rank * static_cast<double>(all) - static_cast<double>(below);
    below += buckets_[i];
    if (wanted > inside || buckets_[i] == 0) continue;
    return i == 0 ? 0 : std::exp2((static_cast<double>(i) - 1 + wanted / inside) / 2);
  }
  return 0;
}

void PerformanceCounts::Merge(const PerformanceCounts& other) {
  predictions += other.predictions;
  labelled += other.labelled;
  scores.Merge(other.scores);
  for (const auto& [cell, rows] : other.confusion) confusion[cell] += rows;
  class_scores.resize(std::max(class_scores.size(), other.class_scores.size()));
  for (size_t i = 0; i < other.class_scores.size(); ++i) {
    class_scores[i].Merge(other.class_scores[i]);
  }
  losses.Merge(other.losses);
  errors.Merge(other.errors);
  label_codes.resize(std::max(label_codes.size(), other.label_codes.size()));
  for (size_t i = 0; i < other.label_codes.size(); ++i) label_codes[i] += other.label_codes[i];
  delays.Merge(other.delays);
}

PerformanceCounter::PerformanceCounter(const Baseline& baseline, const PerformanceTask& task)
    : baseline_(baseline), task_(task) {
  const VariableBaseline& label = baseline.variables[task.label];
  if (task.kind == TaskKind::kRegression) {
    label_shift_ = label.counts.moments.count() > 0 ? label.counts.moments.Mean() : 0;
    return;
  }
  for (const std::string& name : task.classes) {
    double number = 0;
    if (!label.is_numeric()) {
      class_codes_.push_back(label.categories.Code(name));
    } else {
      class_codes_.push_back(label.bins.Code(absl::SimpleAtod(name, &number) ? number : 0.0));
    }
  }
  class_codes_.push_back(label.counts.codes.size() - 1);  // unseen, or above the range
}

void PerformanceCounter::AddPrediction(const Outcome& outcome, PerformanceCounts* counts) const {
  ++counts->predictions;
  if (task_.kind == TaskKind::kBinary) {
    counts->scores.Add(outcome.score, outcome.prediction == 1, stats::Truth::kUnknown);
  }
  MoveClassScores(outcome, /*add=*/true, std::nullopt, counts);
}

void PerformanceCounter::RemovePrediction(const Outcome& outcome, PerformanceCounts* counts) const {
  if (counts->predictions > 0) --counts->predictions;
  if (task_.kind == TaskKind::kBinary) {
    counts->scores.Remove(outcome.score, outcome.prediction == 1, stats::Truth::kUnknown);
  }
  MoveClassScores(outcome, /*add=*/false, std::nullopt, counts);
}

void PerformanceCounter::MoveClassScores(const Outcome& outcome, bool add,
                                         std::optional<double> label,
                                         PerformanceCounts* counts) const {
  if (outcome.class_scores.empty()) return;
  counts->class_scores.resize(task_.classes.size());
  for (size_t i = 0; i < outcome.class_scores.size(); ++i) {
    const auto number = static_cast<double>(i);
    const stats::Truth truth = !label.has_value() ? stats::Truth::kUnknown
                               : *label == number ? stats::Truth::kPositive
                                                  : stats::Truth::kNegative;
    const bool predicted = number == outcome.prediction;
    if (add) {
      counts->class_scores[i].Add(outcome.class_scores[i], predicted, truth);
    } else {
      counts->class_scores[i].Remove(outcome.class_scores[i], predicted, truth);
    }
  }
}

bool PerformanceCounter::IsUsable(const Outcome& outcome, double label) const {
  switch (task_.kind) {
    case TaskKind::kBinary:
      return label == 0 || label == 1;
    case TaskKind::kMultiClass:
      return label >= 0 && label <= static_cast<double>(task_.classes.size());
    case TaskKind::kRegression:
      return std::isfinite(label) &&
             stats::ErrorFigures(outcome.prediction, label, label_shift_).has_value();
  }
  return false;
}

void PerformanceCounter::AddLabel(const Outcome& outcome, double label,
                                  PerformanceCounts* counts) const {
  ++counts->labelled;
  MoveLabel(outcome, label, /*add=*/true, counts);
}

void PerformanceCounter::RemoveLabel(const Outcome& outcome, double label,
                                     PerformanceCounts* counts) const {
  if (counts->labelled > 0) --counts->labelled;
  MoveLabel(outcome, label, /*add=*/false, counts);
}

void PerformanceCounter::MoveLabel(const Outcome& outcome, double label, bool add,
                                   PerformanceCounts* counts) const {
  const auto sum = [&](auto* sums, const auto& figures) {
    if (add) {
      sums->Add(figures);
    } else {
      sums->Remove(figures);
    }
  };
  counts->label_codes.resize(baseline_.variables[task_.label].counts.codes.size());
  uint64_t& code = counts->label_codes[LabelCode(label)];
  if (add || code > 0) code += add ? 1 : -1;
  switch (task_.kind) {
    case TaskKind::kBinary: {
      const bool predicted = outcome.prediction == 1;
      const stats::Truth truth = label == 1 ? stats::Truth::kPositive : stats::Truth::kNegative;
      counts->scores.Remove(outcome.score, predicted, add ? stats::Truth::kUnknown : truth);
      counts->scores.Add(outcome.score, predicted, add ? truth : stats::Truth::kUnknown);
      if (!task_.probability) return;
      const double off = outcome.score - label;
      sum(&counts->losses,
          Figures(LogLoss(label == 1 ? outcome.score : 1 - outcome.score), off * off));
      return;
    }
    case TaskKind::kMultiClass: {
      const auto truth = static_cast<uint32_t>(label);
      uint64_t& cell = counts->confusion[{truth, static_cast<uint32_t>(outcome.prediction)}];
      if (add || cell > 0) cell += add ? 1 : -1;
      if (outcome.class_scores.empty()) return;
      MoveClassScores(outcome, /*add=*/false, add ? std::nullopt : std::make_optional(label),
                      counts);
      MoveClassScores(outcome, /*add=*/true, add ? std::make_optional(label) : std::nullopt,
                      counts);
      double brier = 0, of_truth = 0;
      for (size_t i = 0; i < outcome.class_scores.size(); ++i) {
        const double is = i == truth ? 1 : 0;
        const double score = outcome.class_scores[i];
        brier += (score - is) * (score - is);
        if (i == truth) of_truth = score;
      }
      sum(&counts->losses, Figures(LogLoss(of_truth), brier));
      return;
    }
    case TaskKind::kRegression: {
      const auto figures = stats::ErrorFigures(outcome.prediction, label, label_shift_);
      if (figures.has_value()) sum(&counts->errors, *figures);
      return;
    }
  }
}

size_t PerformanceCounter::LabelCode(double label) const {
  const VariableBaseline& variable = baseline_.variables[task_.label];
  if (task_.kind != TaskKind::kRegression) {
    return class_codes_[std::min(class_codes_.size() - 1, static_cast<size_t>(label))];
  }
  if (variable.variable.type != ValueType::kFloat) return variable.bins.Code(label);
  return variable.bins.Code(static_cast<float>(label));
}

double PerformanceCounter::LossOf(const Outcome& outcome, double label) const {
  if (task_.kind == TaskKind::kRegression) return std::abs(outcome.prediction - label);
  return outcome.prediction == label && label < static_cast<double>(task_.classes.size()) ? 0 : 1;
}

void CountPerformance(const Baseline& baseline, const PerformanceTask& task, const Aliases& aliases,
                      const BatchView& batch, uint32_t begin, uint32_t end,
                      PerformanceCounts* counts) {
  const OutcomeReader reader(baseline, task, aliases, batch);
  if (!reader.has_predictions()) return;
  const PerformanceCounter counter(baseline, task);
  for (uint32_t row = begin; row < end; ++row) {
    const std::optional<Outcome> outcome = reader.OutcomeAt(row);
    if (!outcome.has_value()) continue;
    counter.AddPrediction(*outcome, counts);
    const std::optional<double> label = reader.LabelAt(row);
    if (label.has_value() && counter.IsUsable(*outcome, *label)) {
      counter.AddLabel(*outcome, *label, counts);
    }
  }
}

}  // namespace plumbline::profile
