#include "client/commands/on_call_text.h"

#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "client/commands/alert_text.h"
#include "client/commands/format.h"
#include "client/commands/text_table.h"

namespace plumbline::client {
namespace {

// How it ended; empty while it is in force.
template <class Entry>
std::string EndOf(const Entry& entry) {
  if (!entry.has_ended_at()) return "";
  const std::string at = FormatTime(entry.ended_at(), true);
  if (entry.ended_by().empty()) return at;
  return absl::StrCat(at, " by ", Printable(entry.ended_by(), 40), ": ",
                      Printable(entry.ended_because(), 60));
}

std::string MutesTable(const google::protobuf::RepeatedPtrField<v1::Mute>& mutes) {
  TextTable table({{"muted"},
                   {"variable"},
                   {"slice"},
                   {"source"},
                   {"model"},
                   {"since (UTC)"},
                   {"until (UTC)"},
                   {"by"},
                   {"reason"},
                   {"ended (UTC)"}});
  for (const v1::Mute& mute : mutes) {
    table.AddRow({mute.check(), Printable(mute.variable(), 40), Printable(mute.slice(), 40),
                  Printable(mute.source(), 40), FormatModel(mute.model(), mute.version()),
                  FormatTime(mute.at(), mute.has_at()), FormatTime(mute.until(), mute.has_until()),
                  Printable(mute.by(), 40), Printable(mute.reason()), EndOf(mute)});
  }
  return table.ToString();
}

std::string ChangesTable(const google::protobuf::RepeatedPtrField<v1::ExpectedChange>& changes) {
  TextTable table({{"expected"},
                   {"variables"},
                   {"model"},
                   {"from (UTC)"},
                   {"until (UTC)"},
                   {"by"},
                   {"reason"},
                   {"ended (UTC)"}});
  for (const v1::ExpectedChange& change : changes) {
    table.AddRow({Printable(change.name(), 40),
                  Printable(absl::StrJoin(change.variables(), ","), 60),
                  FormatModel(change.model(), change.version()),
                  FormatTime(change.from(), change.has_from()),
                  FormatTime(change.until(), change.has_until()), Printable(change.by(), 40),
                  Printable(change.reason()), EndOf(change)});
  }
  return table.ToString();
}

// `critical  housing/v1  20261126T053300Z  3 alerts since ...`.
std::string HeadLine(const v1::Incident& incident) {
  return absl::StrCat(incident.severity().empty() ? "quiet" : incident.severity(), "  ",
                      FormatModel(incident.model(), incident.version()), "  incident ",
                      Printable(incident.id(), 40), "  ", Printable(incident.head()), "\n");
}

}  // namespace

std::string IncidentLines(const google::protobuf::RepeatedPtrField<v1::Incident>& incidents) {
  std::string text;
  for (const v1::Incident& incident : incidents) absl::StrAppend(&text, HeadLine(incident));
  return text;
}

std::string IncidentsText(const google::protobuf::RepeatedPtrField<v1::Incident>& incidents) {
  if (incidents.empty()) return "no incidents\n";
  std::string text;
  for (const v1::Incident& incident : incidents) {
    absl::StrAppend(&text, text.empty() ? "" : "\n", HeadLine(incident));
    int number = 0;
    for (const v1::IncidentCause& cause : incident.causes()) {
      absl::StrAppend(&text, "  ", ++number, ". ", cause.kind(), ": ", Printable(cause.words()),
                      "\n");
    }
    TextTable table({{""},
                     {"state"},
                     {"severity"},
                     {"variable"},
                     {"check"},
                     {"source"},
                     {"acknowledged by"},
                     {"reason"}});
    for (const v1::Alert& alert : incident.alerts()) {
      const v1::Finding& finding = alert.finding();
      table.AddRow({" ", alert.state(), finding.severity(), Printable(finding.variable(), 40),
                    finding.check(), RowsOf(finding), Printable(finding.acknowledgement().by(), 40),
                    Printable(finding.reason())});
    }
    text += table.ToString();
  }
  return text;
}

std::string MutesText(const v1::ListMutesResponse& mutes) {
  return mutes.mutes().empty() ? "no mutes\n" : MutesTable(mutes.mutes());
}

std::string ChangesText(const v1::ListChangesResponse& changes) {
  return changes.changes().empty() ? "no expected changes\n" : ChangesTable(changes.changes());
}

std::string OnCallText(const v1::Report& report) {
  std::string text;
  for (const std::string& table :
       {MutesTable(report.mutes()), ChangesTable(report.expected_changes())}) {
    if (!table.empty()) absl::StrAppend(&text, table, "\n");
  }
  return text;
}

}  // namespace plumbline::client
