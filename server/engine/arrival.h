#ifndef PLUMBLINE_SERVER_ENGINE_ARRIVAL_H_
#define PLUMBLINE_SERVER_ENGINE_ARRIVAL_H_

#include <memory>

#include "absl/time/time.h"
#include "server/engine/ingest.h"
#include "server/engine/spare_panes.h"
#include "server/profile/aliases.h"
#include "server/profile/baseline.h"
#include "server/profile/slicing.h"

namespace plumbline::engine {

/// Reads what a batch says of predictions and labels, and what its rows are if they belong to a
/// load. Counts the rows of a large batch on the calling thread, which has just parsed them, and
/// gives its memory back; the worker adds the counts, which is exact and takes a fraction of the
/// time: so one model's rows are counted on as many cores as they arrive on. Leaves as it is a
/// batch that is small, for which handing over the rows costs less than handing over counts, one
/// whose rows lie in several panes, and one that would take too much memory by slices. Counts into
/// one of `spare_panes`, which must outlive the batch. Any thread. Cost: that of counting.
void CountAtArrival(const std::shared_ptr<const profile::Baseline>& baseline,
                    const profile::Aliases& aliases,
                    const std::shared_ptr<const profile::Slicing>& slicing,
                    absl::Duration pane_length, SparePanes* spare_panes, IngestBatch* batch);

}  // namespace plumbline::engine

#endif  // PLUMBLINE_SERVER_ENGINE_ARRIVAL_H_
