#ifndef PLUMBLINE_SERVER_CHECKS_ON_CALL_H_
#define PLUMBLINE_SERVER_CHECKS_ON_CALL_H_

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "server/checks/policy.h"

namespace plumbline::checks {

/// Who said something, why and when by the server's clock. An empty `by` is nobody: time ended it.
struct Signature {
  std::string by, reason;
  absl::Time at;

  friend bool operator==(const Signature&, const Signature&) = default;
};
/// A name of 1 to 128 bytes and a reason of 1 to 1,024, without control characters. Errors:
/// InvalidArgument saying which.
absl::Status CheckSignature(const Signature& signature);

/// A check that is kept quiet, of one variable or (empty) of all and the model as a whole; of one
/// slice or one source, or (both empty) of all rows, and of every source and slice.
struct Mute {
  CheckId check = CheckId::kDrift;
  std::string variable, slice, source;
  absl::Time until;
  Signature set;
  std::optional<Signature> ended;
};

/// A change that somebody expects, of these variables or (none) of all, in [from, until).
struct ExpectedChange {
  std::string name;
  std::vector<std::string> variables;
  absl::Time from, until;
  Signature set;
  std::optional<Signature> ended;
};

/// What holds an alert back.
struct Hold {
  enum class Kind { kMute, kExpectedChange };
  Kind kind = Kind::kMute;
  std::string name;  // of the change
  std::string by, reason;
  absl::Time until;

  friend bool operator==(const Hold&, const Hold&) = default;
};
/// `mute`, `expected_change`.
absl::string_view HoldName(Hold::Kind kind);

/// True if an expected change explains such a finding: on distributions, rates and categories. Not
/// what is broken outright, and nothing of predictions but their drift.
bool IsExplainedByChange(CheckId check, bool of_prediction);

/// Mutes and expected changes of one model. A plain value; const members may be called from any
/// thread.
class OnCallBook {
 public:
  static constexpr size_t kMaxInForce = 100;  // of each
  static constexpr size_t kMaxEnded = 100;    // of each that are kept, the latest
  static constexpr size_t kMaxVariables = 1'000;
  static constexpr absl::Duration kLongestMute = absl::Hours(24 * 90);
  static constexpr absl::Duration kLongestChange = absl::Hours(24 * 30);
  static constexpr absl::Duration kFarthestChange = absl::Hours(24 * 30);

  /// As they were stored.
  OnCallBook(std::vector<Mute> mutes, std::vector<ExpectedChange> changes);
  OnCallBook() = default;

  /// Takes it in the place of one of the same check, variable, slice and source. Its time is that
  /// of `set`. Errors: InvalidArgument for a time that is past or too far away, a slice and a
  /// source, or who and why; a FailedPrecondition for more than kMaxInForce.
  absl::Status Add(Mute mute);
  /// The same by its name; one that has begun, and is not over, stays begun.
  absl::Status Add(ExpectedChange change);
  /// Ends one before its time: that of the same check, variable, slice and source. Errors:
  /// InvalidArgument for who and why; NotFound.
  absl::StatusOr<Mute> EndMute(const Mute& of, Signature end);
  absl::StatusOr<ExpectedChange> EndChange(absl::string_view name, Signature end);

  /// True if the time of one is over that had not ended: then Expire will end it.
  bool IsDue(absl::Time now) const;
  void Expire(absl::Time now);

  /// In the order in which they were made; those in force have not ended.
  const std::vector<Mute>& mutes() const { return mutes_; }
  const std::vector<ExpectedChange>& changes() const { return changes_; }
  size_t mutes_in_force() const;
  size_t changes_in_force() const;

  /// A change in force that explains what began at `begin`; nullptr: there is none. Until the next
  /// call that changes this.
  const ExpectedChange* ChangeThatExplains(CheckId check, absl::string_view variable,
                                           bool of_prediction, absl::Time begin) const;
  /// What holds back an alert of this slice or source (empty: of none) that `change` (nullptr: no
  /// change) explains: a mute before that change.
  std::optional<Hold> HoldOf(CheckId check, absl::string_view variable, absl::string_view slice,
                             absl::string_view source, const ExpectedChange* change) const;

 private:
  std::vector<Mute> mutes_;
  std::vector<ExpectedChange> changes_;
};

/// Such as 2026-11-26 12:00:00 UTC.
std::string TimeText(absl::Time time);

}  // namespace plumbline::checks

#endif  // PLUMBLINE_SERVER_CHECKS_ON_CALL_H_
