#include "client/commands/impact_text.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "client/commands/format.h"
#include "client/commands/text_table.h"

namespace plumbline::client {
namespace {

using Align = TextTable::Align;

constexpr int kMostInReport = 20;
constexpr char kMeaning[] =
    "(association, not cause: such rows may differ in other ways as well)\n";

TextTable MakeTable() {
  return TextTable({{"variable"},
                    {"state"},
                    {"rows", Align::kRight},
                    {"prediction"},
                    {"without", Align::kRight},
                    {"with", Align::kRight},
                    {"difference", Align::kRight},
                    {"95%"},
                    {"effect", Align::kRight},
                    {"rows with", Align::kRight},
                    {"verdict"}});
}

std::string VerdictWords(v1::ImpactVerdict verdict) {
  switch (verdict) {
    case v1::IMPACT_VERDICT_DIFFERENT:
      return "different";
    case v1::IMPACT_VERDICT_SMALL:
      return "small difference";
    case v1::IMPACT_VERDICT_NOT_SHOWN:
      return "no difference shown";
    default:
      return "too few rows";
  }
}

// Means of a number; of a class the share of the one that differs most.
void AddRow(const v1::PredictionImpact& impact, TextTable* table) {
  const bool mean = impact.has_mean_without();
  const bool judged = impact.verdict() != v1::IMPACT_VERDICT_INSUFFICIENT_DATA;
  const auto figure = [&](double value) { return mean ? FormatNumber(value) : FormatShare(value); };
  const bool figures = judged && (mean || impact.has_share_without());
  std::string prediction = Printable(impact.prediction(), 40);
  if (figures) {
    absl::StrAppend(&prediction,
                    mean ? " (mean)" : absl::StrCat(" = ", Printable(impact.group(), 40)));
  }
  table->AddRow({Printable(impact.variable(), 40),
                 impact.category().empty()
                     ? impact.state()
                     : absl::StrCat(Printable(impact.category(), 40), " ", impact.state()),
                 FormatCount(impact.rows()), prediction,
                 figures ? figure(mean ? impact.mean_without() : impact.share_without()) : "",
                 figures ? figure(mean ? impact.mean_with() : impact.share_with()) : "",
                 figures && impact.has_difference() ? FormatNumber(impact.difference()) : "",
                 figures && impact.has_lower() ? absl::StrCat(FormatNumber(impact.lower()), " to ",
                                                              FormatNumber(impact.upper()))
                                               : "",
                 judged && impact.has_effect() ? FormatNumber(impact.effect()) : "",
                 absl::StrCat(FormatCount(impact.rows_with()),
                              impact.against_training() ? " (training)" : ""),
                 VerdictWords(impact.verdict())});
}

}  // namespace

std::string ImpactText(const v1::GetImpactResponse& impact, bool has_prediction) {
  std::string text =
      absl::StrCat(FormatModel(impact.model(), impact.version()), "  baseline ",
                   impact.baseline_number(), "  ", FormatCount(impact.rows(), "row", "rows"));
  if (!impact.source().empty()) {
    absl::StrAppend(&text, " of source ", Printable(impact.source(), 40));
  }
  if (!has_prediction) {
    return absl::StrCat(text,
                        "\nthe baseline has no prediction, so nothing is compared (baseline create "
                        "--role COL=prediction)\n");
  }
  if (impact.impacts().empty()) {
    return absl::StrCat(text,
                        "\nno input is missing or wrong in any of them, and none is silent\n");
  }
  TextTable table = MakeTable();
  for (const v1::PredictionImpact& one : impact.impacts()) AddRow(one, &table);
  return absl::StrCat(text,
                      "\npredictions in rows without a proper value of an input, and with one ",
                      kMeaning, "\n", table.ToString());
}

std::string ImpactLines(const v1::Report& report) {
  TextTable table = MakeTable();
  int differ = 0;
  for (const v1::PredictionImpact& impact : report.impacts()) {
    if (impact.verdict() != v1::IMPACT_VERDICT_DIFFERENT) continue;
    if (++differ <= kMostInReport) AddRow(impact, &table);
  }
  if (differ == 0) return "";
  std::string text =
      absl::StrCat("predictions differ in rows without an input ", kMeaning, table.ToString());
  if (differ > kMostInReport || report.impacts_left_out() > 0) {
    absl::StrAppend(&text, "and more: see `impact`\n");
  }
  return text + "\n";
}

}  // namespace plumbline::client
