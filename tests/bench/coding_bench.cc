// Coding and counting of one kind of column at a time: batches of 20 columns of 1,024 rows, beside
// the obvious version and beside memcpy of the same bytes. Every batch has values of its own.

#include <benchmark/benchmark.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <functional>
#include <limits>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <type_traits>
#include <unordered_map>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "server/profile/baseline_builder.h"
#include "server/profile/pane.h"

namespace plumbline::profile {
namespace {

constexpr uint32_t kRows = 1024;
constexpr size_t kColumns = 20;
constexpr size_t kBatches = 128;
constexpr uint32_t kTrainingRows = 20'000;

using Random = std::mt19937_64;
using Draw = std::function<double(Random&)>;

enum class Form { kDouble, kFloat, kInt64, kBool, kDictionary, kStrings };

/// What a column holds, in training and live.
struct Kind {
  std::string name;
  Form form;
  Draw train;
  Draw live;
  double nulls = 0;
};

/// Values in the form of a column of the wire; only one of the lists is filled.
struct Values {
  std::vector<double> doubles;
  std::vector<float> floats;
  std::vector<int64_t> ints;
  std::vector<uint8_t> bools;
  std::vector<uint32_t> indices;
  std::vector<std::string> strings;
  std::vector<uint8_t> validity;
};

constexpr uint32_t kCategories = 50;

std::string CategoryName(uint32_t index) { return absl::StrCat("category-", index); }

const std::vector<std::string>& Names() {
  static const auto* const names = [] {
    auto* list = new std::vector<std::string>;
    for (uint32_t i = 0; i < kCategories; ++i) list->push_back(CategoryName(i));
    return list;
  }();
  return *names;
}

Values Make(Form form, const Draw& draw, double nulls, uint32_t rows, Random& random) {
  Values values;
  std::uniform_real_distribution<double> chance(0, 1);
  if (nulls > 0) values.validity.assign((rows + 7) / 8, 0);
  for (uint32_t row = 0; row < rows; ++row) {
    if (nulls > 0 && chance(random) >= nulls) values.validity[row / 8] |= 1 << (row % 8);
    const double x = draw(random);
    switch (form) {
      case Form::kDouble:
        values.doubles.push_back(x);
        break;
      case Form::kFloat:
        values.floats.push_back(static_cast<float>(x));
        break;
      case Form::kInt64:
        values.ints.push_back(static_cast<int64_t>(x));
        break;
      case Form::kBool:
        values.bools.push_back(x > 0 ? 1 : 0);
        break;
      case Form::kDictionary:
        values.indices.push_back(static_cast<uint32_t>(x));
        break;
      case Form::kStrings:
        values.strings.push_back(CategoryName(static_cast<uint32_t>(x)));
        break;
    }
  }
  return values;
}

ColumnView ViewOf(Form form, const std::string& name, const Values& values) {
  ColumnView column;
  column.name = name;
  column.validity = values.validity;
  switch (form) {
    case Form::kDouble:
      column.values = absl::MakeConstSpan(values.doubles);
      break;
    case Form::kFloat:
      column.values = absl::MakeConstSpan(values.floats);
      break;
    case Form::kInt64:
      column.values = absl::MakeConstSpan(values.ints);
      break;
    case Form::kBool:
      static_assert(sizeof(bool) == 1);
      column.values = absl::Span<const bool>(reinterpret_cast<const bool*>(values.bools.data()),
                                             values.bools.size());
      break;
    case Form::kDictionary:
      column.values = DictionaryView{std::vector<absl::string_view>(Names().begin(), Names().end()),
                                     values.indices};
      break;
    case Form::kStrings:
      column.values = std::vector<absl::string_view>(values.strings.begin(), values.strings.end());
      break;
  }
  return column;
}

/// A model of 20 such columns and its batches.
class Data {
 public:
  explicit Data(const Kind& kind) : form(kind.form) {
    Random random(41);
    for (size_t i = 0; i < kColumns; ++i) names_.push_back(absl::StrCat("column_", i));
    std::vector<Values> training;
    BatchView batch;
    batch.rows = kTrainingRows;
    for (size_t i = 0; i < kColumns; ++i) {
      training.push_back(Make(form, kind.train, 0, kTrainingRows, random));
    }
    for (size_t i = 0; i < kColumns; ++i)
      batch.columns.push_back(ViewOf(form, names_[i], training[i]));
    std::vector<VariableHint> hints;
    if (form == Form::kBool) {
      for (const std::string& name : names_)
        hints.push_back({name, std::nullopt, profile::Kind::kNumeric});
    }
    BaselineBuilder builder(hints, BaselineOptions());
    ok = builder.Sketch(batch).ok() && builder.FinishSketch().ok() && builder.Count(batch).ok();
    if (!ok) return;
    auto built = builder.Finish();
    ok = built.ok();
    if (!ok) return;
    baseline = *std::move(built);
    storage_.resize(kBatches);
    for (auto& columns : storage_) {
      BatchView view;
      view.rows = kRows;
      columns.reserve(kColumns);
      for (size_t i = 0; i < kColumns; ++i) {
        columns.push_back(Make(form, kind.live, kind.nulls, kRows, random));
        view.columns.push_back(ViewOf(form, names_[i], columns.back()));
      }
      batches.push_back(std::move(view));
    }
  }

  Form form;
  bool ok = false;
  Baseline baseline;
  std::vector<BatchView> batches;

 private:
  std::vector<std::string> names_;
  std::vector<std::vector<Values>> storage_;
};

/// Made once a kind: Google Benchmark calls a function many times.
const Data& DataOf(const Kind& kind) {
  static auto* const made = new std::map<std::string, std::unique_ptr<Data>>;
  std::unique_ptr<Data>& data = (*made)[kind.name];
  if (data == nullptr) data = std::make_unique<Data>(kind);
  return *data;
}

/// Welford's mean and variance, and a binary search: what anybody would write first.
struct ObviousCounts {
  uint64_t count = 0, nulls = 0, nans = 0, infinities = 0;
  double mean = 0, m2 = 0;
  double min = std::numeric_limits<double>::infinity();
  double max = -std::numeric_limits<double>::infinity();
  std::vector<uint64_t> codes;
};

template <class T>
void CountObvious(const std::vector<double>& edges, const ColumnView& column,
                  absl::Span<const T> values, ObviousCounts* counts) {
  for (size_t row = 0; row < values.size(); ++row) {
    if (!column.IsValid(row)) {
      ++counts->nulls;
      continue;
    }
    const double x = static_cast<double>(values[row]);
    if (std::isnan(x)) {
      ++counts->nans;
      continue;
    }
    if (std::isinf(x)) {
      ++counts->infinities;
      continue;
    }
    ++counts->count;
    const double delta = x - counts->mean;
    counts->mean += delta / static_cast<double>(counts->count);
    counts->m2 += delta * (x - counts->mean);
    counts->min = std::min(counts->min, x);
    counts->max = std::max(counts->max, x);
    ++counts->codes[static_cast<size_t>(std::upper_bound(edges.begin(), edges.end(), x) -
                                        edges.begin())];
  }
}

/// A variable for the obvious version.
struct ObviousVariable {
  std::vector<double> edges;
  std::unordered_map<std::string, uint32_t> categories;
};

void CountObviousText(const ObviousVariable& variable, const ColumnView& column,
                      ObviousCounts* counts) {
  const auto add = [&](absl::string_view name) {
    const auto it = variable.categories.find(std::string(name));
    ++counts->codes[it == variable.categories.end() ? variable.categories.size() : it->second];
  };
  if (const auto* dictionary = std::get_if<DictionaryView>(&column.values)) {
    for (size_t row = 0; row < dictionary->indices.size(); ++row) {
      if (column.IsValid(row)) add(dictionary->dictionary[dictionary->indices[row]]);
    }
  } else if (const auto* strings = std::get_if<std::vector<absl::string_view>>(&column.values)) {
    for (size_t row = 0; row < strings->size(); ++row) {
      if (column.IsValid(row)) add((*strings)[row]);
    }
  }
}

void CountObviousColumn(const ObviousVariable& variable, const ColumnView& column,
                        ObviousCounts* counts) {
  if (const auto* doubles = std::get_if<Packed<double>>(&column.values)) {
    CountObvious(variable.edges, column, doubles->span(), counts);
  } else if (const auto* floats = std::get_if<Packed<float>>(&column.values)) {
    CountObvious(variable.edges, column, floats->span(), counts);
  } else if (const auto* ints = std::get_if<Packed<int64_t>>(&column.values)) {
    CountObvious(variable.edges, column, ints->span(), counts);
  } else if (const auto* bools = std::get_if<absl::Span<const bool>>(&column.values)) {
    CountObvious(variable.edges, column, *bools, counts);
  } else {
    CountObviousText(variable, column, counts);
  }
}

void Finish(benchmark::State& state) {
  state.SetItemsProcessed(state.iterations() * static_cast<int64_t>(kRows * kColumns));
}

void Plumbline(benchmark::State& state, const Kind& kind) {
  const Data& data = DataOf(kind);
  if (!data.ok) return state.SkipWithError("no baseline");
  Pane pane(data.baseline);
  size_t next = 0;
  for (auto _ : state) {
    const BatchView& batch = data.batches[next++ % kBatches];
    PreparedBatch(data.baseline, batch).Count(0, kRows, &pane);
    benchmark::DoNotOptimize(pane.rows);
  }
  Finish(state);
}

void Obvious(benchmark::State& state, const Kind& kind) {
  const Data& data = DataOf(kind);
  if (!data.ok) return state.SkipWithError("no baseline");
  std::vector<ObviousVariable> variables(kColumns);
  std::vector<ObviousCounts> counts(kColumns);
  for (size_t i = 0; i < kColumns; ++i) {
    const VariableBaseline& variable = data.baseline.variables[i];
    variables[i].edges.assign(variable.bins.edges().begin(), variable.bins.edges().end());
    for (const absl::string_view name : variable.categories.names()) {
      variables[i].categories.emplace(std::string(name),
                                      static_cast<uint32_t>(variables[i].categories.size()));
    }
    counts[i].codes.assign(variable.counts.codes.size(), 0);
  }
  size_t next = 0;
  for (auto _ : state) {
    const BatchView& batch = data.batches[next++ % kBatches];
    for (size_t i = 0; i < kColumns; ++i) {
      CountObviousColumn(variables[i], batch.columns[i], &counts[i]);
    }
    benchmark::DoNotOptimize(counts[0].count);
  }
  Finish(state);
}

template <class T>
void Copy(absl::Span<const T> values, std::vector<char>* out) {
  std::memcpy(out->data(), values.data(), values.size() * sizeof(T));
}

template <class T>
void Copy(const Packed<T>& values, std::vector<char>* out) {
  Copy(values.span(), out);
}

void CopyStrings(const std::vector<absl::string_view>& strings, std::vector<char>* out) {
  size_t at = 0;
  for (const absl::string_view text : strings) {
    if (at + text.size() > out->size()) at = 0;
    std::memcpy(out->data() + at, text.data(), text.size());
    at += text.size();
  }
}

void Memcpy(benchmark::State& state, const Kind& kind) {
  const Data& data = DataOf(kind);
  if (!data.ok) return state.SkipWithError("no baseline");
  std::vector<std::vector<char>> out(kColumns, std::vector<char>(kRows * sizeof(double)));
  size_t next = 0;
  for (auto _ : state) {
    const BatchView& batch = data.batches[next++ % kBatches];
    for (size_t i = 0; i < kColumns; ++i) {
      std::visit(
          [&](const auto& values) {
            using List = std::decay_t<decltype(values)>;
            if constexpr (std::is_same_v<List, DictionaryView>) {
              Copy(values.indices, &out[i]);
            } else if constexpr (std::is_same_v<List, std::vector<absl::string_view>>) {
              CopyStrings(values, &out[i]);
            } else {
              Copy(values, &out[i]);
            }
          },
          batch.columns[i].values);
      benchmark::DoNotOptimize(out[i].data());
    }
    benchmark::ClobberMemory();
  }
  Finish(state);
}

Draw Normal(double mean, double deviation) {
  return [=](Random& random) { return std::normal_distribution<double>(mean, deviation)(random); };
}

Draw Lognormal(double deviation) {
  return [=](Random& random) { return std::lognormal_distribution<double>(0, deviation)(random); };
}

double Uniform(Random& random) { return std::uniform_real_distribution<double>(0, 1)(random); }

Draw Pareto(double shape) {
  return [=](Random& random) { return std::pow(1 - Uniform(random), -1 / shape); };
}

Draw Cauchy() {
  return [](Random& random) { return std::cauchy_distribution<double>(0, 1)(random); };
}

Draw Integers(double values) {
  return [=](Random& random) { return std::floor(Uniform(random) * values); };
}

Draw Sometimes(double share, double value, Draw other) {
  return [=](Random& random) { return Uniform(random) < share ? value : other(random); };
}

std::vector<Kind> Kinds() {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const Draw normal = Normal(50, 10);
  return {
      {"double/normal", Form::kDouble, normal, normal},
      {"double/lognormal", Form::kDouble, Lognormal(1), Lognormal(1)},
      {"double/lognormal-3", Form::kDouble, Lognormal(3), Lognormal(3)},
      {"double/pareto", Form::kDouble, Pareto(1.2), Pareto(1.2)},
      {"double/cauchy", Form::kDouble, Cauchy(), Cauchy()},
      {"double/atom-and-normal", Form::kDouble, Sometimes(0.4, 0, normal),
       Sometimes(0.4, 0, normal)},
      {"double/100-distinct", Form::kDouble, Integers(100), Integers(100)},
      {"double/constant", Form::kDouble, Integers(1), Integers(1)},
      {"double/drifted-out", Form::kDouble, normal, Normal(500, 10)},
      {"double/nan-1pc", Form::kDouble, normal, Sometimes(0.01, nan, normal)},
      {"double/nulls-10pc", Form::kDouble, normal, normal, 0.1},
      {"float/normal", Form::kFloat, normal, normal},
      {"float/lognormal", Form::kFloat, Lognormal(1), Lognormal(1)},
      {"int64/wide", Form::kInt64, Integers(1e6), Integers(1e6)},
      {"int64/100-distinct", Form::kInt64, Integers(100), Integers(100)},
      {"bool/numeric", Form::kBool, Normal(0, 1), Normal(0, 1)},
      {"dictionary/50", Form::kDictionary, Integers(kCategories), Integers(kCategories)},
      {"dictionary/nulls-10pc", Form::kDictionary, Integers(kCategories), Integers(kCategories),
       0.1},
      {"string/50", Form::kStrings, Integers(kCategories), Integers(kCategories)},
      {"string/unseen", Form::kStrings, Integers(kCategories), Integers(1000)},
  };
}

const bool kRegistered = [] {
  for (const Kind& kind : Kinds()) {
    const auto add = [&](const char* variant, auto run) {
      benchmark::RegisterBenchmark(absl::StrCat(kind.name, "/", variant).c_str(),
                                   [=](benchmark::State& state) { run(state, kind); });
    };
    add("plumbline", Plumbline);
    add("obvious", Obvious);
    add("memcpy", Memcpy);
  }
  return true;
}();

}  // namespace
}  // namespace plumbline::profile
