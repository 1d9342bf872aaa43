#include "server/profile/bins.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <memory>
#include <utility>

#include "absl/container/btree_map.h"
#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "server/profile/bin_search.h"

namespace plumbline::profile {
namespace {

constexpr double kLargest = std::numeric_limits<double>::max();
constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
constexpr double kLargestFloat = std::numeric_limits<float>::max();
constexpr float kFloatInfinity = std::numeric_limits<float>::infinity();

double After(double x) { return std::nextafter(x, kInfinity); }
double Before(double x) { return std::nextafter(x, -kInfinity); }

// The float an edge is compared as. Edges beyond the largest floats lie beyond all finite ones.
float RoundToFloat(double edge) {
  if (edge > kLargestFloat) return kFloatInfinity;
  return edge < -kLargestFloat ? -kFloatInfinity : static_cast<float>(edge);
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
  if (!edges.empty() && edges.back() == kLargest) {
    bins.search_edges_.back() = kInfinity;
    bins.closed_edges_ = edges;
  }
  bins.atoms_ = std::move(atoms);
  bins.grid_ = BinGrid(bins.search_edges_, bins.RoundedEdges());
  bins.search_edges_.resize(bins.grid_.EdgesToRead(edges.size()), kNan);
  bins.search_edges_.shrink_to_fit();
  return bins;
}

std::vector<float> NumericBins::RoundedEdges() const {
  std::vector<float> rounded;
  rounded.reserve(edges().size());
  for (size_t i = 0; i < edges().size(); ++i) {
    // An edge right behind a value must not round onto that value: it becomes the next float.
    const bool behind_value = i == size() || (i > 0 && atoms_[i - 1]);
    const double edge = search_edges_[i];
    float narrow = behind_value ? std::nextafter(RoundToFloat(Before(edge)), kFloatInfinity)
                                : RoundToFloat(edge);
    if (i > 0) narrow = std::max(narrow, rounded.back());
    rounded.push_back(narrow);
  }
  return rounded;
}

NumericBins::NarrowEdges& NumericBins::NarrowEdges::operator=(const NarrowEdges& other) {
  if (this != &other) delete[] edges_.exchange(nullptr);
  return *this;
}

NumericBins::NarrowEdges& NumericBins::NarrowEdges::operator=(NarrowEdges&& other) noexcept {
  if (this != &other) delete[] edges_.exchange(other.edges_.exchange(nullptr));
  return *this;
}

const float* NumericBins::NarrowEdges::Make(const NumericBins& bins) const {
  const std::vector<float> rounded = bins.RoundedEdges();
  const size_t size = bins.search_edges_.size();
  auto made = std::make_unique<float[]>(size);
  std::copy(rounded.begin(), rounded.end(), made.get());
  std::fill(made.get() + rounded.size(), made.get() + size, static_cast<float>(kNan));
  const float* before = nullptr;
  // Of two threads that make them at once the first wins.
  if (!edges_.compare_exchange_strong(before, made.get(), std::memory_order_acq_rel)) return before;
  return made.release();
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

absl::Span<const double> NumericBins::edges() const {
  if (!closed_edges_.empty() || atoms_.empty()) return closed_edges_;
  return absl::MakeConstSpan(search_edges_).first(atoms_.size() + 1);
}

void NumericBins::Codes(absl::Span<const double> x, uint32_t* codes, stats::SimdLevel level) const {
  FindCodes(grid_, search_edges(), x, codes, level);
}

void NumericBins::Codes(absl::Span<const float> x, uint32_t* codes, stats::SimdLevel level) const {
  FindCodes(grid_, float_edges(), x, codes, level);
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
