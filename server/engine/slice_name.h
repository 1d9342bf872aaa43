#ifndef PLUMBLINE_SERVER_ENGINE_SLICE_NAME_H_
#define PLUMBLINE_SERVER_ENGINE_SLICE_NAME_H_

#include <compare>
#include <string>

namespace plumbline::engine {

/// Rows of a model that are judged by themselves: a source's, or those with one value of a slice
/// variable. One is empty; both: all rows.
struct SliceName {
  std::string source;
  std::string slice;  // `variable=category`

  auto operator<=>(const SliceName&) const = default;
};

}  // namespace plumbline::engine

#endif  // PLUMBLINE_SERVER_ENGINE_SLICE_NAME_H_
