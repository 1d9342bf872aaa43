#ifndef PLUMBLINE_TESTS_BENCH_SHAPES_H_
#define PLUMBLINE_TESTS_BENCH_SHAPES_H_

#include <cstddef>
#include <optional>
#include <random>
#include <string>

#include "absl/strings/string_view.h"
#include "plumbline/v1/batch.pb.h"

namespace plumbline::bench {

/// Columns and rows of the batches of a load. Columns are named d0, d1, ..., f0, i0, c0, s0.
struct Shape {
  size_t rows = 1024;
  size_t doubles = 0;
  size_t floats = 0;
  size_t int64s = 0;
  size_t dictionaries = 0;
  size_t strings = 0;
};

/// `double`, `float`, `mixed`, `wide`, `widest`, `one_row`, `small` or `names`; nullopt for another
/// name.
std::optional<Shape> ShapeByName(absl::string_view name);

/// Random rows. Of every four floating point columns one is lognormal, one has a third of its mass
/// on a single value, two are normal; integers are geometric; dictionaries hold 50 names of uneven
/// weight, in an order of their own in every batch; strings are 16 random digits, never the same
/// twice. Every call draws new values from the same distributions, so that a baseline and a load do
/// not drift from each other.
v1::Batch MakeBatch(const Shape& shape, size_t rows, std::mt19937_64* random);

}  // namespace plumbline::bench

#endif  // PLUMBLINE_TESTS_BENCH_SHAPES_H_
