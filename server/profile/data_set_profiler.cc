#include "server/profile/data_set_profiler.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "server/profile/schema_of_batch.h"
#include "server/profile/values.h"

namespace plumbline::profile {
namespace {

using manifest::CellHash;

constexpr uint32_t kBlock = 1024;  // rows at once: what is held of a column fits the cache

// A dictionary of the batch at hand, hashed once.
struct HashedDictionary {
  std::vector<CellHash> hashes;
  std::vector<absl::uint128> folded;
  std::vector<uint64_t> counts;
};

// The number of a valid row, of a column that is not of text.
template <class T>
CellHash HashOf(T value) {
  if constexpr (std::is_same_v<T, int64_t>) {
    return manifest::HashOfInteger(value);
  } else {
    return manifest::HashOfNumber(static_cast<double>(value));
  }
}

void AddFinite(absl::Span<const double> values, VariableProfile* into) {
  for (const double value : values) {
    into->sum.Add(value);
    into->squares.AddSquare(value);
  }
  if (values.empty()) return;
  const auto [least, most] = std::minmax_element(values.begin(), values.end());
  into->min = into->finite == 0 ? *least : std::min(into->min, *least);
  into->max = into->finite == 0 ? *most : std::max(into->max, *most);
  into->finite += values.size();
  into->precision.AddAll(values);
  for (const double value : values) into->quantiles.Add(value);
  // Runs of one value are frequent among those that are frequent at all.
  for (size_t begin = 0; begin < values.size();) {
    const double value = values[begin] + 0.0;  // -0.0 becomes 0.0
    size_t end = begin + 1;
    while (end < values.size() && values[end] == value) ++end;
    into->points.Add(std::bit_cast<uint64_t>(value), end - begin);
    begin = end;
  }
}

}  // namespace

struct DataSetProfiler::Impl {
  std::vector<VariableHint> hints;
  std::vector<std::string> group_by;

  Schema schema;
  DataSetProfile profile;
  ProfileSizes sizes;
  std::vector<manifest::RowHasher::Key> keys;
  std::vector<size_t> numeric_index;    // of each variable among the numeric ones
  size_t numeric = 0;                   // how many are
  std::vector<size_t> group_variables;  // whose values make groups, by index
  bool begun = false;

  // Of the block at hand.
  std::vector<CellHash> cells, row_cells;
  std::vector<absl::uint128> row_sums;
  std::vector<double> finite;
  std::vector<uint32_t> finite_rows;                 // in the block
  std::vector<std::vector<GroupTotal*>> row_groups;  // by grouping, by row
  std::vector<HashedDictionary> dictionaries;        // of the batch, by variable

  absl::Status Begin(const BatchView& batch);
  void HashDictionary(const DictionaryView& view, HashedDictionary* hashed) const;
  void FindGroups(const std::vector<const ColumnView*>& columns, uint32_t begin, uint32_t end);
  void AddNumeric(const ColumnView& column, size_t index, uint32_t begin, uint32_t end);
  void AddCategorical(const ColumnView& column, size_t index, uint32_t begin, uint32_t end);
  void AddBlock(const std::vector<const ColumnView*>& columns, uint32_t begin, uint32_t end);
  void TallyDictionary(const DictionaryView& view, size_t index);
};

DataSetProfiler::DataSetProfiler(std::vector<VariableHint> hints, std::vector<std::string> group_by)
    : impl_(std::make_unique<Impl>()) {
  impl_->hints = std::move(hints);
  impl_->group_by = std::move(group_by);
}

DataSetProfiler::~DataSetProfiler() = default;

uint64_t DataSetProfiler::rows() const { return impl_->profile.row_count(); }

absl::Status DataSetProfiler::Impl::Begin(const BatchView& batch) {
  begun = true;
  auto found = SchemaOf(batch, hints);
  if (!found.ok()) return found.status();
  schema = *std::move(found);
  for (const VariableHint& hint : hints) {
    if (!schema.Find(hint.name).has_value()) {
      return absl::InvalidArgumentError(
          absl::StrCat("variable \"", hint.name, "\" is described, but no column has that name"));
    }
  }
  sizes = ProfileSizes::For(schema.size());
  profile.distinct_rows = stats::DistinctSample(2 * ProfileSizes().distinct_capacity);
  for (const Variable& variable : schema.variables()) {
    profile.variables.emplace_back(variable, sizes);
    keys.push_back(manifest::RowHasher::KeyOf(variable.name));
    numeric_index.push_back(numeric);
    if (variable.kind == Kind::kNumeric) ++numeric;
  }
  if (group_by.size() > kMaxGroupings) {
    return absl::InvalidArgumentError(
        absl::StrCat("grouped by ", group_by.size(), " variables; at most ", kMaxGroupings));
  }
  for (const std::string& name : group_by) {
    const std::optional<size_t> index = schema.Find(name);
    if (!index.has_value() || schema.variables()[*index].kind != Kind::kCategorical) {
      return absl::InvalidArgumentError(
          absl::StrCat("group_by: \"", name, "\" is not a categorical variable of the data set"));
    }
    group_variables.push_back(*index);
    GroupTotals& totals = profile.groups.emplace_back();
    totals.variable = name;
    totals.capacity = sizes.group_capacity;
  }
  dictionaries.resize(schema.size());
  row_groups.resize(group_variables.size());
  return absl::OkStatus();
}

absl::Status DataSetProfiler::Add(const BatchView& batch) {
  if (!impl_->begun) {
    if (absl::Status begun = impl_->Begin(batch); !begun.ok()) return begun;
  }
  const auto columns = ColumnsBySchema(impl_->schema, batch);
  if (!columns.ok()) return columns.status();
  for (size_t i = 0; i < columns->size(); ++i) {
    const auto* dictionary = std::get_if<DictionaryView>(&(*columns)[i]->values);
    if (dictionary != nullptr) impl_->HashDictionary(*dictionary, &impl_->dictionaries[i]);
  }
  for (uint32_t begin = 0; begin < batch.rows; begin += kBlock) {
    impl_->AddBlock(*columns, begin, std::min(batch.rows, begin + kBlock));
  }
  for (size_t i = 0; i < columns->size(); ++i) {
    const auto* dictionary = std::get_if<DictionaryView>(&(*columns)[i]->values);
    if (dictionary != nullptr) impl_->TallyDictionary(*dictionary, i);
  }
  return absl::OkStatus();
}

absl::StatusOr<DataSetProfile> DataSetProfiler::Finish() {
  if (rows() == 0) return absl::InvalidArgumentError("the data set has no rows");
  return std::move(impl_->profile);
}

void DataSetProfiler::Impl::HashDictionary(const DictionaryView& view,
                                           HashedDictionary* hashed) const {
  hashed->hashes.clear();
  hashed->folded.clear();
  for (const absl::string_view entry : view.dictionary) {
    hashed->hashes.push_back(manifest::HashOfText(entry));
    hashed->folded.push_back(manifest::HashOfFoldedText(entry).value());
  }
  hashed->counts.assign(view.dictionary.size(), 0);
}

void DataSetProfiler::Impl::TallyDictionary(const DictionaryView& view, size_t index) {
  const HashedDictionary& hashed = dictionaries[index];
  VariableProfile& into = profile.variables[index];
  for (size_t entry = 0; entry < hashed.counts.size(); ++entry) {
    const uint64_t count = hashed.counts[entry];
    if (count == 0) continue;
    into.categories.Add(view.dictionary[entry], count);
    into.distinct.Add(hashed.hashes[entry].low, count);
    into.coarse_sum += hashed.folded[entry] * absl::uint128(count);
  }
}

void DataSetProfiler::Impl::FindGroups(const std::vector<const ColumnView*>& columns,
                                       uint32_t begin, uint32_t end) {
  const uint64_t null_hash = manifest::HashOfNull().low;
  for (size_t g = 0; g < group_variables.size(); ++g) {
    const ColumnView& column = *columns[group_variables[g]];
    GroupTotals& totals = profile.groups[g];
    // First make the groups: those that were there may go as others come.
    std::vector<uint64_t> hashes(end - begin, null_hash);
    const auto make = [&](uint32_t row, absl::string_view name) {
      const uint64_t hash = manifest::HashOfText(name).low;
      hashes[row - begin] = hash;
      if (!totals.groups.contains(hash)) totals.Find(hash, name, false, numeric);
    };
    ForEachCategory(column, begin, end, make, [&](uint32_t) {
      if (!totals.groups.contains(null_hash)) totals.Find(null_hash, "", true, numeric);
    });
    row_groups[g].assign(end - begin, nullptr);
    for (uint32_t i = 0; i < end - begin; ++i) {
      const auto found = totals.groups.find(hashes[i]);
      if (found == totals.groups.end()) continue;
      row_groups[g][i] = &found->second;
      ++found->second.rows;
    }
  }
}

void DataSetProfiler::Impl::AddNumeric(const ColumnView& column, size_t index, uint32_t begin,
                                       uint32_t end) {
  VariableProfile& into = profile.variables[index];
  finite.clear();
  finite_rows.clear();
  absl::uint128 coarse = 0;
  const auto null = [&](uint32_t row) {
    cells[row - begin] = manifest::HashOfNull();
    coarse += cells[row - begin].value();
    ++into.nulls;
  };
  const auto visit = [&](const auto& values) {
    using Value = std::decay_t<decltype(values[0])>;
    for (uint32_t row = begin; row < end; ++row) {
      if (!column.IsValid(row)) {
        null(row);
        continue;
      }
      const CellHash hash = HashOf<Value>(values[row]);
      cells[row - begin] = hash;
      const auto value = static_cast<double>(values[row]);
      if (std::isfinite(value)) {
        finite.push_back(value);
        finite_rows.push_back(row - begin);
        into.distinct.Add(hash.low);
        const bool same = stats::FitsFloat32(value) || std::abs(value) > 0x1.fffffep127;
        coarse += same ? hash.value() : manifest::HashOfNumber(static_cast<float>(value)).value();
        continue;
      }
      coarse += hash.value();
      if (std::isnan(value)) {
        ++into.nans;
      } else {
        into.distinct.Add(hash.low);
        ++(value > 0 ? into.positive_infinities : into.negative_infinities);
      }
    }
  };
  std::visit(
      [&](const auto& values) {
        using List = std::decay_t<decltype(values)>;
        if constexpr (!std::is_same_v<List, DictionaryView> &&
                      !std::is_same_v<List, std::vector<absl::string_view>>) {
          visit(values);
        }
      },
      column.values);
  into.coarse_sum += coarse;
  AddFinite(finite, &into);
  const size_t at = numeric_index[index];
  for (const std::vector<GroupTotal*>& groups : row_groups) {
    for (size_t i = 0; i < finite.size(); ++i) {
      GroupTotal* const group = groups[finite_rows[i]];
      if (group == nullptr) continue;
      ++group->counts[at];
      group->sums[at].Add(finite[i]);
    }
  }
}

void DataSetProfiler::Impl::AddCategorical(const ColumnView& column, size_t index, uint32_t begin,
                                           uint32_t end) {
  VariableProfile& into = profile.variables[index];
  const auto null = [&](uint32_t row) {
    cells[row - begin] = manifest::HashOfNull();
    into.coarse_sum += cells[row - begin].value();
    ++into.nulls;
  };
  if (const auto* view = std::get_if<DictionaryView>(&column.values)) {
    HashedDictionary& hashed = dictionaries[index];
    for (uint32_t row = begin; row < end; ++row) {
      if (!column.IsValid(row)) {
        null(row);
        continue;
      }
      cells[row - begin] = hashed.hashes[view->indices[row]];
      ++hashed.counts[view->indices[row]];
    }
    return;
  }
  ForEachCategory(
      column, begin, end,
      [&](uint32_t row, absl::string_view category) {
        const CellHash hash = manifest::HashOfText(category);
        cells[row - begin] = hash;
        into.coarse_sum += manifest::HashOfFoldedText(category).value();
        into.distinct.Add(hash.low);
        into.categories.Add(category);
      },
      null);
}

void DataSetProfiler::Impl::AddBlock(const std::vector<const ColumnView*>& columns, uint32_t begin,
                                     uint32_t end) {
  const size_t rows = end - begin;
  cells.resize(rows);
  row_sums.assign(rows, 0);
  FindGroups(columns, begin, end);
  for (size_t i = 0; i < columns.size(); ++i) {
    VariableProfile& into = profile.variables[i];
    if (into.is_numeric()) {
      AddNumeric(*columns[i], i, begin, end);
    } else {
      AddCategorical(*columns[i], i, begin, end);
    }
    into.digest.AddAll(cells);
    manifest::RowHasher::AddColumn(keys[i], cells, absl::MakeSpan(row_sums));
  }
  row_cells.resize(rows);
  for (size_t i = 0; i < rows; ++i) {
    row_cells[i] = manifest::RowHasher::Finish(row_sums[i]);
    profile.distinct_rows.Add(row_cells[i].low);
  }
  profile.rows.AddAll(row_cells);
}

}  // namespace plumbline::profile
