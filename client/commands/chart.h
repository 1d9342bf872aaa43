#ifndef PLUMBLINE_CLIENT_COMMANDS_CHART_H_
#define PLUMBLINE_CLIENT_COMMANDS_CHART_H_

#include <cstddef>
#include <string>
#include <vector>

#include "absl/types/span.h"

namespace plumbline::client {

/// `counts` as shares of their sum; all 0 if the sum is 0.
std::vector<double> Shares(absl::Span<const double> counts);

/// One character a value, ▁ to █, `largest` being █; zero is `·`. Negative and NaN count as zero.
std::string Sparkline(absl::Span<const double> values, double largest);

/// A bar of at most `width` characters, `largest` filling it, to the eighth of a character. A value
/// above zero is at least a sliver.
std::string HorizontalBar(double value, double largest, size_t width);

}  // namespace plumbline::client

#endif  // PLUMBLINE_CLIENT_COMMANDS_CHART_H_
