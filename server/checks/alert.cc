#include "server/checks/alert.h"

#include <algorithm>
#include <iterator>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"

namespace plumbline::checks {
namespace {

// A firing alert without a clear recovery resolves after this many OK blocks in a row.
constexpr uint64_t kCalmBlocks = 2;

void OnFiring(const CheckSettings& settings, absl::Time now, uint64_t block_number, Alert* alert) {
  if (alert->streak == 0 || block_number > alert->last_block) {
    alert->streak = std::max(alert->streak + 1, alert->finding.blocks);
    alert->last_block = block_number;
  }
  alert->calm_streak = 0;
  if (alert->state == AlertState::kFiring) return;
  if (alert->state != AlertState::kPending) {
    alert->state = AlertState::kPending;
    alert->pending_since = now;
    alert->firing_since.reset();
    alert->acknowledged.reset();
    alert->expected.clear();
    alert->incident.clear();
  }
  // A clock that was set back does not make it wait for longer.
  alert->pending_since = std::min(*alert->pending_since, now);
  if (alert->streak < settings.for_panes) return;
  if (now - *alert->pending_since < settings.for_duration) return;
  alert->state = AlertState::kFiring;
  alert->firing_since = now;
  alert->resolved_at.reset();
}

void EndPending(Alert* alert) {
  alert->state = alert->resolved_at.has_value() ? AlertState::kResolved : AlertState::kInactive;
  alert->pending_since.reset();
  alert->streak = 0;
}

void Resolve(absl::Time now, Alert* alert) {
  alert->state = AlertState::kResolved;
  alert->resolved_at = now;
  alert->streak = 0;
  alert->calm_streak = 0;
}

void OnCalm(bool clear, absl::Time now, uint64_t block_number, Alert* alert) {
  if (alert->state == AlertState::kPending) return EndPending(alert);
  if (alert->state != AlertState::kFiring) return;
  alert->streak = 0;
  if (alert->calm_streak == 0 || block_number > alert->last_block) {
    ++alert->calm_streak;
    alert->last_block = block_number;
  }
  if (clear || alert->calm_streak >= kCalmBlocks) Resolve(now, alert);
}

// The cause is a part of what an alert is known by to whoever hears of it. A drift that fires is a
// shift at one look and a wider spread at the next, and still the same; but not one the other way.
std::string CauseOf(const Alert& alert, const Finding& finding) {
  const std::string& before = alert.finding.cause;
  if (alert.key.check != CheckId::kDrift || alert.state != AlertState::kFiring || before.empty()) {
    return finding.cause;
  }
  const auto goes = [&](absl::string_view from, absl::string_view to) {
    return before == from && finding.cause == to;
  };
  const bool turns = goes("shifted_up", "shifted_down") || goes("shifted_down", "shifted_up");
  return turns ? finding.cause : before;
}

bool Differs(const Alert& a, const Alert& b) {
  return a.state != b.state || a.streak != b.streak || a.calm_streak != b.calm_streak ||
         a.last_block != b.last_block || a.pending_since != b.pending_since ||
         a.acknowledged != b.acknowledged;
}

}  // namespace

void AlertBook::Restore(std::vector<Alert> alerts) {
  alerts_.clear();
  Add(std::move(alerts));
}

void AlertBook::Add(std::vector<Alert> alerts) {
  for (Alert& alert : alerts) {
    AlertKey key = alert.key;
    alerts_.try_emplace(std::move(key), std::move(alert));
  }
}

std::vector<Alert> AlertBook::Advance(const std::vector<Finding>& findings, const Policy& policy,
                                      absl::Time now, uint64_t block_number,
                                      absl::string_view why) {
  std::map<AlertKey, const Finding*> found;
  for (const Finding& finding : findings) {
    const AlertKey key{finding.check, finding.variable, finding.source, finding.slice};
    found[key] = &finding;
    if (finding.status == Status::kFiring && !Has(finding) &&
        !policy.Settings(finding.check, finding.variable).muted) {
      alerts_[key].key = key;
    }
  }
  std::vector<Alert> changed;
  for (auto entry = alerts_.begin(); entry != alerts_.end();) {
    Alert& alert = entry->second;
    const Alert before = alert;
    const auto match = found.find(entry->first);
    const CheckSettings settings = policy.Settings(alert.key.check, alert.key.variable);
    absl::string_view end = why;
    if (settings.muted || match == found.end()) {
      OnCalm(/*clear=*/true, now, block_number, &alert);
    } else {
      const Finding& finding = *match->second;
      // A resolved alert keeps the finding that it had.
      if (finding.status == Status::kFiring) {
        // Somebody looks after what it was; what is worse is told anew.
        if (finding.severity > alert.finding.severity) alert.acknowledged.reset();
        std::string cause = CauseOf(alert, finding);
        alert.finding = finding;
        alert.finding.cause = std::move(cause);
        OnFiring(settings, now, block_number, &alert);
      }
      if (finding.status == Status::kNotApplicable) OnCalm(true, now, block_number, &alert);
      if (finding.status == Status::kOk || finding.unproven) {
        OnCalm(finding.below_leave, now, block_number, &alert);
      }
      if (!finding.resolution.empty()) end = finding.resolution;
    }
    const bool resolves =
        before.state != AlertState::kResolved && alert.state == AlertState::kResolved;
    if (resolves && !end.empty()) absl::StrAppend(&alert.finding.reason, "; ", end);
    if (Differs(before, alert)) changed.push_back(alert);
    entry = alert.state == AlertState::kInactive ? alerts_.erase(entry) : std::next(entry);
  }
  return changed;
}

std::vector<Alert> AlertBook::End(absl::Time now, absl::string_view why,
                                  absl::FunctionRef<bool(const Alert&)> ends) {
  std::vector<Alert> changed;
  for (auto entry = alerts_.begin(); entry != alerts_.end();) {
    Alert& alert = entry->second;
    if (alert.is_open() && ends(alert)) {
      const bool fired = alert.state == AlertState::kFiring;
      OnCalm(/*clear=*/true, now, alert.last_block, &alert);
      if (fired) absl::StrAppend(&alert.finding.reason, "; ", why);
      changed.push_back(alert);
    }
    entry = alert.state == AlertState::kInactive ? alerts_.erase(entry) : std::next(entry);
  }
  return changed;
}

bool AlertBook::AnyActive() const {
  return std::any_of(alerts_.begin(), alerts_.end(), [](const auto& entry) {
    return entry.second.state == AlertState::kPending || entry.second.state == AlertState::kFiring;
  });
}

void AlertBook::ForEachOpen(absl::FunctionRef<void(const Alert&)> use) const {
  for (const auto& [key, alert] : alerts_) {
    if (alert.is_open()) use(alert);
  }
}

bool AlertBook::IsActive(CheckId check, absl::string_view variable) const {
  // The empty source and slice are the first.
  auto entry = alerts_.lower_bound(AlertKeyLess::View(check, variable, "", ""));
  for (; entry != alerts_.end(); ++entry) {
    const Alert& alert = entry->second;
    if (alert.key.check != check || alert.key.variable != variable) return false;
    if (alert.state == AlertState::kPending || alert.state == AlertState::kFiring) return true;
  }
  return false;
}

std::vector<Alert> AlertBook::alerts() const {
  std::vector<Alert> result;
  result.reserve(alerts_.size());
  for (const auto& [key, alert] : alerts_) result.push_back(alert);
  return result;
}

}  // namespace plumbline::checks
