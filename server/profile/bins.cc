#include "server/profile/bins.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "absl/container/btree_map.h"
#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

namespace plumbline::profile {
namespace {

constexpr double kLargest = std::numeric_limits<double>::max();
constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr double kLargestFloat = std::numeric_limits<float>::max();
constexpr float kFloatInfinity = std::numeric_limits<float>::infinity();

double After(double x) { return std::nextafter(x, kInfinity); }
double Before(double x) { return std::nextafter(x, -kInfinity); }

// The float an edge is compared as. Edges beyond the largest floats lie beyond all finite ones.
float RoundToFloat(double edge) {
  if (edge > kLargestFloat) return kFloatInfinity;
  return edge < -kLargestFloat ? -kFloatInfinity : static_cast<float>(edge);
}

// `step` if the edge is at or below x, else 0: by a mask, since compilers make a branch of ?: here,
// which half of all values mispredict.
template <class T>
uint32_t StepIf(T edge, T x, uint32_t step) {
  return -static_cast<uint32_t>(edge <= x) & step;
}

// How many edges are at or below each of kLanes values, searched side by side: one search waits for
// memory while the others compute. There is at least one edge.
template <size_t kLanes, class T>
void Search(const std::vector<T>& edges, const T* x, uint32_t* counts) {
  const T* data = edges.data();
  uint32_t base[kLanes] = {};
  auto length = static_cast<uint32_t>(edges.size());
  while (length > 1) {
    const uint32_t half = length / 2;
    for (size_t lane = 0; lane < kLanes; ++lane) {
      base[lane] += StepIf(data[base[lane] + half - 1], x[lane], half);
    }
    length -= half;
  }
  for (size_t lane = 0; lane < kLanes; ++lane) {
    counts[lane] = base[lane] + StepIf(data[base[lane]], x[lane], 1);
  }
}

template <class T>
void CountAtOrBelow(const std::vector<T>& edges, absl::Span<const T> x, uint32_t* counts) {
  if (edges.empty()) {
    std::fill_n(counts, x.size(), 1);  // no bins: above
    return;
  }
  constexpr size_t kLanes = 16;
  size_t i = 0;
  for (; i + kLanes <= x.size(); i += kLanes) Search<kLanes>(edges, &x[i], counts + i);
  for (; i < x.size(); ++i) Search<1>(edges, &x[i], counts + i);
}

absl::Status Validate(const std::vector<double>& edges, const std::vector<bool>& atoms) {
  if (atoms.size() > kMaxBins) {
    return absl::InvalidArgumentError(absl::StrCat(atoms.size(), " bins; at most ", kMaxBins));
  }
  if (edges.size() != (atoms.empty() ? 0 : atoms.size() + 1)) {
    return absl::InvalidArgumentError(
        absl::StrCat(edges.size(), " edges for ", atoms.size(), " bins"));
  }
  for (size_t i = 0; i < edges.size(); ++i) {
    if (!std::isfinite(edges[i]) || (i > 0 && edges[i] <= edges[i - 1])) {
      return absl::InvalidArgumentError(
          absl::StrCat("edge ", i, " (", edges[i], ") is not finite or not above the one before"));
    }
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<NumericBins> NumericBins::Create(std::vector<double> edges,
                                                std::vector<bool> atoms) {
  if (absl::Status valid = Validate(edges, atoms); !valid.ok()) return valid;
  NumericBins bins;
  bins.search_edges_ = edges;
  if (!edges.empty() && edges.back() == kLargest) bins.search_edges_.back() = kInfinity;
  bins.float_edges_.reserve(edges.size());
  for (size_t i = 0; i < edges.size(); ++i) {
    // An edge right behind a value must not round onto that value: it becomes the next float.
    const bool behind_value = i + 1 == edges.size() || (i > 0 && atoms[i - 1]);
    float edge = behind_value
                     ? std::nextafter(RoundToFloat(Before(bins.search_edges_[i])), kFloatInfinity)
                     : RoundToFloat(edges[i]);
    if (i > 0) edge = std::max(edge, bins.float_edges_.back());
    bins.float_edges_.push_back(edge);
  }
  bins.edges_ = std::move(edges);
  bins.atoms_ = std::move(atoms);
  return bins;
}

uint32_t NumericBins::Code(double x) const {
  uint32_t code;
  Codes(absl::MakeConstSpan(&x, 1), &code);
  return code;
}

uint32_t NumericBins::Code(float x) const {
  uint32_t code;
  Codes(absl::MakeConstSpan(&x, 1), &code);
  return code;
}

void NumericBins::Codes(absl::Span<const double> x, uint32_t* codes) const {
  CountAtOrBelow(search_edges_, x, codes);
}

void NumericBins::Codes(absl::Span<const float> x, uint32_t* codes) const {
  CountAtOrBelow(float_edges_, x, codes);
}

NumericBins ChooseBins(absl::Span<const double> distinct, absl::Span<const double> quantiles,
                       absl::Span<const double> atoms) {
  const absl::Span<const double> singles = distinct.empty() ? atoms : distinct;
  if (singles.empty() && quantiles.empty()) return NumericBins();
  const double last = std::max(singles.empty() ? -kInfinity : singles.back(),
                               quantiles.empty() ? -kInfinity : quantiles.back());

  // Where a bin starts, and whether it is an atom. Behind an atom starts what lies above it. The
  // sum turns -0.0 into 0.0. Nothing starts at the largest double: no edge could follow.
  absl::btree_map<double, bool> starts;
  for (const double value : singles.subspan(0, std::min(singles.size(), kMaxAtoms))) {
    starts[std::min(value, Before(kLargest)) + 0.0] = true;
    if (value < last) starts.try_emplace(std::min(After(value), Before(kLargest)), false);
  }
  if (distinct.empty()) {
    std::vector<double> cuts;
    for (double value : quantiles) {
      value = std::min(value, Before(kLargest)) + 0.0;
      const bool repeated = !cuts.empty() && cuts.back() == value;
      if (!repeated && !starts.contains(value) && (value < last || starts.empty())) {
        cuts.push_back(value);
      }
    }
    // Too many only if a sketch missed an atom's quantiles: leave some out, evenly.
    const size_t room = std::min(kMaxBins - starts.size(), cuts.size());
    for (size_t i = 0; i < room; ++i) starts.try_emplace(cuts[i * cuts.size() / room], false);
  }

  std::vector<double> edges;
  std::vector<bool> is_atom;
  for (const auto& [value, atom] : starts) {
    edges.push_back(value);
    is_atom.push_back(atom);
  }
  edges.push_back(last >= kLargest ? kLargest : After(last));
  for (size_t i = 0; i < is_atom.size(); ++i) {
    if (edges[i + 1] == After(edges[i])) is_atom[i] = true;  // one value, however it came about
  }
  absl::StatusOr<NumericBins> bins = NumericBins::Create(std::move(edges), std::move(is_atom));
  return bins.ok() ? *std::move(bins) : NumericBins();
}

}  // namespace plumbline::profile
