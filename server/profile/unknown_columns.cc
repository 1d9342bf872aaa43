#include "server/profile/unknown_columns.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"

namespace plumbline::profile {
namespace {

constexpr size_t kMaxColumns = 32;
constexpr size_t kMaxValues = 256;
constexpr size_t kValuesOfBatch = 16;
constexpr size_t kMaxTextBytes = 256;
// Fewer values say nothing of a distribution.
constexpr size_t kEnoughValues = 30;

// So alike in one that the other hardly matters.
constexpr double kSameName = 0.8;
constexpr double kSameDistance = 0.12;

template <class T>
void Put(T value, std::vector<T>* values, size_t* next) {
  if (values->size() < kMaxValues) return values->push_back(std::move(value));
  (*values)[*next] = std::move(value);
  *next = (*next + 1) % kMaxValues;
}

void Take(const ColumnView& view, size_t row, UnknownColumns::Column* column) {
  if (!view.IsValid(row)) return;
  const auto number = [&](double value) {
    if (std::isfinite(value)) Put(value, &column->numbers, &column->next);
  };
  const auto text = [&](absl::string_view value) {
    Put(std::string(value.substr(0, kMaxTextBytes)), &column->texts, &column->next);
  };
  if (const auto* doubles = std::get_if<Packed<double>>(&view.values)) {
    number((*doubles)[row]);
  } else if (const auto* floats = std::get_if<Packed<float>>(&view.values)) {
    number((*floats)[row]);
  } else if (const auto* integers = std::get_if<Packed<int64_t>>(&view.values)) {
    number(static_cast<double>((*integers)[row]));
  } else if (const auto* bools = std::get_if<absl::Span<const bool>>(&view.values)) {
    text((*bools)[row] ? "true" : "false");
  } else if (const auto* strings = std::get_if<std::vector<absl::string_view>>(&view.values)) {
    text((*strings)[row]);
  } else if (const auto* coded = std::get_if<DictionaryView>(&view.values)) {
    text(coded->dictionary[coded->indices[row]]);
  }
}

std::vector<double> CodesOf(const VariableBaseline& variable,
                            const UnknownColumns::Column& column) {
  std::vector<double> counts(variable.counts.codes.size());
  if (variable.is_numeric()) {
    for (const double value : column.numbers) ++counts[variable.bins.Code(value)];
  } else if (!column.texts.empty()) {
    for (const std::string& value : column.texts) ++counts[variable.categories.Code(value)];
  } else {  // integers may be categories
    for (const double value : column.numbers) {
      if (value != std::round(value) || std::abs(value) > 1e15) return {};
      ++counts[variable.categories.Code(std::to_string(static_cast<int64_t>(value)))];
    }
  }
  return counts;
}

double Distance(const VariableBaseline& variable, std::vector<double> counts) {
  const double rows = std::accumulate(counts.begin(), counts.end(), 0.0);
  const auto trained = static_cast<double>(variable.counts.Coded());
  if (rows < kEnoughValues || trained == 0) return 1;
  double largest = 0, sum = 0, differences = 0;
  for (size_t code = 0; code < counts.size(); ++code) {
    const double difference =
        counts[code] / rows - static_cast<double>(variable.counts.codes[code]) / trained;
    sum += difference;
    largest = std::max(largest, std::abs(sum));
    differences += std::abs(difference);
  }
  return variable.is_numeric() ? largest : differences / 2;
}

std::string Letters(absl::string_view name) {
  std::string letters;
  for (const char c : name) {
    // Bytes beyond ASCII are letters of some alphabet.
    if (absl::ascii_isalnum(static_cast<unsigned char>(c)) || static_cast<unsigned char>(c) > 127) {
      letters.push_back(absl::ascii_tolower(static_cast<unsigned char>(c)));
    }
  }
  return letters;
}

size_t EditDistance(absl::string_view a, absl::string_view b) {
  std::vector<size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), 0);
  for (size_t i = 1; i <= a.size(); ++i) {
    size_t diagonal = std::exchange(row[0], i);
    for (size_t j = 1; j <= b.size(); ++j) {
      const size_t change = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      diagonal = row[j];
      row[j] = std::min({change, row[j] + 1, row[j - 1] + 1});
    }
  }
  return row.back();
}

bool IsLikely(const RenameGuess& guess) {
  if (guess.name_similarity >= kSameName) return true;
  return guess.name_similarity >= kAlikeName ? guess.distance <= kAlikeDistance
                                             : guess.distance <= kSameDistance;
}

double Score(const RenameGuess& guess) { return guess.name_similarity + 2 * (1 - guess.distance); }

}  // namespace

double NameSimilarity(absl::string_view a, absl::string_view b) {
  const std::string x = Letters(a), y = Letters(b);
  const size_t longer = std::max(x.size(), y.size());
  if (longer == 0) return 0;
  const double similarity =
      1 - static_cast<double>(EditDistance(x, y)) / static_cast<double>(longer);
  const std::string& shorter = x.size() < y.size() ? x : y;
  const std::string& other = x.size() < y.size() ? y : x;
  const bool part =
      shorter.size() >= 3 && (absl::StartsWith(other, shorter) || absl::EndsWith(other, shorter));
  return part ? std::max(similarity, 0.8) : similarity;
}

UnknownColumns::Column* UnknownColumns::Find(absl::string_view name) {
  const auto known = columns_.find(name);
  if (known != columns_.end()) return &known->second;
  if (columns_.size() >= kMaxColumns) return nullptr;
  return &columns_[std::string(name)];
}

void UnknownColumns::See(const Baseline& baseline, const Aliases& aliases, const BatchView& batch) {
  std::vector<bool> there(baseline.variables.size());
  std::vector<const ColumnView*> unknown;
  SchemaWalk walk(baseline.schema);
  for (const ColumnView& view : batch.columns) {
    if (const auto index = walk.Find(view.name); index.has_value()) {
      there[*index] = true;
    } else if (const auto alias = aliases.find(view.name); alias != aliases.end()) {
      there[alias->second] = true;
    } else {
      unknown.push_back(&view);
    }
  }
  if (unknown.empty()) return;
  bool lacks = false;
  for (size_t i = 0; i < there.size(); ++i) {
    lacks = lacks || (!there[i] && baseline.variables[i].variable.role != Role::kLabel);
  }
  if (!lacks) return;
  const size_t step = std::max<size_t>(1, batch.rows / kValuesOfBatch);
  for (const ColumnView* view : unknown) {
    Column* const column = Find(view->name);
    if (column == nullptr) continue;
    for (size_t row = 0; row < batch.rows; row += step) Take(*view, row, column);
  }
}

void UnknownColumns::Merge(const UnknownColumns& other) {
  for (const auto& [name, column] : other.columns_) {
    Column* const own = Find(name);
    if (own == nullptr) continue;
    for (const double value : column.numbers) Put(value, &own->numbers, &own->next);
    for (const std::string& value : column.texts) Put(value, &own->texts, &own->next);
  }
}

std::optional<RenameGuess> GuessRename(const Baseline& baseline, size_t index,
                                       const UnknownColumns& columns) {
  const VariableBaseline& variable = baseline.variables[index];
  std::optional<RenameGuess> best;
  size_t same = 0;
  for (const auto& [name, column] : columns.columns()) {
    if (variable.is_numeric() && column.numbers.empty()) continue;
    RenameGuess guess{.name = name,
                      .name_similarity = NameSimilarity(variable.variable.name, name),
                      .distance = Distance(variable, CodesOf(variable, column)),
                      .values = std::max(column.numbers.size(), column.texts.size())};
    same += guess.distance <= kSameDistance;
    if (IsLikely(guess) && (!best.has_value() || Score(guess) > Score(*best))) {
      best = std::move(guess);
    }
  }
  if (best.has_value() && best->name_similarity < kAlikeName && same > 1) return std::nullopt;
  return best;
}

}  // namespace plumbline::profile
