#include "server/engine/arrival.h"

#include <algorithm>
#include <limits>
#include <string>
#include <utility>

#include "server/engine/window.h"
#include "server/profile/row_set_of_batch.h"

namespace plumbline::engine {
namespace {

// A variable's counts take about as much memory as so many values.
constexpr uint32_t kLeastRows = 512;
// A batch of slices does not take more of them, of about 2 KB each: the worker has the windows.
constexpr size_t kMostCounts = 4096;

int64_t NewestMicros(const profile::BatchView& view) {
  const auto newest = std::max_element(view.row_event_micros.begin(), view.row_event_micros.end());
  if (newest != view.row_event_micros.end()) return *newest;
  return view.event_micros.value_or(std::numeric_limits<int64_t>::min());
}

// The event time of the newest row, if all lie in one pane.
bool InOnePane(const profile::BatchView& view, absl::Duration pane_length,
               std::optional<int64_t>* newest) {
  *newest = view.event_micros;
  if (view.row_event_micros.empty()) return true;
  const auto [first, last] =
      std::minmax_element(view.row_event_micros.begin(), view.row_event_micros.end());
  *newest = *last;
  return Window::PaneStart(*first, pane_length) == Window::PaneStart(*last, pane_length);
}

}  // namespace

void CountAtArrival(const std::shared_ptr<const profile::Baseline>& baseline,
                    const profile::Aliases& aliases,
                    const std::shared_ptr<const profile::Slicing>& slicing,
                    absl::Duration pane_length, SparePanes* spare_panes, IngestBatch* batch) {
  if (batch->load.has_value()) {
    batch->load->rows = profile::RowSetOf(batch->view);
    batch->load->newest_micros = NewestMicros(batch->view);
  }
  batch->labels = ReadLabelRows(baseline, aliases, batch->view);
  if (batch->labels.has_value() && batch->labels->labels_only) {
    batch->view = {};
    batch->owner.reset();
    return;
  }
  if (batch->view.rows < kLeastRows) return;
  if (slicing != nullptr && slicing->slices.size() * baseline->variables.size() > kMostCounts) {
    return;
  }
  std::optional<int64_t> newest;
  if (!InOnePane(batch->view, pane_length, &newest)) return;
  CountedRows& counted =
      batch->counted.emplace(CountedRows{baseline, pane_length, spare_panes->Lend(baseline), newest,
                                         std::string(batch->view.source), aliases});
  const profile::PreparedBatch prepared(*baseline, batch->view, aliases);
  prepared.Count(0, batch->view.rows, counted.pane.get());
  counted.slicing = slicing;
  if (slicing != nullptr) {
    const std::pair<uint32_t, uint32_t> all(0, batch->view.rows);
    profile::CountSlices(*baseline, *slicing, prepared, {&all, 1}, [&](uint32_t slice) {
      return &counted.slices.emplace_back(slice, profile::Pane(*baseline)).second;
    });
  }
  counted.unknown_columns.See(*baseline, aliases, batch->view);
  batch->view = {};
  batch->owner.reset();
}

}  // namespace plumbline::engine
