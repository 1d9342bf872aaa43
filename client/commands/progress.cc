#include "client/commands/progress.h"

#include <algorithm>
#include <utility>

#include "client/commands/chart.h"
#include "client/commands/format.h"

namespace plumbline::client {

Progress::Progress(std::ostream& out, bool enabled, std::string label)
    : out_(out), enabled_(enabled), label_(std::move(label)) {}

Progress::~Progress() {
  if (shown_percent_ >= 0) out_ << "\r\x1b[K" << std::flush;
}

void Progress::Update(double share) {
  if (!enabled_) return;
  const int percent = static_cast<int>(std::clamp(share, 0.0, 1.0) * 100);
  if (percent == shown_percent_) return;
  shown_percent_ = percent;
  constexpr size_t kWidth = 30;
  const std::string bar = HorizontalBar(percent, 100, kWidth);
  out_ << '\r' << label_ << ' ' << bar << std::string(kWidth - DisplayWidth(bar), ' ') << ' '
       << percent << "%\x1b[K" << std::flush;
}

}  // namespace plumbline::client
