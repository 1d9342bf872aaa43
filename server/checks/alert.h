#ifndef PLUMBLINE_SERVER_CHECKS_ALERT_H_
#define PLUMBLINE_SERVER_CHECKS_ALERT_H_

#include <compare>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "server/checks/finding.h"
#include "server/checks/on_call.h"
#include "server/checks/policy.h"

namespace plumbline::checks {

enum class AlertState { kInactive = 1, kPending = 2, kFiring = 3, kResolved = 4 };

struct AlertKey {
  CheckId check = CheckId::kDrift;
  std::string variable;
  std::string source;
  std::string slice = {};

  auto operator<=>(const AlertKey&) const = default;
};

/// Orders keys, and a (check, variable, source, slice) as if it were one.
struct AlertKeyLess {
  using is_transparent = void;
  using View = std::tuple<CheckId, absl::string_view, absl::string_view, absl::string_view>;

  static View Of(const View& view) { return view; }
  static View Of(const AlertKey& key) { return {key.check, key.variable, key.source, key.slice}; }
  template <class A, class B>
  bool operator()(const A& a, const B& b) const {
    return Of(a) < Of(b);
  }
};

/// A finding with a memory.
struct Alert {
  AlertKey key;
  Finding finding;
  AlertState state = AlertState::kInactive;
  std::optional<absl::Time> pending_since, firing_since, resolved_at;
  uint64_t streak = 0;       // firing blocks in a row, or those that the change has lasted for
  uint64_t calm_streak = 0;  // OK blocks in a row
  uint64_t last_block = 0;   // last block that was judged

  std::string incident;  // named when it begins, see incident.h; kept to its end

  // What people say of it, from its beginning to its end; see on_call.h.
  std::optional<Signature> acknowledged;
  std::string expected;      // the expected change that it began within; empty: none
  std::optional<Hold> hold;  // it is open, and held back

  /// True while it is pending or fires, held back or not.
  bool is_open() const { return state == AlertState::kPending || state == AlertState::kFiring; }
  /// When the condition was first seen; absent if it is not open.
  std::optional<absl::Time> began() const {
    return pending_since.has_value() ? pending_since : firing_since;
  }
  /// True if somebody should hear of it.
  bool fires() const { return state == AlertState::kFiring && !hold.has_value(); }
};

/// What people say of it, to be added to the reason of its finding; may be empty.
std::string WordsOf(const Alert& alert);

/// Which alerts of a model are meant. What is absent says nothing.
struct AlertFilter {
  std::optional<CheckId> check;
  std::optional<std::string> variable, source, slice, incident;

  bool Matches(const Alert& alert) const;
};

/// The alerts of one model. Not thread-safe.
class AlertBook {
 public:
  /// Replaces all alerts by stored ones, with their starts and ends.
  void Restore(std::vector<Alert> alerts);
  /// Adds stored alerts, but for those of which it has one of the same key.
  void Add(std::vector<Alert> alerts);

  /// Moves every alert by `findings`, all of the model's or those of EvaluateForAlerts; returns
  /// those that changed (one that is INACTIVE is forgotten here). FIRING: PENDING, then FIRING once
  /// for_panes blocks in a row and for_duration are over. OK: a pending alert ends; a firing one
  /// resolves if the finding is below its leave threshold, or at the second OK block in a row.
  /// INSUFFICIENT_DATA changes nothing, unless the effect is unproven: that is as OK, for what
  /// fired is no longer in the latest blocks, whatever the window still holds of it. A finding that
  /// is NOT_APPLICABLE, muted or no longer made ends its alert. Two calls with one block_number are
  /// one look at the evidence. A RESOLVED alert stays until it fires anew, with the reason it fired
  /// for, and that of its end: the finding's where it gives one, or else `why`.
  std::vector<Alert> Advance(const std::vector<Finding>& findings, const Policy& policy,
                             absl::Time now, uint64_t block_number, absl::string_view why = "");

  /// Ends the open alerts that `ends` is true of, saying why: nobody judges any more what they are
  /// about. Returns those that changed.
  std::vector<Alert> End(absl::Time now, absl::string_view why,
                         absl::FunctionRef<bool(const Alert&)> ends);

  /// True if there is an alert on what this finding is about.
  bool Has(const Finding& finding) const {
    return Has(AlertKeyLess::View(finding.check, finding.variable, finding.source, finding.slice));
  }
  bool Has(const AlertKeyLess::View& key) const { return alerts_.contains(key); }
  /// True if an alert of this check and variable is pending or fires, whatever its source or slice.
  bool IsActive(CheckId check, absl::string_view variable) const;
  bool AnyActive() const;
  bool empty() const { return alerts_.empty(); }
  std::vector<Alert> alerts() const;

  void ForEachOpen(absl::FunctionRef<void(const Alert&)> use) const;
  void SetIncident(const AlertKey& key, std::string incident) {
    alerts_.at(key).incident = std::move(incident);
  }
  /// Holds open alerts back as `book` says, and lets go what it no longer holds. Those that changed
  /// take their place in `changed`, or are added.
  void HoldBack(const OnCallBook& book, absl::FunctionRef<bool(absl::string_view)> is_prediction,
                std::vector<Alert>* changed);
  /// Somebody looks after the open alerts that match; nullopt: nobody does any more. All that
  /// match, as they are then.
  std::vector<Alert> Acknowledge(const AlertFilter& filter,
                                 const std::optional<Signature>& signature);

 private:
  std::map<AlertKey, Alert, AlertKeyLess> alerts_;
};

}  // namespace plumbline::checks

#endif  // PLUMBLINE_SERVER_CHECKS_ALERT_H_
