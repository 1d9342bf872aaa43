#include "client/send_window.h"

#include <algorithm>

namespace plumbline::client {

SendWindow::SendWindow(size_t most) : most_(most), size_(std::min(kFirst, most)) {}

void SendWindow::OnAnswer(absl::Duration took) {
  shortest_ = std::min(shortest_, took);
  longest_ = std::max(longest_, took);
  if (++answers_ < size_) return;
  if (longest_ > shortest_ + kSoon) {
    slowed_ = true;
    size_ = std::min(most_, std::max(kLeast, size_ / 2));
  } else {
    size_ = std::min(most_, size_ + (slowed_ ? std::max<size_t>(size_ / 8, 1) : size_));
  }
  answers_ = 0;
  longest_ = absl::ZeroDuration();
}

}  // namespace plumbline::client
