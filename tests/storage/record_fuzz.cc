// Keys, frames and baseline records as they may lie on a damaged disk.
// Input: the key's length, the key, and the value; or behind a 0xff: a baseline record.
#include <algorithm>
#include <string>

#include "server/profile/pane.h"
#include "server/storage/baseline_record.h"
#include "server/storage/frame.h"
#include "server/storage/keys.h"
#include "tests/fuzz/fixed_baseline.h"
#include "tests/fuzz/fuzz.h"

namespace plumbline::fuzz {
namespace {

constexpr char kBaselineMark = '\xff';

void RunFrame(absl::string_view key, absl::string_view value) {
  storage::DescribeKey(key);
  storage::PrefixEnd(std::string(key));
  storage::KeyReader parts(key, 1);
  parts.Text();
  parts.Number();
  parts.Signed();
  parts.Text();
  const auto payload = storage::Unframe(key, value);
  if (!payload.ok()) return;
  Check(storage::Frame(key, *payload) == value, "a frame that is accepted is the one of its key");
}

void RunBaseline(absl::string_view bytes) {
  storage::v1::BaselineRecord record;
  if (!record.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) return;
  const auto baseline = storage::FromRecord(record);
  if (!baseline.ok()) return;
  const std::string stored = storage::ToRecord(*baseline).SerializeAsString();
  storage::v1::BaselineRecord again;
  Check(again.ParseFromString(stored), "a baseline that was read can be stored and read again");
  const auto reread = storage::FromRecord(again);
  Check(reread.ok(), "and is sound then");
  Check(storage::ToRecord(*reread).SerializeAsString() == stored, "it is the same baseline");
  storage::HeadOf(*baseline);
  // It counts whatever comes.
  profile::Pane pane(*baseline);
  profile::PreparedBatch(*baseline, FixedBatch()).Count(0, FixedBatch().rows, &pane);
  Check(profile::DecodePane(*baseline, profile::EncodePane(pane)).ok(), "its panes can be stored");
}

}  // namespace

std::vector<std::string> Seeds() {
  std::vector<std::string> seeds;
  const auto add = [&seeds](const std::string& key, absl::string_view payload) {
    seeds.push_back(std::string(1, static_cast<char>(key.size())) + key +
                    storage::Frame(key, payload));
  };
  add(storage::KeyBuilder(storage::RecordKind::kModel).Text("m").Take(), "payload");
  add(storage::KeyBuilder(storage::RecordKind::kPane)
          .Text("m")
          .Text("1")
          .Number(3)
          .Signed(-5)
          .Take(),
      profile::EncodePane(profile::Pane(FixedBaseline())));
  seeds.push_back(kBaselineMark + storage::ToRecord(FixedBaseline()).SerializeAsString());
  return seeds;
}

}  // namespace plumbline::fuzz

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace plumbline;
  if (size == 0) return 0;
  const absl::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  if (static_cast<char>(data[0]) == fuzz::kBaselineMark) {
    fuzz::RunBaseline(bytes);
  } else {
    fuzz::RunFrame(bytes.substr(0, data[0]), bytes.substr(std::min<size_t>(data[0], bytes.size())));
  }
  return 0;
}
