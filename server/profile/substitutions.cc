// What became of single cells and of single values: proved by the digests where they can.
#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "server/profile/number_text.h"
#include "server/profile/profile_causes.h"

namespace plumbline::profile {
namespace {

using manifest::CellHash;

constexpr double kUnbounded = std::numeric_limits<double>::infinity();
constexpr double kNoNumber = std::numeric_limits<double>::quiet_NaN();

// A value that is counted by itself on both sides.
struct Counted {
  std::string words;  // `null`, `NaN`, or the value in backquotes
  CellHash hash;
  CellHash folded;  // but for how it is written
  uint64_t a = 0, b = 0;
  bool special = false;  // null, NaN or an infinity
};

// Of a column that is text on one side and numbers on the other, where both count all of them. A
// text that reads as a number is that number.
void AddAcrossKinds(const VariableProfile& a, const VariableProfile& b,
                    std::vector<Counted>* values) {
  const VariableProfile& numbers = a.is_numeric() ? a : b;
  const VariableProfile& texts = a.is_numeric() ? b : a;
  if (numbers.points.MaxError() > 0 || !texts.categories.IsExact()) return;
  const auto add = [&](const std::string& words, CellHash hash, uint64_t number, uint64_t text) {
    const uint64_t left = a.is_numeric() ? number : text, right = a.is_numeric() ? text : number;
    if (left != right) values->push_back({words, hash, hash, left, right});
  };
  absl::flat_hash_set<uint64_t> read;
  for (const auto& [name, count] : texts.categories.ByCount()) {
    double number = 0;
    uint64_t same = 0;
    if (absl::SimpleAtod(name, &number)) {
      const auto key = std::bit_cast<uint64_t>(number + 0.0);
      if (read.insert(key).second) same = numbers.points.Estimate(key).lower;
    }
    add(absl::StrCat("`", name, "`"), manifest::HashOfText(name), same, count);
  }
  for (const auto& point : numbers.points.Candidates()) {
    if (read.contains(point.key)) continue;
    const auto number = std::bit_cast<double>(point.key);
    add(absl::StrCat("`", NumberText(number), "`"), manifest::HashOfNumber(number), point.lower, 0);
  }
}

// What one or the other side counts by itself. Categories and numbers that a side does not count
// exactly are left out.
std::vector<Counted> CountedValues(const VariableProfile& a, const VariableProfile& b) {
  std::vector<Counted> values;
  const auto add = [&](std::string words, CellHash hash, uint64_t left, uint64_t right) {
    if (left != right) values.push_back({std::move(words), hash, hash, left, right, true});
  };
  add("null", manifest::HashOfNull(), a.nulls, b.nulls);
  if (a.is_numeric() != b.is_numeric()) {
    AddAcrossKinds(a, b, &values);
    return values;
  }
  if (a.is_numeric()) {
    add("NaN", manifest::HashOfNumber(kNoNumber), a.nans, b.nans);
    add("+Inf", manifest::HashOfNumber(kUnbounded), a.positive_infinities, b.positive_infinities);
    add("-Inf", manifest::HashOfNumber(-kUnbounded), a.negative_infinities, b.negative_infinities);
    if (a.points.MaxError() + b.points.MaxError() > 0 &&
        a.points.MaxError() + b.points.MaxError() > a.rows() / 1000) {
      return values;
    }
    const auto add_points = [&](const VariableProfile& side, bool only_new) {
      for (const auto& point : side.points.Candidates()) {
        const uint64_t left = a.points.Estimate(point.key).lower;
        const uint64_t right = b.points.Estimate(point.key).lower;
        if (left == right || (only_new && left > 0)) continue;
        const auto number = std::bit_cast<double>(point.key);
        const CellHash hash = manifest::HashOfNumber(number);
        values.push_back({absl::StrCat("`", NumberText(number), "`"), hash, hash, left, right});
      }
    };
    add_points(a, false);
    add_points(b, true);
    return values;
  }
  const auto add_names = [&](const VariableProfile& side, bool only_new) {
    for (const auto& [name, count] : side.categories.ByCount()) {
      const uint64_t left = a.categories.Count(name), right = b.categories.Count(name);
      if (left == right || (only_new && left > 0)) continue;
      values.push_back({absl::StrCat("`", name, "`"), manifest::HashOfText(name),
                        manifest::HashOfFoldedText(name), left, right});
    }
  };
  add_names(a, false);
  add_names(b, true);
  return values;
}

struct Move {
  const Counted* from;
  const Counted* to;
  uint64_t rows;
};

std::string InWords(const Move& move, bool categorical) {
  const std::string rows = absl::StrCat(CountText(move.rows), move.rows == 1 ? " row" : " rows");
  if (categorical && !move.from->special && !move.to->special) {
    return absl::StrCat("category ", move.from->words, " re-encoded as ", move.to->words, " (",
                        rows, ")");
  }
  return absl::StrCat(move.to->words, " in place of ", move.from->words, " (", rows, ")");
}

// True if the moves are all that happened to the cells.
bool Prove(const VariableProfile& a, const VariableProfile& b, const std::vector<Move>& moves) {
  if (a.rows() != b.rows()) return false;
  absl::uint128 sum = a.digest.sum();
  for (const Move& move : moves) {
    sum += (move.to->hash.value() - move.from->hash.value()) * absl::uint128(move.rows);
  }
  return sum == b.digest.sum();
}

uint64_t ChangeOf(const Counted& value) {
  return std::max(value.a, value.b) - std::min(value.a, value.b);
}

// True if rows that had `from` may have `to` now, by their numbers. A coincidence, unless one of
// them was not there at all or has gone altogether. `slack`: rows that come or go by themselves.
bool MayBecome(const Counted& from, const Counted& to, uint64_t slack) {
  const bool new_or_gone = to.a == 0 || from.b == 0 || from.special || to.special;
  const uint64_t more = std::max(ChangeOf(to), ChangeOf(from));
  const uint64_t less = std::min(ChangeOf(to), ChangeOf(from));
  return new_or_gone && more - less <= slack && less > 2 * slack;
}

// Those that are the same but for how they are written. Takes them out of gains and losses.
std::vector<Move> PairByText(std::vector<const Counted*>* gains,
                             std::vector<const Counted*>* losses) {
  absl::flat_hash_map<uint64_t, const Counted*> by_folded;
  for (const Counted* from : *losses) {
    if (!from->special) by_folded.emplace(from->folded.low, from);
  }
  std::vector<Move> moves;
  absl::flat_hash_set<const Counted*> taken;
  for (const Counted* to : *gains) {
    const auto found = by_folded.find(to->folded.low);
    if (found == by_folded.end() || to->special || !taken.insert(found->second).second) continue;
    taken.insert(to);
    moves.push_back({found->second, to, std::min(ChangeOf(*found->second), ChangeOf(*to))});
  }
  for (std::vector<const Counted*>* each : {gains, losses}) {
    std::erase_if(*each, [&](const Counted* value) { return taken.contains(value); });
  }
  return moves;
}

// By equal numbers of rows, where only one value could have become the other and only that one:
// which of several it was, no count and no sum of hashes can tell.
std::vector<Move> PairByCount(const std::vector<const Counted*>& gains,
                              const std::vector<const Counted*>& losses, uint64_t slack) {
  std::vector<Move> moves;
  const auto only = [&](const std::vector<const Counted*>& among, const auto& may_be) {
    const Counted* found = nullptr;
    for (const Counted* value : among) {
      if (!may_be(*value)) continue;
      if (found != nullptr) return static_cast<const Counted*>(nullptr);
      found = value;
    }
    return found;
  };
  for (const Counted* to : gains) {
    const Counted* from =
        only(losses, [&](const Counted& value) { return MayBecome(value, *to, slack); });
    if (from == nullptr) continue;
    const Counted* back =
        only(gains, [&](const Counted& value) { return MayBecome(*from, value, slack); });
    if (back == to) moves.push_back({from, to, std::min(ChangeOf(*from), ChangeOf(*to))});
  }
  return moves;
}

// Of many values some have as many rows as one of the others by chance: moves by number alone are
// told only if they explain more rows than they leave over.
void DropCoincidences(const std::vector<const Counted*>& gains, std::vector<Move>* moves) {
  const auto plain = [](const Move& move) { return !move.from->special && !move.to->special; };
  absl::flat_hash_set<const Counted*> explained;
  uint64_t moved = 0, left = 0;
  for (const Move& move : *moves) {
    explained.insert(move.to);
    moved += plain(move) ? move.rows : 0;
  }
  for (const Counted* to : gains) left += explained.contains(to) ? 0 : ChangeOf(*to);
  if (moved < left) std::erase_if(*moves, plain);
}

// Pairs what has become less with what has become more.
std::vector<Move> Pair(const std::vector<Counted>& values, uint64_t slack) {
  std::vector<const Counted*> gains, losses;
  for (const Counted& value : values) (value.b > value.a ? gains : losses).push_back(&value);
  std::vector<Move> moves = PairByText(&gains, &losses);
  std::vector<Move> by_count = PairByCount(gains, losses, slack);
  DropCoincidences(gains, &by_count);
  moves.insert(moves.end(), by_count.begin(), by_count.end());
  return moves;
}

// The numbers next to x, itself first.
std::vector<double> Neighbours(double x, int count) {
  std::vector<double> found = {x};
  double up = x, down = x;
  for (int i = 0; i < count; ++i) {
    found.push_back(up = std::nextafter(up, kUnbounded));
    found.push_back(down = std::nextafter(down, -kUnbounded));
  }
  return found;
}

std::string Quoted(double number) { return absl::StrCat("`", NumberText(number), "`"); }

std::string Became(const std::string& from, const std::string& to) {
  return absl::StrCat("one cell differs: ", from, " became ", to);
}

// One finite number became another: y - x is the difference of the sums, y^2 - x^2 that of the
// squares, so x + y is their quotient. It is rounded; the digest tells which neighbour it is.
std::optional<std::string> OneNumber(const VariableProfile& a, const VariableProfile& b) {
  stats::SuperAccumulator difference = b.sum, squares = b.squares;
  difference.Subtract(a.sum);
  squares.Subtract(a.squares);
  const double d = difference.Value(), q = squares.Value();
  if (d == 0 || !std::isfinite(d) || !std::isfinite(q)) return std::nullopt;
  const bool larger_is_y = std::abs(q / d + d) >= std::abs(q / d - d);
  const double guess = larger_is_y ? (q / d + d) / 2 : (q / d - d) / 2;
  if (!std::isfinite(guess)) return std::nullopt;
  const absl::uint128 change = b.digest.sum() - a.digest.sum();
  for (const double one : Neighbours(guess, 16)) {
    if (!std::isfinite(one)) continue;
    stats::SuperAccumulator other;  // exactly: the larger one, and the difference
    other.Add(one);
    if (larger_is_y) {
      other.Subtract(difference);
    } else {
      other.Merge(difference);
    }
    const double x = larger_is_y ? other.Value() : one;
    const double y = larger_is_y ? one : other.Value();
    if (!std::isfinite(x) || !std::isfinite(y)) continue;
    if (manifest::HashOfNumber(y).value() - manifest::HashOfNumber(x).value() == change) {
      return Became(Quoted(x), Quoted(y));
    }
  }
  return std::nullopt;
}

// A number became null, NaN or infinite, or the other way round: the sums hold the number.
std::optional<std::string> NumberAndSpecial(const VariableProfile& a, const VariableProfile& b) {
  const bool lost = a.finite > b.finite;
  stats::SuperAccumulator number = lost ? a.sum : b.sum;
  number.Subtract(lost ? b.sum : a.sum);
  const double value = number.Value();
  const struct {
    std::string words;
    double number;
    bool is_null;
  } specials[] = {{"null", 0, true},
                  {"NaN", kNoNumber, false},
                  {"+Inf", kUnbounded, false},
                  {"-Inf", -kUnbounded, false}};
  for (const auto& special : specials) {
    const absl::uint128 hash = special.is_null ? manifest::HashOfNull().value()
                                               : manifest::HashOfNumber(special.number).value();
    const absl::uint128 finite = manifest::HashOfNumber(value).value();
    const absl::uint128 change = lost ? hash - finite : finite - hash;
    if (b.digest.sum() - a.digest.sum() != change) continue;
    return lost ? Became(Quoted(value), special.words) : Became(special.words, Quoted(value));
  }
  return std::nullopt;
}

}  // namespace

std::optional<std::string> FindOneCell(const VariableProfile& a, const VariableProfile& b) {
  if (a.rows() != b.rows() || a.digest.SameContent(b.digest)) return std::nullopt;
  const absl::uint128 change = b.digest.sum() - a.digest.sum();
  if (a.is_numeric()) {
    if (a.finite == b.finite) {
      if (auto found = OneNumber(a, b); found.has_value()) return found;
    } else if (std::max(a.finite, b.finite) - std::min(a.finite, b.finite) == 1) {
      return NumberAndSpecial(a, b);
    } else {
      return std::nullopt;
    }
  }
  const std::vector<Counted> values = CountedValues(a, b);
  for (const Counted& from : values) {
    if (from.a != from.b + 1) continue;
    for (const Counted& to : values) {
      if (to.b != to.a + 1 || to.hash.value() - from.hash.value() != change) continue;
      return Became(from.words, to.words);
    }
  }
  return std::nullopt;
}

std::optional<ValueCause> FindSubstitution(const VariableProfile& a, const VariableProfile& b) {
  constexpr size_t kShown = 3;
  const std::vector<Counted> values = CountedValues(a, b);
  const uint64_t slack = std::max(a.rows(), b.rows()) - std::min(a.rows(), b.rows());
  std::vector<Move> moves = Pair(values, slack);
  if (moves.empty()) return std::nullopt;
  const bool text = !a.is_numeric() || !b.is_numeric();
  if (!text && (moves.size() > kShown || !Prove(a, b, moves))) {
    // Of numbers that trade places by coincidence there are many: only null and the like count.
    std::erase_if(moves, [](const Move& move) { return !move.from->special && !move.to->special; });
    if (moves.empty()) return std::nullopt;
  }
  std::stable_sort(moves.begin(), moves.end(),
                   [](const Move& x, const Move& y) { return x.rows > y.rows; });
  std::vector<std::string> words;
  for (size_t i = 0; i < moves.size() && i < kShown; ++i) {
    words.push_back(InWords(moves[i], text));
  }
  if (moves.size() > kShown) {
    words.push_back(absl::StrCat("and ", moves.size() - kShown, " more like that"));
  }
  std::string all = absl::StrJoin(words, ", ");
  const bool folded =
      !a.is_numeric() && !b.is_numeric() && a.rows() == b.rows() && a.coarse_sum == b.coarse_sum;
  if (folded) absl::StrAppend(&all, "; spaces, case or number format only");
  const Move& first = moves.front();
  const std::string headline =
      first.from->special || first.to->special
          ? absl::StrCat(first.to->words, " in place of ", first.from->words)
          : all;
  return ValueCause{headline, all};
}

}  // namespace plumbline::profile
