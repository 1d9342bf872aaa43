// The bytes of an IngestRequest, all the way to counts: what passes validation must be counted row
// for row.
#include <cmath>
#include <string>

#include "plumbline/v1/ingest_service.pb.h"
#include "server/profile/pane.h"
#include "server/transport/ingest_message.h"
#include "server/transport/message.h"
#include "server/transport/wire_batch.h"
#include "tests/fuzz/fixed_baseline.h"
#include "tests/fuzz/fuzz.h"
#include "tests/transport/whole_request.h"

namespace plumbline::fuzz {
namespace {

using profile::Pane;

bool SameCounts(const Pane& a, const Pane& b) {
  if (a.rows != b.rows || a.unknown_variables != b.unknown_variables) return false;
  for (size_t i = 0; i < a.variables.size(); ++i) {
    const profile::VariableCounts &x = a.variables[i], &y = b.variables[i];
    if (x.codes != y.codes || x.nulls != y.nulls || x.nans != y.nans || x.absent != y.absent ||
        x.wrong_type != y.wrong_type || x.positive_infinities != y.positive_infinities ||
        x.negative_infinities != y.negative_infinities || x.moments.count() != y.moments.count()) {
      return false;
    }
  }
  return true;
}

void CountAndCompare(const profile::BatchView& view) {
  const profile::PreparedBatch prepared(FixedBaseline(), view);
  Pane whole(FixedBaseline());
  prepared.Count(0, view.rows, &whole);
  Check(whole.rows == view.rows, "every row is counted");

  const uint32_t cut = view.rows / 3;
  Pane first(FixedBaseline()), second(FixedBaseline());
  prepared.Count(0, cut, &first);
  prepared.Count(cut, view.rows, &second);
  first.Merge(second);
  Check(SameCounts(first, whole), "a batch counted in two parts gives the same counts");

  // DecodePane refuses counters that do not add up.
  const std::string bytes = profile::EncodePane(whole);
  const auto decoded = profile::DecodePane(FixedBaseline(), bytes);
  Check(decoded.ok(), "what was counted can be stored and read");
  Check(profile::EncodePane(*decoded) == bytes, "a stored pane keeps all it was told");
}

v1::Batch SeedBatch(uint32_t rows) {
  v1::Batch batch;
  batch.set_row_count(rows);
  const char* const names[] = {"age", "heat", "items", "member", "city", "code", "score", "new"};
  for (const char* name : names) batch.add_columns()->set_name(name);
  for (uint32_t row = 0; row < rows; ++row) {
    batch.mutable_columns(0)->mutable_double_values()->add_values(row == 1 ? std::nan("")
                                                                           : 18 + row);
    batch.mutable_columns(1)->mutable_float_values()->add_values(36.6f);
    batch.mutable_columns(2)->mutable_int64_values()->add_values(row % 20);
    batch.mutable_columns(3)->mutable_bool_values()->add_values(row % 2 == 0);
    batch.mutable_columns(4)->mutable_dictionary_values()->add_indices(row % 2);
    batch.mutable_columns(5)->mutable_int64_values()->add_values(100 + row % 7);
    batch.mutable_columns(6)->mutable_double_values()->add_values(row == 0 ? HUGE_VAL : 0.5);
    batch.mutable_columns(7)->mutable_string_values()->add_values("a value");
  }
  auto* dictionary = batch.mutable_columns(4)->mutable_dictionary_values();
  dictionary->add_dictionary("city3");
  dictionary->add_dictionary("nowhere");
  batch.mutable_columns(0)->set_validity(std::string((rows + 7) / 8, '\xfd'));
  batch.mutable_columns(6)->set_role(v1::ROLE_PREDICTION);
  batch.set_source("eu");
  return batch;
}

}  // namespace

std::vector<std::string> Seeds() {
  std::vector<std::string> seeds;
  for (const uint32_t rows : {1, 3, 20}) {
    v1::IngestRequest request;
    v1::NumberedBatch* batch = request.mutable_batch();
    batch->set_model("fuzz");
    batch->mutable_number()->set_producer("p");
    batch->mutable_number()->set_epoch(7);
    batch->mutable_number()->set_sequence(rows);
    *batch->mutable_batch() = SeedBatch(rows);
    if (rows == 1) batch->mutable_batch()->mutable_event_time()->set_seconds(1'700'000'000);
    if (rows == 3) {
      for (int64_t row = 0; row < 3; ++row) {
        batch->mutable_batch()->mutable_event_times()->add_unix_micros(1'700'000'000'000'000 + row);
        batch->mutable_batch()->mutable_row_ids()->mutable_int64_values()->add_values(row);
      }
    }
    seeds.push_back(request.SerializeAsString());
  }
  v1::IngestRequest skip;
  skip.mutable_skip_range()->set_producer("p");
  skip.mutable_skip_range()->set_last_sequence(9);
  seeds.push_back(skip.SerializeAsString());
  return seeds;
}

}  // namespace plumbline::fuzz

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace plumbline;
  const absl::string_view bytes(reinterpret_cast<const char*>(data), size);
  const grpc::ByteBuffer buffer = testing::InSlices(bytes, size == 0 ? 1 : 1 + data[size - 1]);
  const transport::Message<v1::IngestRequest> plain(buffer);
  const transport::IngestMessage message(buffer, {.least_bytes = 0, .least_column_bytes = 1});
  fuzz::Check(plain.sound() == message.sound(), "values left in the bytes do not matter");
  if (!message.sound() || !message.get().has_batch()) return 0;
  fuzz::Check(plain.get().SerializeAsString() == testing::WholeOf(message).SerializeAsString(),
              "values left in the bytes are those of the message");
  const v1::Batch& batch = message.get().batch().batch();
  const bool wire_sound = transport::ValidateWire(batch).empty();
  if (!wire_sound) return 0;
  const profile::BatchView view = transport::ViewOf(batch, message.values());
  if (profile::ValidateBatch(view).empty()) fuzz::CountAndCompare(view);
  return 0;
}
