#include "server/transport/golden_replay.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "absl/strings/str_cat.h"
#include "server/checks/golden_rows.h"

namespace plumbline::transport {

using profile::GoldenHit;
using profile::GoldenOutcome;
using profile::GoldenPrediction;

GoldenReplay::GoldenReplay(std::shared_ptr<const profile::GoldenBook> book)
    : book_(std::move(book)), results_(book_->rows().rows) {}

void GoldenReplay::Add(const profile::BatchView& batch) {
  came_ += batch.rows;
  const profile::GoldenBook::Columns columns = book_->Align(batch);
  for (const GoldenHit& hit : book_->Find(batch)) {
    ++hits_;
    const GoldenHit& before = results_.latest()[hit.row];
    const bool is_worse = hit.outcome > before.outcome ||
                          (hit.outcome == before.outcome && hit.difference > before.difference);
    if (!is_worse) continue;
    (void)results_.Add(hit);
    Row& row = rows_[hit.row];
    row = {.order = hits_,
           .predictions = book_->ComparePredictions(columns, hit.batch_row, hit.row),
           .actual = {}};
    for (const GoldenPrediction& one : row.predictions) {
      row.actual.push_back(
          one.outcome == GoldenOutcome::kDifferent
              ? profile::GoldenBook::ActualText(
                    columns[one.column], book_->rows().columns[one.column].kind, hit.batch_row)
              : "");
    }
  }
}

void GoldenReplay::ByPrediction(v1::GoldenCheck* out) const {
  std::map<uint32_t, v1::GoldenPredictionCheck> by_column;
  std::map<uint32_t, double> largest;
  for (const auto& [row, replayed] : rows_) {
    for (const GoldenPrediction& one : replayed.predictions) {
      v1::GoldenPredictionCheck& check = by_column[one.column];
      if (one.outcome == GoldenOutcome::kExact) check.set_exact(check.exact() + 1);
      if (one.outcome == GoldenOutcome::kWithin) check.set_within(check.within() + 1);
      if (one.outcome == GoldenOutcome::kDifferent) check.set_different(check.different() + 1);
      largest[one.column] = std::max(largest[one.column], one.difference);
    }
  }
  for (auto& [column, check] : by_column) {
    check.set_variable(book_->rows().columns[column].name);
    if (std::isfinite(largest[column])) check.set_largest_difference(largest[column]);
    *out->add_predictions() = std::move(check);
  }
}

void GoldenReplay::Differences(size_t limit, v1::GoldenCheck* out) const {
  std::vector<std::pair<uint64_t, uint32_t>> order;
  for (const auto& [row, replayed] : rows_) order.emplace_back(replayed.order, row);
  std::sort(order.begin(), order.end());
  for (const auto& [at, row] : order) {
    const Row& replayed = rows_.at(row);
    for (size_t i = 0; i < replayed.predictions.size(); ++i) {
      const GoldenPrediction& one = replayed.predictions[i];
      if (one.outcome != GoldenOutcome::kDifferent) continue;
      if (out->differences_size() == static_cast<int>(limit)) return;
      v1::GoldenDifference* added = out->add_differences();
      added->set_row(book_->NameOf(row));
      added->set_variable(book_->rows().columns[one.column].name);
      added->set_expected(book_->ExpectedText(one.column, row));
      added->set_actual(replayed.actual[i]);
      if (std::isfinite(one.difference)) added->set_difference(one.difference);
    }
  }
}

v1::GoldenCheck GoldenReplay::Finish(absl::string_view environment, size_t limit) const {
  const checks::GoldenSummary summary = checks::Summarize(*book_, results_, environment);
  v1::GoldenCheck out;
  out.set_rows(summary.rows);
  out.set_missing(summary.rows - summary.seen());
  out.set_exact(summary.exact);
  out.set_within(summary.within);
  out.set_different(summary.different);
  out.set_other_rows(came_ - hits_);
  out.set_verdict(summary.different > 0 ? "different"
                  : out.missing() > 0   ? "incomplete"
                  : summary.within > 0  ? "within_tolerance"
                                        : "exact");
  ByPrediction(&out);
  Differences(limit, &out);
  out.set_cause(summary.cause);
  if (summary.different > 0) out.set_reason(summary.InWords());
  return out;
}

}  // namespace plumbline::transport
