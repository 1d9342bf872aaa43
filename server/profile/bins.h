#ifndef PLUMBLINE_SERVER_PROFILE_BINS_H_
#define PLUMBLINE_SERVER_PROFILE_BINS_H_

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "server/profile/bin_grid.h"
#include "server/stats/simd.h"

namespace plumbline::profile {

/// Values with a bin of their own; each needs a second bin for what lies between it and the next.
inline constexpr size_t kMaxAtoms = 240;
inline constexpr size_t kMaxBins = 2 * kMaxAtoms;

/// Bins of a numeric variable: bin i is [edges[i], edges[i + 1]). An atom is a bin of one value,
/// [a, next double after a). The range is closed by construction: the last edge is the next double
/// after the maximum. Only where there is no finite one, the last bin is closed: a last edge of
/// DBL_MAX belongs to it (and an atom there is [the double before DBL_MAX, DBL_MAX], two values).
/// -0.0 equals 0.0; denormals are values like any other. Immutable; any thread.
///
/// float32 values are compared with the edges rounded to float32 (an atom's upper edge is the next
/// float after it), so a model that serves in float32 hits the atoms of a baseline stored in
/// float64. Two edges that fall on one float leave the bin between them empty.
class NumericBins {
 public:
  NumericBins() = default;
  /// Shapes: B + 1 strictly ascending finite edges and B flags, B <= kMaxBins (0: a variable
  /// without finite values). Errors: InvalidArgument.
  static absl::StatusOr<NumericBins> Create(std::vector<double> edges, std::vector<bool> atoms);

  size_t size() const { return atoms_.size(); }
  absl::Span<const double> edges() const;
  bool is_atom(size_t bin) const { return atoms_[bin]; }

  /// 0 below the range, 1 + bin inside it, size() + 1 above it. `x` must be finite. With no bins
  /// every value is above.
  uint32_t Code(double x) const;
  uint32_t Code(float x) const;

  /// Code() of each of `x` into `codes`, which has room for as many. +Inf and -Inf are above and
  /// below here, for doubles that overflow float32.
  void Codes(absl::Span<const double> x, uint32_t* codes,
             stats::SimdLevel level = stats::BestSimdLevel()) const;
  void Codes(absl::Span<const float> x, uint32_t* codes,
             stats::SimdLevel level = stats::BestSimdLevel()) const;

  /// What values are compared with for edges()[i].
  double SearchEdge(size_t i, bool narrow) const {
    return narrow ? static_cast<double>(float_edges()[i]) : search_edges_[i];
  }

  const BinGrid& grid() const { return grid_; }
  /// What doubles are compared with: the edges, and NaN as far as the grid wants.
  const double* search_edges() const { return search_edges_.data(); }
  /// The same in float32.
  const float* float_edges() const { return narrow_edges_.Get(*this); }

 private:
  // The edges in float32, made when they are first asked for: most variables never meet a float32.
  class NarrowEdges {
   public:
    NarrowEdges() = default;
    // Whoever is copied to makes its own.
    NarrowEdges(const NarrowEdges&) {}
    NarrowEdges& operator=(const NarrowEdges&);
    NarrowEdges(NarrowEdges&& other) noexcept : edges_(other.edges_.exchange(nullptr)) {}
    NarrowEdges& operator=(NarrowEdges&& other) noexcept;
    ~NarrowEdges() { delete[] edges_.load(); }

    const float* Get(const NumericBins& bins) const {
      const float* const edges = edges_.load(std::memory_order_acquire);
      return edges != nullptr ? edges : Make(bins);
    }

   private:
    const float* Make(const NumericBins& bins) const;

    mutable std::atomic<const float*> edges_{nullptr};
  };

  // As many as edges().
  std::vector<float> RoundedEdges() const;

  std::vector<double> closed_edges_;  // edges() if the last bin is closed, else empty
  // What values are compared with, then NaN as far as the grid wants. The last edge is infinity
  // where the last bin is closed.
  std::vector<double> search_edges_;
  NarrowEdges narrow_edges_;  // as many
  std::vector<bool> atoms_;
  BinGrid grid_;
};

/// Chooses edges from what a first pass learnt. `distinct` holds every distinct value in ascending
/// order if there are at most kMaxAtoms of them: each becomes an atom, and what lies between two of
/// them a bin that training left empty. Otherwise it is empty and `quantiles` (ascending, the exact
/// minimum and maximum included) and `atoms` (values with at least about 1 / kMaxAtoms of the mass,
/// ascending) decide: atoms get bins of their own, and the rest the bins between the quantiles; if
/// that makes more than kMaxBins, quantiles are left out evenly. Values must be finite. Nothing at
/// all gives no bins.
NumericBins ChooseBins(absl::Span<const double> distinct, absl::Span<const double> quantiles,
                       absl::Span<const double> atoms);

}  // namespace plumbline::profile

#endif  // PLUMBLINE_SERVER_PROFILE_BINS_H_
