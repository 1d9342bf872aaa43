#include "client/commands/chart.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace plumbline::client {

std::vector<double> Shares(absl::Span<const double> counts) {
  const double sum = std::accumulate(counts.begin(), counts.end(), 0.0);
  std::vector<double> shares(counts.size(), 0);
  if (!(sum > 0)) return shares;
  for (size_t i = 0; i < counts.size(); ++i) shares[i] = counts[i] / sum;
  return shares;
}

std::string Sparkline(absl::Span<const double> values, double largest) {
  static constexpr const char* kLevels[] = {"▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
  std::string out;
  for (double value : values) {
    if (!(value > 0) || !(largest > 0)) {
      out += "·";
      continue;
    }
    const double level = std::ceil(std::min(value / largest, 1.0) * 8);
    out += kLevels[static_cast<size_t>(level) - 1];
  }
  return out;
}

std::string HorizontalBar(double value, double largest, size_t width) {
  static constexpr const char* kParts[] = {"▏", "▎", "▍", "▌", "▋", "▊", "▉", "█"};
  if (!(value > 0) || !(largest > 0)) return "";
  const double share = std::min(value / largest, 1.0);
  const auto eighths =
      std::max<size_t>(1, static_cast<size_t>(std::lround(share * 8 * static_cast<double>(width))));
  std::string out;
  for (size_t i = 0; i < eighths / 8; ++i) out += kParts[7];
  if (eighths % 8 != 0) out += kParts[eighths % 8 - 1];
  return out;
}

}  // namespace plumbline::client
