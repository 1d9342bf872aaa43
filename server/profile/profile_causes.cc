// Why two data sets differ, in as few words as do.
#include "server/profile/profile_causes.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <set>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "server/profile/measures.h"
#include "server/profile/number_text.h"
#include "server/profile/subset.h"

namespace plumbline::profile {
namespace {

constexpr size_t kMostNames = 5;

std::string Names(const std::vector<std::string>& names) {
  std::vector<std::string> shown;
  for (size_t i = 0; i < names.size() && i < kMostNames; ++i) {
    shown.push_back(absl::StrCat("`", names[i], "`"));
  }
  std::string text = absl::StrJoin(shown, ", ");
  if (names.size() > kMostNames) {
    absl::StrAppend(&text, " and ", names.size() - kMostNames, " more");
  }
  return text;
}

std::string Times(uint64_t count, absl::string_view what) {
  return absl::StrCat(CountText(count), " ", what, count == 1 ? "" : "s");
}

// Finds the causes of one comparison.
class CauseFinder {
 public:
  CauseFinder(const ComparedSide& a, const ComparedSide& b, const Tolerances& tolerances,
              ProfileComparison* comparison)
      : a_(a), b_(b), tolerances_(tolerances), out_(comparison) {}

  void Find() {
    FindSchema();
    if (Whole()) FindMoved();
    if (Whole() && !tolerances_.samples) FindRows();
    if (!explained_) FindVariables();
    if (Whole() && !tolerances_.samples) FindOrder();
    FindTypes();
  }

 private:
  bool Whole() const { return a_.profile != nullptr && b_.profile != nullptr; }
  bool SameRows() const { return a_.rows == b_.rows; }

  // Variables that are on one side only, and those that only have another name there.
  void FindSchema() {
    std::vector<std::string> gone, fresh;
    for (const SideVariable& each : a_.variables) {
      if (b_.Find(each.variable.name) == nullptr) gone.push_back(each.variable.name);
    }
    for (const SideVariable& each : b_.variables) {
      if (a_.Find(each.variable.name) == nullptr) fresh.push_back(each.variable.name);
    }
    std::vector<std::string> missing;
    for (const std::string& name : gone) {
      const auto twin = std::find_if(fresh.begin(), fresh.end(), [&](const std::string& other) {
        const VariableProfile* left = a_.Find(name)->profile;
        const VariableProfile* right = b_.Find(other)->profile;
        return left != nullptr && right != nullptr && AreSame(*left, *right);
      });
      if (twin == fresh.end()) {
        missing.push_back(name);
        continue;
      }
      out_->causes.push_back(
          absl::StrCat("`", name, "` is called `", *twin, "` in B: the same values"));
      fresh.erase(twin);
    }
    if (!missing.empty()) {
      out_->causes.push_back(
          absl::StrCat(Names(missing), missing.size() == 1 ? " is" : " are", " missing in B"));
    }
    if (!fresh.empty()) {
      out_->causes.push_back(
          absl::StrCat(Names(fresh), fresh.size() == 1 ? " is" : " are", " only in B"));
    }
  }

  // The same values; where rows came or went, those of the smaller side are some of the other's.
  bool AreSame(const VariableProfile& left, const VariableProfile& right) const {
    constexpr size_t kMany = 20;  // of a few any column may have some
    if (left.digest.SameContent(right.digest)) return true;
    return RowsMoved() && left.is_numeric() == right.is_numeric() && IsPartOf(left, right) &&
           std::min(left.distinct.entries().size(), right.distinct.entries().size()) >= kMany;
  }
  bool IsPartOf(const VariableProfile& left, const VariableProfile& right) const {
    return a_.rows < b_.rows ? MayBeIn(left, right, /*counted=*/true)
                             : MayBeIn(right, left, /*counted=*/true);
  }
  // Some rows came or went, not many.
  bool RowsMoved() const {
    const uint64_t more = std::max(a_.rows, b_.rows), less = std::min(a_.rows, b_.rows);
    return Whole() && !tolerances_.samples && more != less && (more - less) * 5 <= more;
  }

  // Columns that have traded their values.
  void FindMoved() {
    struct Changed {
      const std::string* name;
      const VariableProfile *before, *after;
    };
    const auto same = [&](const VariableProfile& left, const VariableProfile& right) {
      if (left.digest.SameContent(right.digest)) return true;
      return RowsMoved() && left.is_numeric() == right.is_numeric() && IsPartOf(left, right);
    };
    std::vector<Changed> changed;
    for (const SideVariable& each : a_.variables) {
      const SideVariable* other = b_.Find(each.variable.name);
      if (other == nullptr || same(*each.profile, *other->profile)) continue;
      changed.push_back({&each.variable.name, each.profile, other->profile});
    }
    for (auto one = changed.begin(); one != changed.end(); ++one) {
      if (moved_.contains(*one->name)) continue;
      const auto twin = std::find_if(one + 1, changed.end(), [&](const Changed& other) {
        return same(*one->before, *other.after) && same(*other.before, *one->after) &&
               !moved_.contains(*other.name);
      });
      if (twin == changed.end()) continue;
      out_->causes.push_back(
          absl::StrCat("`", *one->name, "` and `", *twin->name, "` are swapped"));
      moved_.insert({*one->name, *twin->name});
    }
  }

  void FindRows() {
    if (FindLostAndRepeated() || SameRows()) return;
    const bool fewer = b_.rows < a_.rows;
    const uint64_t count = fewer ? a_.rows - b_.rows : b_.rows - a_.rows;
    std::string cause = absl::StrCat(Times(count, "row"), fewer ? " fewer" : " more", " (",
                                     RowsText(count, fewer), ")");
    const ComparedSide& small = fewer ? b_ : a_;
    const ComparedSide& large = fewer ? a_ : b_;
    const Overlap inside = OverlapOf(small.profile->distinct_rows, large.profile->distinct_rows);
    const Overlap outside = OverlapOf(large.profile->distinct_rows, small.profile->distinct_rows);
    if (inside.sampled > 0 && inside.missing == 0) {
      const std::string sampled = absl::StrCat("of ", CountText(inside.sampled), " sampled rows");
      if (MayBeIn(*small.profile, *large.profile, /*counted=*/true)) {
        absl::StrAppend(&cause, AreRepeated(outside) ? ", all duplicates" : "",
                        "; the others are the same",
                        AllRows() ? "" : absl::StrCat(" (", sampled, ")"));
        explained_ = out_->causes.empty();
      } else {
        absl::StrAppend(&cause, "; ", sampled, " the others are the same, but not of all");
      }
    }
    out_->causes.push_back(std::move(cause));
  }

  // What one side has besides is what both have: seen, not only not refuted, where the sample may
  // have missed it.
  bool AreRepeated(const Overlap& outside) const {
    constexpr uint64_t kEnough = 8;
    return outside.found == outside.sampled && (AllRows() || outside.missing >= kEnough);
  }

  // All rows are known by their hashes, not a sample of them.
  bool AllRows() const {
    return a_.profile->distinct_rows.level() == 0 && b_.profile->distinct_rows.level() == 0;
  }

  // Rows that did not come, while others, that are no new ones, came again: a batch that was lost,
  // and one that was sent twice. Told where nearly all rows of A are there once.
  bool FindLostAndRepeated() {
    const Overlap before = OverlapOf(a_.profile->distinct_rows, b_.profile->distinct_rows);
    const Overlap after = OverlapOf(b_.profile->distinct_rows, a_.profile->distinct_rows);
    if (before.missing == 0 || after.missing == 0 || after.gone > 0) return false;
    constexpr double kNearlyAll = 0.9;
    const auto most = [](uint64_t part, uint64_t whole) {
      return static_cast<double>(part) >= kNearlyAll * static_cast<double>(whole);
    };
    if (!most(before.gone, before.missing) || !most(before.sampled, before.rows)) return false;
    if (!MayBeIn(*b_.profile, *a_.profile, /*counted=*/false)) return false;
    const double scale = AllRows() ? 1
                                   : a_.profile->distinct_rows.EstimatedDistinct() /
                                         static_cast<double>(before.sampled);
    const auto rows = [&](uint64_t count) {
      return static_cast<uint64_t>(std::round(scale * static_cast<double>(count)));
    };
    out_->causes.push_back(absl::StrCat(
        AllRows() ? "" : "about ", Times(rows(before.missing), "row"), " missing, ",
        SameRows() ? "as many" : CountText(rows(after.missing)), " twice",
        AllRows() ? "" : absl::StrCat(" (of ", CountText(before.sampled), " sampled rows)")));
    explained_ = out_->causes.size() == 1;
    return true;
  }

  // The columns hold the same values, but not in the same rows; or only in another order.
  void FindOrder() {
    if (!SameRows() || a_.profile->rows == b_.profile->rows) return;
    if (a_.profile->rows.SameContent(b_.profile->rows)) {
      out_->notes.push_back("the rows are in another order");
      return;
    }
    std::vector<std::string> moved, kept;
    for (const SideVariable& each : a_.variables) {
      const SideVariable* other = b_.Find(each.variable.name);
      if (other == nullptr || !each.profile->digest.SameContent(other->profile->digest)) return;
      (each.profile->digest == other->profile->digest ? kept : moved).push_back(each.variable.name);
    }
    if (a_.variables.size() != b_.variables.size()) return;
    std::string cause = "every column has the same values, but other values stand in one row";
    if (!kept.empty() && !moved.empty()) {
      const bool few = moved.size() <= kept.size();
      absl::StrAppend(&cause, ": ", Names(few ? moved : kept),
                      few ? " in another order" : " alone in the same order",
                      few ? " than before" : "");
    }
    out_->causes.push_back(std::move(cause));
  }

  void FindTypes() {
    for (const SideVariable& each : a_.variables) {
      const SideVariable* other = b_.Find(each.variable.name);
      if (other == nullptr || each.profile == nullptr || other->profile == nullptr) continue;
      if (each.variable.type == other->variable.type) continue;
      const bool same = each.profile->digest.SameContent(other->profile->digest);
      out_->notes.push_back(absl::StrCat(
          "`", each.variable.name, "` is of type ", ValueTypeName(other->variable.type), " in B, ",
          ValueTypeName(each.variable.type), " in A", same ? "; the values are the same" : ""));
    }
  }

  void FindVariables() {
    std::vector<std::pair<std::string, std::vector<std::string>>> by_headline;
    std::map<std::string, std::string> words;  // of a headline's first variable
    std::vector<std::pair<double, std::string>> others;
    // What the rows that came or went may have done. If it is many variables, these rows are
    // unlike the others (the last month); if it is few, something else happened to them.
    std::vector<std::pair<double, std::string>> of_rows;
    const bool part = IsPart();
    for (const VariableComparison& compared : out_->variables) {
      if (compared.verdict == Verdict::kIdentical) continue;
      // What is within tolerance is no cause of anything, if chance is.
      if (tolerances_.samples && compared.verdict != Verdict::kDifferent) continue;
      const SideVariable* left = a_.Find(compared.variable);
      const SideVariable* right = b_.Find(compared.variable);
      if (left == nullptr || right == nullptr || moved_.contains(compared.variable)) continue;
      // The same values, in other groups: those of another column, or of other rows, have changed.
      if (left->profile != nullptr && right->profile != nullptr &&
          left->profile->digest.SameContent(right->profile->digest)) {
        continue;
      }
      if (left->variable.kind != right->variable.kind) {
        out_->causes.push_back(KindWords(*left, *right));
        continue;
      }
      std::optional<ValueCause> cause;
      if (left->profile != nullptr && right->profile != nullptr && !tolerances_.samples) {
        cause = FindValueCause(*left->profile, *right->profile);
      }
      if (part && IsPartOf(*left->profile, *right->profile)) {
        AddOfRows(compared, *left, *right, cause, &of_rows);
        continue;
      }
      if (!cause.has_value()) {
        AddWorst(compared, *left, *right, &others);
        continue;
      }
      const auto found =
          std::find_if(by_headline.begin(), by_headline.end(),
                       [&](const auto& each) { return each.first == cause->headline; });
      if (found != by_headline.end()) {
        found->second.push_back(compared.variable);
      } else {
        by_headline.push_back({cause->headline, {compared.variable}});
        words[cause->headline] = cause->words;
      }
    }
    if (of_rows.size() <= std::max<size_t>(1, out_->variables.size() / 10)) {
      others.insert(others.end(), of_rows.begin(), of_rows.end());
    }
    for (const auto& [headline, variables] : by_headline) {
      out_->causes.push_back(
          absl::StrCat(Names(variables), ": ", variables.size() == 1 ? words[headline] : headline));
    }
    std::stable_sort(others.begin(), others.end(),
                     [](const auto& x, const auto& y) { return x.first > y.first; });
    constexpr size_t kMost = 8;
    for (size_t i = 0; i < others.size() && i < kMost; ++i)
      out_->causes.push_back(others[i].second);
    if (others.size() > kMost) {
      out_->causes.push_back(
          absl::StrCat(others.size() - kMost, " more variables differ, by less"));
    }
  }

  std::string KindWords(const SideVariable& left, const SideVariable& right) const {
    std::string words = absl::StrCat("`", left.variable.name, "` is ", KindName(left.variable.kind),
                                     " in A, ", KindName(right.variable.kind), " in B");
    const bool is_left = left.variable.kind == Kind::kCategorical;
    const SideVariable& named = is_left ? left : right;
    const SideVariable& other = is_left ? right : left;
    if (left.profile != nullptr && right.profile != nullptr && !tolerances_.samples) {
      const auto cause = FindSubstitution(*left.profile, *right.profile);
      if (cause.has_value()) return absl::StrCat(words, ": ", cause->words);
    }
    std::vector<std::pair<std::string, uint64_t>> texts;
    for (const auto& each : named.names) {
      double number = 0;
      if (!absl::SimpleAtod(each.first, &number)) texts.push_back(each);
    }
    if (texts.empty()) return words;
    const std::string text = absl::StrCat("`", texts[0].first, "`");
    if (texts.size() == 1 && named.profile != nullptr && other.profile != nullptr) {
      // `NA`, which stands where the other side has nothing.
      const uint64_t nulls = other.profile->nulls, count = texts[0].second;
      if (named.profile->nulls == 0 && count <= nulls &&
          nulls <= count + named.profile->categories.max_error()) {
        return absl::StrCat(words, ": ", is_left ? "null" : text, " in place of ",
                            is_left ? text : "null", " (", Times(nulls, "row"), ")");
      }
    }
    return absl::StrCat(words, ": ", text, " is no number (", Times(texts[0].second, "row"), ")");
  }

  // The rows of one side are some of the other's, but for what changed in some columns: a column
  // of many values shows it, where not many rows are missing.
  bool IsPart() const {
    constexpr uint64_t kMany = 1'000;
    if (!RowsMoved()) return false;
    return std::any_of(a_.variables.begin(), a_.variables.end(), [&](const SideVariable& left) {
      const SideVariable* right = b_.Find(left.variable.name);
      return right != nullptr && left.variable.kind == right->variable.kind &&
             left.profile->distinct.entries().size() >= kMany &&
             IsPartOf(*left.profile, *right->profile);
    });
  }

  // What of a difference of this size a loss or gain of rows makes by itself.
  double OfRows(const SideVariable& left) const {
    if (SameRows() || a_.rows == 0 || !Whole()) return 0;
    const double n = static_cast<double>(std::max<uint64_t>(left.values, 1));
    const double share = std::abs(static_cast<double>(a_.rows) - static_cast<double>(b_.rows)) /
                         static_cast<double>(a_.rows);
    return 5 * std::sqrt(std::min(share, 1.0) / n) + share / n;
  }

  // What is told of a variable that rows which came or went may explain. These need not be any: the
  // last ones, those of one source.
  void AddOfRows(const VariableComparison& compared, const SideVariable& left,
                 const SideVariable& right, const std::optional<ValueCause>& cause,
                 std::vector<std::pair<double, std::string>>* of_rows) const {
    if (cause.has_value()) {
      of_rows->emplace_back(0, absl::StrCat("`", compared.variable, "`: ", cause->words));
      return;
    }
    const auto rows = static_cast<double>(a_.rows);
    const double share = std::abs(rows - static_cast<double>(b_.rows)) / rows;
    std::vector<std::pair<double, std::string>> worst;
    AddWorst(compared, left, right, &worst);
    if (!worst.empty() && worst[0].first > std::max(5 * OfRows(left), 4 * share)) {
      of_rows->push_back(std::move(worst[0]));
    }
  }

  // How many rows came or went, of those of A.
  std::string RowsText(uint64_t count, bool fewer) const {
    if (a_.rows == 0) return "A has none";
    const double share = static_cast<double>(count) / static_cast<double>(a_.rows);
    constexpr double kMany = 10;
    return fewer || share < kMany ? PercentText(share)
                                  : absl::StrCat("x", CountText(b_.rows / a_.rows));
  }

  // `mean`, `quantile 0.5`, `values with more than 2 decimals`.
  static std::string WordsOf(const Measure& measure) {
    if (measure.name == "more_decimals_share") {
      return absl::StrCat("values with more ", measure.detail, " decimals");
    }
    const bool of_value = measure.name == "category_share" || measure.name == "value_share";
    return absl::StrCat(measure.name, measure.detail.empty() ? "" : " ",
                        of_value ? absl::StrCat("of `", measure.detail, "`") : measure.detail);
  }

  // The measure that says most, of a variable that nothing else explains.
  void AddWorst(const VariableComparison& compared, const SideVariable& left,
                const SideVariable& right,
                std::vector<std::pair<double, std::string>>* others) const {
    const Measure* worst = nullptr;
    double effect = -1;
    const double spread = left.stddev.value_or(0) > 0 ? *left.stddev : 1;
    for (const Measure& measure : compared.measures) {
      if (!measure.difference.has_value()) continue;
      if (measure.verdict != Verdict::kDifferent && measure.verdict != Verdict::kWithinTolerance) {
        continue;
      }
      if (measure.note == "estimate" && measure.verdict != Verdict::kDifferent) continue;
      double size = std::abs(*measure.difference);
      const bool in_units = measure.name == "mean" || measure.name == "stddev" ||
                            measure.name == "quantile" || measure.name == "group_mean";
      if (in_units) size /= spread;
      // That rows are missing does not make an extreme larger; smaller, one row does.
      const bool is_max = measure.name == "max", is_extreme = is_max || measure.name == "min";
      const bool is_beyond = b_.rows < a_.rows && (*measure.difference > 0) == is_max;
      if (is_extreme) size /= (is_beyond ? 1 : 10) * spread;
      if (is_extreme && b_.rows < a_.rows && !is_beyond) size = 0;
      if (measure.name == "distinct") size /= 10 * std::max(1.0, measure.a.value_or(1));
      if (measure.name == "sum" || measure.name == "group_count") size = 0;
      // What differs beyond its tolerance comes before what does not.
      if (measure.verdict == Verdict::kDifferent) size += 1e-12;
      if (size > effect) {
        effect = size;
        worst = &measure;
      }
    }
    double of_rows = OfRows(left);
    // Few rows far away make most of a deviation.
    if (worst != nullptr && worst->name == "stddev") {
      of_rows *= std::max(1.0, LargestDeviation(left) / (2 * spread));
    }
    if (!SameRows() && effect <= of_rows) return;
    std::string words = absl::StrCat("`", compared.variable, "`: ");
    if (worst == nullptr || effect <= 0) {
      absl::StrAppend(&words, "some cells differ; all other measures are the same");
    } else {
      const bool is_share =
          absl::StrContains(worst->name, "rate") || absl::StrContains(worst->name, "share");
      const auto [before, after] =
          is_share ? PercentTexts(*worst->a, *worst->b) : RoundedTexts(*worst->a, *worst->b);
      absl::StrAppend(&words, WordsOf(*worst), " ", before, " -> ", after);
      if (worst->name != "mean" && left.mean.has_value() && right.mean.has_value()) {
        const bool same = std::abs(*right.mean - *left.mean) <= 1e-3 * spread;
        const auto [mean, other_mean] = RoundedTexts(*left.mean, *right.mean);
        absl::StrAppend(&words, "; mean ",
                        same ? "unchanged" : absl::StrCat(mean, " -> ", other_mean));
      }
    }
    others->emplace_back(effect, std::move(words));
  }

  const ComparedSide& a_;
  const ComparedSide& b_;
  const Tolerances& tolerances_;
  ProfileComparison* const out_;
  std::set<std::string> moved_;  // variables that are explained
  bool explained_ = false;       // by the rows that came or went, and nothing else
};

}  // namespace

void FindCauses(const ComparedSide& a, const ComparedSide& b, const Tolerances& tolerances,
                ProfileComparison* comparison) {
  CauseFinder(a, b, tolerances, comparison).Find();
}

}  // namespace plumbline::profile
