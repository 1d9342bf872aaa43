#include "server/storage/store.h"

#include <cstdlib>
#include <filesystem>
#include <limits>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "server/storage/frame.h"
#include "server/storage/keys.h"

namespace plumbline::storage {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr int64_t kFirstMicros = std::numeric_limits<int64_t>::min();

v1::ModelRecord ModelOf(const std::string& version) {
  v1::ModelRecord record;
  record.set_default_version(version);
  record.add_versions(version);
  return record;
}

v1::AlertRecord AlertOf(const std::string& check, const std::string& variable, double value) {
  v1::AlertRecord alert;
  alert.set_check(check);
  alert.set_variable(variable);
  alert.set_source("eu");
  alert.set_value(value);
  return alert;
}

// One record of every kind; `tag` tells versions apart.
void PutAll(const std::string& model, const std::string& version, uint64_t tag,
            Store::Batch* batch) {
  batch->PutModel(model, ModelOf(version));
  v1::BaselineRecord baseline;
  baseline.set_rows(tag);
  v1::BaselineHeadRecord head;
  head.set_rows(tag);
  batch->PutBaseline(model, version, 7, baseline, head);
  v1::PolicyRecord policy;
  policy.set_pane_micros(static_cast<int64_t>(tag));
  batch->PutPolicy(model, version, policy);
  v1::ModelStateRecord state;
  state.set_rows(tag);
  batch->PutState(model, version, state);
  batch->PutPane(model, version, 3, -5, absl::StrCat("pane", tag));
  batch->PutPaneDelta(model, version, 3, -5, 1, absl::StrCat("delta", tag));
  v1::ProducerRecord producer;
  producer.set_highest(tag);
  batch->PutProducer(model, version, "p", 9, producer);
  batch->PutAlert(model, version, AlertOf("psi", "x", static_cast<double>(tag)));
}

void ExpectAll(const Store& store, const std::string& model, const std::string& version,
               uint64_t tag) {
  SCOPED_TRACE(absl::StrCat(model, " ", version));
  v1::BaselineRecord baseline;
  const absl::Status got = store.GetBaseline(model, version, 7, &baseline);
  ASSERT_TRUE(got.ok()) << got;
  EXPECT_EQ(baseline.rows(), tag);
  const auto heads = store.ListBaselineHeads(model, version);
  ASSERT_TRUE(heads.ok()) << heads.status();
  ASSERT_THAT(*heads, SizeIs(1));
  EXPECT_EQ((*heads)[0].first, 7u);
  EXPECT_EQ((*heads)[0].second.rows(), tag);
  const auto policy = store.GetPolicy(model, version);
  ASSERT_TRUE(policy.ok() && policy->has_value()) << policy.status();
  EXPECT_EQ((*policy)->pane_micros(), static_cast<int64_t>(tag));
  const auto state = store.GetState(model, version);
  ASSERT_TRUE(state.ok() && state->has_value()) << state.status();
  EXPECT_EQ((*state)->rows(), tag);
  const auto panes = store.ListPanes(model, version, 3);
  ASSERT_TRUE(panes.ok()) << panes.status();
  ASSERT_THAT(*panes, SizeIs(1));
  EXPECT_EQ((*panes)[0].start_micros, -5);
  EXPECT_EQ((*panes)[0].bytes, absl::StrCat("pane", tag));
  const auto deltas = store.ListPaneDeltas(model, version, 3);
  ASSERT_TRUE(deltas.ok()) << deltas.status();
  ASSERT_THAT(*deltas, SizeIs(1));
  EXPECT_EQ((*deltas)[0].start_micros, -5);
  EXPECT_EQ((*deltas)[0].number, 1u);
  EXPECT_EQ((*deltas)[0].bytes, absl::StrCat("delta", tag));
  const auto producers = store.ListProducers(model, version);
  ASSERT_TRUE(producers.ok()) << producers.status();
  ASSERT_THAT(*producers, SizeIs(1));
  EXPECT_EQ((*producers)[0].producer, "p");
  EXPECT_EQ((*producers)[0].epoch, 9u);
  EXPECT_EQ((*producers)[0].record.highest(), tag);
  const auto alerts = store.ListAlerts(model, version);
  ASSERT_TRUE(alerts.ok()) << alerts.status();
  ASSERT_THAT(*alerts, SizeIs(1));
  EXPECT_EQ((*alerts)[0].value(), static_cast<double>(tag));
}

void ExpectNothing(const Store& store, const std::string& model, const std::string& version) {
  v1::BaselineRecord baseline;
  EXPECT_EQ(store.GetBaseline(model, version, 7, &baseline).code(), absl::StatusCode::kNotFound);
  EXPECT_THAT(store.ListBaselineHeads(model, version).value(), IsEmpty());
  EXPECT_FALSE(store.GetPolicy(model, version).value().has_value());
  EXPECT_FALSE(store.GetState(model, version).value().has_value());
  EXPECT_THAT(store.ListPanes(model, version, 3).value(), IsEmpty());
  EXPECT_THAT(store.ListPaneDeltas(model, version, 3).value(), IsEmpty());
  EXPECT_THAT(store.ListProducers(model, version).value(), IsEmpty());
  EXPECT_THAT(store.ListAlerts(model, version).value(), IsEmpty());
}

class StoreTest : public ::testing::Test {
 protected:
  StoreTest() : env_(rocksdb::NewMemEnv(rocksdb::Env::Default())) { store_ = Open().value(); }

  absl::StatusOr<std::unique_ptr<Store>> Open() { return Store::Open("/data", {env_.get()}); }

  void Write(Store::Batch batch) {
    const absl::Status written = store_->Write(std::move(batch), true);
    ASSERT_TRUE(written.ok()) << written;
  }

  // Writes a raw value past the store, with the store closed; does not open it again.
  void PutRaw(const std::string& key, const std::string& value) {
    const absl::Status closed = store_->Close();
    ASSERT_TRUE(closed.ok()) << closed;
    rocksdb::Options options;
    options.env = env_.get();
    rocksdb::DB* raw = nullptr;
    ASSERT_TRUE(rocksdb::DB::Open(options, "/data", &raw).ok());
    const std::unique_ptr<rocksdb::DB> db(raw);
    ASSERT_TRUE(db->Put(rocksdb::WriteOptions(), key, value).ok());
  }

  const std::unique_ptr<rocksdb::Env> env_;
  std::unique_ptr<Store> store_;
};

class Folder {
 public:
  Folder() {
    std::string path = ::testing::TempDir() + "plumbline-store-XXXXXX";
    path_ = mkdtemp(path.data());
  }
  ~Folder() { std::filesystem::remove_all(path_); }
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

TEST(StoreFolder, IsHeldByOneStore) {
  const Folder folder;
  auto first = Store::Open(folder.path());
  ASSERT_TRUE(first.ok()) << first.status();
  const absl::Status second = Store::Open(folder.path()).status();
  EXPECT_EQ(second.code(), absl::StatusCode::kFailedPrecondition) << second;
  EXPECT_THAT(std::string(second.message()), AllOf(HasSubstr(folder.path()), HasSubstr("in use")));
  ASSERT_TRUE((*first)->Close().ok());
  EXPECT_TRUE(Store::Open(folder.path()).ok());
}

TEST(StoreFolder, KeepsEverythingAcrossReopening) {
  const Folder folder;
  for (const bool sync : {false, true}) {
    const std::string model = sync ? "synced" : "unsynced";
    auto store = Store::Open(folder.path());
    ASSERT_TRUE(store.ok()) << store.status();
    Store::Batch batch;
    PutAll(model, "v", 11, &batch);
    ASSERT_TRUE((*store)->Write(std::move(batch), sync).ok());
  }
  auto store = Store::Open(folder.path());
  ASSERT_TRUE(store.ok()) << store.status();
  ExpectAll(**store, "synced", "v", 11);
  ExpectAll(**store, "unsynced", "v", 11);
  EXPECT_THAT((*store)->ListModels().value(), SizeIs(2));
}

TEST_F(StoreTest, ReadsBackEveryKind) {
  Store::Batch batch;
  EXPECT_TRUE(batch.empty());
  PutAll("m", "v", 5, &batch);
  EXPECT_FALSE(batch.empty());
  Write(std::move(batch));
  ExpectAll(*store_, "m", "v", 5);
  ExpectNothing(*store_, "m", "w");
}

TEST_F(StoreTest, ListsModelsByName) {
  Store::Batch batch;
  for (const char* name : {"b", "aaa", "a", ""}) batch.PutModel(name, ModelOf(name));
  Write(std::move(batch));
  std::vector<std::string> names;
  const auto models = store_->ListModels().value();
  for (const auto& [name, record] : models) {
    names.push_back(name);
    EXPECT_EQ(record.default_version(), name);
  }
  EXPECT_THAT(names, ElementsAre("", "a", "aaa", "b"));
  Store::Batch gone;
  gone.DeleteModel("a");
  Write(std::move(gone));
  EXPECT_THAT(store_->ListModels().value(), SizeIs(3));
}

TEST_F(StoreTest, ReadsABaselineIntoARecordThatHeldAnother) {
  v1::BaselineRecord small, large;
  small.set_rows(3);
  small.add_variables()->set_name("a");
  for (const char* name : {"b", "c"}) {
    v1::VariableBaselineRecord* variable = large.add_variables();
    variable->set_name(name);
    variable->add_edges(1.5);
    variable->mutable_counts()->add_codes(4);
  }
  large.add_chunks()->set_pane("p");
  Store::Batch batch;
  batch.PutBaseline("m", "v", 1, small, {});
  batch.PutBaseline("m", "v", 2, large, {});
  Write(std::move(batch));
  v1::BaselineRecord record;
  for (const uint64_t number : {2u, 1u, 2u}) {
    const absl::Status got = store_->GetWholeBaseline("m", "v", number, &record);
    ASSERT_TRUE(got.ok()) << got;
    const v1::BaselineRecord& stored = number == 1 ? small : large;
    EXPECT_EQ(record.SerializeAsString(), stored.SerializeAsString());
  }
  const absl::Status got = store_->GetBaseline("m", "v", 2, &record);
  ASSERT_TRUE(got.ok()) << got;
  large.clear_chunks();
  EXPECT_EQ(record.SerializeAsString(), large.SerializeAsString());
  EXPECT_EQ(store_->GetBaseline("m", "v", 3, &record).code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(record.ByteSizeLong(), 0u);
}

TEST_F(StoreTest, ListsPanesByStartAndDeltasByNumber) {
  Store::Batch batch;
  for (const int64_t start : {int64_t{300}, int64_t{-1}, int64_t{0}, kFirstMicros}) {
    batch.PutPane("m", "v", 1, start, absl::StrCat(start));
    for (const uint64_t number : {300u, 2u}) {
      batch.PutPaneDelta("m", "v", 1, start, number, absl::StrCat(number));
    }
  }
  batch.PutPane("m", "v", 256, 0, "another generation");
  Write(std::move(batch));
  std::vector<int64_t> starts;
  const auto panes = store_->ListPanes("m", "v", 1).value();
  for (const StoredPane& pane : panes) {
    starts.push_back(pane.start_micros);
    EXPECT_EQ(pane.bytes, absl::StrCat(pane.start_micros));
  }
  EXPECT_THAT(starts, ElementsAre(kFirstMicros, -1, 0, 300));
  const auto deltas = store_->ListPaneDeltas("m", "v", 1).value();
  ASSERT_THAT(deltas, SizeIs(8));
  for (size_t i = 0; i < deltas.size(); ++i) {
    EXPECT_EQ(deltas[i].start_micros, starts[i / 2]);
    EXPECT_EQ(deltas[i].number, i % 2 == 0 ? 2u : 300u);
  }
}

TEST_F(StoreTest, DeletesOnlyWhatIsNamed) {
  Store::Batch batch;
  for (const uint64_t generation : {1u, 2u}) {
    for (const int64_t start : {-1, 0}) {
      batch.PutPane("m", "v", generation, start, "p");
      batch.PutPaneDelta("m", "v", generation, start, 1, "d");
    }
  }
  for (const uint64_t number : {1u, 2u}) batch.PutBaseline("m", "v", number, {}, {});
  for (const uint64_t epoch : {1u, 2u}) batch.PutProducer("m", "v", "p", epoch, {});
  batch.PutPolicy("m", "v", {});
  batch.PutAlert("m", "v", AlertOf("psi", "x", 1));
  batch.PutAlert("m", "v", AlertOf("ps", "ix", 2));
  Write(std::move(batch));

  Store::Batch gone;
  gone.DeleteGeneration("m", "v", 1);
  gone.DeletePane("m", "v", 2, 0);
  gone.DeletePaneDeltas("m", "v", 2, -1);
  gone.DeleteBaseline("m", "v", 1);
  gone.DeleteProducer("m", "v", "p", 2);
  gone.DeletePolicy("m", "v");
  gone.DeleteAlert("m", "v", "psi", "x", "eu");
  Write(std::move(gone));

  EXPECT_THAT(store_->ListPanes("m", "v", 1).value(), IsEmpty());
  EXPECT_THAT(store_->ListPaneDeltas("m", "v", 1).value(), IsEmpty());
  const auto panes = store_->ListPanes("m", "v", 2).value();
  ASSERT_THAT(panes, SizeIs(1));
  EXPECT_EQ(panes[0].start_micros, -1);
  const auto deltas = store_->ListPaneDeltas("m", "v", 2).value();
  ASSERT_THAT(deltas, SizeIs(1));
  EXPECT_EQ(deltas[0].start_micros, 0);
  v1::BaselineRecord baseline;
  EXPECT_EQ(store_->GetBaseline("m", "v", 1, &baseline).code(), absl::StatusCode::kNotFound);
  EXPECT_TRUE(store_->GetBaseline("m", "v", 2, &baseline).ok());
  EXPECT_THAT(store_->ListBaselineHeads("m", "v").value(), SizeIs(1));
  EXPECT_EQ(store_->ListProducers("m", "v").value().at(0).epoch, 1u);
  EXPECT_FALSE(store_->GetPolicy("m", "v").value().has_value());
  EXPECT_EQ(store_->ListAlerts("m", "v").value().at(0).check(), "ps");
}

TEST_F(StoreTest, DeletingAVersionLeavesItsNeighbours) {
  const std::vector<std::pair<std::string, std::string>> others = {
      {"ab", "v"}, {"a", "v2"}, {"a", ""}, {"", "av"}, {"b", "v"}, {"a", "ü\x7f"}};
  Store::Batch batch;
  PutAll("a", "v", 1, &batch);
  for (size_t i = 0; i < others.size(); ++i) {
    PutAll(others[i].first, others[i].second, i + 2, &batch);
  }
  Write(std::move(batch));
  Store::Batch gone;
  gone.DeleteVersion("a", "v");
  Write(std::move(gone));
  ExpectNothing(*store_, "a", "v");
  for (size_t i = 0; i < others.size(); ++i) {
    ExpectAll(*store_, others[i].first, others[i].second, i + 2);
  }
  EXPECT_THAT(store_->ListModels().value(), SizeIs(4));
}

TEST_F(StoreTest, AppliesABatchInItsOrder) {
  Store::Batch batch;
  batch.PutPane("m", "v", 1, 0, "old");
  batch.DeleteVersion("m", "v");
  PutAll("m", "v", 4, &batch);
  Write(std::move(batch));
  EXPECT_THAT(store_->ListPanes("m", "v", 1).value(), IsEmpty());
  ExpectAll(*store_, "m", "v", 4);
}

TEST_F(StoreTest, TellsADamagedValue) {
  const std::string key = KeyBuilder(RecordKind::kState).Text("m").Text("v").Take();
  const std::string good = Frame(key, v1::ModelStateRecord().SerializeAsString() + "\x20\x05");
  std::string flipped = good;
  flipped.back() ^= 1;
  const std::string moved =
      Frame(KeyBuilder(RecordKind::kState).Text("m").Text("w").Take(), good.substr(10));
  std::string older = good;
  older[1] = 0;
  const std::string garbage = Frame(key, "\xff\xff\xff");
  for (const std::string& value :
       {flipped, moved, older, garbage, std::string(), good.substr(0, 9)}) {
    PutRaw(key, value);
    store_ = Open().value();
    const absl::Status status = store_->GetState("m", "v").status();
    EXPECT_EQ(status.code(), absl::StatusCode::kDataLoss) << status;
    EXPECT_THAT(std::string(status.message()),
                HasSubstr("state record of model \"m\" version \"v\""));
  }
  PutRaw(key, good);
  store_ = Open().value();
  EXPECT_EQ(store_->GetState("m", "v").value()->rows(), 5u);
}

TEST_F(StoreTest, ListsStopAtADamagedValue) {
  Store::Batch batch;
  PutAll("m", "v", 1, &batch);
  Write(std::move(batch));
  const std::string key =
      KeyBuilder(RecordKind::kPane).Text("m").Text("v").Number(3).Signed(0).Take();
  std::string value = Frame(key, "pane");
  value[4] ^= 1;
  PutRaw(key, value);
  store_ = Open().value();
  EXPECT_EQ(store_->ListPanes("m", "v", 3).status().code(), absl::StatusCode::kDataLoss);
  EXPECT_TRUE(store_->ListPanes("m", "v", 4).ok());
}

TEST_F(StoreTest, RefusesAMalformedKey) {
  const std::string key = KeyBuilder(RecordKind::kPane).Text("m").Text("v").Number(3).Take() + "x";
  PutRaw(key, Frame(key, "pane"));
  store_ = Open().value();
  EXPECT_EQ(store_->ListPanes("m", "v", 3).status().code(), absl::StatusCode::kDataLoss);
}

TEST_F(StoreTest, RefusesAValueOfANewerFormat) {
  const std::string key = KeyBuilder(RecordKind::kPolicy).Text("m").Text("v").Take();
  std::string value = Frame(key, "");
  value[1] = kFormatVersion + 1;
  PutRaw(key, value);
  store_ = Open().value();
  const absl::Status status = store_->GetPolicy("m", "v").status();
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition) << status;
  EXPECT_THAT(std::string(status.message()), HasSubstr("policy record of model \"m\""));
}

TEST_F(StoreTest, RefusesAFolderOfANewerFormat) {
  const std::string key = KeyBuilder(RecordKind::kFormat).Take();
  PutRaw(key, Frame(key, absl::StrCat(kFormatVersion + 1)));
  const absl::Status status = Open().status();
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition) << status;
  EXPECT_THAT(std::string(status.message()), AllOf(HasSubstr("/data"), HasSubstr("newer")));
}

TEST_F(StoreTest, RefusesAFolderWhoseFormatIsDamaged) {
  const std::string key = KeyBuilder(RecordKind::kFormat).Take();
  PutRaw(key, Frame(key, "one"));
  EXPECT_EQ(Open().status().code(), absl::StatusCode::kDataLoss);
}

TEST_F(StoreTest, AnswersNothingAfterClose) {
  ASSERT_TRUE(store_->Close().ok());
  EXPECT_TRUE(store_->Close().ok());
  Store::Batch batch;
  batch.PutModel("m", {});
  EXPECT_EQ(store_->Write(std::move(batch), false).code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(store_->ListModels().status().code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(store_->GetPolicy("m", "v").status().code(), absl::StatusCode::kUnavailable);
}

}  // namespace
}  // namespace plumbline::storage
