#ifndef PLUMBLINE_TESTS_TRUST_TABLES_H_
#define PLUMBLINE_TESTS_TRUST_TABLES_H_

namespace plumbline::trust {

/// How much is simulated: all of it takes minutes, `kQuick` half a minute, `kTest` seconds.
enum class Size { kTest, kQuick, kFull };

/// Each prints its table, and says whether what is promised holds.
/// Nothing drifts: model-level pages in the panes of every cell, pooled, beside what the usual
/// formulas say of some of the same panes.
bool NoDrift(Size size);
/// One of 20 variables drifts: panes until the page, beside the usual formulas with limits that
/// give as many false pages.
bool Drift(Size size);
/// Real data that is as it was, and real shifts.
bool RealData();

}  // namespace plumbline::trust

#endif  // PLUMBLINE_TESTS_TRUST_TABLES_H_
