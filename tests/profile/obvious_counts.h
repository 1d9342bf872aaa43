#ifndef PLUMBLINE_TESTS_PROFILE_OBVIOUS_COUNTS_H_
#define PLUMBLINE_TESTS_PROFILE_OBVIOUS_COUNTS_H_

#include <algorithm>
#include <cmath>
#include <limits>
#include <type_traits>
#include <vector>

#include "server/profile/baseline.h"
#include "server/profile/batch.h"
#include "server/profile/counts.h"

namespace plumbline::profile {

/// The float32 edges of bins as their documentation has them.
inline std::vector<float> ObviousFloatEdges(const NumericBins& bins) {
  const double infinity = std::numeric_limits<double>::infinity();
  const double largest = std::numeric_limits<float>::max();
  const auto round = [&](double x) {
    return static_cast<float>(x > largest ? infinity : x < -largest ? -infinity : x);
  };
  std::vector<float> edges;
  for (size_t i = 0; i < bins.edges().size(); ++i) {
    const double edge = bins.edges()[i];
    const bool closed = i == bins.size() && edge == std::numeric_limits<double>::max();
    const bool behind = i == bins.size() || (i > 0 && bins.is_atom(i - 1));
    float narrow = closed   ? std::numeric_limits<float>::infinity()
                   : behind ? std::nextafter(round(std::nextafter(edge, -infinity)),
                                             std::numeric_limits<float>::infinity())
                            : round(edge);
    if (!edges.empty()) narrow = std::max(narrow, edges.back());
    edges.push_back(narrow);
  }
  return edges;
}

/// The slow, obvious count of a column of numbers: every row by itself, std::upper_bound.
class ObviousCounter {
 public:
  explicit ObviousCounter(const VariableBaseline& baseline)
      : float_baseline_(baseline.variable.type == ValueType::kFloat),
        bins_(baseline.bins.size()),
        edges_(baseline.bins.edges().begin(), baseline.bins.edges().end()),
        float_edges_(ObviousFloatEdges(baseline.bins)) {
    counts.codes = CodeCounts(bins_ + 2);
    if (bins_ > 0 && edges_.back() == std::numeric_limits<double>::max()) {
      edges_.back() = std::numeric_limits<double>::infinity();
    }
  }

  template <class T>
  void Count(absl::Span<const T> values, const ColumnView& column, uint32_t begin, uint32_t end) {
    for (uint32_t row = begin; row < end; ++row) {
      if (!column.IsValid(row)) {
        ++counts.nulls;
        continue;
      }
      const double x = static_cast<double>(values[row]);
      if (std::isnan(x)) {
        ++counts.nans;
      } else if (std::isinf(x)) {
        ++(x > 0 ? counts.positive_infinities : counts.negative_infinities);
      } else {
        Add(x, float_baseline_ || std::is_same_v<T, float>);
      }
    }
  }

  VariableCounts counts;
  std::vector<double> finite, below, above;

 private:
  uint32_t Code(double x, bool narrow) const {
    if (bins_ == 0) return 1;
    if (!narrow) {
      return static_cast<uint32_t>(std::upper_bound(edges_.begin(), edges_.end(), x) -
                                   edges_.begin());
    }
    const double largest = std::numeric_limits<float>::max();
    const float rounded = x > largest    ? std::numeric_limits<float>::infinity()
                          : x < -largest ? -std::numeric_limits<float>::infinity()
                                         : static_cast<float>(x);
    return static_cast<uint32_t>(
        std::upper_bound(float_edges_.begin(), float_edges_.end(), rounded) - float_edges_.begin());
  }

  void Add(double x, bool narrow) {
    const uint32_t code = Code(x, narrow);
    counts.codes.Add(code);
    finite.push_back(x);
    if (code == 0) {
      below.push_back(x);
    } else if (code == bins_ + 1) {
      above.push_back(x);
    }
  }

  bool float_baseline_;
  size_t bins_;
  std::vector<double> edges_;
  std::vector<float> float_edges_;
};

}  // namespace plumbline::profile

#endif  // PLUMBLINE_TESTS_PROFILE_OBVIOUS_COUNTS_H_
