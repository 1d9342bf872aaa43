#include "server/profile/fault_finder.h"

#include <algorithm>
#include <cmath>
#include <optional>
#include <utility>
#include <vector>

#include "absl/container/btree_map.h"
#include "absl/container/flat_hash_map.h"
#include "server/profile/column_counter.h"

namespace plumbline::profile {
namespace {

constexpr size_t kMostInspected = 64;

bool IsClass(const VariableBaseline& variable, uint32_t code) {
  return code > 0 && code <= variable.bins.size() && variable.counts.codes[code] > 0;
}

class Finder {
 public:
  Finder(const Baseline& baseline, absl::Span<const PreparedColumn> columns, uint32_t begin,
         uint32_t end, PredictionFaults* faults)
      : baseline_(baseline), columns_(columns), begin_(begin), end_(end), faults_(faults) {}

  // `number`: which of the predictions it is.
  void LookAt(uint32_t prediction, uint32_t number) {
    const VariableBaseline& variable = baseline_.variables[prediction];
    const PreparedColumn& column = columns_[prediction];
    if (column.view == nullptr || column.wrong_type) return;
    if (!variable.is_numeric()) {
      ForValidRows(*column.view, begin_, end_, [&](uint32_t row) {
        if (CategoryAt(variable, column, row) == variable.categories.unseen_code()) {
          Mark(FaultKind::kOutside, number, row);
        }
      });
      return;
    }
    uint64_t outside = 0;
    ForNumbers(*column.view, begin_, end_, [&](uint32_t row, double x, bool is_float) {
      if (std::isnan(x)) {
        Mark(FaultKind::kNan, number, row);
      } else if (std::isinf(x)) {
        Mark(FaultKind::kInfinite, number, row);
      } else if (IsOutside(variable, x, is_float)) {
        ++outside;
        Mark(FaultKind::kOutside, number, row);
      }
    });
    if (outside == 0) return;
    faults_->outside.resize(baseline_.variables.size());
    faults_->outside[prediction] += outside;
  }

  // Rows that lack one of the group, or have one that is not finite, have no sum.
  void LookAtSums(uint32_t group) {
    std::vector<double> sums(end_ - begin_, 0);
    for (const uint32_t prediction : baseline_.probability_groups[group]) {
      const PreparedColumn& column = columns_[prediction];
      if (column.view == nullptr || column.wrong_type) return;
      std::vector<double> values(sums.size(), std::nan(""));
      ForNumbers(*column.view, begin_, end_,
                 [&](uint32_t row, double x, bool) { values[row - begin_] = x; });
      for (size_t i = 0; i < sums.size(); ++i) sums[i] += values[i];
    }
    uint64_t wrong = 0;
    for (size_t i = 0; i < sums.size(); ++i) {
      if (!std::isfinite(sums[i]) || std::abs(sums[i] - 1) <= kSumTolerance) continue;
      ++wrong;
      Mark(FaultKind::kWrongSum, group, begin_ + static_cast<uint32_t>(i));
    }
    if (wrong == 0) return;
    faults_->wrong_sums.resize(baseline_.probability_groups.size());
    faults_->wrong_sums[group] += wrong;
  }

  void Inspect() {
    std::vector<bool> faulty(end_ - begin_, false);
    for (auto& [key, rows] : marked_) {
      if (key.second == kFaultsApart) {  // of several predictions
        std::sort(rows.begin(), rows.end());
        rows.erase(std::unique(rows.begin(), rows.end()), rows.end());
      }
      for (const uint32_t row : rows) faulty[row - begin_] = true;
      InspectRows(rows, &faults_->faults[key]);
    }
    faults_->rows += static_cast<uint64_t>(std::count(faulty.begin(), faulty.end(), true));
  }

 private:
  using Inputs = std::vector<std::pair<uint32_t, InputState>>;

  void Mark(FaultKind kind, uint32_t number, uint32_t row) {
    marked_[{kind, std::min(number, kFaultsApart)}].push_back(row);
  }

  static bool IsOutside(const VariableBaseline& variable, double x, bool is_float) {
    switch (variable.domain) {
      case PredictionDomain::kAny:
        return false;
      case PredictionDomain::kProbability:
        return x < -kUnitTolerance || x > 1 + kUnitTolerance;
      case PredictionDomain::kClasses:
        return !IsClass(variable, CodeOf(variable, x, is_float));
    }
    return false;
  }

  void InspectRows(absl::Span<const uint32_t> rows, FaultyRows* fault) {
    const size_t looks = std::min(rows.size(), kMostInspected);
    fault->rows += rows.size();
    fault->inspected += looks;
    for (size_t i = 0; i < looks; ++i) {
      for (const auto& input : InputsOf(rows[i * rows.size() / looks])) ++fault->inputs[input];
    }
  }

  // What is wrong with a row's inputs. Kept, for often one row has several faults.
  const Inputs& InputsOf(uint32_t row) {
    const auto [found, is_new] = inspected_.try_emplace(row);
    Inputs& inputs = found->second;
    for (uint32_t i = 0; is_new && i < columns_.size(); ++i) {
      if (baseline_.variables[i].variable.role != Role::kFeature) continue;
      const std::optional<InputState> state = StateOf(i, row);
      if (state.has_value()) inputs.emplace_back(i, *state);
    }
    return inputs;
  }

  std::optional<InputState> StateOf(size_t index, uint32_t row) const {
    const VariableBaseline& variable = baseline_.variables[index];
    const PreparedColumn& column = columns_[index];
    if (column.view == nullptr) return InputState::kAbsent;
    if (!column.view->IsValid(row)) return InputState::kNull;
    if (column.wrong_type) return InputState::kWrongType;
    if (!variable.is_numeric()) {
      const bool unseen = CategoryAt(variable, column, row) == variable.categories.unseen_code();
      return unseen ? std::make_optional(InputState::kUnseen) : std::nullopt;
    }
    std::optional<InputState> state;
    ForNumbers(*column.view, row, row + 1, [&](uint32_t, double x, bool is_float) {
      if (std::isnan(x)) {
        state = InputState::kNan;
      } else if (std::isinf(x)) {
        state = InputState::kInfinite;
      } else {
        const uint32_t code = CodeOf(variable, x, is_float);
        if (code == 0 || code == variable.bins.size() + 1) state = InputState::kOutOfRange;
      }
    });
    return state;
  }

  const Baseline& baseline_;
  const absl::Span<const PreparedColumn> columns_;
  const uint32_t begin_, end_;
  absl::btree_map<FaultKey, std::vector<uint32_t>> marked_;  // rows
  absl::flat_hash_map<uint32_t, Inputs> inspected_;
  PredictionFaults* const faults_;
};

}  // namespace

uint64_t Suspicious(const VariableBaseline& variable, const VariableCounts& counts) {
  if (counts.codes.empty()) return 0;
  if (!variable.is_numeric()) return counts.codes.back();
  uint64_t rows = counts.nans + counts.positive_infinities + counts.negative_infinities;
  if (variable.domain == PredictionDomain::kAny) return rows;
  rows += counts.codes.front() + counts.codes.back();
  if (variable.domain == PredictionDomain::kProbability) return rows;
  for (uint32_t code = 1; code <= variable.bins.size(); ++code) {
    if (!IsClass(variable, code)) rows += counts.codes[code];
  }
  return rows;
}

uint32_t NumberOfPrediction(const Baseline& baseline, size_t variable) {
  return static_cast<uint32_t>(std::count_if(
      baseline.variables.begin(), baseline.variables.begin() + static_cast<ptrdiff_t>(variable),
      [](const VariableBaseline& one) { return one.variable.role == Role::kPrediction; }));
}

void FindFaults(const Baseline& baseline, absl::Span<const PreparedColumn> columns,
                absl::Span<const uint32_t> predictions, uint32_t begin, uint32_t end,
                PredictionFaults* faults) {
  Finder finder(baseline, columns, begin, end, faults);
  for (const uint32_t prediction : predictions) {
    finder.LookAt(prediction, NumberOfPrediction(baseline, prediction));
  }
  for (uint32_t group = 0; group < baseline.probability_groups.size(); ++group) {
    finder.LookAtSums(group);
  }
  finder.Inspect();
}

}  // namespace plumbline::profile
