// What people say of alerts: see on_call.h.
#include <algorithm>

#include "absl/strings/str_cat.h"
#include "server/checks/alert.h"

namespace plumbline::checks {
namespace {

std::string HoldText(const Hold& hold) {
  const std::string until =
      absl::StrCat(" until ", TimeText(hold.until), " by ", hold.by, ": ", hold.reason);
  if (hold.kind == Hold::Kind::kMute) return absl::StrCat("; muted", until);
  return absl::StrCat("; expected with the change \"", hold.name, "\"", until);
}

void Put(const Alert& alert, std::vector<Alert>* changed) {
  const auto is_it = [&](const Alert& other) { return other.key == alert.key; };
  const auto place = std::find_if(changed->begin(), changed->end(), is_it);
  if (place == changed->end()) {
    changed->push_back(alert);
  } else {
    *place = alert;
  }
}

}  // namespace

std::string WordsOf(const Alert& alert) {
  std::string words;
  const bool held = alert.is_open() && alert.hold.has_value();
  if (held) absl::StrAppend(&words, HoldText(*alert.hold));
  if (!alert.expected.empty() && !(held && alert.hold->kind == Hold::Kind::kExpectedChange)) {
    absl::StrAppend(&words, "; began within the expected change \"", alert.expected, "\"");
  }
  if (alert.acknowledged.has_value()) {
    absl::StrAppend(&words, "; acknowledged at ", TimeText(alert.acknowledged->at), " by ",
                    alert.acknowledged->by, ": ", alert.acknowledged->reason);
  }
  return words;
}

bool AlertFilter::Matches(const Alert& alert) const {
  return (!check.has_value() || *check == alert.key.check) &&
         (!variable.has_value() || *variable == alert.key.variable) &&
         (!source.has_value() || (*source == alert.key.source && alert.key.slice.empty())) &&
         (!slice.has_value() || *slice == alert.key.slice) &&
         (!incident.has_value() || *incident == alert.incident);
}

void AlertBook::HoldBack(const OnCallBook& book,
                         absl::FunctionRef<bool(absl::string_view)> is_prediction,
                         std::vector<Alert>* changed) {
  for (auto& [key, alert] : alerts_) {
    std::string expected = alert.expected;
    std::optional<Hold> hold;
    if (alert.is_open()) {
      const ExpectedChange* change =
          book.ChangeThatExplains(key.check, key.variable, is_prediction(key.variable),
                                  alert.began().value_or(absl::InfiniteFuture()));
      if (change != nullptr) expected = change->name;
      hold = book.HoldOf(key.check, key.variable, key.slice, key.source, change);
    }
    if (hold == alert.hold && expected == alert.expected) continue;
    alert.hold = std::move(hold);
    alert.expected = std::move(expected);
    Put(alert, changed);
  }
}

std::vector<Alert> AlertBook::Acknowledge(const AlertFilter& filter,
                                          const std::optional<Signature>& signature) {
  std::vector<Alert> matching;
  for (auto& [key, alert] : alerts_) {
    if (!alert.is_open() || !filter.Matches(alert)) continue;
    alert.acknowledged = signature;
    matching.push_back(alert);
  }
  return matching;
}

}  // namespace plumbline::checks
