#ifndef PLUMBLINE_TESTS_FUZZ_FIXED_BASELINE_H_
#define PLUMBLINE_TESTS_FUZZ_FIXED_BASELINE_H_

#include "server/profile/baseline.h"
#include "server/profile/batch.h"

namespace plumbline::fuzz {

/// 300 rows with a column of every type, some of them null: age (double), heat (float), items
/// (int64), code (int64 as categories), member (bool), city (strings), score (double, prediction).
/// Lives until the process ends.
const profile::BatchView& FixedBatch();

/// The baseline of FixedBatch; the same in every process.
const profile::Baseline& FixedBaseline();

}  // namespace plumbline::fuzz

#endif  // PLUMBLINE_TESTS_FUZZ_FIXED_BASELINE_H_
