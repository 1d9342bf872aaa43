#include "server/storage/frame.h"
#include "server/storage/keys.h"
#include "server/storage/store.h"

namespace plumbline::storage {
namespace {

using absl::string_view;

std::string AlertKey(string_view model, string_view version, string_view check,
                     string_view variable, string_view source, string_view slice) {
  KeyBuilder key = KeyOf(RecordKind::kAlert, model, version);
  key.Text(check).Text(variable).Text(source);
  if (!slice.empty()) key.Text(slice);
  return key.Take();
}

KeyBuilder& AddId(absl::uint128 id, KeyBuilder* key) {
  return key->Number(absl::Uint128High64(id)).Number(absl::Uint128Low64(id));
}

std::string JoinRowKey(const LabelHome& home, absl::uint128 id) {
  KeyBuilder key = LabelKey(RecordKind::kJoinRow, home);
  return AddId(id, &key).Take();
}

std::string JoinTimeKey(const LabelHome& home, int64_t micros, absl::uint128 id) {
  KeyBuilder key = LabelKey(RecordKind::kJoinTime, home);
  return AddId(id, &key.Signed(micros)).Take();
}

}  // namespace

void Store::Batch::Put(std::string key, string_view payload) {
  writes_.Put(key, Frame(key, payload));
}

void Store::Batch::DeletePrefix(const std::string& prefix) {
  writes_.DeleteRange(prefix, PrefixEnd(prefix));
}

void Store::Batch::PutModel(string_view model, const v1::ModelRecord& record) {
  Put(KeyBuilder(RecordKind::kModel).Text(model).Take(), record.SerializeAsString());
}

void Store::Batch::DeleteModel(string_view model) {
  writes_.Delete(KeyBuilder(RecordKind::kModel).Text(model).Take());
}

void Store::Batch::PutBaseline(string_view model, string_view version, uint64_t number,
                               v1::BaselineRecord record, const v1::BaselineHeadRecord& head) {
  v1::BaselineRecord detail;
  detail.mutable_chunks()->Swap(record.mutable_chunks());
  detail.set_sample_rows(record.sample_rows());
  record.clear_sample_rows();
  detail.mutable_sample()->Swap(record.mutable_sample());
  detail.mutable_seasons()->swap(*record.mutable_seasons());
  Put(KeyOf(RecordKind::kBaselineDetail, model, version).Number(number).Take(),
      detail.SerializeAsString());
  Put(KeyOf(RecordKind::kBaseline, model, version).Number(number).Take(),
      record.SerializeAsString());
  Put(KeyOf(RecordKind::kBaselineHead, model, version).Number(number).Take(),
      head.SerializeAsString());
}

void Store::Batch::DeleteBaseline(string_view model, string_view version, uint64_t number) {
  writes_.Delete(KeyOf(RecordKind::kBaseline, model, version).Number(number).Take());
  writes_.Delete(KeyOf(RecordKind::kBaselineHead, model, version).Number(number).Take());
  writes_.Delete(KeyOf(RecordKind::kBaselineDetail, model, version).Number(number).Take());
  DeletePrefix(KeyOf(RecordKind::kSplit, model, version).Number(number).Take());
  DeleteGoldenRows(model, version, number);
}

void Store::Batch::PutPolicy(string_view model, string_view version,
                             const v1::PolicyRecord& record) {
  Put(KeyOf(RecordKind::kPolicy, model, version).Take(), record.SerializeAsString());
}

void Store::Batch::DeletePolicy(string_view model, string_view version) {
  writes_.Delete(KeyOf(RecordKind::kPolicy, model, version).Take());
}

void Store::Batch::PutState(string_view model, string_view version,
                            const v1::ModelStateRecord& record) {
  Put(KeyOf(RecordKind::kState, model, version).Take(), record.SerializeAsString());
}

void Store::Batch::PutPane(string_view model, string_view version, uint64_t generation,
                           int64_t pane_start_micros, string_view bytes) {
  Put(KeyOf(RecordKind::kPane, model, version).Number(generation).Signed(pane_start_micros).Take(),
      bytes);
}

void Store::Batch::PutPaneDelta(string_view model, string_view version, uint64_t generation,
                                int64_t pane_start_micros, uint64_t delta_number,
                                string_view bytes) {
  Put(KeyOf(RecordKind::kPaneDelta, model, version)
          .Number(generation)
          .Signed(pane_start_micros)
          .Number(delta_number)
          .Take(),
      bytes);
}

void Store::Batch::DeletePane(string_view model, string_view version, uint64_t generation,
                              int64_t pane_start_micros) {
  writes_.Delete(
      KeyOf(RecordKind::kPane, model, version).Number(generation).Signed(pane_start_micros).Take());
}

void Store::Batch::PutPaneBlock(string_view model, string_view version, uint64_t generation,
                                uint32_t level, int64_t start_micros, string_view bytes) {
  Put(KeyOf(RecordKind::kPaneBlock, model, version)
          .Number(generation)
          .Number(level)
          .Signed(start_micros)
          .Take(),
      bytes);
}

void Store::Batch::DeletePaneBlock(string_view model, string_view version, uint64_t generation,
                                   uint32_t level, int64_t start_micros) {
  writes_.Delete(KeyOf(RecordKind::kPaneBlock, model, version)
                     .Number(generation)
                     .Number(level)
                     .Signed(start_micros)
                     .Take());
}

void Store::Batch::PutWindow(string_view model, string_view version, uint64_t generation,
                             const v1::WindowRecord& record) {
  Put(KeyOf(RecordKind::kWindow, model, version).Number(generation).Take(),
      record.SerializeAsString());
}

void Store::Batch::DeletePaneDeltas(string_view model, string_view version, uint64_t generation,
                                    int64_t pane_start_micros) {
  DeletePrefix(KeyOf(RecordKind::kPaneDelta, model, version)
                   .Number(generation)
                   .Signed(pane_start_micros)
                   .Take());
}

void Store::Batch::DeleteGeneration(string_view model, string_view version, uint64_t generation) {
  for (const RecordKind kind :
       {RecordKind::kPane, RecordKind::kPaneDelta, RecordKind::kPaneBlock, RecordKind::kWindow}) {
    DeletePrefix(KeyOf(kind, model, version).Number(generation).Take());
  }
}

void Store::Batch::PutProducer(string_view model, string_view version, string_view producer,
                               uint64_t epoch, const v1::ProducerRecord& record) {
  Put(KeyOf(RecordKind::kProducer, model, version).Text(producer).Number(epoch).Take(),
      record.SerializeAsString());
}

void Store::Batch::DeleteProducer(string_view model, string_view version, string_view producer,
                                  uint64_t epoch) {
  writes_.Delete(KeyOf(RecordKind::kProducer, model, version).Text(producer).Number(epoch).Take());
}

void Store::Batch::PutEnvironment(string_view model, string_view version, string_view producer,
                                  const v1::ProducerEnvironmentRecord& record) {
  Put(KeyOf(RecordKind::kEnvironment, model, version).Text(producer).Take(),
      record.SerializeAsString());
}

void Store::Batch::DeleteEnvironment(string_view model, string_view version, string_view producer) {
  writes_.Delete(KeyOf(RecordKind::kEnvironment, model, version).Text(producer).Take());
}

void Store::Batch::PutLoad(string_view model, string_view version, string_view load,
                           const v1::LoadRecord& record) {
  Put(KeyOf(RecordKind::kLoad, model, version).Text(load).Take(), record.SerializeAsString());
}

void Store::Batch::DeleteLoad(string_view model, string_view version, string_view load) {
  writes_.Delete(KeyOf(RecordKind::kLoad, model, version).Text(load).Take());
}

void Store::Batch::PutSplit(string_view model, string_view version, uint64_t number,
                            const v1::SplitRecord& record) {
  Put(KeyOf(RecordKind::kSplit, model, version).Number(number).Text(record.name()).Take(),
      record.SerializeAsString());
}

void Store::Batch::DeleteSplit(string_view model, string_view version, uint64_t number,
                               string_view name) {
  writes_.Delete(KeyOf(RecordKind::kSplit, model, version).Number(number).Text(name).Take());
}

void Store::Batch::PutGoldenRows(string_view model, string_view version, uint64_t number,
                                 const v1::GoldenRowsRecord& record) {
  DeleteGoldenRows(model, version, number);
  Put(KeyOf(RecordKind::kGoldenRows, model, version).Number(number).Take(),
      record.SerializeAsString());
}

void Store::Batch::DeleteGoldenRows(string_view model, string_view version, uint64_t number) {
  writes_.Delete(KeyOf(RecordKind::kGoldenRows, model, version).Number(number).Take());
  DeleteGoldenResults(model, version, number);
}

void Store::Batch::DeleteGoldenResults(string_view model, string_view version, uint64_t number) {
  DeletePrefix(KeyOf(RecordKind::kGoldenResult, model, version).Number(number).Take());
}

void Store::Batch::PutGoldenResult(string_view model, string_view version, uint64_t number,
                                   uint64_t row, const v1::GoldenResultRecord& record) {
  Put(KeyOf(RecordKind::kGoldenResult, model, version).Number(number).Number(row).Take(),
      record.SerializeAsString());
}

void Store::Batch::PutAlert(string_view model, string_view version, const v1::AlertRecord& alert) {
  Put(AlertKey(model, version, alert.check(), alert.variable(), alert.source(), alert.slice()),
      alert.SerializeAsString());
}

void Store::Batch::DeleteAlert(string_view model, string_view version, string_view check,
                               string_view variable, string_view source, string_view slice) {
  writes_.Delete(AlertKey(model, version, check, variable, source, slice));
}

void Store::Batch::PutOnCall(string_view model, string_view version,
                             const v1::OnCallRecord& record) {
  Put(KeyOf(RecordKind::kOnCall, model, version).Take(), record.SerializeAsString());
}

void Store::Batch::PutJoinRow(const LabelHome& home, absl::uint128 id, string_view bytes) {
  Put(JoinRowKey(home, id), bytes);
}

void Store::Batch::DeleteJoinRow(const LabelHome& home, absl::uint128 id) {
  writes_.Delete(JoinRowKey(home, id));
}

void Store::Batch::PutJoinTime(const LabelHome& home, int64_t micros, absl::uint128 id) {
  Put(JoinTimeKey(home, micros, id), "");
}

void Store::Batch::DeleteJoinTime(const LabelHome& home, int64_t micros, absl::uint128 id) {
  writes_.Delete(JoinTimeKey(home, micros, id));
}

void Store::Batch::PutPerformanceSlice(const LabelHome& home, int64_t start_micros,
                                       string_view bytes) {
  Put(LabelKey(RecordKind::kPerformanceSlice, home).Signed(start_micros).Take(), bytes);
}

void Store::Batch::DeletePerformanceSlice(const LabelHome& home, int64_t start_micros) {
  writes_.Delete(LabelKey(RecordKind::kPerformanceSlice, home).Signed(start_micros).Take());
}

void Store::Batch::PutLabelState(const LabelHome& home, const v1::LabelStateRecord& record) {
  Put(LabelKey(RecordKind::kLabelState, home).Take(), record.SerializeAsString());
}

void Store::Batch::DeleteLabels(const LabelHome& home) {
  for (const RecordKind kind : {RecordKind::kJoinRow, RecordKind::kJoinTime,
                                RecordKind::kPerformanceSlice, RecordKind::kLabelState}) {
    DeletePrefix(LabelKey(kind, home).Take());
  }
}

void Store::Batch::DeleteVersion(string_view model, string_view version) {
  for (const RecordKind kind : {RecordKind::kBaseline,
                                RecordKind::kBaselineHead,
                                RecordKind::kBaselineDetail,
                                RecordKind::kPolicy,
                                RecordKind::kState,
                                RecordKind::kPane,
                                RecordKind::kPaneDelta,
                                RecordKind::kPaneBlock,
                                RecordKind::kWindow,
                                RecordKind::kProducer,
                                RecordKind::kAlert,
                                RecordKind::kEnvironment,
                                RecordKind::kSplit,
                                RecordKind::kGoldenRows,
                                RecordKind::kGoldenResult,
                                RecordKind::kLoad,
                                RecordKind::kJoinRow,
                                RecordKind::kJoinTime,
                                RecordKind::kPerformanceSlice,
                                RecordKind::kLabelState,
                                RecordKind::kOnCall}) {
    DeletePrefix(KeyOf(kind, model, version).Take());
  }
}

}  // namespace plumbline::storage
