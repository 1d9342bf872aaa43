#include "client/commands/report_text.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "client/commands/alert_text.h"
#include "client/commands/baseline_text.h"
#include "client/commands/chart.h"
#include "client/commands/format.h"
#include "client/commands/impact_text.h"
#include "client/commands/load_text.h"
#include "client/commands/on_call_text.h"
#include "client/commands/performance_text.h"
#include "client/commands/text_table.h"

namespace plumbline::client {
namespace {

using Align = TextTable::Align;

std::string HeadLine(const v1::Report& report) {
  size_t firing = 0, held = 0;
  for (const v1::Finding& finding : report.findings()) {
    if (finding.status() != "FIRING") continue;
    ++(finding.has_hold() ? held : firing);
  }
  std::string line = absl::StrCat(FormatModel(report.model(), report.version()), "  baseline ",
                                  report.baseline_number(), "  ");
  if (report.has_start() || report.has_end()) {
    absl::StrAppend(&line, FormatTime(report.start(), report.has_start()), " to ",
                    FormatTime(report.end(), report.has_end()), " UTC  ");
  }
  absl::StrAppend(&line, FormatCount(report.rows(), "row", "rows"));
  if (!report.source().empty()) {
    absl::StrAppend(&line, " of source ", Printable(report.source(), 40));
  }
  if (!report.slice().empty()) {
    absl::StrAppend(&line, " of slice ", Printable(report.slice(), 80));
  }
  if (report.late_rows() > 0)
    absl::StrAppend(&line, " (", FormatCount(report.late_rows()), " late)");
  absl::StrAppend(&line, "  ", firing, " firing");
  if (held > 0) absl::StrAppend(&line, ", ", held, " held back");
  return line + "\n";
}

int SeverityRank(const v1::Finding& finding) {
  if (finding.has_hold()) return 3;
  if (finding.severity() == "critical") return 0;
  if (finding.severity() == "warning") return 1;
  return 2;
}

// Drift beyond its threshold that is not told for want of evidence: not to be taken for none.
std::string UndecidedText(const v1::Report& report) {
  constexpr size_t kShown = 10;
  TextTable table({{"not decided"}, {"check"}, {"source"}, {"reason"}});
  size_t undecided = 0;
  for (const v1::Finding& finding : report.findings()) {
    if (finding.status() != "INSUFFICIENT_DATA" || finding.check() != "drift") continue;
    if (!finding.has_value() || finding.value() < finding.threshold()) continue;
    if (++undecided > kShown) continue;
    table.AddRow({Printable(finding.variable(), 40), finding.check(), RowsOf(finding),
                  Printable(finding.reason())});
  }
  std::string text = table.ToString();
  if (undecided > kShown) {
    absl::StrAppend(&text, "and ", FormatCount(undecided - kShown, "more", "more"), "\n");
  }
  if (!text.empty()) text += "\n";
  return text;
}

std::string FindingsText(const v1::Report& report) {
  std::vector<const v1::Finding*> firing;
  size_t fine = 0;
  size_t undecided = 0;
  for (const v1::Finding& finding : report.findings()) {
    if (finding.status() == "FIRING") firing.push_back(&finding);
    fine += finding.status() == "OK";
    undecided += finding.status() == "INSUFFICIENT_DATA";
  }
  std::stable_sort(firing.begin(), firing.end(), [](const auto* a, const auto* b) {
    return SeverityRank(*a) < SeverityRank(*b);
  });
  TextTable table({{"severity"}, {"variable"}, {"check"}, {"source"}, {"reason"}});
  for (const v1::Finding* finding : firing) {
    table.AddRow({finding->severity(), Printable(finding->variable(), 40), finding->check(),
                  RowsOf(*finding), Printable(finding->reason())});
  }
  std::string text = table.ToString();
  if (!text.empty()) text += "\n";
  if (fine + undecided > 0) {
    absl::StrAppend(&text, FormatCount(fine, "check", "checks"), " in order");
    if (undecided > 0) {
      absl::StrAppend(&text, ", ", FormatCount(undecided),
                      " not decided for want of rows or evidence");
    }
    text += "\n\n";
  }
  absl::StrAppend(&text, UndecidedText(report));
  const std::string caveats = NaturalVariationCaveats(report.natural_variation_unknown(),
                                                      report.in_time_order(), report.variables());
  if (!caveats.empty()) absl::StrAppend(&text, caveats, "\n");
  return text;
}

// Empty where no batch is missing.
std::string LossesText(const v1::Report& report) {
  TextTable table({{"producer"},
                   {"epoch", Align::kRight},
                   {"highest", Align::kRight},
                   {"missing", Align::kRight},
                   {"lost", Align::kRight},
                   {"end"}});
  for (const v1::ProducerLoss& loss : report.losses()) {
    table.AddRow({Printable(loss.producer(), 40), absl::StrCat(loss.epoch()),
                  FormatCount(loss.highest_sequence()), FormatCount(loss.missing_batches()),
                  FormatCount(loss.lost_batches()),
                  loss.ended()          ? "declared"
                  : loss.tail_unknown() ? "unknown"
                                        : "goes on"});
  }
  std::string text = table.ToString();
  if (report.losses_left_out() > 0) {
    absl::StrAppend(&text, "and ", FormatCount(report.losses_left_out(), "more", "more"), "\n");
  }
  if (!text.empty()) text += "\n";
  return text;
}

// Empty where no source is judged by itself.
std::string SourcesText(const v1::Report& report) {
  if (report.sources().empty()) return "";
  uint64_t rows = report.rows_of_other_sources();
  for (const v1::SourceReport& source : report.sources()) rows += source.rows();
  const auto share = [rows](uint64_t part) {
    return rows == 0 ? std::string("-")
                     : FormatShare(static_cast<double>(part) / static_cast<double>(rows));
  };
  TextTable table(
      {{"source"}, {"rows", Align::kRight}, {"share", Align::kRight}, {"firing", Align::kRight}});
  for (const v1::SourceReport& source : report.sources()) {
    table.AddRow({Printable(source.source(), 40), FormatCount(source.rows()), share(source.rows()),
                  FormatCount(source.firing_findings())});
  }
  if (report.rows_of_other_sources() > 0) {
    table.AddRow({"(other rows)", FormatCount(report.rows_of_other_sources()),
                  share(report.rows_of_other_sources()), ""});
  }
  return absl::StrCat(table.ToString(), "\n");
}

// Empty where the policy names no slice variables.
std::string SlicesText(const v1::Report& report) {
  if (report.slices().empty() && report.slice_categories_left_out() == 0) return "";
  TextTable table({{"slice"},
                   {"rows", Align::kRight},
                   {"in training's sample", Align::kRight},
                   {"firing", Align::kRight}});
  for (const v1::SliceReport& slice : report.slices()) {
    table.AddRow({Printable(slice.slice(), 60), FormatCount(slice.rows()),
                  FormatCount(slice.training_rows()), FormatCount(slice.firing_findings())});
  }
  std::string text = table.ToString();
  if (report.slice_categories_left_out() > 0) {
    absl::StrAppend(
        &text, "not judged by themselves (too few rows in training's sample, or beyond ",
        "max_judged_slices): ",
        FormatCount(report.slice_categories_left_out(), "category", "categories"), "\n");
  }
  return absl::StrCat(text, "\n");
}

// Empty where every producer runs in what the model was trained in, or says nothing of it.
std::string EnvironmentsText(const v1::Report& report) {
  constexpr int kShown = 20;  // of a producer
  TextTable table(
      {{"producer"}, {"source"}, {"severity"}, {"environment"}, {"training"}, {"runs"}});
  for (const v1::ProducerEnvironment& environment : report.environments()) {
    const auto& differences = environment.comparison().differences();
    for (int i = 0; i < differences.size() && i < kShown; ++i) {
      const v1::EnvironmentDifference& difference = differences[i];
      table.AddRow({i == 0 ? Printable(environment.producer(), 40) : "",
                    i == 0 ? Printable(environment.source(), 40) : "", difference.severity(),
                    absl::StrCat(difference.area(), " ", Printable(difference.name(), 60)),
                    Printable(difference.expected(), 40), Printable(difference.actual(), 40)});
    }
    const uint64_t more = environment.differences_left_out() +
                          static_cast<uint64_t>(std::max(0, differences.size() - kShown));
    if (more > 0) table.AddRow({"", "", "", absl::StrCat("and ", FormatCount(more), " more")});
  }
  std::string text = table.ToString();
  if (!text.empty()) text += "\n";
  return text;
}

// Empty where nothing was declared. Those that differ come first.
std::string LoadsTable(const v1::Report& report) {
  constexpr int kShown = 10;
  std::string text = LoadsText(report.loads(), kShown);
  if (!text.empty()) text += "\n";
  return text;
}

struct Shapes {
  std::vector<double> baseline;
  std::vector<double> live;
  double largest = 0;
};

Shapes ShapesOf(const v1::VariableReport& variable) {
  std::vector<double> baseline;
  std::vector<double> live;
  for (const v1::DistributionBin& bin : variable.distribution()) {
    baseline.push_back(static_cast<double>(bin.baseline_count()));
    live.push_back(static_cast<double>(bin.live_count()));
  }
  Shapes shapes{Shares(baseline), Shares(live)};
  for (double share : shapes.baseline) shapes.largest = std::max(shapes.largest, share);
  for (double share : shapes.live) shapes.largest = std::max(shapes.largest, share);
  return shapes;
}

double PsiOrLowest(const v1::VariableReport* variable) {
  return variable->live().has_psi() ? variable->live().psi()
                                    : -std::numeric_limits<double>::infinity();
}

std::string RateUnlessZero(bool present, double rate) {
  return present && rate > 0 ? FormatShare(rate) : "";
}

std::string VariablesTable(const v1::Report& report) {
  std::vector<const v1::VariableReport*> variables;
  for (const v1::VariableReport& variable : report.variables()) variables.push_back(&variable);
  std::stable_sort(variables.begin(), variables.end(),
                   [](const auto* a, const auto* b) { return PsiOrLowest(a) > PsiOrLowest(b); });
  TextTable table({{"variable"},
                   {"role"},
                   {"psi", Align::kRight},
                   {"js_distance", Align::kRight},
                   {"ks", Align::kRight},
                   {"wasserstein", Align::kRight},
                   {"null", Align::kRight},
                   {"nan", Align::kRight},
                   {"inf", Align::kRight},
                   {"out of range", Align::kRight},
                   {"unseen", Align::kRight},
                   {"absent", Align::kRight},
                   {"training"},
                   {"live"}});
  const auto number = [](bool present, double value) {
    return present ? FormatNumber(value) : std::string("-");
  };
  for (const v1::VariableReport* variable : variables) {
    const v1::VariableStatistics& live = variable->live();
    const Shapes shapes = ShapesOf(*variable);
    const bool is_feature = variable->role() == v1::ROLE_FEATURE;
    table.AddRow(
        {Printable(variable->variable(), 40), is_feature ? "" : FormatRole(variable->role()),
         number(live.has_psi(), live.psi()), number(live.has_js_distance(), live.js_distance()),
         number(live.has_ks(), live.ks()), number(live.has_wasserstein(), live.wasserstein()),
         RateUnlessZero(live.has_null_rate(), live.null_rate()),
         RateUnlessZero(live.has_nan_rate(), live.nan_rate()),
         RateUnlessZero(live.has_inf_rate(), live.inf_rate()),
         RateUnlessZero(live.has_out_of_range_rate(), live.out_of_range_rate()),
         RateUnlessZero(live.has_unseen_rate(), live.unseen_rate()),
         RateUnlessZero(live.has_absent_rate(), live.absent_rate()),
         Sparkline(shapes.baseline, shapes.largest), Sparkline(shapes.live, shapes.largest)});
  }
  return table.ToString();
}

bool IsRate(const std::string& name) {
  constexpr char kSuffix[] = "_rate";
  constexpr size_t kSize = sizeof(kSuffix) - 1;
  return name.size() > kSize && name.compare(name.size() - kSize, kSize, kSuffix) == 0;
}

// Every scalar statistic that has a value on either side, in the order of the message.
std::string StatisticsTable(const v1::VariableReport& variable) {
  TextTable table({{"statistic"}, {"training", Align::kRight}, {"live", Align::kRight}});
  const auto* descriptor = v1::VariableStatistics::descriptor();
  const auto* reflection = v1::VariableStatistics::GetReflection();
  for (int i = 0; i < descriptor->field_count(); ++i) {
    const google::protobuf::FieldDescriptor* field = descriptor->field(i);
    if (field->is_repeated() ||
        field->cpp_type() != google::protobuf::FieldDescriptor::CPPTYPE_DOUBLE) {
      continue;
    }
    const auto cell = [&](const v1::VariableStatistics& side) -> std::string {
      if (!reflection->HasField(side, field)) return "";
      const double value = reflection->GetDouble(side, field);
      return IsRate(field->name()) ? FormatShare(value) : FormatNumber(value);
    };
    const std::string training = cell(variable.baseline());
    const std::string live = cell(variable.live());
    if (!training.empty() || !live.empty()) table.AddRow({field->name(), training, live});
  }
  const int quantiles =
      std::max(variable.baseline().quantiles_size(), variable.live().quantiles_size());
  for (int i = 0; i < quantiles; ++i) {
    const auto cell = [i](const v1::VariableStatistics& side) -> std::string {
      return i < side.quantiles_size() ? FormatNumber(side.quantiles(i).value()) : "";
    };
    const v1::VariableStatistics& longer =
        i < variable.baseline().quantiles_size() ? variable.baseline() : variable.live();
    table.AddRow({absl::StrCat("quantile ", FormatNumber(longer.quantiles(i).rank())),
                  cell(variable.baseline()), cell(variable.live())});
  }
  return table.ToString();
}

std::string DistributionChart(const v1::VariableReport& variable) {
  constexpr size_t kBarWidth = 40;
  const Shapes shapes = ShapesOf(variable);
  TextTable table({{"value"}, {"", Align::kLeft}, {"share", Align::kRight}, {"bar"}});
  for (int i = 0; i < variable.distribution_size(); ++i) {
    const auto at = static_cast<size_t>(i);
    table.AddRow({Printable(variable.distribution(i).label(), 40), "training",
                  FormatShare(shapes.baseline[at]),
                  HorizontalBar(shapes.baseline[at], shapes.largest, kBarWidth)});
    table.AddRow({"", "live", FormatShare(shapes.live[at]),
                  HorizontalBar(shapes.live[at], shapes.largest, kBarWidth)});
  }
  return table.ToString();
}

}  // namespace

std::string ReportText(const v1::Report& report) {
  return absl::StrCat(HeadLine(report), PerformanceLine(report.performance()),
                      IncidentLines(report.incidents()), "\n", FindingsText(report),
                      OnCallText(report), ImpactLines(report), LossesText(report),
                      SourcesText(report), SlicesText(report), EnvironmentsText(report),
                      LoadsTable(report), VariablesTable(report));
}

std::string VariableText(const v1::Report& report) {
  std::string text =
      absl::StrCat(HeadLine(report), "\n", FindingsText(report), ImpactLines(report));
  for (const v1::VariableReport& variable : report.variables()) {
    absl::StrAppend(&text, Printable(variable.variable()), "  ", FormatRole(variable.role()), "  ",
                    FormatKind(variable.kind()), "\n\n", StatisticsTable(variable), "\n",
                    DistributionChart(variable));
  }
  return text;
}

std::string SimilarText(const v1::ListSimilarVariablesResponse& similar) {
  if (similar.variables().empty()) return "no feature is similar\n";
  TextTable table(
      {{"variable"}, {"association"}, {"value", Align::kRight}, {"rows compared", Align::kRight}});
  for (const v1::SimilarVariable& variable : similar.variables()) {
    table.AddRow({Printable(variable.variable(), 40), variable.association(),
                  absl::StrFormat("%.3f", variable.value()), FormatCount(variable.rows())});
  }
  return table.ToString();
}

}  // namespace plumbline::client
