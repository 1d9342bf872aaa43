#include "client/commands/baseline_text.h"

#include <algorithm>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "client/commands/chart.h"
#include "client/commands/format.h"
#include "client/commands/text_table.h"

namespace plumbline::client {
namespace {

using Align = TextTable::Align;

std::string Shape(const v1::VariableReport& variable) {
  std::vector<double> counts;
  for (const v1::DistributionBin& bin : variable.distribution()) {
    counts.push_back(static_cast<double>(bin.baseline_count()));
  }
  const double largest = counts.empty() ? 0 : *std::max_element(counts.begin(), counts.end());
  return Sparkline(counts, largest);
}

// The value of the quantile nearest to `rank`, if there are quantiles.
std::string QuantileNear(const v1::VariableStatistics& statistics, double rank) {
  const v1::Quantile* nearest = nullptr;
  for (const v1::Quantile& quantile : statistics.quantiles()) {
    if (nearest == nullptr || std::abs(quantile.rank() - rank) < std::abs(nearest->rank() - rank)) {
      nearest = &quantile;
    }
  }
  return nearest == nullptr ? "" : FormatNumber(nearest->value());
}

// Five times the default threshold.
constexpr double kHardToJudgePsi = 1;
// As many unseen categories, and twice the odds of it, would have to come.
constexpr double kHardToJudgeShare = 0.2;
constexpr size_t kNamed = 10;

using Variables = google::protobuf::RepeatedPtrField<v1::VariableReport>;

// The names of the worst, with what `words` say of them; empty if none is above `limit`.
template <class Value, class Words>
std::string WorstOf(const Variables& variables, double limit, Value value, Words words) {
  std::vector<const v1::VariableReport*> hard;
  for (const v1::VariableReport& variable : variables) {
    if (value(variable) > limit) hard.push_back(&variable);
  }
  std::stable_sort(hard.begin(), hard.end(),
                   [&](const auto* a, const auto* b) { return value(*a) > value(*b); });
  std::vector<std::string> names;
  for (const v1::VariableReport* variable : hard) {
    if (names.size() == kNamed) break;
    names.push_back(
        absl::StrCat(Printable(variable->variable(), 40), " (", words(value(*variable)), ")"));
  }
  if (hard.size() > kNamed) names.push_back(FormatCount(hard.size() - kNamed, "more", "more"));
  return absl::StrJoin(names, ", ");
}

// What helps: of drift a season too.
std::string HelpText(bool in_time_order, absl::string_view in_order) {
  return in_time_order ? absl::StrCat(in_order, "\n")
                       : " If its rows were sorted, make the baseline with their times "
                         "(`--timestamp`), or of shuffled rows.\n";
}

std::string UnknownText(bool in_time_order) {
  return absl::StrCat(
      "How much training varies by itself is not known: ",
      in_time_order
          ? "in the order of their times, its rows vary no more than by chance, or they are few.\n"
          : "its rows are in no order that tells (shuffled, or few). With their times (`baseline "
            "create --timestamp`) they are put in order.\n");
}

std::string HardToJudgeText(bool in_time_order, const Variables& variables) {
  std::string text;
  const std::string drift = WorstOf(
      variables, kHardToJudgePsi, [](const auto& variable) { return variable.natural_psi(); },
      [](double psi) { return absl::StrFormat("psi %.1f", psi); });
  if (!drift.empty()) {
    absl::StrAppend(&text, "Drift is hard to find in ", drift,
                    ": training itself varies as much from one run of rows to the next.",
                    HelpText(in_time_order,
                             " Where it is the hours or days that vary, a `season` in the policy "
                             "holds drift against the same times."));
  }
  const std::string unseen = WorstOf(
      variables, kHardToJudgeShare, [](const auto& variable) { return variable.left_out_share(); },
      [](double share) { return absl::StrCat(FormatShare(share), " of its values"); });
  if (!unseen.empty()) {
    absl::StrAppend(&text, "Unseen categories are to be expected in ", unseen,
                    ": in training they have a category that no other run of rows has.",
                    HelpText(in_time_order, ""));
  }
  return text;
}

}  // namespace

std::string NaturalVariationCaveats(bool unknown, bool in_time_order, const Variables& variables) {
  return (unknown ? UnknownText(in_time_order) : "") + HardToJudgeText(in_time_order, variables);
}

std::string BaselineLine(const v1::BaselineSummary& summary) {
  return absl::StrCat("baseline ", summary.number(), " of ",
                      FormatModel(summary.model(), summary.version()), ": ",
                      FormatCount(summary.rows(), "row", "rows"), ", ",
                      FormatCount(summary.variables(), "variable", "variables"),
                      summary.active() ? ", active\n" : ", not active\n");
}

std::string BaselinesText(const v1::ListBaselinesResponse& baselines) {
  if (baselines.baselines().empty()) return "no baselines\n";
  TextTable table({{"model"},
                   {"number", Align::kRight},
                   {"active"},
                   {"rows", Align::kRight},
                   {"variables", Align::kRight},
                   {"created (UTC)"},
                   {"data from"},
                   {"data to"},
                   {"description"}});
  for (const v1::BaselineSummary& baseline : baselines.baselines()) {
    table.AddRow({FormatModel(baseline.model(), baseline.version()),
                  absl::StrCat(baseline.number()), baseline.active() ? "active" : "",
                  FormatCount(baseline.rows()), FormatCount(baseline.variables()),
                  FormatTime(baseline.created_at(), baseline.has_created_at()),
                  FormatTime(baseline.data_start(), baseline.has_data_start()),
                  FormatTime(baseline.data_end(), baseline.has_data_end()),
                  Printable(baseline.description(), 60)});
  }
  return table.ToString();
}

std::string BaselineText(const v1::Baseline& baseline) {
  const v1::BaselineSummary& summary = baseline.summary();
  std::string text = BaselineLine(summary);
  if (summary.has_created_at()) {
    absl::StrAppend(&text, "created ", FormatTime(summary.created_at(), true), " UTC\n");
  }
  if (summary.has_data_start()) {
    absl::StrAppend(&text, "data from ", FormatTime(summary.data_start(), true), " to ",
                    FormatTime(summary.data_end(), summary.has_data_end()), " UTC\n");
  }
  if (!summary.description().empty()) {
    absl::StrAppend(&text, Printable(summary.description()), "\n");
  }
  TextTable table({{"variable"},
                   {"role"},
                   {"kind"},
                   {"null", Align::kRight},
                   {"nan", Align::kRight},
                   {"inf", Align::kRight},
                   {"distinct", Align::kRight},
                   {"mean", Align::kRight},
                   {"stddev", Align::kRight},
                   {"min", Align::kRight},
                   {"median", Align::kRight},
                   {"max", Align::kRight},
                   {"shape"}});
  for (const v1::VariableReport& variable : baseline.variables()) {
    const v1::VariableStatistics& stats = variable.baseline();
    const auto rate = [](bool present, double value) {
      return present && value > 0 ? FormatShare(value) : std::string();
    };
    const auto number = [](bool present, double value) {
      return present ? FormatNumber(value) : std::string();
    };
    table.AddRow(
        {Printable(variable.variable(), 40), FormatRole(variable.role()),
         FormatKind(variable.kind()), rate(stats.has_null_rate(), stats.null_rate()),
         rate(stats.has_nan_rate(), stats.nan_rate()), rate(stats.has_inf_rate(), stats.inf_rate()),
         number(stats.has_distinct(), stats.distinct()), number(stats.has_mean(), stats.mean()),
         number(stats.has_stddev(), stats.stddev()), number(stats.has_min(), stats.min()),
         QuantileNear(stats, 0.5), number(stats.has_max(), stats.max()), Shape(variable)});
  }
  absl::StrAppend(&text, "\n", table.ToString());
  const bool unknown = baseline.natural_variation_unknown();
  absl::StrAppend(&text, "\n");
  if (!unknown) {
    absl::StrAppend(&text,
                    "How much training varies by itself was learnt from its rows in the order ",
                    baseline.in_time_order() ? "of their times.\n" : "in which they came.\n");
  }
  absl::StrAppend(&text,
                  NaturalVariationCaveats(unknown, baseline.in_time_order(), baseline.variables()));
  return text;
}

}  // namespace plumbline::client
