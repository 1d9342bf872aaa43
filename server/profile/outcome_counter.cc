#include "server/profile/outcome_counter.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <numeric>
#include <optional>
#include <type_traits>
#include <variant>
#include <vector>

#include "server/profile/validity.h"

namespace plumbline::profile {
namespace {

using RowNumbers = std::vector<uint32_t>;

// Adds the values of one prediction in given rows.
class PredictionReader {
 public:
  PredictionReader(const VariableBaseline& variable, const PreparedColumn& column)
      : variable_(variable),
        column_(column),
        readable_(column.view != nullptr && !column.wrong_type) {}

  void Add(absl::Span<const uint32_t> rows, Outcomes* outcomes) {
    if (!readable_ || rows.empty()) return;
    codes_.clear();
    if (variable_.is_numeric()) {
      ReadNumbers(rows, outcomes);
    } else {
      for (const uint32_t row : rows) {
        if (column_.view->IsValid(row)) codes_.push_back(CategoryAt(variable_, column_, row));
      }
    }
    std::array<uint32_t, kMostOutcomeGroups> groups{};
    if (codes_.size() >= kWorthATable) {
      if (group_of_.empty()) MakeTable();
      for (const uint32_t code : codes_) ++groups[group_of_[code]];
    } else {
      for (const uint32_t code : codes_) ++groups[OutcomeGroupOf(variable_, code)];
    }
    outcomes->groups.AddEach(absl::MakeConstSpan(groups).first(outcomes->groups.size()),
                             codes_.size());
  }

 private:
  // For fewer codes each is looked up.
  static constexpr size_t kWorthATable = 64;

  void ReadNumbers(absl::Span<const uint32_t> rows, Outcomes* outcomes) {
    numbers_.clear();
    bool is_float = false;
    std::visit(
        [&](const auto& values) {
          using List = std::decay_t<decltype(values)>;
          if constexpr (!std::is_same_v<List, DictionaryView> &&
                        !std::is_same_v<List, std::vector<absl::string_view>>) {
            is_float = std::is_same_v<List, Packed<float>>;
            for (const uint32_t row : rows) {
              const auto number = static_cast<double>(values[row]);
              if (column_.view->IsValid(row) && std::isfinite(number)) numbers_.push_back(number);
            }
          }
        },
        column_.view->values);
    outcomes->moments.AddAll(numbers_);
    codes_.resize(numbers_.size());
    if (!IsNarrow(variable_, is_float)) return variable_.bins.Codes(numbers_, codes_.data());
    floats_.clear();
    for (const double number : numbers_) floats_.push_back(ToFloat(number));
    variable_.bins.Codes(floats_, codes_.data());
  }

  void MakeTable() {
    group_of_.resize(variable_.grouping.codes);
    for (uint32_t code = 0; code < group_of_.size(); ++code) {
      group_of_[code] = static_cast<uint8_t>(OutcomeGroupOf(variable_, code));
    }
  }

  const VariableBaseline& variable_;
  const PreparedColumn& column_;
  const bool readable_;
  std::vector<uint8_t> group_of_;
  std::vector<double> numbers_;
  std::vector<float> floats_;
  std::vector<uint32_t> codes_;
};

class Counter {
 public:
  Counter(const Baseline& baseline, absl::Span<const PreparedColumn> columns, uint32_t begin,
          uint32_t end, InputOutcomes* outcomes)
      : baseline_(baseline),
        columns_(columns),
        begin_(begin),
        end_(end),
        predictions_(WatchedPredictions(baseline)),
        outcomes_(outcomes) {
    readers_.reserve(predictions_.size());
    for (const uint32_t prediction : predictions_) {
      readers_.emplace_back(baseline.variables[prediction], columns[prediction]);
    }
  }

  bool has_predictions() const { return !predictions_.empty(); }

  void Look(const FaultyInput& input) {
    const PreparedColumn& column = columns_[input.variable];
    if (column.view == nullptr) {
      At(input.variable, InputState::kAbsent)->Merge(All());
      return;
    }
    for (RowNumbers& rows : rows_) rows.clear();
    if (input.nulls) FindNulls(*column.view);
    if (column.wrong_type) {
      ForValidRows(*column.view, begin_, end_,
                   [&](uint32_t row) { Found(InputState::kWrongType, row); });
    } else if (input.values) {
      FindValues(baseline_.variables[input.variable], column);
    }
    for (size_t state = 0; state < kInputStates; ++state) {
      if (rows_[state].empty()) continue;
      Add(rows_[state], At(input.variable, static_cast<InputState>(state)));
    }
  }

 private:
  void Found(InputState state, uint32_t row) { rows_[static_cast<size_t>(state)].push_back(row); }

  void FindNulls(const ColumnView& column) {
    for (uint32_t row = begin_; row < end_; row += 64) {
      const size_t count = std::min<size_t>(64, end_ - row);
      uint64_t nulls = ~ValidBits(column.validity, row, count) & LowBits(count);
      for (; nulls != 0; nulls &= nulls - 1) {
        Found(InputState::kNull, row + static_cast<uint32_t>(std::countr_zero(nulls)));
      }
    }
  }

  void FindValues(const VariableBaseline& variable, const PreparedColumn& column) {
    if (!variable.is_numeric()) {
      const uint32_t unseen = variable.categories.unseen_code();
      ForValidRows(*column.view, begin_, end_, [&](uint32_t row) {
        if (CategoryAt(variable, column, row) == unseen) Found(InputState::kUnseen, row);
      });
      return;
    }
    const NumericBins& bins = variable.bins;
    ForNumbers(*column.view, begin_, end_, [&](uint32_t row, double x, bool is_float) {
      if (!std::isfinite(x)) {
        return Found(std::isnan(x) ? InputState::kNan : InputState::kInfinite, row);
      }
      const bool narrow = IsNarrow(variable, is_float);
      const double compared = narrow ? ToFloat(x) : x;
      if (bins.size() == 0 || compared < bins.SearchEdge(0, narrow) ||
          compared >= bins.SearchEdge(bins.size(), narrow)) {
        Found(InputState::kOutOfRange, row);
      }
    });
  }

  StateOutcomes* At(uint32_t variable, InputState state) {
    StateOutcomes& outcomes = outcomes_->states[{variable, state}];
    Prepare(&outcomes);
    return &outcomes;
  }

  void Prepare(StateOutcomes* outcomes) const {
    if (!outcomes->predictions.empty()) return;
    for (const uint32_t prediction : predictions_) {
      outcomes->predictions.emplace_back(baseline_.variables[prediction]);
    }
  }

  void Add(absl::Span<const uint32_t> rows, StateOutcomes* outcomes) {
    outcomes->rows += rows.size();
    for (size_t i = 0; i < readers_.size(); ++i) readers_[i].Add(rows, &outcomes->predictions[i]);
  }

  // Of every row: the same for each input that is absent.
  const StateOutcomes& All() {
    if (all_.has_value()) return *all_;
    Prepare(&all_.emplace());
    RowNumbers rows(end_ - begin_);
    std::iota(rows.begin(), rows.end(), begin_);
    Add(rows, &*all_);
    return *all_;
  }

  const Baseline& baseline_;
  const absl::Span<const PreparedColumn> columns_;
  const uint32_t begin_, end_;
  const std::vector<uint32_t> predictions_;
  std::vector<PredictionReader> readers_;      // of predictions_
  std::array<RowNumbers, kInputStates> rows_;  // of the input that is looked at
  std::optional<StateOutcomes> all_;
  InputOutcomes* const outcomes_;
};

}  // namespace

void CountOutcomes(const Baseline& baseline, absl::Span<const PreparedColumn> columns,
                   absl::Span<const FaultyInput> inputs, uint32_t begin, uint32_t end,
                   InputOutcomes* outcomes) {
  Counter counter(baseline, columns, begin, end, outcomes);
  if (!counter.has_predictions()) return;
  for (const FaultyInput& input : inputs) counter.Look(input);
}

}  // namespace plumbline::profile
