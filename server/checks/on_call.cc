#include "server/checks/on_call.h"

#include <algorithm>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"

namespace plumbline::checks {
namespace {

constexpr size_t kMaxNameBytes = 128;
constexpr size_t kMaxReasonBytes = 1'024;

absl::Status CheckText(absl::string_view what, absl::string_view text, size_t max_bytes) {
  if (text.empty()) return absl::InvalidArgumentError(absl::StrCat(what, " is missing"));
  if (text.size() > max_bytes) {
    return absl::InvalidArgumentError(
        absl::StrCat(what, " has ", text.size(), " bytes; at most ", max_bytes));
  }
  const bool control = std::any_of(text.begin(), text.end(), [](char c) {
    return absl::ascii_iscntrl(static_cast<unsigned char>(c));
  });
  if (!control) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat(what, " has a control character"));
}

template <class Entry>
size_t InForce(const std::vector<Entry>& entries) {
  return static_cast<size_t>(std::count_if(
      entries.begin(), entries.end(), [](const Entry& entry) { return !entry.ended.has_value(); }));
}

// The one in force that `is` says it is, or nullptr.
template <class Entry, class Is>
Entry* Find(std::vector<Entry>* entries, const Is& is) {
  for (Entry& entry : *entries) {
    if (!entry.ended.has_value() && is(entry)) return &entry;
  }
  return nullptr;
}

// Drops the oldest of those that have ended.
template <class Entry>
void Forget(std::vector<Entry>* entries) {
  size_t surplus = entries->size() - InForce(*entries);
  surplus -= std::min(surplus, OnCallBook::kMaxEnded);
  std::erase_if(*entries, [&](const Entry& entry) {
    if (!entry.ended.has_value() || surplus == 0) return false;
    --surplus;
    return true;
  });
}

template <class Entry>
void End(Entry* entry, Signature end) {
  entry->ended = std::move(end);
}

template <class Entry>
bool AnyDue(const std::vector<Entry>& entries, absl::Time now) {
  return std::any_of(entries.begin(), entries.end(), [now](const Entry& entry) {
    return !entry.ended.has_value() && entry.until <= now;
  });
}

template <class Entry>
void ExpireAll(absl::Time now, std::vector<Entry>* entries) {
  for (Entry& entry : *entries) {
    if (!entry.ended.has_value() && entry.until <= now) End(&entry, {"", "", entry.until});
  }
  Forget(entries);
}

// Puts `fresh` behind the others, in the place of `old` if there is one.
template <class Entry>
absl::Status Take(absl::string_view what, Entry fresh, Entry* old, std::vector<Entry>* entries) {
  if (old != nullptr) {
    End(old, {fresh.set.by, "another took its place", fresh.set.at});
  } else if (InForce(*entries) >= OnCallBook::kMaxInForce) {
    return absl::FailedPreconditionError(
        absl::StrCat("there are ", OnCallBook::kMaxInForce, " ", what,
                     " in force already, which is the most; end one first"));
  }
  entries->push_back(std::move(fresh));
  Forget(entries);
  return absl::OkStatus();
}

bool IsOfTheSame(const Mute& a, const Mute& b) {
  return a.check == b.check && a.variable == b.variable && a.slice == b.slice &&
         a.source == b.source;
}

// ` of variable "age"`, or nothing.
std::string Named(absl::string_view what, absl::string_view name) {
  return name.empty() ? "" : absl::StrCat(" of ", what, " \"", name, "\"");
}

bool Covers(const ExpectedChange& change, absl::string_view variable) {
  return change.variables.empty() || std::find(change.variables.begin(), change.variables.end(),
                                               variable) != change.variables.end();
}

}  // namespace

absl::Status CheckSignature(const Signature& signature) {
  absl::Status checked = CheckText("by (who says so)", signature.by, kMaxNameBytes);
  if (!checked.ok()) return checked;
  return CheckText("the reason", signature.reason, kMaxReasonBytes);
}

absl::string_view HoldName(Hold::Kind kind) {
  return kind == Hold::Kind::kMute ? "mute" : "expected_change";
}

bool IsExplainedByChange(CheckId check, bool of_prediction) {
  switch (check) {
    case CheckId::kDrift:
    case CheckId::kLabelDrift:
      return true;
    case CheckId::kNullRate:
    case CheckId::kNanRate:
    case CheckId::kInfRate:
    case CheckId::kOutOfRange:
    case CheckId::kUnseenCategory:
    case CheckId::kVanishedCategory:
    case CheckId::kBecameConstant:
    case CheckId::kCameAlive:
      return !of_prediction;
    default:
      return false;
  }
}

OnCallBook::OnCallBook(std::vector<Mute> mutes, std::vector<ExpectedChange> changes)
    : mutes_(std::move(mutes)), changes_(std::move(changes)) {}

absl::Status OnCallBook::Add(Mute mute) {
  if (absl::Status checked = CheckSignature(mute.set); !checked.ok()) return checked;
  if (!mute.slice.empty() && !mute.source.empty()) {
    return absl::InvalidArgumentError(
        absl::StrCat("a mute is of a source or of a slice, not of source \"", mute.source,
                     "\" and slice \"", mute.slice, "\""));
  }
  if (mute.until <= mute.set.at) {
    return absl::InvalidArgumentError(absl::StrCat("a mute until ", TimeText(mute.until),
                                                   " is over: it is ", TimeText(mute.set.at),
                                                   " by the server's clock"));
  }
  if (mute.until - mute.set.at > kLongestMute) {
    return absl::InvalidArgumentError(absl::StrCat("a mute until ", TimeText(mute.until),
                                                   " is too long; at most 90 days (a check can be "
                                                   "muted for good in the policy)"));
  }
  Mute* const old = Find(&mutes_, [&](const Mute& other) { return IsOfTheSame(other, mute); });
  return Take("mutes", std::move(mute), old, &mutes_);
}

absl::Status OnCallBook::Add(ExpectedChange change) {
  if (absl::Status checked = CheckSignature(change.set); !checked.ok()) return checked;
  absl::Status named = CheckText("the name of the change", change.name, kMaxNameBytes);
  if (!named.ok()) return named;
  const absl::Time now = change.set.at;
  ExpectedChange* const old =
      Find(&changes_, [&](const ExpectedChange& other) { return other.name == change.name; });
  if (old != nullptr && old->from <= now && now < old->until)
    change.from = std::min(change.from, old->from);
  if (change.variables.size() > kMaxVariables) {
    return absl::InvalidArgumentError(absl::StrCat("the change names ", change.variables.size(),
                                                   " variables; at most ", kMaxVariables));
  }
  if (change.until <= change.from || change.until - change.from > kLongestChange) {
    return absl::InvalidArgumentError(
        absl::StrCat("a change lasts longer than nothing and at most 30 days, not from ",
                     TimeText(change.from), " to ", TimeText(change.until)));
  }
  if (change.until <= now || change.from - now > kFarthestChange) {
    return absl::InvalidArgumentError(absl::StrCat(
        "a change from ", TimeText(change.from), " to ", TimeText(change.until),
        change.until <= now ? " is over: it is " : " is more than 30 days away: it is ",
        TimeText(now), " by the server's clock"));
  }
  return Take("expected changes", std::move(change), old, &changes_);
}

absl::StatusOr<Mute> OnCallBook::EndMute(const Mute& of, Signature end) {
  if (absl::Status checked = CheckSignature(end); !checked.ok()) return checked;
  Mute* const mute = Find(&mutes_, [&](const Mute& other) { return IsOfTheSame(other, of); });
  if (mute == nullptr) {
    return absl::NotFoundError(
        absl::StrCat("no mute of check ", CheckName(of.check),
                     of.variable.empty() ? " without a variable" : Named("variable", of.variable),
                     Named("slice", of.slice), Named("source", of.source), " is in force"));
  }
  End(mute, std::move(end));
  Mute ended = *mute;
  Forget(&mutes_);
  return ended;
}

absl::StatusOr<ExpectedChange> OnCallBook::EndChange(absl::string_view name, Signature end) {
  if (absl::Status checked = CheckSignature(end); !checked.ok()) return checked;
  ExpectedChange* const change =
      Find(&changes_, [&](const ExpectedChange& other) { return other.name == name; });
  if (change == nullptr) {
    return absl::NotFoundError(absl::StrCat("no change \"", name, "\" is expected"));
  }
  End(change, std::move(end));
  ExpectedChange ended = *change;
  Forget(&changes_);
  return ended;
}

bool OnCallBook::IsDue(absl::Time now) const {
  return AnyDue(mutes_, now) || AnyDue(changes_, now);
}

void OnCallBook::Expire(absl::Time now) {
  ExpireAll(now, &mutes_);
  ExpireAll(now, &changes_);
}

size_t OnCallBook::mutes_in_force() const { return InForce(mutes_); }

size_t OnCallBook::changes_in_force() const { return InForce(changes_); }

const ExpectedChange* OnCallBook::ChangeThatExplains(CheckId check, absl::string_view variable,
                                                     bool of_prediction, absl::Time begin) const {
  if (!IsExplainedByChange(check, of_prediction)) return nullptr;
  for (const ExpectedChange& change : changes_) {
    if (change.ended.has_value() || begin < change.from || begin >= change.until) continue;
    if (Covers(change, variable)) return &change;
  }
  return nullptr;
}

std::optional<Hold> OnCallBook::HoldOf(CheckId check, absl::string_view variable,
                                       absl::string_view slice, absl::string_view source,
                                       const ExpectedChange* change) const {
  std::optional<Hold> hold;  // the longest mute
  for (const Mute& mute : mutes_) {
    if (mute.ended.has_value() || mute.check != check) continue;
    if (!mute.variable.empty() && mute.variable != variable) continue;
    if (!mute.slice.empty() && mute.slice != slice) continue;
    if (!mute.source.empty() && mute.source != source) continue;
    if (hold.has_value() && hold->until >= mute.until) continue;
    hold = Hold{Hold::Kind::kMute, "", mute.set.by, mute.set.reason, mute.until};
  }
  if (hold.has_value() || change == nullptr) return hold;
  return Hold{Hold::Kind::kExpectedChange, change->name, change->set.by, change->set.reason,
              change->until};
}

std::string TimeText(absl::Time time) {
  return absl::StrCat(absl::FormatTime("%Y-%m-%d %H:%M:%S", time, absl::UTCTimeZone()), " UTC");
}

}  // namespace plumbline::checks
