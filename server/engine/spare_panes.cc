#include "server/engine/spare_panes.h"

#include <utility>

namespace plumbline::engine {
namespace {

// The same baseline, and not another one in its memory. A spare does not keep its baseline alive.
bool IsOf(const std::weak_ptr<const profile::Baseline>& a,
          const std::shared_ptr<const profile::Baseline>& b) {
  return !a.owner_before(b) && !b.owner_before(a);
}

}  // namespace

void SparePanes::GiveBack::operator()(profile::Pane* pane) const {
  std::unique_ptr<profile::Pane> own(pane);
  if (lender != nullptr) lender->Keep(std::move(own), baseline);
}

SparePanes::LentPane SparePanes::Lend(const std::shared_ptr<const profile::Baseline>& baseline) {
  GiveBack give_back{this, baseline};
  {
    base::MutexLock lock(&mutex_);
    for (size_t place = spares_.size(); place-- > 0;) {
      if (IsOf(spares_[place].baseline, baseline)) {
        return {Remove(place).release(), std::move(give_back)};
      }
    }
  }
  return {std::make_unique<profile::Pane>(*baseline).release(), std::move(give_back)};
}

size_t SparePanes::size() const {
  base::MutexLock lock(&mutex_);
  return spares_.size();
}

void SparePanes::Keep(std::unique_ptr<profile::Pane> pane,
                      const std::shared_ptr<const profile::Baseline>& baseline) {
  const size_t variables = pane->variables.size();
  if (variables > kMostVariables) return;
  pane->Clear();
  std::vector<std::unique_ptr<profile::Pane>> gone;  // freed without the lock
  base::MutexLock lock(&mutex_);
  while (spares_.size() >= kMostPanes || variables_ + variables > kMostVariables) {
    // In turn: nothing says which of them will be asked for.
    if (next_to_go_ >= spares_.size()) next_to_go_ = 0;
    gone.push_back(Remove(next_to_go_++));
  }
  variables_ += variables;
  spares_.push_back({baseline, std::move(pane)});
}

std::unique_ptr<profile::Pane> SparePanes::Remove(size_t place) {
  std::swap(spares_[place], spares_.back());
  std::unique_ptr<profile::Pane> pane = std::move(spares_.back().pane);
  spares_.pop_back();
  variables_ -= pane->variables.size();
  return pane;
}

}  // namespace plumbline::engine
