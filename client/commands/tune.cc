#include "client/commands/tune.h"

#include <algorithm>
#include <cmath>
#include <optional>
#include <set>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "client/commands/format.h"
#include "client/commands/text_table.h"

namespace plumbline::client {
namespace {

constexpr double kMargin = 1.05;

const std::set<std::string>& RateChecks() {
  static const auto* const checks = new std::set<std::string>{"null_rate", "nan_rate", "inf_rate",
                                                              "out_of_range", "unseen_category"};
  return *checks;
}

double Odds(double rate) { return rate / (1 - rate); }

// In the unit of the check's threshold in a policy; nullopt: no threshold decides.
struct Effect {
  double value = 0;
  double threshold = 0;
};
std::optional<Effect> EffectOf(const v1::Finding& finding) {
  if (!finding.has_value() || !finding.has_threshold()) return std::nullopt;
  if (finding.check() == "drift") return Effect{finding.value(), finding.threshold()};
  if (!RateChecks().contains(finding.check()) || !finding.has_baseline()) return std::nullopt;
  const double trained = Odds(finding.baseline());
  const Effect effect = {Odds(finding.value()) / trained, Odds(finding.threshold()) / trained};
  // A rate that fell, or one that training did not have.
  if (!std::isfinite(effect.value) || !(effect.value >= effect.threshold)) return std::nullopt;
  if (!(effect.threshold > 0)) return std::nullopt;
  return effect;
}

// To two digits.
double RoundUp(double value) {
  const double scale = std::pow(10, 1 - std::floor(std::log10(value)));
  return std::ceil(value * scale - 1e-9) / scale;
}

}  // namespace

void Tuner::Add(const v1::BacktestChunk& chunk) {
  ++chunks_;
  for (const v1::Finding& finding : chunk.findings()) {
    // What is for information goes to nobody.
    if (finding.status() != "FIRING" || finding.severity() == "info") continue;
    Series& series = series_[{finding.variable(), finding.check()}];
    const std::optional<Effect> effect = EffectOf(finding);
    if (!effect.has_value()) series.tunable = false;
    if (effect.has_value()) series.threshold = effect->threshold;
    const double value = effect.has_value() ? effect->value : 0;
    if (series.pages.empty() || series.pages.back().last_chunk + 1 < chunk.chunk()) {
      series.pages.push_back({chunk.chunk(), value});
      continue;
    }
    series.pages.back().last_chunk = chunk.chunk();
    series.pages.back().peak = std::max(series.pages.back().peak, value);
  }
}

Tuner::Result Tuner::Propose(uint64_t budget) const {
  Result result;
  result.chunks = chunks_;
  std::vector<std::pair<double, double>> factors;  // of tunable pages: over the threshold, peak
  for (const auto& [key, series] : series_) {
    result.pages += series.pages.size();
    if (!series.tunable) {
      result.untunable[key.second] += series.pages.size();
      result.left += series.pages.size();
      continue;
    }
    for (const Page& page : series.pages) {
      factors.emplace_back(page.peak / series.threshold, page.peak);
    }
  }
  std::sort(factors.rbegin(), factors.rend());
  const uint64_t room = budget > result.left ? budget - result.left : 0;
  const double silent_to = room < factors.size() ? factors[room].first : 0;
  for (const auto& [key, series] : series_) {
    if (!series.tunable) continue;
    ProposedThreshold one = {key.first, key.second, 0, 0, series.threshold, 0};
    for (const Page& page : series.pages) {
      if (page.peak / series.threshold <= silent_to) one.peak = std::max(one.peak, page.peak);
    }
    if (!(one.peak > 0)) {
      result.left += series.pages.size();
      continue;
    }
    one.proposed = RoundUp(kMargin * one.peak);
    for (const Page& page : series.pages) ++(page.peak < one.proposed ? one.pages : result.left);
    result.thresholds.push_back(std::move(one));
  }
  return result;
}

std::string TuneText(const Tuner::Result& result, uint64_t budget) {
  std::string text =
      absl::StrCat("If nothing was wrong in these ", FormatCount(result.chunks, "chunk", "chunks"),
                   ", ", FormatCount(result.pages, "page was", "pages were"), " false; wanted: ",
                   budget == 0 ? "none" : absl::StrCat("at most ", FormatCount(budget)), ".\n");
  using Align = TextTable::Align;
  TextTable table({{"variable"},
                   {"check"},
                   {"pages", Align::kRight},
                   {"peak", Align::kRight},
                   {"threshold", Align::kRight},
                   {"proposed", Align::kRight}});
  for (const ProposedThreshold& one : result.thresholds) {
    table.AddRow({Printable(one.variable, 40), one.check, FormatCount(one.pages),
                  FormatNumber(one.peak), FormatNumber(one.threshold), FormatNumber(one.proposed)});
  }
  absl::StrAppend(&text, table.ToString());
  if (!result.untunable.empty()) {
    std::vector<std::string> parts;
    for (const auto& [check, pages] : result.untunable) {
      parts.push_back(absl::StrCat(check, " (", FormatCount(pages), ")"));
    }
    absl::StrAppend(&text, "No threshold decides: ", absl::StrJoin(parts, ", "), "\n");
  }
  if (result.pages > 0) {
    absl::StrAppend(&text, FormatCount(result.left, "page is", "pages are"), " left with these.\n");
  }
  return text;
}

google::protobuf::Struct TuneStruct(const Tuner::Result& result, uint64_t budget) {
  google::protobuf::Struct all;
  auto& fields = *all.mutable_fields();
  fields["chunks"].set_number_value(static_cast<double>(result.chunks));
  fields["budget"].set_number_value(static_cast<double>(budget));
  fields["pages"].set_number_value(static_cast<double>(result.pages));
  fields["pages_left"].set_number_value(static_cast<double>(result.left));
  auto& untunable = *fields["untunable"].mutable_struct_value()->mutable_fields();
  for (const auto& [check, pages] : result.untunable) {
    untunable[check].set_number_value(static_cast<double>(pages));
  }
  google::protobuf::ListValue* list = fields["thresholds"].mutable_list_value();
  for (const ProposedThreshold& one : result.thresholds) {
    auto& row = *list->add_values()->mutable_struct_value()->mutable_fields();
    row["variable"].set_string_value(one.variable);
    row["check"].set_string_value(one.check);
    row["pages"].set_number_value(static_cast<double>(one.pages));
    row["peak"].set_number_value(one.peak);
    row["threshold"].set_number_value(one.threshold);
    row["proposed"].set_number_value(one.proposed);
  }
  return all;
}

void Apply(const Tuner::Result& result, v1::Policy* policy) {
  const auto find = [](auto* all, const auto& matches) {
    for (auto& one : *all) {
      if (matches(one)) return &one;
    }
    return all->Add();
  };
  for (const ProposedThreshold& one : result.thresholds) {
    v1::VariablePolicy* variable =
        find(policy->mutable_variables(),
             [&](const v1::VariablePolicy& known) { return known.variable() == one.variable; });
    variable->set_variable(one.variable);
    v1::CheckPolicy* check = find(variable->mutable_checks(), [&](const v1::CheckPolicy& known) {
      return known.check() == one.check;
    });
    check->set_check(one.check);
    check->set_threshold(one.proposed);
  }
}

}  // namespace plumbline::client
