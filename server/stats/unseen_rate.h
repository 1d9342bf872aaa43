#ifndef PLUMBLINE_SERVER_STATS_UNSEEN_RATE_H_
#define PLUMBLINE_SERVER_STATS_UNSEEN_RATE_H_

#include <cstdint>

namespace plumbline::stats {

/// Good-Turing estimate of the probability that the next row holds a category not seen in n rows,
/// of which `singletons` categories were seen once: singletons / n, at most 1. n = 0 gives 1.
/// Source: Good (1953), Biometrika 40.
[[nodiscard]] double GoodTuringUnseenRate(uint64_t singletons, uint64_t n);

/// Upper bound of that probability that holds with `confidence` (in (0, 1), else 1 is returned),
/// whatever the distribution; sound for singletons = 0 too, where it is about a hundred over n.
/// With lambda_i = n p_i and rows taken as a Poisson sample, both the number of singletons and the
/// unseen mass times n have the mean m = sum lambda_i exp(-lambda_i). With delta = 1 - confidence,
/// each of three things fails with at most delta / 3: (1) m <= the upper Poisson limit given the
/// singletons (Garwood 1936); (2) no category of lambda > L = ln(3n / delta) is unseen (there are
/// fewer than n / L of those); (3) Chernoff's bound for the rest, independent terms in [0, L] of
/// mean <= m. Poissonised occupancy: Ben-Hamou, Boucheron and Ohannessian (2017), Bernoulli 23(1).
[[nodiscard]] double GoodTuringUnseenUpperBound(uint64_t singletons, uint64_t n, double confidence);

}  // namespace plumbline::stats

#endif  // PLUMBLINE_SERVER_STATS_UNSEEN_RATE_H_
