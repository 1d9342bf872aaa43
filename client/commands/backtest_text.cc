#include "client/commands/backtest_text.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "client/commands/alert_text.h"
#include "client/commands/format.h"
#include "client/commands/on_call_text.h"
#include "client/commands/performance_text.h"
#include "client/commands/text_table.h"

namespace plumbline::client {
namespace {

std::string SubjectText(const std::string& variable) {
  return variable.empty() ? "(model)" : Printable(variable, 40);
}

// ` of source eu`, ` of slice plan=free`; empty: of all rows.
std::string OfWhat(const v1::Finding& finding) {
  if (!finding.slice().empty()) return absl::StrCat(" of slice ", RowsOf(finding));
  return finding.source().empty() ? "" : absl::StrCat(" of source ", RowsOf(finding));
}

}  // namespace

std::string ChunkLine(const v1::BacktestChunk& chunk) {
  std::map<std::string, std::vector<std::string>> firing;
  for (const v1::Finding& finding : chunk.findings()) {
    if (finding.status() != "FIRING") continue;
    firing[finding.check()].push_back(
        absl::StrCat(SubjectText(finding.variable()), OfWhat(finding)));
  }
  std::string line = absl::StrCat("#", chunk.chunk(), "  ");
  if (chunk.has_start()) {
    absl::StrAppend(&line, FormatTime(chunk.start(), true), " to ",
                    FormatTime(chunk.end(), chunk.has_end()), "  ");
  }
  absl::StrAppend(&line, FormatCount(chunk.rows(), "row", "rows"), "  ");
  if (const std::string words = PerformanceWords(chunk.performance()); !words.empty()) {
    absl::StrAppend(&line, words, "  ");
  }
  if (firing.empty()) return line + "nothing fires\n";
  std::vector<std::string> parts;
  for (const auto& [check, variables] : firing) {
    parts.push_back(absl::StrCat(check, ": ", absl::StrJoin(variables, ", ")));
  }
  absl::StrAppend(&line, absl::StrJoin(parts, "; "), "\n");
  return line;
}

void BacktestSummary::Variable::AddPsi(double psi) {
  largest_psi = has_psi ? std::max(largest_psi, psi) : psi;
  has_psi = true;
}

std::string BacktestSummary::Add(const v1::BacktestChunk& chunk) {
  ++chunks_;
  rows_ += chunk.rows();
  rows_of_other_sources_ += chunk.rows_of_other_sources();
  categories_left_out_ = chunk.slice_categories_left_out();
  std::set<Name> fired;
  for (const v1::Finding& finding : chunk.findings()) {
    if (finding.status() != "FIRING") continue;
    const Name name(finding.variable(),
                    finding.slice().empty() ? finding.source() : finding.slice());
    Variable& variable = variables_[name];
    ++variable.checks[finding.check()];
    if (fired.insert(name).second) ++variable.chunks;
    if (!name.second.empty() && finding.statistic() == "psi" && finding.has_value())
      variable.AddPsi(finding.value());
  }
  for (const v1::VariableStatistics& statistics : chunk.statistics()) {
    if (statistics.has_psi()) variables_[{statistics.variable(), ""}].AddPsi(statistics.psi());
  }
  google::protobuf::RepeatedPtrField<v1::Incident> begun;
  for (const v1::Incident& incident : chunk.incidents()) {
    if (incidents_.insert(incident.id()).second) *begun.Add() = incident;
  }
  return IncidentLines(begun);
}

std::string BacktestSummary::ToString() const {
  std::vector<std::pair<Name, const Variable*>> firing;
  for (const auto& [name, variable] : variables_) {
    if (variable.chunks > 0) firing.emplace_back(name, &variable);
  }
  std::stable_sort(firing.begin(), firing.end(), [](const auto& a, const auto& b) {
    return a.second->chunks > b.second->chunks;
  });
  std::string text = absl::StrCat(FormatCount(chunks_, "chunk", "chunks"), ", ",
                                  FormatCount(rows_, "row", "rows"));
  if (!incidents_.empty()) {
    absl::StrAppend(&text, ", ", FormatCount(incidents_.size(), "incident", "incidents"));
  }
  absl::StrAppend(&text, firing.empty() ? ": nothing fires\n" : "\n");
  using Align = TextTable::Align;
  TextTable table({{"variable"},
                   {"source"},
                   {"chunks firing", Align::kRight},
                   {"largest psi", Align::kRight},
                   {"checks (chunks)"}});
  for (const auto& [name, variable] : firing) {
    std::vector<std::string> checks;
    for (const auto& [check, count] : variable->checks) {
      checks.push_back(absl::StrCat(check, " (", count, ")"));
    }
    table.AddRow({SubjectText(name.first), Printable(name.second, 40),
                  absl::StrCat(variable->chunks, " of ", chunks_),
                  variable->has_psi ? FormatNumber(variable->largest_psi) : "-",
                  absl::StrJoin(checks, ", ")});
  }
  absl::StrAppend(&text, table.ToString());
  if (rows_of_other_sources_ > 0) {
    absl::StrAppend(&text,
                    "judged among all rows only (without a source, from further ones, or before "
                    "there was a second): ",
                    FormatCount(rows_of_other_sources_, "row", "rows"), "\n");
  }
  if (categories_left_out_ > 0) {
    absl::StrAppend(&text,
                    "not judged by themselves (too few rows in training's sample, or beyond "
                    "max_judged_slices): ",
                    FormatCount(categories_left_out_, "category", "categories"), "\n");
  }
  return text;
}

}  // namespace plumbline::client
