// What became of the categories of a variable as a whole.
#include <algorithm>
#include <cmath>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "server/profile/number_text.h"
#include "server/profile/profile_causes.h"
#include "server/profile/subset.h"

namespace plumbline::profile {
namespace {

using NamedCounts = std::vector<std::pair<absl::string_view, uint64_t>>;

std::string Quoted(absl::string_view name) { return absl::StrCat("`", name, "`"); }

std::string Rows(uint64_t count) {
  return absl::StrCat(CountText(count), count == 1 ? " row" : " rows");
}

uint64_t Sum(const NamedCounts& counts) {
  uint64_t sum = 0;
  for (const auto& [name, count] : counts) sum += count;
  return sum;
}

// `a`, `b` and 5 more; the most frequent first.
std::string Names(const NamedCounts& counts) {
  constexpr size_t kMost = 4;
  std::vector<std::string> names;
  for (size_t i = 0; i < counts.size() && i < kMost; ++i) names.push_back(Quoted(counts[i].first));
  if (counts.size() > kMost) {
    return absl::StrCat(absl::StrJoin(names, ", "), " and ", counts.size() - kMost, " more");
  }
  if (names.size() < 2) return names.empty() ? "" : names[0];
  const std::string last = std::move(names.back());
  names.pop_back();
  return absl::StrCat(absl::StrJoin(names, ", "), " and ", last);
}

// Of one side, what the other does not have.
NamedCounts Without(const VariableProfile& side, const VariableProfile& other) {
  NamedCounts counts = side.categories.ByCount();
  std::erase_if(counts, [&](const auto& each) { return other.categories.Count(each.first) > 0; });
  return counts;
}

// The sampled values of the sides have none in common.
bool AreDisjoint(const VariableProfile& a, const VariableProfile& b) {
  const Overlap overlap = OverlapOf(a.distinct, b.distinct);
  return overlap.sampled > 0 && overlap.found == 0;
}

// As many values, and each in as many rows as one of the others.
bool AreAsFrequent(const VariableProfile& a, const VariableProfile& b) {
  const auto counts = [](const VariableProfile& side) {
    std::vector<uint64_t> all;
    for (const auto& [name, count] : side.categories.ByCount()) all.push_back(count);
    return all;
  };
  return a.categories.IsExact() && b.categories.IsExact() && counts(a) == counts(b);
}

// Dates of another format, ids of another system: no value is there any more.
std::optional<ValueCause> FindOtherTexts(const VariableProfile& a, const VariableProfile& b) {
  const NamedCounts before = a.categories.ByCount(), after = b.categories.ByCount();
  constexpr size_t kFew = 3;  // fewer are named one by one
  if (before.size() < kFew || after.size() < kFew || !AreDisjoint(a, b)) return std::nullopt;
  std::string words = absl::StrCat("all values are other texts: such as ", Quoted(after[0].first),
                                   ", were such as ", Quoted(before[0].first));
  if (AreAsFrequent(a, b)) {
    absl::StrAppend(&words, "; each of ", CountText(after.size()),
                    " stands in as many rows as one before: written otherwise?");
  }
  return ValueCause{"all values are other texts", words};
}

// Several categories became one: it has as many rows more as they had, and nothing else changed.
std::optional<ValueCause> FindMerged(const VariableProfile& a, const VariableProfile& b) {
  const NamedCounts gone = Without(a, b);
  if (gone.size() < 2 || a.rows() != b.rows() || a.nulls != b.nulls) return std::nullopt;
  absl::string_view into;
  for (const auto& [name, count] : b.categories.ByCount()) {
    const uint64_t before = a.categories.Count(name);
    if (count == before) continue;
    if (count < before || !into.empty()) return std::nullopt;
    into = name;
  }
  if (into.empty()) return std::nullopt;
  return ValueCause{"categories merged", absl::StrCat("categories ", Names(gone), " merged into ",
                                                      Quoted(into), " (", Rows(Sum(gone)), ")")};
}

// Names that came and that went; but of rows that are missing, or came besides, nothing is said
// that these may have taken with them, or brought.
std::optional<ValueCause> FindNewAndGone(const VariableProfile& a, const VariableProfile& b) {
  std::vector<std::string> headline, words;
  const auto add = [&](NamedCounts counts, uint64_t of, uint64_t in, absl::string_view one,
                       absl::string_view many) {
    if (of > in) {  // all of them, by chance
      const double share = static_cast<double>(of - in) / static_cast<double>(of);
      constexpr double kUnlikely = -14;  // a millionth, as a logarithm
      std::erase_if(counts, [&](const auto& each) {
        return std::log(share) * static_cast<double>(each.second) > kUnlikely;
      });
    }
    if (counts.empty()) return;
    headline.push_back(absl::StrCat("categories", many));
    words.push_back(
        absl::StrCat(Names(counts), counts.size() == 1 ? one : many, " (", Rows(Sum(counts)), ")"));
  };
  add(Without(b, a), b.rows(), a.rows(), " is new", " are new");
  add(Without(a, b), a.rows(), b.rows(), " is gone", " are gone");
  if (words.empty()) return std::nullopt;
  return ValueCause{absl::StrJoin(headline, ", "), absl::StrJoin(words, ", ")};
}

}  // namespace

std::optional<ValueCause> FindCategories(const VariableProfile& a, const VariableProfile& b) {
  if (auto found = FindOtherTexts(a, b); found.has_value()) return found;
  if (!a.categories.IsExact() || !b.categories.IsExact()) return std::nullopt;
  if (auto found = FindMerged(a, b); found.has_value()) return found;
  return FindNewAndGone(a, b);
}

}  // namespace plumbline::profile
