// Finds golden rows among others, and compares them.
#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <limits>
#include <utility>

#include "absl/container/flat_hash_set.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "server/manifest/row_id.h"
#include "server/profile/golden_rows.h"
#include "server/profile/values.h"
#include "server/stats/hash.h"

namespace plumbline::profile {
namespace {

constexpr uint32_t kNullBits = 0x7fc0'0001;  // a NaN that no rounding gives
constexpr uint32_t kFilterBitsPerValue = 64;
constexpr uint32_t kLeastFilterBits = 12, kMostFilterBits = 20;  // logarithms

// Of what no float32 holds: an infinity, or the largest one where that is nearer; NaN is one value.
float RoundedFar(double value) {
  constexpr float kLargest = std::numeric_limits<float>::max();
  // Halfway to the power of two behind the largest it would round to infinity.
  constexpr double kToInfinity = 0x1.ffffffp+127;
  if (std::isnan(value)) return std::numeric_limits<float>::quiet_NaN();
  const float magnitude =
      std::fabs(value) >= kToInfinity ? std::numeric_limits<float>::infinity() : kLargest;
  return value < 0 ? -magnitude : magnitude;
}

// The nearest float32; -0 is 0.
float Rounded(double value) {
  if (!(std::fabs(value) <= std::numeric_limits<float>::max())) return RoundedFar(value);
  const auto rounded = static_cast<float>(value);
  return rounded == 0 ? 0.0F : rounded;
}

uint32_t BitsOf(double value) { return std::bit_cast<uint32_t>(Rounded(value)); }

uint32_t BitsOf(std::optional<double> value) {
  return value.has_value() ? BitsOf(*value) : kNullBits;
}

uint32_t BitsOf(const std::optional<std::string>& text) {
  return text.has_value() ? static_cast<uint32_t>(stats::HashBytes(*text)) : kNullBits;
}

bool SameNumber(double a, double b) { return a == b || (std::isnan(a) && std::isnan(b)); }

std::optional<double> NumberIn(const ColumnView& column, uint32_t row) {
  return column.IsValid(row) ? std::optional(NumberAt(column, row)) : std::nullopt;
}

std::optional<std::string> TextIn(const ColumnView& column, uint32_t row) {
  return column.IsValid(row) ? std::optional(CategoryAt(column, row)) : std::nullopt;
}

// Of a filter of 2^16 bits over ids: cheap, so that most ids are not hashed.
uint32_t IdBit(absl::string_view id) {
  uint64_t end = 0;
  const size_t size = std::min(id.size(), sizeof(end));
  if (size > 0) std::memcpy(&end, id.data() + id.size() - size, size);
  return static_cast<uint32_t>(((end ^ id.size()) * 0x9e37'79b9'7f4a'7c15U) >> 48);
}

// With as few digits as give the same number again.
std::string ShortestText(double value) {
  for (const int digits : {15, 16}) {
    std::string text = absl::StrFormat("%.*g", digits, value);
    double again = 0;
    if (absl::SimpleAtod(text, &again) && again == value) return text;
  }
  return absl::StrFormat("%.17g", value);
}

uint64_t Mix(uint64_t key, uint64_t value) { return stats::HashUint64(key ^ value) + key; }

// The expected values of two rows: the same, or within the tolerance of the first.
bool SamePrediction(const GoldenColumn& column, uint32_t first, uint32_t row) {
  if (column.kind == Kind::kCategorical) return column.texts[first] == column.texts[row];
  const std::optional<double>&a = column.numbers[first], &b = column.numbers[row];
  if (!a.has_value() || !b.has_value()) return a.has_value() == b.has_value();
  return SameNumber(*a, *b) || std::fabs(*a - *b) <= column.tolerance.absolute +
                                                         column.tolerance.relative * std::fabs(*a);
}

}  // namespace

absl::StatusOr<std::shared_ptr<const GoldenBook>> GoldenBook::Create(GoldenRows rows) {
  const auto bad = [](absl::string_view what) {
    return absl::InvalidArgumentError(absl::StrCat("golden rows: ", what));
  };
  if (rows.rows == 0 || rows.rows > GoldenRows::kMaxRows) {
    return bad(absl::StrCat(rows.rows, " rows; it takes 1 to ", GoldenRows::kMaxRows));
  }
  if (!rows.ids.empty() && rows.ids.size() != rows.rows) return bad("not one id a row");
  absl::flat_hash_set<absl::string_view> names, ids;
  size_t features = 0, predictions = 0;
  for (const GoldenColumn& column : rows.columns) {
    const size_t values =
        column.kind == Kind::kNumeric ? column.numbers.size() : column.texts.size();
    if (values != rows.rows || !names.insert(column.name).second) {
      return bad(absl::StrCat("variable \"", column.name, "\" is not there once a row"));
    }
    ++(column.role == Role::kPrediction ? predictions : features);
  }
  for (const std::string& id : rows.ids) {
    if (!id.empty() && !ids.insert(id).second)
      return bad(absl::StrCat("id \"", id, "\" is there twice"));
  }
  if (predictions == 0) return bad("there is no prediction among their columns");
  if (features == 0 && rows.ids.empty()) return bad("they have neither ids nor features");
  return std::shared_ptr<const GoldenBook>(new GoldenBook(std::move(rows)));
}

GoldenBook::GoldenBook(GoldenRows rows) : rows_(std::move(rows)) {
  for (uint32_t i = 0; i < rows_.columns.size(); ++i) {
    column_of_[rows_.columns[i].name] = i;
    (rows_.columns[i].role == Role::kPrediction ? predictions_ : features_).push_back(i);
  }
  IndexIds();
  IndexContent();
}

void GoldenBook::IndexIds() {
  id_bits_.assign(1 << 10, 0);
  for (uint32_t row = 0; row < rows_.ids.size(); ++row) {
    const absl::string_view id = manifest::NormalId(rows_.ids[row]);
    if (id.empty()) continue;
    row_of_id_.try_emplace(id, row);
    const uint32_t bit = IdBit(id);
    id_bits_[bit >> 6] |= uint64_t{1} << (bit & 63);
    int64_t number = 0;
    if (absl::SimpleAtoi(id, &number) && absl::StrCat(number) == id) {
      row_of_int_id_.try_emplace(number, row);
    }
  }
}

void GoldenBook::IndexContent() {
  absl::flat_hash_set<uint32_t> best;
  for (const uint32_t feature : features_) {
    const GoldenColumn& column = rows_.columns[feature];
    absl::flat_hash_set<uint32_t> values;
    for (const auto& number : column.numbers) values.insert(BitsOf(number));
    for (const auto& text : column.texts) values.insert(BitsOf(text));
    if (anchor_.has_value() && values.size() <= best.size()) continue;
    anchor_ = feature;
    best = std::move(values);
  }
  if (!anchor_.has_value()) return;
  const auto wanted = static_cast<uint32_t>(std::bit_width(best.size() * kFilterBitsPerValue));
  const uint32_t bits = std::clamp(wanted, kLeastFilterBits, kMostFilterBits);
  anchor_shift_ = 32 - bits;
  anchor_bits_.assign(size_t{1} << (bits - 6), 0);
  for (const uint32_t value : best) {
    const uint32_t at = (value * 0x9e37'79b1U) >> anchor_shift_;
    anchor_bits_[at >> 6] |= uint64_t{1} << (at & 63);
  }
  for (uint32_t row = 0; row < rows_.rows; ++row) row_of_content_.emplace(RecordedKey(row), row);
}

absl::StatusOr<GoldenRows> GoldenBook::WithoutRepeats() const {
  GoldenRows kept = rows_;
  if (!rows_.ids.empty()) return kept;
  kept.rows = 0;
  for (GoldenColumn& column : kept.columns) {
    column.numbers.clear();
    column.texts.clear();
  }
  for (uint32_t row = 0; row < rows_.rows; ++row) {
    const uint32_t first = row_of_content_.at(RecordedKey(row));
    for (const uint32_t index : predictions_) {
      if (SamePrediction(rows_.columns[index], first, row)) continue;
      return absl::InvalidArgumentError(
          absl::StrCat("golden rows: numbers ", first + 1, " and ", row + 1,
                       " have the same features, as float32 holds them, but \"",
                       rows_.columns[index].name, "\" is ", ExpectedText(index, first), " and ",
                       ExpectedText(index, row), "; without ids they cannot be told apart"));
    }
    if (first != row) continue;
    ++kept.rows;
    for (size_t i = 0; i < rows_.columns.size(); ++i) {
      const GoldenColumn& from = rows_.columns[i];
      GoldenColumn& to = kept.columns[i];
      if (from.kind == Kind::kNumeric) to.numbers.push_back(from.numbers[row]);
      if (from.kind == Kind::kCategorical) to.texts.push_back(from.texts[row]);
    }
  }
  return kept;
}

uint64_t GoldenBook::RecordedKey(uint32_t row) const {
  uint64_t key = 0;
  for (const uint32_t feature : features_) {
    const GoldenColumn& column = rows_.columns[feature];
    key = Mix(key, column.kind == Kind::kNumeric ? BitsOf(column.numbers[row])
                                                 : BitsOf(column.texts[row]));
  }
  return key;
}

uint64_t GoldenBook::KeyOf(const Columns& columns, uint32_t row) const {
  uint64_t key = 0;
  for (const uint32_t feature : features_) {
    const ColumnView& column = *columns[feature];
    key = Mix(key, rows_.columns[feature].kind == Kind::kNumeric ? BitsOf(NumberIn(column, row))
                                                                 : BitsOf(TextIn(column, row)));
  }
  return key;
}

GoldenBook::Columns GoldenBook::Align(const BatchView& batch, const Aliases& aliases,
                                      const Schema& schema) const {
  Columns columns(rows_.columns.size(), nullptr);
  const auto put = [&](absl::string_view name, const ColumnView& column) {
    const auto found = column_of_.find(name);
    if (found == column_of_.end() || columns[found->second] != nullptr) return;
    const GoldenColumn& recorded = rows_.columns[found->second];
    // A prediction of another type is compared, and differs.
    const bool is_taken = recorded.role == Role::kPrediction || Fits(column, recorded.kind);
    if (is_taken) columns[found->second] = &column;
  };
  for (const ColumnView& column : batch.columns) put(column.name, column);
  if (aliases.empty()) return columns;
  for (const ColumnView& column : batch.columns) {
    const auto alias = aliases.find(column.name);
    if (alias != aliases.end()) put(schema.variables()[alias->second].name, column);
  }
  return columns;
}

std::optional<uint32_t> GoldenBook::FindId(const BatchView& batch, uint32_t row) const {
  if (!batch.int_row_ids.empty()) {
    const auto found = row_of_int_id_.find(batch.int_row_ids[row]);
    if (found != row_of_int_id_.end()) return found->second;
  } else if (!batch.string_row_ids.empty()) {
    const absl::string_view id = manifest::NormalId(batch.string_row_ids[row]);
    const uint32_t bit = IdBit(id);
    if ((id_bits_[bit >> 6] >> (bit & 63) & 1) == 0) return std::nullopt;
    const auto found = row_of_id_.find(id);
    if (found != row_of_id_.end()) return found->second;
  }
  return std::nullopt;
}

bool GoldenBook::MayBeAnchor(uint32_t bits) const {
  const uint32_t at = (bits * 0x9e37'79b1U) >> anchor_shift_;
  return (anchor_bits_[at >> 6] >> (at & 63) & 1) != 0;
}

std::vector<uint32_t> GoldenBook::Candidates(const BatchView& batch,
                                             const ColumnView& anchor) const {
  std::vector<uint32_t> candidates;
  const auto add = [&](uint32_t row, uint32_t bits) {
    if (MayBeAnchor(bits)) candidates.push_back(row);
  };
  const auto null = [&](uint32_t row) { add(row, kNullBits); };
  if (rows_.columns[*anchor_].kind == Kind::kNumeric) {
    ForEachNumber(
        anchor, 0, batch.rows, [&](uint32_t row, double value) { add(row, BitsOf(value)); }, null);
  } else {
    ForEachCategory(
        anchor, 0, batch.rows,
        [&](uint32_t row, absl::string_view text) {
          add(row, static_cast<uint32_t>(stats::HashBytes(text)));
        },
        null);
  }
  return candidates;
}

std::vector<std::pair<uint32_t, uint32_t>> GoldenBook::Match(const BatchView& batch,
                                                             const Columns& columns) const {
  std::vector<std::pair<uint32_t, uint32_t>> matches;
  const bool by_id =
      !rows_.ids.empty() && (!batch.int_row_ids.empty() || !batch.string_row_ids.empty());
  const bool by_content =
      anchor_.has_value() && std::all_of(features_.begin(), features_.end(), [&](uint32_t feature) {
        return columns[feature] != nullptr;
      });
  if (by_id) {
    for (uint32_t row = 0; row < batch.rows; ++row) {
      if (const auto found = FindId(batch, row); found.has_value()) {
        matches.emplace_back(row, *found);
      }
    }
  }
  if (!by_content) return matches;
  const size_t by_ids = matches.size();
  for (const uint32_t row : Candidates(batch, *columns[*anchor_])) {
    const bool is_found = std::binary_search(
        matches.begin(), matches.begin() + static_cast<ptrdiff_t>(by_ids), std::make_pair(row, 0U),
        [](const auto& a, const auto& b) { return a.first < b.first; });
    if (is_found) continue;
    const auto found = row_of_content_.find(KeyOf(columns, row));
    if (found != row_of_content_.end()) matches.emplace_back(row, found->second);
  }
  std::sort(matches.begin(), matches.end());
  return matches;
}

std::vector<GoldenHit> GoldenBook::Find(const BatchView& batch, const Columns& columns) const {
  std::vector<GoldenHit> hits;
  const bool is_of_labels = std::all_of(columns.begin(), columns.end(),
                                        [](const ColumnView* column) { return column == nullptr; });
  if (is_of_labels) return hits;
  for (const auto& [batch_row, row] : Match(batch, columns)) {
    hits.push_back(Compare(columns, batch_row, row));
  }
  return hits;
}

std::vector<GoldenPrediction> GoldenBook::ComparePredictions(const Columns& columns,
                                                             uint32_t batch_row,
                                                             uint32_t row) const {
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  std::vector<GoldenPrediction> compared;
  for (const uint32_t index : predictions_) {
    const GoldenColumn& column = rows_.columns[index];
    GoldenPrediction& one = compared.emplace_back();
    one.column = index;
    one.outcome = GoldenOutcome::kDifferent;
    one.difference = kInfinity;
    if (columns[index] == nullptr || !Fits(*columns[index], column.kind)) continue;
    if (column.kind == Kind::kCategorical) {
      const bool same = TextIn(*columns[index], batch_row) == column.texts[row];
      if (same) one.outcome = GoldenOutcome::kExact;
      one.difference = same ? 0 : kInfinity;
      continue;
    }
    const std::optional<double> actual = NumberIn(*columns[index], batch_row);
    const std::optional<double>& expected = column.numbers[row];
    if (actual.has_value() != expected.has_value()) continue;
    if (!actual.has_value() || SameNumber(*actual, *expected)) {
      one.outcome = GoldenOutcome::kExact;
      one.difference = 0;
      continue;
    }
    one.difference = std::fabs(*actual - *expected);
    if (std::isnan(one.difference)) one.difference = kInfinity;
    one.as_float32 = *actual == static_cast<double>(Rounded(*expected));
    const double allowed =
        column.tolerance.absolute + column.tolerance.relative * std::fabs(*expected);
    // An infinity is within tolerance of nothing else.
    if (std::isfinite(*expected) && one.difference <= allowed) {
      one.outcome = GoldenOutcome::kWithin;
    }
  }
  return compared;
}

GoldenHit GoldenBook::Compare(const Columns& columns, uint32_t batch_row, uint32_t row) const {
  GoldenHit hit;
  hit.row = row;
  hit.batch_row = batch_row;
  hit.outcome = GoldenOutcome::kExact;
  hit.as_float32 = true;
  for (const GoldenPrediction& one : ComparePredictions(columns, batch_row, row)) {
    if (one.outcome != GoldenOutcome::kExact) hit.as_float32 &= one.as_float32;
    const bool worse = one.outcome > hit.outcome ||
                       (one.outcome == hit.outcome && one.difference > hit.difference);
    if (!worse) continue;
    hit.outcome = one.outcome;
    hit.prediction = one.column;
    hit.difference = one.difference;
  }
  if (hit.outcome == GoldenOutcome::kExact) {
    hit.as_float32 = false;
  } else {
    CompareFeatures(columns, batch_row, &hit);
  }
  return hit;
}

void GoldenBook::CompareFeatures(const Columns& columns, uint32_t batch_row, GoldenHit* hit) const {
  std::vector<uint32_t> rounded;
  for (const uint32_t index : features_) {
    if (columns[index] == nullptr) continue;
    ++hit->compared;
    const GoldenColumn& column = rows_.columns[index];
    bool same = false, is_rounded = false;
    if (column.kind == Kind::kCategorical) {
      same = TextIn(*columns[index], batch_row) == column.texts[hit->row];
    } else {
      const std::optional<double> actual = NumberIn(*columns[index], batch_row);
      const std::optional<double>& expected = column.numbers[hit->row];
      same = actual.has_value() == expected.has_value() &&
             (!actual.has_value() || SameNumber(*actual, *expected));
      is_rounded = actual.has_value() && expected.has_value() &&
                   *actual == static_cast<double>(Rounded(*expected));
    }
    if (same) continue;
    ++(is_rounded ? hit->rounded : hit->changed);
    std::vector<uint32_t>& named = is_rounded ? rounded : hit->features;
    if (named.size() < GoldenHit::kMaxFeatures) named.push_back(index);
  }
  for (const uint32_t index : rounded) {
    if (hit->features.size() < GoldenHit::kMaxFeatures) hit->features.push_back(index);
  }
}

std::string GoldenBook::NameOf(uint32_t row) const {
  return rows_.ids.empty() || rows_.ids[row].empty() ? absl::StrCat("number ", row + 1)
                                                     : rows_.ids[row];
}

std::string GoldenBook::ExpectedText(uint32_t column, uint32_t row) const {
  const GoldenColumn& from = rows_.columns[column];
  if (from.kind == Kind::kCategorical) return from.texts[row].value_or("null");
  return from.numbers[row].has_value() ? ShortestText(*from.numbers[row]) : "null";
}

std::string GoldenBook::ActualText(const ColumnView* column, Kind kind, uint32_t row) {
  if (column == nullptr) return "not there";
  const bool fits = Fits(*column, kind);
  const bool as_text = (kind == Kind::kCategorical) == fits;
  const std::string text = !column->IsValid(row) ? "null"
                           : as_text             ? CategoryAt(*column, row)
                                                 : ShortestText(NumberAt(*column, row));
  return fits ? text : absl::StrCat(text, " (another type)");
}

}  // namespace plumbline::profile
