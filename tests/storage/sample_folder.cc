#include "tests/storage/sample_folder.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "server/profile/pane.h"
#include "server/storage/baseline_record.h"
#include "tests/fuzz/fixed_baseline.h"

namespace plumbline::storage {
namespace {

constexpr char kVersion[] = "1";
constexpr uint64_t kGeneration = 3;
constexpr int64_t kBlock = 8;  // panes

// So many times the rows of the fixed batch.
std::string PaneOf(int64_t times) {
  profile::Pane pane(fuzz::FixedBaseline());
  const profile::PreparedBatch prepared(fuzz::FixedBaseline(), fuzz::FixedBatch());
  for (int64_t i = 0; i < times; ++i) prepared.Count(0, fuzz::FixedBatch().rows, &pane);
  return profile::EncodePane(pane);
}

void AddIndex(int64_t count, int64_t panes_each, v1::WindowRecord* window) {
  v1::PaneIndexRecord* const index = window->add_levels();
  for (int64_t i = 0; i < count; ++i) {
    index->add_starts(i * panes_each * kSamplePaneMicros);
    index->add_rows(static_cast<uint64_t>(panes_each) * fuzz::FixedBatch().rows);
  }
}

void PutPanes(const std::string& model, Store::Batch* batch) {
  static const std::string pane = PaneOf(1), block = PaneOf(kBlock), sum = PaneOf(kSamplePanes);
  for (int64_t i = 0; i < kSamplePanes; ++i) {
    batch->PutPane(model, kVersion, kGeneration, i * kSamplePaneMicros, pane);
  }
  for (int64_t i = 0; i < kSamplePanes / kBlock; ++i) {
    batch->PutPaneBlock(model, kVersion, kGeneration, 1, i * kBlock * kSamplePaneMicros, block);
  }
  v1::WindowRecord window;
  AddIndex(kSamplePanes, 1, &window);
  AddIndex(kSamplePanes / kBlock, kBlock, &window);
  window.set_sum(sum);
  batch->PutWindow(model, kVersion, kGeneration, window);
  for (uint64_t number = 0; number < 3; ++number) {
    batch->PutPaneDelta(model, kVersion, kGeneration, kSamplePanes * kSamplePaneMicros, number,
                        pane);
  }
}

void PutModel(const std::string& name, Store::Batch* batch) {
  v1::ModelRecord model;
  model.set_default_version(kVersion);
  model.add_versions(kVersion);
  (*model.mutable_last_baselines())[kVersion] = 1;
  batch->PutModel(name, model);
  profile::Baseline baseline = fuzz::FixedBaseline();
  baseline.model = name;
  batch->PutBaseline(name, kVersion, 1, ToRecord(baseline), HeadOf(baseline));
  v1::PolicyRecord policy;
  policy.set_pane_micros(kSamplePaneMicros);
  batch->PutPolicy(name, kVersion, policy);
  v1::ModelStateRecord state;
  state.set_active_baseline(1);
  state.set_generation(kGeneration);
  state.set_rows((kSamplePanes + 3) * fuzz::FixedBatch().rows);
  state.set_closed_until_micros(kSamplePanes * kSamplePaneMicros);
  batch->PutState(name, kVersion, state);
  PutPanes(name, batch);
  v1::ProducerRecord producer;
  producer.set_highest(100);
  batch->PutProducer(name, kVersion, "p", 7, producer);
  v1::ProducerEnvironmentRecord environment;
  (*environment.mutable_environment()->mutable_packages())["numpy"] = "1.26.4";
  batch->PutEnvironment(name, kVersion, "p", environment);
  v1::LoadRecord load;
  load.set_rows(17);
  batch->PutLoad(name, kVersion, "monday.csv", load);
  v1::SplitRecord split;
  split.set_name("cv");
  batch->PutSplit(name, kVersion, 1, split);
  v1::GoldenRowsRecord golden;
  golden.set_rows(1);
  batch->PutGoldenRows(name, kVersion, 1, golden);
  batch->PutGoldenResult(name, kVersion, 1, 0, {});
  v1::AlertRecord alert;
  alert.set_check("null_rate");
  alert.set_variable("age");
  alert.set_baseline_number(1);
  batch->PutAlert(name, kVersion, alert);
  v1::OnCallRecord on_call;
  on_call.add_mutes()->set_check("drift");
  batch->PutOnCall(name, kVersion, on_call);
}

absl::Status ReadWindow(const Store& store, const std::string& name, uint64_t generation,
                        FolderContents* all) {
  const auto window = store.GetWindow(name, kVersion, generation);
  if (!window.ok()) return window.status();
  if (!window->has_value()) return absl::OkStatus();
  (*all)[name + " window"] = (*window)->SerializeAsString();
  for (int level = 1; level < (*window)->levels_size(); ++level) {
    for (const int64_t start : (*window)->levels(level).starts()) {
      const auto block =
          store.GetPaneBlock(name, kVersion, generation, static_cast<uint32_t>(level), start);
      if (!block.ok()) return block.status();
      (*all)[absl::StrCat(name, " block ", level, " ", start)] = *block;
    }
  }
  return absl::OkStatus();
}

absl::Status ReadLive(const Store& store, const std::string& name, FolderContents* all) {
  const auto state = store.GetState(name, kVersion);
  if (!state.ok() || !state->has_value()) return state.status();
  (*all)[name + " state"] = (*state)->SerializeAsString();
  const uint64_t generation = (*state)->generation();
  const auto panes = store.ListPanes(name, kVersion, generation);
  const auto deltas = store.ListPaneDeltas(name, kVersion, generation);
  const auto producers = store.ListProducers(name, kVersion);
  const auto alerts = store.ListAlerts(name, kVersion);
  const auto environments = store.ListEnvironments(name, kVersion);
  for (const absl::Status& status : {panes.status(), deltas.status(), producers.status(),
                                     alerts.status(), environments.status()}) {
    if (!status.ok()) return status;
  }
  for (const StoredPane& pane : *panes) {
    (*all)[absl::StrCat(name, " pane ", pane.start_micros)] = pane.bytes;
  }
  for (const StoredPaneDelta& delta : *deltas) {
    (*all)[absl::StrCat(name, " delta ", delta.start_micros, " ", delta.number)] = delta.bytes;
  }
  for (const StoredProducer& producer : *producers) {
    (*all)[absl::StrCat(name, " producer ", producer.producer, producer.epoch)] =
        producer.record.SerializeAsString();
  }
  for (const StoredEnvironment& environment : *environments) {
    (*all)[absl::StrCat(name, " environment ", environment.producer)] =
        environment.record.SerializeAsString();
  }
  for (const v1::AlertRecord& alert : *alerts) {
    (*all)[absl::StrCat(name, " alert ", alert.check())] = alert.SerializeAsString();
  }
  return ReadWindow(store, name, generation, all);
}

// What lies beside a baseline.
absl::Status ReadBeside(const Store& store, const std::string& name, uint64_t number,
                        FolderContents* all) {
  const auto splits = store.ListSplits(name, kVersion, number);
  const auto golden = store.GetGoldenRows(name, kVersion, number);
  const auto results = store.ListGoldenResults(name, kVersion, number);
  for (const absl::Status& status : {splits.status(), golden.status(), results.status()}) {
    if (!status.ok()) return status;
  }
  for (const v1::SplitRecord& split : *splits) {
    (*all)[absl::StrCat(name, " split ", number, split.name())] = split.SerializeAsString();
  }
  if (golden->has_value()) {
    (*all)[absl::StrCat(name, " golden ", number)] = (*golden)->SerializeAsString();
  }
  for (const auto& [row, result] : *results) {
    (*all)[absl::StrCat(name, " golden ", number, " ", row)] = result.SerializeAsString();
  }
  return absl::OkStatus();
}

absl::Status ReadModel(const Store& store, const std::string& name, FolderContents* all) {
  const auto heads = store.ListBaselineHeads(name, kVersion);
  if (!heads.ok()) return heads.status();
  for (const auto& [number, head] : *heads) {
    v1::BaselineRecord baseline;
    absl::Status got = store.GetWholeBaseline(name, kVersion, number, &baseline);
    if (!got.ok()) return got;
    (*all)[absl::StrCat(name, " head ", number)] = head.SerializeAsString();
    (*all)[absl::StrCat(name, " baseline ", number)] = baseline.SerializeAsString();
    if (absl::Status read = ReadBeside(store, name, number, all); !read.ok()) return read;
  }
  const auto policy = store.GetPolicy(name, kVersion);
  if (!policy.ok()) return policy.status();
  if (policy->has_value()) (*all)[name + " policy"] = (*policy)->SerializeAsString();
  return ReadLive(store, name, all);
}

}  // namespace

std::string SampleModel(int index) { return absl::StrCat("m", index); }

void FillSample(Store* store, int first_model, int step) {
  for (int i = first_model; i < kSampleModels; i += step) {
    Store::Batch batch;
    PutModel(SampleModel(i), &batch);
    EXPECT_TRUE(store->Write(std::move(batch), /*sync=*/true).ok());
  }
}

std::optional<FolderContents> ReadContents(const std::filesystem::path& dir,
                                           absl::Status* refusal) {
  auto store = Store::Open(dir);
  *refusal = store.status();
  if (!store.ok()) return std::nullopt;
  const auto models = (*store)->ListModels();
  *refusal = models.status();
  if (!models.ok()) return std::nullopt;
  FolderContents all;
  for (const auto& [name, model] : *models) {
    all[name] = model.SerializeAsString();
    *refusal = ReadModel(**store, name, &all);
    if (!refusal->ok()) return std::nullopt;
  }
  all["missing commits"] = absl::StrCat((*store)->missing_commits());
  return all;
}

}  // namespace plumbline::storage
