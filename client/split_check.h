#ifndef PLUMBLINE_CLIENT_SPLIT_CHECK_H_
#define PLUMBLINE_CLIENT_SPLIT_CHECK_H_

#include <cstddef>
#include <string>

#include "absl/status/statusor.h"
#include "client/split_rows.h"
#include "plumbline/v1/split.pb.h"

namespace plumbline::client {

struct SplitCheckOptions {
  size_t memory_bytes = size_t{1} << 30;  // see IdSorter: 24 bytes a row, then files
  size_t examples = 10;                   // of each pair
};

/// True if no row may be in both parts. Parts of one fold share nothing, and of different folds
/// (the name up to the last `/`) only train parts do, whose name behind the `/` begins with
/// `train`.
bool MustNotOverlap(const std::string& first, const std::string& second);

/// Counts, exactly, the distinct rows that each two parts share that must not, and finds the first
/// of them. Reads the files twice if there are any. Errors: those of SplitRows and of IdSorter.
absl::StatusOr<v1::SplitCheck> CheckSplit(const SplitSource& source,
                                          const SplitCheckOptions& options);

}  // namespace plumbline::client

#endif  // PLUMBLINE_CLIENT_SPLIT_CHECK_H_
