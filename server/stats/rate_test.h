#ifndef PLUMBLINE_SERVER_STATS_RATE_TEST_H_
#define PLUMBLINE_SERVER_STATS_RATE_TEST_H_

#include <cstdint>

#include "server/stats/unseen_rate.h"

namespace plumbline::stats {

// Tests on rates: k of n rows. Every k must be <= its n, and all totals below 2^53; input that is
// not (or a side of 0 rows) is no evidence: p-value 1. Pure; a p-value below 1e-308 is 0.

/// Two-sided Fisher exact test of the 2 x 2 table [[a, b], [c, d]]: the probability of all tables
/// with the same margins that are at most as likely as this one (with 1e-7 relative slack for
/// ties). Source: Fisher (1935). Cost: see Hypergeometric.
[[nodiscard]] double FisherExactPValue(uint64_t a, uint64_t b, uint64_t c, uint64_t d);

/// One-sided Fisher test: the chance of k_live or more of the k_live + k_base marked rows falling
/// among the live ones, if live and baseline have the same rate. Small = the rate went up.
[[nodiscard]] double RateIncreasePValue(uint64_t k_live, uint64_t n_live, uint64_t k_base,
                                        uint64_t n_base);

/// The same for a rate that went down: k_live or fewer.
[[nodiscard]] double RateDecreasePValue(uint64_t k_live, uint64_t n_live, uint64_t k_base,
                                        uint64_t n_base);

/// Either way: twice the smaller of the two, at most 1.
[[nodiscard]] double RateChangePValue(uint64_t k_live, uint64_t n_live, uint64_t k_base,
                                      uint64_t n_base);

/// Odds of 1 against odds of 0, with 0.5 added to every cell (Haldane 1956, Anscombe 1956), so that
/// it is finite and > 0 at rates of 0 and 1. NaN if k > n on a side.
[[nodiscard]] double OddsRatio(uint64_t k1, uint64_t n1, uint64_t k0, uint64_t n0);

/// Two-sided z-test of two proportions with the pooled variance. Both rates 0, or both 1, give 1.
/// For comparison with other monitors: poor at small counts.
[[nodiscard]] double TwoProportionZPValue(uint64_t k1, uint64_t n1, uint64_t k0, uint64_t n0);

}  // namespace plumbline::stats

#endif  // PLUMBLINE_SERVER_STATS_RATE_TEST_H_
