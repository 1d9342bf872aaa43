#include "tests/bench/shapes.h"

#include <algorithm>
#include <cstdint>
#include <numeric>
#include <vector>

#include "absl/strings/str_cat.h"
#include "client/batch_builder.h"

namespace plumbline::bench {
namespace {

constexpr size_t kNames = 50;

template <class T>
std::vector<T> RealColumn(size_t column, size_t rows, std::mt19937_64* random) {
  std::normal_distribution<double> normal(static_cast<double>(column), 1.0);
  std::lognormal_distribution<double> lognormal(0.0, 1.0);
  std::bernoulli_distribution atom(1.0 / 3);
  std::vector<T> values(rows);
  for (T& value : values) {
    switch (column % 4) {
      case 1:
        value = static_cast<T>(lognormal(*random));
        break;
      case 2:
        value = atom(*random) ? T{0} : static_cast<T>(normal(*random));
        break;
      default:
        value = static_cast<T>(normal(*random));
    }
  }
  return values;
}

void AddDictionary(const std::string& name, size_t rows, std::mt19937_64* random,
                   client::BatchBuilder* builder) {
  std::vector<size_t> order(kNames);
  std::iota(order.begin(), order.end(), 0);
  std::shuffle(order.begin(), order.end(), *random);
  std::vector<std::string> dictionary(kNames);
  std::vector<double> weights(kNames);
  for (size_t i = 0; i < kNames; ++i) {
    dictionary[i] = absl::StrCat("name-", order[i]);
    weights[i] = 1.0 / static_cast<double>(1 + order[i]);
  }
  std::discrete_distribution<uint32_t> pick(weights.begin(), weights.end());
  std::vector<uint32_t> indices(rows);
  for (uint32_t& index : indices) index = pick(*random);
  builder->AddDictionary(name, dictionary, indices);
}

}  // namespace

std::optional<Shape> ShapeByName(absl::string_view name) {
  if (name == "double") return Shape{.rows = 1024, .doubles = 20};
  if (name == "float") return Shape{.rows = 1024, .floats = 20};
  if (name == "mixed") return Shape{.rows = 1024, .doubles = 10, .int64s = 5, .dictionaries = 5};
  if (name == "wide") return Shape{.rows = 1024, .doubles = 200};
  if (name == "widest") return Shape{.rows = 5, .doubles = 5'000};
  if (name == "one_row") return Shape{.rows = 1, .doubles = 20};
  if (name == "names") return Shape{.rows = 1024, .strings = 1};
  if (name == "small") return Shape{.rows = 100, .doubles = 80, .dictionaries = 20};
  return std::nullopt;
}

v1::Batch MakeBatch(const Shape& shape, size_t rows, std::mt19937_64* random) {
  client::BatchBuilder builder;
  for (size_t i = 0; i < shape.doubles; ++i) {
    builder.AddDoubles(absl::StrCat("d", i), RealColumn<double>(i, rows, random));
  }
  for (size_t i = 0; i < shape.floats; ++i) {
    builder.AddFloats(absl::StrCat("f", i), RealColumn<float>(i, rows, random));
  }
  std::geometric_distribution<int64_t> geometric(0.02);
  for (size_t i = 0; i < shape.int64s; ++i) {
    std::vector<int64_t> values(rows);
    for (int64_t& value : values) value = geometric(*random);
    builder.AddInt64s(absl::StrCat("i", i), values);
  }
  for (size_t i = 0; i < shape.dictionaries; ++i) {
    AddDictionary(absl::StrCat("c", i), rows, random, &builder);
  }
  for (size_t i = 0; i < shape.strings; ++i) {
    std::vector<std::string> values(rows);
    for (std::string& value : values) {
      value = absl::StrCat(absl::Hex((*random)(), absl::kZeroPad16));
    }
    builder.AddStrings(absl::StrCat("s", i), values);
  }
  return *builder.Build();
}

}  // namespace plumbline::bench
