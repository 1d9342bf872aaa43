#include "client/commands/profile_text.h"

#include <algorithm>
#include <cmath>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "client/commands/format.h"
#include "client/commands/text_table.h"

namespace plumbline::client {
namespace {

constexpr int kMeasuresOfVariable = 4;  // that are shown unless all are asked for
constexpr int kMeasuresOfStage = 40;

std::string VerdictText(v1::Verdict verdict) {
  switch (verdict) {
    case v1::VERDICT_IDENTICAL:
      return "identical";
    case v1::VERDICT_WITHIN_TOLERANCE:
      return "within tolerance";
    case v1::VERDICT_DIFFERENT:
      return "different";
    default:
      return "-";
  }
}

// Enough digits that two numbers of a comparison look different if they are.
std::string Number(bool present, double value) {
  if (!present) return "";
  if (std::fabs(value) < 1e15 && std::trunc(value) == value) return absl::StrFormat("%.0f", value);
  return absl::StrFormat("%.7g", value);
}

std::string KeyText(const v1::ProfileKey& key) {
  std::string text = Printable(key.name());
  for (const auto& [what, part] :
       {std::make_pair("stage", key.stage()), std::make_pair("environment", key.environment()),
        std::make_pair("source", key.source())}) {
    if (!part.empty()) absl::StrAppend(&text, ", ", what, " ", Printable(part));
  }
  return text;
}

void AddMeasure(const std::string& variable, const v1::MeasureComparison& measure,
                TextTable* table) {
  table->AddRow({Printable(variable, 40),
                 Printable(absl::StrCat(measure.measure(), measure.detail().empty() ? "" : " ",
                                        measure.detail()),
                           50),
                 Number(measure.has_a(), measure.a()), Number(measure.has_b(), measure.b()),
                 Number(measure.has_difference(), measure.difference()),
                 Number(measure.has_tolerance(), measure.tolerance()),
                 VerdictText(measure.verdict()), Printable(measure.note())});
}

TextTable MeasureTable() {
  using Align = TextTable::Align;
  return TextTable({{"variable"},
                    {"measure"},
                    {"A", Align::kRight},
                    {"B", Align::kRight},
                    {"difference", Align::kRight},
                    {"tolerance", Align::kRight},
                    {"verdict"},
                    {"note"}});
}

// What differs, or else what is only within tolerance, of each variable; then how much is left out.
std::string MeasuresText(const v1::StageComparison& stage, bool all) {
  TextTable table = MeasureTable();
  int shown = 0, left_out = 0;
  const auto add = [&](const std::string& name, v1::Verdict verdict, const auto& measures) {
    int of_variable = 0;
    for (const v1::MeasureComparison& measure : measures) {
      const bool tells = measure.verdict() == verdict && verdict != v1::VERDICT_IDENTICAL;
      if (!all && !tells) continue;
      if (!all && (of_variable == kMeasuresOfVariable || shown == kMeasuresOfStage)) {
        ++left_out;
        continue;
      }
      ++of_variable;
      ++shown;
      AddMeasure(name, measure, &table);
    }
  };
  v1::Verdict of_rows = v1::VERDICT_IDENTICAL;
  for (const auto& measure : stage.measures()) of_rows = std::max(of_rows, measure.verdict());
  add("(rows)", of_rows, stage.measures());
  for (const v1::VariableComparison& variable : stage.variables()) {
    add(variable.variable(), variable.verdict(), variable.measures());
  }
  std::string text = table.ToString();
  if (left_out > 0) absl::StrAppend(&text, left_out, " more measures: --all shows them\n");
  return text;
}

std::string StageText(const v1::StageComparison& stage, bool all) {
  std::string text;
  if (!stage.stage().empty()) absl::StrAppend(&text, Printable(stage.stage()), ": ");
  absl::StrAppend(&text, VerdictText(stage.verdict()), "\n");
  if (!stage.a().empty()) absl::StrAppend(&text, "  A  ", Printable(stage.a()), "\n");
  if (!stage.b().empty()) absl::StrAppend(&text, "  B  ", Printable(stage.b()), "\n");
  for (const std::string& cause : stage.causes())
    absl::StrAppend(&text, "  * ", Printable(cause), "\n");
  for (const std::string& note : stage.notes()) {
    absl::StrAppend(&text, "  (", Printable(note), ")\n");
  }
  const std::string measures = MeasuresText(stage, all);
  if (!measures.empty()) absl::StrAppend(&text, "\n", measures);
  return text;
}

}  // namespace

std::string ProfileLine(const v1::ProfileSummary& summary) {
  return absl::StrCat("profile ", KeyText(summary.key()), ": ",
                      FormatCount(summary.rows(), "row", "rows"), ", ",
                      FormatCount(summary.variables(), "variable", "variables"), ", digest ",
                      summary.digest(), "\n");
}

std::string ProfilesText(const v1::ListProfilesResponse& response) {
  using Align = TextTable::Align;
  TextTable table({{"name"},
                   {"stage"},
                   {"environment"},
                   {"source"},
                   {"rows", Align::kRight},
                   {"variables", Align::kRight},
                   {"created (UTC)"},
                   {"digest"},
                   {"description"}});
  for (const v1::ProfileSummary& profile : response.profiles()) {
    table.AddRow({Printable(profile.key().name(), 40), Printable(profile.key().stage(), 30),
                  Printable(profile.key().environment(), 30), Printable(profile.key().source(), 30),
                  FormatCount(profile.rows()), FormatCount(profile.variables()),
                  FormatTime(profile.created_at(), profile.has_created_at()), profile.digest(),
                  Printable(profile.description(), 60)});
  }
  return response.profiles().empty() ? "no profiles\n" : table.ToString();
}

std::string ProfileText(const v1::GetProfileResponse& response) {
  using Align = TextTable::Align;
  TextTable table({{"variable"},
                   {"kind"},
                   {"nulls", Align::kRight},
                   {"NaNs", Align::kRight},
                   {"infinities", Align::kRight},
                   {"distinct", Align::kRight},
                   {"mean", Align::kRight},
                   {"stddev", Align::kRight},
                   {"min", Align::kRight},
                   {"max", Align::kRight},
                   {"whole", Align::kRight},
                   {"float32", Align::kRight},
                   {"most frequent"},
                   {"digest"}});
  for (const v1::ProfileVariable& variable : response.variables()) {
    const bool numeric = variable.kind() == v1::KIND_NUMERIC;
    const auto number = [](bool present, double value) {
      return present ? FormatNumber(value) : std::string();
    };
    table.AddRow(
        {Printable(variable.name(), 40), FormatKind(variable.kind()), FormatCount(variable.nulls()),
         numeric ? FormatCount(variable.nans()) : "",
         numeric ? FormatCount(variable.positive_infinities() + variable.negative_infinities())
                 : "",
         absl::StrCat(variable.distinct_is_estimate() ? "~" : "",
                      FormatCount(static_cast<uint64_t>(variable.distinct()))),
         number(variable.has_mean(), variable.mean()),
         number(variable.has_stddev(), variable.stddev()),
         number(variable.has_min(), variable.min()), number(variable.has_max(), variable.max()),
         variable.has_integer_share() ? FormatShare(variable.integer_share()) : "",
         variable.has_float32_share() ? FormatShare(variable.float32_share()) : "",
         variable.most_frequent().empty()
             ? ""
             : absl::StrCat(Printable(variable.most_frequent(0).value(), 30), " ",
                            FormatCount(variable.most_frequent(0).count())),
         variable.digest()});
  }
  return absl::StrCat(ProfileLine(response.summary()), "\n", table.ToString());
}

std::string ComparisonText(const v1::CompareProfilesResponse& response, bool all) {
  std::string text;
  if (response.stages_size() != 1) absl::StrAppend(&text, Printable(response.summary()), "\n\n");
  bool first = true;
  for (const v1::StageComparison& stage : response.stages()) {
    const bool brief = response.stages_size() > 1 && stage.verdict() == v1::VERDICT_IDENTICAL &&
                       stage.notes().empty() && !all;
    if (brief) continue;  // the summary says it
    absl::StrAppend(&text, first ? "" : "\n", StageText(stage, all));
    first = false;
  }
  return text;
}

}  // namespace plumbline::client
