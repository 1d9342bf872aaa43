// A stored pane under a fixed baseline: refused, or read into counts that add up and are stored
// again byte for byte.
#include <string>

#include "server/profile/pane.h"
#include "server/profile/statistics.h"
#include "tests/fuzz/fixed_baseline.h"
#include "tests/fuzz/fuzz.h"

namespace plumbline::fuzz {

std::vector<std::string> Seeds() {
  std::vector<std::string> seeds;
  profile::Pane pane(FixedBaseline());
  seeds.push_back(profile::EncodePane(pane));
  profile::BatchView batch = FixedBatch();
  batch.columns.erase(batch.columns.begin() + 1);
  batch.columns[0].name = "unheard of";
  std::swap(batch.columns[2].name, batch.columns[4].name);  // wrong types, unseen names
  for (const profile::BatchView& rows : {FixedBatch(), batch}) {
    profile::PreparedBatch(FixedBaseline(), rows).Count(0, rows.rows, &pane);
    seeds.push_back(profile::EncodePane(pane));
  }
  for (const profile::BaselineChunk& chunk : FixedBaseline().chunks) seeds.push_back(chunk.pane);
  return seeds;
}

}  // namespace plumbline::fuzz

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace plumbline;
  const profile::Baseline& baseline = fuzz::FixedBaseline();
  const absl::string_view bytes(reinterpret_cast<const char*>(data), size);
  const auto pane = profile::DecodePane(baseline, bytes);
  if (!pane.ok()) return 0;
  const std::string again = profile::EncodePane(*pane);
  const auto reread = profile::DecodePane(baseline, again);
  fuzz::Check(reread.ok(), "a pane that was read can be stored and read again");
  fuzz::Check(profile::EncodePane(*reread) == again, "it is the same pane");
  profile::Pane sum(baseline);
  sum.Merge(*pane);
  sum.Merge(*reread);
  fuzz::Check(sum.rows == 2 * pane->rows, "panes add");
  for (size_t i = 0; i < baseline.variables.size(); ++i) {
    profile::CompareToBaseline(baseline.variables[i], sum.variables[i]);
  }
  return 0;
}
