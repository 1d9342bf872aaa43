// Values that became null, NaN or infinite, and the other way round.
#include <array>
#include <bit>
#include <limits>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "server/profile/number_text.h"
#include "server/profile/profile_causes.h"

namespace plumbline::profile {
namespace {

using manifest::CellHash;

// What stands where there is no finite number, or no text.
struct Special {
  absl::string_view name;
  CellHash hash;
  uint64_t a = 0, b = 0;  // rows
};

std::array<Special, 4> SpecialsOf(const VariableProfile& a, const VariableProfile& b) {
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
  return {
      {{"null", manifest::HashOfNull(), a.nulls, b.nulls},
       {"NaN", manifest::HashOfNumber(kNan), a.nans, b.nans},
       {"+Inf", manifest::HashOfNumber(kInfinity), a.positive_infinities, b.positive_infinities},
       {"-Inf", manifest::HashOfNumber(-kInfinity), a.negative_infinities, b.negative_infinities}}};
}

// The number that took the place of `from` in all rows that lost it, if it was one and nothing else
// happened: the digests prove it.
std::optional<double> NumberFor(const Special& from, const VariableProfile& a,
                                const VariableProfile& b) {
  const uint64_t rows = from.a - from.b;
  for (const auto& point : b.points.Candidates()) {
    if (point.upper < rows) break;
    const auto number = std::bit_cast<double>(point.key);
    const absl::uint128 change =
        (manifest::HashOfNumber(number).value() - from.hash.value()) * absl::uint128(rows);
    if (a.digest.sum() + change == b.digest.sum()) return number;
  }
  return std::nullopt;
}

// No text has more rows than before, or fewer if it is the other way round.
bool OnlyOneWay(const VariableProfile& a, const VariableProfile& b, bool lost) {
  const VariableProfile& less = lost ? b : a;
  const VariableProfile& more = lost ? a : b;
  if (!less.categories.IsExact() || !more.categories.IsExact()) return true;
  for (const auto& [name, count] : less.categories.ByCount()) {
    if (count > more.categories.Count(name)) return false;
  }
  return true;
}

// Of which one side has none, where rows came or went.
std::optional<ValueCause> FindNewSpecials(const VariableProfile& a, const VariableProfile& b) {
  std::vector<std::string> headlines, words;
  for (const Special& special : SpecialsOf(a, b)) {
    if ((special.a == 0) == (special.b == 0)) continue;
    const bool is_new = special.a == 0;
    const uint64_t rows = is_new ? special.b : special.a;
    const double share =
        static_cast<double>(rows) / static_cast<double>(is_new ? b.rows() : a.rows());
    headlines.push_back(absl::StrCat(special.name, is_new ? " is new" : " is gone"));
    words.push_back(absl::StrCat(headlines.back(), " (", CountText(rows),
                                 rows == 1 ? " row, " : " rows, ", PercentText(share), ")"));
  }
  if (words.empty()) return std::nullopt;
  return ValueCause{absl::StrJoin(headlines, ", "), absl::StrJoin(words, ", ")};
}

}  // namespace

std::optional<ValueCause> FindMissing(const VariableProfile& a, const VariableProfile& b) {
  const bool numeric = a.is_numeric();
  const uint64_t before = numeric ? a.finite : a.rows() - a.nulls;
  const uint64_t after = numeric ? b.finite : b.rows() - b.nulls;
  if (a.rows() != b.rows()) return FindNewSpecials(a, b);
  if (before == after) return std::nullopt;
  const bool lost = before > after;
  if (!numeric && !OnlyOneWay(a, b, lost)) return std::nullopt;
  const absl::string_view values = numeric ? "numbers" : "values";
  std::vector<std::string> headlines, words;
  const auto specials = SpecialsOf(a, b);
  size_t changed = 0;
  for (const Special& special : specials) {
    if (special.a == special.b) continue;
    if ((special.b > special.a) != lost) return std::nullopt;
    ++changed;
  }
  for (const Special& special : specials) {
    if (special.a == special.b) continue;
    const uint64_t rows = lost ? special.b - special.a : special.a - special.b;
    const std::string count = absl::StrCat(CountText(rows), rows == 1 ? " row" : " rows");
    if (numeric && !lost && changed == 1) {
      if (const auto number = NumberFor(special, a, b); number.has_value()) {
        const std::string told =
            absl::StrCat("`", NumberText(*number), "` in place of ", special.name);
        return ValueCause{told, absl::StrCat(told, " (", count, ")"), /*is_all=*/true};
      }
    }
    headlines.push_back(lost ? absl::StrCat(special.name, " in place of ", values)
                             : absl::StrCat(values, " in place of ", special.name));
    const double share = static_cast<double>(rows) / static_cast<double>(a.rows());
    words.push_back(absl::StrCat(headlines.back(), " (", count, ", ", PercentText(share), ")"));
  }
  return ValueCause{absl::StrJoin(headlines, ", "), absl::StrJoin(words, ", ")};
}

}  // namespace plumbline::profile
