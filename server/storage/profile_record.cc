#include "server/storage/profile_record.h"

#include <algorithm>
#include <cmath>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"

namespace plumbline::storage {
namespace {

using profile::VariableProfile;

// No profile that this program makes has more.
constexpr uint64_t kMostEntries = 1u << 16;

void To(absl::uint128 value, v1::Uint128Record* record) {
  record->set_high(absl::Uint128High64(value));
  record->set_low(absl::Uint128Low64(value));
}

absl::uint128 From(const v1::Uint128Record& record) {
  return absl::MakeUint128(record.high(), record.low());
}

void To(const manifest::ContentDigest& digest, v1::ContentDigestRecord* record) {
  const manifest::ContentDigest::Parts& parts = digest.ToParts();
  record->set_cells(parts.cells);
  To(parts.sum, record->mutable_sum());
  record->set_ordered_low(parts.ordered_low);
  record->set_ordered_high(parts.ordered_high);
}

void To(const stats::SuperAccumulator& sum, v1::ExactSumRecord* record) {
  const stats::SuperAccumulator::Parts parts = sum.ToParts();
  record->set_negative(parts.negative);
  record->set_first(parts.first);
  record->mutable_limbs()->Add(parts.limbs.begin(), parts.limbs.end());
}

absl::StatusOr<stats::SuperAccumulator> From(const v1::ExactSumRecord& record) {
  return stats::SuperAccumulator::FromParts(
      {record.negative(), record.first(), {record.limbs().begin(), record.limbs().end()}});
}

// In the order of the hashes: the same sample gives the same bytes.
void To(const stats::DistinctSample& sample, v1::DistinctSampleRecord* record) {
  record->set_capacity(sample.capacity());
  record->set_level(static_cast<uint32_t>(sample.level()));
  std::vector<std::pair<uint64_t, uint64_t>> entries(sample.entries().begin(),
                                                     sample.entries().end());
  std::sort(entries.begin(), entries.end());
  for (const auto& [hash, count] : entries) {
    record->add_hashes(hash);
    record->add_counts(count);
  }
}

// Two lists of equal length as pairs. Errors: InvalidArgument.
template <class Key, class Keys, class Counts>
absl::StatusOr<std::vector<std::pair<Key, uint64_t>>> Pairs(const Keys& keys,
                                                            const Counts& counts) {
  if (keys.size() != counts.size()) {
    return absl::InvalidArgumentError("values and counts of different number");
  }
  std::vector<std::pair<Key, uint64_t>> pairs;
  pairs.reserve(static_cast<size_t>(keys.size()));
  for (int i = 0; i < keys.size(); ++i) pairs.emplace_back(keys[i], counts[i]);
  return pairs;
}

absl::Status CheckCapacity(uint64_t capacity) {
  if (capacity > 0 && capacity <= kMostEntries) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat("a capacity of ", capacity));
}

absl::StatusOr<stats::DistinctSample> From(const v1::DistinctSampleRecord& record) {
  if (absl::Status checked = CheckCapacity(record.capacity()); !checked.ok()) return checked;
  const auto entries = Pairs<uint64_t>(record.hashes(), record.counts());
  if (!entries.ok()) return entries.status();
  if (record.level() > 64) return absl::InvalidArgumentError("a distinct sample of no level");
  return stats::DistinctSample::FromEntries(record.capacity(), static_cast<int>(record.level()),
                                            *entries);
}

void NumbersTo(const VariableProfile& variable, v1::VariableProfileRecord* record) {
  record->set_nans(variable.nans);
  record->set_positive_infinities(variable.positive_infinities);
  record->set_negative_infinities(variable.negative_infinities);
  record->set_finite(variable.finite);
  To(variable.sum, record->mutable_sum());
  To(variable.squares, record->mutable_squares());
  record->set_min(variable.min);
  record->set_max(variable.max);
  record->set_float32(variable.precision.float32);
  record->set_zeros(variable.precision.zeros);
  record->set_negative_zeros(variable.precision.negative_zeros);
  record->set_negatives(variable.precision.negatives);
  for (const uint64_t count : variable.precision.decimals) record->add_decimals(count);
  record->set_quantile_k(variable.quantiles.k());
  for (const std::vector<double>& level : variable.quantiles.levels()) {
    record->add_quantile_levels()->mutable_values()->Add(level.begin(), level.end());
  }
  record->set_point_capacity(variable.points.capacity());
  record->set_point_weight(variable.points.TotalWeight());
  record->set_point_error(variable.points.MaxError());
  for (const auto& point : variable.points.Candidates()) {
    record->add_points(point.key);
    record->add_point_counts(point.lower);
  }
}

absl::Status NumbersFrom(const v1::VariableProfileRecord& record, VariableProfile* variable) {
  variable->nans = record.nans();
  variable->positive_infinities = record.positive_infinities();
  variable->negative_infinities = record.negative_infinities();
  variable->finite = record.finite();
  auto sum = From(record.sum()), squares = From(record.squares());
  if (!sum.ok()) return sum.status();
  if (!squares.ok()) return squares.status();
  variable->sum = *std::move(sum);
  variable->squares = *std::move(squares);
  variable->min = record.min();
  variable->max = record.max();
  stats::PrecisionCounts& precision = variable->precision;
  if (record.decimals_size() != static_cast<int>(precision.decimals.size())) {
    return absl::InvalidArgumentError("not as many counts of decimals as there may be");
  }
  precision.values = variable->finite;
  precision.float32 = record.float32();
  precision.zeros = record.zeros();
  precision.negative_zeros = record.negative_zeros();
  precision.negatives = record.negatives();
  uint64_t values = 0;
  for (size_t i = 0; i < precision.decimals.size(); ++i) {
    values += precision.decimals[i] = record.decimals(static_cast<int>(i));
  }
  if (values != variable->finite || !std::isfinite(variable->min) ||
      !std::isfinite(variable->max) || variable->min > variable->max) {
    return absl::InvalidArgumentError("its counts or extremes contradict each other");
  }
  if (absl::Status checked = CheckCapacity(record.quantile_k()); !checked.ok()) return checked;
  std::vector<std::vector<double>> levels;
  for (const v1::QuantileLevelRecord& level : record.quantile_levels()) {
    levels.emplace_back(level.values().begin(), level.values().end());
  }
  auto quantiles = stats::QuantileSketch::FromLevels(record.quantile_k(), std::move(levels),
                                                     variable->min, variable->max);
  if (!quantiles.ok()) return quantiles.status();
  variable->quantiles = *std::move(quantiles);
  if (absl::Status checked = CheckCapacity(record.point_capacity()); !checked.ok()) return checked;
  const auto pairs = Pairs<uint64_t>(record.points(), record.point_counts());
  if (!pairs.ok()) return pairs.status();
  auto points = stats::HeavyHitters::FromCandidates(record.point_capacity(), record.point_weight(),
                                                    record.point_error(), *pairs);
  if (!points.ok()) return points.status();
  variable->points = *std::move(points);
  return absl::OkStatus();
}

void CategoriesTo(const VariableProfile& variable, v1::VariableProfileRecord* record) {
  record->set_category_capacity(variable.categories.capacity());
  record->set_category_error(variable.categories.max_error());
  record->set_unnamed(variable.categories.unnamed());
  for (const auto& [name, count] : variable.categories.ByCount()) {
    record->add_categories(name.data(), name.size());
    record->add_category_counts(count);
  }
}

absl::Status CategoriesFrom(const v1::VariableProfileRecord& record, VariableProfile* variable) {
  if (absl::Status checked = CheckCapacity(record.category_capacity()); !checked.ok()) {
    return checked;
  }
  const auto pairs = Pairs<std::string>(record.categories(), record.category_counts());
  if (!pairs.ok()) return pairs.status();
  auto tally = profile::CategoryTally::FromCounts(
      record.category_capacity(), record.category_error(), record.unnamed(), *pairs);
  if (!tally.ok()) return tally.status();
  variable->categories = *std::move(tally);
  return absl::OkStatus();
}

absl::Status VariableFrom(const v1::VariableProfileRecord& record, VariableProfile* variable) {
  if (record.name().empty()) return absl::InvalidArgumentError("it has no name");
  if (record.kind() < 1 || record.kind() > 2) return absl::InvalidArgumentError("unknown kind");
  if (record.type() < 1 || record.type() > 5) return absl::InvalidArgumentError("unknown type");
  if (record.role() < 1 || record.role() > 3) return absl::InvalidArgumentError("unknown role");
  variable->variable = {record.name(), static_cast<profile::Role>(record.role()),
                        static_cast<profile::Kind>(record.kind()),
                        static_cast<profile::ValueType>(record.type())};
  auto digest = FromRecord(record.digest());
  if (!digest.ok()) return digest.status();
  variable->digest = *digest;
  variable->coarse_sum = From(record.coarse_sum());
  variable->nulls = record.nulls();
  auto distinct = From(record.distinct());
  if (!distinct.ok()) return distinct.status();
  variable->distinct = *std::move(distinct);
  return variable->is_numeric() ? NumbersFrom(record, variable) : CategoriesFrom(record, variable);
}

void To(const profile::GroupTotals& totals, v1::GroupTotalsRecord* record) {
  record->set_variable(totals.variable);
  record->set_capacity(totals.capacity);
  record->set_level(static_cast<uint32_t>(totals.level));
  for (const auto& [hash, group] : totals.groups) {
    v1::GroupTotalRecord* added = record->add_groups();
    added->set_hash(hash);
    added->set_name(group.name);
    added->set_is_null(group.is_null);
    added->set_rows(group.rows);
    for (const uint64_t count : group.counts) added->add_counts(count);
    for (const stats::SuperAccumulator& sum : group.sums) To(sum, added->add_sums());
  }
}

absl::Status From(const v1::GroupTotalsRecord& record, size_t numeric,
                  profile::GroupTotals* totals) {
  totals->variable = record.variable();
  totals->capacity = record.capacity();
  totals->level = static_cast<int>(record.level());
  if (absl::Status checked = CheckCapacity(record.capacity()); !checked.ok()) return checked;
  if (record.level() > 64 || static_cast<size_t>(record.groups_size()) > record.capacity()) {
    return absl::InvalidArgumentError("more groups than there may be");
  }
  for (const v1::GroupTotalRecord& group : record.groups()) {
    profile::GroupTotal& added = totals->groups[group.hash()];
    added.name = group.name();
    added.is_null = group.is_null();
    added.rows = group.rows();
    added.counts.assign(group.counts().begin(), group.counts().end());
    for (const v1::ExactSumRecord& sum : group.sums()) {
      auto read = From(sum);
      if (!read.ok()) return read.status();
      added.sums.push_back(*std::move(read));
    }
    if (added.counts.size() != numeric || added.sums.size() != numeric ||
        !totals->IsSampled(group.hash())) {
      return absl::InvalidArgumentError("a group of other variables, or of another sample");
    }
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<manifest::ContentDigest> FromRecord(const v1::ContentDigestRecord& record) {
  return manifest::ContentDigest::FromParts(
      {record.cells(), From(record.sum()), record.ordered_low(), record.ordered_high()});
}

v1::ProfileRecord ToRecord(const profile::DataSetProfile& profile) {
  v1::ProfileRecord record;
  To(profile.rows, record.mutable_rows());
  To(profile.distinct_rows, record.mutable_distinct_rows());
  for (const VariableProfile& variable : profile.variables) {
    v1::VariableProfileRecord* added = record.add_variables();
    added->set_name(variable.variable.name);
    added->set_kind(static_cast<uint32_t>(variable.variable.kind));
    added->set_type(static_cast<uint32_t>(variable.variable.type));
    added->set_role(static_cast<uint32_t>(variable.variable.role));
    To(variable.digest, added->mutable_digest());
    To(variable.coarse_sum, added->mutable_coarse_sum());
    added->set_nulls(variable.nulls);
    To(variable.distinct, added->mutable_distinct());
    if (variable.is_numeric()) {
      NumbersTo(variable, added);
    } else {
      CategoriesTo(variable, added);
    }
  }
  for (const profile::GroupTotals& totals : profile.groups) To(totals, record.add_groups());
  return record;
}

absl::StatusOr<profile::DataSetProfile> FromRecord(const v1::ProfileRecord& record) {
  profile::DataSetProfile profile;
  auto rows = FromRecord(record.rows());
  if (!rows.ok()) return rows.status();
  profile.rows = *rows;
  auto distinct = From(record.distinct_rows());
  if (!distinct.ok()) return distinct.status();
  profile.distinct_rows = *std::move(distinct);
  size_t numeric = 0;
  for (const v1::VariableProfileRecord& variable : record.variables()) {
    VariableProfile& added = profile.variables.emplace_back();
    absl::Status read = VariableFrom(variable, &added);
    if (read.ok() && added.rows() != profile.row_count()) {
      read = absl::InvalidArgumentError("its rows are not the profile's");
    }
    if (!read.ok()) {
      return absl::InvalidArgumentError(
          absl::StrCat("profile variable \"", variable.name(), "\": ", read.message()));
    }
    if (added.is_numeric()) ++numeric;
  }
  for (const v1::GroupTotalsRecord& totals : record.groups()) {
    absl::Status read = From(totals, numeric, &profile.groups.emplace_back());
    if (!read.ok()) {
      return absl::InvalidArgumentError(
          absl::StrCat("profile groups by \"", totals.variable(), "\": ", read.message()));
    }
  }
  return profile;
}

v1::ProfileHeadRecord HeadOf(const profile::DataSetProfile& profile) {
  v1::ProfileHeadRecord head;
  head.set_rows(profile.row_count());
  head.set_variables(static_cast<uint32_t>(profile.variables.size()));
  head.set_created_at_micros(absl::ToUnixMicros(profile.created_at));
  head.set_description(profile.description);
  To(profile.rows, head.mutable_digest());
  return head;
}

}  // namespace plumbline::storage
