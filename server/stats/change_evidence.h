#ifndef PLUMBLINE_SERVER_STATS_CHANGE_EVIDENCE_H_
#define PLUMBLINE_SERVER_STATS_CHANGE_EVIDENCE_H_

#include <cstddef>
#include <cstdint>
#include <iterator>
#include <vector>

#include "absl/types/span.h"

namespace plumbline::stats {

/// How much more the counts of chunks of consecutive rows vary than those of independent rows:
/// their variance over that of a multinomial, >= 1, between that of the most variable contrast of
/// groups and that of all on average (the geometric mean). n rows then say as much as n divided by
/// it. Of rows that are correlated in time it stays what it is of any longer chunks. Of seasons it
/// grows with them; that they are no drift is for the effect to say, not for the evidence: they are
/// no chance either.
///
/// From the counts of chunks of nearly equal length, [chunk][group]: of the eigenvalues of the
/// covariance of the Pearson residuals the largest and the mean; the largest cleared of what it is
/// by chance for so few chunks (Baik and Silverstein 2006, "Eigenvalues of large sample covariance
/// matrices of spiked population models": an eigenvalue l > 1 shows at about l + g l / (l - 1), g =
/// groups / chunks). 1 for fewer than 8 chunks or 2 groups, or if a chunk is empty. Cost: O(chunks
/// * groups^2).
[[nodiscard]] double DesignEffect(absl::Span<const std::vector<uint64_t>> chunks);

/// What a baseline says of the shares of K groups.
struct ShareReference {
  std::vector<float> shares;  // (b + 0.5) / (N + 0.5 K): all > 0
  double rows = 0;            // N
  double design_effect = 1;
  /// Of ordered groups: in which ways they may be expected to change, see ChangeDetector.
  std::vector<std::vector<float>> trends;
  /// Only a larger share of the first group is a change.
  bool rises = false;
};

[[nodiscard]] ShareReference MakeShareReference(absl::Span<const uint64_t> baseline,
                                                double design_effect = 1, bool ordered = false);

/// Evidence, which may be looked at after every block, that the shares of K groups are no longer
/// those of a baseline: an e-detector (Shin, Ramdas, Rinaldo 2022, "E-detectors: a nonparametric
/// framework for sequential change detection") of the CUSUM form M <- max(1, M) L. Whenever E[L] <=
/// 1 under the baseline, an alarm at M >= A comes not more often than once in A blocks on average,
/// and this holds for weighted means of detectors, whatever their dependence. (The form
/// M <- (1 + M) L has the same bound, but grows by one a block where there is nothing to see.)
///
/// L = product over groups of (r / p*)^(c / d) for the counts c of a block:
/// - r are the shares of the blocks since the evidence last was nought, which do not include this
///   one, drawn towards the baseline's as James and Stein do; of ordered groups a shift and a
///   change of spread are drawn less than the rest, as they are few numbers to learn. So it takes
///   two blocks to say something, and a single odd one says nothing.
/// - p* lies on the line to r from the shares of baseline and live rows pooled, at the nearest
/// point
///   from which E[r / p*] <= 1 holds wherever the true shares are, within 3 standard deviations
///   (the reverse information projection of r on a ball around them). So a baseline of N rows never
///   gives more evidence than N rows can, though a thousand times as many live ones come.
/// - d is the design effect: a power 1 / d <= 1 of a factor with mean 1 has a mean of at most 1.
/// The bound is proved for independent rows; with correlated ones it rests on d, and is simulated
/// in tests/trust.
///
/// Blocks are looked at alone and joined by 4, 16 and 64: slight changes show over many, sudden
/// ones at once. Not thread-safe. About 28 K + 40 bytes.
class ChangeDetector {
 public:
  static constexpr uint32_t kScales[] = {1, 4, 16, 64};
  /// ln M goes no higher, so that evidence of what is over fades within a few blocks.
  static constexpr double kMaxLog = 60;

  explicit ChangeDetector(size_t groups);

  /// One more block: `counts` of as many groups as the reference and this have.
  void Observe(const ShareReference& reference, absl::Span<const uint64_t> counts);

  /// ln of the mean of M over the scales; >= 0, at most kMaxLog.
  double LogEvidence() const;
  /// The counts since the change is thought to have begun, by the scale with the most evidence; and
  /// their number of blocks. Empty (0 blocks) before the first block.
  absl::Span<const float> Since() const;
  uint64_t BlocksSince() const;
  /// Forgets all.
  void Reset();

  size_t groups() const { return groups_; }
  /// All that it knows: StateSize() numbers.
  size_t StateSize() const;
  void GetState(std::vector<float>* state) const;  // appends
  /// False if it is not the state of such a detector, which is then unchanged.
  bool SetState(absl::Span<const float> state);

 private:
  struct Scale {
    float log_m = 0;
    float gathered = 0;  // blocks
    float blocks = 0;    // in `since`
  };
  static constexpr size_t kScaleCount = std::size(kScales);

  size_t Most() const;
  absl::Span<float> SinceOf(size_t scale) {
    return absl::MakeSpan(counts_).subspan(scale * groups_, groups_);
  }
  absl::Span<float> GatheredOf(size_t scale) {  // not of scale 0
    return absl::MakeSpan(counts_).subspan((kScaleCount + scale - 1) * groups_, groups_);
  }
  void Weigh(const ShareReference& reference, absl::Span<const float> counts, size_t scale);

  size_t groups_;
  Scale scales_[kScaleCount];
  std::vector<float> counts_;  // by scale: since; then but for the first: gathered
};

/// The logarithm of what each detector's evidence must reach, so that all alarms of the model come
/// not more often than once in exp(log_alarm) blocks: those with M >= V A / k, where k is the
/// largest number of detectors of which that holds (Wang and Ramdas 2022, "False discovery rate
/// control with e-values"; then the mean of all M is at least A). `weights` sum to at most 1; a
/// detector's M counts as weight * M. +Inf where none passes.
struct WeightedEvidence {
  double log_evidence = 0;
  double weight = 0;
};
[[nodiscard]] double LeastAlarm(std::vector<WeightedEvidence> detectors, double log_alarm);

}  // namespace plumbline::stats

#endif  // PLUMBLINE_SERVER_STATS_CHANGE_EVIDENCE_H_
