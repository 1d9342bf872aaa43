#include "server/engine/backtest_sources.h"

#include <algorithm>
#include <variant>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

namespace plumbline::engine {

absl::StatusOr<std::vector<absl::string_view>> SourcesByColumn(const profile::BatchView& batch,
                                                               absl::string_view column) {
  const auto found =
      std::find_if(batch.columns.begin(), batch.columns.end(),
                   [&](const profile::ColumnView& one) { return one.name == column; });
  if (found == batch.columns.end()) {
    return absl::InvalidArgumentError(
        absl::StrCat("there is no column \"", column, "\", which says where rows come from"));
  }
  const auto* const texts = std::get_if<std::vector<absl::string_view>>(&found->values);
  const auto* const coded = std::get_if<profile::DictionaryView>(&found->values);
  if (texts == nullptr && coded == nullptr) {
    return absl::InvalidArgumentError(
        absl::StrCat("column \"", column, "\" is not text, and says where rows come from"));
  }
  const size_t most = profile::BatchLimits().max_source_bytes;
  std::vector<absl::string_view> sources(batch.rows);
  for (uint32_t row = 0; row < batch.rows; ++row) {
    if (!found->IsValid(row)) continue;
    sources[row] = texts != nullptr ? (*texts)[row] : coded->dictionary[coded->indices[row]];
    if (sources[row].size() <= most) continue;
    return absl::InvalidArgumentError(absl::StrCat("column \"", column, "\": a source has ",
                                                   sources[row].size(), " bytes; at most ", most));
  }
  return sources;
}

absl::Span<const uint32_t> SourceRows::In(uint32_t begin, uint32_t end) const {
  const auto first = std::lower_bound(rows_.begin(), rows_.end(), begin);
  const auto last = std::lower_bound(first, rows_.end(), end);
  return absl::MakeConstSpan(rows_).subspan(static_cast<size_t>(first - rows_.begin()),
                                            static_cast<size_t>(last - first));
}

void SourceRows::Count(const profile::Baseline& baseline, const profile::BatchView& batch,
                       const profile::Aliases& aliases, uint32_t begin, uint32_t end,
                       profile::Pane* pane) {
  if (prepared_ == nullptr) {
    if (rows_.size() < batch.rows) {
      std::vector<const profile::ColumnView*> columns;
      for (const profile::ColumnView& column : batch.columns) columns.push_back(&column);
      gathered_ = std::make_unique<profile::GatheredRows>(columns, rows_);
    }
    prepared_ = std::make_unique<profile::PreparedBatch>(
        baseline, gathered_ != nullptr ? gathered_->view() : batch, aliases);
  }
  const absl::Span<const uint32_t> rows = In(begin, end);
  const auto first = static_cast<uint32_t>(rows.data() - rows_.data());
  prepared_->Count(first, first + static_cast<uint32_t>(rows.size()), pane);
}

}  // namespace plumbline::engine
