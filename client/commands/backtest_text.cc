#include "client/commands/backtest_text.h"

#include <algorithm>
#include <set>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "client/commands/format.h"
#include "client/commands/performance_text.h"
#include "client/commands/text_table.h"

namespace plumbline::client {

std::string ChunkLine(const v1::BacktestChunk& chunk) {
  std::map<std::string, std::vector<std::string>> firing;
  for (const v1::Finding& finding : chunk.findings()) {
    if (finding.status() != "FIRING") continue;
    firing[finding.check()].push_back(
        finding.variable().empty() ? "(model)" : Printable(finding.variable(), 40));
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

void BacktestSummary::Add(const v1::BacktestChunk& chunk) {
  ++chunks_;
  rows_ += chunk.rows();
  std::set<std::string> fired;
  for (const v1::Finding& finding : chunk.findings()) {
    if (finding.status() != "FIRING") continue;
    Variable& variable = variables_[finding.variable()];
    ++variable.checks[finding.check()];
    if (fired.insert(finding.variable()).second) ++variable.chunks;
  }
  for (const v1::VariableStatistics& statistics : chunk.statistics()) {
    if (!statistics.has_psi()) continue;
    Variable& variable = variables_[statistics.variable()];
    variable.largest_psi =
        variable.has_psi ? std::max(variable.largest_psi, statistics.psi()) : statistics.psi();
    variable.has_psi = true;
  }
}

std::string BacktestSummary::ToString() const {
  std::vector<std::pair<std::string, const Variable*>> firing;
  for (const auto& [name, variable] : variables_) {
    if (variable.chunks > 0) firing.emplace_back(name, &variable);
  }
  std::stable_sort(firing.begin(), firing.end(), [](const auto& a, const auto& b) {
    return a.second->chunks > b.second->chunks;
  });
  std::string text = absl::StrCat(FormatCount(chunks_, "chunk", "chunks"), ", ",
                                  FormatCount(rows_, "row", "rows"));
  if (firing.empty()) return text + ": nothing fires\n";
  using Align = TextTable::Align;
  TextTable table({{"variable"},
                   {"chunks firing", Align::kRight},
                   {"largest psi", Align::kRight},
                   {"checks (chunks)"}});
  for (const auto& [name, variable] : firing) {
    std::vector<std::string> checks;
    for (const auto& [check, count] : variable->checks) {
      checks.push_back(absl::StrCat(check, " (", count, ")"));
    }
    table.AddRow({name.empty() ? "(model)" : Printable(name, 40),
                  absl::StrCat(variable->chunks, " of ", chunks_),
                  variable->has_psi ? FormatNumber(variable->largest_psi) : "-",
                  absl::StrJoin(checks, ", ")});
  }
  return absl::StrCat(text, "\n", table.ToString());
}

}  // namespace plumbline::client
