#include "server/profile/category_counter.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <numeric>
#include <utility>

#include "server/stats/hash.h"

namespace plumbline::profile {
namespace {

// One unseen category in a thousand is taken for a rare one, if the filter may be large enough.
constexpr double kFalsePositiveRate = 0.001;

}  // namespace

CategoryCounter::CategoryCounter(std::vector<uint64_t> candidates, double expected_rest, int level,
                                 size_t max_filter_bytes, int64_t start_micros)
    : names_(candidates.size()),
      named_(candidates.size(), false),
      gaps_(candidates.size(), GapClock(start_micros)),
      spans_(candidates.size()),
      rest_(static_cast<uint64_t>(std::max(expected_rest, 0.0)), kFalsePositiveRate,
            max_filter_bytes),
      level_(level) {
  code_of_hash_.reserve(candidates.size());
  for (size_t i = 0; i < candidates.size(); ++i) {
    code_of_hash_.emplace(candidates[i], static_cast<uint32_t>(i));
  }
}

uint32_t CategoryCounter::Code(absl::string_view category) {
  const uint64_t hash = stats::HashBytes(category);
  const auto candidate = code_of_hash_.find(hash);
  if (candidate != code_of_hash_.end()) {
    const uint32_t code = candidate->second;
    if (!named_[code]) {
      names_[code] = std::string(category);
      named_[code] = true;
    }
    if (names_[code] == category) return code;
  }
  rest_.Insert(hash);
  return static_cast<uint32_t>(names_.size());
}

void CategoryCounter::SeeIn(uint64_t piece, absl::string_view category, uint32_t code,
                            uint64_t rows) {
  if (rows == 0) return;
  if (code < spans_.size()) {
    spans_[code].See(piece, rows);
    return;
  }
  const uint64_t hash = stats::HashBytes(category);
  if (std::countl_zero(hash) >= level_) rest_spans_[hash].See(piece, rows);
}

absl::StatusOr<CategoryCounter::Result> CategoryCounter::Finish(const CodeCounts& counts,
                                                                size_t max_kept, uint64_t rows,
                                                                int64_t end_micros) && {
  std::vector<uint32_t> order(names_.size());
  std::iota(order.begin(), order.end(), 0);
  std::sort(order.begin(), order.end(), [&](uint32_t a, uint32_t b) {
    return counts[a] != counts[b] ? counts[a] > counts[b] : names_[a] < names_[b];
  });
  size_t kept = std::min({order.size(), max_kept, kMaxKeptCategories});
  while (kept > 0 && counts[order[kept - 1]] == 0) --kept;

  Result result;
  result.final_codes.assign(names_.size() + 1, static_cast<uint32_t>(kept));
  result.final_codes.push_back(static_cast<uint32_t>(kept) + 1);
  std::vector<std::string> names;
  for (size_t rank = 0; rank < order.size(); ++rank) {
    const uint32_t code = order[rank];
    if (rank >= kept) {
      if (!named_[code]) continue;
      const uint64_t hash = stats::HashBytes(names_[code]);
      rest_.Insert(hash);
      if (std::countl_zero(hash) >= level_) result.rest.spans.push_back(spans_[code]);
      continue;
    }
    result.final_codes[code] = static_cast<uint32_t>(rank);
    names.push_back(std::move(names_[code]));
    gaps_[code].End(rows, end_micros);
    result.longest_gap_rows.push_back(gaps_[code].longest_rows());
    result.longest_gap_micros.push_back(gaps_[code].longest_micros());
  }
  for (const auto& [hash, span] : rest_spans_) result.rest.spans.push_back(span);
  result.rest.scale = std::ldexp(1.0, level_);
  absl::StatusOr<CategoryTable> table = CategoryTable::Create(std::move(names), std::move(rest_));
  if (!table.ok()) return table.status();
  result.table = *std::move(table);
  return result;
}

}  // namespace plumbline::profile
