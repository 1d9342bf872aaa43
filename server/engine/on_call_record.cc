#include "server/engine/on_call_record.h"

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"

namespace plumbline::engine {
namespace {

template <class Record>
std::optional<checks::Signature> EndOf(const Record& record) {
  if (!record.has_ended()) return std::nullopt;
  return FromRecord(record.ended());
}

}  // namespace

void ToRecord(const checks::Signature& signature, storage::v1::SignatureRecord* record) {
  record->set_by(signature.by);
  record->set_reason(signature.reason);
  record->set_at_micros(absl::ToUnixMicros(signature.at));
}

checks::Signature FromRecord(const storage::v1::SignatureRecord& record) {
  return {record.by(), record.reason(), absl::FromUnixMicros(record.at_micros())};
}

storage::v1::OnCallRecord ToRecord(const checks::OnCallBook& book) {
  storage::v1::OnCallRecord record;
  for (const checks::Mute& mute : book.mutes()) {
    storage::v1::MuteRecord* const stored = record.add_mutes();
    stored->set_check(std::string(checks::CheckName(mute.check)));
    stored->set_variable(mute.variable);
    stored->set_slice(mute.slice);
    stored->set_source(mute.source);
    stored->set_until_micros(absl::ToUnixMicros(mute.until));
    ToRecord(mute.set, stored->mutable_set());
    if (mute.ended.has_value()) ToRecord(*mute.ended, stored->mutable_ended());
  }
  for (const checks::ExpectedChange& change : book.changes()) {
    storage::v1::ExpectedChangeRecord* const stored = record.add_changes();
    stored->set_name(change.name);
    stored->mutable_variables()->Assign(change.variables.begin(), change.variables.end());
    stored->set_from_micros(absl::ToUnixMicros(change.from));
    stored->set_until_micros(absl::ToUnixMicros(change.until));
    ToRecord(change.set, stored->mutable_set());
    if (change.ended.has_value()) ToRecord(*change.ended, stored->mutable_ended());
  }
  return record;
}

absl::StatusOr<checks::OnCallBook> FromRecord(const storage::v1::OnCallRecord& record) {
  std::vector<checks::Mute> mutes;
  for (const storage::v1::MuteRecord& stored : record.mutes()) {
    const std::optional<checks::CheckId> check = checks::ParseCheckId(stored.check());
    if (!check.has_value()) {
      return absl::DataLossError(
          absl::StrCat("a mute is of the unknown check \"", stored.check(), "\""));
    }
    mutes.push_back({*check, stored.variable(), stored.slice(), stored.source(),
                     absl::FromUnixMicros(stored.until_micros()), FromRecord(stored.set()),
                     EndOf(stored)});
  }
  std::vector<checks::ExpectedChange> changes;
  for (const storage::v1::ExpectedChangeRecord& stored : record.changes()) {
    changes.push_back({stored.name(),
                       {stored.variables().begin(), stored.variables().end()},
                       absl::FromUnixMicros(stored.from_micros()),
                       absl::FromUnixMicros(stored.until_micros()),
                       FromRecord(stored.set()),
                       EndOf(stored)});
  }
  return checks::OnCallBook(std::move(mutes), std::move(changes));
}

}  // namespace plumbline::engine
