#include "client/commands/alert_text.h"

#include "absl/strings/str_cat.h"
#include "client/commands/format.h"
#include "client/commands/text_table.h"

namespace plumbline::client {
namespace {

// When the alert came into its present state.
std::string Since(const v1::Alert& alert) {
  if (alert.state() == "RESOLVED") return FormatTime(alert.resolved_at(), alert.has_resolved_at());
  if (alert.has_firing_since()) return FormatTime(alert.firing_since(), true);
  return FormatTime(alert.pending_since(), alert.has_pending_since());
}

}  // namespace

std::string RowsOf(const v1::Finding& finding) {
  return Printable(finding.slice().empty() ? finding.source() : finding.slice(), 40);
}

std::string AlertsText(const v1::ListAlertsResponse& alerts) {
  if (alerts.alerts().empty()) return "no alerts\n";
  TextTable table({{"state"},
                   {"severity"},
                   {"since (UTC)"},
                   {"model"},
                   {"variable"},
                   {"check"},
                   {"source"},
                   {"incident"},
                   {"acknowledged by"},
                   {"reason"}});
  for (const v1::Alert& alert : alerts.alerts()) {
    const v1::Finding& finding = alert.finding();
    table.AddRow({alert.state(), finding.severity(), Since(alert),
                  FormatModel(alert.model(), alert.version()), Printable(finding.variable(), 40),
                  finding.check(), RowsOf(finding), Printable(finding.incident(), 40),
                  Printable(finding.acknowledgement().by(), 40), Printable(finding.reason())});
  }
  return table.ToString();
}

std::string AlertLine(const v1::Alert& alert) {
  const v1::Finding& finding = alert.finding();
  std::string subject = finding.check();
  if (!finding.variable().empty()) {
    subject = absl::StrCat(Printable(finding.variable()), " ", finding.check());
  }
  return absl::StrCat(Since(alert), "  ", alert.state(), "  ", finding.severity(), "  ",
                      FormatModel(alert.model(), alert.version()), "  ", subject, "  ",
                      Printable(finding.reason()), "\n");
}

}  // namespace plumbline::client
