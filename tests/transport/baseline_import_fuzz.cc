// A baseline that a stranger exports: refused, or so sound that everything that reads baselines can
// read it.
#include <string>

#include "server/profile/pane.h"
#include "server/stats/hash.h"
#include "server/transport/convert.h"
#include "server/transport/portable_baseline.h"
#include "tests/fuzz/fixed_baseline.h"
#include "tests/fuzz/fuzz.h"

namespace plumbline::fuzz {

std::vector<std::string> Seeds() {
  std::vector<std::string> seeds;
  v1::PortableBaseline portable = transport::ToPortable(FixedBaseline());
  seeds.push_back(portable.SerializeAsString());
  profile::Baseline small = FixedBaseline();
  small.chunks.clear();
  small.sample = {};
  seeds.push_back(transport::ToPortable(small).SerializeAsString());
  return seeds;
}

}  // namespace plumbline::fuzz

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace plumbline;
  v1::PortableBaseline portable;
  if (!portable.ParseFromArray(data, static_cast<int>(size))) return 0;
  // A stranger computes the checksum that suits him.
  portable.set_checksum(stats::HashBytes(portable.content()));
  const auto baseline = transport::FromPortable(portable);
  if (!baseline.ok()) return 0;
  fuzz::Check(transport::FromPortable(transport::ToPortable(*baseline)).ok(),
              "an imported baseline can be exported and imported");
  transport::ToWire(engine::BaselineInfo(), *baseline).SerializeAsString();
  for (const profile::BaselineChunk& chunk : baseline->chunks) {
    const auto pane = profile::DecodePane(*baseline, chunk.pane);
    fuzz::Check(pane.ok(), "its chunks are panes of it");
    for (size_t i = 0; i < baseline->variables.size(); ++i) {
      profile::CompareToBaseline(baseline->variables[i], pane->variables[i]);
    }
  }
  return 0;
}
