#ifndef PLUMBLINE_SERVER_STORAGE_SPOOL_SORT_H_
#define PLUMBLINE_SERVER_STORAGE_SPOOL_SORT_H_

#include <cstddef>
#include <cstdint>
#include <memory>

#include "absl/status/statusor.h"
#include "server/storage/spool.h"

namespace plumbline::storage {

struct SpoolSortOptions {
  uint64_t run_bytes = 16u << 20;  // of the spool, put in order in memory
  size_t max_runs = 64;            // merged at a time, each an open file; at least 2
};

/// The rows of `spool` in the order of their event times, those of one time in the order in which
/// they came, as other batches: without row ids and sources, text as dictionaries. Every row has a
/// time, and every batch the first one's columns (as BaselineBuilder::Sketch requires).
///
/// An external merge sort: runs of `run_bytes` are sorted in memory, and as many merged as fit into
/// so much again, with one batch of each in memory. Memory: a few times `run_bytes`, or a few times
/// the largest batch. Disk: the rows once more, and up to twice where the runs are too many to be
/// merged at once; `spool` goes when all of it lies in runs. Cost: each row is read and written
/// twice, or once where one run holds all, and once more for each further round of merging.
///
/// Errors: ResourceExhausted if in this order they need more than the spool's bound; Unavailable
/// (IO); DataLoss; InvalidArgument for other columns.
absl::StatusOr<std::unique_ptr<Spool>> SortByTime(std::unique_ptr<Spool> spool,
                                                  const SpoolSortOptions& options = {});

}  // namespace plumbline::storage

#endif  // PLUMBLINE_SERVER_STORAGE_SPOOL_SORT_H_
