#ifndef PLUMBLINE_SERVER_STATS_KOLMOGOROV_H_
#define PLUMBLINE_SERVER_STATS_KOLMOGOROV_H_

namespace plumbline::stats {

/// Survival function of Kolmogorov's limiting distribution: 2 sum_{j>=1} (-1)^(j-1) exp(-2 j^2
/// l^2), in [0, 1]. lambda <= 0 gives 1, NaN gives NaN. Error below 1e-15. Source: Kolmogorov
/// (1933); the form for small lambda by Jacobi's theta identity.
[[nodiscard]] double KolmogorovPValue(double lambda);

/// P(D_n >= statistic) for the two-sided one-sample statistic of n values, n >= 1 (rounded down):
/// the finite-n convention of scipy's asymptotic two-sample test, called there with n =
/// round(n_eff). Small p-values by twice the one-sided law (exact while they are small), others by
/// Pelz and Good (1976), J. R. Statist. Soc. B 38(2). Relative error about 1e-5 for n >= 100, 2e-3
/// at n = 20, measured where the two forms meet. O(n) worst.
[[nodiscard]] double KolmogorovFinitePValue(double n, double statistic);

}  // namespace plumbline::stats

#endif  // PLUMBLINE_SERVER_STATS_KOLMOGOROV_H_
