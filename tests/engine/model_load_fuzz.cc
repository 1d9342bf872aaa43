// A model as it may lie on a damaged disk: any state, window, panes, deltas, producers and alerts,
// each in a sound frame. It is refused, or goes on counting, and what it then stores can be loaded.
// Input: records, each of a kind, two bytes of length and the payload.
#include <memory>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "server/engine/live_model.h"
#include "server/storage/store.h"
#include "tests/fuzz/fixed_baseline.h"
#include "tests/fuzz/fuzz.h"

namespace plumbline::fuzz {
namespace {

using engine::LiveModel;

constexpr char kVersion[] = "1";
constexpr int64_t kPane = 60'000'000;
constexpr uint64_t kGeneration = 1;
constexpr int kInputsPerStore = 1000;
const absl::Time kNow = absl::FromUnixSeconds(1'700'000'400);

enum Kind : uint8_t { kState, kPaneOf, kDelta, kBlock, kWindow, kProducer, kAlert, kKinds };

// One model after another in a store in memory, which is made anew now and then.
class Folder {
 public:
  storage::Store* store() {
    if (inputs_++ % kInputsPerStore == 0) {
      store_.reset();
      env_.reset(rocksdb::NewMemEnv(rocksdb::Env::Default()));
      store_ = storage::Store::Open("/data", {env_.get()}).value();
    }
    return store_.get();
  }
  engine::ModelKey key() const { return {absl::StrCat("m", inputs_), kVersion}; }

 private:
  int inputs_ = 0;
  std::unique_ptr<rocksdb::Env> env_;
  std::unique_ptr<storage::Store> store_;
};

template <class Record>
bool Parse(absl::string_view bytes, Record* record) {
  return record->ParseFromArray(bytes.data(), static_cast<int>(bytes.size()));
}

// The pane's start and the rest; times near those that the model lives in.
int64_t TakeStart(absl::string_view* payload) {
  const int64_t pane = payload->empty() ? 0 : static_cast<uint8_t>(payload->front());
  payload->remove_prefix(std::min<size_t>(1, payload->size()));
  return absl::ToUnixMicros(kNow) / kPane * kPane + (pane - 200) * kPane;
}

void AddRecord(uint8_t kind, absl::string_view payload, const engine::ModelKey& key,
               storage::v1::ModelStateRecord* state, storage::Store::Batch* batch) {
  switch (kind % kKinds) {
    case kState:
      if (!Parse(payload, state)) state->Clear();
      break;
    case kPaneOf: {
      const int64_t start = TakeStart(&payload);
      batch->PutPane(key.model, key.version, kGeneration, start, payload);
      break;
    }
    case kDelta: {
      const int64_t start = TakeStart(&payload);
      batch->PutPaneDelta(key.model, key.version, kGeneration, start, payload.size() % 5, payload);
      break;
    }
    case kBlock: {
      const int64_t start = TakeStart(&payload);
      batch->PutPaneBlock(key.model, key.version, kGeneration, 1, start, payload);
      break;
    }
    case kWindow: {
      storage::v1::WindowRecord record;
      if (Parse(payload, &record)) {
        batch->PutWindow(key.model, key.version, kGeneration, record);
      }
      break;
    }
    case kProducer: {
      storage::v1::ProducerRecord record;
      if (Parse(payload, &record)) batch->PutProducer(key.model, key.version, "p", 1, record);
      break;
    }
    default: {
      storage::v1::AlertRecord record;
      if (Parse(payload, &record)) batch->PutAlert(key.model, key.version, record);
    }
  }
}

checks::Policy ThePolicy() {
  checks::Policy policy = checks::DefaultPolicy();
  policy.pane = absl::Microseconds(kPane);
  policy.window_panes = 12;
  policy.allowed_lateness = absl::ZeroDuration();
  return policy;
}

absl::StatusOr<std::unique_ptr<LiveModel>> Load(const engine::ModelKey& key,
                                                const storage::v1::ModelStateRecord& state,
                                                const storage::Store& store) {
  static const auto* const baseline =
      new std::shared_ptr<const profile::Baseline>(&FixedBaseline(), [](const auto*) {});
  return LiveModel::Load(key, *baseline, ThePolicy(), state, store);
}

// Rows, a report, and what Commit adds, written.
void GoOn(LiveModel* model, storage::Store* store) {
  for (int64_t pane = 0; pane < 3; ++pane) {
    engine::IngestBatch batch;
    batch.key = model->key();
    batch.number = {"p", 1, static_cast<uint64_t>(pane) + 5};
    batch.view = FixedBatch();
    batch.view.row_event_micros = {};
    batch.view.event_micros = absl::ToUnixMicros(kNow) + pane * kPane;
    const engine::IngestOutcome outcome = model->Ingest(batch, kNow);
    Check(outcome.rows_counted + outcome.rows_late == batch.view.rows ||
              outcome.result != engine::IngestOutcome::Result::kCounted,
          "every row is counted");
  }
  model->Tick(kNow + absl::Seconds(10));
  model->MakeReport(kNow, {}).IgnoreError();
  model->Snapshot();
  storage::Store::Batch batch;
  model->Commit(&batch);
  Check(store->Write(std::move(batch), /*sync=*/false).ok(), "it can be stored");
}

std::string RecordOf(Kind kind, absl::string_view payload) {
  std::string bytes;
  bytes.push_back(static_cast<char>(kind));
  bytes.push_back(static_cast<char>(payload.size() & 0xff));
  bytes.push_back(static_cast<char>(payload.size() >> 8));
  return absl::StrCat(bytes, payload);
}

std::string OnePane() {
  profile::Pane pane(FixedBaseline());
  profile::PreparedBatch(FixedBaseline(), FixedBatch()).Count(0, 60, &pane);
  return profile::EncodePane(pane);
}

}  // namespace

std::vector<std::string> Seeds() {
  const int64_t start = absl::ToUnixMicros(kNow) / kPane * kPane;
  storage::v1::ModelStateRecord state;
  state.set_active_baseline(1);
  state.set_generation(kGeneration);
  state.set_rows(180);
  state.set_closed_until_micros(start - kPane);
  state.set_gathering_since_micros(start - 3 * kPane);
  auto* source = state.add_sources();
  source->set_source("eu");
  source->set_newest_event_micros(start);
  source->set_last_arrival_micros(start);
  storage::v1::WindowRecord window;
  auto* const index = window.add_levels();
  for (const int64_t pane : {3, 2}) {
    index->add_starts(start - pane * kPane);
    index->add_rows(60);
  }
  window.set_sum(OnePane());
  window.set_sum_from(start - 12 * kPane);
  storage::v1::ProducerRecord producer;
  producer.set_highest(7);
  auto* hole = producer.add_holes();
  hole->set_first(3);
  hole->set_last(5);
  storage::v1::AlertRecord alert;
  alert.set_check("null_rate");
  alert.set_variable("age");
  alert.set_state(2);
  alert.set_baseline_number(1);
  const std::string model = RecordOf(kState, state.SerializeAsString());
  const std::string live = absl::StrCat(RecordOf(kPaneOf, absl::StrCat("\xc5", OnePane())),
                                        RecordOf(kPaneOf, absl::StrCat("\xc6", OnePane())),
                                        RecordOf(kDelta, absl::StrCat("\xc8", OnePane())),
                                        RecordOf(kWindow, window.SerializeAsString()),
                                        RecordOf(kProducer, producer.SerializeAsString()),
                                        RecordOf(kAlert, alert.SerializeAsString()));
  return {model, absl::StrCat(model, live)};
}

}  // namespace plumbline::fuzz

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace plumbline;
  static auto* const folder = new fuzz::Folder;
  storage::Store* const store = folder->store();
  const engine::ModelKey key = folder->key();
  storage::v1::ModelStateRecord state;
  storage::Store::Batch batch;
  absl::string_view input(reinterpret_cast<const char*>(data), size);
  while (input.size() >= 3) {
    const auto kind = static_cast<uint8_t>(input[0]);
    const size_t length = static_cast<uint8_t>(input[1]) + 256u * static_cast<uint8_t>(input[2]);
    fuzz::AddRecord(kind, input.substr(3, length), key, &state, &batch);
    input.remove_prefix(std::min(input.size(), 3 + length));
  }
  state.set_active_baseline(1);
  state.set_generation(fuzz::kGeneration);
  fuzz::Check(store->Write(std::move(batch), /*sync=*/false).ok(), "records can be stored");
  auto model = fuzz::Load(key, state, *store);
  if (!model.ok()) {
    fuzz::Check(!model.status().message().empty(), "a refusal has words");
    return 0;
  }
  fuzz::GoOn(model->get(), store);
  const auto stored = store->GetState(key.model, key.version);
  fuzz::Check(stored.ok() && stored->has_value(), "its state is stored");
  const auto again = fuzz::Load(key, **stored, *store);
  fuzz::Check(again.ok(), "what a model stores can be loaded");
  fuzz::Check((*again)->Snapshot()->rows == (*model)->Snapshot()->rows, "all its rows are there");
  return 0;
}
