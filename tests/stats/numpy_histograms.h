#ifndef PLUMBLINE_TESTS_STATS_NUMPY_HISTOGRAMS_H_
#define PLUMBLINE_TESTS_STATS_NUMPY_HISTOGRAMS_H_

#include <cstdint>
#include <vector>

namespace plumbline::stats {

// The histogram conventions of numpy, which other monitors compute with: so that our functions can
// be fed what theirs were.

/// numpy.linspace(low, high, count).
std::vector<double> Linspace(double low, double high, int count);

/// numpy.percentile(values, 100 * q), linear interpolation.
double NumpyQuantile(std::vector<double> values, double q);

/// numpy.histogram_bin_edges(values, bins='doane').
std::vector<double> DoaneEdges(const std::vector<double>& values);

/// numpy.histogram_bin_edges(values, bins='auto').
std::vector<double> AutoEdges(const std::vector<double>& values);

/// numpy.histogram(values, edges): [e_i, e_i+1), the last one closed; values outside are left out.
std::vector<uint64_t> NumpyHistogram(const std::vector<double>& values,
                                     const std::vector<double>& edges);

/// scipy.stats.rv_histogram(numpy.histogram(values, 'auto')).cdf(x): linear inside a bin.
double HistogramCdf(const std::vector<double>& edges, const std::vector<uint64_t>& counts,
                    double x);

}  // namespace plumbline::stats

#endif  // PLUMBLINE_TESTS_STATS_NUMPY_HISTOGRAMS_H_
